/**
 * Entering with one leg at rest: a post-only order at the touch of the wider book, each of its fills hedged at once by a
 * capped immediate order on the other leg.
 *
 * - One resting order at a time. To move it is to cancel it and, once its end is known, to place the next.
 * - What the other leg lacks is never a common lot or more while nothing is in flight; the smallest order that its venue
 *   takes may be larger, and what lies between is trimmed when it stays.
 * - An order that the other leg did not fill in full ends the entry: balancing completes or trims.
 */
import {
  abs,
  type Base,
  ceilTo,
  cmp,
  eq,
  floorTo,
  gte,
  isPositive,
  max,
  min,
  neg,
  type Px,
  px,
  sub,
  toNumber,
} from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { MakerEntry } from '../ledger/entry-plan.ts';
import { type AttemptRecord, type HedgeRecord, isUnresolved, type LegRecord } from '../ledger/state.ts';
import { mid } from '../market/book.ts';
import { type Side, WOULD_CROSS } from '../market/order.ts';
import type { InstrumentView } from '../market/view.ts';
import { entriesOf, expired, finishEntry, freshView, isTooSmall, leftToEnter, openingsOf } from './entering.ts';
import { type Advance, type AdvanceContext, NOTHING } from './next.ts';
import { intend } from './plan.ts';
import { capPrice, takes } from './price-cap.ts';
import { imbalance, unresolved } from './shape.ts';

/** The other leg's order should be known by then; until it is, nothing more may fill on the resting one. */
const HEDGE_PATIENCE_MS = 2_000;
/** A difference that the other venue takes no order for is trimmed when no further fill has joined it by then. */
const STRANDED_MS = 5_000;

/** The two legs by what they do. */
interface Legs {
  readonly maker: LegRecord;
  readonly taker: LegRecord;
  readonly resting: AttemptRecord | undefined;
  /** What the maker leg holds more than the taker leg; negative when less. */
  readonly lead: Base;
}

export function enterAsMaker(hedge: HedgeRecord, entry: MakerEntry, context: AdvanceContext): Advance {
  const legs = legsBy(hedge, entry);
  const { maker, taker, resting, lead } = legs;
  const end = endOf(hedge, entry, legs, context);
  const hedging = hedgeLead(hedge, legs, context);
  const isMet = canBeHedged(hedge, taker, context);
  const pause = pauseOf(legs, context) ?? (isMet ? undefined : 'other_book_too_thin');
  const open = maker.attempts.filter(isUnresolved);
  // One that was called absent may have risen beside its successor: at most the newest stays.
  const cancels = resting && (end ?? pause ?? repriceOf(entry, legs, context)) ? open : open.slice(0, -1);
  if (hedging.attempts.length > 0) return { ...hedging, cancels };
  const soon = isMet ? hedging.wakeAt : context.now + context.settings.retryDelayMs;
  const wakeAt = nextLook(hedge, entry, legs, context, soon);
  if (resting) return { ...NOTHING, cancels, wakeAt };
  if (unresolved(taker)) return { ...NOTHING, wakeAt };
  const isLonely = gte(lead, hedge.plan.commonLot);
  // The other book may be back in a moment, or not be known yet after a start.
  const mayWait = canStillHedge(taker, context) && sinceChange(maker, context.now) < STRANDED_MS;
  if (isLonely && mayWait && !isStranded(hedge, legs, context)) return { ...NOTHING, wakeAt };
  if (isLonely || end !== undefined) return finishEntry(hedge, context, end ?? 'unhedged');
  if (context.stop || !isMet) return { ...NOTHING, wakeAt };
  return rest(hedge, entry, maker, context) ?? { ...NOTHING, wakeAt };
}

function legsBy(hedge: HedgeRecord, { maker: name }: MakerEntry): Legs {
  const maker = hedge[name];
  const taker = name === 'long' ? hedge.short : hedge.long;
  const lead = name === 'long' ? imbalance(hedge) : neg(imbalance(hedge));
  return { maker, taker, resting: maker.attempts.findLast(isUnresolved), lead };
}

