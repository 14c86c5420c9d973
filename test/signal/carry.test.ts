import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { InstrumentView, MarketView } from '../../src/market/view.ts';
import { assessPair, isPriced, rank, rankAsset } from '../../src/signal/carry.ts';
import type { Opportunity, Unpriced } from '../../src/signal/opportunity.ts';
import type { SignalSettings } from '../../src/signal/settings.ts';
import { keyOf, marketOf, NOW, type Perp, steady } from './market.ts';

const SETTINGS: SignalSettings = {
  horizonHours: 24,
  notionalUsd: 1000,
  basisAllowanceRate: 0.00025,
  reversionHalfLifeHours: 8,
};

function only(perps: readonly Perp[], settings = SETTINGS): Opportunity {
  const { opportunities, unpriced } = rankAsset(marketOf(...perps), 'BTC', settings, NOW);
  expect(unpriced).toEqual([]);
  const [first] = opportunities;
  if (!first || opportunities.length !== 1) throw new Error(`expected one opportunity, got ${opportunities.length}`);
  return first;
}

function refusal(perps: readonly Perp[], settings = SETTINGS): Unpriced {
  const { opportunities, unpriced } = rankAsset(marketOf(...perps), 'BTC', settings, NOW);
  expect(opportunities).toEqual([]);
  const [first] = unpriced;
  if (!first) throw new Error('expected a refusal');
  return first;
}

function viewOf(market: MarketView, perp: Perp): InstrumentView {
  const view = market.get(keyOf(perp));
  if (!view) throw new Error(`no view of ${perp.venue}`);
  return view;
}

describe('a hand-worked pair on different clocks', () => {
  // Long `slow`: -0.01 % per 8 h, settles in 2, 10 and 18 h. Short `fast`: 0.02 % per 1 h, settles in 0.5 .. 23.5 h.
  const slow: Perp = { venue: 'slow', rate: -0.0001, intervalHours: 8, nextInHours: 2 };
  const fast: Perp = { venue: 'fast', rate: 0.0002, intervalHours: 1, nextInHours: 0.5 };
  const found = only([slow, fast]);

  it('is short the higher hourly rate and long the lower', () => {
    expect(found.pair).toBe(`${keyOf(slow)}~${keyOf(fast)}`);
    expect([found.long.venue, found.long.direction]).toEqual(['slow', 'long']);
    expect([found.short.venue, found.short.direction]).toEqual(['fast', 'short']);
    // 0.0002 - (-0.0001 / 8)
    expect(found.spreadHourlyRate).toBeCloseTo(0.0002125, 12);
  });

  it('counts the settlements each leg meets, not an average', () => {
    expect([found.long.settlements, found.short.settlements]).toEqual([3, 24]);
    // The long receives 1000 x 0.0001 three times, the short 1000 x 0.0002 twenty-four times.
    expect(found.long.fundingUsd).toBeCloseTo(0.3, 10);
    expect(found.short.fundingUsd).toBeCloseTo(4.8, 10);
    expect(found.grossUsd).toBeCloseTo(5.1, 10);
  });

  it('charges both fees and both slippages on both legs, and the basis allowance once', () => {
    // 0.05 % of 1000 on the way in and on the way out.
    expect(found.long.feesUsd).toBeCloseTo(1, 10);
    // 10 base x (100.01 - 99.99).
    expect(found.short.slippageUsd).toBeCloseTo(0.2, 10);
    expect(found.long.entryPrice).toBeCloseTo(100.01, 10);
    expect(found.short.entryPrice).toBeCloseTo(99.99, 10);
    // 2 x 1 + 2 x 0.2 + 0.25
    expect(found.costUsd).toBeCloseTo(2.65, 10);
    expect(found.netUsd).toBeCloseTo(2.45, 10);
    // 2.45 / 1000 / 24 h x 8760 h
    expect(found.netApr).toBeCloseTo(0.89425, 10);
  });

  it('breaks even at the settlement that covers the costs', () => {
    // At 11.5 h: 12 x 0.2 + 2 x 0.1 = 2.6 < 2.65. At 12.5 h: 13 x 0.2 + 0.2 = 2.8.
    expect(found.breakEvenHours).toBe(12.5);
  });
});

