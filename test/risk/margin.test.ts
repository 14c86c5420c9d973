/** Distance to liquidation and what follows from it. The simulated venue's own liquidation is the judge of the sign. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, base, gte, isMultipleOf, sub } from '../../src/kernel/decimal.ts';
import { judgeDistance, liquidationDistance, reductionStep } from '../../src/risk/margin.ts';

const LIMITS = { warnDistanceRate: 0.2, reduceDistanceRate: 0.1 };

describe('distance', () => {
  it('falls when the price moves against the position, for both directions', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('long' as const, 'short' as const),
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        (direction, mark, share) => {
          const liquidation = direction === 'long' ? mark * (1 - share) : mark * (1 + share);
          const worse = direction === 'long' ? mark * 0.999 : mark * 1.001;
          const now = liquidationDistance(direction, liquidation, mark);
          expect(now).toBeCloseTo(share, 9);
          expect(liquidationDistance(direction, liquidation, worse)).toBeLessThan(now ?? 0);
          expect(liquidationDistance(direction, liquidation, liquidation)).toBeCloseTo(0, 9);
        },
      ),
    );
  });

  it('missing-figure-is-not-safe: no mark, no price, or the zero that stands for none', () => {
    for (const figure of [undefined, 0, -1, Number.NaN])
      expect(liquidationDistance('long', figure, 100)).toBeUndefined();
    expect(liquidationDistance('short', 150, undefined)).toBeUndefined();
    expect(judgeDistance([undefined, undefined], LIMITS)).toBe('unknown');
    expect(judgeDistance([undefined, 0.5], LIMITS)).toBe('unknown');
  });

  it('the nearer leg decides, whatever is unknown of the other', () => {
    expect(judgeDistance([0.5, 0.3], LIMITS)).toBe('healthy');
    expect(judgeDistance([0.5, 0.2], LIMITS)).toBe('warn');
    expect(judgeDistance([undefined, 0.1], LIMITS)).toBe('reduce');
    expect(judgeDistance([-0.01, 0.9], LIMITS)).toBe('reduce');
  });
});

describe('the step', () => {
  it('is in common lots, less than all, and leaves what can be closed; otherwise it is all', () => {
    const count = fc.integer({ min: 1, max: 5_000 });
    fc.assert(
      fc.property(count, fc.constantFrom('0.5', '0.004', '1', '3'), count, (lots, lot, least) => {
        const commonLot = base(lot);
        const quantity = base(commonLot.times(String(lots)).toFixed());
        const smallest = base(commonLot.times(String(least)).div('10').toFixed());
        const step = reductionStep(quantity, commonLot, smallest);
        if (step === 'all') return;
        expect(isMultipleOf(step, commonLot)).toBe(true);
        expect(gte(sub(quantity, step), smallest)).toBe(true);
        // What takes no order as small as the step would answer nothing, time and again.
        expect(gte(step, smallest)).toBe(true);
        expect(add(step, sub(quantity, step)).eq(quantity)).toBe(true);
        expect(sub(quantity, step).gt('0')).toBe(true);
      }),
    );
  });
});
