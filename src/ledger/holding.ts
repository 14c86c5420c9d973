/** Average-cost position arithmetic, exact: cost is kept as cash, never as a rounded average price. */
import {
  abs,
  add,
  type Base,
  gte,
  isNegative,
  isPositive,
  isZero,
  neg,
  notional,
  type Px,
  type Quote,
  shareOfCash,
  sub,
  ZERO_BASE,
  ZERO_QUOTE,
} from '../kernel/decimal.ts';
import type { Side } from '../market/order.ts';

export interface Holding {
  /** Long positive, short negative. */
  readonly quantity: Base;
  /** Signed cash put in: quantity x average entry price, same sign as quantity. */
  readonly cost: Quote;
}

export const FLAT: Holding = { quantity: ZERO_BASE, cost: ZERO_QUOTE };

/** Applies a fill; `realised` is the price PnL of the part that it closed, before fees. */
export function applyFill(
  holding: Holding,
  side: Side,
  quantity: Base,
  price: Px,
): { readonly holding: Holding; readonly realised: Quote } {
  const signed = side === 'buy' ? quantity : neg(quantity);
  const cash = notional(signed, price);
  const reduces = isPositive(holding.quantity)
    ? isNegative(signed)
    : isNegative(holding.quantity) && isPositive(signed);
  if (!reduces) {
    return {
      holding: { quantity: add(holding.quantity, signed), cost: add(holding.cost, cash) },
      realised: ZERO_QUOTE,
    };
  }
  const remaining = add(holding.quantity, signed);
  if (isZero(remaining)) return { holding: FLAT, realised: neg(add(holding.cost, cash)) };
  if (gte(abs(holding.quantity), quantity)) {
    const closedCost = shareOfCash(holding.cost, quantity, abs(holding.quantity));
    return {
      holding: { quantity: remaining, cost: sub(holding.cost, closedCost) },
      realised: neg(add(closedCost, cash)),
    };
  }
  // Flips: close all of it, the rest opens at this price.
  const closing = abs(holding.quantity);
  const closingCash = notional(side === 'buy' ? closing : neg(closing), price);
  return {
    holding: { quantity: remaining, cost: notional(remaining, price) },
    realised: neg(add(holding.cost, closingCash)),
  };
}

/** Unrealised price PnL at `mark`. */
export const unrealised = (holding: Holding, mark: Px): Quote => sub(notional(holding.quantity, mark), holding.cost);
