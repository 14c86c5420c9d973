/**
 * The frames of one symbol's `orderbook.<depth>` topics. Entry point: `BookFeed`.
 *
 * Depth 1 sends a snapshot every time; deeper topics send one snapshot and then deltas with `u` rising by exactly one,
 * where a level that left the window has size "0". All subscribers of a topic receive the same frames, so one state
 * serves them all. Source: bybit-exchange.github.io/docs/v5/websocket/public/orderbook.
 */
import type { ExchangeMarket } from '../../exchange/api.ts';
import { type WireLevel, wireLevels } from './market-rows.ts';
import { bybitId } from './symbols.ts';

export const BOOK_DEPTHS = [1, 50, 200, 1_000] as const;
export type BookDepth = (typeof BOOK_DEPTHS)[number];

interface Book {
  /** Sequence of the model's book. */
  readonly sequence: number;
  readonly at: number;
  readonly bids: readonly WireLevel[];
  readonly asks: readonly WireLevel[];
}

export class BookFeed {
  readonly #id: string;
  #book: Book;
  #previous: Book;
  #updateId: number;

  constructor(market: ExchangeMarket) {
    this.#id = bybitId(market.instrument.symbol);
    this.#book = bookOf(market);
    this.#previous = this.#book;
    // 1 would mean that the service restarted.
    this.#updateId = this.#book.sequence + 1;
  }

  /** Moves on to the market's present book; false when that is the one already sent. */
  advance(market: ExchangeMarket): boolean {
    if (market.bookSequence === this.#book.sequence) return false;
    this.#previous = this.#book;
    this.#book = bookOf(market);
    this.#updateId += 1;
    return true;
  }

  /** For new subscribers. */
  snapshot(depth: BookDepth): string {
    return this.#frame('snapshot', depth, this.#book.bids.slice(0, depth), this.#book.asks.slice(0, depth));
  }

  /**
   * From the book before to the present one. Sent even when nothing changed within the depth, which the venue leaves
   * out: it tells clients how far in time they are.
   */
  update(depth: BookDepth): string {
    if (depth === 1) return this.snapshot(1);
    const bids = changes(this.#previous.bids.slice(0, depth), this.#book.bids.slice(0, depth), -1);
    const asks = changes(this.#previous.asks.slice(0, depth), this.#book.asks.slice(0, depth), 1);
    return this.#frame('delta', depth, bids, asks);
  }

  #frame(type: 'snapshot' | 'delta', depth: BookDepth, b: readonly WireLevel[], a: readonly WireLevel[]): string {
    const { at, sequence } = this.#book;
    const data = { s: this.#id, b, a, u: this.#updateId, seq: sequence };
    return JSON.stringify({ topic: `orderbook.${depth}.${this.#id}`, type, ts: at, data, cts: at });
  }
}

const bookOf = (market: ExchangeMarket): Book => ({
  sequence: market.bookSequence,
  at: market.bookAt,
  bids: wireLevels(market.bids),
  asks: wireLevels(market.asks),
});

/** Levels to apply, best first: new or resized ones, and gone ones with size "0". */
function changes(before: readonly WireLevel[], after: readonly WireLevel[], direction: 1 | -1): readonly WireLevel[] {
  const gone = new Map(before);
  const changed: WireLevel[] = [];
  for (const level of after) {
    if (gone.get(level[0]) !== level[1]) changed.push(level);
    gone.delete(level[0]);
  }
  for (const price of gone.keys()) changed.push([price, '0']);
  return changed.sort((x, y) => (Number(x[0]) - Number(y[0])) * direction);
}
