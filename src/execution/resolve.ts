/**
 * From what a venue answered to facts. Anything not proven refused is unknown; late fills are taken in any state; a
 * fill is booked once, and a trade id that comes back with other data keeps its first version and raises a
 * discrepancy.
 */
import { abs, eq, gte, isPositive, sub, sum, text } from '../kernel/decimal.ts';
import { type InstrumentKey, instrumentKey } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { AttemptOutcome, AttemptStatus, DiscrepancyNoted, Fact, FillBooked } from '../ledger/facts.ts';
import { fillDigest, fillIdentity, paymentDigest } from '../ledger/fold.ts';
import { sharesOf, type TradeShare } from '../ledger/position-gaps.ts';
import { type AttemptRecord, isUnresolved, type LedgerState, type LegRecord, legsOf } from '../ledger/state.ts';
import type { Fill, FundingPayment, OrderState } from '../market/order.ts';
import type { SubmitOutcome } from '../ports/venue.ts';
import { emergencyOf } from './client-id.ts';

/** Right after a submit. An attempt that a lookup already settled keeps its status. */
export function afterSubmit(attempt: AttemptRecord, outcome: SubmitOutcome, now: Instant): AttemptOutcome | undefined {
  if (attempt.status !== 'intended') return undefined;
  const clientOrderId = attempt.intent.clientOrderId;
  switch (outcome.kind) {
    case 'acked':
      return { kind: 'outcome', clientOrderId, status: 'open', venueOrderId: outcome.venueOrderId, at: now };
    case 'rejected':
    case 'unknown':
      return {
        kind: 'outcome',
        clientOrderId,
        status: outcome.kind,
        code: outcome.code,
        detail: outcome.detail,
        at: now,
      };
  }
}

/** A lookup found the order: its new fills first, then its status when that is news. */
export function afterFound(
  state: LedgerState,
  attempt: AttemptRecord,
  order: OrderState,
  fills: readonly Fill[],
  now: Instant,
): Fact[] {
  const facts = bookFills(
    state,
    fills.map((fill) => ({ ...fill, clientOrderId: attempt.intent.clientOrderId })),
    now,
  );
  const status = statusOf(order);
  if (status === attempt.status && attempt.venueOrderId === order.venueOrderId) return facts;
  facts.push({
    kind: 'outcome',
    clientOrderId: attempt.intent.clientOrderId,
    status,
    venueOrderId: order.venueOrderId,
    filled: order.filled,
    at: now,
  });
  return facts;
}

function statusOf(order: OrderState): AttemptStatus {
  // A venue that calls a partly filled order rejected still traded it.
  if (order.status === 'rejected') return isPositive(order.filled) ? 'canceled' : 'rejected';
  return order.status;
}

/**
 * Facts for fills not yet booked, each with its owner; duplicates give nothing, conflicts a discrepancy. A fill that
 * cannot be told apart from an entry of unknown fate is left out: reconciliation brings it again once that is known.
 */
export function bookFills(state: LedgerState, fills: readonly Fill[], now: Instant): Fact[] {
  const facts: Fact[] = [];
  const fresh = new Set<string>();
  for (const fill of fills) {
    const identity = fillIdentity(fill);
    const known = state.fills.get(identity);
    if (known !== undefined) {
      const noted = conflict(fill, known, now);
      if (known !== fillDigest(fill) && isNews(state, noted)) facts.push(noted);
      continue;
    }
    if (fresh.has(identity)) continue;
    fresh.add(identity);
    facts.push(...bookFill(state, fill, now));
  }
  return facts;
}

/** Neither stored already nor accepted by an operator, as it is. */
export const isNews = (state: LedgerState, { id, venueSays }: DiscrepancyNoted): boolean =>
  state.discrepancies.get(id)?.venueSays !== venueSays && state.accepted.get(id) !== venueSays;

function bookFill(state: LedgerState, fill: Fill, now: Instant): Fact[] {
  const attempt = ownerAttempt(state, fill);
  if (attempt) {
    const { hedge, leg, clientOrderId } = attempt.intent;
    return [{ kind: 'fill', fill: { ...fill, clientOrderId }, hedge, leg, bookedAt: now }];
  }
  // Nobody's order of ours: liquidation, ADL or a human. It belongs to the hedge whose leg it shrinks.
  const key = instrumentKey(fill.venue, fill.symbol);
  const own = emergencyShare(state, fill);
  const share =
    own ?? sharesOf(state, fill.route, key, fill.side, fill.quantity).find(({ owner }) => owner !== undefined);
  const isWhole = share !== undefined && eq(share.quantity, fill.quantity);
  // Booked now it would be lost to its hedge, or come before the fill that it closes. Whoever asks again gets it again.
  if (!isWhole && waitsForEntry(state, fill)) return [];
  const booked: FillBooked = {
    kind: 'fill',
    fill,
    ...(share?.owner && { hedge: share.owner.hedge.id, leg: share.owner.leg.name }),
    ...(share && !isWhole && { legQuantity: share.quantity }),
    bookedAt: now,
  };
  return [booked, foreign(fill, share, own ? OWN : STRANGE, now)];
}

