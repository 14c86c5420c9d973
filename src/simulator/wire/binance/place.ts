/** `POST /fapi/v1/order`: reads an order, hands it to the exchange model, translates its verdict. */
import { InvariantError, unreachable } from '../../../kernel/assert.ts';
import { add, type Contracts, px, scale, sub } from '../../../kernel/decimal.ts';
import type { PlaceRequest, RefuseReason, Tif } from '../../exchange/api.ts';
import type { WireMarket } from './markets.ts';
import { answeredOrderRow, namesOf } from './order-rows.ts';
import {
  decimalText,
  defaulting,
  flag,
  oneOf,
  optional,
  type Params,
  type Parse,
  readParams,
  required,
} from './params.ts';
import { withinPosition } from './position-limits.ts';
import { MAX_OPEN_ORDERS } from './public-routes.ts';
import { missing, ok, type Refused, type Result, refuse, unknownSymbol } from './reply.ts';
import type { PrivateCall } from './route.ts';

const TIFS: ReadonlyMap<string, Tif> = new Map([
  ['GTC', 'GTC'],
  ['IOC', 'IOC'],
  ['FOK', 'FOK'],
  ['GTX', 'POST_ONLY'],
]);
const CLIENT_ID = /^[.A-Z:/a-z0-9_-]{1,36}$/;
/** Types that moved to the algo order endpoints. */
const CONDITIONAL_TYPES = new Set(['STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET']);
/** Real parameters that this venue does not offer; taking them silently would place another order than was meant. */
const UNSUPPORTED = ['stopPrice', 'activationPrice', 'callbackRate', 'priceMatch', 'goodTillDate', 'closePosition'];

const orderType: Parse<'LIMIT' | 'MARKET'> = (raw) => {
  if (raw === 'LIMIT' || raw === 'MARKET') return ok(raw);
  return CONDITIONAL_TYPES.has(raw)
    ? refuse(-4120, 'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.')
    : refuse(-1116, 'Invalid orderType.');
};

const clientId: Parse<string> = (raw) =>
  CLIENT_ID.test(raw) ? ok(raw) : refuse(-4015, 'Client order id is not valid.');

interface Ticket {
  readonly market: WireMarket;
  readonly request: PlaceRequest;
  readonly answer: 'ACK' | 'RESULT';
}

export function placeOrder(call: PrivateCall, newClientOrderId: () => string): Result<unknown> {
  const ticket = readTicket(call, newClientOrderId);
  if (!ticket.ok) return ticket;
  const { market, request, answer } = ticket.value;
  const resting = call.exchange.openOrders(call.account, market.symbol).length;
  if (resting >= MAX_OPEN_ORDERS) return refuse(-2025, 'Reach max open order limit.');
  const wanted = withinPosition(call, market, request);
  if (!wanted.ok) return wanted;
  const placed = call.exchange.place(call.account, wanted.value);
  if (!placed.ok) return placeRefusal(placed.reason, market, request);
  const row = answeredOrderRow(market, placed.order, namesOf(call.exchange, call.account, placed.order));
  if (answer === 'RESULT') return ok(row);
  // An acknowledgement is written before matching: whatever happened since, it says NEW and nothing executed.
  const zero = (0).toFixed(market.quantityDigits);
  return ok({ ...row, status: 'NEW', executedQty: zero, cumQty: zero, cumQuote: '0', avgPrice: '0.00' });
}