/** Why nothing is added any more. */
function endOf(hedge: HedgeRecord, entry: MakerEntry, legs: Legs, context: AdvanceContext): string | undefined {
  const { maker, taker, resting, lead } = legs;
  if (context.stop?.kind === 'end') return context.stop.reason;
  if (expired(hedge, entry, context.now)) return 'deadline';
  // A venue or a human took it: what is gone is not opened again.
  if ([maker, taker].some(({ takenBase }) => isPositive(takenBase))) return 'leg_taken';
  if (openingsOf(taker).some(fellShort)) return 'hedge_fell_short';
  if (gte(neg(lead), hedge.plan.commonLot)) return 'other_leg_larger';
  if (isStranded(hedge, legs, context)) return 'stranded';
  const view = context.market(maker.key);
  if (view && isTooSmall(view, leftToEnter(hedge))) return 'filled';
  // Found as rejected, without a code: accepted and then cancelled because it would have crossed.
  const last = entriesOf(maker).at(-1);
  if (last?.status === 'rejected' && last.code !== undefined && last.code !== WOULD_CROSS)
    return `rejected:${last.code}`;
  return !resting && entriesOf(maker).length > entry.maxReprices ? 'reprices_exhausted' : undefined;
}

/** Ended with less than was asked for. */
const fellShort = (attempt: AttemptRecord): boolean =>
  !isUnresolved(attempt) && cmp(attempt.filled, attempt.intent.quantity) < 0;

const canStillHedge = (taker: LegRecord, { reduceOnly, doubt }: AdvanceContext): boolean =>
  !reduceOnly && doubt.kind !== 'confirmed' && !isPositive(taker.takenBase) && !openingsOf(taker).some(fellShort);

/** A lead that should be hedged and is too small for the other venue, for too long. */
function isStranded(hedge: HedgeRecord, { maker, taker, lead }: Legs, { market, now }: AdvanceContext): boolean {
  if (!gte(lead, hedge.plan.commonLot)) return false;
  const view = market(taker.key);
  if (!view || !isTooSmall(view, floorTo(lead, hedge.plan.commonLot))) return false;
  return sinceFill(maker, now) >= STRANDED_MS;
}

/** For ever when that lies ahead, because the clock went back. */
const sinceFill = ({ attempts }: LegRecord, now: Instant): number =>
  since(Math.max(0, ...attempts.map(({ filledAt }) => filledAt ?? 0)), now);

/** As `sinceFill`, or an outcome of the leg's orders. */
const sinceChange = ({ attempts }: LegRecord, now: Instant): number =>
  since(Math.max(0, ...attempts.map(({ changedAt, filledAt }) => Math.max(changedAt, filledAt ?? 0))), now);

const since = (at: Instant, now: Instant): number => (at > now ? Number.POSITIVE_INFINITY : now - at);

/** Why the resting order must go for now. */
function pauseOf({ resting, taker }: Legs, { stop, ids, now }: AdvanceContext): string | undefined {
  if (stop) return stop.reason;
  // What happened to the market while no process ran is unknown.
  if (resting && resting.intent.epoch !== ids.epoch) return 'restarted';
  const open = taker.attempts.find(isUnresolved);
  const isLate = open && (now - open.intent.at >= HEDGE_PATIENCE_MS || now < open.intent.at);
  return open && (open.status === 'unknown' || isLate) ? 'hedge_unknown' : undefined;
}

/** What the smallest fill would need: the other book has a common lot within the price cap, as far as it is known now. */
function canBeHedged({ plan }: HedgeRecord, taker: LegRecord, context: AdvanceContext): boolean {
  const view = freshView(taker, context);
  return view === undefined || takes(view, sideOf(taker), plan.commonLot, context.settings.entryPriceCapRate);
}

/** The resting order has had its time and stands at another price than a new one would. */
function repriceOf(entry: MakerEntry, { maker, resting }: Legs, context: AdvanceContext): string | undefined {
  if (!resting || entriesOf(maker).length > entry.maxReprices || !isRested(entry, resting, context.now))
    return undefined;
  const view = freshView(maker, context);
  const price = view && restingPrice(view, entry, resting);
  return price && !eq(price, resting.intent.limitPrice) ? 'repriced' : undefined;
}

const isRested = ({ repriceMs }: MakerEntry, { intent }: AttemptRecord, now: Instant): boolean =>
  now >= intent.at + repriceMs || now < intent.at;

