/**
 * Signed order endpoints. Entry point: `TRADE_ROUTES`.
 *
 * Horizons are the venue's: history 7 days, archive 3 months, `fills` 3 days, and an order that was cancelled without
 * a fill can be looked up for 2 hours only.
 */
import { isZero } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import { DAY_MS, HOUR_MS } from '../../../kernel/instant.ts';
import type { ExchangeOrder, ExchangeTrade } from '../../exchange/api.ts';
import type { WireResponse } from '../dialect.ts';
import { fillRow, type OrderContext, orderRow, orderState } from './order-rows.ts';
import { missing, page, selectSymbols, text, timeFilter } from './params.ts';
import { cancel, place } from './placement.ts';
import { bulk, Refused, type Row, refusal, success } from './reply.ts';
import type { PrivateCall, Route } from './route.ts';

const UNFILLED_CANCEL_MS = 2 * HOUR_MS;
const ARCHIVE_MS = 90 * DAY_MS;
const user = (count: number) => ({ count, per: 'user' }) as const;
const perInstrument = (count: number) => ({ count, per: 'user', perInstrument: true }) as const;

const PLACE = post('trade/order', { ...perInstrument(60), places: true }, placeOne);
const CANCEL = post('trade/cancel-order', perInstrument(60), cancelOne);

export const TRADE_ROUTES: readonly Route[] = [
  PLACE,
  CANCEL,
  { ...post('trade/batch-orders', { ...perInstrument(300), places: true }, placeMany), bulk: { ofOne: PLACE } },
  { ...post('trade/cancel-batch-orders', perInstrument(300), cancelMany), bulk: { ofOne: CANCEL } },
  get('trade/order', perInstrument(60), orderDetails),
  get('trade/orders-pending', user(60), pendingOrders),
  get('trade/orders-history', user(40), (call) => orderHistory(call, 7 * DAY_MS)),
  get('trade/orders-history-archive', user(20), (call) => orderHistory(call, ARCHIVE_MS)),
  get('trade/fills', user(60), (call) => fills(call, 3 * DAY_MS)),
  get('trade/fills-history', user(10), fillHistory),
];

type Run = (call: PrivateCall) => WireResponse;

function get(path: string, limit: Route['limit'], run: Run): Route {
  return { method: 'GET', path: `/api/v5/${path}`, access: 'private', limit, run };
}

function post(path: string, limit: Route['limit'], run: Run): Route {
  return { method: 'POST', path: `/api/v5/${path}`, access: 'private', limit, run };
}

function placeOne(call: PrivateCall): WireResponse {
  const absent = missing(call.params, 'instId', 'tdMode', 'side', 'ordType', 'sz');
  return absent === undefined ? bulk([place(call, call.params)], call.now) : refusal(absent);
}

function cancelOne(call: PrivateCall): WireResponse {
  const absent = missing(call.params, 'instId');
  return absent === undefined ? bulk([cancel(call, call.params)], call.now) : refusal(absent);
}

function placeMany(call: PrivateCall): WireResponse {
  return bulk(
    call.items.map((item) => place(call, item)),
    call.now,
  );
}

function cancelMany(call: PrivateCall): WireResponse {
  return bulk(
    call.items.map((item) => cancel(call, item)),
    call.now,
  );
}

function orderDetails(call: PrivateCall): WireResponse {
  const { exchange, account, ids, params } = call;
  const absent = missing(params, 'instId');
  if (absent !== undefined) return refusal(absent);
  const orderId = text(params, 'ordId');
  const clientOrderId = text(params, 'clOrdId');
  if (orderId === '' && clientOrderId === '') return refusal(new Refused('51003'));
  const symbol = ids.symbol(text(params, 'instId'));
  if (symbol === undefined) return refusal(new Refused('51001'));
  const order = exchange.order(account, symbol, orderId === '' ? { clientOrderId } : { orderId });
  if (order === undefined || !isKept(order, call)) return refusal(new Refused('51603'));
  return success(orderRows(call, [order]));
}