it('costs money in the other direction, and the losing direction never breaks even', () => {
  const low: Perp = { venue: 'low', rate: 0.0001 };
  const high: Perp = { venue: 'high', rate: 0.0008 };
  const market = marketOf(low, high);
  const wrong = assessPair(viewOf(market, high), viewOf(market, low), SETTINGS, NOW);
  if (!isPriced(wrong)) throw new Error(wrong.detail);
  // 3 settlements: the long pays 0.8 each, the short receives 0.1 each.
  expect(wrong.grossUsd).toBeCloseTo(-2.1, 10);
  expect(wrong.spreadHourlyRate).toBeLessThan(0);
  expect(wrong.breakEvenHours).toBe(Number.POSITIVE_INFINITY);
});

it('an hourly receipt that the eight-hourly payment takes back is no break-even', () => {
  // Short receives 0.02 % hourly, long pays 0.12 % per 8 h.
  const free = { takerFeeRate: 0, makerFeeRate: 0 };
  const slow: Perp = { venue: 'slow', rate: 0.0012, intervalHours: 8, nextInHours: 8, instrument: free };
  const fast: Perp = { venue: 'fast', rate: 0.0002, intervalHours: 1, nextInHours: 1, instrument: free };
  const found = only([slow, fast], { ...SETTINGS, basisAllowanceRate: 0.0005 });
  // Costs: 2 x 0.2 slippage + 0.5 = 0.9. Receipts reach 1.0 at 5 h, but at 8 h the long pays 1.2: 1.6 - 1.2 = 0.4.
  // Then +0.2 an hour: 1.0 at 11 h, 1.8 at 15 h, at 16 h 2.0 - 1.2 = 0.8 < 0.9, 1.0 at 17 h, at 24 h 2.4 - 1.2 = 1.2.
  expect(found.costUsd).toBeCloseTo(0.9, 10);
  expect(found.breakEvenHours).toBe(17);
});

it('lets the rate fall back from the predicted to the settled mean', () => {
  const still: Perp = { venue: 'still', rate: 0.000001, settled: steady(0.000001, 8, 4) };
  const spike: Perp = { venue: 'spike', rate: 0.004, settled: steady(0.002, 8, 4) };
  const found = only([still, spike]);
  // Half-life 8 h = one interval: 0.004, then 0.002 + 0.001, then 0.002 + 0.0005; times 1000.
  expect(found.short.fundingUsd).toBeCloseTo(9.5, 8);
});

it('walks the book at the planned size on both sides', () => {
  const asks = [
    { price: 101, size: 5 },
    { price: 103, size: 50 },
  ];
  const bids = [
    { price: 99, size: 5 },
    { price: 98, size: 50 },
  ];
  const thin: Perp = { venue: 'thin', rate: 0.0001, asks, bids };
  const deep: Perp = { venue: 'deep', rate: 0.0004 };
  const found = only([thin, deep]);
  // 10 base at mid 100: buys at (5 x 101 + 5 x 103) / 10 = 102, sells at 98.5: 10 x 3.5 = 35 USD.
  expect(found.long.entryPrice).toBeCloseTo(102, 10);
  expect(found.long.slippageUsd).toBeCloseTo(35, 10);
});

describe('basis at entry', () => {
  const at = (longMid: number, shortMid: number) =>
    only([
      { venue: 'a', rate: 0.0001, mid: longMid },
      { venue: 'b', rate: 0.0009, mid: shortMid },
    ]).costUsd;

  it('an adverse basis beyond the allowance is charged', () => {
    // (101 - 99) / 100 = 2 % of 1000 instead of the allowance's 0.25.
    expect(at(101, 99) - at(100, 100)).toBeCloseTo(20 - 0.25, 6);
  });

  it('a favourable entry spread is never counted as a cost', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.045, noNaN: true }), (gap) => {
        expect(at(100, 100 * (1 + gap))).toBeLessThanOrEqual(at(100, 100) + 1e-9);
      }),
    );
  });
});

const rateArb = fc
  .double({ min: -0.004, max: 0.004, noNaN: true })
  .filter((rate) => Math.abs(rate) > 1e-7)
  .map((rate) => Number(rate.toFixed(8)));
const perpArb = fc.record({
  rate: rateArb,
  intervalHours: fc.constantFrom(1, 2, 4, 8),
  nextShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
  mean: rateArb,
  fee: fc.double({ min: 0, max: 0.001, noNaN: true }),
});
const perpOf = (
  venue: string,
  drawn: { rate: number; intervalHours: number; nextShare: number; mean: number; fee: number },
): Perp => ({
  venue,
  rate: drawn.rate,
  intervalHours: drawn.intervalHours,
  nextInHours: Math.ceil(drawn.nextShare * drawn.intervalHours * HOUR_MS) / HOUR_MS,
  settled: steady(drawn.mean, drawn.intervalHours, 40),
  instrument: { takerFeeRate: drawn.fee },
});

