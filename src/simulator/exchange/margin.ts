/**
 * What open orders lock, what a new order needs, and who covers a shortfall.
 *
 * Positions are margined one by one (isolated); accounts in cross mode are margined the same way, which is stricter
 * than a venue's cross margin. Orders that reduce the position lock nothing. Each opening order locks its notional
 * over the leverage plus the taker fee.
 */
import {
  abs,
  add,
  type Contracts,
  isNegative,
  isPositive,
  max,
  min,
  neg,
  type Px,
  type Quote,
  scale,
  sub,
  ZERO_QUOTE,
} from '../../kernel/decimal.ts';
import type { Side } from './liquidity.ts';
import { cashValue, initialMargin, ZERO_CONTRACTS } from './position.ts';
import { type Account, availableOf, reducingSide, remainingOf, type Slot } from './state.ts';

/** Cash that an order needs when `opening` of its `contracts` open or extend a position. */
export function orderNeed(slot: Slot, opening: Contracts, contracts: Contracts, price: Px): Quote {
  if (!isPositive(opening)) return ZERO_QUOTE;
  const { contractSize, takerFeeRate } = slot.market.instrument;
  const margin = initialMargin(cashValue(opening, contractSize, price), slot.leverage);
  return add(margin, scale(cashValue(contracts, contractSize, price), takerFeeRate));
}

/** Contracts that open orders of `side` may still close before they start to open. */
function closable(slot: Slot, side: Side): Contracts {
  return reducingSide(slot.position) === side ? abs(slot.position.contracts) : ZERO_CONTRACTS;
}

/** How many of `contracts` of a new order would open, after what older orders of that side already close. */
export function openingPart(slot: Slot, side: Side, contracts: Contracts): Contracts {
  let left = closable(slot, side);
  for (const { order } of slot.open.values()) {
    if (order.side === side && !order.reduceOnly) left = sub(left, remainingOf(order));
  }
  return max(ZERO_CONTRACTS, sub(contracts, max(ZERO_CONTRACTS, left)));
}

/** Recomputes what the slot's open orders lock; call after any change of its orders, position or leverage. */
export function refreshOrderMargin(slot: Slot): void {
  let locked = ZERO_QUOTE;
  const left = { buy: closable(slot, 'buy'), sell: closable(slot, 'sell') };
  for (const { order } of slot.open.values()) {
    if (order.reduceOnly || order.price === undefined) continue;
    const remaining = remainingOf(order);
    const closing = min(left[order.side], remaining);
    left[order.side] = sub(left[order.side], closing);
    locked = add(locked, orderNeed(slot, sub(remaining, closing), remaining, order.price));
  }
  slot.orderMargin = locked;
}

/**
 * A payment or loss larger than the available cash is taken out of isolated margins, the slot's own first, as venues
 * do. What nobody can cover stays as negative available cash. Returns the slots whose margin shrank.
 */
export function coverShortfall(account: Account, first: Slot): readonly Slot[] {
  const touched: Slot[] = [];
  for (const slot of [first, ...account.slots.values()]) {
    const available = availableOf(account);
    if (!isNegative(available)) break;
    const given = min(slot.position.margin, neg(available));
    if (!isPositive(given)) continue;
    slot.position = { ...slot.position, margin: sub(slot.position.margin, given) };
    touched.push(slot);
  }
  return touched;
}
