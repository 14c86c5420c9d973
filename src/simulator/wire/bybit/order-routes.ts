/**
 * Placing, cancelling and looking up orders. Entry point: `ORDER_ROUTES`. Source: bybit-exchange.github.io/docs/v5/order.
 *
 * Acknowledgements carry ids only. A post-only order that would cross and a fill-or-kill order that cannot fill are
 * acknowledged too, and end at once as cancelled with a reject reason.
 */
import { contracts, px } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import { DAY_MS } from '../../../kernel/instant.ts';
import type { ExchangeOrder, PlaceRequest, Tif } from '../../exchange/api.ts';
import { exceedsLimit, reducible } from '../position-limits.ts';
import { mayRest } from '../resting.ts';
import { type Answer, PARAMETER_ERROR, refusal, refused, success } from './answer.ts';
import { orderCause, orderRow, orderStatus, TIME_IN_FORCE } from './order-rows.ts';
import { pageOf, timeWindow } from './paging.ts';
import type { Params } from './params.ts';
import { categoryOf, type PrivateCall, privateRoute, type Routes } from './route.ts';

/** Closed orders that `order/realtime` still finds. */
const RECENT_CLOSED = 500;
/** How long `order/history` keeps orders that ended without any fill. */
const UNFILLED_MS = DAY_MS;
const LINK_ID = /^[0-9A-Za-z_-]{1,36}$/;
/** Open orders per account and symbol. */
const MAX_OPEN_ORDERS = 500;
const TOO_MANY_OPEN = refusal(110_020, 'Too many active orders, can not be more than 500.');
const BEYOND_LIMIT = refusal(
  110_016,
  'Requested quantity of contracts exceeds risk limit, please adjust your risk limit level before trying again',
);
const NOTHING_TO_REDUCE = refusal(110_017, 'orderQty will be truncated to zero.');
/**
 * Real parameters that this venue does not offer: executing at once what should have waited, or at another price than
 * was meant, would be worse than refusing it.
 */
const UNSUPPORTED = [
  'triggerPrice',
  'triggerDirection',
  'takeProfit',
  'stopLoss',
  'tpLimitPrice',
  'slLimitPrice',
  'bboSideType',
  'bboLevel',
  'slippageToleranceType',
  'slippageTolerance',
] as const;

export const ORDER_ROUTES: Routes = {
  'POST /v5/order/create': privateRoute(10, create),
  'POST /v5/order/cancel': privateRoute(10, cancel),
  'GET /v5/order/realtime': privateRoute(50, realtime),
  'GET /v5/order/history': privateRoute(50, history),
};

/** The order that `params` describe. */
export function create(call: PrivateCall): Answer {
  const { params, exchange, account, symbols } = call;
  const symbol = symbols.symbol(params.requiredText('symbol'));
  const request = symbol === undefined ? undefined : placeRequest(params, symbol);
  for (const name of UNSUPPORTED) if (params.has(name)) params.reject(name, 'is not supported');
  params.oneOf('orderFilter', ['Order'], 'Order');
  const oneWay = exchange.positionMode(account) === 'one_way';
  const index = params.integer('positionIdx', 0, 2) ?? 0;
  if (params.problem) return params.problem;
  if ((index === 0) !== oneWay) return refused('position_mode_mismatch');
  // The real one takes it; the model holds no two-sided positions, and says so.
  if (!oneWay) return refusal(PARAMETER_ERROR, 'two-sided positions are not simulated: use one-way mode');
  if (request === undefined) return refused('unknown_symbol');
  if (mayRest(request) && exchange.openOrders(account, request.symbol).length >= MAX_OPEN_ORDERS) return TOO_MANY_OPEN;
  const wanted = isRepeated(call, request) ? request : withinPosition(call, request);
  if ('retCode' in wanted) return wanted;
  const outcome = exchange.place(account, wanted);
  if (!outcome.ok) return refused(outcome.reason);
  return success({ orderId: outcome.order.orderId, orderLinkId: outcome.order.clientOrderId });
}

/** That its client id was used, open or over, an order has to hear before anything about the position. */
function isRepeated({ exchange, account }: PrivateCall, { symbol, clientOrderId }: PlaceRequest): boolean {
  return clientOrderId !== undefined && exchange.order(account, symbol, { clientOrderId }) !== undefined;
}

function withinPosition({ exchange, account }: PrivateCall, request: PlaceRequest): PlaceRequest | Answer {
  if (request.reduceOnly) return reducible(exchange, account, request) ?? NOTHING_TO_REDUCE;
  return exceedsLimit(exchange, account, request) ? BEYOND_LIMIT : request;
}

/** Harmless values where `params` has a problem. */
function placeRequest(params: Params, symbol: UnifiedSymbol): PlaceRequest {
  params.oneOf('category', ['linear']);
  const side = params.oneOf('side', ['Buy', 'Sell']);
  const type = params.oneOf('orderType', ['Limit', 'Market']) === 'Limit' ? 'limit' : 'market';
  const quantity = params.decimal('qty');
  const price = type === 'limit' ? params.decimal('price') : undefined;
  const linkId = params.text('orderLinkId');
  if (linkId !== undefined && !LINK_ID.test(linkId)) params.reject('orderLinkId', 'invalid');
  const tif = timeInForce(params);
  // A close-on-trigger order only reduces too; the margin that it may take from other orders, no close needs here.
  const flags = [params.flag('reduceOnly'), params.flag('closeOnTrigger')];
  return {
    symbol,
    side: side === 'Buy' ? 'buy' : 'sell',
    type,
    // A market order is always immediate-or-cancel, whatever the request says.
    tif: type === 'market' ? 'IOC' : tif,
    contracts: contracts(params.problem ? '0' : quantity),
    ...(price === undefined ? {} : { price: px(params.problem ? '0' : price) }),
    reduceOnly: flags.includes(true),
    ...(linkId === undefined ? {} : { clientOrderId: linkId }),
    unfillable: 'expire',
  };
}

