/**
 * Orders and fills as OKX writes them, for REST and for the `orders` channel. Entry points: `orderRow`, `orderPush`,
 * `fillRow`. Sizes are contracts; fees are negative when paid, the opposite of the model's sign.
 */
import {
  averagePrice,
  contractsToBase,
  isPositive,
  neg,
  type Quote,
  round,
  sum,
  text,
  ZERO_QUOTE,
} from '../../../kernel/decimal.ts';
import type { Exchange, ExchangeInstrument, ExchangeOrder, ExchangeTrade } from '../../exchange/api.ts';
import { instIdOf } from './instrument-ids.ts';
import { lastText } from './market-rows.ts';
import type { Row } from './reply.ts';

const ORDER_TYPES = { GTC: 'limit', IOC: 'ioc', FOK: 'fok', POST_ONLY: 'post_only' } as const;
/** `cancelSource`: post-only would take 31, FOK not fillable 13, IOC remainder 14, the user 1. */
const EXPIRY_SOURCES = { GTC: '', IOC: '14', FOK: '13', POST_ONLY: '31' } as const;
const CATEGORIES = { order: 'normal', liquidation: 'full_liquidation', adl: 'adl' } as const;
/** Digits that OKX keeps of an average price. */
const AVERAGE_DIGITS = 16;

/** What a row needs beside the order. */
export interface OrderContext {
  readonly exchange: Exchange;
  readonly account: string;
  readonly instrument: ExchangeInstrument;
}

/** OKX shows zero as `0`, never as `-0`. */
const negated = (amount: Quote): string => text(isPositive(amount) ? neg(amount) : (amount.abs() as Quote));

export function orderState(order: ExchangeOrder): 'live' | 'partially_filled' | 'filled' | 'canceled' {
  if (order.status === 'filled') return 'filled';
  if (order.status !== 'open') return 'canceled';
  return isPositive(order.filled) ? 'partially_filled' : 'live';
}

function cancelSource(order: ExchangeOrder): string {
  if (order.status === 'expired') return EXPIRY_SOURCES[order.tif];
  return order.status === 'canceled' ? '1' : '';
}

function common(context: OrderContext, order: ExchangeOrder): Row {
  const { account, exchange, instrument } = context;
  const filledBase = contractsToBase(order.filled, instrument.contractSize);
  const mode = exchange.marginMode(account, order.symbol);
  return {
    accFillSz: text(order.filled),
    algoClOrdId: '',
    algoId: '',
    attachAlgoClOrdId: '',
    attachAlgoOrds: [],
    avgPx: isPositive(order.filled) ? text(round(averagePrice(order.cumQuote, filledBase), AVERAGE_DIGITS)) : '',
    cTime: String(order.createdAt),
    cancelSource: cancelSource(order),
    cancelSourceReason: '',
    ccy: '',
    clOrdId: order.clientOrderId,
    fee: negated(order.cumFee),
    feeCcy: instrument.settle,
    instId: instIdOf(order.symbol),
    instType: 'SWAP',
    isTpLimit: 'false',
    lever: String(exchange.leverage(account, order.symbol)),
    linkedAlgoOrd: { algoId: '' },
    ordId: order.orderId,
    ordType: order.type === 'market' ? 'market' : ORDER_TYPES[order.tif],
    posSide: 'net',
    px: order.price === undefined ? '' : text(order.price),
    pxType: '',
    pxUsd: '',
    pxVol: '',
    quickMgnType: '',
    rebate: '0',
    rebateCcy: instrument.settle,
    reduceOnly: String(order.reduceOnly),
    side: order.side,
    slOrdPx: '',
    slTriggerPx: '',
    slTriggerPxType: '',
    source: '',
    state: orderState(order),
    stpId: '',
    stpMode: 'cancel_maker',
    sz: text(order.contracts),
    tag: '',
    tdMode: mode,
    tgtCcy: '',
    tpOrdPx: '',
    tpTriggerPx: '',
    tpTriggerPxType: '',
    tradeQuoteCcy: '',
    uTime: String(order.updatedAt),
  };
}

