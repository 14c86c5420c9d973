/**
 * The exchange model: `createExchange` is the entry point, `api.ts` the contract.
 *
 * Liquidity is external: orders trade with the levels of the last `setBook` and consume them, so a level fills once;
 * resting orders fill as maker, at their own limit, when a later book crosses them. Accounts never trade with one
 * another. Checks live in admission.ts, fills in matching.ts, cash and positions in clearing.ts,
 * settlements in funding.ts.
 */
import { invariant } from '../../kernel/assert.ts';
import { type Contracts, isPositive, isZero, type Px, type Quote } from '../../kernel/decimal.ts';
import type { UnifiedSymbol, VenueId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { admit, type ClientIdUniqueness } from './admission.ts';
import type {
  BookLevel,
  Exchange,
  ExchangeAudit,
  ExchangeBalance,
  ExchangeEvent,
  ExchangeInstrument,
  ExchangeMarket,
  ExchangeOrder,
  ExchangePayment,
  ExchangePosition,
  ExchangeTrade,
  FundingState,
  HeldPosition,
  PlaceRequest,
  Refusal,
  RefuseReason,
  SettledFunding,
} from './api.ts';
import { Clearing } from './clearing.ts';
import { EventQueue } from './event-queue.ts';
import { payPending, recordSettled, snapshot } from './funding.ts';
import { assertSoundBook } from './liquidity.ts';
import { fillResting, fillTaking } from './matching.ts';
import { auditReport, balanceReport, marketReport, positionReport } from './report.ts';
import { changeLeverage, changeMarginMode, changePositionMode } from './settings.ts';
import { type Account, type Market, newAccount, newMarket, reopenPosition, type Slot, slotOf } from './state.ts';

export interface ExchangeOptions {
  readonly venue: VenueId;
  readonly clock: { now(): Instant };
  readonly instruments: readonly ExchangeInstrument[];
  /** Digits in front of every id, so that ids of successive instances of one venue never collide. */
  readonly idPrefix?: string;
  /** `open` (default): a client order id may be used again once its order is final. `always`: never again. */
  readonly clientIdUniqueness?: ClientIdUniqueness;
}

type Ref = { orderId?: string; clientOrderId?: string };

/** One venue. Throws InvariantError on misuse by the market source; traders' mistakes are refusals. */
export function createExchange(options: ExchangeOptions): Exchange {
  return new ExchangeModel(options);
}

class ExchangeModel implements Exchange {
  readonly venue: VenueId;
  readonly #clock: { now(): Instant };
  readonly #uniqueness: ClientIdUniqueness;
  readonly #idPrefix: string;
  readonly #settle: string;
  readonly #markets = new Map<UnifiedSymbol, Market>();
  readonly #accounts = new Map<string, Account>();
  readonly #events = new EventQueue();
  readonly #clearing: Clearing;
  #lastId = 0;

  constructor({ venue, clock, instruments, idPrefix = '1', clientIdUniqueness = 'open' }: ExchangeOptions) {
    invariant(/^[1-9]\d{0,12}$/.test(idPrefix), 'idPrefix must be 1 to 13 digits');
    this.venue = venue;
    this.#clock = clock;
    this.#uniqueness = clientIdUniqueness;
    this.#idPrefix = idPrefix;
    const settles = new Set(instruments.map((instrument) => instrument.settle));
    invariant(settles.size === 1, 'an exchange has one settle currency');
    this.#settle = [...settles].join();
    for (const instrument of instruments) this.#markets.set(instrument.symbol, newMarket(instrument));
    invariant(this.#markets.size === instruments.length, 'instruments must have distinct symbols');
    this.#clearing = new Clearing(
      () => this.now(),
      () => this.#nextId(),
      this.#events,
    );
  }

  now(): Instant {
    return this.#clock.now();
  }

  place(
    account: string,
    request: PlaceRequest,
  ): { readonly ok: true; readonly order: ExchangeOrder; readonly trades: readonly ExchangeTrade[] } | Refusal {
    const market = this.#markets.get(request.symbol);
    if (!market) return refused('unknown_symbol');
    const slot = slotOf(this.#account(account), market);
    const verdict = admit(slot, request, this.#uniqueness);
    if (!verdict.ok) return verdict;
    const { contracts, takes, rests } = verdict.admitted;
    const live = this.#clearing.accept(slot, request, contracts);
    const trades = fillTaking(live, takes, this.#clearing);
    if (takes.length > 0) this.#bookChanged(market);
    if (live.order.status === 'open') {
      if (rests) this.#clearing.rest(live);
      else this.#clearing.end(live, 'expired');
    }
    this.#finish('order');
    return { ok: true, order: live.order, trades };
  }

  cancel(
    account: string,
    symbol: UnifiedSymbol,
    ref: Ref,
  ): { readonly ok: true; readonly order: ExchangeOrder } | Refusal {
    const order = this.order(account, symbol, ref);
    if (!order) return refused('order_not_found');
    const live = this.#slot(account, symbol).open.get(order.orderId);
    if (!live) return refused('order_not_open');
    this.#clearing.end(live, 'canceled');
    this.#finish('order');
    return { ok: true, order: live.order };
  }

  order(account: string, symbol: UnifiedSymbol, ref: Ref): ExchangeOrder | undefined {
    const { orders, clientIds } = this.#account(account);
    const id = ref.orderId ?? clientIds.get(ref.clientOrderId ?? '');
    const order = id === undefined ? undefined : orders.get(id);
    if (!order || order.symbol !== symbol) return undefined;
    return ref.clientOrderId === undefined || ref.clientOrderId === order.clientOrderId ? order : undefined;
  }

  openOrders(account: string, symbol?: UnifiedSymbol): readonly ExchangeOrder[] {
    const orders: ExchangeOrder[] = [];
    for (const slot of this.#account(account).slots.values()) {
      if (symbol !== undefined && slot.market.instrument.symbol !== symbol) continue;
      for (const { order } of slot.open.values()) orders.push(order);
    }
    return orders;
  }

  orderHistory(account: string, symbol?: UnifiedSymbol): readonly ExchangeOrder[] {
    return this.#account(account).finalOrders.list(ofSymbol(symbol));
  }

  trades(account: string, symbol?: UnifiedSymbol): readonly ExchangeTrade[] {
    return this.#account(account).trades.list(ofSymbol(symbol));
  }

  payments(account: string, symbol?: UnifiedSymbol): readonly ExchangePayment[] {
    return this.#account(account).payments.list(ofSymbol(symbol));
  }

  positions(account: string): readonly ExchangePosition[] {
    const slots = [...this.#account(account).slots.values()];
    return slots.filter((slot) => !isZero(slot.position.contracts)).map(positionReport);
  }

  balance(account: string): ExchangeBalance {
    return balanceReport(this.#account(account), this.#settle);
  }

  leverage(account: string, symbol: UnifiedSymbol): number {
    return this.#slot(account, symbol).leverage;
  }

  setLeverage(account: string, symbol: UnifiedSymbol, leverage: number): { readonly ok: true } | Refusal {
    if (!this.#markets.has(symbol)) return refused('unknown_symbol');
    return settled(changeLeverage(this.#slot(account, symbol), leverage));
  }

  marginMode(account: string, symbol: UnifiedSymbol): 'isolated' | 'cross' {
    return this.#slot(account, symbol).marginMode;
  }

  setMarginMode(account: string, symbol: UnifiedSymbol, mode: 'isolated' | 'cross'): { readonly ok: true } | Refusal {
    if (!this.#markets.has(symbol)) return refused('unknown_symbol');
    return settled(changeMarginMode(this.#slot(account, symbol), mode));
  }

  positionMode(account: string): 'one_way' | 'hedge' {
    return this.#account(account).positionMode;
  }

  setPositionMode(account: string, mode: 'one_way' | 'hedge'): { readonly ok: true } | Refusal {
    return settled(changePositionMode(this.#account(account), mode));
  }

  symbols(): readonly UnifiedSymbol[] {
    return [...this.#markets.keys()];
  }

  market(symbol: UnifiedSymbol): ExchangeMarket | undefined {
    const market = this.#markets.get(symbol);
    return market && marketReport(market);
  }

  fundingHistory(symbol: UnifiedSymbol): readonly SettledFunding[] {
    // Rates that became known late were recorded late.
    return [...this.#market(symbol).settled.list()].sort((a, b) => a.at - b.at);
  }

  openAccount(account: string, deposit: Quote, held: readonly HeldPosition[] = []): void {
    invariant(!this.#accounts.has(account), `account ${account} is already open`);
    invariant(isPositive(deposit) || isZero(deposit), 'a deposit cannot be negative');
    const opened = newAccount(account, deposit);
    this.#accounts.set(account, opened);
    for (const each of held) reopenPosition(slotOf(opened, this.#market(each.symbol)), each, this.now());
    const balance = balanceReport(opened, this.#settle);
    this.#events.publish({ kind: 'balance', account, balance, cause: 'transfer' });
    this.#events.flush();
  }

  setBook(symbol: UnifiedSymbol, bids: readonly BookLevel[], asks: readonly BookLevel[]): void {
    assertSoundBook(bids, asks);
    const market = this.#market(symbol);
    market.bids = bids;
    market.asks = asks;
    this.#bookChanged(market);
    if (market.trading) {
      fillResting(market, market.restingBuys, this.#clearing);
      fillResting(market, market.restingSells, this.#clearing);
    }
    this.#finish('order');
  }

  setMark(symbol: UnifiedSymbol, mark: Px, index: Px): void {
    invariant(isPositive(mark) && isPositive(index), 'mark and index must be positive');
    const market = this.#market(symbol);
    market.mark = mark;
    market.index = index;
    market.markAt = this.now();
    this.#events.publish({ kind: 'mark', symbol });
    this.#liquidateAt(market, mark);
  }

  setFunding(symbol: UnifiedSymbol, state: Omit<FundingState, 'at'>): void {
    this.#market(symbol).funding = { ...state, at: this.now() };
    this.#events.publish({ kind: 'funding', symbol });
    this.#events.flush();
  }

  settleFunding(symbol: UnifiedSymbol, rate: string): void {
    const at = this.now();
    this.snapshotSettlement(symbol, at);
    this.payFunding(symbol, at, rate);
  }

  snapshotSettlement(symbol: UnifiedSymbol, at: Instant): void {
    snapshot(this.#market(symbol), at);
  }

  payFunding(symbol: UnifiedSymbol, at: Instant, rate: string): boolean {
    const market = this.#market(symbol);
    const paid = payPending(market, at, rate, () => this.#nextId(), this.#events, this.#clearing);
    if (!paid) return false;
    this.#clearing.announce('funding');
    this.#liquidateAt(market, market.mark);
    return true;
  }

  recordSettled(entry: SettledFunding): void {
    recordSettled(this.#market(entry.symbol), entry);
  }

  stressMark(symbol: UnifiedSymbol, mark: Px): void {
    this.#liquidateAt(this.#market(symbol), mark);
  }

  setTrading(symbol: UnifiedSymbol, trading: boolean): void {
    this.#market(symbol).trading = trading;
    this.#events.publish({ kind: 'status', symbol });
    this.#events.flush();
  }

  forceReduce(
    account: string,
    symbol: UnifiedSymbol,
    contracts: Contracts,
    cause: 'liquidation' | 'adl',
  ): ExchangeTrade | undefined {
    const slot = this.#slot(account, symbol);
    const trade = this.#clearing.forceReduce(slot, contracts, cause, slot.market.mark);
    this.#finish('order');
    return trade;
  }

  audit(account: string): ExchangeAudit {
    return auditReport(this.#account(account));
  }

  listen(listener: (event: ExchangeEvent) => void): () => void {
    return this.#events.listen(listener);
  }

  #bookChanged(market: Market): void {
    market.bookAt = this.now();
    market.bookSequence += 1;
    this.#events.publish({ kind: 'book', symbol: market.instrument.symbol });
  }

  #liquidateAt(market: Market, mark: Px): void {
    for (const slot of [...market.holders]) this.#clearing.liquidate(slot, mark);
    this.#finish('order');
  }

  #finish(cause: 'order' | 'funding'): void {
    this.#clearing.announce(cause);
    this.#events.flush();
  }

  #account(name: string): Account {
    const account = this.#accounts.get(name);
    invariant(account, `no account ${name} on ${this.venue}`);
    return account;
  }

  #market(symbol: UnifiedSymbol): Market {
    const market = this.#markets.get(symbol);
    invariant(market, `no market ${symbol} on ${this.venue}`);
    return market;
  }

  #slot(account: string, symbol: UnifiedSymbol): Slot {
    return slotOf(this.#account(account), this.#market(symbol));
  }

  /** Order, trade and payment ids share one rising sequence; 6 digits at least keep text and number order equal. */
  #nextId(): string {
    this.#lastId += 1;
    return `${this.#idPrefix}${String(this.#lastId).padStart(6, '0')}`;
  }
}

const refused = (reason: RefuseReason): Refusal => ({ ok: false, reason });

const settled = (reason: RefuseReason | undefined): { readonly ok: true } | Refusal =>
  reason === undefined ? { ok: true } : refused(reason);

function ofSymbol(symbol: UnifiedSymbol | undefined): ((item: { symbol: UnifiedSymbol }) => boolean) | undefined {
  return symbol === undefined ? undefined : (item) => item.symbol === symbol;
}
