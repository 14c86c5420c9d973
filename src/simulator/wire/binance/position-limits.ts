/**
 * What an order may do to a position beyond the checks of the exchange model. Source: "Error Codes" of the
 * USDS-margined futures documentation, -4118 and -2027.
 */
import {
  abs,
  add,
  type Contracts,
  contracts,
  gt,
  isPositive,
  isZero,
  min,
  neg,
  sub,
  sum,
} from '../../../kernel/decimal.ts';
import type { ExchangeOrder, PlaceRequest } from '../../exchange/api.ts';
import type { WireMarket } from './markets.ts';
import { ok, type Result, refuse } from './reply.ts';
import type { PrivateCall } from './route.ts';

const ZERO: Contracts = contracts('0');

/**
 * The order, if it is reduce-only for no more of the position than other reduce-only orders that rest leave of it; or a
 * refusal. What the model refuses by itself passes.
 */
export function withinPosition(
  { exchange, account }: PrivateCall,
  market: WireMarket,
  request: PlaceRequest,
): Result<PlaceRequest> {
  const open = exchange.openOrders(account, market.symbol);
  // That its client id is in use, a repeated order has to hear first.
  if (open.some((order) => order.clientOrderId === request.clientOrderId)) return ok(request);
  const held = exchange.positions(account).find(({ symbol }) => symbol === market.symbol)?.contracts ?? ZERO;
  const sameSide = open.filter(({ side, reduceOnly }) => side === request.side && reduceOnly === request.reduceOnly);
  const resting = sum(ZERO, sameSide.map(remaining));
  return request.reduceOnly ? reducing(request, held, resting) : opening(request, market, held, resting);
}

function reducing(request: PlaceRequest, held: Contracts, resting: Contracts): Result<PlaceRequest> {
  if (isZero(held) || held.s !== (request.side === 'sell' ? 1 : -1) || isZero(resting)) return ok(request);
  const left = sub(abs(held), resting);
  return isPositive(left)
    ? ok({ ...request, contracts: min(request.contracts, left) })
    : refuse(-4118, 'ReduceOnly Order Failed. Please check your existing position and open orders.');
}

/** The cap of the one leverage bracket (`maxNotional`), in contracts: both it and the position are valued at the mark. */
function opening(
  request: PlaceRequest,
  { instrument }: WireMarket,
  held: Contracts,
  resting: Contracts,
): Result<PlaceRequest> {
  const signed = request.side === 'buy' ? held : neg(held);
  const isSingle = !gt(request.contracts, instrument.maxContracts);
  return isSingle && gt(add(add(signed, resting), request.contracts), instrument.maxContracts)
    ? refuse(-2027, 'Exceeded the maximum allowable position at current leverage.')
    : ok(request);
}

const remaining = ({ contracts: whole, filled }: ExchangeOrder): Contracts => sub(whole, filled);
