/**
 * What an order may do to a position beyond the checks of the exchange model. Source: "Error Codes" of the
 * USDS-margined futures documentation, -4118 and -2027.
 */
import { add, type Contracts, contracts, gt, neg, sum } from '../../../kernel/decimal.ts';
import type { PlaceRequest } from '../../exchange/api.ts';
import { reducible, remaining } from '../reduce-only.ts';
import type { WireMarket } from './markets.ts';
import { ok, type Result, refuse } from './reply.ts';
import type { PrivateCall } from './route.ts';

const ZERO: Contracts = contracts('0');

/**
 * The order, if it is reduce-only for no more of the position than other reduce-only orders that rest leave of it; or a
 * refusal. What the model refuses by itself passes.
 */
export function withinPosition(call: PrivateCall, market: WireMarket, request: PlaceRequest): Result<PlaceRequest> {
  const { exchange, account } = call;
  // That its client id is in use, a repeated order has to hear first.
  const open = exchange.openOrders(account, market.symbol);
  if (open.some((order) => order.clientOrderId === request.clientOrderId)) return ok(request);
  if (!request.reduceOnly) return opening(call, market, request);
  const cut = reducible(exchange, account, request);
  return cut === undefined
    ? refuse(-4118, 'ReduceOnly Order Failed. Please check your existing position and open orders.')
    : ok(cut);
}

/** The cap of the one leverage bracket (`maxNotional`), in contracts: both it and the position are valued at the mark. */
function opening(
  { exchange, account }: PrivateCall,
  { symbol, instrument }: WireMarket,
  request: PlaceRequest,
): Result<PlaceRequest> {
  const held = exchange.positions(account).find((position) => position.symbol === symbol)?.contracts ?? ZERO;
  const sameSide = exchange
    .openOrders(account, symbol)
    .filter(({ side, reduceOnly }) => side === request.side && !reduceOnly);
  const signed = request.side === 'buy' ? held : neg(held);
  const isSingle = !gt(request.contracts, instrument.maxContracts);
  const resting = sum(ZERO, sameSide.map(remaining));
  return isSingle && gt(add(add(signed, resting), request.contracts), instrument.maxContracts)
    ? refuse(-2027, 'Exceeded the maximum allowable position at current leverage.')
    : ok(request);
}