function timeInForce(params: Params): Tif {
  const name = params.oneOf('timeInForce', ['GTC', 'IOC', 'FOK', 'PostOnly'], 'GTC');
  const tifs: readonly Tif[] = ['GTC', 'IOC', 'FOK', 'POST_ONLY'];
  return tifs.find((tif) => TIME_IN_FORCE[tif] === name) ?? 'GTC';
}

/** The order that `params` name ends. */
export function cancel({ params, exchange, account, symbols }: PrivateCall): Answer {
  params.oneOf('category', ['linear']);
  const symbol = symbols.symbol(params.requiredText('symbol'));
  const orderId = params.text('orderId');
  const clientOrderId = params.text('orderLinkId');
  if (orderId === undefined && clientOrderId === undefined) params.reject('orderId', 'or orderLinkId is required');
  if (params.problem) return params.problem;
  if (symbol === undefined) return refused('unknown_symbol');
  const ref = orderId === undefined ? { clientOrderId: clientOrderId ?? '' } : { orderId };
  const outcome = exchange.cancel(account, symbol, ref);
  if (!outcome.ok) return refused(outcome.reason);
  return success({ orderId: outcome.order.orderId, orderLinkId: outcome.order.clientOrderId });
}

/**
 * Open orders, or with `openOnly=1` the most recent closed ones. An id overrides every other filter and finds the order
 * in any state among the open and recently closed; an unknown parameter such as `clientOrderId` is ignored, so it finds
 * whatever is open.
 */
function realtime(call: PrivateCall): Answer {
  const { params, exchange, account } = call;
  const openOnly = params.integer('openOnly', 0, 2) ?? 0;
  const filter = ordersOf(call);
  const named = ['orderId', 'orderLinkId', 'symbol', 'baseCoin', 'settleCoin'].some((name) => params.has(name));
  if (!named) params.reject('symbol', 'or settleCoin or baseCoin is required');
  const recent = (): readonly ExchangeOrder[] => exchange.orderHistory(account).slice(-RECENT_CLOSED);
  let found: readonly ExchangeOrder[];
  if (hasId(params)) found = [...exchange.openOrders(account), ...recent()];
  else found = openOnly === 0 ? exchange.openOrders(account) : recent();
  return orderList(call, found.filter(filter));
}

/** Closed orders; those without any fill disappear a day after they ended. */
function history(call: PrivateCall): Answer {
  const { params, exchange, account, now } = call;
  const window = timeWindow(params, now);
  const status = params.text('orderStatus');
  const filter = ordersOf(call);
  const found = exchange
    .orderHistory(account)
    .filter(
      (order) =>
        filter(order) &&
        (hasId(params) || (order.createdAt >= window.from && order.createdAt <= window.to)) &&
        (status === undefined || orderStatus(order) === status) &&
        (order.filled.gt('0') || order.updatedAt >= now - UNFILLED_MS),
    );
  return orderList(call, found);
}

const hasId = (params: Params): boolean => params.has('orderId') || params.has('orderLinkId');

/** orderId > orderLinkId > symbol > baseCoin > settleCoin: the first one given decides. */
export function ordersOf({ params, symbols }: PrivateCall): (order: ExchangeOrder) => boolean {
  const category = categoryOf(params);
  const orderId = params.text('orderId');
  const linkId = params.text('orderLinkId');
  const id = params.text('symbol');
  const asset = params.text('baseCoin');
  const settle = params.text('settleCoin');
  if (category !== 'linear') return () => false;
  if (orderId !== undefined) return (order) => order.orderId === orderId;
  if (linkId !== undefined) return (order) => order.clientOrderId === linkId;
  if (id !== undefined) {
    const symbol = symbols.symbol(id);
    if (symbol === undefined) params.reject('symbol', 'invalid');
    return (order) => order.symbol === symbol;
  }
  if (asset !== undefined) return (order) => symbols.market(order.symbol).instrument.asset === asset;
  if (settle !== undefined) return (order) => symbols.market(order.symbol).instrument.settle === settle;
  return () => true;
}

/** Newest first by creation. Open-order queries must say which symbols, histories need not. */
function orderList({ params, exchange, account, symbols }: PrivateCall, found: readonly ExchangeOrder[]): Answer {
  const limit = params.integer('limit', 1, 50) ?? 20;
  const newest = found.toSorted((a, b) => b.createdAt - a.createdAt || compareIds(b.orderId, a.orderId));
  const page = pageOf(newest, (order) => `${order.orderId}:${order.createdAt}`, limit, params);
  if (params.problem) return params.problem;
  const list = page.items.map((order) =>
    orderRow(order, symbols.market(order.symbol).instrument, orderCause(exchange, account, order)),
  );
  return success({ category: categoryOf(params), list, nextPageCursor: page.cursor });
}

/** Ids of the model are digits that rise with time. */
const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
