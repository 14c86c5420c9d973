/** Orders over REST. Weights and fields: the trade pages of the USDS-margined futures documentation. */
import { DAY_MS, type Instant } from '../../../kernel/instant.ts';
import type { ExchangeOrder } from '../../exchange/api.ts';
import { cancelBatch, placeBatch } from './batch.ts';
import { pageOf, unbounded, windowed } from './history.ts';
import type { WireMarket } from './markets.ts';
import { answeredOrderRow, namesOf, queriedOrderRow, tradeRow } from './order-rows.ts';
import {
  checkRange,
  defaulting,
  idText,
  matching,
  optional,
  type Params,
  readParams,
  required,
  rowLimit,
  timeRange,
} from './params.ts';
import { placeOrder } from './place.ts';
import { badCombination, ok, type Refused, type Result, refuse } from './reply.ts';
import type { PrivateCall, Routes } from './route.ts';

const UNFILLED_VISIBLE_MS = 3 * DAY_MS;
const ORDER_VISIBLE_MS = 90 * DAY_MS;
const TRADES_VISIBLE_MS = 183 * DAY_MS;
const WINDOW_DAYS = 7;
const WINDOW_MS = WINDOW_DAYS * DAY_MS;

/** `newClientOrderId` names the orders of clients that send none. */
export function orderRoutes(newClientOrderId: () => string): Routes {
  return {
    'POST /fapi/v1/order': {
      access: 'signed',
      weight: 0,
      order: { tenSeconds: 1, minute: 1 },
      handle: (call) => placeOrder(call, newClientOrderId),
    },
    'POST /fapi/v1/batchOrders': {
      access: 'signed',
      weight: 5,
      order: { tenSeconds: 5, minute: 1 },
      handle: (call) => placeBatch(call, newClientOrderId),
    },
    'DELETE /fapi/v1/batchOrders': { access: 'signed', weight: 1, handle: (call) => cancelBatch(call, cancelOrder) },
    'GET /fapi/v1/order': { access: 'signed', weight: 1, handle: queryOrder },
    'DELETE /fapi/v1/order': { access: 'signed', weight: 1, handle: cancelOrder },
    'GET /fapi/v1/openOrder': { access: 'signed', weight: 1, handle: queryOpenOrder },
    'GET /fapi/v1/openOrders': {
      access: 'signed',
      weight: (params: Params) => (params.has('symbol') ? 1 : 40),
      handle: openOrders,
    },
    'DELETE /fapi/v1/allOpenOrders': { access: 'signed', weight: 1, handle: cancelAll },
    'GET /fapi/v1/allOrders': { access: 'signed', weight: 5, handle: allOrders },
    'GET /fapi/v1/userTrades': { access: 'signed', weight: 5, handle: userTrades },
  };
}

interface Reference {
  readonly market: WireMarket;
  readonly ref: { orderId?: string; clientOrderId?: string };
}

