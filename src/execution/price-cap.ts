/** Limit prices that cap what an IOC order can cost. */
import { type Base, type Px, px, toNumber } from '../kernel/decimal.ts';
import { bookDefect, mid } from '../market/book.ts';
import type { Side } from '../market/order.ts';
import type { InstrumentView } from '../market/view.ts';

/**
 * `reference` moved by `capRate` against us, on a tick: a buy's limit rounds down, a sell's up, so that the cap is
 * never exceeded.
 */
export function capPrice(reference: number, side: Side, capRate: number, tick: Px): Px {
  const raw = side === 'buy' ? reference * (1 + capRate) : reference * (1 - capRate);
  const steps = px(raw).div(tick);
  // 0 = round down, 3 = round up (away from zero); prices are positive.
  return steps.round(0, side === 'buy' ? 0 : 3).times(tick) as unknown as Px;
}

/** Best opposite price of a sound book: what an immediate order meets. */
export function touch(view: InstrumentView, side: Side): number | undefined {
  if (!view.book || bookDefect(view.book) !== undefined) return undefined;
  return (side === 'buy' ? view.book.asks[0] : view.book.bids[0])?.price;
}

/** Whether a sound book holds `quantity` base units within the cap of an order that opens now. */
export function takes(view: InstrumentView, side: Side, quantity: Base, capRate: number): boolean {
  if (!view.book || touch(view, side) === undefined) return false;
  const cap = toNumber(capPrice(mid(view.book), side, capRate, view.instrument.tick));
  let left = toNumber(quantity);
  for (const { price, size } of side === 'buy' ? view.book.asks : view.book.bids) {
    if (side === 'buy' ? price > cap : price < cap) return false;
    left -= size;
    // Sizes are doubles.
    if (left <= 1e-9 * toNumber(quantity)) return true;
  }
  return false;
}

/**
 * The touch, or the mark when the book is missing, empty or crossed, or has been silent for so long while the mark went
 * on: reductions may use it, entries never.
 */
export function reduceReference(view: InstrumentView, side: Side, maxBookAgeMs: number): number | undefined {
  return (isSilent(view, maxBookAgeMs) ? undefined : touch(view, side)) ?? view.mark?.mark;
}

/** What a reduction's fills are measured by, as entries are: the middle of the book, or the mark in the same cases. */
export function fairPrice(view: InstrumentView, maxBookAgeMs: number): number | undefined {
  const { book, mark } = view;
  const isUsable = book && bookDefect(book) === undefined && !isSilent(view, maxBookAgeMs);
  return isUsable ? mid(book) : mark?.mark;
}

const isSilent = ({ book, mark }: InstrumentView, maxBookAgeMs: number): boolean =>
  book !== undefined && mark !== undefined && mark.receivedAt - book.receivedAt > maxBookAgeMs;
