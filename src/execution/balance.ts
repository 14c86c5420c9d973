/**
 * Balancing: the legs differ by a common lot or more. Complete the smaller leg while that is still an entry, within
 * the price cap and cheaper than the alternative; otherwise trim the larger one, reduce-only. What is too small to trim
 * goes with both legs.
 */
import {
  abs,
  type Base,
  floorTo,
  gte,
  isPositive,
  isZero,
  lt,
  min,
  notional,
  px,
  scale,
  sub,
  text,
  toNumber,
} from '../kernel/decimal.ts';
import { type AttemptRecord, type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import { mid } from '../market/book.ts';
import type { Instrument } from '../market/instrument.ts';
import { INSUFFICIENT_MARGIN } from '../market/order.ts';
import type { InstrumentView } from '../market/view.ts';
import { entriesOf, freshView, keepOrUnwind, openingsOf } from './entering.ts';
import { reduceLeg } from './flatten.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';
import { intend } from './plan.ts';
import { capPrice, touch } from './price-cap.ts';
import { completionPays } from './repair-cost.ts';
import { describe, flat, hedged, imbalance, largerLeg, oneSided, unresolved } from './shape.ts';
import { goesOn } from './sliced.ts';

/** Reasons of balancing that follow a loss of size or a step down: what is gone is not opened again. */
const SHRINKING: ReadonlySet<string> = new Set(['imbalance', 'margin', 'exposure', 'position_explained']);

export function balance(hedge: HedgeRecord, context: AdvanceContext): Advance {
  if (legsOf(hedge).some(unresolved)) return NOTHING;
  if (flat(hedge)) return moveTo(hedge, 'closed', 'unwound', describe(hedge), context);
  if (hedged(hedge)) return balanced(hedge, context);
  const larger = largerLeg(hedge);
  const smaller = larger === hedge.long ? hedge.short : hedge.long;
  const completion = complete(hedge, smaller, context, isTrimmable(hedge, larger, context));
  if (completion) return completion;
  if (oneSided(hedge)) return moveTo(hedge, 'unwinding', 'cannot_complete', describe(hedge), context);
  return trim(hedge, larger, context);
}

/** Unequal legs that an entry left; those of a hedge that was held have another reason. */
const FROM_ENTRY: ReadonlySet<string> = new Set(['partial_fill', 'leg_missing']);

function balanced(hedge: HedgeRecord, context: AdvanceContext): Advance {
  if (!FROM_ENTRY.has(hedge.reason)) return moveTo(hedge, 'held', 'balanced', describe(hedge), context);
  if (goesOn(hedge, context)) return moveTo(hedge, 'entering', 'slice_balanced', describe(hedge), context);
  return keepOrUnwind(hedge, 'balanced', describe(hedge), context);
}

/** One more attempt on the smaller leg, or undefined when trimming is the better or only choice. */
function complete(
  hedge: HedgeRecord,
  leg: LegRecord,
  context: AdvanceContext,
  isTrimmable: boolean,
): Advance | undefined {
  const { settings, now } = context;
  // Of several, the newest: each was priced when it was sent. The fills of a resting leg were hedged by completions.
  const entry = entriesOf(leg).at(-1) ?? openingsOf(leg).at(-1);
  const last = leg.attempts.at(-1);
  // An entry spread over time is balanced many times. When a clock that went back puts the beginning ahead, all count,
  // and its time is over.
  const from = hedge.plan.entry.style !== 'taker' && hedge.stateSince <= now ? hedge.stateSince : 0;
  const completions = leg.attempts.filter(({ intent }) => intent.purpose === 'complete' && intent.at >= from).length;
  if (context.reduceOnly || !context.reachable || SHRINKING.has(hedge.reason)) return undefined;
  // A venue or a human took it: what is gone is not opened again.
  if (isPositive(leg.takenBase)) return undefined;
  // An entry that is spread over time may have to be balanced long after it was planned.
  const since = hedge.plan.entry.style === 'taker' ? hedge.plan.at : hedge.stateSince;
  const isOver = now < since || now - since > settings.balanceDeadlineMs;
  if (!entry || completions >= settings.maxCompletions || isOver) return undefined;
  // A refusal repeats: margin, permission and limits do not mend within seconds. Half the size may still fit, once.
  const isShort = leg.attempts.some(isRefusedForMargin);
  if (isShort ? completions > 0 : last?.status === 'rejected') return undefined;
  const view = freshView(leg, context);
  const side = leg.name === 'long' ? 'buy' : 'sell';
  const price = view && touch(view, side);
  if (!view || price === undefined) return undefined;
  // Counted from where the entry was approved: a book that has moved already leaves that much less room.
  const reference = toNumber(entry.intent.referencePrice);
  const limitPrice = capPrice(reference, side, settings.entryPriceCapRate, view.instrument.tick);
  if (side === 'buy' ? price > toNumber(limitPrice) : price < toNumber(limitPrice)) return undefined;
  // A leg that holds more than was planned is not followed there.
  const room = sub(hedge.plan.quantity, abs(leg.holding.quantity));
  const missing = min(abs(imbalance(hedge)), room);
  // Of half, no more than what the other leg can be trimmed to.
  const quantity = isShort
    ? floorTo(scale(missing, '0.5'), hedge.plan.commonLot)
    : floorTo(missing, view.instrument.lot);
  if (!tradable(view, quantity)) return undefined;
  // What half leaves over must be small enough for nobody, or large enough to be trimmed.
  const rest = sub(abs(imbalance(hedge)), quantity);
  const larger = context.market(leg === hedge.long ? hedge.short.key : hedge.long.key)?.instrument;
  if (isShort && larger && gte(rest, hedge.plan.commonLot) && isDust(rest, larger)) return undefined;
  if (isTrimmable && completionPays(hedge.plan, view, quantity) === false) return undefined;
  const attempt = intend(hedge.plan, {
    leg: leg.name,
    purpose: 'complete',
    side,
    quantity,
    limitPrice,
    reference: view.book ? mid(view.book) : price,
    number: leg.attempts.length + 1,
    ids: context.ids,
    now,
  });
  return { facts: [attempt], attempts: [attempt] };
}

const isRefusedForMargin = ({ status, code }: AttemptRecord): boolean =>
  status === 'rejected' && code === INSUFFICIENT_MARGIN;

/** Not dust: the larger leg's venue takes an order of the excess. */
function isTrimmable(hedge: HedgeRecord, leg: LegRecord, context: AdvanceContext): boolean {
  const instrument = context.market(leg.key)?.instrument;
  return instrument === undefined || !isDust(excessOf(hedge, leg), instrument);
}

/** Never more than the leg itself: legs of one sign, after somebody else's trade, add up to more. */
const excessOf = (hedge: HedgeRecord, leg: LegRecord): Base => min(abs(imbalance(hedge)), abs(leg.holding.quantity));

function isDust(quantity: Base, { lot, minQuantity }: Instrument): boolean {
  const whole = floorTo(quantity, lot);
  return isZero(whole) || lt(whole, minQuantity);
}

function trim(hedge: HedgeRecord, leg: LegRecord, context: AdvanceContext): Advance {
  const instrument: Instrument | undefined = context.market(leg.key)?.instrument;
  const excess = excessOf(hedge, leg);
  const quantity = instrument ? floorTo(excess, instrument.lot) : excess;
  if (instrument && isDust(excess, instrument)) {
    // Neither completable nor trimmable on its own: only closing both legs removes it.
    return moveTo(hedge, 'unwinding', 'dust', `${text(excess)} ${hedge.plan.asset} over; ${describe(hedge)}`, context);
  }
  return reduceLeg(hedge, leg, 'trim', quantity, context);
}

function tradable(view: InstrumentView, quantity: Parameters<typeof notional>[0]): boolean {
  const { minQuantity, minNotional } = view.instrument;
  const price = view.mark?.mark ?? touch(view, 'buy');
  if (!isPositive(quantity) || lt(quantity, minQuantity) || price === undefined) return false;
  return minNotional === undefined || gte(notional(quantity, px(price)), minNotional);
}
