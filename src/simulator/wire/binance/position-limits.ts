/**
 * What an order may do to a position beyond the checks of the exchange model. Source: "Error Codes" of the
 * USDS-margined futures documentation, -4118 and -2027.
 */
import type { PlaceRequest } from '../../exchange/api.ts';
import { exceedsLimit, reducible } from '../position-limits.ts';
import type { WireMarket } from './markets.ts';
import { ok, type Result, refuse } from './reply.ts';
import type { PrivateCall } from './route.ts';

/** The order, cut to what other reduce-only orders that rest leave of the position; or a refusal. */
export function withinPosition(
  { exchange, account }: PrivateCall,
  market: WireMarket,
  request: PlaceRequest,
): Result<PlaceRequest> {
  // That its client id is in use, a repeated order has to hear first.
  const open = exchange.openOrders(account, market.symbol);
  if (open.some((order) => order.clientOrderId === request.clientOrderId)) return ok(request);
  if (!request.reduceOnly) {
    return exceedsLimit(exchange, account, request)
      ? refuse(-2027, 'Exceeded the maximum allowable position at current leverage.')
      : ok(request);
  }
  const cut = reducible(exchange, account, request);
  return cut === undefined
    ? refuse(-4118, 'ReduceOnly Order Failed. Please check your existing position and open orders.')
    : ok(cut);
}
