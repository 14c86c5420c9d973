/**
 * Contained: a venue's position is confirmed to differ from the ledger and no fill says why. The hedge is quarantined,
 * adopts nothing and closes nothing by itself; but the leg whose partner is smaller or gone at the venue is reduced to
 * what the partner has left. It goes on by itself once venue and ledger agree again.
 */
import { abs, type Base, floorTo, gte, isZero, lt, min } from '../kernel/decimal.ts';
import type { AttemptPurpose } from '../ledger/facts.ts';
import { type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import { standingDelta, standingOf } from './doubt.ts';
import { reduceLeg } from './flatten.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';
import { describe, unresolved } from './shape.ts';

const LEAVING: ReadonlySet<AttemptPurpose> = new Set(['exit', 'unwind']);

/** Whether the hedge was being closed before it was quarantined. */
export const wasLeaving = (hedge: HedgeRecord): boolean =>
  legsOf(hedge).some((leg) => leg.attempts.some(({ intent }) => LEAVING.has(intent.purpose)));

export function contain(hedge: HedgeRecord, context: AdvanceContext): Advance {
  if (context.doubt.kind === 'none') {
    if (legsOf(hedge).some(unresolved)) return NOTHING;
    return moveTo(hedge, wasLeaving(hedge) ? 'unwinding' : 'balancing', 'position_explained', describe(hedge), context);
  }
  // Until it is confirmed again (a restart, a changed figure) nothing is reduced on its word.
  if (context.doubt.kind === 'open') return NOTHING;
  const excess = abs(standingDelta(hedge, context));
  const [long, short] = [standingOf(hedge.long, context), standingOf(hedge.short, context)];
  if (isZero(excess) || (!isZero(min(long, short)) && lt(excess, hedge.plan.commonLot))) return NOTHING;
  const leg = gte(long, short) ? hedge.long : hedge.short;
  if (unresolved(leg)) return NOTHING;
  const quantity = inLots(leg, standingOf(leg, context), excess, context);
  return isZero(quantity) ? NOTHING : reduceLeg(hedge, leg, 'trim', quantity, context);
}

/** All of the leg, or as much of the excess as the venue's lot allows. */
function inLots(leg: LegRecord, held: Base, excess: Base, context: AdvanceContext): Base {
  const lot = context.market(leg.key)?.instrument.lot;
  return gte(excess, held) || !lot ? min(excess, held) : floorTo(excess, lot);
}
