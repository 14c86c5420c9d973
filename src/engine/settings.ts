/** What the engine is told by the configuration; swapped whole by a `settings` event. */
import type { ExecutionSettings } from '../execution/settings.ts';
import type { Mode, VenueId } from '../kernel/ids.ts';
import type { RiskLimits, RiskSettings } from '../risk/limits.ts';
import type { SignalSettings } from '../signal/settings.ts';

export interface EngineSettings {
  readonly mode: Mode;
  /** From the configuration; the operator's pause is separate and durable. */
  readonly paused: boolean;
  /** Venues that may open. A venue left out is still managed to its end. */
  readonly enabledVenues: ReadonlySet<VenueId>;
  /** 0..1; ignored in mode `paper`, where everything is paper. */
  readonly liveShare: number;
  readonly signal: SignalSettings;
  readonly risk: RiskLimits;
  readonly execution: ExecutionSettings & Pick<RiskSettings, 'marginReserveRate'>;
  readonly reconcileEveryMs: number;
  /** Between two looks at a venue's positions while a hedge stands there. */
  readonly positionsEveryMs: number;
  /** After a settlement, before the venue is asked for the payment. */
  readonly paymentDelayMs: number;
}
