/**
 * The exchange model behind the Venue port, without a wire: `createModelVenue`. It converts contracts to base units
 * and back; reads answer in a microtask, and account events are delivered in one too, never inside the call.
 */
import { invariant } from '../kernel/assert.ts';
import { baseToContracts, contractsToBase, isZero } from '../kernel/decimal.ts';
import {
  type InstrumentKey,
  instrumentKey,
  type Route,
  splitKey,
  type UnifiedSymbol,
  type VenueId,
} from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { failure, type Read, success } from '../kernel/outcome.ts';
import type { Instrument } from '../market/instrument.ts';
import type {
  Fill,
  FundingPayment,
  OrderRef,
  OrderRequest,
  OrderState,
  VenueBalance,
  VenuePosition,
} from '../market/order.ts';
import type { AccountEvent, AccountSetup, CancelOutcome, LookupOutcome, SubmitOutcome, Venue } from '../ports/venue.ts';
import type { Exchange, ExchangeEvent, ExchangeMarket, ExchangeTrade, Refusal, RefuseReason } from './exchange/api.ts';
import { instrumentOf, orderStateOf } from './model-rows.ts';

export interface ModelVenueOptions {
  readonly exchange: Exchange;
  /** An open account of the exchange. */
  readonly account: string;
  readonly route: Route;
  /** Orders of an earlier life of this account, which ended with it; the exchange does not know them. */
  readonly ended?: readonly OrderState[];
  /** Runs before anything that can change the account. */
  readonly beforeChange?: () => void;
}

/** A trading account of an exchange model. Throws InvariantError for a second subscriber; else fails by value. */
export function createModelVenue(options: ModelVenueOptions): Venue {
  return new ModelVenue(options);
}

