/**
 * Books what happens to accounts: orders opening and ending, fills, liquidations and forced reductions. Every wallet
 * change of trading is made here, and each publishes its events.
 */
import { invariant } from '../../kernel/assert.ts';
import {
  abs,
  add,
  type Contracts,
  ceilTo,
  eq,
  floorTo,
  gt,
  isPositive,
  max,
  min,
  neg,
  type Px,
  scale,
  sub,
  ZERO_QUOTE,
} from '../../kernel/decimal.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { ExchangeEvent, ExchangeOrder, ExchangeTrade, PlaceRequest } from './api.ts';
import type { ChangeLog } from './change-log.ts';
import type { EventQueue } from './event-queue.ts';
import { coverShortfall, refreshOrderMargin } from './margin.ts';
import { applyFill, bankruptcyPrice, cashValue, mustLiquidate, ZERO_CONTRACTS } from './position.ts';
import { balanceReport, positionReport } from './report.ts';
import { dequeue, enqueue } from './resting.ts';
import { type LiveOrder, reducingSide, remainingOf, type Slot, setPosition } from './state.ts';

export interface Execution {
  readonly price: Px;
  readonly contracts: Contracts;
  readonly maker: boolean;
  readonly cause: ExchangeTrade['cause'];
}

export class Clearing {
  readonly #now: () => Instant;
  readonly #nextId: () => string;
  readonly #events: EventQueue;
  readonly #changes: ChangeLog;
  /** Slots whose position changed in the running operation, for one position event each. */
  readonly #touched = new Set<Slot>();

  constructor(now: () => Instant, nextId: () => string, events: EventQueue, changes: ChangeLog) {
    this.#now = now;
    this.#nextId = nextId;
    this.#events = events;
    this.#changes = changes;
  }

  /** Accepts an order: known, open, announced; it does not rest until `rest`. */
  accept(slot: Slot, request: PlaceRequest, contracts: Contracts): LiveOrder {
    const at = this.#now();
    const order: ExchangeOrder = {
      orderId: this.#nextId(),
      clientOrderId: request.clientOrderId ?? '',
      symbol: request.symbol,
      side: request.side,
      type: request.type,
      tif: request.tif,
      price: request.type === 'limit' ? request.price : undefined,
      contracts,
      filled: ZERO_CONTRACTS,
      cumQuote: ZERO_QUOTE,
      cumFee: ZERO_QUOTE,
      reduceOnly: request.reduceOnly,
      status: 'open',
      createdAt: at,
      updatedAt: at,
    };
    if (order.clientOrderId !== '') slot.account.clientIds.set(order.clientOrderId, order.orderId);
    const live: LiveOrder = { slot, order };
    this.#update(live, {});
    return live;
  }

  /** Puts an accepted order into the queue behind better prices and older orders. */
  rest(live: LiveOrder): void {
    enqueue(live);
    refreshOrderMargin(live.slot);
  }

  /** Ends an open order with its remainder unfilled. */
  end(live: LiveOrder, status: 'canceled' | 'expired'): void {
    this.#update(live, { status });
    refreshOrderMargin(live.slot);
  }

  /** Books one fill of an order. */
  fill(live: LiveOrder, execution: Execution): ExchangeTrade {
    const { slot, order } = live;
    invariant(!gt(execution.contracts, remainingOf(order)), 'a fill exceeds what is left of its order');
    const { takerFeeRate, makerFeeRate, contractSize } = slot.market.instrument;
    const quote = cashValue(execution.contracts, contractSize, execution.price);
    return this.#book(live, execution, scale(quote, execution.maker ? makerFeeRate : takerFeeRate));
  }

  #book(live: LiveOrder, { price, contracts, maker, cause }: Execution, fee: ExchangeTrade['fee']): ExchangeTrade {
    const { slot, order } = live;
    const { account, market } = slot;
    const size = market.instrument.contractSize;
    const signed = order.side === 'buy' ? contracts : neg(contracts);
    const before = slot.position.contracts;
    const { position, realized } = applyFill(slot.position, signed, price, size, slot.leverage);
    if (order.reduceOnly) invariant(!gt(abs(position.contracts), abs(before)), 'reduce-only must not open');
    setPosition(slot, position, this.#now());
    account.wallet = sub(add(account.wallet, realized), fee);
    account.realizedPnl = add(account.realizedPnl, realized);
    account.fees = add(account.fees, fee);
    market.last = price;
    this.#changes.market(market);
    const trade: ExchangeTrade = {
      tradeId: this.#nextId(),
      orderId: order.orderId,
      clientOrderId: order.clientOrderId,
      symbol: order.symbol,
      side: order.side,
      price,
      contracts,
      quote: cashValue(contracts, size, price),
      fee,
      maker,
      realizedPnl: realized,
      cause,
      at: this.#now(),
    };
    account.trades.push(trade);
    this.#changes.trade(slot, trade);
    const filled = add(order.filled, contracts);
    const done = eq(filled, order.contracts);
    const cumQuote = add(order.cumQuote, trade.quote);
    this.#update(live, { filled, cumQuote, cumFee: add(order.cumFee, fee), ...(done && { status: 'filled' }) }, trade);
    this.touch(slot);
    this.#trimReduceOnly(slot);
    refreshOrderMargin(slot);
    for (const paying of coverShortfall(account, slot)) this.touch(paying);
    return trade;
  }

