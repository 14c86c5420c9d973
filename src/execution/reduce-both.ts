/** Both legs of a held hedge smaller by the same quantity, at once: it stays hedged while it shrinks. */
import type { Base } from '../kernel/decimal.ts';
import { type HedgeRecord, legsOf } from '../ledger/state.ts';
import { reduceLeg } from './flatten.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';

/** Into `balancing`, which mends whatever one leg did not fill. Nothing while one leg cannot be ordered. */
export function reduceBoth(
  hedge: HedgeRecord,
  quantity: Base,
  reason: string,
  detail: string,
  context: AdvanceContext,
): Advance {
  const parts = legsOf(hedge).map((leg) => reduceLeg(hedge, leg, 'trim', quantity, context));
  const attempts = parts.flatMap((part) => part.attempts);
  if (attempts.length < parts.length) return NOTHING;
  const move = moveTo(hedge, 'balancing', reason, detail, context);
  return { facts: [...move.facts, ...attempts], attempts };
}
