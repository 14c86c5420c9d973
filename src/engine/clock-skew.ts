/** How far a venue's clock is from ours. Requests are stamped with the venue's time; what we decide by our own. */
import type { Instant } from '../kernel/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccountWatch } from './account-watch.ts';

/** Venue clock minus our wall clock now, ms; undefined before the first reading. Sees a jump of the wall clock at once. */
export function skewMs({ clock: reading }: AccountWatch, clock: Clock): number | undefined {
  return reading && clock.monotonicMs() + reading.offsetMs - clock.now();
}

/** What of the difference is certain, with its sign: half a round trip is in doubt. */
export function certainSkewMs(watch: AccountWatch, clock: Clock): number | undefined {
  const skew = skewMs(watch, clock);
  return skew && Math.sign(skew) * Math.max(0, Math.abs(skew) - (watch.clock?.roundTripMs ?? 0) / 2);
}

/** Now by the venue's clock, as far as it is known: what the venue lists is stamped with it, however wrong ours is. */
export const venueNow = (watch: AccountWatch, clock: Clock): Instant =>
  Math.round(clock.now() + (skewMs(watch, clock) ?? 0));
