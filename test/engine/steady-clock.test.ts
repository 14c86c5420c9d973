import { describe, expect, it } from 'vitest';
import { SteadyClock } from '../../src/engine/steady-clock.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';

/** A machine whose wall clock can be set. */
function machine() {
  const state = { passedMs: 0.25, shiftMs: 0 };
  const clock = new SteadyClock({
    now: () => Math.floor(1_700_000_000_000 + state.passedMs + state.shiftMs),
    monotonicMs: () => 5_000 + state.passedMs,
    stalls: () => 0,
    after: () => () => undefined,
  });
  return { state, clock };
}

describe('the clock of an engine', () => {
  it('fault-48-jump-within-a-pass: is seen at the next look, and not at all when it is over by then', () => {
    const { state, clock } = machine();
    const before = clock.now();
    state.passedMs += 10;
    state.shiftMs = HOUR_MS;
    expect(clock.now()).toBe(before + 10);
    state.shiftMs = 0;
    expect(clock.look()).toBeCloseTo(0, 0);
    state.shiftMs = -HOUR_MS;
    expect(clock.look()).toBeCloseTo(-HOUR_MS, 0);
    expect(clock.now()).toBe(before + 10 - HOUR_MS);
  });

  it('tells whole milliseconds, and never an instant before what was stamped before the look', () => {
    const { state, clock } = machine();
    let before = 0;
    for (let step = 0; step < 1_000; step++) {
      state.passedMs += 0.37;
      const stampedAt = Math.floor(1_700_000_000_000 + state.passedMs);
      clock.look();
      expect(clock.now()).toBe(stampedAt);
      expect(clock.now()).toBeGreaterThanOrEqual(before);
      state.passedMs += 0.11;
      expect(Number.isInteger(clock.now())).toBe(true);
      expect(clock.now()).toBeGreaterThanOrEqual(stampedAt);
      expect(clock.now()).toBeGreaterThanOrEqual(before);
      before = clock.now();
    }
  });
});
