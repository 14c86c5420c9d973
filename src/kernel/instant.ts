/** Time. Instants are epoch milliseconds UTC everywhere; durations carry their unit in the name. */

/** Epoch milliseconds UTC. */
export type Instant = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Hours in the 365-day year that every APR here uses. */
export const YEAR_HOURS = 8_760;

/** ISO text of an instant, for people and reports. */
export const iso = (at: Instant): string => new Date(at).toISOString();

/** Start of the UTC day that holds `at`. */
export const utcDayStart = (at: Instant): Instant => Math.floor(at / DAY_MS) * DAY_MS;
