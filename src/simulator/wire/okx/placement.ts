/**
 * Placing and cancelling orders. Entry points: `place`, `cancel`; each returns one item of an order endpoint's answer,
 * with `sCode` 0 or the reason.
 *
 * Sizes are contracts. A post-only order that would cross and a FOK order that cannot fill are acknowledged and then
 * cancelled, as on the venue. `tdMode` is each order's own on OKX; the model holds one margin mode per instrument, so an
 * order brings its mode with it, and that mode's leverage, while the instrument is idle, and is refused while something in
 * the other mode is open.
 * A reduce-only order is never trimmed to the position: one that is too large is refused whole (`exceedsPosition`).
 */
import { InvariantError } from '../../../kernel/assert.ts';
import {
  abs,
  ceilTo,
  contracts,
  floorTo,
  gt,
  gte,
  isZero,
  lte,
  max,
  min,
  type Px,
  px,
  sub,
  sum,
} from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type {
  Exchange,
  ExchangeMarket,
  ExchangeOrder,
  ExchangePosition,
  PlaceRequest,
  RefuseReason,
} from '../../exchange/api.ts';
import { exceedsLimit } from '../position-limits.ts';
import { mayRest } from '../resting.ts';
import { priceLimits } from './market-rows.ts';
import { missing, type Params, text } from './params.ts';
import { Refused, type Row } from './reply.ts';
import type { PrivateCall } from './route.ts';

const CLIENT_ID = /^[0-9A-Za-z]{1,32}$/;
const TAG = /^[0-9A-Za-z]{0,16}$/;
const PLAIN_DECIMAL = /^\d{1,20}(\.\d{1,20})?$/;
/** Pending orders per account and instrument. */
const MAX_PENDING = 500;
const ORDER_TYPES: ReadonlyMap<string, Pick<PlaceRequest, 'type' | 'tif'>> = new Map([
  ['market', { type: 'market', tif: 'IOC' }],
  ['limit', { type: 'limit', tif: 'GTC' }],
  ['post_only', { type: 'limit', tif: 'POST_ONLY' }],
  ['fok', { type: 'limit', tif: 'FOK' }],
  ['ioc', { type: 'limit', tif: 'IOC' }],
  ['optimal_limit_ioc', { type: 'market', tif: 'IOC' }],
]);
/**
 * Real parameters that this venue does not offer: taking them silently would place another order than was meant. Attached
 * take profits and stop losses, also in their older form, and the prices of options.
 */
const UNSUPPORTED = ['attachAlgoOrds', 'tpTriggerPx', 'tpOrdPx', 'slTriggerPx', 'slOrdPx', 'pxUsd', 'pxVol'];

type Call = Omit<PrivateCall, 'items' | 'params'>;

/** One order; `item` is the request's object. */
export function place(call: Call, item: Params): Row {
  const request = call.isPast ? new Refused('50036') : parse(call, item);
  if (request instanceof Refused) return result(call, item, '', request);
  const { exchange, account, modes } = call;
  const before = exchange.marginMode(account, request.symbol);
  const mode = text(item, 'tdMode') === 'isolated' ? 'isolated' : 'cross';
  if (!modes.enter(account, request.symbol, mode)) {
    // The venue holds a position in either mode: in this one there is none to reduce.
    return result(call, item, '', request.reduceOnly ? new Refused('51169') : new Refused('51000', 'tdMode'));
  }
  if (exceedsPosition(call, request)) return result(call, item, '', new Refused('51112'));
  if (mayRest(request) && exchange.openOrders(account, request.symbol).length >= MAX_PENDING) {
    return result(call, item, '', new Refused('51174', text(item, 'instId'), String(MAX_PENDING)));
  }
  if (exceedsTier(call, request)) return result(call, item, '', new Refused('51004'));
  const placed = exchange.place(account, request);
  if (placed.ok) return result(call, item, placed.order.orderId);
  modes.enter(account, request.symbol, before);
  return result(call, item, '', placeRefusal(call, request, placed.reason));
}

