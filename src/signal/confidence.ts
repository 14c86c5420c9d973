/**
 * How settled a spread is, 0..1.
 *
 * `confidence = clamp(tier + 0.25 x (2 x stability - 1), 0, 1)`
 * - `tier`, by the raw spread per 8 h: 0.8 above 0.1 %, 0.6 above 0.05 %, else 0.4.
 * - `stability = 0.4 x share of the last 24 h that carried + 0.3 x share of the last 7 d that carried
 *   + 0.3 x steadiness`, `steadiness = mean / (mean + deviation)` of the 24 h spread when the mean carries, else 0.
 *   Time without history counts as not carrying.
 * - Without any history `stability = 0.3`, so that only a spread of the top tier passes the default threshold of 0.6.
 */
import type { SpreadStats } from './history.ts';

const HIGH_PER_8H = 0.001;
const MEDIUM_PER_8H = 0.0005;
const UNKNOWN_STABILITY = 0.3;

/** `spreadHourlyRate`: short minus long, fraction per hour. */
export function confidence(spreadHourlyRate: number, stats: SpreadStats | undefined): number {
  const per8h = spreadHourlyRate * 8;
  const tier = per8h > HIGH_PER_8H ? 0.8 : per8h > MEDIUM_PER_8H ? 0.6 : 0.4;
  return Math.min(1, Math.max(0, tier + 0.25 * (2 * stability(stats) - 1)));
}

function stability(stats: SpreadStats | undefined): number {
  if (!stats) return UNKNOWN_STABILITY;
  const steadiness = stats.mean > 0 ? stats.mean / (stats.mean + stats.deviation) : 0;
  return 0.4 * stats.carryingShare24h + 0.3 * stats.carryingShare7d + 0.3 * steadiness;
}