/** `orderId` goes before `origClientOrderId` when both are sent. */
function readReference({ params, markets }: PrivateCall): Result<Reference> {
  const read = readParams(params, {
    symbol: required(markets.parse),
    orderId: optional(idText),
    origClientOrderId: optional(matching(/^[.A-Z:/a-z0-9_-]{1,36}$/)),
  });
  if (!read.ok) return read;
  const { symbol: market, orderId, origClientOrderId } = read.value;
  if (orderId !== undefined) return ok({ market, ref: { orderId } });
  if (origClientOrderId !== undefined) return ok({ market, ref: { clientOrderId: origClientOrderId } });
  return refuse(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
}

/** Binance forgets final orders: after 3 days those without a fill, after 90 days all. */
function isVisible(order: ExchangeOrder, now: Instant): boolean {
  if (order.status === 'open') return true;
  const age = now - order.createdAt;
  return age <= (order.filled.eq('0') ? UNFILLED_VISIBLE_MS : ORDER_VISIBLE_MS);
}

const listed = ({ exchange, account, markets }: PrivateCall, order: ExchangeOrder): unknown =>
  queriedOrderRow(markets.of(order.symbol), order, namesOf(exchange, account, order));

function queryOrder(call: PrivateCall): Result<unknown> {
  const reference = readReference(call);
  if (!reference.ok) return reference;
  const { market, ref } = reference.value;
  const order = call.exchange.order(call.account, market.symbol, ref);
  return order && isVisible(order, call.now) ? ok(listed(call, order)) : noSuchOrder();
}

function queryOpenOrder(call: PrivateCall): Result<unknown> {
  const reference = readReference(call);
  if (!reference.ok) return reference;
  const { market, ref } = reference.value;
  const order = call.exchange.order(call.account, market.symbol, ref);
  return order?.status === 'open' ? ok(listed(call, order)) : noSuchOrder();
}

const noSuchOrder = (): Refused => refuse(-2013, 'Order does not exist.');

function cancelOrder(call: PrivateCall): Result<unknown> {
  const reference = readReference(call);
  if (!reference.ok) return reference;
  const { market, ref } = reference.value;
  const canceled = call.exchange.cancel(call.account, market.symbol, ref);
  // Whether it never existed or is final already is not told apart.
  if (!canceled.ok) return refuse(-2011, 'Unknown order sent.');
  return ok(answeredOrderRow(market, canceled.order, namesOf(call.exchange, call.account, canceled.order)));
}

function cancelAll({ exchange, account, params, markets }: PrivateCall): Result<unknown> {
  const read = readParams(params, { symbol: required(markets.parse) });
  if (!read.ok) return read;
  const { symbol } = read.value.symbol;
  for (const { orderId } of exchange.openOrders(account, symbol)) exchange.cancel(account, symbol, { orderId });
  return ok({ code: 200, msg: 'The operation of cancel all open order is done.' });
}

function openOrders(call: PrivateCall): Result<unknown> {
  const read = readParams(call.params, { symbol: optional(call.markets.parse) });
  if (!read.ok) return read;
  const orders = call.exchange.openOrders(call.account, read.value.symbol?.symbol);
  return ok(orders.map((order) => listed(call, order)));
}

function allOrders(call: PrivateCall): Result<unknown> {
  const read = readParams(call.params, {
    symbol: required(call.markets.parse),
    orderId: optional(idText),
    ...timeRange,
    limit: defaulting(rowLimit(1000), 500),
  });
  if (!read.ok) return read;
  const { orderId, limit, startTime, endTime } = read.value;
  const { symbol } = read.value.symbol;
  const wrong = checkRange(startTime, endTime, WINDOW_DAYS);
  if (wrong) return wrong;
  const { exchange, account, now } = call;
  const all = [...exchange.orderHistory(account, symbol), ...exchange.openOrders(account, symbol)];
  const rows = all.filter((order) => isVisible(order, now)).map((order) => ({ at: order.createdAt, order }));
  const from = orderId === undefined ? undefined : BigInt(orderId);
  const page =
    from === undefined
      ? pageOf(rows, windowed({ startTime, endTime, limit }, WINDOW_MS, now))
      : rows
          .filter(({ order }) => BigInt(order.orderId) >= from)
          .sort(byId)
          .slice(0, limit);
  return ok(page.map(({ order }) => listed(call, order)));
}

const byId = (a: { order: ExchangeOrder }, b: { order: ExchangeOrder }): number =>
  BigInt(a.order.orderId) < BigInt(b.order.orderId) ? -1 : 1;

function userTrades(call: PrivateCall): Result<unknown> {
  const read = readParams(call.params, {
    symbol: required(call.markets.parse),
    orderId: optional(idText),
    fromId: optional(idText),
    ...timeRange,
    limit: defaulting(rowLimit(1000), 500),
  });
  if (!read.ok) return read;
  const { symbol: market, orderId, fromId, startTime, endTime, limit } = read.value;
  if (fromId !== undefined && (startTime !== undefined || endTime !== undefined)) return badCombination();
  const wrong = checkRange(startTime, endTime, WINDOW_DAYS);
  if (wrong) return wrong;
  const { exchange, account, now } = call;
  const rows = exchange
    .trades(account, market.symbol)
    .filter((trade) => trade.at >= now - TRADES_VISIBLE_MS && (orderId === undefined || trade.orderId === orderId));
  if (fromId !== undefined) {
    const from = BigInt(fromId);
    const page = rows.filter((trade) => BigInt(trade.tradeId) >= from).slice(0, limit);
    return ok(page.map((trade) => tradeRow(market, trade)));
  }
  const asked = { startTime, endTime, limit };
  // The trades of one order are found however old they are.
  const page = pageOf(rows, orderId === undefined ? windowed(asked, WINDOW_MS, now) : unbounded(asked));
  return ok(page.map((trade) => tradeRow(market, trade)));
}
