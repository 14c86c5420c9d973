/** What `status` shows of pairs: those that are priced now, and the reason of those that are not. */
import { expect, it } from 'vitest';
import { statusOf } from '../../src/engine/status.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { World } from './world.ts';
import { SETTINGS, SOL } from './world-setup.ts';

it('a pair that can no longer be priced is no opportunity any more, and the reason is shown', async () => {
  const world = new World();
  world.boot();
  await world.operator({ action: 'pause' });
  await world.run(5_000);
  const { core } = world.engine;
  const [before] = statusOf(core).opportunities;
  expect(before).toMatchObject({ asset: 'SOL', verdict: 'refused' });
  expect(statusOf(core).unpriced).toEqual([]);

  const key = instrumentKey('beta', SOL);
  const listed = core.market.get(key)?.instrument;
  if (!listed) throw new Error('beta lists SOL');
  const instruments = [{ ...listed, trading: false }];
  world.engine.push({ kind: 'market', event: { kind: 'instruments', venue: 'beta', instruments } });
  await world.run(5_000);
  expect(statusOf(core).opportunities).toEqual([]);
  expect(statusOf(core).unpriced).toMatchObject([{ asset: 'SOL', key, code: 'not_trading' }]);
});

it.each([
  [{ enabledVenues: new Set(['alpha']) }, { assets: [], venues: ['beta'] }],
  [{ risk: { ...SETTINGS.risk, deny: { assets: ['SOL', 'XRP'], venues: [] } } }, { assets: ['SOL'], venues: [] }],
  [
    { risk: { ...SETTINGS.risk, allow: { assets: ['XRP'], venues: ['beta'] } } },
    { assets: ['SOL'], venues: ['alpha'] },
  ],
])('what the configuration keeps closed of what was seen is told: %j', async (change, leftOut) => {
  const world = new World({ settings: { ...SETTINGS, ...change } });
  world.boot();
  await world.run(5_000);
  expect(statusOf(world.engine.core).leftOut).toEqual(leftOut);
});
