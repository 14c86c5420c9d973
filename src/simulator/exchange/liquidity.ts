/**
 * External liquidity (pure): which levels an order takes, and what is left of the book afterwards. Accounts trade
 * with these levels only, never with one another, so an order cannot meet its owner's own resting order.
 */
import { invariant } from '../../kernel/assert.ts';
import { type Contracts, gt, isPositive, isZero, lt, min, type Px, sub } from '../../kernel/decimal.ts';
import type { BookLevel } from './api.ts';
import { ZERO_CONTRACTS } from './position.ts';

export type Side = 'buy' | 'sell';

/** True when an order of `side` limited at `limit` may trade at `price`. */
export const accepts = (side: Side, limit: Px, price: Px): boolean =>
  side === 'buy' ? !gt(price, limit) : !lt(price, limit);

/** Levels (or parts) that an order takes, best first; `levels` is the side opposite to the order. */
export function take(levels: readonly BookLevel[], side: Side, wanted: Contracts, limit: Px): readonly BookLevel[] {
  const taken: BookLevel[] = [];
  let left = wanted;
  for (const level of levels) {
    if (!isPositive(left) || !accepts(side, limit, level.price)) break;
    const count = min(left, level.contracts);
    taken.push({ price: level.price, contracts: count });
    left = sub(left, count);
  }
  return taken;
}

/** The levels that remain when `count` contracts are gone from the best of them. */
export function without(levels: readonly BookLevel[], count: Contracts): readonly BookLevel[] {
  let left = count;
  for (let index = 0; index < levels.length; index += 1) {
    const level = levels[index];
    if (!level || isZero(left)) return levels.slice(index);
    if (gt(level.contracts, left)) {
      return [{ price: level.price, contracts: sub(level.contracts, left) }, ...levels.slice(index + 1)];
    }
    left = sub(left, level.contracts);
  }
  invariant(isZero(left), `took ${left.toFixed()} contracts more than the book held`);
  return [];
}

export const sizeOf = (levels: readonly BookLevel[]): Contracts =>
  levels.reduce((total, level) => total.plus(level.contracts) as Contracts, ZERO_CONTRACTS);

/** Throws unless both sides are positive, strictly sorted best first, and not crossed. */
export function assertSoundBook(bids: readonly BookLevel[], asks: readonly BookLevel[]): void {
  assertSide(bids, 'bid', (better, worse) => gt(better, worse));
  assertSide(asks, 'ask', (better, worse) => lt(better, worse));
  const bid = bids[0];
  const ask = asks[0];
  invariant(!bid || !ask || lt(bid.price, ask.price), 'book is crossed');
}

function assertSide(levels: readonly BookLevel[], name: string, ordered: (a: Px, b: Px) => boolean): void {
  let previous: BookLevel | undefined;
  for (const level of levels) {
    invariant(isPositive(level.price) && isPositive(level.contracts), `${name} level must be positive`);
    invariant(!previous || ordered(previous.price, level.price), `${name} levels must be strictly sorted`);
    previous = level;
  }
}
