/** A ledger that is older than what it traded: an old backup, put back by hand. */
import { describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { World } from './world.ts';
import { ACCOUNT, SETTINGS, SOL } from './world-setup.ts';

const both = (world: World): string[] => [world.position('alpha'), world.position('beta')];
const backup = (world: World): readonly Fact[] => [...world.store.facts];

/** The process ends, the file of before takes the ledger's place, and a new one starts. */
function restore(world: World, facts: readonly Fact[]): void {
  world.crash();
  world.store.facts.splice(0, world.store.facts.length, ...facts);
  world.boot();
}

const whats = (world: World): string[] => [...world.ledger.discrepancies.values()].map(({ what }) => what).sort();

describe('fault-46-old-backup-restored', () => {
  it('of before anything was opened: adopts nothing, opens nothing, says why, and no id is made twice', async () => {
    const world = new World();
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(2_000);
    const before = backup(world);
    await world.operator({ action: 'resume' });
    await world.run(5_000);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    restore(world, before);
    await world.operator({ action: 'resume' });
    await world.run(5 * MINUTE_MS, 1_000);
    expect(world.ledger.hedges.size).toBe(0);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    expect(whats(world)).toContain('ledger_behind');
    expect(world.alarmed('discrepancy_ledger_behind')).toBe(true);
    // The human says so, takes the positions away, and the bot goes on with ids of its own. Each id's second use is fatal.
    for (const venue of ['alpha', 'beta'] as const) {
      const seenAt = world.clock.now();
      expect((await world.operator({ action: 'accept', venue, route: 'live', note: 'backup', seenAt })).ok).toBe(true);
    }
    world.exchanges.alpha.forceReduce(ACCOUNT, SOL, contracts('9.5'), 'adl');
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'adl');
    await world.run(2 * MINUTE_MS, 1_000);
    expect(whats(world)).toEqual([]);
    expect(world.ledger.hedges.size).toBe(1);
    expect(world.wrongs()).toEqual([]);
  });

  it('of a hedge that has been closed since: its legs are closed by the trades that it reads, not sold twice', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    await world.run(1_000);
    const before = backup(world);
    await world.operator({ action: 'flatten' });
    await world.run(5_000);
    expect(both(world)).toEqual(['0', '0']);
    restore(world, before);
    await world.run(MINUTE_MS, 1_000);
    expect(world.state()).toBe('closed');
    expect(both(world)).toEqual(['0', '0']);
    expect(whats(world)).toContain('ledger_behind');
    // Its own trades are not called somebody else's.
    const told = world.store.facts.flatMap((fact) =>
      fact.kind === 'discrepancy' && fact.what === 'foreign_fill' && fact.status === 'open' ? [fact.detail] : [],
    );
    expect(told.length).toBeGreaterThanOrEqual(2);
    for (const detail of told) expect(detail).toContain('was ordered by this ledger');
    expect(world.wrongs()).toEqual([]);
  });

  it('in the middle of an entry: the orders that it knows are looked up, those that it lost are not adopted', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: 5_000 } });
    world.boot();
    await world.run(1);
    const intents = world.store.facts.findIndex((fact) => fact.kind === 'attempt');
    expect(intents).toBeGreaterThan(0);
    const before = world.store.facts.slice(0, intents + 2);
    await world.run(5_000);
    await world.operator({ action: 'flatten' });
    await world.run(5_000);
    restore(world, before);
    await world.operator({ action: 'pause' });
    await world.run(2 * MINUTE_MS, 1_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(['closed', 'aborted']).toContain(world.state());
    expect(world.wrongs()).toEqual([]);
  });

  it('the same process started again in the same second makes other ids', async () => {
    const world = new World();
    await world.opened();
    const { era } = world.engine.core.ids;
    world.crash();
    world.boot();
    expect(world.engine.core.ids.era).toBeGreaterThan(era);
  });
});
