/**
 * What of an exchange outlives its process: `ExchangeChange`, made by `accountChange`, `marketChange` and `saveAll`,
 * put back by `applyChange`. A change holds the whole present state of what it names, and the history rows that were
 * added; changes applied in order to a new exchange make it what it was.
 *
 * Not saved, because the market source says it again: marks, books, funding, the public settlement history, trading
 * status. Of a book, only what orders took out of it. Settlements that wait for their rate are not saved either.
 */
import { invariant } from '../../kernel/assert.ts';
import { type Contracts, isZero, type Px, type Quote, ZERO_QUOTE } from '../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { ExchangeOrder, ExchangePayment, ExchangeTrade } from './api.ts';
import { refreshOrderMargin } from './margin.ts';
import { dequeue, enqueue, isNewer } from './resting.ts';
import { type Account, type Market, newAccount, type Slot, setPosition } from './state.ts';

export interface ExchangeChange {
  /** Newest number of the id sequence. */
  readonly lastId: number;
  readonly accounts: readonly AccountChange[];
  readonly markets: readonly MarketChange[];
}

/** History rows that were added, oldest first. */
export interface AccountRows {
  readonly finalOrders: readonly ExchangeOrder[];
  readonly trades: readonly ExchangeTrade[];
  readonly payments: readonly ExchangePayment[];
}

export interface AccountChange extends AccountRows {
  readonly account: string;
  readonly wallet: Quote;
  readonly deposits: Quote;
  readonly realizedPnl: Quote;
  /** Funding, positive = received. */
  readonly paid: Quote;
  readonly fees: Quote;
  readonly positionMode: 'one_way' | 'hedge';
  readonly slots: readonly SlotChange[];
}

/** One account in one market. */
export interface SlotChange {
  readonly symbol: UnifiedSymbol;
  /** Signed, long positive. */
  readonly contracts: Contracts;
  /** Exact entry notional with the sign of `contracts`. */
  readonly cost: Quote;
  readonly margin: Quote;
  readonly positionAt: Instant;
  readonly leverage: number;
  readonly marginMode: 'isolated' | 'cross';
  /** Oldest first. */
  readonly open: readonly ExchangeOrder[];
}

export interface MarketChange {
  readonly symbol: UnifiedSymbol;
  readonly last: Px;
  /** Contracts that orders took out of the standing book. */
  readonly takenBids: Contracts;
  readonly takenAsks: Contracts;
}

export function accountChange(account: Account, slots: Iterable<Slot>, rows: AccountRows): AccountChange {
  const { name, wallet, deposits, realizedPnl, paid, fees, positionMode } = account;
  const changed = [...slots].map(slotChange);
  return { account: name, wallet, deposits, realizedPnl, paid, fees, positionMode, slots: changed, ...rows };
}

export function marketChange({ instrument, last, takenBids, takenAsks }: Market): MarketChange {
  return { symbol: instrument.symbol, last, takenBids, takenAsks };
}

function slotChange({ market, position, positionAt, leverage, marginMode, open }: Slot): SlotChange {
  const orders = [...open.values()].map(({ order }) => order);
  return { symbol: market.instrument.symbol, ...position, positionAt, leverage, marginMode, open: orders };
}

/** Everything, as one change from nothing. */
export function saveAll(accounts: Iterable<Account>, markets: Iterable<Market>, lastId: number): ExchangeChange {
  return {
    lastId,
    accounts: [...accounts].map((account) =>
      accountChange(account, account.slots.values(), {
        finalOrders: account.finalOrders.list(),
        trades: account.trades.list(),
        payments: account.payments.list(),
      }),
    ),
    markets: [...markets].filter(({ last }) => !isZero(last)).map(marketChange),
  };
}

/** The books that a change goes into. */
export interface Books {
  readonly accounts: Map<string, Account>;
  readonly markets: ReadonlyMap<UnifiedSymbol, Market>;
}

/** Puts a change back, silently. Throws InvariantError when it names a market that is not listed. */
export function applyChange({ accounts, markets }: Books, change: ExchangeChange): void {
  for (const each of change.accounts) {
    let account = accounts.get(each.account);
    if (!account) {
      account = newAccount(each.account, ZERO_QUOTE, markets.values());
      accounts.set(each.account, account);
    }
    applyAccount(account, each);
  }
  for (const { symbol, last, takenBids, takenAsks } of change.markets) {
    const market = markets.get(symbol);
    invariant(market, `saved books name the unlisted market ${symbol}`);
    Object.assign(market, { last, takenBids, takenAsks });
  }
  for (const market of markets.values()) market.reopened = true;
}

function applyAccount(account: Account, change: AccountChange): void {
  const { wallet, deposits, realizedPnl, paid, fees, positionMode } = change;
  Object.assign(account, { wallet, deposits, realizedPnl, paid, fees, positionMode });
  for (const each of change.slots) {
    const slot = account.slots.get(each.symbol);
    invariant(slot, `saved books name the unlisted market ${each.symbol}`);
    applySlot(slot, each);
  }
  for (const order of change.finalOrders) {
    remember(account, order);
    account.finalOrders.push(order);
  }
  for (const trade of change.trades) account.trades.push(trade);
  for (const payment of change.payments) account.payments.push(payment);
}

function applySlot(slot: Slot, change: SlotChange): void {
  const { contracts, cost, margin, positionAt, leverage, marginMode, open } = change;
  setPosition(slot, { contracts, cost, margin }, positionAt);
  slot.leverage = leverage;
  slot.marginMode = marginMode;
  for (const live of [...slot.open.values()]) dequeue(live);
  for (const order of open) {
    remember(slot.account, order);
    enqueue({ slot, order });
  }
  refreshOrderMargin(slot);
}

function remember({ orders, clientIds }: Account, order: ExchangeOrder): void {
  orders.set(order.orderId, order);
  if (order.clientOrderId === '') return;
  const newest = clientIds.get(order.clientOrderId);
  if (newest === undefined || isNewer(order.orderId, newest)) clientIds.set(order.clientOrderId, order.orderId);
}
