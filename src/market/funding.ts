/** Funding rates. Predicted and settled are different types and never mix. */
import type { InstrumentKey } from '../kernel/ids.ts';
import { type Instant, YEAR_HOURS } from '../kernel/instant.ts';

/** The venue's running estimate for the coming settlement. Positive: longs will pay shorts. */
export interface FundingQuote {
  readonly key: InstrumentKey;
  /** Fraction of notional per interval. */
  readonly predictedRate: number;
  /** Read from the venue and refreshed; never assumed. */
  readonly intervalHours: number;
  readonly nextSettlementAt: Instant;
  readonly venueAt: Instant;
  readonly receivedAt: Instant;
}

/** What was paid at one settlement. Positive: longs paid shorts. */
export interface SettledRate {
  readonly key: InstrumentKey;
  /** Fraction of notional at that settlement. */
  readonly settledRate: number;
  readonly settledAt: Instant;
}

/** Fraction per hour. */
export const hourlyRate = (rate: number, intervalHours: number): number => rate / intervalHours;
/** Simple annual fraction, 365 days, not compounded. */
export const aprOf = (hourly: number): number => hourly * YEAR_HOURS;
/**
 * Cash effect of one settlement on a position of signed notional (long positive): `-(notional) x rate`.
 * A short with a positive rate receives.
 */
export const settlementCash = (signedNotionalUsd: number, rate: number): number => -signedNotionalUsd * rate;

/** Settlements in (from, to], given the next one and the interval; 0 when the window ends before the next. */
export function settlementsWithin(next: Instant, intervalHours: number, from: Instant, to: Instant): number {
  const stepMs = intervalHours * 3_600_000;
  const first = next > from ? next : next + (Math.floor((from - next) / stepMs) + 1) * stepMs;
  return first > to ? 0 : Math.floor((to - first) / stepMs) + 1;
}
