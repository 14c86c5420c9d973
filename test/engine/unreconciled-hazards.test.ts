/** A venue that answers orders and cannot be reconciled: what it lists may be ours, and what it told last is not all. */
import { expect, it, vi } from 'vitest';
import { blockedVenues } from '../../src/engine/valuation.ts';
import { text } from '../../src/kernel/decimal.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/kernel/instant.ts';
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

it('fault-28-positions-unread: a venue whose positions cannot be read opens nothing, also once its books are back', async () => {
  const world = new World();
  await world.opened();
  const closed = (): string | undefined => blockedVenues(world.engine.core, 'live').get('beta');
  expect(closed()).toBeUndefined();
  world.faults.beta.reads = 'failing';
  await world.run(world.engine.core.settings.positionsEveryMs + SECOND_MS, 100);
  expect(closed()).toBe('positions cannot be read');
  world.faults.beta.reads = 'ok';
  await world.run(MINUTE_MS, 500);
  expect(closed()).toBeUndefined();
});

it('fault-28-unread-once: one reconciliation without positions is enough, and the first list ends it', async () => {
  const world = new World();
  world.boot();
  await world.operator({ action: 'pause' });
  await world.run(SECOND_MS, 100);
  const closed = (): string | undefined => blockedVenues(world.engine.core, 'live').get('beta');
  expect(closed()).toBeUndefined();
  world.faults.beta.reads = 'failing';
  for (let ms = 0; closed() === undefined; ms += 100) {
    expect(ms).toBeLessThanOrEqual(world.engine.core.settings.reconcileEveryMs + SECOND_MS);
    await world.run(100, 100);
  }
  world.faults.beta.reads = 'ok';
  await world.run(2 * SECOND_MS, 100);
  expect(closed()).toBeUndefined();
});

it('fault-23-listed-beyond: from the first list that says more than the ledger nothing opens there', async () => {
  const world = new World();
  await world.opened();
  const { core } = world.engine;
  const asked: (string | undefined)[] = [];
  const send = core.send.bind(core);
  vi.spyOn(core, 'send').mockImplementation((command) => {
    const quantity = core.positions.get('live|beta')?.read?.positions.get(`beta|${SOL}`)?.quantity;
    if (command.kind === 'reconcile' && quantity && text(quantity) === '-11')
      asked.push(blockedVenues(core, 'live').get('beta'));
    return send(command);
  });
  world.faults.beta.stream = 'lost';
  foreignTrade(world, 'beta', 'sell', '3');
  await world.run(core.settings.positionsEveryMs + SECOND_MS, 100);
  expect(asked[0]).toBe('lists other positions than the ledger');
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
