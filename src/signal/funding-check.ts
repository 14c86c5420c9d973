/** Whether a funding quote may be believed. Used before entering and while holding. */
import { HOUR_MS, type Instant, iso, MINUTE_MS } from '../kernel/instant.ts';
import { type FundingQuote, hourlyRate } from '../market/funding.ts';

/** The widest cap that venues publish is 4 % per hour; beyond it a unit is wrong. */
export const MAX_HOURLY_RATE = 0.04;
const MAX_INTERVAL_HOURS = 24;
/** Venues publish the coming settlement a little before or after the last one. */
const CLOCK_SLACK_MS = MINUTE_MS;

export interface FundingDefect {
  readonly code: 'no_funding' | 'bad_funding' | 'settlement_passed';
  readonly detail: string;
}

/**
 * Why a quote must not be acted on, or undefined when it is sound. A settlement further away than one interval means that
 * the interval is wrong, which would multiply the hourly rate.
 */
export function fundingDefect(quote: FundingQuote | undefined, now: Instant): FundingDefect | undefined {
  if (!quote) return { code: 'no_funding', detail: 'no funding quote yet' };
  const { predictedRate, intervalHours, nextSettlementAt } = quote;
  if (!(intervalHours > 0 && intervalHours <= MAX_INTERVAL_HOURS)) {
    return { code: 'bad_funding', detail: `unknown funding interval: ${intervalHours} h` };
  }
  if (!Number.isFinite(predictedRate)) return { code: 'bad_funding', detail: `rate is ${predictedRate}` };
  const hourly = hourlyRate(predictedRate, intervalHours);
  if (Math.abs(hourly) > MAX_HOURLY_RATE) {
    return { code: 'bad_funding', detail: `absurd rate: ${hourly} per hour, at most ${MAX_HOURLY_RATE} is credible` };
  }
  if (!Number.isFinite(nextSettlementAt)) {
    return { code: 'bad_funding', detail: `unknown coming settlement: ${nextSettlementAt}` };
  }
  if (nextSettlementAt <= now) {
    return { code: 'settlement_passed', detail: `the quote is for the settlement of ${iso(nextSettlementAt)}` };
  }
  const awayHours = (nextSettlementAt - now) / HOUR_MS;
  if (nextSettlementAt - now > intervalHours * HOUR_MS + CLOCK_SLACK_MS) {
    const detail = `settlement is ${awayHours.toFixed(2)} h away, but the interval says ${intervalHours} h`;
    return { code: 'bad_funding', detail };
  }
  return undefined;
}

/**
 * The same before an entry. A rate of exactly zero opens nothing: some venues send it for "none yet". A hedge that is held
 * is judged by it, because a leg that is paid nothing is no reason to go on.
 */
export function entryFundingDefect(quote: FundingQuote | undefined, now: Instant): FundingDefect | undefined {
  const defect = fundingDefect(quote, now);
  if (defect || quote?.predictedRate !== 0) return defect;
  return { code: 'bad_funding', detail: 'rate is exactly zero: taken as none published' };
}
