import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base, gte, isMultipleOf, lte, notional, px, quote, scale, text, toNumber } from '../../src/kernel/decimal.ts';
import type { RiskLimits, RiskState } from '../../src/risk/limits.ts';
import { type Sized, type Sizing, sizeHedge } from '../../src/risk/sizing.ts';
import { keyOf, marketOf, type Perp } from '../signal/market.ts';
import { HIGH, LIMITS, LOW, SETTINGS, STATE } from './fixtures.ts';

interface Case {
  readonly long?: Partial<Perp>;
  readonly short?: Partial<Perp>;
  readonly limits?: Partial<{ [G in keyof RiskLimits]: Partial<RiskLimits[G]> }>;
  readonly state?: Partial<RiskState>;
  readonly settings?: Partial<typeof SETTINGS>;
  readonly pricedUsd?: number;
}

function size({ long = {}, short = {}, limits = {}, state = {}, settings = {}, pricedUsd = 1000 }: Case): Sizing {
  const longPerp = { ...LOW, ...long };
  const shortPerp = { ...HIGH, ...short };
  const market = marketOf(longPerp, shortPerp);
  const longView = market.get(keyOf(longPerp));
  const shortView = market.get(keyOf(shortPerp));
  if (!longView || !shortView) throw new Error('not listed');
  const request = { asset: 'BTC', long: longView, short: shortView, pricedUsd };
  return sizeHedge(request, merged(limits), { ...STATE, ...state }, { ...SETTINGS, ...settings });
}

const merged = (change: NonNullable<Case['limits']>): RiskLimits => ({
  ...LIMITS,
  size: { ...LIMITS.size, ...change.size },
  exposure: { ...LIMITS.exposure, ...change.exposure },
});

function sized(input: Case): Sized {
  const result = size(input);
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.breaches));
  return result;
}

const rules = (input: Case): string[] => {
  const result = size(input);
  return result.kind === 'refused' ? result.breaches.map((breach) => breach.rule) : [];
};

describe('hand-worked sizes', () => {
  it('the wanted size at the worst entry price, floored to the step of both lots', () => {
    const result = sized({ short: { instrument: { lot: base('0.01') } } });
    // Caps 0.2 % from mid 100: 100.2 and 99.8. 1000 / 100.2 = 9.98003..., step lcm(0.001, 0.01) = 0.01.
    expect(text(result.longLimit)).toBe('100.2');
    expect(text(result.shortLimit)).toBe('99.8');
    expect(text(result.commonLot)).toBe('0.01');
    expect(text(result.quantity)).toBe('9.98');
  });

  it('steps that do not divide each other meet at their common multiple', () => {
    // lcm(0.006, 0.004) = 0.012; floor(9.98003 / 0.012) = 831.
    const result = sized({
      long: { instrument: { lot: base('0.006') } },
      short: { instrument: { lot: base('0.004') } },
    });
    expect(text(result.quantity)).toBe('9.972');
  });

  it('limits round inwards onto a coarse tick', () => {
    const coarse = { instrument: { tick: px('0.15') } };
    const result = sized({ long: coarse, short: coarse });
    // 100.2 = 668 ticks exactly; 99.8 = 665.33 ticks, a sale rounds up to 666.
    expect(text(result.longLimit)).toBe('100.2');
    expect(text(result.shortLimit)).toBe('99.9');
  });

  it.each([
    ['never larger than it was priced at', { pricedUsd: 500 }, '4.99'],
    // 2000 - 1600 = 400; 400 / 100.2 = 3.992.
    ['the asset limit', { state: { assetNotionalUsd: new Map([['BTC', 1600]]) } }, '3.992'],
    // 10000 - 9399 = 601 over both legs at 100.2 + 100: 3.00199...
    ['the total limit counts both legs', { state: { totalNotionalUsd: 9_399 } }, '3.001'],
    // 5000 - 4700 = 300 on the short's venue at mid 100.
    ['the venue limit of the short', { state: { venueNotionalUsd: new Map([['high', 4700]]) } }, '3'],
    // Short: 200 x 0.9 = 180 free; a unit costs 100 x (1/2 + 2 x 0.0005) = 50.1; 180 / 50.1 = 3.5928.
    [
      'free margin less reserve and fees',
      {
        state: {
          availableUsd: new Map([
            ['low', 1e4],
            ['high', 200],
          ]),
        },
      },
      '3.592',
    ],
    // 20 % of 25 base.
    ['the depth share of the thinner leg', { long: { depth: 25 } }, '5'],
    ['the largest order', { short: { instrument: { maxQuantity: base('2.5') } } }, '2.5'],
  ] as const)('%s', (_, change, quantity) => {
    expect(text(sized(change as Case).quantity)).toBe(quantity);
  });

  it('depth beyond the slippage cap does not count, on the way out either', () => {
    const bids = [
      { price: 99.99, size: 10 },
      { price: 99.7, size: 1e6 },
    ];
    // The long leg enters on deep asks but must leave through 10 base within 0.2 %: 20 % of 10.
    expect(text(sized({ long: { bids } }).quantity)).toBe('2');
  });
});

