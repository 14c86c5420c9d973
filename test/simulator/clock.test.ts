import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimClock } from '../../src/simulator/clock.ts';

const START = Date.UTC(2024, 0, 1);

describe('simulated clock', () => {
  it('timer-order: fires by due time, then by the order of `after`, each at its own instant', () => {
    const clock = createSimClock(START);
    const fired: string[] = [];
    const log = (name: string) => () => fired.push(`${name}@${clock.now() - START}`);
    clock.after(30, log('c'));
    clock.after(10, log('a1'));
    clock.after(20, log('b'));
    clock.after(10, log('a2'));
    expect(clock.nextTimerAt()).toBe(START + 10);
    clock.advanceTo(START + 25);
    expect(fired).toEqual(['a1@10', 'a2@10', 'b@20']);
    expect(clock.now()).toBe(START + 25);
    expect(clock.monotonicMs()).toBe(25);
    expect(clock.nextTimerAt()).toBe(START + 30);
  });

  it('timer-adds-timer: one added while firing is honoured in the same advance, in its place', () => {
    const clock = createSimClock(START);
    const fired: string[] = [];
    clock.after(10, () => {
      clock.after(5, () => fired.push(`added@${clock.now() - START}`));
      clock.after(0, () => fired.push(`at once@${clock.now() - START}`));
    });
    clock.after(20, () => fired.push('later'));
    clock.advanceTo(START + 20);
    expect(fired).toEqual(['at once@10', 'added@15', 'later']);
    expect(clock.nextTimerAt()).toBeUndefined();
  });

  it('cancelled timers never fire, whether cancelled before, while firing another, or after', () => {
    const clock = createSimClock(START);
    const fired: string[] = [];
    const cancelSecond = clock.after(10, () => fired.push('second'));
    clock.after(5, () => cancelSecond());
    const cancelFirst = clock.after(1, () => fired.push('first'));
    cancelFirst();
    const cancelFired = clock.after(7, () => fired.push('kept'));
    clock.advanceTo(START + 50);
    cancelFired();
    expect(fired).toEqual(['kept']);
  });

  it('time-goes-back: refused, as is advancing from a timer', () => {
    const clock = createSimClock(START);
    clock.advanceTo(START + 1);
    expect(() => clock.advanceTo(START)).toThrow(/time cannot go/);
    clock.after(1, () => clock.advanceTo(START + 10));
    expect(() => clock.advanceTo(START + 5)).toThrow(/from a timer/);
    expect(() => clock.advanceTo(START + 6)).not.toThrow();
  });

  it('impossible delays and endless re-arming throw instead of hanging', () => {
    const clock = createSimClock(START);
    expect(() => clock.after(-1, () => undefined)).toThrow(/delay/);
    expect(() => clock.after(Number.NaN, () => undefined)).toThrow(/delay/);
    const rearm = (): void => {
      clock.after(0, rearm);
    };
    rearm();
    expect(() => clock.advanceTo(START + 1)).toThrow(/re-arming/);
  });

  it('a fractional delay never fires early', () => {
    const clock = createSimClock(START);
    clock.after(0.2, () => undefined);
    expect(clock.nextTimerAt()).toBe(START + 1);
  });

  it('any mix of timers and cancellations fires what a stable sort of the survivors says', () => {
    const timers = fc.array(fc.record({ delay: fc.integer({ min: 0, max: 50 }), isCancelled: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(timers, (specs) => {
        const clock = createSimClock(0);
        const fired: number[] = [];
        const cancels = specs.map(({ delay }, i) => clock.after(delay, () => fired.push(i)));
        for (const [i, { isCancelled }] of specs.entries()) if (isCancelled) cancels[i]?.();
        clock.advanceTo(50);
        const expected = specs
          .map((spec, i) => ({ ...spec, i }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((a, b) => a.delay - b.delay)
          .map(({ i }) => i);
        expect(fired).toEqual(expected);
        expect(clock.nextTimerAt()).toBeUndefined();
      }),
    );
  });
});
