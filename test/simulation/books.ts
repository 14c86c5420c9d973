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
import { instrumentKey, splitKey } from '../../src/kernel/ids.ts';
import type { AttemptIntended, Fact } from '../../src/ledger/facts.ts';
import { FLAT } from '../../src/ledger/holding.ts';
import { accountKey, type LedgerState, legsOf } from '../../src/ledger/state.ts';
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
    ...hedgeWrongs(facts, ledger),
    ...unfinished(facts, oracle),
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

/** Whose the money is: fills are those of their orders' hedges, payments those of hedges that had traded by then. */
function hedgeWrongs(facts: readonly Fact[], ledger: LedgerState | undefined): string[] {
  const found: string[] = [];
  const owners = new Map<string, AttemptIntended>();
  const fees = new Map<string, Quote>();
  const funding = new Map<string, Quote>();
  const began = new Map<string, number>();
  const note = (sums: Map<string, Quote>, leg: string, amount: Quote): void =>
    void sums.set(leg, add(sums.get(leg) ?? ZERO_QUOTE, amount));
  for (const fact of facts) {
    if (fact.kind === 'attempt') owners.set(fact.clientOrderId, fact);
    if (fact.kind === 'fill' && fact.hedge !== undefined) {
      const leg = `${fact.hedge} ${fact.leg}`;
      note(fees, leg, fact.fill.fee);
      began.set(leg, Math.min(began.get(leg) ?? fact.fill.at, fact.fill.at));
    }
    if (fact.kind === 'fill') {
      const order = owners.get(fact.fill.clientOrderId ?? '');
      if (order && !order.reduceOnly && order.hedge !== fact.hedge)
        found.push(`trade ${fact.fill.tradeId} of ${order.hedge} is booked to ${fact.hedge ?? 'nobody'}`);
    }
    if (fact.kind === 'payment' && fact.hedge !== undefined)
      note(funding, `${fact.hedge} ${fact.leg}`, fact.legAmount ?? fact.payment.amount);
  }
  for (const fact of facts) {
    if (fact.kind !== 'payment' || fact.hedge === undefined) continue;
    const { paymentId, at } = fact.payment;
    if (at < (began.get(`${fact.hedge} ${fact.leg}`) ?? Number.POSITIVE_INFINITY))
      found.push(`payment ${paymentId} is booked to ${fact.hedge}, which had not traded yet`);
  }
  for (const [id, hedge] of ledger?.hedges ?? []) {
    for (const leg of legsOf(hedge)) {
      const name = `${id} ${leg.name}`;
      if (!eq(leg.fees, fees.get(name) ?? ZERO_QUOTE) || !eq(leg.funding, funding.get(name) ?? ZERO_QUOTE))
        found.push(`${name} says fees ${text(leg.fees)}, funding ${text(leg.funding)}: not what was booked to it`);
    }
  }
  return found.slice(0, 6);
}

function unfinished(facts: readonly Fact[], oracle: Oracle): string[] {
  const states = new Map<string, string>();
  const dust = new Set<string>();
  for (const fact of facts) {
    if (fact.kind === 'hedge_moved') states.set(fact.hedge, `${fact.to} (${fact.reason})`);
    if (fact.kind !== 'hedge_planned') continue;
    states.set(fact.hedge, 'planned');
    const legs = [fact.longKey, fact.shortKey].map(splitKey);
    if (legs.some(({ venue, symbol }) => oracle.isDust(venue, symbol))) dust.add(fact.hedge);
  }
  // Dust is the operator's: too small for any order, told once a minute, and never more than that.
  const isSettled = ([hedge, state]: [string, string]): boolean =>
    /^(?:held|closed|aborted) /.test(state) || (dust.has(hedge) && state === 'quarantined (dust)');
  return [...states].filter((each) => !isSettled(each)).map(([hedge, state]) => `${hedge} is ${state}`);
}

function unresolved(oracle: Oracle): string[] {
  const open = [...oracle.attempts].filter(([, { status }]) => ['intended', 'open', 'unknown'].includes(status));
  return open.map(([id, { status }]) => `order ${id} is still ${status}`);
}