describe('for any two instruments', () => {
  it('swapping the venues swaps the legs and changes no number', () => {
    fc.assert(
      fc.property(perpArb, perpArb, (x, y) => {
        fc.pre(x.rate / x.intervalHours !== y.rate / y.intervalHours);
        const one = only([perpOf('a', x), perpOf('b', y)]);
        const two = only([perpOf('a', y), perpOf('b', x)]);
        expect([two.long.venue, two.short.venue]).toEqual([one.short.venue, one.long.venue]);
        expect(two.netUsd).toBeCloseTo(one.netUsd, 9);
        expect(two.breakEvenHours).toBe(one.breakEvenHours);
        expect(two.confidence).toBeCloseTo(one.confidence, 12);
        expect(two.spread24h?.mean).toBe(one.spread24h?.mean);
      }),
    );
  });

  it('adds up: gross is the legs, net is gross less costs, and fees only take', () => {
    fc.assert(
      fc.property(perpArb, perpArb, fc.double({ min: 0.00001, max: 0.01, noNaN: true }), (x, y, more) => {
        const one = only([perpOf('a', x), perpOf('b', y)]);
        expect(one.long.fundingUsd + one.short.fundingUsd).toBeCloseTo(one.grossUsd, 9);
        expect(one.netUsd + one.costUsd).toBeCloseTo(one.grossUsd, 9);
        const dearer = only([perpOf('a', { ...x, fee: x.fee + more }), perpOf('b', y)]);
        expect(dearer.netUsd).toBeLessThan(one.netUsd);
        expect(dearer.breakEvenHours).toBeGreaterThanOrEqual(one.breakEvenHours);
      }),
    );
  });

  it('with deep books cash scales with the size and the APR does not', () => {
    fc.assert(
      fc.property(perpArb, perpArb, fc.integer({ min: 2, max: 50 }), (x, y, times) => {
        const perps = [perpOf('a', x), perpOf('b', y)];
        const one = only(perps);
        const many = only(perps, { ...SETTINGS, notionalUsd: SETTINGS.notionalUsd * times });
        expect(many.grossUsd).toBeCloseTo(one.grossUsd * times, 6);
        expect(many.costUsd).toBeCloseTo(one.costUsd * times, 6);
        expect(many.netApr).toBeCloseTo(one.netApr, 9);
      }),
    );
  });

  it('settlements and receipts agree with a walk over every minute of the horizon', () => {
    fc.assert(
      fc.property(
        perpArb,
        fc.integer({ min: 1, max: 480 }),
        fc.integer({ min: 1, max: 100 }),
        (x, nextMinutes, horizonHours) => {
          const next = Math.min(nextMinutes, x.intervalHours * 60);
          const leg: Perp = { ...perpOf('a', x), nextInHours: next / 60 };
          const { long, short } = only([leg, { venue: 'b', rate: x.rate > 0 ? -0.03 : 0.03 }], {
            ...SETTINGS,
            horizonHours,
          });
          const mine = long.venue === 'a' ? long : short;
          let count = 0;
          let cash = 0;
          for (let minute = 1; minute <= horizonHours * 60; minute++) {
            if (minute < next || (minute - next) % (x.intervalHours * 60) !== 0) continue;
            const rate = x.mean + (x.rate - x.mean) * 2 ** (-(minute - next) / 60 / SETTINGS.reversionHalfLifeHours);
            cash += (mine.direction === 'short' ? 1 : -1) * SETTINGS.notionalUsd * rate;
            count += 1;
          }
          expect(mine.settlements).toBe(count);
          expect(mine.fundingUsd).toBeCloseTo(cash, 6);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('bad input never becomes an opportunity', () => {
  const good: Perp = { venue: 'good', rate: 0.0001 };
  const bad = (change: Partial<Perp>): Unpriced['code'] =>
    refusal([good, { venue: 'bad', rate: 0.001, ...change }]).code;

  it.each([
    ['no book', { without: ['book'] }, 'no_book'],
    ['an empty side', { asks: [] }, 'bad_book'],
    ['a crossed book', { bids: [{ price: 101, size: 1e6 }], asks: [{ price: 100, size: 1e6 }] }, 'bad_book'],
    ['a NaN price', { bids: [{ price: Number.NaN, size: 1e6 }] }, 'bad_book'],
    ['a price in another unit', { mid: 0.1, depth: 1e9 }, 'bad_book'],
    ['less depth than the size', { depth: 9.99 }, 'no_depth'],
    ['no funding', { without: ['funding'] }, 'no_funding'],
    ['a rate of zero', { rate: 0 }, 'bad_funding'],
    ['a negative zero', { rate: -0 }, 'bad_funding'],
    ['a NaN rate', { rate: Number.NaN }, 'bad_funding'],
    ['an infinite rate', { rate: Number.POSITIVE_INFINITY }, 'bad_funding'],
    ['a rate in percent', { rate: 1 }, 'bad_funding'],
    ['interval zero', { intervalHours: 0, nextInHours: 1 }, 'bad_funding'],
    ['interval NaN', { intervalHours: Number.NaN, nextInHours: 1 }, 'bad_funding'],
    ['interval negative', { intervalHours: -8, nextInHours: 1 }, 'bad_funding'],
    ['an interval that contradicts the clock', { intervalHours: 1, nextInHours: 7 }, 'bad_funding'],
    ['a settlement that has passed', { nextInHours: 0 }, 'settlement_passed'],
    ['a NaN settlement', { nextInHours: Number.NaN }, 'bad_funding'],
    ['a halted instrument', { instrument: { trading: false } }, 'not_trading'],
    ['a NaN fee', { instrument: { takerFeeRate: Number.NaN } }, 'bad_instrument'],
    ['another settle currency', { settle: 'USDC' }, 'settle_differs'],
    ['the same venue', { venue: 'good', asset: 'BTC', settle: 'USDC' }, 'same_venue'],
  ] as const)('%s', (_, change, code) => {
    expect(bad(change)).toBe(code);
  });

  it('spot and inverse instruments are not candidates', () => {
    const spot: Perp = { venue: 'spot', instrument: { kind: 'spot', symbol: 'BTC/USDT' } };
    const inverse: Perp = { venue: 'inverse', instrument: { symbol: 'BTC/USD:BTC', settle: 'BTC' } };
    expect(rankAsset(marketOf(good, spot, inverse), 'BTC', SETTINGS, NOW)).toEqual({ opportunities: [], unpriced: [] });
  });

  it('an unknown asset is empty, not an error', () => {
    expect(rankAsset(marketOf(good), 'DOGE', SETTINGS, NOW)).toEqual({ opportunities: [], unpriced: [] });
  });
});

describe('ranking', () => {
  const perps: Perp[] = [
    { venue: 'a', rate: -0.0002 },
    { venue: 'b', rate: 0.0001, intervalHours: 4 },
    { venue: 'c', rate: 0.0002, intervalHours: 1 },
    { venue: 'd', rate: 0.0015 },
  ];

  it('prices every pair once, in its carrying direction, best first', () => {
    const { opportunities } = rankAsset(marketOf(...perps), 'BTC', SETTINGS, NOW);
    expect(opportunities).toHaveLength(6);
    for (const { long, short } of opportunities) expect(short.hourlyRate).toBeGreaterThan(long.hourlyRate);
    // Hourly rates: a -0.000025, b 0.000025, c 0.0002, d 0.0001875. Widest is a against c.
    expect(opportunities[0]?.pair).toBe('a|BTC/USDT:USDT~c|BTC/USDT:USDT');
    const gains = opportunities.filter((each) => each.netApr > 0).map((each) => each.netApr * each.confidence);
    expect(gains).toEqual([...gains].sort((x, y) => y - x));
    expect(opportunities.findLastIndex((each) => each.netApr > 0)).toBe(gains.length - 1);
  });

  it('does not depend on the order in which instruments arrived', () => {
    const forward = rankAsset(marketOf(...perps), 'BTC', SETTINGS, NOW);
    expect(rankAsset(marketOf(...[...perps].reverse()), 'BTC', SETTINGS, NOW)).toEqual(forward);
  });

  it('one broken instrument costs only its own pairs', () => {
    const { opportunities, unpriced } = rankAsset(marketOf(...perps, { venue: 'e', rate: 0 }), 'BTC', SETTINGS, NOW);
    expect(opportunities).toHaveLength(6);
    expect(unpriced.map((each) => each.key)).toEqual(Array(4).fill('e|BTC/USDT:USDT'));
  });

  it('merges assets', () => {
    const eth = perps.map((perp): Perp => ({ ...perp, asset: 'ETH', rate: (perp.rate ?? 0) * 2 }));
    const { opportunities } = rank(marketOf(...perps, ...eth), ['BTC', 'ETH'], SETTINGS, NOW);
    expect(opportunities).toHaveLength(12);
    expect(opportunities[0]?.asset).toBe('ETH');
  });
});
