import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/ports/random.ts';
import { createSeededRandom, standardNormal } from '../../src/simulator/random.ts';

const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

describe('seeded random', () => {
  it('same-seed: the same numbers; another seed: others', () => {
    expect(draws(createSeededRandom('x'), 50)).toEqual(draws(createSeededRandom('x'), 50));
    expect(draws(createSeededRandom(7), 5)).toEqual(draws(createSeededRandom('7'), 5));
    expect(draws(createSeededRandom(7), 5)).not.toEqual(draws(createSeededRandom(8), 5));
  });

  it('shifted-stream: a fork depends on its name alone, not on what was drawn or forked before', () => {
    const fresh = draws(createSeededRandom(1).fork('market'), 20);
    const used = createSeededRandom(1);
    draws(used, 1_000);
    used.fork('network').next();
    expect(draws(used.fork('market'), 20)).toEqual(fresh);
    expect(draws(createSeededRandom(2).fork('market'), 20)).not.toEqual(fresh);
  });

  it('names that run together are different streams', () => {
    const root = createSeededRandom(1);
    const streams = [root.fork('ab').fork('c'), root.fork('a').fork('bc'), root.fork('abc'), root].map((stream) =>
      stream.next(),
    );
    expect(new Set(streams).size).toBe(4);
  });

  it('is uniform in [0, 1): mean, deviation, neighbours uncorrelated', () => {
    const values = draws(createSeededRandom('uniform'), 100_000);
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
    let covariance = 0;
    for (let i = 1; i < values.length; i++) {
      covariance += ((values[i] ?? 0) - mean) * ((values[i - 1] ?? 0) - mean);
    }
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(values.every((value) => value < 1)).toBe(true);
    // Five standard errors: sd 1/sqrt(12) over sqrt(n) is 0.0009.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0046);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
    expect(Math.abs(covariance / values.length / variance)).toBeLessThan(0.016);
  });

  it('normal variates have mean 0, deviation 1 and the right tails', () => {
    const random = createSeededRandom('normal');
    const values = Array.from({ length: 50_000 }, () => standardNormal(random));
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length);
    const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.023);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.017);
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.005);
  });

  it('tags are of the wanted length and alphabet', () => {
    const random = createSeededRandom(3);
    expect(random.tag(0)).toBe('');
    expect(random.tag(40)).toMatch(/^[a-z0-9]{40}$/);
    expect(random.tag(10)).not.toBe(random.tag(10));
  });
});
