/**
 * Several orders in one request. Entry point: `BULK_ROUTES`. Source: bybit-exchange.github.io/docs/v5/order/batch-place,
 * .../order/batch-cancel, .../order/cancel-all.
 *
 * A batch succeeds as a whole; what became of each order stands beside it in `retExtInfo`, in the request's order. Its
 * limit counts orders: those beyond it are refused alone.
 */
import { type Answer, type Row, success, TOO_MANY_VISITS } from './answer.ts';
import { cancel, create, ordersOf } from './order-routes.ts';
import { type PrivateCall, privateRoute, type Routes } from './route.ts';

/** Linear orders in one batch. */
const MAX_BATCH = 20;
/** Futures orders that one cancel-all ends. */
const MAX_CANCELED = 500;

export const BULK_ROUTES: Routes = {
  'POST /v5/order/create-batch': privateRoute(10, createBatch, (params) => params.count('request')),
  'POST /v5/order/cancel-batch': privateRoute(10, cancelBatch, (params) => params.count('request')),
  'POST /v5/order/cancel-all': privateRoute(10, cancelAll),
};

function createBatch(call: PrivateCall): Answer {
  const { now } = call;
  return batch(call, create, ({ retCode }) => ({ createAt: retCode === 0 ? String(now) : '' }));
}

function cancelBatch(call: PrivateCall): Answer {
  return batch(call, cancel, () => ({}));
}

/** `act` on each; `more`: what its row says besides. */
function batch(call: PrivateCall, act: (call: PrivateCall) => Answer, more: (answer: Answer) => Row): Answer {
  const { params, granted } = call;
  const category = params.oneOf('category', ['linear']);
  const items = params.items('request', MAX_BATCH, { category });
  if (params.problem) return params.problem;
  const outcomes = items.map((item, index) => ({
    item,
    answer: index < granted ? act({ ...call, params: item }) : TOO_MANY_VISITS,
  }));
  const list = outcomes.map(({ item, answer }) => ({
    category,
    symbol: item.text('symbol') ?? '',
    orderId: '',
    orderLinkId: '',
    ...more(answer),
    ...answer.result,
  }));
  const codes = outcomes.map(({ answer }) => ({ code: answer.retCode, msg: answer.retMsg }));
  return { ...success({ list }), ext: { list: codes } };
}

/** symbol > baseCoin > settleCoin: the first one given decides. Conditional orders are not part of this venue. */
function cancelAll(call: PrivateCall): Answer {
  const { params, exchange, account } = call;
  params.oneOf('category', ['linear']);
  const filter = params.oneOf('orderFilter', ['Order', 'StopOrder', 'tpslOrder'], 'Order');
  if (!['symbol', 'baseCoin', 'settleCoin'].some((name) => params.has(name))) {
    params.reject('symbol', 'or settleCoin or baseCoin is required');
  }
  const wanted = ordersOf(call);
  if (params.problem) return params.problem;
  const found = filter === 'Order' ? exchange.openOrders(account).filter(wanted).slice(0, MAX_CANCELED) : [];
  for (const { symbol, orderId } of found) exchange.cancel(account, symbol, { orderId });
  const list = found.map(({ orderId, clientOrderId }) => ({ orderId, orderLinkId: clientOrderId }));
  return success({ list, success: '1' });
}