/** A REST row; `trades` are the order's own, oldest first. */
export function orderRow(context: OrderContext, order: ExchangeOrder, trades: readonly ExchangeTrade[]): Row {
  const last = trades.at(-1);
  return {
    ...common(context, order),
    category: CATEGORIES[last?.cause ?? 'order'],
    fillPx: last === undefined ? '' : text(last.price),
    fillSz: last === undefined ? '0' : text(last.contracts),
    fillTime: last === undefined ? '' : String(last.at),
    pnl: text(
      sum(
        ZERO_QUOTE,
        trades.map((trade) => trade.realizedPnl),
      ),
    ),
    tradeId: last?.tradeId ?? '',
  };
}

/** A row of the `orders` channel: one state change, with the fill that caused it, if one did. */
export function orderPush(context: OrderContext, order: ExchangeOrder, trade: ExchangeTrade | undefined): Row {
  const filled = trade !== undefined;
  const market = context.exchange.market(order.symbol);
  return {
    ...common(context, order),
    amendResult: '',
    amendSource: '',
    category: CATEGORIES[trade?.cause ?? 'order'],
    code: '0',
    execType: filled ? execType(trade) : '',
    fillFee: filled ? negated(trade.fee) : '0',
    fillFeeCcy: filled ? context.instrument.settle : '',
    fillFwdPx: '',
    fillIdxPx: filled && market !== undefined ? text(market.index) : '',
    fillMarkPx: filled && market !== undefined ? text(market.mark) : '',
    fillMarkVol: '',
    fillNotionalUsd: filled ? text(trade.quote) : '',
    fillPnl: filled ? text(trade.realizedPnl) : '0',
    fillPx: filled ? text(trade.price) : '',
    fillPxUsd: '',
    fillPxVol: '',
    fillSz: filled ? text(trade.contracts) : '0',
    fillTime: filled ? String(trade.at) : '',
    lastPx: market === undefined ? '' : lastText(market),
    msg: '',
    notionalUsd: '',
    pnl: filled ? text(trade.realizedPnl) : '0',
    reqId: '',
    tradeId: filled ? trade.tradeId : '',
  };
}

const execType = (trade: ExchangeTrade): 'M' | 'T' => (trade.maker ? 'M' : 'T');

/** A row of `fills` and `fills-history`. */
export function fillRow(trade: ExchangeTrade, instrument: ExchangeInstrument): Row {
  return {
    billId: billIdOf(trade.tradeId),
    clOrdId: trade.clientOrderId,
    execType: execType(trade),
    fee: negated(trade.fee),
    feeCcy: instrument.settle,
    feeRate: '',
    fillFwdPx: '',
    fillIdxPx: '',
    fillMarkPx: '',
    fillMarkVol: '',
    fillPnl: text(trade.realizedPnl),
    fillPx: text(trade.price),
    fillPxUsd: '',
    fillPxVol: '',
    fillSz: text(trade.contracts),
    fillTime: String(trade.at),
    instId: instIdOf(trade.symbol),
    instType: 'SWAP',
    ordId: trade.orderId,
    posSide: 'net',
    side: trade.side,
    subType: tradeSubType(trade),
    tag: '',
    tradeId: trade.tradeId,
    ts: String(trade.at),
  };
}

/** OKX `subType` of a net-mode trade: bought or sold by order, by liquidation, by auto-deleveraging. */
export function tradeSubType(trade: ExchangeTrade): string {
  const codes = { order: ['1', '2'], liquidation: ['106', '107'], adl: ['127', '128'] } as const;
  return codes[trade.cause][trade.side === 'buy' ? 0 : 1];
}

/** A bill and the trade or payment behind it have different ids at OKX; joining one with the other must fail here too. */
export const billIdOf = (id: string): string => `${id}0`;
