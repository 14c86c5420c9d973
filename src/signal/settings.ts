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
}
