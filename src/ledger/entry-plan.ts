/**
 * How one hedge is entered, with everything that its entry depends on. Stored with the plan, so that neither a restart
 * nor a change of the configuration alters a hedge that has begun.
 */
import type { Base, Px } from '../kernel/decimal.ts';
import type { LegName } from '../kernel/ids.ts';

/** Both legs at once; the two orders are all there is. */
export interface TakerEntry {
  readonly style: 'taker';
}

interface SpreadOut {
  /** From the plan until nothing is added any more. */
  readonly deadlineMs: number;
  /** Smallest quantity per leg worth holding, base units: an entry that ends below it is unwound. */
  readonly least: Base;
}

export interface MakerEntry extends SpreadOut {
  readonly style: 'maker_taker';
  /** The leg that rests. */
  readonly maker: LegName;
  /** Worst price of the resting leg, as it was approved: a buy never rests above it, a sell never below. */
  readonly limit: Px;
  /** An order rests at least this long before it is replaced at another price. */
  readonly repriceMs: number;
  /** Resting orders after the first, refused ones counted. */
  readonly maxReprices: number;
}

export interface SlicedEntry extends SpreadOut {
  readonly style: 'sliced';
  /** Largest part, base units per leg, a multiple of the common lot. */
  readonly slice: Base;
  /** Between two parts. */
  readonly intervalMs: number;
}

export type EntryPlan = TakerEntry | MakerEntry | SlicedEntry;
