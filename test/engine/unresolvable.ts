/** An order that was sent and that nobody can find out about. */
import { expect } from 'vitest';
import { World } from './world.ts';
import { SETTINGS } from './world-setup.ts';

const impatient = {
  ...SETTINGS,
  execution: { ...SETTINGS.execution, lookup: { ...SETTINGS.execution.lookup, horizonMs: 30_000 } },
};

/** The short leg's order is unknown beyond the horizon and `beta` answers nothing: the hedge is quarantined. */
export async function unresolvableWorld(): Promise<World> {
  const world = new World({ settings: impatient });
  world.faults.beta.submits.push({ kind: 'reply_lost' });
  Object.assign(world.faults.beta, { lookups: 'failing', stream: 'lost' });
  world.boot();
  await world.run(1);
  world.faults.beta.reads = 'failing';
  await world.run(60_000, 1_000);
  expect(world.hedge()).toMatchObject({ state: 'quarantined', reason: 'order_unresolvable' });
  return world;
}
