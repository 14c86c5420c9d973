import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../src/kernel/instant.ts';
import { createPremiumAverage, fundingRate } from '../../../src/simulator/market/funding-formula.ts';

const CAP = 0.01;

describe('funding rate', () => {
  it('is the interest while the premium is within 0.05 % of it', () => {
    for (const premium of [-0.0004, 0, 0.0001, 0.0006]) expect(fundingRate(premium, 8, CAP)).toBeCloseTo(0.0001, 12);
  });

  it('follows the premium less 0.05 % beyond, with its sign, per interval', () => {
    expect(fundingRate(0.0025, 8, CAP)).toBeCloseTo(0.002, 12);
    expect(fundingRate(-0.0025, 8, CAP)).toBeCloseTo(-0.002, 12);
    // The same premium pays the same per hour on every interval.
    expect(fundingRate(0.0025, 4, CAP)).toBeCloseTo(0.001, 12);
    expect(fundingRate(0.0025, 1, CAP)).toBeCloseTo(0.00025, 12);
  });

  it('is capped per interval on both sides', () => {
    expect(fundingRate(0.5, 8, CAP)).toBe(CAP);
    expect(fundingRate(-0.5, 8, CAP)).toBe(-CAP);
  });
});

describe('premium average', () => {
  it('weighs later samples more: the second half of an interval counts three times the first', () => {
    const average = createPremiumAverage(0);
    average.add(0, 4 * HOUR_MS, 0.001);
    average.add(4 * HOUR_MS, 8 * HOUR_MS, 0.005);
    // Linear weight: the areas under it are 1/4 and 3/4.
    expect(average.value(9)).toBeCloseTo(0.001 / 4 + (0.005 * 3) / 4, 12);
  });

  it('does not depend on how a constant stretch is cut into samples', () => {
    const fine = createPremiumAverage(0);
    for (let minute = 0; minute < 60; minute++) {
      fine.add(minute * 60_000, (minute + 1) * 60_000, minute < 30 ? 0.002 : 0.004);
    }
    const coarse = createPremiumAverage(0);
    coarse.add(0, HOUR_MS / 2, 0.002);
    coarse.add(HOUR_MS / 2, HOUR_MS, 0.004);
    expect(fine.value(0)).toBeCloseTo(coarse.value(0), 12);
  });

  it('shows the current premium before the first sample, and forgets the old interval', () => {
    const average = createPremiumAverage(0);
    expect(average.value(0.003)).toBe(0.003);
    average.add(0, HOUR_MS, 0.002);
    average.restart(HOUR_MS);
    expect(average.value(0.004)).toBe(0.004);
    average.add(HOUR_MS, 2 * HOUR_MS, 0.001);
    expect(average.value(0)).toBeCloseTo(0.001, 12);
  });
});
