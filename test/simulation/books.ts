/** The last judgement: what durable facts say against the exchanges' books, exactly. Entry point: `wrongsOf`. */
import { abs, add, eq, gt, isZero, quote, sub, text, ZERO_QUOTE } from '../../src/kernel/decimal.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { ACCOUNT } from './bot.ts';
import type { Oracle } from './oracle.ts';
import type { Rig } from './sim-venue.ts';

const CENT = quote('0.01');

/** Everything that is not as it must be once there is peace; empty when all is well. */
export function wrongsOf(facts: readonly Fact[], rigs: ReadonlyMap<string, Rig>, oracle: Oracle): string[] {
  const symbols = new Set([...rigs.values()].flatMap(({ exchange }) => exchange.symbols()));
  const restless = [...symbols].filter((symbol) => !oracle.isAtRest(symbol));
  return [
    ...restless.map((symbol) => `${symbol} is neither hedged nor flat: ${oracle.describe(symbol)}`),
    ...[...rigs.values()].flatMap((rig) => venueWrongs(facts, rig)),
    ...openDiscrepancies(facts),
    ...unfinished(facts),
    ...unresolved(oracle),
  ];
}

function venueWrongs(facts: readonly Fact[], { plan: { id }, exchange }: Rig): string[] {
  const found: string[] = [];
  if (exchange.openOrders(ACCOUNT).length > 0) found.push(`${id} has open orders`);
  if (!isZero(exchange.audit(ACCOUNT).discrepancy)) found.push(`${id} lost money by itself`);
  const fills = new Map<string, string>();
  const payments = new Map<string, string>();
  let fees = ZERO_QUOTE;
  let funding = ZERO_QUOTE;
  for (const fact of facts) {
    if (fact.kind === 'fill' && fact.fill.venue === id) {
      const { fill } = fact;
      const row = `${fill.symbol} ${fill.side} ${text(fill.price)} fee ${text(fill.fee)}`;
      if (fills.has(fill.tradeId)) found.push(`${id} trade ${fill.tradeId} is booked twice`);
      fills.set(fill.tradeId, row);
      fees = add(fees, fill.fee);
    }
    if (fact.kind === 'payment' && fact.payment.venue === id) {
      const { payment } = fact;
      if (payments.has(payment.paymentId)) found.push(`${id} payment ${payment.paymentId} is booked twice`);
      payments.set(payment.paymentId, `${payment.symbol} ${text(payment.amount)}`);
      funding = add(funding, payment.amount);
    }
  }
  for (const trade of exchange.trades(ACCOUNT)) {
    const row = `${trade.symbol} ${trade.side} ${text(trade.price)} fee ${text(trade.fee)}`;
    if (fills.get(trade.tradeId) !== row)
      found.push(`${id} trade ${trade.tradeId}: ${row}; booked: ${fills.get(trade.tradeId) ?? 'nothing'}`);
    fills.delete(trade.tradeId);
  }
  for (const payment of exchange.payments(ACCOUNT)) {
    const row = `${payment.symbol} ${text(payment.amount)}`;
    // What is less than a cent shows in no wallet; together they must not be one.
    const isUnbooked = !payments.has(payment.paymentId) && !gt(abs(payment.amount), CENT);
    if (!isUnbooked && payments.get(payment.paymentId) !== row)
      found.push(`${id} payment ${payment.paymentId}: ${row}; booked: ${payments.get(payment.paymentId) ?? 'nothing'}`);
    payments.delete(payment.paymentId);
  }
  for (const tradeId of fills.keys()) found.push(`${id} trade ${tradeId} is booked and never happened`);
  for (const paymentId of payments.keys()) found.push(`${id} payment ${paymentId} is booked and never happened`);
  const audit = exchange.audit(ACCOUNT);
  if (!eq(audit.fees, fees)) found.push(`${id} fees ${text(audit.fees)}, booked ${text(fees)}`);
  if (gt(abs(sub(audit.payments, funding)), CENT))
    found.push(`${id} funding ${text(audit.payments)}, booked ${text(funding)}`);
  return found.slice(0, 6);
}

function openDiscrepancies(facts: readonly Fact[]): string[] {
  const open = new Map<string, string>();
  for (const fact of facts) {
    if (fact.kind === 'discrepancy' && fact.status === 'open') open.set(fact.id, fact.detail);
    else if (fact.kind === 'discrepancy' || fact.kind === 'acceptance') open.delete(fact.id);
  }
  return [...open].map(([id, detail]) => `discrepancy ${id}: ${detail}`);
}

function unfinished(facts: readonly Fact[]): string[] {
  const states = new Map<string, string>();
  for (const fact of facts) {
    if (fact.kind === 'hedge_planned') states.set(fact.hedge, 'planned');
    if (fact.kind === 'hedge_moved') states.set(fact.hedge, `${fact.to} (${fact.reason})`);
  }
  // Dust is the operator's: too small for any order, told once a minute, and never more than that (`isAtRest`).
  const settled = /^(?:held|closed|aborted) |^quarantined \(dust\)/;
  return [...states].filter(([, state]) => !settled.test(state)).map(([hedge, state]) => `${hedge} is ${state}`);
}

function unresolved(oracle: Oracle): string[] {
  const open = [...oracle.attempts].filter(([, { status }]) => ['intended', 'open', 'unknown'].includes(status));
  return open.map(([id, { status }]) => `order ${id} is still ${status}`);
}
