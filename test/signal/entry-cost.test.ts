/** Costs by order style, worked by hand: 1000 USD a leg. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base, quote } from '../../src/kernel/decimal.ts';
import { assessPair, isPriced, rankAsset } from '../../src/signal/carry.ts';
import type { Opportunity } from '../../src/signal/opportunity.ts';
import type { EntryPricing, SignalSettings } from '../../src/signal/settings.ts';
import { keyOf, marketOf, NOW, type Perp } from './market.ts';

const settings = (entry?: EntryPricing): SignalSettings => ({
  horizonHours: 24,
  notionalUsd: 1000,
  basisAllowanceRate: 0.00025,
  reversionHalfLifeHours: 8,
  ...(entry && { entry }),
});

/** Mid 100, levels of 5 each: buying 10 costs 101.5 on average, selling 10 brings 98.5. */
const THIN: Perp = {
  venue: 'thin',
  rate: 0.0001,
  asks: [
    { price: 101, size: 5 },
    { price: 102, size: 50 },
  ],
  bids: [
    { price: 99, size: 5 },
    { price: 98, size: 50 },
  ],
  instrument: { takerFeeRate: 0.0005, makerFeeRate: 0.0002 },
};
/** Mid 100, deep: 100.01 and 99.99. Its maker is paid. */
const DEEP: Perp = { venue: 'deep', rate: 0.0009, instrument: { takerFeeRate: 0.0004, makerFeeRate: -0.0001 } };

function priced(entry?: EntryPricing, a = THIN, b = DEEP): Opportunity {
  const [found] = rankAsset(marketOf(a, b), 'BTC', settings(entry), NOW).opportunities;
  if (!found) throw new Error('no opportunity');
  return found;
}

describe('taker', () => {
  it.each([undefined, { style: 'taker' } as const])('pays taker fees and walks both books, in and out', (entry) => {
    const found = priced(entry);
    expect(found.entry).toEqual({ style: 'taker' });
    // 2 x 0.05 % of 1000; 10 x (101.5 - 98.5).
    expect(found.long.feesUsd).toBeCloseTo(1, 10);
    expect(found.long.slippageUsd).toBeCloseTo(30, 10);
    // 2 x 0.04 %; 10 x (100.01 - 99.99).
    expect(found.short.feesUsd).toBeCloseTo(0.8, 10);
    expect(found.short.slippageUsd).toBeCloseTo(0.2, 10);
    expect(found.costUsd).toBeCloseTo(1 + 30 + 0.8 + 0.2 + 0.25, 9);
  });
});

describe('maker_taker', () => {
  it('rests on the leg with the wider book: its maker fee and no slippage in, taker out; the other as ever', () => {
    const found = priced({ style: 'maker_taker' });
    expect(found.entry).toEqual({ style: 'maker_taker', maker: 'long' });
    // 0.02 % in and 0.05 % out of 1000; sold for 98.5 on the way out: 10 x 1.5.
    expect(found.long.feesUsd).toBeCloseTo(0.7, 10);
    expect(found.long.slippageUsd).toBeCloseTo(15, 10);
    // At rest at the best bid; that this is under mid is no gain.
    expect(found.long.entryPrice).toBe(99);
    expect(found.short.feesUsd).toBeCloseTo(0.8, 10);
    expect(found.short.slippageUsd).toBeCloseTo(0.2, 10);
    expect(found.costUsd).toBeCloseTo(0.7 + 15 + 0.8 + 0.2 + 0.25, 9);
    expect(found.netUsd).toBeCloseTo(found.grossUsd - found.costUsd, 9);
    expect(found.reasons.join()).toContain('rests on thin');
  });

  it('a short leg rests at the best ask and buys back on the way out; a rebate is a negative fee', () => {
    const found = priced({ style: 'maker_taker', maker: 'short' });
    expect(found.entry).toEqual({ style: 'maker_taker', maker: 'short' });
    // -0.01 % in, 0.04 % out.
    expect(found.short.feesUsd).toBeCloseTo(0.3, 10);
    // 10 x (100.01 - 100).
    expect(found.short.slippageUsd).toBeCloseTo(0.1, 10);
    expect(found.short.entryPrice).toBeCloseTo(100.01, 10);
    expect(found.long.slippageUsd).toBeCloseTo(30, 10);
  });

  it('the wider book in relation to its mid, not in ticks', () => {
    const cheap: Perp = { venue: 'cheap', rate: 0.0001, mid: 100, halfSpreadRate: 0.0001 };
    const dear: Perp = { venue: 'dear', rate: 0.0009, mid: 104, halfSpreadRate: 0.00009 };
    expect(priced({ style: 'maker_taker' }, cheap, dear).entry).toEqual({ style: 'maker_taker', maker: 'long' });
    const wider = { ...dear, halfSpreadRate: 0.00011 };
    expect(priced({ style: 'maker_taker' }, cheap, wider).entry).toEqual({ style: 'maker_taker', maker: 'short' });
  });

  it('a maker fee in percent by mistake prices nothing', () => {
    const broken = { ...THIN, instrument: { makerFeeRate: Number.NaN } };
    const market = marketOf(broken, DEEP);
    expect(rankAsset(market, 'BTC', settings({ style: 'maker_taker' }), NOW).unpriced).toMatchObject([
      { code: 'bad_instrument' },
    ]);
    expect(rankAsset(market, 'BTC', settings(), NOW).opportunities).toHaveLength(1);
  });
});

