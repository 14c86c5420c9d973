/** From what a venue answered to facts. Anything not proven refused is unknown. */
import { isPositive } from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { AttemptOutcome, AttemptStatus, DiscrepancyNoted, Fact } from '../ledger/facts.ts';
import { paymentDigest } from '../ledger/fold.ts';
import type { AttemptRecord, LedgerState } from '../ledger/state.ts';
import type { Fill, FundingPayment, OrderState } from '../market/order.ts';
import type { SubmitOutcome } from '../ports/venue.ts';
import { bookFills } from './booking.ts';

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
