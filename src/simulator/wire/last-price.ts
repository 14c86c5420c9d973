/**
 * The price of the last trade, which every venue publishes beside its book. The exchange model knows the accounts' own
 * trades only; those that move the book are nobody's. So the last one is taken to have been at the best price that the
 * book still shows nearest to the last known, and in the middle of the first book.
 */
import { add, floorTo, isZero, max, min, type Px, scale } from '../../kernel/decimal.ts';
import type { ExchangeMarket } from '../exchange/api.ts';

/** Undefined before the first book and trade. */
export function lastPrice({ bids, asks, last, instrument }: ExchangeMarket): Px | undefined {
  const bid = bids[0]?.price ?? asks[0]?.price;
  const ask = asks[0]?.price ?? bid;
  if (bid === undefined || ask === undefined) return isZero(last) ? undefined : last;
  return isZero(last) ? floorTo(scale(add(bid, ask), '0.5'), instrument.tick) : max(bid, min(last, ask));
}
