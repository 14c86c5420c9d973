/** An instrument that an account could not prepare: nothing opens on it, what stands on it is managed to its end. */
import { expect, it } from 'vitest';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { World } from './world.ts';
import { SOL } from './world-setup.ts';

const MINUTE_MS = 60_000;
const KEY = instrumentKey('beta', SOL);

function close(world: World, why?: string): void {
  const closed = new Map(why === undefined ? [] : [[KEY, why]]);
  world.engine.push({ kind: 'account', route: 'live', venue: 'beta', event: { kind: 'closed', closed } });
}

it('closed-before-the-entry: refused with its reason before either leg is sent, and opened once it is prepared', async () => {
  const world = new World();
  world.boot();
  await world.operator({ action: 'pause' });
  await world.run(1_000);
  close(world, 'the venue refuses the leverage');
  await world.operator({ action: 'resume' });
  await world.run(10_000);
  expect(world.submitted).toEqual([]);
  const [verdict] = world.engine.core.verdicts.values();
  expect(verdict?.breaches).toMatchObject([
    { rule: 'venue_blocked', detail: `${KEY}: the venue refuses the leverage` },
  ]);
  close(world);
  await world.run(10_000);
  expect(world.state()).toBe('held');
});

it('closed-while-held: the exit goes through', async () => {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  close(world, 'the venue refuses the leverage');
  await world.run(MINUTE_MS, 1_000);
  expect(world.state()).toBe('held');
  await world.operator({ action: 'close', hedge: 'h1' });
  await world.run(5_000);
  expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
  expect(world.state()).toBe('closed');
});
