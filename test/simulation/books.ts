/** The last judgement: what durable facts say against the exchanges' books, exactly. Entry point: `wrongsOf`. */
import {
  abs,
  add,
  type Base,
  contractsToBase,
  eq,
  gt,
  isZero,
  neg,
  notional,
  type Quote,
  quote,
  sub,
  text,
  ZERO_BASE,
  ZERO_QUOTE,
} from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { FLAT } from '../../src/ledger/holding.ts';
import { accountKey, type LedgerState } from '../../src/ledger/state.ts';
import type { Fill } from '../../src/market/order.ts';
import { ACCOUNT } from './bot.ts';
import type { Oracle } from './oracle.ts';
import type { Rig } from './sim-venue.ts';

const CENT = quote('0.01');

/** What is durable, and what the running process makes of it. */
export interface Told {
  readonly facts: readonly Fact[];
  readonly ledger: LedgerState | undefined;
}

/** Everything that is not as it must be once there is peace; empty when all is well. */
export function wrongsOf({ facts, ledger }: Told, rigs: ReadonlyMap<string, Rig>, oracle: Oracle): string[] {
  const symbols = new Set([...rigs.values()].flatMap(({ exchange }) => exchange.symbols()));
  const restless = [...symbols].filter((symbol) => !oracle.isAtRest(symbol));
  return [
    ...restless.map((symbol) => `${symbol} is neither hedged nor flat: ${oracle.describe(symbol)}`),
    ...[...rigs.values()].flatMap((rig) => [
      ...venueWrongs(facts, rig),
      ...positionWrongs(facts, rig, oracle),
      ...walletWrongs(facts, ledger, rig),
    ]),
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
      const row = tradeText(fill, fill.quantity);
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
    const row = tradeText(trade, contractsToBase(trade.contracts, sizeOf(exchange, trade.symbol)));
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

type Trade = Pick<Fill, 'symbol' | 'side' | 'price' | 'fee'>;

const tradeText = ({ symbol, side, price, fee }: Trade, quantity: Base): string =>
  `${symbol} ${side} ${text(quantity)} at ${text(price)} fee ${text(fee)}`;

const sizeOf = (exchange: Rig['exchange'], symbol: string): Base =>
  exchange.market(symbol)?.instrument.contractSize ?? ZERO_BASE;

/** To the contract: all fills together are the venue's positions, those of hedges are the bot's own part of them. */
function positionWrongs(facts: readonly Fact[], { plan: { id }, exchange }: Rig, oracle: Oracle): string[] {
  const all = new Map<string, Base>();
  const own = new Map<string, Base>();
  for (const fact of facts) {
    if (fact.kind !== 'fill' || fact.fill.venue !== id) continue;
    const { symbol, side, quantity } = fact.fill;
    const note = (sums: Map<string, Base>, size: Base): void =>
      void sums.set(symbol, add(sums.get(symbol) ?? ZERO_BASE, side === 'buy' ? size : neg(size)));
    note(all, quantity);
    if (fact.hedge !== undefined) note(own, fact.legQuantity ?? quantity);
  }
  const held = new Map(exchange.positions(ACCOUNT).map(({ symbol, contracts }) => [symbol, contracts]));
  return exchange.symbols().flatMap((symbol) => {
    const contracts = held.get(symbol);
    const there = contracts ? contractsToBase(contracts, sizeOf(exchange, symbol)) : ZERO_BASE;
    const booked = all.get(symbol) ?? ZERO_BASE;
    const hedged = own.get(symbol) ?? ZERO_BASE;
    const ours = oracle.own(id, symbol);
    return [
      ...(eq(there, booked) ? [] : [`${id} ${symbol} is ${text(there)}, booked ${text(booked)}`]),
      ...(eq(ours, hedged) ? [] : [`of ${id} ${symbol} ${text(ours)} is the bot's, its hedges say ${text(hedged)}`]),
    ];
  });
}

/** The ledger's own account of the money and of the positions. */
function walletWrongs(
  facts: readonly Fact[],
  ledger: LedgerState | undefined,
  { plan: { id }, exchange }: Rig,
): string[] {
  const account = ledger?.accounts.get(accountKey('live', id));
  if (!account?.baseline) return [`${id} was never reconciled`];
  const { baseline, realised, funding, fees } = account;
  const expected = sub(add(add(baseline.wallet, realised), funding), fees);
  const { wallet } = exchange.balance(ACCOUNT);
  const found: string[] = [];
  let dearer = ZERO_QUOTE;
  for (const { symbol, contracts, entryPrice } of exchange.positions(ACCOUNT)) {
    const there = contractsToBase(contracts, sizeOf(exchange, symbol));
    const ours = account.holdings.get(instrumentKey(id, symbol)) ?? FLAT;
    if (!eq(there, ours.quantity))
      found.push(`${id} ${symbol} is ${text(there)}, the ledger says ${text(ours.quantity)}`);
    if (wasBookedLate(facts, id, symbol)) dearer = add(dearer, sub(notional(there, entryPrice), ours.cost));
  }
  const isOff = (difference: Quote): boolean => gt(abs(difference), CENT);
  const difference = sub(wallet, expected);
  if (isOff(difference) && isOff(sub(difference, dearer)))
    found.unshift(`${id} wallet ${text(wallet)}, the ledger says ${text(expected)}`);
  return found;
}

/**
 * A fill was booked after a later one of its instrument. What it realised then lies in the cost of what still stands, or
 * the other way round: wallet minus cost is the same in any order.
 */
function wasBookedLate(facts: readonly Fact[], venue: string, symbol: string): boolean {
  let newest = 0;
  for (const fact of facts) {
    if (fact.kind !== 'fill' || fact.fill.venue !== venue || fact.fill.symbol !== symbol) continue;
    if (fact.fill.at < newest) return true;
    newest = fact.fill.at;
  }
  return false;
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
