/**
 * Entering in parts: both legs at once, one slice after another. The next slice is sent only once the former is hedged
 * within a common lot, so that no more than one slice is ever unequal. Legs that a slice left unequal are balanced first;
 * what could be completed goes on, what had to be trimmed ends the entry.
 */
import { type Base, floorTo, isZero, min, ratio, scale, ZERO_BASE } from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { SlicedEntry } from '../ledger/entry-plan.ts';
import type { AttemptPurpose } from '../ledger/facts.ts';
import { type AttemptRecord, type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import { mid } from '../market/book.ts';
import type { Side } from '../market/order.ts';
import type { InstrumentView } from '../market/view.ts';
import { entriesOf, expired, finishEntry, freshView, isTooSmall, leftToEnter } from './entering.ts';
import { capToLargest } from './in-step.ts';
import { type Advance, type AdvanceContext, NOTHING } from './next.ts';
import { intend } from './plan.ts';
import { capPrice, takes } from './price-cap.ts';
import { flat, hedged, unresolved } from './shape.ts';

/** What made a leg smaller while it was entered. */
const SHRUNK_BY: ReadonlySet<AttemptPurpose> = new Set(['trim', 'emergency']);

export function enterSliced(hedge: HedgeRecord, entry: SlicedEntry, context: AdvanceContext): Advance {
  const { now, settings } = context;
  if (legsOf(hedge).some(unresolved)) return NOTHING;
  if (!flat(hedge) && !hedged(hedge)) return finishEntry(hedge, context);
  const end = endOf(hedge, entry, context);
  if (end !== undefined) return finishEntry(hedge, context, end);
  const dueAt = nextSliceAt(hedge, entry, now);
  if (now < dueAt) return { ...NOTHING, wakeAt: dueAt };
  const later = { ...NOTHING, wakeAt: now + settings.retryDelayMs };
  if (context.stop) return later;
  const quantity = sliceOf(hedge, entry, context);
  const attempts = legsOf(hedge).flatMap((leg) => {
    const view = freshView(leg, context);
    return view && takes(view, sideOf(leg), quantity, settings.entryPriceCapRate)
      ? [slice(hedge, leg, view, quantity, context)]
      : [];
  });
  // Both or none.
  return attempts.length === legsOf(hedge).length ? { facts: attempts, attempts } : later;
}

/** May slices follow after the legs were balanced? Not when one had to be trimmed: the book was too thin for it. */
export function goesOn(hedge: HedgeRecord, { now, stop }: AdvanceContext): boolean {
  const { entry } = hedge.plan;
  if (entry.style !== 'sliced' || expired(hedge, entry, now) || stop?.kind === 'end') return false;
  return !legsOf(hedge).some((leg) => leg.attempts.some(({ intent }) => SHRUNK_BY.has(intent.purpose)));
}

/** Why no slice follows. */
function endOf(hedge: HedgeRecord, entry: SlicedEntry, context: AdvanceContext): string | undefined {
  if (context.stop?.kind === 'end') return context.stop.reason;
  if (expired(hedge, entry, context.now)) return 'deadline';
  const quantity = sliceOf(hedge, entry, context);
  if (isZero(quantity) || isTooSmallFor(hedge, quantity, context)) return 'filled';
  const last = legsOf(hedge).map((leg) => entriesOf(leg).at(-1));
  if (!last.every((attempt) => attempt && isZero(attempt.filled))) return undefined;
  const refused = last.find((attempt) => attempt?.status === 'rejected');
  return refused ? `rejected:${refused.code ?? 'unknown_code'}` : 'no_fill';
}

/**
 * What is left in equal parts, none larger than the planned slice or than the venues take; where they take no part as
 * small, as large as may be.
 */
function sliceOf(hedge: HedgeRecord, { slice: planned }: SlicedEntry, context: AdvanceContext): Base {
  const { commonLot } = hedge.plan;
  const largest = floorTo(capToLargest(hedge, planned, context), commonLot);
  const left = leftToEnter(hedge);
  if (isZero(largest) || isZero(left)) return ZERO_BASE;
  const lots = Math.round(ratio(left, commonLot));
  const parts = Math.ceil(lots / Math.round(ratio(largest, commonLot)));
  const equal = min(largest, scale(commonLot, Math.ceil(lots / parts)));
  return isTooSmallFor(hedge, equal, context) ? min(largest, left) : equal;
}

const isTooSmallFor = (hedge: HedgeRecord, quantity: Base, { market }: AdvanceContext): boolean =>
  legsOf(hedge).some(({ key }) => {
    const view = market(key);
    return view !== undefined && isTooSmall(view, quantity);
  });

const sideOf = (leg: LegRecord): Side => (leg.name === 'long' ? 'buy' : 'sell');

function nextSliceAt(hedge: HedgeRecord, { intervalMs }: SlicedEntry, now: Instant): Instant {
  const sent = legsOf(hedge).flatMap((leg) => entriesOf(leg).map(({ intent }: AttemptRecord) => intent.at));
  const last = Math.max(...sent, 0);
  // A slice that lies ahead means that the clock went back: the pause is over.
  return last > now ? 0 : last + intervalMs;
}

function slice(hedge: HedgeRecord, leg: LegRecord, view: InstrumentView, quantity: Base, context: AdvanceContext) {
  const side = sideOf(leg);
  const reference = view.book ? mid(view.book) : Number.NaN;
  return intend(hedge.plan, {
    leg: leg.name,
    purpose: 'enter',
    side,
    quantity,
    limitPrice: capPrice(reference, side, context.settings.entryPriceCapRate, view.instrument.tick),
    reference,
    number: leg.attempts.length + 1,
    ids: context.ids,
    now: context.now,
  });
}
