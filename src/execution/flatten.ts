/**
 * Exits and unwinds: both legs to zero with reduce-only IOC orders, each leg on its own, caps widening with every
 * attempt that did not finish. Attempts exhausted: quarantined, and still retried once a minute, because a naked leg
 * is worse than a repeated order that can only reduce.
 */
import { abs, type Base, floorTo, isZero, min, text } from '../kernel/decimal.ts';
import { type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { AttemptPurpose } from '../ledger/facts.ts';
import { type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import { MAX_ATTEMPTS } from './client-id.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';
import { intend } from './plan.ts';
import { capPrice, reduceReference } from './price-cap.ts';
import { describe, flat, forced, hedged, imbalance, largerLeg, unresolved } from './shape.ts';

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
  const wanted = reductions(hedge, context);
  if (wanted.length === 0) return { facts: [], attempts: [], wakeAt: context.now + context.settings.retryDelayMs };
  const purpose = hedge.state === 'exiting' ? 'exit' : 'unwind';
  const parts = wanted
    .filter(({ leg }) => !unresolved(leg))
    .map(({ leg, quantity }) => reduceLeg(hedge, leg, purpose, quantity, context));
  const move = parts.find((part) => part.facts.some((fact) => fact.kind === 'hedge_moved'));
  return move ?? merge(parts);
}

/**
 * Both legs to zero at once. But while a venue does not answer, or orders on one were exhausted, the leg that can be
 * reduced goes no further than its partner: an exit must never make a hedge naked. Kill and flatten are forced.
 */
function reductions(hedge: HedgeRecord, { reachable }: AdvanceContext): { leg: LegRecord; quantity: Base }[] {
  const standing = legsOf(hedge)
    .filter((leg) => !isZero(leg.holding.quantity))
    .map((leg) => ({ leg, quantity: abs(leg.holding.quantity) }));
  if (forced(hedge) || standing.length < 2 || (reachable && hedge.state !== 'quarantined')) return standing;
  if (!hedged(hedge)) return [{ leg: largerLeg(hedge), quantity: abs(imbalance(hedge)) }];
  return reachable ? standing : [];
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
  const view = context.market(leg.key);
  const since = leg.attempts.filter(
    (attempt) => attempt.intent.reduceOnly && attempt.intent.at >= startedAt(hedge, now),
  );
  if (since.length >= settings.maxReduceAttempts && hedge.state !== 'quarantined') {
    return moveTo(
      hedge,
      'quarantined',
      'attempts_exhausted',
      `${leg.name} leg on ${leg.key}: ${describe(hedge)}`,
      context,
    );
  }
  const lastAt = since.at(-1)?.changedAt;
  const retryAt = nextTryAt(lastAt, since.length, hedge, settings.retryDelayMs);
  // A last attempt in the future means that the clock went back: nothing is known of the pause, so it is over.
  if (now < retryAt && now >= (lastAt ?? 0)) return { facts: [], attempts: [], wakeAt: retryAt };
  const side = leg.holding.quantity.s > 0 ? 'sell' : 'buy';
  const reference = view ? reduceReference(view, side) : undefined;
  // No instrument or price of any kind yet (start, venue down): hold, the engine alarms; look again soon.
  if (!view || reference === undefined) return { facts: [], attempts: [], wakeAt: now + settings.retryDelayMs };
  // Ids have run out: nothing but the repeating alarm is left.
  if (leg.attempts.length >= MAX_ATTEMPTS) return NOTHING;
  const capped = view.instrument.maxQuantity === undefined ? wanted : min(wanted, view.instrument.maxQuantity);
  const quantity = floorTo(capped, view.instrument.lot);
  if (isZero(quantity)) {
    return hedge.state === 'quarantined'
      ? NOTHING
      : moveTo(hedge, 'quarantined', 'dust', `${text(wanted)} on ${leg.key} is under its lot`, context);
  }
  const capRate = Math.min(settings.exitPriceCapRate * 2 ** since.length, settings.exitPriceCapMaxRate);
  const attempt = intend(hedge.plan, {
    leg: leg.name,
    purpose,
    side,
    quantity,
    limitPrice: capPrice(reference, side, capRate, view.instrument.tick),
    reference,
    number: leg.attempts.length + 1,
    ids: context.ids,
    now,
  });
  return { facts: [attempt], attempts: [attempt] };
}

/** Attempts count from when this reduction began; all of them when that lies ahead, because the clock went back. */
const startedAt = (hedge: HedgeRecord, now: Instant): Instant =>
  hedge.state === 'quarantined' || hedge.stateSince > now ? 0 : hedge.stateSince;

/** Retries wait for `delayMs` after the last outcome, doubling to 30 s; a quarantined hedge's for a minute. */
function nextTryAt(lastChangedAt: Instant | undefined, tries: number, hedge: HedgeRecord, delayMs: number): Instant {
  if (lastChangedAt === undefined) return 0;
  if (hedge.state === 'quarantined') return lastChangedAt + MINUTE_MS;
  return lastChangedAt + Math.min(delayMs * 2 ** (tries - 1), 30_000);
}

function merge(parts: readonly Advance[]): Advance {
  const wakes = parts.flatMap((part) => (part.wakeAt === undefined ? [] : [part.wakeAt]));
  const merged = { facts: parts.flatMap((part) => part.facts), attempts: parts.flatMap((part) => part.attempts) };
  return wakes.length > 0 ? { ...merged, wakeAt: Math.min(...wakes) } : merged;
}