/** One cancellation by `ordId` or `clOrdId`; with both, `ordId` counts. */
export function cancel(call: Call, item: Params): Row {
  const { exchange, account, ids } = call;
  const absent = missing(item, 'instId');
  if (absent !== undefined) return result(call, item, '', absent);
  const orderId = text(item, 'ordId');
  const clientOrderId = text(item, 'clOrdId');
  if (orderId === '' && clientOrderId === '') return result(call, item, '', new Refused('51407'));
  const symbol = ids.symbol(text(item, 'instId'));
  if (symbol === undefined) return result(call, item, orderId, new Refused('51001'));
  const ref = orderId === '' ? { clientOrderId } : { orderId };
  const canceled = exchange.cancel(account, symbol, ref);
  if (canceled.ok) {
    return result(call, { ...item, clOrdId: canceled.order.clientOrderId }, canceled.order.orderId);
  }
  const order = exchange.order(account, symbol, ref);
  if (order === undefined) return result(call, item, orderId, new Refused('51400'));
  return result(call, item, order.orderId, new Refused(order.status === 'filled' ? '51402' : '51401'));
}

function result({ now }: Call, item: Params, ordId: string, refused?: Refused): Row {
  return {
    clOrdId: text(item, 'clOrdId'),
    ordId,
    sCode: refused?.code ?? '0',
    sMsg: refused?.message ?? '',
    tag: text(item, 'tag'),
    ts: String(now),
  };
}

function parse({ exchange, account, ids }: Call, item: Params): PlaceRequest | Refused {
  const absent = missing(item, 'instId', 'tdMode', 'side', 'ordType', 'sz');
  if (absent !== undefined) return absent;
  const symbol = ids.symbol(text(item, 'instId'));
  if (symbol === undefined) return new Refused('51001');
  const side = text(item, 'side');
  if (side !== 'buy' && side !== 'sell') return new Refused('51000', 'side');
  const kind = ORDER_TYPES.get(text(item, 'ordType'));
  if (kind === undefined) return new Refused('51000', 'ordType');
  if (!['isolated', 'cross'].includes(text(item, 'tdMode'))) return new Refused('51000', 'tdMode');
  const unsupported = UNSUPPORTED.find((name) => isGiven(item[name]));
  if (unsupported !== undefined) return new Refused('51000', unsupported);
  const hedged = exchange.positionMode(account) === 'hedge';
  if (!(hedged ? ['long', 'short'] : ['', 'net']).includes(text(item, 'posSide'))) {
    return new Refused('51000', 'posSide');
  }
  const clientOrderId = text(item, 'clOrdId');
  if (clientOrderId !== '' && !CLIENT_ID.test(clientOrderId)) return new Refused('51000', 'clOrdId');
  if (!TAG.test(text(item, 'tag'))) return new Refused('51000', 'tag');
  const reduceOnly = text(item, 'reduceOnly') || 'false';
  if (reduceOnly !== 'true' && reduceOnly !== 'false') return new Refused('51000', 'reduceOnly');
  const size = text(item, 'sz');
  if (!PLAIN_DECIMAL.test(size)) return new Refused('51000', 'sz');
  const price = text(item, 'px');
  if (kind.type === 'limit' && price === '') return new Refused('51204');
  if (kind.type === 'limit' && !PLAIN_DECIMAL.test(price)) return new Refused('51000', 'px');
  const amendType = text(item, 'pxAmendType') || '0';
  if (amendType !== '0' && amendType !== '1') return new Refused('51000', 'pxAmendType');
  const market = amendType === '1' ? exchange.market(symbol) : undefined;
  return {
    symbol,
    side,
    ...kind,
    ...(kind.type === 'limit' && { price: market === undefined ? px(price) : amended(market, side, px(price)) }),
    contracts: contracts(size),
    reduceOnly: reduceOnly === 'true',
    ...(clientOrderId !== '' && { clientOrderId }),
    unfillable: 'expire',
  };
}