describe('refusals name what is in the way', () => {
  it('minimum notional that would not be met after a fall of 20 %', () => {
    // 200 / (100 x 0.8) = 2.5 base, so 249 USD at 100 is too small although it is above the minimum today.
    const instrument = { minNotional: quote('200') };
    expect(rules({ short: { instrument }, limits: { size: { hedgeNotionalUsd: 249 } } })).toEqual(['min_size']);
    expect(text(sized({ short: { instrument }, limits: { size: { hedgeNotionalUsd: 251 } } }).quantity)).toBe('2.504');
  });

  it('reports limit, actual and shortfall of the smallest useful size', () => {
    const result = size({ state: { assetNotionalUsd: new Map([['BTC', 1950]]) } });
    // Smallest: 100 USD = 1 base at mid 100, counted at 100.2: 1950 + 100.2 against 2000.
    expect(result).toMatchObject({
      kind: 'refused',
      breaches: [{ rule: 'asset_notional', limit: 2000, actual: 2050.2 }],
    });
    if (result.kind === 'refused') expect(result.breaches[0]?.shortfall).toBeCloseTo(50.2, 9);
  });

  it.each([
    ['total', { state: { totalNotionalUsd: 9_900 } }, ['total_notional']],
    ['total beyond the limit already', { state: { totalNotionalUsd: 12_000 } }, ['total_notional']],
    ['venue', { state: { venueNotionalUsd: new Map([['low', 4_950]]) } }, ['venue_notional']],
    [
      'margin',
      {
        state: {
          availableUsd: new Map([
            ['low', 20],
            ['high', 1e4],
          ]),
        },
      },
      ['margin'],
    ],
    [
      'negative margin',
      {
        state: {
          availableUsd: new Map([
            ['low', -5],
            ['high', 1e4],
          ]),
        },
      },
      ['margin'],
    ],
    ['depth', { short: { depth: 4 } }, ['depth']],
    ['wanted under what is worth it', { limits: { size: { hedgeNotionalUsd: 99 } } }, ['min_size']],
    ['largest order under the smallest', { long: { instrument: { maxQuantity: base('0.5') } } }, ['max_quantity']],
    [
      'lots too coarse for the size',
      { long: { instrument: { lot: base('3') } }, short: { instrument: { lot: base('4') } } },
      ['min_size'],
    ],
    ['a book that is not there', { long: { without: ['book'] } }, ['book_unsound']],
    ['two unsound books', { long: { asks: [] }, short: { bids: [] } }, ['book_unsound', 'book_unsound']],
  ] as const)('%s', (_, change, expected) => {
    expect([...new Set(rules(change as unknown as Case))]).toEqual([...new Set(expected)]);
  });

  it('unknown free margin is not zero and not plenty: it refuses by name', () => {
    expect(rules({ state: { availableUsd: new Map([['high', 1e4]]) } })).toEqual(['margin_unknown']);
    expect(
      rules({
        state: {
          availableUsd: new Map([
            ['low', Number.NaN],
            ['high', 1e4],
          ]),
        },
      }),
    ).toEqual(['margin_unknown']);
  });

  it('exposure that is not a number leaves no room', () => {
    expect(rules({ state: { totalNotionalUsd: Number.NaN } })).toEqual(['total_notional']);
    expect(rules({ state: { totalNotionalUsd: Number.POSITIVE_INFINITY } })).toEqual(['total_notional']);
    expect(rules({ settings: { leverage: 0 } })).toEqual(['margin', 'margin']);
  });

  it('reports every ceiling at once', () => {
    const state = { totalNotionalUsd: 10_000, assetNotionalUsd: new Map([['BTC', 2_000]]), availableUsd: new Map() };
    expect(rules({ state, short: { depth: 1 } })).toEqual([
      'margin_unknown',
      'margin_unknown',
      'asset_notional',
      'total_notional',
      'depth',
    ]);
  });
});

