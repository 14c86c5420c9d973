/**
 * What an order may do to a position beyond the checks of the exchange model, the same on every venue; each dialect
 * refuses in its own words. Entry points: `reducible` for reduce-only orders (OKX has a rule of its own for them,
 * okx/placement.ts), `exceedsLimit` for the others, `limitValue` for the tier that venues publish.
 */
import {
  abs,
  add,
  type Contracts,
  contracts,
  gt,
  isMultipleOf,
  isPositive,
  isZero,
  min,
  neg,
  type Quote,
  sub,
  sum,
} from '../../kernel/decimal.ts';
import type { Exchange, ExchangeMarket, PlaceRequest } from '../exchange/api.ts';
import { cashValue } from '../exchange/position.ts';

const ZERO: Contracts = contracts('0');

/**
 * The reduce-only `request`, cut to what those that rest leave of the position; undefined when they leave nothing of it.
 * What the model refuses by itself passes as it is.
 */
export function reducible(exchange: Exchange, account: string, request: PlaceRequest): PlaceRequest | undefined {
  const held = heldOf(exchange, account, request);
  const resting = restingOf(exchange, account, request);
  const reduces = !isZero(held) && held.s === (request.side === 'sell' ? 1 : -1);
  if (!reduces || isZero(resting) || !isWellSized(exchange, request)) return request;
  const left = sub(abs(held), resting);
  return isPositive(left) ? { ...request, contracts: min(request.contracts, left) } : undefined;
}

/**
 * Whether the position would be larger than its one tier allows if `request`, which is not reduce-only, and all that
 * rests on its side filled. What the model refuses by itself passes.
 */
export function exceedsLimit(exchange: Exchange, account: string, request: PlaceRequest): boolean {
  const held = heldOf(exchange, account, request);
  const signed = request.side === 'buy' ? held : neg(held);
  const filled = add(add(signed, restingOf(exchange, account, request)), request.contracts);
  const most = exchange.market(request.symbol)?.instrument.maxContracts;
  return most !== undefined && !gt(request.contracts, most) && gt(filled, most);
}

/** The largest position, as many contracts as one order may have, at the mark: as its tier is valued. */
export const limitValue = ({ instrument, mark }: ExchangeMarket): Quote =>
  cashValue(instrument.maxContracts, instrument.contractSize, mark);

function heldOf(exchange: Exchange, account: string, { symbol }: PlaceRequest): Contracts {
  return exchange.positions(account).find((position) => position.symbol === symbol)?.contracts ?? ZERO;
}

/** Unfilled contracts of the open orders that do what `request` does. */
function restingOf(exchange: Exchange, account: string, { symbol, side, reduceOnly }: PlaceRequest): Contracts {
  const alike = exchange
    .openOrders(account, symbol)
    .filter((each) => each.side === side && each.reduceOnly === reduceOnly);
  return sum(
    ZERO,
    alike.map(({ contracts: whole, filled }) => sub(whole, filled)),
  );
}

/** A wrong size stays wrong, however little would be left of it. */
function isWellSized(exchange: Exchange, { symbol, contracts: size }: PlaceRequest): boolean {
  const instrument = exchange.market(symbol)?.instrument;
  return instrument !== undefined && isMultipleOf(size, instrument.lot) && !gt(size, instrument.maxContracts);
}
