/** A process that stood still and goes on: what it remembers is as old as the stall, and says so nowhere. */
import { describe, expect, it } from 'vitest';
import { toNumber } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/instant.ts';
import { LedgerWriteError } from '../../src/ports/ledger-store.ts';
import { World } from './world.ts';
import { SETTINGS, SOL } from './world-setup.ts';

const { exitPriceCapRate } = SETTINGS.execution;

async function flattenedAfter(stallMs: number): Promise<World> {
  const world = new World();
  await world.opened();
  await world.run(10_000);
  await world.stall(stallMs);
  // Waits in a socket like the books, and is read first.
  world.engine.push({ kind: 'operator', command: { action: 'flatten' }, by: 'test', reply: () => undefined });
  return world;
}

/** Both legs have left since, at prices of `price`. */
function expectExitsNear(world: World, sent: number, price: number): void {
  const exits = world.submitted.slice(sent);
  expect(exits).toHaveLength(2);
  for (const { limitPrice } of exits) {
    expect(Math.abs(toNumber(limitPrice) / price - 1)).toBeLessThan(exitPriceCapRate + 0.002);
  }
  expect(world.state()).toBe('closed');
}

describe('a process that stood still for a minute', () => {
  it('fault-39-stall: an exit is priced by what is heard then, not by what was known before', async () => {
    const world = new World();
    await world.opened();
    await world.run(10_000);
    const before = world.engine.core.market.get(`alpha|${SOL}`)?.mark?.mark ?? Number.NaN;
    const sent = world.submitted.length;
    world.move(SOL, 0.05);
    await world.stall(MINUTE_MS);
    world.engine.push({ kind: 'operator', command: { action: 'flatten' }, by: 'test', reply: () => undefined });
    await world.run(5_000, 100);
    expectExitsNear(world, sent, 1.05 * before);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-39-up-first: an exit that waited is not priced before the books are heard, whatever stands before them', async () => {
    const world = new World();
    await world.opened();
    const before = world.engine.core.market.get(`alpha|${SOL}`)?.mark?.mark ?? Number.NaN;
    const { store } = world;
    const commit = store.commit.bind(store);
    let isFull = true;
    store.commit = (facts) => {
      if (isFull && facts.some(({ kind }) => kind === 'attempt')) throw new LedgerWriteError('disk_full', 'no space');
      commit(facts);
    };
    await world.operator({ action: 'flatten' });
    expect(world.state()).toBe('exiting');
    const sent = world.submitted.length;
    isFull = false;
    world.move(SOL, 0.05);
    await world.stall(MINUTE_MS);
    // Each venue's health stands before its quotes.
    await world.run(5_000, 100);
    expectExitsNear(world, sent, 1.05 * before);
  });

  it('fault-39-reconciled: every account is read anew', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS, positionsEveryMs: 20_000 } });
    await world.opened();
    await world.run(MINUTE_MS);
    const readAt = () => [...world.engine.core.accounts.values()].map(({ lastReconciledAt }) => lastReconciledAt ?? 0);
    await world.stall(MINUTE_MS);
    const wokeAt = world.clock.now();
    await world.run(3_000, 100);
    for (const at of readAt()) expect(at).toBeGreaterThanOrEqual(wokeAt);
  });

  it('fault-39-untimed: noticed also when nothing of ours had come due meanwhile', async () => {
    const settings = { ...SETTINGS, reconcileEveryMs: 3 * HOUR_MS, positionsEveryMs: 3 * HOUR_MS };
    const world = new World({ settings });
    await world.opened();
    await world.run(5 * MINUTE_MS, 5_000);
    const { wakes } = world.engine.core;
    const nextMs = Math.min(...wakes.values()) - world.clock.now();
    expect(nextMs).toBeGreaterThan(2 * MINUTE_MS);
    world.move(SOL, 0.05);
    await world.stall(MINUTE_MS);
    world.engine.push({ kind: 'operator', command: { action: 'flatten' }, by: 'test', reply: () => undefined });
    const sent = world.submitted.length;
    await world.run(400, 100);
    expect(world.submitted).toHaveLength(sent);
    await world.run(5_000, 100);
    expect(world.submitted.length).toBeGreaterThan(sent);
    expect(world.state()).toBe('closed');
  });

  it('goes on at once when a timer is merely late', async () => {
    const world = await flattenedAfter(1_500);
    await world.run(300, 100);
    expect(world.submitted.filter(({ reduceOnly }) => reduceOnly)).toHaveLength(2);
  });

  it('a stop is not held up by it', async () => {
    const world = await flattenedAfter(MINUTE_MS);
    const stopped = world.engine.stop(20 * SECOND_MS);
    await world.run(20 * SECOND_MS, 100);
    expect(await stopped).toEqual([]);
  });
});
