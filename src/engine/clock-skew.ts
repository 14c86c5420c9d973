/** How far a venue's clock is from ours. Requests are stamped with the venue's time; what we decide by our own. */
import type { Clock } from '../ports/clock.ts';
import type { AccountWatch } from './core.ts';

/**
 * Beyond this nothing opens on the venue: settlements and the age of its data would be judged wrong. Reductions go on,
 * stamped with the venue's time.
 */
export const MAX_SKEW_MS = 1_000;

/** Venue clock minus our wall clock now, ms; undefined before the first reading. Sees a jump of the wall clock at once. */
export function skewMs({ clock: reading }: AccountWatch, clock: Clock): number | undefined {
  return reading && clock.monotonicMs() + reading.offsetMs - clock.now();
}

/** Whether the clocks certainly differ by more than is allowed: half a round trip is in doubt. */
export function isSkewed(watch: AccountWatch, clock: Clock): boolean {
  const skew = skewMs(watch, clock);
  return skew !== undefined && Math.abs(skew) - (watch.clock?.roundTripMs ?? 0) / 2 > MAX_SKEW_MS;
}
