import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { base, px, quote, scale } from '../../src/kernel/decimal.ts';
import { isRoomy } from '../../src/risk/roomy.ts';
import { sizeHedge } from '../../src/risk/sizing.ts';
import { keyOf, marketOf, type Perp } from '../signal/market.ts';
import { HIGH, LIMITS, LOW, SETTINGS, STATE } from './fixtures.ts';

/** Mostly the first, so that cases with one thing in the way are common. */
const mostly = <T>(first: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(first) }, { weight: 3, arbitrary: fc.constantFrom(...others) });

const legArb = fc.record({
  lot: mostly('0.001', '0.003', '0.01', '0.05', '0.1', '0.7', '1'),
  minLots: fc.integer({ min: 1, max: 5 }),
  minNotional: mostly<string | undefined>('5', undefined, '50', '80', '100'),
  maxQuantity: mostly<string | undefined>(undefined, '1', '1.002', '1.2', '7.5'),
  tick: mostly('0.01', '0.000001', '0.15'),
  depth: mostly(50, 1, 4.9, 5, 5.01, 5.1, 6),
  fee: fc.double({ min: -0.0002, max: 0.001, noNaN: true }),
  used: mostly(0, 4_800, 4_899.7, 4_899.8, 4_900, 4_950, Number.NaN),
  available: mostly<number | undefined>(5_000, undefined, 20, 55.5, 55.7, 56, 112, Number.NaN),
  isSound: mostly(true, false),
});
type LegCase = typeof legArb extends fc.Arbitrary<infer T> ? T : never;

const perpOf = (perp: Perp, leg: LegCase, mid: number): Perp => ({
  ...perp,
  mid,
  depth: leg.depth,
  ...(leg.isSound ? {} : { asks: [] }),
  instrument: {
    lot: base(leg.lot),
    minQuantity: scale(base(leg.lot), leg.minLots),
    ...(leg.minNotional ? { minNotional: quote(leg.minNotional) } : {}),
    ...(leg.maxQuantity ? { maxQuantity: base(leg.maxQuantity) } : {}),
    tick: px(leg.tick),
    takerFeeRate: leg.fee,
  },
});

it('what is called roomy is never refused for its size, and what clearly has room is called so', () => {
  const seen = { roomy: 0, refused: 0 };
  fc.assert(
    fc.property(
      legArb,
      legArb,
      mostly(100, 1, 99.99, 100.01),
      mostly(1000, 99, 100, 100.2, 100.3, 101, 150),
      mostly(0, 9_799.5, 9_799.8, 9_800),
      mostly(2, 0, 1, 10),
      (a, b, mid, pricedUsd, totalNotionalUsd, leverage) => {
        const [low, high] = [perpOf(LOW, a, mid), perpOf(HIGH, b, mid)];
        const market = marketOf(low, high);
        const [long, short] = [market.get(keyOf(low)), market.get(keyOf(high))];
        if (!long || !short) throw new Error('not listed');
        const pairs = [
          ['low', a],
          ['high', b],
        ] as const;
        const state = {
          ...STATE,
          totalNotionalUsd,
          venueNotionalUsd: new Map(pairs.map(([venue, { used }]) => [venue, used])),
          availableUsd: new Map(
            pairs.flatMap(([venue, { available }]) => (available === undefined ? [] : [[venue, available] as const])),
          ),
        };
        const settings = { ...SETTINGS, leverage };
        const request = { asset: 'BTC', long, short, pricedUsd };
        const sizing = sizeHedge(request, LIMITS, state, settings);
        const roomy = isRoomy(request, LIMITS, state, settings);
        if (roomy) expect(sizing).toMatchObject({ kind: 'sized' });
        seen.roomy += Number(roomy);
        seen.refused += Number(sizing.kind === 'refused');
      },
    ),
    { numRuns: 20_000, seed: 3 },
  );
  // Neither answer may be the only one.
  expect(seen.roomy).toBeGreaterThan(50);
  expect(seen.refused).toBeGreaterThan(50);
});

it('an ordinary candidate is roomy', () => {
  const market = marketOf(LOW, HIGH);
  const [long, short] = [market.get(keyOf(LOW)), market.get(keyOf(HIGH))];
  if (!long || !short) throw new Error('not listed');
  expect(isRoomy({ asset: 'BTC', long, short, pricedUsd: 1000 }, LIMITS, STATE, SETTINGS)).toBe(true);
});
