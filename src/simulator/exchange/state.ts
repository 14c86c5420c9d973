/**
 * The model's mutable state: markets, accounts, and one slot per (account, market) with its position and open orders.
 * Records handed out (`ExchangeOrder`, `Position`) are immutable and replaced, never edited.
 */
import { invariant } from '../../kernel/assert.ts';
import { add, type Contracts, isZero, type Px, px, type Quote, sub, ZERO_QUOTE } from '../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type {
  BookLevel,
  ExchangeInstrument,
  ExchangeOrder,
  ExchangePayment,
  ExchangeTrade,
  FundingState,
  HeldPosition,
  SettledFunding,
} from './api.ts';
import { applyFill, FLAT, type Position, ZERO_CONTRACTS } from './position.ts';
import { NewestItems } from './retention.ts';

/** Newest rows kept per account and kind; about 1 KB each. */
const HISTORY_ROWS = 20_000;
/** Newest settlements kept per instrument: over 11 years at one hour. */
const SETTLEMENT_ROWS = 100_000;
/** What the venues in use start a fresh account with, unless an instrument allows less. */
const DEFAULT_LEVERAGE = 20;
/** Settlements that may wait for their rate, per instrument. */
export const MAX_PENDING_SETTLEMENTS = 64;

/** An order that still rests, with where it belongs. */
export interface LiveOrder {
  readonly slot: Slot;
  order: ExchangeOrder;
}

export interface PendingSettlement {
  readonly mark: Px;
  readonly held: readonly { readonly slot: Slot; readonly contracts: Contracts }[];
}

export interface Market {
  instrument: ExchangeInstrument;
  trading: boolean;
  bids: readonly BookLevel[];
  asks: readonly BookLevel[];
  bookAt: Instant;
  bookSequence: number;
  mark: Px;
  index: Px;
  last: Px;
  markAt: Instant;
  funding: FundingState;
  readonly settled: NewestItems<SettledFunding>;
  /** Instants of `settled`. */
  readonly settledInstants: Set<Instant>;
  readonly pending: Map<Instant, PendingSettlement>;
  /** Contracts that orders took out of the standing book, per side of the book. */
  takenBids: Contracts;
  takenAsks: Contracts;
  /** Restored and not yet published again: the next mark and book are those that were standing. */
  reopened: boolean;
  /** Open orders of every account, best price first, then oldest. */
  readonly restingBuys: LiveOrder[];
  readonly restingSells: LiveOrder[];
  /** One per account, in the order in which the accounts were opened. */
  readonly slots: Slot[];
}

export interface Slot {
  readonly account: Account;
  readonly market: Market;
  position: Position;
  positionAt: Instant;
  leverage: number;
  marginMode: 'isolated' | 'cross';
  /** By order id, oldest first. */
  readonly open: Map<string, LiveOrder>;
  /** Cash that the open orders of this slot lock. */
  orderMargin: Quote;
}

export interface Account {
  readonly name: string;
  wallet: Quote;
  deposits: Quote;
  realizedPnl: Quote;
  paid: Quote;
  fees: Quote;
  positionMode: 'one_way' | 'hedge';
  readonly slots: Map<UnifiedSymbol, Slot>;
  /** Open and retained final orders. */
  readonly orders: Map<string, ExchangeOrder>;
  /** Client order id to the newest order id that used it. */
  readonly clientIds: Map<string, string>;
  readonly finalOrders: NewestItems<ExchangeOrder>;
  readonly trades: NewestItems<ExchangeTrade>;
  readonly payments: NewestItems<ExchangePayment>;
}

export function newMarket(instrument: ExchangeInstrument): Market {
  const unknown = px('0');
  const settledInstants = new Set<Instant>();
  return {
    instrument,
    trading: true,
    bids: [],
    asks: [],
    bookAt: 0,
    bookSequence: 0,
    mark: unknown,
    index: unknown,
    last: unknown,
    markAt: 0,
    funding: { predictedRate: '0', intervalHours: 0, nextSettlementAt: 0, at: 0 },
    settled: new NewestItems(SETTLEMENT_ROWS, ({ at }) => settledInstants.delete(at)),
    settledInstants,
    pending: new Map(),
    restingBuys: [],
    takenBids: ZERO_CONTRACTS,
    takenAsks: ZERO_CONTRACTS,
    reopened: false,
    restingSells: [],
    slots: [],
  };
}