class ModelVenue implements Venue {
  readonly id: VenueId;
  readonly route: Route;
  /** The model forgets by number, never by age. */
  readonly orderMemoryMs = Number.POSITIVE_INFINITY;
  /** Everything is answered at once. */
  readonly requestValidityMs = 0;
  readonly #exchange: Exchange;
  readonly #account: string;
  readonly #ended: ReadonlyMap<string, OrderState>;
  readonly #beforeChange: () => void;
  /** What could not be prepared, and why. */
  #closed: ReadonlyMap<InstrumentKey, string> = new Map();
  /** That `prepare` was given. */
  #leverage: number | undefined;
  #sink: ((event: AccountEvent) => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor({ exchange, account, route, ended = [], beforeChange }: ModelVenueOptions) {
    this.id = exchange.venue;
    this.route = route;
    this.#exchange = exchange;
    this.#account = account;
    this.#ended = new Map(ended.map((order) => [order.clientOrderId, order]));
    this.#beforeChange = beforeChange ?? (() => undefined);
  }

  async instruments(): Promise<Read<readonly Instrument[]>> {
    return this.#read(this.#markets().map((market) => instrumentOf(this.id, market)));
  }

  async prepare({ instruments, leverage }: AccountSetup): Promise<Read<true>> {
    this.#beforeChange();
    // Every setting is judged by its read-back: `no_change` is as good as a change.
    this.#exchange.setPositionMode(this.#account, 'one_way');
    if (this.#exchange.positionMode(this.#account) !== 'one_way') {
      return failure('position_mode', 'the account is in hedge mode and has something open');
    }
    this.#leverage = leverage;
    const closed = new Map(this.#closed);
    for (const { venue, symbol, key } of instruments) {
      if (venue !== this.id || !this.#exchange.market(symbol)) return failure('unknown_symbol', `${venue} ${symbol}`);
      this.#prepareOne(closed, key, leverage);
    }
    this.#tellClosed(closed);
    return this.#read(true);
  }

  #prepareOne(closed: Map<InstrumentKey, string>, key: InstrumentKey, leverage: number): void {
    const why = this.#defectOf(splitKey(key).symbol, leverage);
    if (why === undefined) closed.delete(key);
    else closed.set(key, why);
  }

  #tellClosed(closed: ReadonlyMap<InstrumentKey, string>): void {
    if (closed.size > 0 || this.#closed.size > 0) this.#deliver({ kind: 'closed', closed });
    this.#closed = closed;
  }

  /** Why nothing may open on it; undefined when it is as it must be. No leverage is changed beneath a position. */
  #defectOf(symbol: UnifiedSymbol, leverage: number): string | undefined {
    this.#exchange.setMarginMode(this.#account, symbol, 'isolated');
    if (this.#exchange.marginMode(this.#account, symbol) !== 'isolated')
      return 'it stays in cross margin: it has something open';
    const before = this.#exchange.leverage(this.#account, symbol);
    if (before === leverage) return undefined;
    if (this.#isHeld(symbol))
      return `a position stands at leverage ${before}: ${leverage} is set when that is gone, because it would move its liquidation price`;
    const set = this.#exchange.setLeverage(this.#account, symbol, leverage);
    if (this.#exchange.leverage(this.#account, symbol) === leverage) return undefined;
    return `leverage ${leverage} is refused: ${set.ok ? 'unchanged' : set.reason}`;
  }

  #isHeld(symbol: UnifiedSymbol): boolean {
    return this.#exchange.positions(this.#account).some((held) => held.symbol === symbol && !isZero(held.contracts));
  }

  async submit(order: OrderRequest): Promise<SubmitOutcome> {
    this.#beforeChange();
    const market = this.#market(order.key);
    if (!market) return rejected('unknown_symbol');
    const closed = order.reduceOnly ? undefined : this.#closed.get(order.key);
    if (closed !== undefined) return { kind: 'rejected', code: 'not_prepared', detail: closed };
    const placed = this.#exchange.place(this.#account, {
      symbol: market.instrument.symbol,
      side: order.side,
      type: 'limit',
      tif: order.style === 'ioc' ? 'IOC' : 'POST_ONLY',
      price: order.limitPrice,
      contracts: baseToContracts(order.quantity, market.instrument.contractSize),
      reduceOnly: order.reduceOnly,
      clientOrderId: order.clientOrderId,
    });
    if (placed.ok) return { kind: 'acked', venueOrderId: placed.order.orderId };
    // A known id proves that an order with it was accepted once, so this is no proof of absence.
    if (placed.reason !== 'duplicate_client_id') return rejected(placed.reason);
    return { kind: 'unknown', code: placed.reason, detail: order.clientOrderId };
  }

  async cancel(ref: OrderRef): Promise<CancelOutcome> {
    this.#beforeChange();
    const outcome = this.#exchange.cancel(this.#account, splitKey(ref.key).symbol, exchangeRef(ref));
    if (outcome.ok) return { kind: 'accepted' };
    return isGone(outcome) ? { kind: 'not_open' } : { kind: 'failed', code: outcome.reason, detail: ref.clientOrderId };
  }

  async lookup(ref: OrderRef): Promise<LookupOutcome> {
    const market = this.#market(ref.key);
    const symbol = splitKey(ref.key).symbol;
    const order = market && this.#exchange.order(this.#account, symbol, exchangeRef(ref));
    if (!market || !order) {
      const ended = this.#ended.get(ref.clientOrderId);
      // Its fills are what the ledger has of it: an account that lives in the ledger knows no others.
      return ended ? { kind: 'found', order: ended, fills: [] } : { kind: 'not_found' };
    }
    const trades = this.#exchange.trades(this.#account, symbol).filter((trade) => trade.orderId === order.orderId);
    return {
      kind: 'found',
      order: orderStateOf(this.id, market, order),
      fills: trades.map((trade) => this.#fillOf(market, trade)),
    };
  }

  async openOrders(): Promise<Read<readonly OrderState[]>> {
    const orders = this.#exchange.openOrders(this.#account);
    return this.#read(orders.map((order) => orderStateOf(this.id, this.#marketOf(order.symbol), order)));
  }

  async fills(sinceAt: Instant): Promise<Read<readonly Fill[]>> {
    const trades = this.#exchange.trades(this.#account).filter(({ at }) => at >= sinceAt);
    return this.#read(trades.map((trade) => this.#fillOf(this.#marketOf(trade.symbol), trade)));
  }

  async positions(): Promise<Read<readonly VenuePosition[]>> {
    const positions = this.#exchange.positions(this.#account);
    return this.#read(
      positions.map(({ symbol, contracts, entryPrice, mark, liquidationPrice, leverage }): VenuePosition => {
        const market = this.#marketOf(symbol);
        return {
          key: instrumentKey(this.id, symbol),
          quantity: contractsToBase(contracts, market.instrument.contractSize),
          entryPrice,
          leverage,
          ...(market.markAt > 0 && { mark }),
          ...(liquidationPrice && { liquidationPrice }),
        };
      }),
    );
  }

  async balance(): Promise<Read<VenueBalance>> {
    const { currency, wallet, available } = this.#exchange.balance(this.#account);
    return this.#read({ currency, wallet, available });
  }

  async payments(sinceAt: Instant): Promise<Read<readonly FundingPayment[]>> {
    const { currency } = this.#exchange.balance(this.#account);
    const payments = this.#exchange.payments(this.#account).filter(({ at }) => at >= sinceAt);
    return this.#read(
      payments.map(({ paymentId, symbol, amount, at }) => {
        return { venue: this.id, route: this.route, paymentId, symbol, amount, currency, at };
      }),
    );
  }

  async serverTime(): Promise<Read<Instant>> {
    return this.#read(this.#exchange.now());
  }

  subscribe(sink: (event: AccountEvent) => void): void {
    invariant(!this.#sink, 'one subscriber per account');
    this.#sink = sink;
    this.#stopListening = this.#exchange.listen((event) => this.#onExchange(event));
    this.#deliver({ kind: 'stream', status: 'up', reason: 'subscribed' });
  }

  async close(): Promise<void> {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#sink = undefined;
  }

  #onExchange(event: ExchangeEvent): void {
    if (event.kind !== 'order' || event.account !== this.#account) return;
    const market = this.#marketOf(event.order.symbol);
    if (event.trade) this.#deliver({ kind: 'fill', fill: this.#fillOf(market, event.trade) });
    this.#deliver({ kind: 'order', order: orderStateOf(this.id, market, event.order) });
    // Not in the middle of what the exchange is doing.
    if (event.trade && this.#closed.size > 0) queueMicrotask(() => this.#openClosed(event.order.symbol));
  }

  /** What was closed because of a position that is gone now. */
  #openClosed(symbol: UnifiedSymbol): void {
    const key = instrumentKey(this.id, symbol);
    if (this.#leverage === undefined || !this.#closed.has(key) || this.#isHeld(symbol)) return;
    this.#beforeChange();
    const closed = new Map(this.#closed);
    this.#prepareOne(closed, key, this.#leverage);
    this.#tellClosed(closed);
  }

  #deliver(event: AccountEvent): void {
    queueMicrotask(() => this.#sink?.(event));
  }

  #fillOf({ instrument }: ExchangeMarket, trade: ExchangeTrade): Fill {
    return {
      venue: this.id,
      route: this.route,
      tradeId: trade.tradeId,
      venueOrderId: trade.orderId,
      clientOrderId: trade.clientOrderId,
      symbol: trade.symbol,
      side: trade.side,
      quantity: contractsToBase(trade.contracts, instrument.contractSize),
      price: trade.price,
      fee: trade.fee,
      feeCurrency: instrument.settle,
      liquidity: trade.maker ? 'maker' : 'taker',
      at: trade.at,
    };
  }

  #markets(): readonly ExchangeMarket[] {
    return this.#exchange.symbols().map((symbol) => this.#marketOf(symbol));
  }

  #market(key: string): ExchangeMarket | undefined {
    const { venue, symbol } = splitKey(key);
    return venue === this.id ? this.#exchange.market(symbol) : undefined;
  }

  #marketOf(symbol: UnifiedSymbol): ExchangeMarket {
    const market = this.#exchange.market(symbol);
    invariant(market, `the exchange has no market ${symbol}`);
    return market;
  }

  #read<T>(value: T): Read<T> {
    return success(value, this.#exchange.now());
  }
}

const exchangeRef = ({ clientOrderId, venueOrderId }: OrderRef): { clientOrderId: string; orderId?: string } => ({
  clientOrderId,
  ...(venueOrderId !== undefined && { orderId: venueOrderId }),
});

const rejected = (reason: RefuseReason): SubmitOutcome => ({ kind: 'rejected', code: reason, detail: reason });

const isGone = ({ reason }: Refusal): boolean => reason === 'order_not_open' || reason === 'order_not_found';
