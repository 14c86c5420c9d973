/**
 * The diff stream of one book: what changed since the last frame. `u` is the book sequence of the frame, `pu` that of
 * the frame before, so the chain joins the REST snapshot, whose `lastUpdateId` is the same sequence.
 */
import { eq, text } from '../../../kernel/decimal.ts';
import type { BookLevel, ExchangeMarket } from '../../exchange/api.ts';
import { levelRows } from './market-rows.ts';
import type { WireMarket } from './markets.ts';

/** Size by price, both exact: a changed step writes the same price with other digits. */
type Side = ReadonlyMap<string, BookLevel>;
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
    this.#bids = sideOf(state.bids);
    this.#asks = sideOf(state.asks);
  }

  /** What the book `state` changed; undefined when it is the one already told. */
  next(state: ExchangeMarket): DepthChange | undefined {
    if (state.bookSequence === this.#sequence) return undefined;
    const bids = sideOf(state.bids);
    const asks = sideOf(state.asks);
    const change = {
      U: this.#sequence + 1,
      u: state.bookSequence,
      pu: this.#sequence,
      b: this.#changes(this.#bids, bids),
      a: this.#changes(this.#asks, asks),
    };
    this.#sequence = state.bookSequence;
    this.#bids = bids;
    this.#asks = asks;
    return change;
  }

  #changes(before: Side, after: Side): Change[] {
    const result: Change[] = [];
    for (const [price, level] of after) {
      const old = before.get(price);
      if (!old || !eq(old.contracts, level.contracts)) result.push(...levelRows(this.#market, [level]));
    }
    const removed = (0).toFixed(this.#market.quantityDigits);
    for (const [price, level] of before) if (!after.has(price)) result.push([this.#market.price(level.price), removed]);
    return result;
  }
}

const sideOf = (levels: readonly BookLevel[]): Side => new Map(levels.map((level) => [text(level.price), level]));
