/** What the order styles share: what is left to enter, when an entry is over, and what becomes of it. */
import {
  abs,
  add,
  type Base,
  floorTo,
  gt,
  isZero,
  lt,
  lte,
  max,
  notional,
  px,
  sub,
  ZERO_BASE,
} from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { EntryPlan } from '../ledger/entry-plan.ts';
import { type AttemptRecord, type HedgeRecord, isUnresolved, type LegRecord, legsOf } from '../ledger/state.ts';
import { mid } from '../market/book.ts';
import { type InstrumentView, isFreshBook } from '../market/view.ts';
import { type Advance, type AdvanceContext, moveTo } from './next.ts';
import { touch } from './price-cap.ts';
import { describe, flat, hedged, matched, oneSided } from './shape.ts';

export type SpreadEntry = Exclude<EntryPlan, { readonly style: 'taker' }>;

/** Entry orders of a leg, oldest first. */
export const entriesOf = (leg: LegRecord): readonly AttemptRecord[] =>
  leg.attempts.filter((attempt) => attempt.intent.purpose === 'enter');

/** Nothing is added any more. A clock that stands before the plan went back: how long ago it was is unknown. */
export const expired = (hedge: HedgeRecord, { deadlineMs }: SpreadEntry, now: Instant): boolean =>
  now < hedge.plan.at || now >= hedge.plan.at + deadlineMs;

/** Of the planned quantity, what the larger leg does not hold yet, on the common lot; zero when it holds more. */
export function leftToEnter(hedge: HedgeRecord): Base {
  const held = max(abs(hedge.long.holding.quantity), abs(hedge.short.holding.quantity));
  const left = sub(hedge.plan.quantity, held);
  return gt(left, ZERO_BASE) ? floorTo(left, hedge.plan.commonLot) : ZERO_BASE;
}

/** Whether the venue refuses an order of this size that does not reduce. Without a price, only what is surely too small. */
export function isTooSmall({ instrument, mark, book }: InstrumentView, quantity: Base): boolean {
  if (isZero(quantity) || lt(quantity, instrument.minQuantity)) return true;
  const price = mark?.mark ?? (book ? mid(book) : Number.NaN);
  return instrument.minNotional !== undefined && price > 0 && lt(notional(quantity, px(price)), instrument.minNotional);
}

/** The instrument with a sound book that is not stale: what entries may be priced from. */
export function freshView(leg: LegRecord, context: AdvanceContext): InstrumentView | undefined {
  const view = context.market(leg.key);
  if (!view || !isFreshBook(view.book, context.now, context.maxBookAgeMs)) return undefined;
  return touch(view, 'buy') === undefined ? undefined : view;
}

/** All orders have a known end and nothing is added: what was reached is held, balanced, unwound or was nothing. */
export function finishEntry(hedge: HedgeRecord, context: AdvanceContext, why?: string): Advance {
  const detail = why === undefined ? describe(hedge) : `${why}: ${describe(hedge)}`;
  if (flat(hedge)) return moveTo(hedge, 'aborted', why ?? refusal(hedge) ?? 'no_fill', detail, context);
  if (oneSided(hedge)) return moveTo(hedge, 'balancing', 'leg_missing', detail, context);
  if (!hedged(hedge)) return moveTo(hedge, 'balancing', 'partial_fill', detail, context);
  return keepOrUnwind(hedge, 'filled', detail, context);
}

/** Equal legs after an entry. Too little of a spread-out entry is worth less than what it keeps from being opened. */
export function keepOrUnwind(hedge: HedgeRecord, reason: string, detail: string, context: AdvanceContext): Advance {
  const { entry } = hedge.plan;
  // A last part under a common lot is no shortage.
  const isTooLittle = entry.style !== 'taker' && lte(add(matched(hedge), hedge.plan.commonLot), entry.least);
  return isTooLittle
    ? moveTo(hedge, 'unwinding', 'too_small', detail, context)
    : moveTo(hedge, 'held', reason, detail, context);
}

/** Resting orders that may still fill. */
export const restingOf = (hedge: HedgeRecord): readonly AttemptRecord[] =>
  hedge.plan.entry.style !== 'maker_taker'
    ? []
    : legsOf(hedge).flatMap((leg) =>
        leg.attempts.filter((attempt) => attempt.intent.style === 'post_only' && isUnresolved(attempt)),
      );

/** The first refusal's code. */
function refusal(hedge: HedgeRecord): string | undefined {
  const attempts = legsOf(hedge).flatMap((leg) => leg.attempts);
  const refused = attempts.find((attempt) => attempt.status === 'rejected');
  return refused && `rejected:${refused.code ?? 'unknown_code'}`;
}