describe('sliced', () => {
  it('walks the book at one slice on the way in, at the whole on the way out, and pays taker fees', () => {
    const found = priced({ style: 'sliced', sliceUsd: 500 });
    expect(found.entry).toEqual({ style: 'sliced', sliceUsd: 500 });
    // 5 at 101 on the way in: 10 x 1; 98.5 on the way out: 10 x 1.5.
    expect(found.long.entryPrice).toBe(101);
    expect(found.long.slippageUsd).toBeCloseTo(25, 10);
    expect(found.long.feesUsd).toBeCloseTo(1, 10);
    expect(found.costUsd).toBeCloseTo(1 + 25 + 0.8 + 0.2 + 0.25, 9);
  });

  it('a slice is never less than both venues take, nor more than the whole', () => {
    const slice = (sliceUsd: number, over: Perp['instrument'] = {}) => {
      const { entry } = priced({ style: 'sliced', sliceUsd }, { ...THIN, instrument: over }, DEEP);
      return entry.style === 'sliced' ? entry.sliceUsd : Number.NaN;
    };
    expect(slice(5000)).toBe(1000);
    // 5 USD / (100 x 0.8) = 0.0625, up to lots of 0.001 at 100.
    expect(slice(1)).toBeCloseTo(6.3, 9);
    // 20 USD / 80 = 0.25, up to lots of 0.1.
    expect(slice(1, { minNotional: quote('20'), lot: base('0.1') })).toBeCloseTo(30, 9);
    expect(slice(1, { minQuantity: base('0.7'), lot: base('0.1') })).toBeCloseTo(70, 9);
  });
});

describe('for any books', () => {
  const book = fc.record({
    half: fc.double({ min: 0.00001, max: 0.01, noNaN: true }),
    step: fc.double({ min: 0, max: 0.01, noNaN: true }),
  });
  const perp = (venue: string, rate: number, { half, step }: { half: number; step: number }): Perp => ({
    venue,
    rate,
    asks: [4, 4, 50].map((size, i) => ({ price: 100 * (1 + half + i * (step + 1e-6)), size })),
    bids: [4, 4, 50].map((size, i) => ({ price: 100 * (1 - half - i * (step + 1e-6)), size })),
  });

  it('a style never costs more than both legs at once, when making costs no more than taking', () => {
    fc.assert(
      fc.property(book, book, fc.double({ min: 50, max: 1000, noNaN: true }), (x, y, sliceUsd) => {
        const [a, b] = [perp('a', 0.0001, x), perp('b', 0.0009, y)];
        const taker = priced({ style: 'taker' }, a, b).costUsd;
        expect(priced({ style: 'maker_taker' }, a, b).costUsd).toBeLessThanOrEqual(taker + 1e-9);
        expect(priced({ style: 'sliced', sliceUsd }, a, b).costUsd).toBeLessThanOrEqual(taker + 1e-9);
      }),
    );
  });

  it('the leg that rests does not depend on the order of the venues', () => {
    fc.assert(
      fc.property(book, book, (x, y) => {
        fc.pre(Math.abs(x.half - y.half) > 1e-9);
        const venueOf = (found: Opportunity) =>
          found.entry.style === 'maker_taker' ? found[found.entry.maker].venue : '';
        const market = marketOf(perp('a', 0.0001, x), perp('b', 0.0009, y));
        const [long, short] = [market.get(keyOf({ venue: 'a' })), market.get(keyOf({ venue: 'b' }))];
        if (!long || !short) throw new Error('no market');
        const there = assessPair(long, short, settings({ style: 'maker_taker' }), NOW);
        const back = assessPair(short, long, settings({ style: 'maker_taker' }), NOW);
        if (!isPriced(there) || !isPriced(back)) throw new Error('not priced');
        expect(venueOf(there)).toBe(x.half > y.half ? 'a' : 'b');
        expect(venueOf(back)).toBe(venueOf(there));
      }),
    );
  });
});
