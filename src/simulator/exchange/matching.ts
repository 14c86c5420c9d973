/** Turns book levels into fills, and takes what was filled out of the book. */
import { add, type Contracts, min } from '../../kernel/decimal.ts';
import type { BookLevel, ExchangeTrade } from './api.ts';
import type { Clearing } from './clearing.ts';
import { accepts, type Side, without } from './liquidity.ts';
import { type LiveOrder, type Market, remainingOf } from './state.ts';

/** Fills a new order, as the taker, with the levels that admission found for it. */
export function fillTaking(live: LiveOrder, takes: readonly BookLevel[], clearing: Clearing): readonly ExchangeTrade[] {
  return takes.map(({ price, contracts }) => {
    const trade = clearing.fill(live, { price, contracts, maker: false, cause: 'order' });
    consume(live.slot.market, live.order.side, contracts);
    return trade;
  });
}

/** Fills resting orders of one side, best first, that the book now crosses; each at its own limit, as the maker. */
export function fillResting(market: Market, queue: readonly LiveOrder[], clearing: Clearing): void {
  for (const live of [...queue]) {
    while (live.order.status === 'open') {
      const { side, price } = live.order;
      const level = side === 'buy' ? market.asks[0] : market.bids[0];
      if (!level || price === undefined || !accepts(side, price, level.price)) break;
      const contracts = min(level.contracts, remainingOf(live.order));
      clearing.fill(live, { price, contracts, maker: true, cause: 'order' });
      consume(market, side, contracts);
    }
  }
}

function consume(market: Market, side: Side, contracts: Contracts): void {
  if (side === 'buy') {
    market.asks = without(market.asks, contracts);
    market.takenAsks = add(market.takenAsks, contracts);
  } else {
    market.bids = without(market.bids, contracts);
    market.takenBids = add(market.takenBids, contracts);
  }
}
