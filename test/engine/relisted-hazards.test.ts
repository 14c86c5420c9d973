/** fault-21: a venue changes its steps while hedges are planned and while they stand. */
import { describe, expect, it } from 'vitest';
import { base, contracts, isMultipleOf, text } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import { World } from './world.ts';
import { SOL } from './world-setup.ts';

const both = (world: World): string[] => [world.position('alpha'), world.position('beta')];

/** Beta's lot becomes `count` contracts of 0.5 SOL; the venue's listing says so when `told`. */
async function relist(world: World, count: string, told = true): Promise<void> {
  const lot = contracts(count);
  world.exchanges.beta.changeSteps(SOL, { lot, minContracts: lot });
  if (!told) return;
  const key = instrumentKey('beta', SOL);
  const known = world.engine.core.market.get(key)?.instrument;
  if (!known) throw new Error('not listed');
  const size = base(lot.times('0.5').toFixed());
  const instruments = [{ ...known, lot: size, minQuantity: size }];
  world.engine.push({ kind: 'market', event: { kind: 'instruments', venue: 'beta', instruments } });
  await world.run(1);
}

describe('fault-21-lot-changed', () => {
  it('before the entry: sized in the new common lot', async () => {
    const world = new World();
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(1_000);
    await relist(world, '4');
    await world.operator({ action: 'resume' });
    await world.run(5_000);
    expect(world.state()).toBe('held');
    expect(isMultipleOf(base(world.position('alpha')), base('2'))).toBe(true);
    expect(text(world.hedge().plan.commonLot)).toBe('2');
    expect(world.wrongs()).toEqual([]);
  });

  it('not told: an entry in the old lot is refused by the venue, and the first leg is not left alone', async () => {
    const world = new World();
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(1_000);
    await relist(world, '4', false);
    await world.operator({ action: 'resume' });
    await world.run(1_000);
    await world.operator({ action: 'pause' });
    await world.run(20_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('finer while a hedge stands: it is closed to nothing', async () => {
    const world = new World();
    await world.opened();
    world.exchanges.beta.changeSteps(SOL, { lot: contracts('0.2'), minContracts: contracts('0.2') });
    await world.operator({ action: 'flatten' });
    await world.run(20_000);
    expect(both(world)).toEqual(['0', '0']);
  });

  it('fault-20-coarser-while-a-hedge-stands: what no order can close is quarantined and told, never looped on', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    await relist(world, '4');
    await world.run(MINUTE_MS, 1_000);
    // The hedge itself goes on as it is.
    expect(world.state()).toBe('held');
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(MINUTE_MS, 1_000);
    expect(world.hedge()).toMatchObject({ state: 'quarantined', reason: 'dust' });
    // What beta takes no order for stays hedged.
    expect(both(world)).toEqual(['1.5', '-1.5']);
    const sent = world.submitted.length;
    await world.run(30 * MINUTE_MS, 10_000);
    expect(world.submitted.length).toBe(sent);
    expect(world.alarmed('quarantined')).toBe(true);
    // The venue goes back to what it was: the rest goes too.
    await relist(world, '1');
    await world.run(5 * MINUTE_MS, 5_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it.each<[string, readonly ('alpha' | 'beta')[]]>([
    ['one venue', ['beta']],
    ['both venues', ['alpha', 'beta']],
  ])(
    'fault-21-largest-order-smaller on %s: an exit goes in equal steps, and what filled is no failure',
    async (_, on) => {
      const world = new World();
      await world.opened();
      await world.operator({ action: 'pause' });
      for (const venue of on) {
        const known = world.engine.core.market.get(instrumentKey(venue, SOL))?.instrument;
        if (!known) throw new Error('not listed');
        const instruments = [{ ...known, maxQuantity: base('1') }];
        world.engine.push({ kind: 'market', event: { kind: 'instruments', venue, instruments } });
      }
      await world.run(100);
      await world.operator({ action: 'close', hedge: 'h1' });
      let worst = 0;
      for (let i = 0; i < 60; i++) {
        await world.run(250, 50);
        const [a = 0, b = 0] = both(world).map(Number);
        worst = Math.max(worst, Math.abs(a + b));
      }
      expect(both(world)).toEqual(['0', '0']);
      expect(worst).toBeLessThanOrEqual(1);
      expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'operator_close' });
      const limits = world.submitted.filter(({ reduceOnly }) => reduceOnly).map(({ limitPrice }) => text(limitPrice));
      // No order widened the cap for the next.
      expect(new Set(limits).size).toBe(2);
      expect(world.wrongs()).toEqual([]);
    },
  );
});
