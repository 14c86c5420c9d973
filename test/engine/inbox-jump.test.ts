/** Frames that wait in the inbox while the wall clock jumps. */
import { expect, it } from 'vitest';
import { Inbox } from '../../src/engine/inbox.ts';
import { SteadyClock } from '../../src/engine/steady-clock.ts';
import { systemClock } from '../../src/platform/system-clock.ts';

it('fault-48-stamped-before-the-jump: what waits keeps its age, and everything that is no frame stays as it is', () => {
  const inbox = new Inbox();
  const stamps = { venueAt: 10, receivedAt: 1_000 };
  inbox.push({ kind: 'market', event: { kind: 'book', book: { key: 'a|B', bids: [], asks: [], ...stamps } } });
  inbox.push({ kind: 'wake' });
  inbox.push({ kind: 'market', event: { kind: 'mark', mark: { key: 'a|B', mark: 5, ...stamps } } });
  inbox.followJump(-300);
  expect(inbox.drain()).toEqual([
    { kind: 'market', event: { kind: 'book', book: { key: 'a|B', bids: [], asks: [], venueAt: 10, receivedAt: 700 } } },
    { kind: 'wake' },
    { kind: 'market', event: { kind: 'mark', mark: { key: 'a|B', mark: 5, venueAt: 10, receivedAt: 700 } } },
  ]);
});

it('the offset of the wall clock is the present one, whatever was followed last', () => {
  const real = systemClock();
  let shiftMs = 0;
  const clock = new SteadyClock({
    now: () => real.now() + shiftMs,
    monotonicMs: () => real.monotonicMs(),
    stalls: () => 0,
    after: (delayMs, fire) => real.after(delayMs, fire),
  });
  const before = clock.wallOffsetMs();
  shiftMs = 5_000;
  expect(clock.wallOffsetMs() - before).toBeGreaterThan(4_900);
  expect(clock.look()).toBeGreaterThan(4_900);
});
