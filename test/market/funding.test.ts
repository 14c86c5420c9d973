import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aprOf, hourlyRate, settlementCash, settlementsWithin } from '../../src/market/funding.ts';

describe('settlementsWithin', () => {
  it('agrees with walking the clock minute by minute', () => {
    const minute = 60_000;
    fc.assert(
      fc.property(
        fc.integer({ min: -2_000, max: 2_000 }),
        fc.constantFrom(1, 2, 4, 8),
        fc.integer({ min: 0, max: 3_000 }),
        (next, intervalHours, length) => {
          let count = 0;
          // The window is (0, length]; settlements before the next one are over, whatever the window.
          for (let at = Math.max(1, next); at <= length; at++) if ((at - next) % (intervalHours * 60) === 0) count += 1;
          expect(settlementsWithin(next * minute, intervalHours, 0, length * minute)).toBe(count);
        },
      ),
    );
  });

  it('splits at any instant without losing or doubling a settlement', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e8 }),
        fc.constantFrom(1, 4, 8),
        fc.integer({ min: 0, max: 1e8 }),
        fc.integer({ min: 0, max: 1e8 }),
        (next, intervalHours, middle, rest) => {
          const count = (from: number, to: number) => settlementsWithin(next, intervalHours, from, to);
          expect(count(0, middle) + count(middle, middle + rest)).toBe(count(0, middle + rest));
        },
      ),
    );
  });

  it('excludes the start and includes the end', () => {
    const hour = 3_600_000;
    expect(settlementsWithin(hour, 1, hour, 2 * hour)).toBe(1);
    expect(settlementsWithin(hour, 1, hour - 1, hour)).toBe(1);
    expect(settlementsWithin(hour, 1, 0, hour - 1)).toBe(0);
  });
});

describe('the sign of funding', () => {
  it('a positive rate: longs pay, shorts receive', () => {
    expect(settlementCash(1000, 0.0001)).toBeCloseTo(-0.1, 12);
    expect(settlementCash(-1000, 0.0001)).toBeCloseTo(0.1, 12);
    expect(settlementCash(1000, -0.0001)).toBeCloseTo(0.1, 12);
  });

  it('0.01 % per 8 h is 10.95 % a year', () => {
    expect(aprOf(hourlyRate(0.0001, 8))).toBeCloseTo(0.1095, 12);
  });
});