/** One capped order that brings the other leg up, on the common lot, or when to try again. */
function hedgeLead(hedge: HedgeRecord, { taker, resting, lead }: Legs, context: AdvanceContext): Advance {
  const { settings, now, ids } = context;
  const { plan } = hedge;
  // A position in doubt may not be what the ledger leads by.
  if (unresolved(taker) || context.reduceOnly || context.doubt.kind === 'confirmed') return NOTHING;
  if (isPositive(taker.takenBase)) return NOTHING;
  const room = sub(plan.quantity, abs(taker.holding.quantity));
  const wanted = floorTo(min(lead, room), plan.commonLot);
  const view = freshView(taker, context);
  if (!gte(wanted, plan.commonLot) || !view?.book || isTooSmall(view, wanted)) return NOTHING;
  const failures = openingsOf(taker).filter(fellShort);
  const lastAt = failures.at(-1)?.changedAt;
  if (lastAt !== undefined) {
    // Once the resting order's end is known, balancing decides; until then its fills must not stay alone.
    if (!resting) return NOTHING;
    const retryAt = lastAt + Math.min(settings.retryDelayMs * 2 ** (failures.length - 1), 30_000);
    if (now < retryAt && now >= lastAt) return { ...NOTHING, wakeAt: retryAt };
  }
  const { maxQuantity, tick } = view.instrument;
  const side = sideOf(taker);
  const reference = mid(view.book);
  const attempt = intend(plan, {
    leg: taker.name,
    purpose: 'complete',
    side,
    quantity: maxQuantity ? min(wanted, floorTo(maxQuantity, plan.commonLot)) : wanted,
    limitPrice: capPrice(reference, side, settings.entryPriceCapRate, tick),
    reference,
    number: taker.attempts.length + 1,
    ids,
    now,
  });
  return { facts: [attempt], attempts: [attempt] };
}

/** The next resting order, unless its time or its price has not come. */
function rest(hedge: HedgeRecord, entry: MakerEntry, maker: LegRecord, context: AdvanceContext): Advance | undefined {
  const { plan } = hedge;
  const last = entriesOf(maker).at(-1);
  const view = freshView(maker, context);
  if (!view?.book || (last && !isRested(entry, last, context.now))) return undefined;
  const limitPrice = restingPrice(view, entry);
  if (!limitPrice) return undefined;
  const { maxQuantity } = view.instrument;
  const left = leftToEnter(hedge);
  const attempt = intend(plan, {
    leg: maker.name,
    purpose: 'enter',
    side: sideOf(maker),
    quantity: maxQuantity ? min(left, floorTo(maxQuantity, plan.commonLot)) : left,
    limitPrice,
    style: 'post_only',
    reference: mid(view.book),
    number: maker.attempts.length + 1,
    ids: context.ids,
    now: context.now,
  });
  return { facts: [attempt], attempts: [attempt] };
}

/**
 * The best price of its own side, on the tick and never beyond what was approved. A level that holds no more than our own
 * order is our own order: following it would be following ourselves.
 */
function restingPrice(view: InstrumentView, { maker, limit }: MakerEntry, own?: AttemptRecord): Px | undefined {
  const side: Side = maker === 'long' ? 'buy' : 'sell';
  const levels = (side === 'buy' ? view.book?.bids : view.book?.asks) ?? [];
  const ownPrice = own && toNumber(own.intent.limitPrice);
  const ownSize = own ? toNumber(sub(own.intent.quantity, own.filled)) * (1 + 1e-9) : 0;
  const level = levels.find(({ price, size }) => price !== ownPrice || size > ownSize);
  if (!level) return undefined;
  const { tick } = view.instrument;
  return side === 'buy' ? min(floorTo(px(level.price), tick), limit) : max(ceilTo(px(level.price), tick), limit);
}

const sideOf = (leg: LegRecord): Side => (leg.name === 'long' ? 'buy' : 'sell');

/** The next instant at which time alone changes something. */
function nextLook(
  hedge: HedgeRecord,
  entry: MakerEntry,
  { maker, taker }: Legs,
  { now, settings }: AdvanceContext,
  retryAt: Instant | undefined,
): Instant {
  const rested = entriesOf(maker).at(-1);
  const hedging = openingsOf(taker).at(-1);
  const instants = [
    hedge.plan.at + entry.deadlineMs,
    ...(rested ? [rested.intent.at + entry.repriceMs] : []),
    ...(hedging ? [hedging.intent.at + HEDGE_PATIENCE_MS] : []),
    ...(retryAt === undefined ? [] : [retryAt]),
    now - sinceChange(maker, now) + STRANDED_MS,
    now - sinceFill(maker, now) + STRANDED_MS,
  ].filter((at) => at > now);
  // Past the deadline nothing but an answer is awaited; it is looked up by its own clock.
  return Math.min(...instants, now + Math.max(settings.retryDelayMs, 30_000));
}
