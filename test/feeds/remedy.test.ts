/** How often something is done about books that stay wrong. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Remedy } from '../../src/feeds/remedy.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/instant.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';

describe('a remedy is tried', () => {
  let clock: SimClock;
  let wrong: Set<string>;
  let triedAt: number[];
  let remedy: Remedy;
  /** Whether nothing is wrong then, for a moment, as with a new connection. */
  let helps: boolean;

  beforeEach(() => {
    clock = createSimClock(0);
    wrong = new Set();
    triedAt = [];
    helps = true;
    remedy = new Remedy({
      ioClock: clock,
      wrong: () => wrong,
      doubtMs: 3 * SECOND_MS,
      act: () => {
        triedAt.push(clock.now() / SECOND_MS);
        if (!helps) return;
        wrong.clear();
        remedy.heed();
      },
    });
  });

  /** Frames for so long, a tenth of a second apart, with these wrong. */
  const pass = (forMs: number, ...subjects: readonly string[]) => {
    for (const endAt = clock.now() + forMs; clock.now() < endAt; clock.advanceTo(clock.now() + 100)) {
      wrong.clear();
      for (const subject of subjects) wrong.add(subject);
      remedy.heed();
    }
  };

  it('fault-26-impossible-for-long: after three seconds, and then less and less often for the same market', () => {
    pass(HOUR_MS, 'book ETH');
    expect(triedAt.slice(0, 5)).toEqual([3, 33, 93, 213, 453]);
    expect(triedAt).toHaveLength(7);
    // Never given up.
    triedAt = [];
    pass(5 * HOUR_MS, 'book ETH');
    expect(triedAt.length).toBeGreaterThanOrEqual(9);
  });

  it('as often when it changes nothing', () => {
    helps = false;
    pass(4 * MINUTE_MS, 'book ETH');
    expect(triedAt).toEqual([3, 33, 93, 213]);
  });

  it('not for what is impossible for a moment only, however many markets are so one after another', () => {
    for (let i = 0; i < 20; i += 1) pass(2 * SECOND_MS, `book ${i}`);
    expect(triedAt).toEqual([]);
  });

  it('for another market as soon as ever, though one waits long', () => {
    pass(4 * MINUTE_MS, 'book ETH');
    triedAt = [];
    pass(10 * SECOND_MS, 'book ETH', 'book SOL');
    expect(triedAt).toEqual([243]);
  });

  it('for the same market at once, when it has been right for long', () => {
    pass(4 * SECOND_MS, 'book ETH');
    pass(2 * MINUTE_MS);
    triedAt = [];
    pass(4 * SECOND_MS, 'book ETH');
    expect(triedAt).toEqual([127]);
  });

  it('not for what was told meanwhile to be no trouble, nor after the end', () => {
    pass(SECOND_MS, 'book ETH');
    wrong.clear();
    clock.advanceTo(clock.now() + MINUTE_MS);
    pass(SECOND_MS, 'book ETH');
    remedy.stop();
    pass(MINUTE_MS, 'book ETH');
    expect(triedAt).toEqual([]);
  });
});
