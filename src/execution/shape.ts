/** Questions about a hedge as the ledger has it: is it flat, one-sided, hedged? */
import { abs, add, type Base, cmp, isZero, lt, min, text } from '../kernel/decimal.ts';
import { type HedgeRecord, isUnresolved, type LegRecord, legsOf } from '../ledger/state.ts';

/** An order of this leg may still fill. */
export const unresolved = (leg: LegRecord): boolean => leg.attempts.some(isUnresolved);
export const flat = (hedge: HedgeRecord): boolean => legsOf(hedge).every((leg) => isZero(leg.holding.quantity));
export const oneSided = (hedge: HedgeRecord): boolean =>
  !flat(hedge) && legsOf(hedge).some((leg) => isZero(leg.holding.quantity));
/** Net base delta; zero when hedged, positive when long. */
export const imbalance = (hedge: HedgeRecord): Base => add(hedge.long.holding.quantity, hedge.short.holding.quantity);
/** Held means: both legs there and the net delta within one common lot. */
export const hedged = (hedge: HedgeRecord): boolean =>
  !flat(hedge) && !oneSided(hedge) && lt(abs(imbalance(hedge)), hedge.plan.commonLot);
/** The leg with the larger position. */
export const largerLeg = (hedge: HedgeRecord): LegRecord =>
  cmp(abs(hedge.long.holding.quantity), abs(hedge.short.holding.quantity)) >= 0 ? hedge.long : hedge.short;

export function describe(hedge: HedgeRecord): string {
  return `long ${text(hedge.long.holding.quantity)}, short ${text(hedge.short.holding.quantity)} of ${text(hedge.plan.quantity)} ${hedge.plan.asset}`;
}

/**
 * Kill and flatten do not wait for the partner: each leg is closed as soon as it can be, one with an order of unknown
 * fate once that is known, and stands alone for so long.
 */
export const forced = (hedge: HedgeRecord): boolean =>
  hedge.state === 'exiting' && (hedge.reason === 'kill' || hedge.reason === 'flatten');

/** What both legs hold: the hedged quantity, positive. */
export const matched = (hedge: HedgeRecord): Base =>
  min(abs(hedge.long.holding.quantity), abs(hedge.short.holding.quantity));