function readTicket(
  { params, markets, exchange, account }: PrivateCall,
  newClientOrderId: () => string,
): Result<Ticket> {
  const read = readParams(params, {
    symbol: required(markets.parse),
    side: required(oneOf(['BUY', 'SELL'] as const, refuse(-1117, 'Invalid side.'))),
    type: required(orderType),
    positionSide: defaulting(
      oneOf(['BOTH', 'LONG', 'SHORT'] as const, refuse(-4060, 'Invalid position side.')),
      'BOTH',
    ),
    reduceOnly: defaulting(flag, false),
    newClientOrderId: optional(clientId),
    newOrderRespType: defaulting(
      oneOf(['ACK', 'RESULT'] as const, refuse(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")),
      'ACK',
    ),
  });
  if (!read.ok) return read;
  const { symbol: market, side, type, reduceOnly } = read.value;
  if (read.value.positionSide !== 'BOTH')
    return exchange.positionMode(account) === 'hedge' ? hedgeUnsupported() : sideMismatch();
  const extra = UNSUPPORTED.find((name) => params.has(name) && params.get(name) !== 'false');
  if (extra) return unwanted(extra);
  const contracts = readQuantity(params, market);
  if (!contracts.ok) return contracts;
  const terms = type === 'LIMIT' ? limitTerms(params, market) : marketTerms(params);
  if (!terms.ok) return terms;
  const request: PlaceRequest = {
    symbol: market.symbol,
    side: side === 'BUY' ? 'buy' : 'sell',
    contracts: contracts.value,
    reduceOnly,
    clientOrderId: read.value.newClientOrderId ?? newClientOrderId(),
    ...terms.value,
  };
  return ok({ market, request, answer: read.value.newOrderRespType });
}

type Terms = Pick<PlaceRequest, 'type' | 'tif' | 'price'>;

function limitTerms(params: Params, market: WireMarket): Result<Terms> {
  const read = readParams(params, { timeInForce: optional((raw) => ok(raw)), price: required(decimalText) });
  if (!read.ok) return read;
  if (read.value.timeInForce === undefined) return missing('timeInForce');
  const tif = TIFS.get(read.value.timeInForce);
  if (tif === undefined) return refuse(-1115, 'Invalid timeInForce.');
  const { price } = read.value;
  if (px(price).eq('0')) return refuse(-4001, 'Price less than 0.');
  if (tooPrecise(price, market.priceDigits)) return overPrecision();
  return ok({ type: 'limit', tif, price: px(price) });
}

function marketTerms(params: Params): Result<Terms> {
  const extra = ['timeInForce', 'price'].find((name) => params.has(name));
  return extra ? unwanted(extra) : ok({ type: 'market', tif: 'IOC' });
}

function readQuantity(params: Params, market: WireMarket): Result<Contracts> {
  const read = readParams(params, { quantity: required(decimalText) });
  if (!read.ok) return read;
  const { quantity } = read.value;
  const contracts = market.fromBase(quantity);
  if (contracts.eq('0')) return refuse(-4003, 'Quantity less than or equal to zero.');
  return tooPrecise(quantity, market.quantityDigits) ? overPrecision() : ok(contracts);
}

const tooPrecise = (text: string, digits: number): boolean =>
  (text.split('.')[1] ?? '').replace(/0+$/, '').length > digits;
const overPrecision = (): Refused => refuse(-1111, 'Precision is over the maximum defined for this asset.');
const unwanted = (name: string): Refused => refuse(-1106, `Parameter '${name}' sent when not required.`);
/** The real one takes it; the model holds no two-sided positions, and says so. */
const hedgeUnsupported = (): Refused => refuse(-4061, 'Two-sided positions are not simulated: use one-way mode.');
const sideMismatch = (): Refused => refuse(-4061, "Order's position side does not match user's setting.");

/** Every reason that `place` can give, as Binance words it; the others are defects of the model. */
function placeRefusal(reason: RefuseReason, market: WireMarket, request: PlaceRequest): Refused {
  switch (reason) {
    case 'unknown_symbol':
      return unknownSymbol();
    case 'not_trading':
      return refuse(-4141, 'Symbol is closed.');
    case 'bad_quantity_step':
      return refuse(-4023, 'Qty not increased by step size.');
    case 'below_min_quantity':
      return refuse(-4004, 'Quantity less than min quantity.');
    case 'above_max_quantity':
      return refuse(-4005, 'Quantity greater than max quantity.');
    case 'below_min_notional':
      return refuse(
        -4164,
        `Order's notional must be no smaller than ${market.instrument.minNotional.toFixed()} (unless you choose reduce only).`,
      );
    case 'bad_price_tick':
      return refuse(-4014, 'Price not increased by tick size.');
    case 'price_out_of_band':
      return bandRefusal(market, request.side);
    case 'insufficient_margin':
      return refuse(-2019, 'Margin is insufficient.');
    case 'duplicate_client_id':
      return refuse(-4116, 'ClientOrderId is duplicated.');
    case 'reduce_only_rejected':
      return refuse(-2022, 'ReduceOnly Order is rejected.');
    case 'post_only_would_cross':
      return refuse(
        -5022,
        'Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be recorded in the order history',
      );
    case 'fok_not_filled':
      return refuse(
        -5021,
        'Due to the order could not be filled immediately, the FOK order has been rejected. The order will not be recorded in the order history',
      );
    case 'position_mode_mismatch':
      return sideMismatch();
    case 'order_not_found':
    case 'order_not_open':
    case 'bad_leverage':
    case 'position_open':
    case 'no_change':
      throw new InvariantError(`the exchange model refused an order with ${reason}`);
    default:
      return unreachable(reason);
  }
}

function bandRefusal(market: WireMarket, side: PlaceRequest['side']): Refused {
  const { mark, instrument } = market.state();
  const reach = scale(mark, instrument.priceBand);
  const end = (side === 'buy' ? add(mark, reach) : sub(mark, reach)).toFixed(market.priceDigits);
  return side === 'buy'
    ? refuse(-4016, `Limit price can't be higher than ${end}.`)
    : refuse(-4024, `Limit price can't be lower than ${end}.`);
}
