/**
 * Both legs smaller by the same quantity, in what both venues take now. Since the plan a lot may have become coarser, or a
 * largest order smaller; a leg that is left behind by either is naked.
 */
import { type Base, ceilTo, commonStep, floorTo, isMultipleOf, lte, min, ratio, scale } from '../kernel/decimal.ts';
import { type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import type { Instrument } from '../market/instrument.ts';
import type { AdvanceContext } from './next.ts';

type Markets = Pick<AdvanceContext, 'market'>;

/** Quantity step of both legs, base units: a multiple of the plan's. */
export const lotOfBoth = (hedge: HedgeRecord, context: Markets): Base =>
  instrumentsOf(hedge, context).reduce((step, { lot }) => commonStep(step, lot), hedge.plan.commonLot);

/** `quantity` or what the venues take of it in one order each, base units. */
export const capToLargest = (hedge: HedgeRecord, quantity: Base, context: Markets): Base =>
  instrumentsOf(hedge, context).reduce(
    (most, { maxQuantity }) => (maxQuantity ? min(most, maxQuantity) : most),
    quantity,
  );

/** Of `quantity`, what one order on each leg can take, in equal parts where it takes several; zero when it is under a lot. */
export function partOf(hedge: HedgeRecord, quantity: Base, context: Markets): Base {
  const lot = lotOfBoth(hedge, context);
  const whole = floorTo(quantity, lot);
  const largest = floorTo(capToLargest(hedge, whole, context), lot);
  if (lte(whole, largest) || largest.s === 0) return largest;
  return min(largest, ceilTo(scale(whole, 1 / Math.ceil(ratio(whole, largest))), lot));
}

/** Whether a single order can take all of it. */
export function isOneOrder(leg: LegRecord, quantity: Base, { market }: Markets): boolean {
  const instrument = market(leg.key)?.instrument;
  if (!instrument) return true;
  const { lot, maxQuantity } = instrument;
  return isMultipleOf(quantity, lot) && (maxQuantity === undefined || lte(quantity, maxQuantity));
}

const instrumentsOf = (hedge: HedgeRecord, { market }: Markets): Instrument[] =>
  legsOf(hedge).flatMap(({ key }) => market(key)?.instrument ?? []);