/** An account with a slot in every market: their order must not depend on who asked for what first. */
export function newAccount(name: string, deposit: Quote, markets: Iterable<Market>): Account {
  const orders = new Map<string, ExchangeOrder>();
  const clientIds = new Map<string, string>();
  const forget = (order: ExchangeOrder): void => {
    orders.delete(order.orderId);
    if (clientIds.get(order.clientOrderId) === order.orderId) clientIds.delete(order.clientOrderId);
  };
  const account: Account = {
    name,
    wallet: deposit,
    deposits: deposit,
    realizedPnl: ZERO_QUOTE,
    paid: ZERO_QUOTE,
    fees: ZERO_QUOTE,
    positionMode: 'one_way',
    slots: new Map(),
    orders,
    clientIds,
    finalOrders: new NewestItems(HISTORY_ROWS, forget),
    trades: new NewestItems(HISTORY_ROWS),
    payments: new NewestItems(HISTORY_ROWS),
  };
  for (const market of markets) {
    const slot = newSlot(account, market);
    account.slots.set(market.instrument.symbol, slot);
    market.slots.push(slot);
  }
  return account;
}

function newSlot(account: Account, market: Market): Slot {
  return {
    account,
    market,
    position: FLAT,
    positionAt: 0,
    leverage: Math.min(DEFAULT_LEVERAGE, market.instrument.maxLeverage),
    marginMode: 'cross',
    open: new Map(),
    orderMargin: ZERO_QUOTE,
  };
}

/** The market's slots that have a position. */
export const holdersOf = ({ slots }: Market): readonly Slot[] =>
  slots.filter(({ position }) => !isZero(position.contracts));

/** What one account has in one market. */
export function slotOf(account: Account, market: Market): Slot {
  const slot = account.slots.get(market.instrument.symbol);
  invariant(slot, `account ${account.name} has no slot in ${market.instrument.symbol}`);
  return slot;
}

/** Cash set aside for positions and open orders. */
export function lockedOf(account: Account): Quote {
  let locked = ZERO_QUOTE;
  for (const slot of account.slots.values()) {
    // Most slots are empty, and this runs with every fill.
    if (!isZero(slot.position.margin)) locked = add(locked, slot.position.margin);
    if (!isZero(slot.orderMargin)) locked = add(locked, slot.orderMargin);
  }
  return locked;
}

/** Wallet minus locked; negative only while a loss or payment exceeded everything unlocked. */
export const availableOf = (account: Account): Quote => sub(account.wallet, lockedOf(account));

export function setPosition(slot: Slot, position: Position, at: Instant): void {
  slot.position = position;
  slot.positionAt = at;
  const isFlat = isZero(position.contracts);
  invariant(!isFlat || (isZero(position.cost) && isZero(position.margin)), 'a flat position keeps no cost or margin');
}

/** Puts a position into a fresh slot without any cash moving. */
export function reopenPosition(slot: Slot, held: HeldPosition, at: Instant): void {
  invariant(isZero(slot.position.contracts) && !isZero(held.contracts), 'reopens one position per market, not flat');
  const { contractSize, maxLeverage } = slot.market.instrument;
  invariant(held.leverage >= 1 && held.leverage <= maxLeverage, `leverage ${held.leverage} is out of range`);
  slot.marginMode = 'isolated';
  slot.leverage = held.leverage;
  setPosition(slot, applyFill(FLAT, held.contracts, held.entryPrice, contractSize, slot.leverage).position, at);
}

export const remainingOf = (order: ExchangeOrder): Contracts =>
  order.status === 'open' ? sub(order.contracts, order.filled) : ZERO_CONTRACTS;

/** Which side's order reduces this position; undefined when flat. */
export function reducingSide(position: Position): 'buy' | 'sell' | undefined {
  if (isZero(position.contracts)) return undefined;
  return position.contracts.s > 0 ? 'sell' : 'buy';
}