/** With `pxAmendType` 1: the best price within the limits in place of one beyond them. */
function amended(market: ExchangeMarket, side: 'buy' | 'sell', price: Px): Px {
  const limits = priceLimits(market);
  const { tick } = market.instrument;
  return side === 'buy' ? min(price, floorTo(px(limits.buy), tick)) : max(price, ceilTo(px(limits.sell), tick));
}

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);

function placeRefusal(call: Call, request: PlaceRequest, reason: RefuseReason): Refused {
  switch (reason) {
    case 'insufficient_margin':
      return new Refused('51008', settleOf(call, request.symbol));
    case 'price_out_of_band': {
      const market = call.exchange.market(request.symbol);
      const limits = market === undefined ? { buy: '', sell: '' } : priceLimits(market);
      return new Refused('51006', limits.buy, limits.sell);
    }
    case 'above_max_quantity':
      return new Refused(request.type === 'market' ? '51202' : '51101');
    case 'reduce_only_rejected':
      return new Refused(canReduce(call, request) ? '51112' : '51169');
    case 'unknown_symbol':
      return new Refused('51001');
    case 'not_trading':
      return new Refused('51022');
    case 'bad_quantity_step':
      return new Refused('51121');
    case 'below_min_quantity':
    case 'below_min_notional':
      return new Refused('51020');
    case 'bad_price_tick':
      return new Refused('51150');
    case 'duplicate_client_id':
      return new Refused('51016');
    case 'position_mode_mismatch':
      return new Refused('51010');
    default:
      throw new InvariantError(`placing cannot be refused for ${reason}`);
  }
}

const settleOf = ({ exchange }: Call, symbol: UnifiedSymbol): string =>
  exchange.market(symbol)?.instrument.settle ?? '';

function exceedsTier({ exchange, account }: Call, request: PlaceRequest): boolean {
  return !request.reduceOnly && !isRepeated(exchange, account, request) && exceedsLimit(exchange, account, request);
}

/** That its client id is in use, a repeated order has to hear first. */
function isRepeated(exchange: Exchange, account: string, { symbol, clientOrderId }: PlaceRequest): boolean {
  const open = exchange.openOrders(account, symbol);
  return clientOrderId !== undefined && open.some((order) => order.clientOrderId === clientOrderId);
}

/**
 * "Place order", `reduceOnly`: an order whose size, with the reduce-only orders of its side that go before it in price
 * and time, is more than the position is refused whole, where other venues reduce it.
 */
function exceedsPosition(call: Call, request: PlaceRequest): boolean {
  if (!request.reduceOnly || !canReduce(call, request)) return false;
  const { symbol, side } = request;
  if (isRepeated(call.exchange, call.account, request)) return false;
  const resting = call.exchange.openOrders(call.account, symbol);
  const ahead = resting.filter((order) => order.reduceOnly && order.side === side && goesBefore(order, request));
  const left = ahead.map((order) => sub(order.contracts, order.filled));
  return gt(sum(request.contracts, left), abs(positionOf(call, symbol)?.contracts ?? contracts('0')));
}

/** What rests is older; a market order waits for nobody. */
function goesBefore({ price: resting }: ExchangeOrder, { side, price }: PlaceRequest): boolean {
  if (resting === undefined || price === undefined) return false;
  return side === 'sell' ? lte(resting, price) : gte(resting, price);
}

/** True when a position exists that `request.side` would reduce. */
function canReduce(call: Call, { symbol, side }: PlaceRequest): boolean {
  const position = positionOf(call, symbol);
  return position !== undefined && !isZero(position.contracts) && position.contracts.s === (side === 'sell' ? 1 : -1);
}

const positionOf = ({ exchange, account }: Call, symbol: UnifiedSymbol): ExchangePosition | undefined =>
  exchange.positions(account).find((held) => held.symbol === symbol);
