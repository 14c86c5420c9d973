/** What the executor is told by the configuration. Rates are fractions of a price; durations carry their unit. */
import type { EntryStyle } from '../market/order.ts';

export interface LookupSettings {
  /** An unknown order may still be accepted this long after it was sent; absence is never concluded sooner. */
  readonly minValidityMs: number;
  /** Successful lookups that must all find nothing before an order is proven absent. */
  readonly minLookups: number;
  /** Least time between two lookups of one order. */
  readonly spacingMs: number;
  /** An order still unknown this long after it was sent needs an operator: its hedge is quarantined. */
  readonly horizonMs: number;
}

/** Of entries that rest on one leg. */
export interface MakerSettings {
  /** For the whole entry; what is held by then is kept, the rest is not entered. */
  readonly deadlineMs: number;
  /** An order rests at least this long before it is replaced at another price. */
  readonly repriceMs: number;
  /** Resting orders after the first, refused ones counted. */
  readonly maxReprices: number;
}

/** Of entries in parts. */
export interface SliceSettings {
  /** Size of one part per leg; more when a venue takes no order that small. */
  readonly notionalUsd: number;
  readonly intervalMs: number;
  readonly deadlineMs: number;
}

export interface ExecutionSettings {
  /** How hedges are entered from now on; those that have begun keep their own. Exits always take on both legs. */
  readonly style: EntryStyle;
  readonly maker: MakerSettings;
  readonly sliced: SliceSettings;
  /** Leverage set on every instrument at both venues; 1 = fully margined. */
  readonly leverage: number;
  /** Worst entry price: this fraction beyond mid when the hedge was approved, for completing orders too. */
  readonly entryPriceCapRate: number;
  /** Worst price of the first reducing order, as `entryPriceCapRate`. */
  readonly exitPriceCapRate: number;
  /** Reducing orders widen their cap on every attempt up to this fraction. Not below `exitPriceCapRate`. */
  readonly exitPriceCapMaxRate: number;
  /** From the plan until both entry orders must have a known end; an alarm then repeats every minute. */
  readonly enterDeadlineMs: number;
  /** For bringing unequal legs to the common lot, before the hedge is unwound. */
  readonly balanceDeadlineMs: number;
  /** Pause between two attempts on one leg. */
  readonly retryDelayMs: number;
  /** Orders that complete a short leg, before the other leg is trimmed instead. */
  readonly maxCompletions: number;
  /** Reducing orders of one leg, before the hedge is quarantined for the operator. */
  readonly maxReduceAttempts: number;
  /** A net delta of a common lot or more that lasts longer flattens the hedge. */
  readonly nakedLimitMs: number;
  readonly lookup: LookupSettings;
}
