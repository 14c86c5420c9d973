/**
 * Orders and executions as Bybit reports them, the same in REST lists and stream frames. Entry points: `orderRow`,
 * `tradeRow`, `fundingRow`. Field lists: bybit-exchange.github.io/docs/v5/order/open-order and .../order/execution.
 */
import {
  abs,
  averagePrice,
  type Contracts,
  contracts,
  contractsToBase,
  isNegative,
  isPositive,
  isZero,
  neg,
  type Quote,
  quote,
  round,
  sub,
  text,
} from '../../../kernel/decimal.ts';
import type {
  Exchange,
  ExchangeInstrument,
  ExchangeOrder,
  ExchangePayment,
  ExchangeTrade,
  Tif,
} from '../../exchange/api.ts';
import { cashValue } from '../../exchange/position.ts';
import type { Row } from './answer.ts';
import { bybitId } from './symbols.ts';

const NONE: Contracts = contracts('0');
const PRICE_DIGITS = 8;

export const TIME_IN_FORCE: Readonly<Record<Tif, string>> = {
  GTC: 'GTC',
  IOC: 'IOC',
  FOK: 'FOK',
  POST_ONLY: 'PostOnly',
};

const EXEC_TYPES: Readonly<Record<ExchangeTrade['cause'], string>> = {
  order: 'Trade',
  liquidation: 'BustTrade',
  adl: 'AdlTrade',
};

const CREATE_TYPES: Readonly<Record<ExchangeTrade['cause'], string>> = {
  order: 'CreateByUser',
  liquidation: 'CreateByTakeOver_PassThrough',
  adl: 'CreateByAdl_PassThrough',
};

const sideName = (side: 'buy' | 'sell'): string => (side === 'buy' ? 'Buy' : 'Sell');

/** Derivatives say `Cancelled` even after partial fills; `PartiallyFilledCanceled` exists on spot only. */
export function orderStatus(order: ExchangeOrder): string {
  if (order.status === 'filled') return 'Filled';
  if (order.status !== 'open') return 'Cancelled';
  return isZero(order.filled) ? 'New' : 'PartiallyFilled';
}

/** Why an order ended unfilled, in the words of docs/v5/enum#rejectreason. */
function rejectReason(order: ExchangeOrder): string {
  if (order.status === 'canceled') return 'EC_PerCancelRequest';
  if (order.status !== 'expired') return 'EC_NoError';
  if (order.tif === 'POST_ONLY') return 'EC_PostOnlyWillTakeLiquidity';
  return order.tif === 'FOK' || !isZero(order.filled) ? 'EC_CancelForNoFullFill' : 'EC_NoImmediateQtyToFill';
}

/**
 * What an order was made for. The venue's own are market orders without a client id, and only their fills tell. Why an
 * order was cancelled the model does not say, so every cancel reads as the user's.
 */
export function orderCause(exchange: Exchange, account: string, order: ExchangeOrder): ExchangeTrade['cause'] {
  if (order.clientOrderId !== '' || order.type !== 'market' || !order.reduceOnly) return 'order';
  const fill = exchange.trades(account, order.symbol).findLast(({ orderId }) => orderId === order.orderId);
  return fill?.cause ?? 'order';
}

export function orderRow(
  order: ExchangeOrder,
  { contractSize, settle }: ExchangeInstrument,
  cause: ExchangeTrade['cause'],
): Row {
  const open = order.status === 'open';
  const left = open ? sub(order.contracts, order.filled) : NONE;
  const filledBase = contractsToBase(order.filled, contractSize);
  const price = order.price === undefined ? '0' : text(order.price);
  return {
    symbol: bybitId(order.symbol),
    orderId: order.orderId,
    orderLinkId: order.clientOrderId,
    blockTradeId: '',
    side: sideName(order.side),
    positionIdx: 0,
    orderStatus: orderStatus(order),
    cancelType: order.status === 'canceled' ? 'CancelByUser' : 'UNKNOWN',
    rejectReason: rejectReason(order),
    timeInForce: order.type === 'market' ? 'IOC' : TIME_IN_FORCE[order.tif],
    isLeverage: '',
    price,
    qty: text(order.contracts),
    avgPrice: isZero(order.filled) ? '' : text(round(averagePrice(order.cumQuote, filledBase), PRICE_DIGITS)),
    leavesQty: text(left),
    leavesValue: order.price === undefined ? '0' : text(cashValue(left, contractSize, order.price)),
    cumExecQty: text(order.filled),
    cumExecValue: text(order.cumQuote),
    cumExecFee: text(order.cumFee),
    cumFeeDetail: isZero(order.filled) ? {} : { [settle]: text(order.cumFee) },
    orderType: order.type === 'market' ? 'Market' : 'Limit',
    stopOrderType: '',
    orderIv: '',
    triggerPrice: '',
    takeProfit: '',
    stopLoss: '',
    tpslMode: '',
    tpTriggerBy: '',
    slTriggerBy: '',
    triggerDirection: 0,
    triggerBy: '',
    lastPriceOnCreated: '',
    reduceOnly: order.reduceOnly,
    closeOnTrigger: false,
    placeType: '',
    smpType: 'None',
    smpGroup: 0,
    smpOrderId: '',
    createType: CREATE_TYPES[cause],
    createdTime: String(order.createdAt),
    updatedTime: String(order.updatedAt),
  };
}