it('any size that is returned can be opened, closed again, and is within every limit', () => {
  const lot = fc.constantFrom('0.001', '0.003', '0.01', '0.05', '0.1', '0.7', '1');
  const legArb = fc.record({
    lot,
    minLots: fc.integer({ min: 1, max: 5 }),
    minNotional: fc.constantFrom('1', '5', '50', '100'),
    maxQuantity: fc.constantFrom('7.5', '40', '100000'),
    depth: fc.integer({ min: 5, max: 100_000 }).map((units) => units / 7),
    fee: fc.double({ min: -0.0002, max: 0.001, noNaN: true }),
    used: fc.integer({ min: 0, max: 450_000 }).map((cents) => cents / 99),
    available: fc.integer({ min: 0, max: 500_000 }).map((cents) => cents / 101),
  });
  let returned = 0;
  fc.assert(
    fc.property(
      legArb,
      legArb,
      fc.integer({ min: 300, max: 30_000 }).map((cents) => cents / 103),
      fc.integer({ min: 10_000, max: 2_000_000 }).map((cents) => cents / 97),
      fc.integer({ min: 0, max: 900_000 }).map((cents) => cents / 107),
      fc.integer({ min: 1, max: 10 }),
      (a, b, mid, wanted, total, leverage) => {
        const perp = (leg: typeof a): Partial<Perp> => ({
          mid,
          depth: leg.depth,
          instrument: {
            lot: base(leg.lot),
            minQuantity: scale(base(leg.lot), leg.minLots),
            minNotional: quote(leg.minNotional),
            maxQuantity: base(leg.maxQuantity),
            tick: px('0.000001'),
            takerFeeRate: leg.fee,
          },
        });
        const state: Partial<RiskState> = {
          totalNotionalUsd: total,
          venueNotionalUsd: new Map([
            ['low', a.used],
            ['high', b.used],
          ]),
          assetNotionalUsd: new Map([['BTC', a.used / 3]]),
          availableUsd: new Map([
            ['low', a.available],
            ['high', b.available],
          ]),
        };
        const result = size({
          long: perp(a),
          short: perp(b),
          state,
          settings: { leverage },
          pricedUsd: wanted,
          limits: { size: { hedgeNotionalUsd: wanted } },
        });
        if (result.kind === 'refused') {
          expect(result.breaches.length).toBeGreaterThan(0);
          return;
        }
        returned += 1;
        const { quantity } = result;
        // The long leg at its worst price; the short leg at mid, because it can only sell at or above its limit.
        const prices = [result.longLimit, px(mid)] as const;
        const worst = prices.map((price) => notional(quantity, price));
        [a, b].forEach((leg, k) => {
          const price = prices[k];
          const cash = worst[k];
          if (!price || !cash) throw new Error('two legs');
          expect(isMultipleOf(quantity, base(leg.lot))).toBe(true);
          expect(gte(quantity, scale(base(leg.lot), leg.minLots))).toBe(true);
          expect(lte(quantity, base(leg.maxQuantity))).toBe(true);
          expect(gte(notional(quantity, scale(px(mid), '0.8')), quote(leg.minNotional))).toBe(true);
          expect(toNumber(quantity)).toBeLessThanOrEqual(leg.depth * LIMITS.size.maxDepthShare);
          expect(lte(cash, quote(wanted))).toBe(true);
          expect(leg.used + toNumber(cash)).toBeLessThanOrEqual(LIMITS.exposure.maxVenueNotionalUsd + 1e-9);
          const margin = toNumber(cash) * (1 / leverage + 2 * Math.max(0, leg.fee));
          expect(margin).toBeLessThanOrEqual(leg.available * (1 - SETTINGS.marginReserveRate) + 1e-9);
        });
        const both = toNumber(worst[0] ?? quote('0')) + toNumber(worst[1] ?? quote('0'));
        expect(total + both).toBeLessThanOrEqual(LIMITS.exposure.maxTotalNotionalUsd + 1e-9);
        expect(a.used / 3 + toNumber(worst[0] ?? quote('0'))).toBeLessThanOrEqual(
          LIMITS.exposure.maxAssetNotionalUsd + 1e-9,
        );
      },
    ),
    { numRuns: 500, seed: 7 },
  );
  // The property must not pass by refusing everything.
  expect(returned).toBeGreaterThan(100);
});
