import fc from 'fast-check';
import { expect, it } from 'vitest';
import { base, gte, isMultipleOf, px, scale, toNumber } from '../../src/kernel/decimal.ts';
import { exposureCeilings, type Leg, legCeilings } from '../../src/risk/ceilings.ts';
import { keyOf, marketOf } from '../signal/market.ts';
import { HIGH, LIMITS, LOW, SETTINGS, STATE } from './fixtures.ts';

const STEPS = ['1', '0.1', '0.25', '0.003', '0.00000001', '125'] as const;

function legOf(perp: typeof LOW, price: string, depth: number, maxQuantity: string | undefined): Leg {
  const view = marketOf(perp).get(keyOf(perp));
  if (!view) throw new Error('not listed');
  const instrument = { ...view.instrument, ...(maxQuantity && { maxQuantity: base(maxQuantity) }) };
  return { instrument, mid: Number(price), midPrice: px(price), entryLimit: px(price), price: px(price), depth };
}

it('what a ceiling allows is what it leaves room for, to the lot: also where doubles cannot tell', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...STEPS),
      fc.integer({ min: 1, max: 4_000 }),
      fc.integer({ min: 1, max: 9_999_999 }),
      fc.constantFrom(0, 1e-16, -1e-16, 1e-12, -1e-12, 1e-6, -1e-6, 0.3, -0.3),
      fc.integer({ min: -1, max: 1 }),
      (step, lots, cents, away, more) => {
        const lot = base(step);
        const price = String(cents / 100);
        const quantity = scale(lot, lots);
        const usd = toNumber(quantity) * Number(price) * (1 + away);
        const size = toNumber(quantity) * (1 + away);
        const long = legOf(LOW, price, size / LIMITS.size.maxDepthShare, String(lots));
        const short = legOf(HIGH, price, size / LIMITS.size.maxDepthShare, undefined);
        const exposure = { ...LIMITS.exposure, maxVenueNotionalUsd: usd, maxAssetNotionalUsd: usd };
        const limits = {
          ...LIMITS,
          size: { ...LIMITS.size, hedgeNotionalUsd: usd },
          exposure: { ...exposure, maxTotalNotionalUsd: 2 * usd },
        };
        const ceilings = [
          ...exposureCeilings({ asset: 'BTC', pricedUsd: usd }, long, short, limits, STATE),
          ...[long, short].flatMap((leg) => legCeilings(leg, limits, STATE, SETTINGS)),
        ];
        expect(ceilings.length).toBeGreaterThanOrEqual(9);
        const asked = scale(lot, Math.max(1, lots + more));
        for (const ceiling of ceilings) {
          const most = ceiling.most(lot);
          expect(isMultipleOf(most, lot)).toBe(true);
          expect({ rule: ceiling.rule, allows: ceiling.allows(asked) }).toEqual({
            rule: ceiling.rule,
            allows: gte(most, asked),
          });
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