/**
 * Of an emergency order that no ledger could record before its process ended: its id says whose leg it made smaller. None
 * where the leg does not hold that much.
 */
function emergencyShare(state: LedgerState, { clientOrderId, route, venue, symbol, side, quantity }: Fill) {
  const said = clientOrderId === undefined ? undefined : emergencyOf(clientOrderId);
  const hedge = said && state.hedges.get(said.hedge);
  if (!said || hedge?.plan.route !== route) return undefined;
  const leg = hedge[said.leg];
  const isOurs = legsOf(hedge).some(({ attempts }) =>
    attempts.some(({ intent }) => intent.clientOrderId.startsWith(said.ledger)),
  );
  const closes = side === (leg.direction === 'long' ? 'sell' : 'buy') && gte(abs(leg.holding.quantity), quantity);
  if (!isOurs || !closes || leg.key !== instrumentKey(venue, symbol)) return undefined;
  return { owner: { hedge, leg }, quantity } satisfies TradeShare;
}

function ownerAttempt(state: LedgerState, fill: Fill): AttemptRecord | undefined {
  if (fill.clientOrderId !== undefined) {
    const byClient = state.attempts.get(fill.clientOrderId);
    if (byClient && byClient.intent.route === fill.route) return byClient;
  }
  const key = instrumentKey(fill.venue, fill.symbol);
  for (const leg of openLegs(state, key, fill.route)) {
    const byVenueId = leg.attempts.find((attempt) => attempt.venueOrderId === fill.venueOrderId);
    if (byVenueId) return byVenueId;
  }
  return undefined;
}

/** An entry order of unknown fate that this fill may belong to, or that must have filled before this one could close. */
function waitsForEntry(state: LedgerState, fill: Fill): boolean {
  const key = instrumentKey(fill.venue, fill.symbol);
  return openLegs(state, key, fill.route).some((leg) => {
    const entries = leg.attempts.filter((attempt) => isUnresolved(attempt) && !attempt.intent.reduceOnly);
    const own = entries.some((attempt) => attempt.intent.side === fill.side && attempt.venueOrderId === undefined);
    if (own) return fill.clientOrderId === undefined;
    const pending = entries.map((attempt) => sub(attempt.intent.quantity, attempt.filled));
    return entries.length > 0 && gte(sum(abs(leg.holding.quantity), pending), fill.quantity);
  });
}

function openLegs(state: LedgerState, key: InstrumentKey, route: Fill['route']): LegRecord[] {
  const legs: LegRecord[] = [];
  for (const hedge of state.hedges.values()) {
    if (hedge.plan.route !== route) continue;
    for (const leg of legsOf(hedge)) if (leg.key === key) legs.push(leg);
  }
  return legs;
}

function conflict(fill: Fill, known: string, now: Instant): DiscrepancyNoted {
  return {
    kind: 'discrepancy',
    id: `${fill.route}|${fill.venue}|fill_conflict|${fill.symbol}|${fill.tradeId}`,
    venue: fill.venue,
    route: fill.route,
    what: 'fill_conflict',
    status: 'open',
    ledger: known,
    venueSays: fillDigest(fill),
    detail: `trade ${fill.tradeId} on ${fill.symbol} came back with other data; the first version stands`,
    at: now,
  };
}

/** A payment that came back with another amount. */
export function paymentConflict(payment: FundingPayment, known: string, now: Instant): DiscrepancyNoted {
  const { route, venue, symbol, paymentId } = payment;
  return {
    kind: 'discrepancy',
    id: `${route}|${venue}|payment_conflict|${symbol}|${paymentId}`,
    venue,
    route,
    what: 'payment_conflict',
    status: 'open',
    ledger: known,
    venueSays: paymentDigest(payment),
    detail: `funding payment ${paymentId} on ${symbol} came back with another amount; the first version stands`,
    at: now,
  };
}

const STRANGE = 'was not ordered by this bot (liquidation, deleveraging or a manual trade)';
const OWN = "is this bot's own emergency reduction, sent by a process that could not record it and has ended";

function foreign(fill: Fill, share: TradeShare | undefined, cause: string, now: Instant): DiscrepancyNoted {
  return {
    kind: 'discrepancy',
    id: `${fill.route}|${fill.venue}|foreign_fill|${fill.symbol}|${fill.tradeId}`,
    venue: fill.venue,
    route: fill.route,
    what: 'foreign_fill',
    status: 'open',
    ledger: share?.owner
      ? `${text(share.quantity)} of it belongs to ${share.owner.hedge.id}`
      : 'no order of this ledger',
    venueSays: `${fill.side} ${text(fill.quantity)} at ${text(fill.price)}`,
    detail: `trade ${fill.tradeId} on ${fill.symbol} ${cause}`,
    at: now,
  };
}
