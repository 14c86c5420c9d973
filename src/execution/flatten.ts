/**
 * Exits and unwinds: both legs to zero with reduce-only IOC orders, each leg on its own, caps widening with every
 * attempt that did not finish. Attempts exhausted: quarantined, and still retried, because a naked leg is worse than a
 * repeated order that can only reduce.
 */
import { abs, type Base, ceilTo, floorTo, gte, isZero, lt, max, min, sub, text } from '../kernel/decimal.ts';
import { type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { AttemptPurpose } from '../ledger/facts.ts';
import { type AttemptRecord, type HedgeRecord, isUnresolved, type LegRecord, legsOf } from '../ledger/state.ts';
import { MAX_ATTEMPTS } from './client-id.ts';
import { NAKED_TOO_LONG, POSITION_DIFFERS, quarantineForPosition, standingDelta, standingOf } from './doubt.ts';
import { isOneOrder, partOf } from './in-step.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';
import { intend } from './plan.ts';
import { capPrice, fairPrice, reduceReference } from './price-cap.ts';
import { describe, flat, forced, unresolved } from './shape.ts';

/** Longest pause between two attempts on one leg. Naked exposure must end within 30 s of a venue's return. */
const MAX_PAUSE_MS = 5_000;
/** Between attempts of a quarantined hedge; while it is naked only after so many that ids would not last. */
const GIVEN_UP_PAUSE_MS = MINUTE_MS;
const NAKED_TRIES = 1_000;
const ATTEMPTS_EXHAUSTED = 'attempts_exhausted';

export function flatten(hedge: HedgeRecord, context: AdvanceContext): Advance {
  if (flat(hedge)) {
    if (legsOf(hedge).some(unresolved)) return NOTHING;
    return moveTo(
      hedge,
      'closed',
      hedge.state === 'exiting' ? hedge.reason : `unwound:${hedge.reason}`,
      describe(hedge),
      context,
    );
  }
  // Nothing is left at the venues, and the ledger does not know why: reducing further would be guessing.
  if (context.doubt.kind === 'confirmed' && legsOf(hedge).every((leg) => isZero(standingOf(leg, context)))) {
    return hedge.state === 'quarantined' ? NOTHING : quarantineForPosition(hedge, context);
  }
  const wanted = reductions(hedge, context);
  const stuck = wanted.length === 0 ? stuckLeg(hedge, context) : undefined;
  if (stuck && (hedge.state !== 'quarantined' || hedge.reason === ATTEMPTS_EXHAUSTED)) {
    const detail = `${stuck.key} takes no order as small as ${text(standingOf(stuck, context))}; ${describe(hedge)}`;
    return moveTo(hedge, 'quarantined', 'dust', detail, context);
  }
  const hidden = wanted.length === 0 ? hiddenLeg(hedge, context) : undefined;
  if (hidden && hedge.state !== 'quarantined') return quarantineHidden(hedge, hidden, context);
  if (wanted.length === 0) return { facts: [], attempts: [], wakeAt: context.now + idleMs(hedge) };
  const purpose = hedge.state === 'exiting' ? 'exit' : 'unwind';
  const parts = wanted
    .filter(({ leg }) => !unresolved(leg))
    .map(({ leg, quantity }) => reduceLeg(hedge, leg, purpose, quantity, context));
  const move = parts.find((part) => part.facts.some((fact) => fact.kind === 'hedge_moved'));
  return move ?? merge(parts);
}

/**
 * Equal legs that wait: for a venue, whose return and whose frames are looked at by themselves, or as dust for time or
 * people.
 */
const idleMs = (hedge: HedgeRecord): number => (hedge.state === 'quarantined' ? GIVEN_UP_PAUSE_MS : MAX_PAUSE_MS);

/**
 * Both legs to zero at once, or by as much as one order of both can take. But while a venue does not answer, or orders on one were exhausted, or the legs stayed
 * unequal, the leg that can be reduced goes no further than its partner: an exit must never make a hedge more naked.
 * The same while an order that opens has no known end and its leg cannot follow. Of what a human's opposite position
 * hides, the partner stays too; and while one of the markets does not trade. Kill and flatten are forced.
 */
function reductions(hedge: HedgeRecord, context: AdvanceContext): Reduction[] {
  const { reachable } = context;
  const standing = legsOf(hedge)
    .map((leg) => ({ leg, quantity: standingOf(leg, context) }))
    .filter(({ quantity }) => !isZero(quantity));
  const [a, b] = standing;
  const both =
    reachable &&
    !isEntering(hedge) &&
    haltedLeg(hedge, context) === undefined &&
    stuckLeg(hedge, context) === undefined;
  const isPlain = both && hedge.state !== 'quarantined' && hedge.reason !== NAKED_TOO_LONG;
  if (forced(hedge)) return ableFirst(standing, context);
  const hidden = a && b && hiddenLeg(hedge, context);
  if (isPlain && hidden) return besideHidden(hedge, standing, context);
  if (!a || !b) return standing;
  if (isPlain) return inStep(hedge, a, b, context);
  const excess = abs(standingDelta(hedge, context));
  if (gte(excess, hedge.plan.commonLot)) {
    const larger = gte(a.quantity, b.quantity) ? a : b;
    // What no order is as small as can only go with the rest.
    if (both && !hidden && hedge.reason !== ATTEMPTS_EXHAUSTED && isTooSmall(larger.leg, excess, context))
      return standing;
    return [{ leg: larger.leg, quantity: min(excess, larger.quantity) }];
  }
  return both && !hidden ? inStep(hedge, a, b, context) : [];
}

/**
 * Both whole. Where one order cannot close a leg, both go by what one order of each can take, and legs that came apart
 * are made equal first: what stays for later, or for ever, stays hedged.
 */
function inStep(hedge: HedgeRecord, a: Reduction, b: Reduction, context: AdvanceContext): Reduction[] {
  if ([a, b].every(({ leg, quantity }) => isOneOrder(leg, quantity, context))) return [a, b];
  const excess = abs(standingDelta(hedge, context));
  const larger = gte(a.quantity, b.quantity) ? a : b;
  if (gte(excess, hedge.plan.commonLot) && !isTooSmall(larger.leg, excess, context))
    return [{ leg: larger.leg, quantity: min(excess, larger.quantity) }];
  const quantity = partOf(hedge, min(a.quantity, b.quantity), context);
  return [a, b].map(({ leg }) => ({ leg, quantity }));
}

/** A leg whose venue lists its market as not trading: halted, or delisted and not settled yet. */
export const haltedLeg = (hedge: HedgeRecord, context: Pick<AdvanceContext, 'market'>): LegRecord | undefined =>
  legsOf(hedge).find(({ key, holding }) => {
    return !isZero(holding.quantity) && context.market(key)?.instrument.trading === false;
  });

/** What of a leg no order can reduce: its venue's one position covers less, because a human holds the opposite. */
const hiddenOf = (leg: LegRecord, context: AdvanceContext): Base => {
  const standing = standingOf(leg, context);
  return sub(standing, min(standing, context.reducible(leg)));
};

const hiddenLeg = (hedge: HedgeRecord, context: AdvanceContext): LegRecord | undefined =>
  legsOf(hedge).find((leg) => gte(hiddenOf(leg, context), hedge.plan.commonLot));

/** Both legs down to what is hidden of either: it stays hedged, whichever fills first. */
function besideHidden(hedge: HedgeRecord, standing: readonly Reduction[], context: AdvanceContext): Reduction[] {
  const { commonLot } = hedge.plan;
  const kept = ceilTo(max(hiddenOf(hedge.long, context), hiddenOf(hedge.short, context)), commonLot);
  const parts = standing
    .map(({ leg, quantity }) => ({ leg, quantity: floorTo(sub(quantity, min(quantity, kept)), commonLot) }))
    .filter(({ quantity }) => !isZero(quantity));
  return parts.some(({ leg, quantity }) => isTooSmall(leg, quantity, context)) ? [] : parts;
}

function quarantineHidden(hedge: HedgeRecord, { key }: LegRecord, context: AdvanceContext): Advance {
  const detail = `a position that is not this bot's hides a part of ours on ${key}: what is left is closed when it is gone`;
  return moveTo(hedge, 'quarantined', 'hidden', `${detail}; ${describe(hedge)}`, context);
}

/** It rests, or its fate is unknown: what it fills comes on top. */
const isEntering = (hedge: HedgeRecord): boolean =>
  legsOf(hedge).some(({ attempts }) => attempts.some((each) => isUnresolved(each) && !each.intent.reduceOnly));

/** A leg that its venue takes no order for: it, or what both legs can go by, is smaller than its minimum, or than its lot. */
function stuckLeg(hedge: HedgeRecord, context: AdvanceContext): LegRecord | undefined {
  const stuck = legsOf(hedge).find((leg) => isStuck(leg, context));
  const [long, short] = legsOf(hedge).map((leg) => standingOf(leg, context));
  if (stuck || !long || !short || gte(abs(standingDelta(hedge, context)), hedge.plan.commonLot)) return stuck;
  const part = partOf(hedge, min(long, short), context);
  return legsOf(hedge).find((leg) => {
    const standing = standingOf(leg, context);
    return !isZero(standing) && !isOneOrder(leg, standing, context) && (isZero(part) || isTooSmall(leg, part, context));
  });
}

const isStuck = (leg: LegRecord, context: AdvanceContext): boolean =>
  isTooSmall(leg, standingOf(leg, context), context);

function isTooSmall(leg: LegRecord, quantity: Base, context: AdvanceContext): boolean {
  const instrument = context.market(leg.key)?.instrument;
  if (!instrument || isZero(quantity)) return false;
  return isZero(floorTo(quantity, instrument.lot)) || lt(quantity, instrument.minQuantity);
}

/** A kill closes what can be closed before it gives up on what cannot. */
function ableFirst(standing: readonly Reduction[], context: AdvanceContext): Reduction[] {
  const able = standing.filter(({ leg }) => !isStuck(leg, context));
  return able.length > 0 ? able : [...standing];
}

interface Reduction {
  readonly leg: LegRecord;
  readonly quantity: Base;
}

/** One reduce-only attempt on a leg, or when to try again, or quarantine. */
export function reduceLeg(
  hedge: HedgeRecord,
  leg: LegRecord,
  purpose: AttemptPurpose,
  wanted: Base,
  context: AdvanceContext,
): Advance {
  const { settings, now } = context;
  const able = min(wanted, context.reducible(leg));
  // The rest can be reduced when the human has closed theirs; until then it would be refused, time and again.
  if (lt(able, wanted) && (isZero(able) || isTooSmall(leg, able, context))) {
    // A kill goes on with the partner.
    const isLeaving = !forced(hedge) && (hedge.state === 'exiting' || hedge.state === 'unwinding');
    return isLeaving ? quarantineHidden(hedge, leg, context) : { facts: [], attempts: [], wakeAt: now + MAX_PAUSE_MS };
  }
  const view = context.market(leg.key);
  const since = leg.attempts.filter(
    (attempt) => attempt.intent.reduceOnly && attempt.intent.at >= startedAt(hedge, now),
  );
  // One that filled whole has done its part: a leg may take several.
  const failures = since.filter(({ filled, intent }) => lt(filled, intent.quantity)).length;
  if (failures >= settings.maxReduceAttempts && hedge.state !== 'quarantined') {
    return moveTo(
      hedge,
      'quarantined',
      ATTEMPTS_EXHAUSTED,
      `${leg.name} leg on ${leg.key}: ${describe(hedge)}`,
      context,
    );
  }
  const lastAt = since.at(-1)?.changedAt;
  const retryAt = nextTryAt(since, failures, hedge, context);
  // A last attempt in the future means that the clock went back: nothing is known of the pause, so it is over.
  if (now < retryAt && now >= (lastAt ?? 0)) return { facts: [], attempts: [], wakeAt: retryAt };
  const side = leg.holding.quantity.s > 0 ? 'sell' : 'buy';
  const reference = view ? reduceReference(view, side, context.maxBookAgeMs) : undefined;
  // No instrument or price of any kind yet (start, venue down): hold, the engine alarms; look again soon.
  if (!view || reference === undefined) return { facts: [], attempts: [], wakeAt: now + settings.retryDelayMs };
  // Ids have run out: nothing but the repeating alarm is left.
  if (leg.attempts.length >= MAX_ATTEMPTS) return NOTHING;
  const capped = view.instrument.maxQuantity === undefined ? able : min(able, view.instrument.maxQuantity);
  const quantity = floorTo(capped, view.instrument.lot);
  // What no venue takes would be refused for ever.
  if (isZero(quantity) || lt(quantity, view.instrument.minQuantity)) {
    return hedge.state === 'quarantined' && hedge.reason !== ATTEMPTS_EXHAUSTED
      ? NOTHING
      : moveTo(hedge, 'quarantined', 'dust', `${text(wanted)} on ${leg.key} is under its smallest order`, context);
  }
  const capRate = Math.min(settings.exitPriceCapRate * 2 ** failures, settings.exitPriceCapMaxRate);
  const attempt = intend(hedge.plan, {
    leg: leg.name,
    purpose,
    side,
    quantity,
    limitPrice: capPrice(reference, side, capRate, view.instrument.tick),
    reference: fairPrice(view, context.maxBookAgeMs) ?? reference,
    number: leg.attempts.length + 1,
    ids: context.ids,
    now,
  });
  return { facts: [attempt], attempts: [attempt] };
}

/** Attempts count from when this reduction began; all of them when that lies ahead, because the clock went back. */
const startedAt = (hedge: HedgeRecord, now: Instant): Instant =>
  isGivenUp(hedge) || hedge.stateSince > now ? 0 : hedge.stateSince;

/** Quarantined after everything else was tried. A position in doubt is contained with fresh attempts instead. */
const isGivenUp = (hedge: HedgeRecord): boolean => hedge.state === 'quarantined' && hedge.reason !== POSITION_DIFFERS;

/** Counted from when the last attempt left: one whose fate took long to learn has cost its pause already. */
function nextTryAt(
  since: readonly AttemptRecord[],
  failures: number,
  hedge: HedgeRecord,
  context: AdvanceContext,
): Instant {
  const last = since.at(-1);
  if (!last) return 0;
  const soonest = last.changedAt + context.settings.retryDelayMs;
  // The clock went back in between: nobody knows how much of the pause is over.
  if (last.intent.at > last.changedAt) return soonest;
  return Math.max(soonest, last.intent.at + pauseMs(hedge, failures, context));
}

/** The configured delay, doubling up to a bound that keeps naked exposure short; rarely once given up and hedged. */
function pauseMs(hedge: HedgeRecord, tries: number, context: AdvanceContext): number {
  const isNaked = gte(abs(standingDelta(hedge, context)), hedge.plan.commonLot);
  if (isGivenUp(hedge) && !(isNaked && tries < NAKED_TRIES)) return GIVEN_UP_PAUSE_MS;
  return Math.min(context.settings.retryDelayMs * 2 ** Math.min(Math.max(0, tries - 1), 20), MAX_PAUSE_MS);
}

function merge(parts: readonly Advance[]): Advance {
  const wakes = parts.flatMap((part) => (part.wakeAt === undefined ? [] : [part.wakeAt]));
  const merged = { facts: parts.flatMap((part) => part.facts), attempts: parts.flatMap((part) => part.attempts) };
  return wakes.length > 0 ? { ...merged, wakeAt: Math.min(...wakes) } : merged;
}
