/** The ledger fails more than once in one process: nothing of the first failure may decide in the next. */
import { describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/kernel/instant.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ACCOUNT, SETTINGS, SOL } from './world-setup.ts';

const NAKED_LIMIT_MS = 8_000;
const LIMITED = { ...SETTINGS, execution: { ...SETTINGS.execution, nakedLimitMs: NAKED_LIMIT_MS } };
const both = (world: World): string[] => [world.position('alpha', SOL), world.position('beta', SOL)];
const emergencies = (world: World) => world.submitted.filter(({ clientOrderId }) => /^.{14}[xy]/.test(clientOrderId));

async function stands(): Promise<World> {
  const world = new World({ settings: LIMITED });
  await world.opened();
  await world.operator({ action: 'pause' });
  await world.run(10_000);
  return world;
}

async function untilEmergency(world: World, count: number): Promise<void> {
  for (let ms = 0; emergencies(world).length < count; ms += 100) {
    expect(ms).toBeLessThan(30_000);
    await world.run(100, 100);
  }
}

/** The ledger works again before the emergency order is answered. */
async function endsInFlight(world: World): Promise<void> {
  world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
  world.faults.alpha.submits.push({ kind: 'ack_late', delayMs: 4_000 });
  await untilEmergency(world, 1);
  world.store.failing = false;
  await world.run(2_000, 100);
}

describe('an order is under way when the first failure ends', () => {
  it('fault-42-anew: the naked limit of the second failure is waited for', async () => {
    const world = await stands();
    world.store.failing = true;
    await endsInFlight(world);
    await world.run(30 * MINUTE_MS, 1_000);
    world.store.failing = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('2'), 'liquidation');
    await world.run(NAKED_LIMIT_MS - SECOND_MS, 100);
    expect(emergencies(world)).toHaveLength(1);
    await untilEmergency(world, 2);
    expect(world.alarms.findLast(({ code }) => code === 'emergency_order')?.detail).toContain('order 1 of at most');
  });

  it('fault-42-human-gone: what a human held in the first and has closed is not left alone in the second', async () => {
    const world = await stands();
    world.store.failing = true;
    world.faults.alpha.foreignFillsHidden = true;
    world.faults.alpha.stream = 'lost';
    foreignTrade(world, 'alpha', 'buy', '3');
    await endsInFlight(world);
    world.faults.alpha.foreignFillsHidden = false;
    world.faults.alpha.stream = 'ok';
    await world.run(3 * MINUTE_MS, 500);
    foreignTrade(world, 'alpha', 'sell', '3');
    await world.run(10 * MINUTE_MS, 1_000);
    const equal = both(world);
    expect(equal[1]).toBe(`-${equal[0]}`);
    world.store.failing = true;
    await world.operator({ action: 'resume' });
    await world.run(30_000, 500);
    expect(both(world)).toEqual(equal);
    expect(emergencies(world)).toHaveLength(1);
  });
});

it('fault-42-flapping: a disk that works for a moment ends no wait for the accounts', async () => {
  const world = await stands();
  world.store.failing = true;
  world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
  await untilEmergency(world, 1);
  await world.run(1_000, 100);
  expect(both(world)).toEqual(['5.5', '-5.5']);
  world.faults.beta.reads = 'slow';
  world.store.failing = false;
  for (let ms = 0; world.engine.core.storeFailure !== undefined && ms < 10_000; ms += 100) await world.run(100, 100);
  await world.run(200, 100);
  world.store.failing = true;
  await world.operator({ action: 'resume' });
  await world.run(20_000, 100);
  world.store.failing = false;
  for (let ms = 0; ms < 40_000; ms += 100) {
    await world.run(100, 100);
    expect(both(world)).toEqual(['5.5', '-5.5']);
  }
});

it('fault-42-answered-between: a list answered between two failures is no first word of the second', async () => {
  const world = await stands();
  world.faults.alpha.reads = 'slow';
  world.faults.beta.reads = 'slow';
  world.store.failing = true;
  await world.operator({ action: 'resume' });
  const asking = (): boolean => [...world.engine.core.emergency.truths.values()].some((truth) => truth.asking);
  for (let ms = 0; !asking() && ms < 10_000; ms += 100) await world.run(100, 100);
  expect(asking()).toBe(true);
  world.store.failing = false;
  await world.run(30_000, 100);
  expect(world.engine.core.emergency.truths.size).toBe(0);
});
