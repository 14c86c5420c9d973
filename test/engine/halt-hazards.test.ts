/** fault-32: a market that does not trade while a hedge stands on it. Both legs stay, and leave together when it does. */
import { expect, it } from 'vitest';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

const MINUTE_MS = 60_000;
const both = (world: World): readonly string[] => [world.position('alpha'), world.position('beta')];

/** The venue stops or goes on trading; its feed, which lists once an hour, tells only that it has stopped. */
function halt(world: World): void {
  world.exchanges.beta.setTrading(SOL, false);
  const known = world.engine.core.market.get(`beta|${SOL}`)?.instrument;
  if (!known) throw new Error('not listed');
  const instruments: Instrument[] = [{ ...known, trading: false }];
  world.engine.push({ kind: 'market', event: { kind: 'instruments', venue: 'beta', instruments } });
}

async function halted(): Promise<World> {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  halt(world);
  await world.run(1_000);
  return world;
}

it('fault-32-halted: an exit waits for both legs, people are told every minute, and it leaves within a minute of the end', async () => {
  const world = await halted();
  await world.operator({ action: 'close', hedge: 'h1' });
  const sent = world.submitted.length;
  await world.run(5 * MINUTE_MS, 1_000);
  expect(both(world)).toEqual(['9.5', '-9.5']);
  expect(world.submitted).toHaveLength(sent);
  expect(world.alarms.filter(({ code }) => code === 'market_halted').length).toBeGreaterThanOrEqual(5);
  world.exchanges.beta.setTrading(SOL, true);
  await world.run(MINUTE_MS + 5_000, 1_000);
  expect(both(world)).toEqual(['0', '0']);
  expect(world.state()).toBe('closed');
  expect(world.wrongs()).toEqual([]);
});

it('fault-32-halted-for-long: a held hedge plans its exit after half an hour, not before', async () => {
  const world = await halted();
  await world.run(29 * MINUTE_MS, 5_000);
  expect(world.state()).toBe('held');
  await world.run(2 * MINUTE_MS, 5_000);
  expect(world.hedge()).toMatchObject({ state: 'exiting', reason: 'market_halted' });
  expect(both(world)).toEqual(['9.5', '-9.5']);
  world.exchanges.beta.setTrading(SOL, true);
  await world.run(2 * MINUTE_MS, 1_000);
  expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'market_halted' });
});

it('fault-32-halted-for-a-moment: a hedge is held on over a short halt', async () => {
  const world = await halted();
  await world.run(10 * MINUTE_MS, 5_000);
  world.exchanges.beta.setTrading(SOL, true);
  await world.run(40 * MINUTE_MS, 5_000);
  expect(world.state()).toBe('held');
  expect(both(world)).toEqual(['9.5', '-9.5']);
});

it('fault-32-settled: a delisted market that settles the position takes the partner along', async () => {
  const world = await halted();
  const held = world.exchanges.beta.positions(ACCOUNT)[0];
  if (!held) throw new Error('no position');
  world.exchanges.beta.forceReduce(ACCOUNT, SOL, held.contracts.abs() as typeof held.contracts, 'adl');
  await world.run(2 * MINUTE_MS, 1_000);
  expect(both(world)).toEqual(['0', '0']);
});

it('fault-32-announced-leave: both legs leave half a day before the end that a venue announces, and nothing opens there', async () => {
  const world = new World();
  await world.opened();
  const known = world.engine.core.market.get(`beta|${SOL}`)?.instrument;
  if (!known) throw new Error('not listed');
  const announce = (endsAt: number) =>
    world.engine.push({
      kind: 'market',
      event: { kind: 'instruments', venue: 'beta', instruments: [{ ...known, endsAt }] },
    });
  announce(world.engine.core.clock.now() + 13 * HOUR_MS);
  await world.run(MINUTE_MS, 1_000);
  expect([world.state(), ...both(world)]).toEqual(['held', '9.5', '-9.5']);
  announce(world.engine.core.clock.now() + 12 * HOUR_MS - 1);
  await world.run(MINUTE_MS, 1_000);
  expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'market_ends' });
  expect(both(world)).toEqual(['0', '0']);
  await world.run(60 * MINUTE_MS, 5_000);
  expect([...world.engine.core.ledger.hedges.keys()]).toEqual(['h1']);
  expect(
    [...world.engine.core.verdicts.values()].flatMap(({ breaches }) => breaches.map(({ rule }) => rule)),
  ).toContain('market_ends');
  expect(world.wrongs()).toEqual([]);
});

it('fault-32-kill: the operator’s kill closes the leg that can be closed, and names what stands', async () => {
  const world = await halted();
  await world.operator({ action: 'kill' });
  await world.run(MINUTE_MS, 1_000);
  expect(both(world)).toEqual(['0', '-9.5']);
  expect(world.state()).not.toBe('closed');
});
