/** Both legs of a held hedge smaller by the same quantity, at once: it stays hedged while it shrinks. */
import { type Base, ceilTo, commonStep, floorTo, isZero, min } from '../kernel/decimal.ts';
import { type HedgeRecord, legsOf } from '../ledger/state.ts';
import { haltedLeg, reduceLeg } from './flatten.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';

/** Into `balancing`, which mends whatever one leg did not fill. Nothing while one leg cannot be ordered. */
export function reduceBoth(
  hedge: HedgeRecord,
  quantity: Base,
  reason: string,
  detail: string,
  context: AdvanceContext,
): Advance {
  // The other leg would go alone.
  if (haltedLeg(hedge, context)) return NOTHING;
  const instruments = legsOf(hedge).flatMap(({ key }) => context.market(key)?.instrument ?? []);
  // Lots may have become coarser, and largest orders smaller, since the plan: a leg must not be left behind by either.
  const lot = instruments.reduce((step, instrument) => commonStep(step, instrument.lot), hedge.plan.commonLot);
  const most = [
    ...legsOf(hedge).map((leg) => context.reducible(leg)),
    ...instruments.flatMap(({ maxQuantity }) => maxQuantity ?? []),
  ];
  const step = floorTo(most.reduce(min, ceilTo(quantity, lot)), lot);
  if (isZero(step)) return NOTHING;
  const parts = legsOf(hedge).map((leg) => reduceLeg(hedge, leg, 'trim', step, context));
  const attempts = parts.flatMap((part) => part.attempts);
  if (attempts.length < parts.length) return NOTHING;
  const move = moveTo(hedge, 'balancing', reason, detail, context);
  return { facts: [...move.facts, ...attempts], attempts };
}
