/**
 * The diff stream of one book: what changed since the last frame. `u` is the book sequence of the frame, `pu` that of
 * the frame before, so the chain joins the REST snapshot, whose `lastUpdateId` is the same sequence.
 */
import type { BookLevel, ExchangeMarket } from '../../exchange/api.ts';
import { levelRows } from './market-rows.ts';
import type { WireMarket } from './markets.ts';

type Side = ReadonlyMap<string, string>;
type Change = readonly [price: string, quantity: string];

export interface DepthChange {
  /** First and last sequence in the frame, and the last of the frame before. */
  readonly U: number;
  readonly u: number;
  readonly pu: number;
  readonly b: readonly Change[];
  readonly a: readonly Change[];
}

export class DepthDiff {
  readonly #market: WireMarket;
  #sequence: number;
  #bids: Side;
  #asks: Side;

  /** Starts at the current book: the first change follows it. */
  constructor(market: WireMarket) {
    const state = market.state();
    this.#market = market;
    this.#sequence = state.bookSequence;
    this.#bids = this.#side(state.bids);
    this.#asks = this.#side(state.asks);
  }

  /** What the book `state` changed; undefined when it is the one already told. */
  next(state: ExchangeMarket): DepthChange | undefined {
    if (state.bookSequence === this.#sequence) return undefined;
    const bids = this.#side(state.bids);
    const asks = this.#side(state.asks);
    const removed = (0).toFixed(this.#market.quantityDigits);
    const change = {
      U: this.#sequence + 1,
      u: state.bookSequence,
      pu: this.#sequence,
      b: changes(this.#bids, bids, removed),
      a: changes(this.#asks, asks, removed),
    };
    this.#sequence = state.bookSequence;
    this.#bids = bids;
    this.#asks = asks;
    return change;
  }

  #side(levels: readonly BookLevel[]): Side {
    return new Map(levelRows(this.#market, levels));
  }
}

function changes(before: Side, after: Side, removed: string): Change[] {
  const result: Change[] = [];
  for (const [price, quantity] of after) if (before.get(price) !== quantity) result.push([price, quantity]);
  for (const price of before.keys()) if (!after.has(price)) result.push([price, removed]);
  return result;
}
