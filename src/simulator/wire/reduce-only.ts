/**
 * Reduce-only orders together never take more than the position. The exchange model cuts each one by itself; what others
 * that rest take already, the dialects count with `reducible`. OKX refuses by a rule of its own (okx/placement.ts).
 */
import {
  abs,
  type Contracts,
  contracts,
  gt,
  isMultipleOf,
  isPositive,
  isZero,
  min,
  sub,
  sum,
} from '../../kernel/decimal.ts';
import type { Exchange, ExchangeOrder, PlaceRequest } from '../exchange/api.ts';

const ZERO: Contracts = contracts('0');

/**
 * The reduce-only `request`, cut to what those that rest leave of the position; undefined when they leave nothing of it.
 * What the model refuses by itself passes as it is.
 */
export function reducible(exchange: Exchange, account: string, request: PlaceRequest): PlaceRequest | undefined {
  const { symbol, side } = request;
  const held = exchange.positions(account).find((position) => position.symbol === symbol)?.contracts ?? ZERO;
  const ahead = exchange.openOrders(account, symbol).filter((order) => order.reduceOnly && order.side === side);
  const reduces = !isZero(held) && held.s === (side === 'sell' ? 1 : -1);
  if (!reduces || ahead.length === 0 || !isWellSized(exchange, request)) return request;
  const left = sub(abs(held), sum(ZERO, ahead.map(remaining)));
  return isPositive(left) ? { ...request, contracts: min(request.contracts, left) } : undefined;
}

/** A wrong size stays wrong, however little would be left of it. */
function isWellSized(exchange: Exchange, { symbol, contracts: size }: PlaceRequest): boolean {
  const instrument = exchange.market(symbol)?.instrument;
  return instrument !== undefined && isMultipleOf(size, instrument.lot) && !gt(size, instrument.maxContracts);
}

export const remaining = ({ contracts: whole, filled }: ExchangeOrder): Contracts => sub(whole, filled);
