import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { confidence } from '../../src/signal/confidence.ts';
import { settledMean24h, spreadStats } from '../../src/signal/history.ts';
import { history, NOW, steady } from './market.ts';

const leg = (rows: readonly (readonly [number, number])[], intervalHours: number) => ({
  settled: history('x|X', rows),
  intervalHours,
});

describe('settled mean', () => {
  it('weights by time, over the last 24 h only', () => {
    // 8-hourly 0.08, 0.16, 0.24 % and an older 99 %: (0.0001 + 0.0002 + 0.0003) / 3 per hour.
    const rows = history('x|X', [
      [24, 0.99],
      [16, 0.0008],
      [8, 0.0016],
      [0, 0.0024],
    ]);
    expect(settledMean24h(rows, 8, NOW)).toBeCloseTo(0.0002, 12);
  });

  it('an interval that changed from 8 h to 1 h keeps the old rows at 8 h', () => {
    // 8 h at 0.0001/h up to 4 h ago, then four hourly rows of 0.0004. Last 24 h: 20 h x 0.0001 + 4 h x 0.0004.
    const rows = history('x|X', [[28, 0.0008], [20, 0.0008], [12, 0.0008], [4, 0.0008], ...steady(0.0004, 1, 4)]);
    expect(settledMean24h(rows, 1, NOW)).toBeCloseTo((20 * 0.0001 + 4 * 0.0004) / 24, 12);
  });

  it('and from 1 h to 8 h', () => {
    const rows = history('x|X', [
      [0, 0.0008],
      [8, 0.0008],
      ...steady(0.0004, 1, 12).map(([ago, rate]): [number, number] => [ago + 16, rate]),
    ]);
    // 16 h x 0.0001 + 8 h x 0.0004.
    expect(settledMean24h(rows, 8, NOW)).toBeCloseTo((16 * 0.0001 + 8 * 0.0004) / 24, 12);
  });

  it('a missing row leaves a gap and does not stretch its neighbour', () => {
    const rows = steady(0.0001, 1, 24).filter(([ago]) => ago !== 5);
    expect(settledMean24h(history('x|X', rows), 1, NOW)).toBeCloseTo(0.0001, 12);
  });

  it('is unknown without history, when stale, and when its rates are absurd', () => {
    expect(settledMean24h([], 8, NOW)).toBeUndefined();
    expect(settledMean24h(history('x|X', [[37, 0.001]]), 8, NOW)).toBeUndefined();
    expect(settledMean24h(history('x|X', [[0, 5]]), 8, NOW)).toBeUndefined();
  });
});

describe('spread statistics', () => {
  it('subtract step functions on different clocks', () => {
    // Long 8-hourly at 0.0001/h. Short hourly: 12 h at 0.0005/h, then 12 h at 0.0003/h.
    const long = leg(steady(0.0008, 8, 4), 8);
    const rows = [
      ...steady(0.0003, 1, 12),
      ...steady(0.0005, 1, 13).map(([ago, rate]): [number, number] => [ago + 12, rate]),
    ];
    const stats = spreadStats(long, leg(rows, 1), NOW);
    // Half the time 0.0002, half 0.0004: mean 0.0003, deviation 0.0001.
    expect(stats?.mean).toBeCloseTo(0.0003, 12);
    expect(stats?.deviation).toBeCloseTo(0.0001, 10);
    expect(stats?.samples).toBe(3);
    expect(stats?.carryingShare24h).toBe(1);
    // The short leg covers 25 h, all carrying.
    expect(stats?.carryingShare7d).toBeCloseTo(25 / 168, 12);
  });

  it('mirror when the legs are swapped', () => {
    const a = leg(steady(0.0008, 8, 21), 8);
    const b = leg(steady(0.0002, 1, 168), 1);
    const there = spreadStats(a, b, NOW);
    const back = spreadStats(b, a, NOW);
    expect(back?.mean).toBeCloseTo(-(there?.mean ?? Number.NaN), 15);
    expect([there?.carryingShare7d, back?.carryingShare7d]).toEqual([1, 0]);
  });

  it('end where both legs have settled: nothing is assumed beyond', () => {
    const a = leg(steady(0.0008, 8, 4), 8);
    const b = leg(
      steady(0.0016, 8, 4).map(([ago, rate]): [number, number] => [ago + 8, rate]),
      8,
    );
    expect(spreadStats(a, b, NOW)?.endAt).toBe(NOW - 8 * HOUR_MS);
  });

  it('do not exist without an overlap or when stale', () => {
    const fresh = leg(steady(0.0008, 8, 4), 8);
    expect(spreadStats(fresh, leg([], 8), NOW)).toBeUndefined();
    expect(spreadStats(fresh, leg([[60, 0.001]], 8), NOW)).toBeUndefined();
    expect(spreadStats(fresh, leg(steady(0.001, 8, 4), 8), NOW + 37 * HOUR_MS)).toBeUndefined();
  });

  it('a new array is a new history, a known one is answered from memory', () => {
    const long = leg(steady(0.0008, 8, 4), 8);
    const short = leg(steady(0.0016, 8, 4), 8);
    const first = spreadStats(long, short, NOW);
    expect(spreadStats(long, short, NOW)).toBe(first);
    const revised = { ...short, settled: [...short.settled.slice(0, -1), ...history('x|X', [[0, 0.0032]])] };
    expect(spreadStats(long, revised, NOW)?.mean).toBeGreaterThan(first?.mean ?? Number.NaN);
  });
});

describe('confidence', () => {
  const stats = { mean: 0.0001, deviation: 0, samples: 3, carryingShare24h: 1, carryingShare7d: 1, endAt: NOW };

  it('tiers by the spread per 8 h', () => {
    // Perfectly settled: stability 1, so 0.25 above the tier, at most 1.
    expect(confidence(0.0002, stats)).toBe(1);
    expect(confidence(0.0001, stats)).toBeCloseTo(0.85, 12);
    expect(confidence(0.00006, stats)).toBeCloseTo(0.65, 12);
  });

  it('falls with a shorter past, a noisier spread, and one that went the other way', () => {
    const sure = confidence(0.0001, stats);
    expect(confidence(0.0001, { ...stats, carryingShare7d: 1 / 7 })).toBeLessThan(sure);
    expect(confidence(0.0001, { ...stats, deviation: 0.0001 })).toBeLessThan(sure);
    // Stability 0: 0.6 - 0.25.
    const reversed = { ...stats, mean: -0.0001, carryingShare24h: 0, carryingShare7d: 0 };
    expect(confidence(0.0001, reversed)).toBeCloseTo(0.35, 12);
  });

  it('without history only the top tier passes 0.6', () => {
    expect(confidence(0.0002, undefined)).toBeCloseTo(0.7, 12);
    expect(confidence(0.0001, undefined)).toBeCloseTo(0.5, 12);
  });
});
