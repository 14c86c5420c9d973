/** Order book snapshots. Levels are doubles: they inform decisions; orders are built from exact steps. */

import type { InstrumentKey } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

export interface Level {
  /** Quote per base. */
  readonly price: number;
  /** Base units. */
  readonly size: number;
}

export interface Book {
  readonly key: InstrumentKey;
  /** Best first: descending. */
  readonly bids: readonly Level[];
  /** Best first: ascending. */
  readonly asks: readonly Level[];
  /** When the venue made it. */
  readonly venueAt: Instant;
  readonly receivedAt: Instant;
}

export interface Walk {
  /** Base units available up to the wanted size. */
  readonly filled: number;
  /** Mean price of the filled part; NaN when nothing fills. */
  readonly averagePrice: number;
  /** Price of the last level touched; NaN when nothing fills. */
  readonly worstPrice: number;
}

/** Takes `size` base units from one side, best level first. */
export function walkLevels(levels: readonly Level[], size: number): Walk {
  let filled = 0;
  let cash = 0;
  let worstPrice = Number.NaN;
  for (const level of levels) {
    if (filled >= size) break;
    const take = Math.min(level.size, size - filled);
    filled += take;
    cash += take * level.price;
    worstPrice = level.price;
  }
  return { filled, averagePrice: filled > 0 ? cash / filled : Number.NaN, worstPrice };
}

/** Why a book must not be traded on, or undefined when it is sound. */
export function bookDefect(book: Book): 'empty' | 'crossed' | 'malformed' | undefined {
  const bid = book.bids[0];
  const ask = book.asks[0];
  if (!bid || !ask) return 'empty';
  if (!sorted(book.bids, -1) || !sorted(book.asks, 1)) return 'malformed';
  return bid.price >= ask.price ? 'crossed' : undefined;
}

function sorted(levels: readonly Level[], direction: 1 | -1): boolean {
  let previous = direction === 1 ? 0 : Number.POSITIVE_INFINITY;
  for (const { price, size } of levels) {
    if (!(price > 0) || !Number.isFinite(price) || !(size > 0) || !Number.isFinite(size)) return false;
    if ((price - previous) * direction <= 0) return false;
    previous = price;
  }
  return true;
}

/** Mid of a sound book. */
export function mid(book: Book): number {
  const bid = book.bids[0];
  const ask = book.asks[0];
  return bid && ask ? (bid.price + ask.price) / 2 : Number.NaN;
}