  /** Closes a slot's position when its isolated margin is used up at `mark`; true when it was. */
  liquidate(slot: Slot, mark: Px): boolean {
    const { contractSize, maintenanceRate } = slot.market.instrument;
    if (!mustLiquidate(slot.position, mark, contractSize, maintenanceRate)) return false;
    for (const live of [...slot.open.values()]) this.end(live, 'canceled');
    this.forceReduce(slot, abs(slot.position.contracts), 'liquidation', mark);
    return true;
  }

  /**
   * Takes `contracts` of the position away at `mark`. A liquidation is capped at the bankruptcy price (rounded to a
   * tick in the account's favour), so it loses at most the isolated margin: the insurance fund bears the rest. Its
   * taker fee is at most what the margin has left. ADL is free of fees.
   */
  forceReduce(slot: Slot, contracts: Contracts, cause: 'liquidation' | 'adl', mark: Px): ExchangeTrade | undefined {
    const side = reducingSide(slot.position);
    if (!side || !isPositive(contracts)) return undefined;
    const { contractSize, takerFeeRate, tick, symbol } = slot.market.instrument;
    const count = min(contracts, abs(slot.position.contracts));
    const bankrupt = bankruptcyPrice(slot.position, contractSize);
    let price = mark;
    if (bankrupt) price = side === 'sell' ? max(mark, ceilTo(bankrupt, tick)) : min(mark, floorTo(bankrupt, tick));
    const after = applyFill(slot.position, side === 'buy' ? count : neg(count), price, contractSize, slot.leverage);
    const left = add(sub(slot.position.margin, after.position.margin), after.realized);
    const takerFee = scale(cashValue(count, contractSize, price), takerFeeRate);
    const fee = cause === 'adl' ? ZERO_QUOTE : max(ZERO_QUOTE, min(takerFee, left));
    const request: PlaceRequest = { symbol, side, type: 'market', tif: 'IOC', contracts: count, reduceOnly: true };
    return this.#book(this.accept(slot, request, count), { price, contracts: count, maker: false, cause }, fee);
  }

  /** Publishes one position event per changed slot and one balance event per changed account. */
  announce(cause: 'order' | 'funding'): void {
    const accounts = new Set<Slot['account']>();
    for (const slot of this.#touched) {
      accounts.add(slot.account);
      this.#events.publish({ kind: 'position', account: slot.account.name, position: positionReport(slot) });
    }
    const currency = [...this.#touched][0]?.market.instrument.settle;
    this.#touched.clear();
    if (currency === undefined) return;
    for (const account of accounts) {
      this.#events.publish({
        kind: 'balance',
        account: account.name,
        balance: balanceReport(account, currency),
        cause,
      });
    }
  }

  /** Marks a slot as changed by something other than a fill. */
  touch(slot: Slot): void {
    this.#touched.add(slot);
    this.#changes.slot(slot);
  }

  /** Resting reduce-only orders never exceed the position: they shrink with it and end when it is gone or flips. */
  #trimReduceOnly(slot: Slot): void {
    const side = reducingSide(slot.position);
    const held = abs(slot.position.contracts);
    for (const live of [...slot.open.values()]) {
      const { order } = live;
      if (!order.reduceOnly) continue;
      if (order.side !== side) this.#update(live, { status: 'canceled' });
      else if (gt(remainingOf(order), held)) this.#update(live, { contracts: add(order.filled, held) });
    }
  }

  #update(live: LiveOrder, change: Partial<ExchangeOrder>, trade?: ExchangeTrade): void {
    const { account } = live.slot;
    live.order = { ...live.order, ...change, updatedAt: this.#now() };
    account.orders.set(live.order.orderId, live.order);
    this.#changes.slot(live.slot);
    if (live.order.status !== 'open') {
      account.finalOrders.push(live.order);
      this.#changes.finalOrder(live.slot, live.order);
      dequeue(live);
    }
    const event: ExchangeEvent = { kind: 'order', account: account.name, order: live.order, ...(trade && { trade }) };
    this.#events.publish(event);
  }
}
