/**
 * A venue's position that differs from the ledger's, as the hedge machine sees it: what is known to stand of each leg,
 * and the quarantine of a hedge whose position is in doubt.
 */
import { abs, add, type Base, min, neg } from '../kernel/decimal.ts';
import type { HedgeRecord, LegRecord } from '../ledger/state.ts';
import { type Advance, type AdvanceContext, moveTo } from './next.ts';
import { describe } from './shape.ts';

/** The reason of a hedge that is quarantined for its position. */
export const POSITION_DIFFERS = 'position_differs';

/** The reason of a hedge that is flattened because it stayed naked. */
export const NAKED_TOO_LONG = 'naked_too_long';

type Standing = Pick<AdvanceContext, 'standing'>;

/** What may be reduced of a leg: never more than the ledger or the venue says. Positive. */
export const standingOf = (leg: LegRecord, context: Standing): Base =>
  min(abs(leg.holding.quantity), context.standing(leg));

/** Net base delta of what stands; the ledger's own while nothing is missing at the venues. Positive when long. */
export const standingDelta = (hedge: HedgeRecord, context: Standing): Base =>
  add(signed(hedge.long, context), signed(hedge.short, context));

const signed = (leg: LegRecord, context: Standing): Base =>
  leg.holding.quantity.s < 0 ? neg(standingOf(leg, context)) : standingOf(leg, context);

export const quarantineForPosition = (hedge: HedgeRecord, context: AdvanceContext): Advance => {
  const detail = context.doubt.kind === 'none' ? '' : `${context.doubt.detail}; `;
  return moveTo(hedge, 'quarantined', POSITION_DIFFERS, `${detail}${describe(hedge)}`, context);
};
