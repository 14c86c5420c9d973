/** Orders and fills in Binance's words, for REST and the user data stream. */
import { neg } from '../../../kernel/decimal.ts';
import type { Exchange, ExchangeOrder, ExchangeTrade, Tif } from '../../exchange/api.ts';
import { cash, idNumber, type WireMarket } from './markets.ts';

const TIF_NAMES: Readonly<Record<Tif, string>> = { GTC: 'GTC', IOC: 'IOC', FOK: 'FOK', POST_ONLY: 'GTX' };

/** What cannot be read off an order itself: orders that the venue made have their own client ids and type. */
export interface OrderNames {
  readonly clientOrderId: string;
  readonly type: string;
  readonly tif: string;
}

/** `cause` of the order's fills; only the venue's own orders have no client order id. */
export function namesOf(exchange: Exchange, account: string, order: ExchangeOrder): OrderNames {
  if (order.clientOrderId !== '') {
    const market = order.type === 'market';
    return {
      clientOrderId: order.clientOrderId,
      type: market ? 'MARKET' : 'LIMIT',
      tif: market ? 'GTC' : TIF_NAMES[order.tif],
    };
  }
  const trades = exchange.trades(account, order.symbol);
  const adl = trades.some(({ orderId, cause }) => orderId === order.orderId && cause === 'adl');
  return adl
    ? { clientOrderId: 'adl_autoclose', type: 'MARKET', tif: 'GTC' }
    : { clientOrderId: `autoclose-${order.orderId}`, type: 'LIQUIDATION', tif: 'IOC' };
}

export function statusOf({ status, filled }: ExchangeOrder): string {
  if (status === 'open') return filled.eq('0') ? 'NEW' : 'PARTIALLY_FILLED';
  return status.toUpperCase();
}

/** The fields that every order answer has. */
export function orderRow(market: WireMarket, order: ExchangeOrder, names: OrderNames): Record<string, unknown> {
  const executed = market.quantity(order.filled);
  return {
    orderId: idNumber(order.orderId),
    symbol: market.id,
    status: statusOf(order),
    clientOrderId: names.clientOrderId,
    price: order.price ? market.price(order.price) : '0',
    avgPrice: market.average(order.cumQuote, order.filled),
    origQty: market.quantity(order.contracts),
    executedQty: executed,
    cumQuote: cash(order.cumQuote),
    timeInForce: names.tif,
    type: names.type,
    reduceOnly: order.reduceOnly,
    closePosition: false,
    side: order.side.toUpperCase(),
    positionSide: 'BOTH',
    stopPrice: '0',
    workingType: 'CONTRACT_PRICE',
    priceProtect: false,
    origType: names.type,
    priceMatch: 'NONE',
    selfTradePreventionMode: 'EXPIRE_MAKER',
    goodTillDate: 0,
    updateTime: order.updatedAt,
  };
}

/** An order as queries list it. */
export function queriedOrderRow(market: WireMarket, order: ExchangeOrder, names: OrderNames): unknown {
  return { ...orderRow(market, order, names), time: order.createdAt };
}

/** An order as the placing and cancelling calls return it. */
export function answeredOrderRow(market: WireMarket, order: ExchangeOrder, names: OrderNames): Record<string, unknown> {
  return { ...orderRow(market, order, names), cumQty: market.quantity(order.filled) };
}

export function tradeRow(market: WireMarket, trade: ExchangeTrade): unknown {
  return {
    buyer: trade.side === 'buy',
    commission: cash(trade.fee),
    commissionAsset: market.instrument.settle,
    id: idNumber(trade.tradeId),
    maker: trade.maker,
    orderId: idNumber(trade.orderId),
    price: market.price(trade.price),
    qty: market.quantity(trade.contracts),
    quoteQty: cash(trade.quote),
    realizedPnl: cash(trade.realizedPnl),
    side: trade.side.toUpperCase(),
    positionSide: 'BOTH',
    symbol: market.id,
    time: trade.at,
  };
}

/** The `o` object of ORDER_TRADE_UPDATE; `executionType` is its `x`. */
export function orderUpdate(
  market: WireMarket,
  order: ExchangeOrder,
  names: OrderNames,
  executionType: string,
  trade: ExchangeTrade | undefined,
): unknown {
  return {
    s: market.id,
    c: names.clientOrderId,
    S: order.side.toUpperCase(),
    o: names.type,
    f: names.tif,
    q: market.quantity(order.contracts),
    p: order.price ? market.price(order.price) : '0',
    ap: market.average(order.cumQuote, order.filled),
    sp: '0',
    x: executionType,
    X: statusOf(order),
    i: idNumber(order.orderId),
    l: trade ? market.quantity(trade.contracts) : '0',
    z: market.quantity(order.filled),
    L: trade ? market.price(trade.price) : '0',
    ...(trade && { n: cash(trade.fee), N: market.instrument.settle }),
    T: order.updatedAt,
    t: trade ? idNumber(trade.tradeId) : 0,
    m: trade?.maker ?? false,
    R: order.reduceOnly,
    wt: 'CONTRACT_PRICE',
    ot: names.type,
    ps: 'BOTH',
    cp: false,
    rp: trade ? cash(trade.realizedPnl) : '0',
    pP: false,
    V: 'EXPIRE_MAKER',
    pm: 'NONE',
    gtd: 0,
  };
}

/** Trading fees are negative income. */
export const feeIncome = (trade: ExchangeTrade): string => cash(neg(trade.fee));
