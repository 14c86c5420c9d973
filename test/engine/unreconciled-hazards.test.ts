/** A venue that answers orders and cannot be reconciled: what it lists may be ours, and what it told last is not all. */
import { expect, it } from 'vitest';
import { blockedVenues } from '../../src/engine/valuation.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ETH, SOL } from './world-setup.ts';

it('fault-03-listed-and-not-reconciled: the asset is closed on the other venues too, until it is known what it is', async () => {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  const closed = (key: string): string | undefined => blockedVenues(world.engine.core, 'live').get(key);
  world.faults.beta.paymentsFailing = true;
  world.faults.beta.foreignFillsHidden = true;
  foreignTrade(world, 'beta', 'sell', '3');
  await world.run(2 * MINUTE_MS, 500);
  expect(closed('beta')).toContain('cannot be reconciled');
  expect(closed(`alpha|${SOL}`)).toContain(`beta|${SOL} is -11 at the venue and -9.5 in the ledger`);
  expect(closed(`alpha|${ETH}`)).toBeUndefined();
  world.faults.beta.paymentsFailing = false;
  world.faults.beta.foreignFillsHidden = false;
  await world.run(2 * MINUTE_MS, 500);
  expect(closed('beta')).toContain('discrepancy');
  expect(closed(`alpha|${SOL}`)).toBeUndefined();
});

it('fault-14-older-fill-untold: a fill that came before the newest that is known is read first, and none is a stranger’s', async () => {
  const world = new World();
  world.faults.alpha.submits.push({ kind: 'delivered_again', delayMs: 2_000 });
  world.boot();
  await world.run(1);
  world.faults.alpha.stream = 'lost';
  world.faults.alpha.reads = 'failing';
  await world.run(12 * MINUTE_MS, 1_000);
  expect(world.state()).toBe('held');
  expect(world.position('alpha')).toBe('19');
  await world.operator({ action: 'pause' });
  world.faults.alpha.submits.push({ kind: 'delivered_again', delayMs: 2_000 });
  await world.operator({ action: 'close', hedge: 'h1' });
  await world.run(40 * MINUTE_MS, 1_000);
  expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
  world.faults.alpha.stream = 'ok';
  world.faults.alpha.reads = 'ok';
  await world.run(2 * MINUTE_MS, 500);
  expect(world.state()).toBe('closed');
  expect(world.store.facts.filter((fact) => fact.kind === 'fill' && fact.hedge === undefined)).toEqual([]);
});