/** One fill. `order` is absent when the venue traded without one; `left` is what the order had left after it. */
export function tradeRow(
  trade: ExchangeTrade,
  order: ExchangeOrder | undefined,
  left: Contracts,
  { makerFeeRate, takerFeeRate, settle }: ExchangeInstrument,
): Row {
  const free = isZero(trade.fee);
  return {
    ...executionBase(trade.symbol, trade.side),
    orderId: trade.orderId,
    orderLinkId: trade.clientOrderId,
    orderPrice: order?.price === undefined ? '0' : text(order.price),
    orderQty: text(order?.contracts ?? trade.contracts),
    orderType: order?.type === 'limit' ? 'Limit' : 'Market',
    leavesQty: text(left),
    createType: CREATE_TYPES[trade.cause],
    execFee: text(trade.fee),
    execId: trade.tradeId,
    execPrice: text(trade.price),
    execQty: text(trade.contracts),
    execType: EXEC_TYPES[trade.cause],
    execValue: text(trade.quote),
    execPnl: text(trade.realizedPnl),
    execTime: String(trade.at),
    feeCoin: settle,
    feeCurrency: settle,
    isMaker: trade.maker,
    feeRate: free ? '0' : trade.maker ? makerFeeRate : takerFeeRate,
  };
}

/**
 * One funding payment, an execution of type `Funding`: `side` is the position's, `execFee` is positive when the account
 * PAID, and `feeRate` carries that sign too (the funding rate for a long, its negation for a short). The transaction
 * log has the opposite sign: bybit-exchange.github.io/docs/v5/account/transaction-log.
 */
export function fundingRow(payment: ExchangePayment, { contractSize, settle }: ExchangeInstrument): Row {
  const held = abs(payment.contracts);
  const value: Quote = cashValue(held, contractSize, payment.mark);
  const long = isPositive(payment.contracts);
  return {
    ...executionBase(payment.symbol, long ? 'buy' : 'sell'),
    orderId: `${Math.floor(payment.at / 1_000)}-${bybitId(payment.symbol)}-${payment.paymentId}`,
    orderLinkId: '',
    orderPrice: '0',
    orderQty: '0',
    orderType: 'UNKNOWN',
    leavesQty: '0',
    createType: '',
    execFee: text(neg(payment.amount)),
    execId: payment.paymentId,
    execPrice: text(payment.mark),
    execQty: text(held),
    execType: 'Funding',
    execValue: text(value),
    execPnl: '0',
    execTime: String(payment.at),
    feeCoin: settle,
    feeCurrency: settle,
    isMaker: false,
    feeRate: long ? payment.rate : text(neg(quote(payment.rate))),
    markPrice: text(payment.mark),
  };
}

function executionBase(symbol: string, side: 'buy' | 'sell'): Row {
  return {
    symbol: bybitId(symbol),
    side: sideName(side),
    stopOrderType: 'UNKNOWN',
    tradeIv: '',
    markIv: '',
    markPrice: '',
    indexPrice: '',
    underlyingPrice: '',
    blockTradeId: '',
    closedSize: '',
    isLeverage: '0',
    marketUnit: '',
  };
}

/** `Buy`, `Sell`, or empty for a flat position. */
export function positionSide(held: Contracts): string {
  if (isPositive(held)) return 'Buy';
  return isNegative(held) ? 'Sell' : '';
}
