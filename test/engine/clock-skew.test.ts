/** A venue whose clock is not ours opens nothing, and never stops what must be reduced. */
import { describe, expect, it } from 'vitest';
import { readingOf } from '../../src/engine/breaker-view.ts';
import { riskStateOf } from '../../src/engine/valuation.ts';
import { contracts } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

const tell = (world: World, skewMs: number, roundTripMs = 20) => {
  const offsetMs = world.clock.now() + skewMs - world.clock.monotonicMs();
  const event = { kind: 'clock', reading: { offsetMs, roundTripMs } } as const;
  world.engine.push({ kind: 'account', route: 'live', venue: 'beta', event });
};

describe('fault-49: the clocks of venue and bot differ', () => {
  it('nothing opens while they do; it opens once they agree', async () => {
    const world = new World();
    world.boot();
    tell(world, 5_000);
    await world.run(30_000, 1_000);
    expect(world.submitted).toEqual([]);
    const [verdict] = world.engine.core.verdicts.values();
    const rules = verdict?.breaches.map(({ rule, detail }) => `${rule}: ${detail}`).join();
    expect(rules).toContain('breaker_clock_skew: clock_skew/live/beta tripped');
    expect(rules).toMatch(/the venue's clock is 49\d\d ms ahead of ours/);
    tell(world, 40);
    await world.run(30_000, 1_000);
    expect(world.state()).toBe('held');
  });

  it('a reading that may be right within its round trip blocks nothing', async () => {
    const world = new World();
    world.boot();
    tell(world, 1_400, 1_000);
    await world.run(30_000, 1_000);
    expect(world.state()).toBe('held');
  });

  it('a jump of the wall clock counts at once, before the venue is asked again; reducing goes on', async () => {
    const world = new World();
    await world.opened();
    tell(world, 0);
    await world.run(1_000);
    world.wallShiftMs = -3_600_000;
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(10_000, 1_000);
    expect(world.state()).toBe('closed');
    await world.run(120_000, 1_000);
    expect(world.ledger.hedges.size).toBe(1);
  });

  it('fault-48-ended-ahead: an asset rests for its cooldown, not until the clock that was ahead comes again', async () => {
    const world = new World();
    await world.opened();
    const rests = () => [...riskStateOf(world.engine.core, 'live').cooldowns.keys()];
    world.wallShiftMs = 24 * HOUR_MS;
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(10_000, 1_000);
    expect(world.state()).toBe('closed');
    expect(rests()).toEqual(['SOL']);
    // A step back of less than the minute keeps it.
    world.wallShiftMs -= 30_000;
    await world.run(1_000, 1_000);
    expect(rests()).toEqual(['SOL']);
    world.wallShiftMs = 0;
    await world.run(1_000, 1_000);
    expect(rests()).toEqual([]);
  });

  it('fault-48-counted-ahead: what happened under a clock that was ahead is no evidence until its time comes', async () => {
    const world = new World();
    world.wallShiftMs = 24 * HOUR_MS;
    world.boot();
    await world.run(1_000, 1_000);
    const starts = () => readingOf(world.engine.core, { name: 'restarts', route: 'live', subject: '' }).actual;
    expect(starts()).toBe(1);
    // A step back of less than the minute keeps it.
    world.wallShiftMs -= 30_000;
    await world.run(1_000, 1_000);
    expect(starts()).toBe(1);
    world.wallShiftMs = 0;
    await world.run(1_000, 1_000);
    expect(starts()).toBe(0);
  });

  it('fault-48-no-confirmation: what an exit waits for is a duration, which no jump makes longer', async () => {
    const world = new World();
    await world.opened();
    const { core } = world.engine;
    const since = core.clock.now();
    core.exitMemory.set('h1', { belowSince: since, unknownSince: since + 1 });
    world.wallShiftMs = HOUR_MS;
    world.engine.push({ kind: 'wake' });
    await Promise.resolve();
    await Promise.resolve();
    expect(core.exitMemory.get('h1')).toEqual({ belowSince: since + HOUR_MS, unknownSince: since + HOUR_MS + 1 });
  });

  it('lists are read from where the venue stamps what it tells, however far ahead our clock is', async () => {
    const world = new World();
    await world.opened();
    world.wallShiftMs = 3_600_000;
    tell(world, -3_600_000);
    // Compared again while the clock is wrong.
    await world.run(60_000, 1_000);
    world.faults.beta.stream = 'lost';
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(60_000, 1_000);
    const booked = [...world.ledger.fills.keys()].filter((fill) => fill.includes('|beta|'));
    expect(booked).toHaveLength(world.exchanges.beta.trades(ACCOUNT).length);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    // The first list had it: nothing had to be missed before it was looked for.
    const missed = world.store.facts.filter((fact) => fact.kind === 'discrepancy' && fact.what === 'position');
    expect(missed).toEqual([]);
  });
});
