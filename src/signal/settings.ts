/** What the carry model is told, with the order style that entries are priced at. */
import type { LegName } from '../kernel/ids.ts';

/** The order style whose fees and slippage an entry is priced with. Exits always take on both legs. */
export type EntryPricing =
  | { readonly style: 'taker' }
  /** `maker` pins the resting leg of a hedge that has begun; left out, `makerLeg` decides. */
  | { readonly style: 'maker_taker'; readonly maker?: LegName }
  /** Wanted size of one part, USD per leg. */
  | { readonly style: 'sliced'; readonly sliceUsd: number };

/** What the carry model is asked. */
export interface SignalSettings {
  /** Expected cash is counted over this horizon. */
  readonly horizonHours: number;
  /** Size at which fees and slippage are priced, per leg. */
  readonly notionalUsd: number;
  /** Allowance for the price basis between the legs, fraction of notional, charged once. */
  readonly basisAllowanceRate: number;
  /**
   * How fast today's predicted spread is taken to fall back to its 24 h mean, as a half-life. Expected receipts after
   * the coming settlement blend from the predicted to the mean rate at this pace.
   */
  readonly reversionHalfLifeHours: number;
  /** Left out: both legs take. */
  readonly entry?: EntryPricing;
}
