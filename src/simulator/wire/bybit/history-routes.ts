/**
 * Executions: fills and funding payments in one list, newest first. Entry point: `HISTORY_ROUTES`.
 * Source: bybit-exchange.github.io/docs/v5/order/execution. A page holds 50 rows unless `limit` (not `size`) says
 * otherwise, and without `execType` fills and payments come mixed.
 */
import { add, type Contracts, contracts, sub } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Instant } from '../../../kernel/instant.ts';
import type { ExchangePayment, ExchangeTrade } from '../../exchange/api.ts';
import { type Answer, type Row, success } from './answer.ts';
import { fundingRow, tradeRow } from './order-rows.ts';
import { pageOf, timeWindow } from './paging.ts';
import type { Params } from './params.ts';
import { categoryOf, type PrivateCall, privateRoute, type Routes } from './route.ts';

const EXEC_TYPES = ['Trade', 'Funding', 'BustTrade', 'AdlTrade', 'Settle', 'Delivery', 'BlockTrade'] as const;
type ExecType = (typeof EXEC_TYPES)[number];

const CAUSES: Readonly<Record<ExchangeTrade['cause'], ExecType>> = {
  order: 'Trade',
  liquidation: 'BustTrade',
  adl: 'AdlTrade',
};

export const HISTORY_ROUTES: Routes = {
  'GET /v5/execution/list': privateRoute(50, executions),
};

interface Execution {
  readonly id: string;
  readonly at: Instant;
  readonly symbol: UnifiedSymbol;
  readonly type: ExecType;
  readonly orderId: string;
  readonly orderLinkId: string;
  readonly row: () => Row;
}

function executions(call: PrivateCall): Answer {
  const { params, now } = call;
  const category = categoryOf(params);
  const limit = params.integer('limit', 1, 100) ?? 50;
  const type = params.has('execType') ? params.oneOf('execType', EXEC_TYPES) : undefined;
  const window = timeWindow(params, now);
  const filter = executionFilter(call);
  if (params.problem) return params.problem;
  const all = category === 'linear' ? [...fills(call), ...payments(call)] : [];
  const found = all
    .filter((item) => filter(item) && (type === undefined || item.type === type))
    .filter((item) => hasId(params) || (item.at >= window.from && item.at <= window.to))
    .reverse()
    .sort((a, b) => b.at - a.at);
  const page = pageOf(found, (item) => `${item.id}:${item.at}`, limit, params);
  if (params.problem) return params.problem;
  return success({ category, list: page.items.map((item) => item.row()), nextPageCursor: page.cursor });
}

const hasId = (params: Params): boolean => params.has('orderId') || params.has('orderLinkId');

function executionFilter({ params, symbols }: PrivateCall): (item: Execution) => boolean {
  const orderId = params.text('orderId');
  const linkId = params.text('orderLinkId');
  const id = params.text('symbol');
  const asset = params.text('baseCoin');
  if (orderId !== undefined) return (item) => item.orderId === orderId;
  if (linkId !== undefined) return (item) => item.orderLinkId === linkId;
  if (id !== undefined) {
    const symbol = symbols.symbol(id);
    if (symbol === undefined) params.reject('symbol', 'invalid');
    return (item) => item.symbol === symbol;
  }
  return (item) => asset === undefined || symbols.market(item.symbol).instrument.asset === asset;
}

/** Oldest first; each knows how much its order had left after it. */
function fills({ exchange, account, symbols }: PrivateCall): Execution[] {
  const filled = new Map<string, Contracts>();
  return exchange.trades(account).map((trade) => {
    const soFar = add(filled.get(trade.orderId) ?? contracts('0'), trade.contracts);
    filled.set(trade.orderId, soFar);
    const row = (): Row => {
      const order = exchange.order(account, trade.symbol, { orderId: trade.orderId });
      const left = order === undefined ? contracts('0') : sub(order.contracts, soFar);
      return tradeRow(trade, order, left, symbols.market(trade.symbol).instrument);
    };
    const { tradeId: id, at, symbol, orderId, clientOrderId: orderLinkId } = trade;
    return { id, at, symbol, type: CAUSES[trade.cause], orderId, orderLinkId, row };
  });
}

function payments({ exchange, account, symbols }: PrivateCall): Execution[] {
  return exchange.payments(account).map((payment: ExchangePayment) => ({
    id: payment.paymentId,
    at: payment.at,
    symbol: payment.symbol,
    type: 'Funding',
    orderId: '',
    orderLinkId: '',
    row: () => fundingRow(payment, symbols.market(payment.symbol).instrument),
  }));
}