const isKept = (order: ExchangeOrder, { now }: PrivateCall): boolean =>
  order.status === 'open' || !isZero(order.filled) || now - order.updatedAt <= UNFILLED_CANCEL_MS;

function pendingOrders(call: PrivateCall): WireResponse {
  return orderPage(call, call.exchange.openOrders(call.account));
}

function orderHistory(call: PrivateCall, horizonMs: number): WireResponse {
  const absent = missing(call.params, 'instType');
  if (absent !== undefined) return refusal(absent);
  const within = timeFilter(call.params);
  if (within instanceof Refused) return refusal(within);
  const all = call.exchange.orderHistory(call.account);
  return orderPage(
    call,
    all.filter((order) => call.now - order.updatedAt <= horizonMs && within(order.createdAt) && isKept(order, call)),
  );
}

/** Filters by the common parameters, newest first by order id. */
function orderPage(call: PrivateCall, orders: readonly ExchangeOrder[]): WireResponse {
  const { ids, params } = call;
  const symbols = selectSymbols(params, ids);
  if (symbols instanceof Refused) return refusal(symbols);
  const state = text(params, 'state');
  const types = text(params, 'ordType');
  const wanted = orders
    .filter((order) => symbols.includes(order.symbol) && (state === '' || orderState(order) === state))
    .sort((a, b) => newestFirst(a.orderId, b.orderId));
  const kept = page(wanted, ({ orderId }) => orderId, params);
  if (kept instanceof Refused) return refusal(kept);
  const rows = orderRows(call, kept);
  return success(types === '' ? rows : rows.filter((row) => types.split(',').includes(String(row.ordType))));
}

const newestFirst = (a: string, b: string): number => {
  if (a.length !== b.length) return b.length - a.length;
  return a < b ? 1 : -1;
};

function orderRows(call: PrivateCall, orders: readonly ExchangeOrder[]): readonly Row[] {
  const { exchange, account } = call;
  const wanted = new Set(orders.filter(({ filled }) => !isZero(filled)).map(({ orderId }) => orderId));
  const byOrder = new Map<string, ExchangeTrade[]>();
  for (const trade of wanted.size === 0 ? [] : exchange.trades(account)) {
    if (!wanted.has(trade.orderId)) continue;
    const known = byOrder.get(trade.orderId);
    if (known === undefined) byOrder.set(trade.orderId, [trade]);
    else known.push(trade);
  }
  return orders.flatMap((order) => {
    const context = contextOf(call, order.symbol);
    return context === undefined ? [] : [orderRow(context, order, byOrder.get(order.orderId) ?? [])];
  });
}

function contextOf({ exchange, account }: PrivateCall, symbol: UnifiedSymbol): OrderContext | undefined {
  const market = exchange.market(symbol);
  return market === undefined ? undefined : { exchange, account, instrument: market.instrument };
}

function fillHistory(call: PrivateCall): WireResponse {
  const absent = missing(call.params, 'instType');
  return absent === undefined ? fills(call, ARCHIVE_MS) : refusal(absent);
}

function fills(call: PrivateCall, horizonMs: number): WireResponse {
  const { exchange, account, ids, params, now } = call;
  const symbols = selectSymbols(params, ids);
  if (symbols instanceof Refused) return refusal(symbols);
  const within = timeFilter(params);
  if (within instanceof Refused) return refusal(within);
  const orderId = text(params, 'ordId');
  const rows = exchange
    .trades(account)
    .filter(
      (trade) =>
        symbols.includes(trade.symbol) &&
        now - trade.at <= horizonMs &&
        within(trade.at) &&
        (orderId === '' || trade.orderId === orderId),
    )
    .reverse()
    .flatMap((trade) => {
      const market = exchange.market(trade.symbol);
      return market === undefined ? [] : [fillRow(trade, market.instrument)];
    });
  const kept = page(rows, (row) => String(row.billId), params);
  return kept instanceof Refused ? refusal(kept) : success(kept);
}
