/** Which limit is exceeded, by what, and how much one step takes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base, gt, isMultipleOf, lt, sub, toNumber } from '../../src/kernel/decimal.ts';
import type { Exposure } from '../../src/risk/exposure.ts';
import type { RiskLimits } from '../../src/risk/limits.ts';
import {
  byAttraction,
  concerns,
  type Excess,
  excesses,
  type ShrinkableHedge,
  shrinkStep,
} from '../../src/risk/shrink.ts';

const LIMITS: RiskLimits['exposure'] = {
  maxOpenHedges: 2,
  maxTotalNotionalUsd: 4_000,
  maxVenueNotionalUsd: 2_000,
  maxAssetNotionalUsd: 1_000,
  maxLeverage: 3,
};
const exposure = (usd: number, openHedges = 1): Exposure => ({
  openHedges,
  totalNotionalUsd: 2 * usd,
  venueNotionalUsd: new Map([['alpha', usd]]),
  assetNotionalUsd: new Map([['SOL', usd]]),
  busyAssets: new Set(['SOL']),
});
const hedge = (over: Partial<ShrinkableHedge> = {}): ShrinkableHedge => ({
  asset: 'SOL',
  longKey: 'alpha|SOL/USDT:USDT',
  shortKey: 'beta|SOL/USDT:USDT',
  matched: base('10'),
  planned: base('10'),
  commonLot: base('0.5'),
  least: base('0.5'),
  room: 1e9,
  longMark: 100,
  shortMark: 101,
  ...over,
});
const asset = (limit: number, actual: number): Excess => ({ rule: 'asset_notional', subject: 'SOL', limit, actual });

describe('what is exceeded', () => {
  it('fault-55-tolerance: a tenth above a limit in USD is a price that moved; one hedge too many is one too many', () => {
    expect(excesses(exposure(1_100), LIMITS)).toEqual([]);
    expect(excesses(exposure(1_101), LIMITS)).toEqual([asset(1_000, 1_101)]);
    expect(excesses(exposure(2_300), LIMITS).map(({ rule }) => rule)).toEqual([
      'asset_notional',
      'venue_notional',
      'total_notional',
    ]);
    expect(excesses(exposure(100, 3), LIMITS)).toMatchObject([{ rule: 'max_open_hedges', limit: 2, actual: 3 }]);
  });

  it('fault-55-unknown: what cannot be valued exceeds nothing', () => {
    expect(excesses(exposure(Number.POSITIVE_INFINITY), LIMITS)).toEqual([]);
    expect(excesses(exposure(Number.NaN), LIMITS)).toEqual([]);
  });

  it('concerns the hedges that it counts', () => {
    const elsewhere = hedge({ asset: 'ETH', longKey: 'gamma|ETH', shortKey: 'beta|ETH' });
    expect([hedge(), elsewhere].map((each) => concerns(asset(1, 2), each))).toEqual([true, false]);
    const venue: Excess = { rule: 'venue_notional', subject: 'alpha', limit: 1, actual: 2 };
    expect([hedge(), elsewhere].map((each) => concerns(venue, each))).toEqual([true, false]);
    expect(concerns({ ...venue, rule: 'total_notional', subject: '' }, elsewhere)).toBe(true);
  });

  it('fault-55-order: the lowest forward APR first, the unknown last', () => {
    const [a, b, c] = [hedge({ forwardApr: 0.2 }), hedge(), hedge({ forwardApr: -0.1 })];
    expect([a, b, c].sort(byAttraction)).toEqual([c, a, b]);
  });
});

describe('one step', () => {
  const one = fc.record({
    lots: fc.integer({ min: 1, max: 400 }),
    plannedLots: fc.integer({ min: 1, max: 400 }),
    lot: fc.constantFrom('0.001', '0.1', '0.5', '3'),
    leastLots: fc.integer({ min: 1, max: 20 }),
    mark: fc.double({ min: 0.01, max: 50_000, noNaN: true }),
    limit: fc.double({ min: 1, max: 1e6, noNaN: true }),
    over: fc.double({ min: 0.11, max: 50, noNaN: true }),
    rule: fc.constantFrom('asset_notional' as const, 'venue_notional' as const, 'total_notional' as const),
  });

  it('is on the common lot, leaves what can be closed, and is no more than the excess, a lot, and what venues take', () => {
    fc.assert(
      fc.property(one, ({ lots, plannedLots, lot, leastLots, mark, limit, over, rule }) => {
        const size = (count: number) => base(lot).times(String(count)) as ReturnType<typeof base>;
        const each = hedge({
          matched: size(lots),
          planned: size(Math.max(lots, plannedLots)),
          commonLot: base(lot),
          least: size(leastLots),
          longMark: mark,
          shortMark: mark,
        });
        const subject = rule === 'asset_notional' ? 'SOL' : rule === 'venue_notional' ? 'alpha' : '';
        const excess: Excess = { rule, subject, limit, actual: limit * (1 + over) };
        const step = shrinkStep(excess, each);
        expect(step).toBeDefined();
        if (step === 'all' || step === undefined) return;
        const usd = (rule === 'total_notional' ? 2 : 1) * mark;
        const lotUsd = Number(lot) * usd;
        expect(isMultipleOf(step, base(lot))).toBe(true);
        expect(lt(sub(each.matched, step), each.least)).toBe(false);
        const most = Math.max(limit * over + lotUsd, leastLots * lotUsd);
        expect(toNumber(step) * usd).toBeLessThanOrEqual(most * (1 + 1e-9));
        // No dump: a quarter of the plan, and what is within the tolerance when that is the end of it.
        const part = (toNumber(each.planned) / 4) * usd + lotUsd + 0.1 * limit + lotUsd;
        expect(toNumber(step) * usd).toBeLessThanOrEqual(Math.max(part, leastLots * lotUsd) * (1 + 1e-9));
      }),
      { numRuns: 3_000, seed: 20260105 },
    );
  });

  it('fault-55-end: repeated, it ends at the limit within one lot, never in the tolerance above it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 900 }), fc.integer({ min: 2, max: 40 }), (limit, halves) => {
        let each = hedge({ matched: base(String(halves / 2)), planned: base(String(halves / 2)), shortMark: 100 });
        for (let steps = 0; steps < 40; steps++) {
          const actual = toNumber(each.matched) * 100;
          if (actual <= limit * 1.1) break;
          const step = shrinkStep(asset(limit, actual), each);
          if (step === 'all' || step === undefined) {
            expect(limit).toBeLessThan(100);
            return;
          }
          expect(gt(step, each.matched)).toBe(false);
          each = { ...each, matched: sub(each.matched, step) };
          if (toNumber(each.matched) * 100 <= limit * 1.1) {
            expect(toNumber(each.matched) * 100).toBeLessThanOrEqual(limit);
            expect(toNumber(each.matched) * 100).toBeGreaterThan(limit - 50);
          }
        }
        expect(toNumber(each.matched) * 100).toBeLessThanOrEqual(limit * 1.1);
      }),
    );
  });

  it('fault-55-room: never more than both books take, and nothing while that is too little', () => {
    const over = asset(300, 1_000);
    expect(shrinkStep(over, hedge({ room: 1.3 }))).toEqual(base('1'));
    expect(shrinkStep(over, hedge({ room: 0.4 }))).toBeUndefined();
    expect(shrinkStep(over, hedge({ room: 1.3, least: base('2') }))).toBeUndefined();
    expect(shrinkStep(asset(30, 100), hedge({ matched: base('1'), least: base('1'), room: 0.9 }))).toBeUndefined();
    const many: Excess = { rule: 'max_open_hedges', subject: '', limit: 1, actual: 2 };
    expect(shrinkStep(many, hedge({ room: 4 }))).toEqual(base('4'));
  });

  it('fault-55-whole: one hedge too many goes whole; so does what would leave too little', () => {
    expect(shrinkStep({ rule: 'max_open_hedges', subject: '', limit: 1, actual: 2 }, hedge())).toBe('all');
    expect(shrinkStep(asset(30, 200), hedge({ matched: base('2'), planned: base('2') }))).not.toBe('all');
    expect(shrinkStep(asset(30, 50), hedge({ matched: base('0.5') }))).toBe('all');
  });
});
