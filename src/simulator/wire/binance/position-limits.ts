/**
 * What an order may do to a position beyond the checks of the exchange model. Source: "Error Codes" of the
 * USDS-margined futures documentation, -4118.
 */
import { abs, type Contracts, contracts, isPositive, isZero, min, sub, sum } from '../../../kernel/decimal.ts';
import type { ExchangeOrder, PlaceRequest } from '../../exchange/api.ts';
import { ok, type Result, refuse } from './reply.ts';
import type { PrivateCall } from './route.ts';

const ZERO: Contracts = contracts('0');

/**
 * The order, if reduce-only for no more of the position than other reduce-only orders that rest leave of it. One without
 * a position to reduce is the model's to refuse.
 */
export function withinPosition({ exchange, account }: PrivateCall, request: PlaceRequest): Result<PlaceRequest> {
  const { symbol, side, reduceOnly, clientOrderId } = request;
  const held = exchange.positions(account).find((position) => position.symbol === symbol)?.contracts ?? ZERO;
  if (!reduceOnly || isZero(held) || held.s !== (side === 'sell' ? 1 : -1)) return ok(request);
  const open = exchange.openOrders(account, symbol);
  // That its client id is in use, a repeated order has to hear first.
  if (open.some((order) => order.clientOrderId === clientOrderId)) return ok(request);
  const resting = open.filter((order) => order.reduceOnly && order.side === side);
  const left = sub(abs(held), sum(ZERO, resting.map(remaining)));
  if (!isPositive(left)) {
    return refuse(-4118, 'ReduceOnly Order Failed. Please check your existing position and open orders.');
  }
  return ok(resting.length === 0 ? request : { ...request, contracts: min(request.contracts, left) });
}

const remaining = ({ contracts: whole, filled }: ExchangeOrder): Contracts => sub(whole, filled);
