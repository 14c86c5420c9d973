/** Both legs of a held hedge smaller by the same quantity, at once: it stays hedged while it shrinks. */
import { type Base, ceilTo, floorTo, isZero, min } from '../kernel/decimal.ts';
import { type HedgeRecord, legsOf } from '../ledger/state.ts';
import { haltedLeg, reduceLeg } from './flatten.ts';
import { capToLargest, lotOfBoth } from './in-step.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';

/**
 * Into `balancing`, which mends whatever one leg did not fill. By at least `quantity` where present lots are coarser.
 * Nothing while one leg cannot be ordered.
 */
export function reduceBoth(
  hedge: HedgeRecord,
  quantity: Base,
  reason: string,
  detail: string,
  context: AdvanceContext,
): Advance {
  // The other leg would go alone.
  if (haltedLeg(hedge, context)) return NOTHING;
  const lot = lotOfBoth(hedge, context);
  const wanted = capToLargest(hedge, ceilTo(quantity, lot), context);
  const able = legsOf(hedge).reduce((least, leg) => min(least, context.reducible(leg)), wanted);
  const step = floorTo(able, lot);
  if (isZero(step)) return NOTHING;
  const parts = legsOf(hedge).map((leg) => reduceLeg(hedge, leg, 'trim', step, context));
  const attempts = parts.flatMap((part) => part.attempts);
  if (attempts.length < parts.length) return NOTHING;
  const move = moveTo(hedge, 'balancing', reason, detail, context);
  return { facts: [...move.facts, ...attempts], attempts };
}
