/**
 * Expected funding on a leg's own settlement clock.
 *
 * The coming settlement pays the predicted rate `p`. The k-th after it (k = 1, 2, ...) is taken to pay
 * `m + (p - m) x 2^(-k x intervalHours / reversionHalfLifeHours)`, where `m` is the instrument's time-weighted 24 h
 * settled mean per interval: today's rate falls back to what was really paid. Without history `m = p`.
 */
import { HOUR_MS, type Instant } from '../kernel/instant.ts';
import { type FundingQuote, settlementsWithin } from '../market/funding.ts';

/** Expected rates of one instrument, per settlement. */
export interface RateCurve {
  readonly nextAt: Instant;
  readonly intervalHours: number;
  /** Fraction per interval at the coming settlement. */
  readonly predictedRate: number;
  /** Fraction per interval that later settlements fall back to. */
  readonly meanRate: number;
  /** Share of the distance to the mean that is left after one interval, 0..1. */
  readonly keep: number;
}

/** Break-even is looked for this far ahead. */
export const BREAK_EVEN_LOOKAHEAD_HOURS = 60 * 24;

/** `meanHourlyRate` undefined: no settled history, the predicted rate is taken to stay. A half-life of 0 reverts at once. */
export function rateCurve(
  quote: FundingQuote,
  meanHourlyRate: number | undefined,
  reversionHalfLifeHours: number,
): RateCurve {
  const { predictedRate, intervalHours } = quote;
  return {
    nextAt: quote.nextSettlementAt,
    intervalHours,
    predictedRate,
    meanRate: meanHourlyRate === undefined ? predictedRate : meanHourlyRate * intervalHours,
    keep: reversionHalfLifeHours > 0 ? 2 ** (-intervalHours / reversionHalfLifeHours) : 0,
  };
}

/** Settlements of a curve in (from, to]. */
export const settlementCount = (curve: RateCurve, from: Instant, to: Instant): number =>
  settlementsWithin(curve.nextAt, curve.intervalHours, from, to);

/** Sum of the expected rates of the next `count` settlements: what a long of notional 1 pays. */
export function expectedRateSum(curve: RateCurve, count: number): number {
  let total = 0;
  let distance = curve.predictedRate - curve.meanRate;
  for (let k = 0; k < count; k++) {
    total += curve.meanRate + distance;
    distance *= curve.keep;
  }
  return total;
}

/**
 * Hours from `now` to the first settlement whose cumulative expected cash covers `costUsd` and still does one interval
 * of the slower leg later: an hourly receipt that the other leg's eight-hourly payment takes back has not broken even.
 * 0 when there is nothing to pay for; Infinity when it does not happen within 60 days.
 */
export function breakEvenHours(
  long: RateCurve,
  short: RateCurve,
  notionalUsd: number,
  costUsd: number,
  now: Instant,
): number {
  if (costUsd <= 0) return 0;
  const untilAt = now + BREAK_EVEN_LOOKAHEAD_HOURS * HOUR_MS;
  const longMs = long.intervalHours * HOUR_MS;
  const shortMs = short.intervalHours * HOUR_MS;
  const slowerMs = Math.max(longMs, shortMs);
  let longAt = long.nextAt;
  let shortAt = short.nextAt;
  let longDistance = long.predictedRate - long.meanRate;
  let shortDistance = short.predictedRate - short.meanRate;
  const costRate = costUsd / notionalUsd;
  // Per USD of notional: a short receives its rate, a long pays its rate (`settlementCash`).
  let received = 0;
  let paidAt: Instant | undefined;
  for (;;) {
    const at = Math.min(longAt, shortAt);
    if (paidAt !== undefined && at > paidAt + slowerMs) return (paidAt - now) / HOUR_MS;
    if (!(at <= untilAt)) return Number.POSITIVE_INFINITY;
    if (longAt === at) {
      received -= long.meanRate + longDistance;
      longDistance *= long.keep;
      longAt += longMs;
    }
    if (shortAt === at) {
      received += short.meanRate + shortDistance;
      shortDistance *= short.keep;
      shortAt += shortMs;
    }
    if (received < costRate) paidAt = undefined;
    else paidAt ??= at;
  }
}
