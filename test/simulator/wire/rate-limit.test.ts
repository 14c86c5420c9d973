import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlidingWindow } from '../../../src/simulator/wire/rate-limit.ts';

describe('SlidingWindow', () => {
  test('spends up to the limit and gives weight back only when it leaves the window', () => {
    const window = new SlidingWindow(10, 1000);
    expect(window.take(0, 6)).toBe(true);
    expect(window.take(400, 4)).toBe(true);
    expect(window.take(999, 1)).toBe(false);
    expect(window.used(999)).toBe(10);
    // At 1000 the first six are exactly one window old and gone; the four of 400 remain.
    expect(window.used(1000)).toBe(4);
    expect(window.take(1000, 6)).toBe(true);
    expect(window.take(1399, 1)).toBe(false);
    expect(window.take(1400, 1)).toBe(true);
  });

  test('says how long to wait, and that waiting exactly so long is enough', () => {
    const window = new SlidingWindow(10, 1000);
    window.take(0, 3);
    window.take(100, 3);
    window.take(200, 3);
    expect(window.waitMs(300, 1)).toBe(0);
    expect(window.waitMs(300, 2)).toBe(700);
    expect(window.waitMs(300, 5)).toBe(800);
    expect(window.waitMs(300, 10)).toBe(900);
    expect(window.take(1199, 10)).toBe(false);
    expect(window.take(1200, 10)).toBe(true);
  });

  test('never lets more than the limit into any window, however requests are timed', () => {
    const steps = fc.array(
      fc.record({ gap: fc.integer({ min: 0, max: 400 }), weight: fc.integer({ min: 0, max: 12 }) }),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(steps, (requests) => {
        const window = new SlidingWindow(10, 1000);
        const taken: { at: number; weight: number }[] = [];
        let now = 0;
        for (const { gap, weight } of requests) {
          now += gap;
          const inside = taken.filter(({ at }) => at > now - 1000).reduce((total, entry) => total + entry.weight, 0);
          const fits = inside + weight <= 10;
          expect(window.used(now)).toBe(inside);
          expect(window.take(now, weight)).toBe(fits);
          if (fits) taken.push({ at: now, weight });
        }
      }),
    );
  });
});
