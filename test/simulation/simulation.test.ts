/** Whole days of seeded worlds: `npm run sim:many` runs thousands, these run with every test. */
import { describe, expect, it } from 'vitest';
import { gapsOf, newTally } from './coverage.ts';
import { FAULT_KINDS, FAULTS } from './faults.ts';
import { planOf } from './plan.ts';
import { REGRESSIONS } from './regressions.ts';
import { faultText, worldText } from './report.ts';
import { shrink } from './shrink.ts';
import { clockText } from './trace.ts';
import { runWorld } from './world.ts';

const SEEDS = 150;
const DENSE_SEEDS = 50;

async function judge(seed: number, dense = false): Promise<void> {
  const { violation } = await runWorld(seed, { dense });
  if (!violation) return;
  const shrunk = await shrink(seed, { dense });
  const faults = shrunk?.faults.map(faultText).join('\n') ?? '';
  expect.fail(`seed ${seed}: ${violation.rule} at ${clockText(violation.atMs)}: ${violation.detail}\n${faults}`);
}

describe('simulated worlds', () => {
  it('every seed ends hedged or flat, ledger = venues, and breaks no rule on the way', {
    timeout: 300_000,
  }, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) await judge(seed);
  });

  it('so does every dense one', { timeout: 300_000 }, async () => {
    for (let seed = 1; seed <= DENSE_SEEDS; seed++) await judge(seed, true);
  });

  it.each(REGRESSIONS)('seed $seed: $found', { timeout: 60_000 }, async ({ seed, dense }) => judge(seed, dense));

  it('the same seed gives the same trace, another seed another', { timeout: 60_000 }, async () => {
    const [first, again, other] = [await runWorld(11), await runWorld(11), await runWorld(12)];
    expect(again.hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
    expect(worldText(again)).toEqual(worldText(first));
  });

  it('tracing changes nothing, and a day without its faults is another day', { timeout: 60_000 }, async () => {
    const traced = await runWorld(11, { trace: true });
    expect(traced.trace.length).toBeGreaterThan(100);
    expect(traced.hash).toBe((await runWorld(11)).hash);
    const calm = await runWorld(6, { faults: [] });
    expect(calm.violation).toBeUndefined();
    expect(calm.faults.size).toBe(0);
    expect(calm.hash).not.toBe((await runWorld(6)).hash);
  });

  it('a new draw in one stream shifts no other: a shorter day has the same venues and settings', () => {
    const [day, hour] = [planOf(5), planOf(5, { hours: 1 })];
    expect(hour.venues.map(({ id, latencyMs }) => [id, latencyMs])).toEqual(
      day.venues.map(({ id, latencyMs }) => [id, latencyMs]),
    );
    expect(hour.settings).toEqual(day.settings);
    expect(hour.kinds).toEqual(day.kinds);
  });

  it('dense: a few classes more often, among the same venues and instruments', () => {
    let denser = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const [plan, dense] = [planOf(seed), planOf(seed, { dense: true })];
      const listed = [plan, dense].map(({ venues }) => venues.map(({ id, instruments }) => ({ id, instruments })));
      expect(listed[1]).toEqual(listed[0]);
      expect(plan.kinds.filter((kind) => !dense.kinds.includes(kind))).toEqual([]);
      if (dense.faults.length > plan.faults.length) denser += 1;
    }
    expect(denser).toBe(20);
  });

  it('plans every class of faults within some hundred seeds', () => {
    const tally = newTally();
    for (let seed = 1; seed <= 300; seed++) for (const { kind } of planOf(seed).faults) tally.faults[kind] = 1;
    expect(gapsOf(tally).missed.filter((name) => name in FAULTS)).toEqual([]);
    expect(FAULT_KINDS.length).toBeGreaterThanOrEqual(40);
  });
});
