/** What was held at an earlier instant: a payment is told after its settlement, when trades may have followed. Pure. */
import { type Base, neg, sub } from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Fill } from '../market/order.ts';

/** One change of a held quantity, by the clock that stamped it. */
export interface QuantityChange {
  readonly at: Instant;
  /** Bought positive. */
  readonly change: Base;
}

/** Payments come minutes after their settlement. What lies before the oldest kept change counts as held since ever. */
const KEPT = 100;

/** Appends in the order of telling; the one told first is forgotten when there are too many. */
export function noteTrade(changes: QuantityChange[], { side, quantity, at }: Pick<Fill, 'side' | 'quantity' | 'at'>) {
  changes.push({ at, change: side === 'buy' ? quantity : neg(quantity) });
  if (changes.length > KEPT) changes.shift();
}

/** Base units held at `at`, long positive, from what is held now: every later trade taken back. */
export const quantityAt = (held: Base, changes: readonly QuantityChange[], at: Instant): Base =>
  changes.reduce((before, each) => (each.at > at ? sub(before, each.change) : before), held);
