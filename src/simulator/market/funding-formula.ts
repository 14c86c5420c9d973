/**
 * How venues make a funding rate out of a premium. Entry points: `createPremiumAverage`, `fundingRate`.
 *
 * Binance (and, in the same form, Bybit and OKX) publish: `F = [P + clamp(I - P, -0.05 %, 0.05 %)] / (8 / N)`, capped,
 * with `P` the average premium of the interval in which the k-th sample weighs k, `I` = 0.01 % per 8 hours and `N`
 * the interval in hours. Weighting towards the end makes a rate harder to push early; before the end, venues publish
 * the same formula over the samples so far.
 */
import { HOUR_MS, type Instant } from '../../kernel/instant.ts';

/** Interest per 8 hours, fraction. */
export const INTEREST_RATE = 0.0001;
/** Premium within this distance of the interest leaves the rate at the interest, fraction. */
const DAMPER = 0.0005;

/**
 * Rate per interval, fraction; positive: longs pay shorts.
 * @param averagePremium fraction of the index
 * @param cap largest absolute rate per interval, fraction
 */
export function fundingRate(averagePremium: number, intervalHours: number, cap: number): number {
  const damped = averagePremium + clamp(INTEREST_RATE - averagePremium, DAMPER);
  return clamp((damped * intervalHours) / 8, cap);
}

const clamp = (value: number, bound: number): number => Math.min(bound, Math.max(-bound, value));

/** Time-weighted premium of one funding interval; the weight grows linearly from the interval's start. */
export interface PremiumAverage {
  /** `premium` held in (fromAt, toAt], both within the interval. */
  add(fromAt: Instant, toAt: Instant, premium: number): void;
  /** Of the samples so far; `current` when there is none yet. */
  value(current: number): number;
  /** Begins the next interval. */
  restart(intervalStartAt: Instant): void;
}

export function createPremiumAverage(intervalStartAt: Instant): PremiumAverage {
  let startAt = intervalStartAt;
  let weighted = 0;
  let weight = 0;
  return {
    add(fromAt, toAt, premium): void {
      // The integral of a linear weight over the segment; hours keep the numbers small.
      const from = (fromAt - startAt) / HOUR_MS;
      const to = (toAt - startAt) / HOUR_MS;
      const share = to * to - from * from;
      weighted += share * premium;
      weight += share;
    },
    value: (current) => (weight > 0 ? weighted / weight : current),
    restart(nextStartAt): void {
      startAt = nextStartAt;
      weighted = 0;
      weight = 0;
    },
  };
}
