/** A price that runs away: both legs become smaller together before the venue takes one. */
import { describe, expect, it, vi } from 'vitest';
import { statusOf } from '../../src/engine/status.ts';
import { base, contracts } from '../../src/kernel/decimal.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import { World } from './world.ts';
import { ACCOUNT, COMMON_LOT, SOL } from './world-setup.ts';

const both = (world: World): string[] => [world.position('alpha'), world.position('beta')];
const codes = (world: World): string[] => [...new Set(world.alarms.map(({ code }) => code))];
const distance = (world: World) => statusOf(world.engine.core).hedges[0]?.liquidationDistance;

async function standing(): Promise<World> {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  await world.run(10_000);
  return world;
}

describe('distance to liquidation', () => {
  it('is the exchange’s own: shown for both legs, and the nearer one warns', async () => {
    const world = await standing();
    const shown = distance(world);
    // Leverage 2: half the price away, less the maintenance margin.
    expect(shown?.long).toBeGreaterThan(0.4);
    expect(shown?.short).toBeGreaterThan(0.4);
    expect(codes(world)).toEqual([]);
    world.move(SOL, 0.28);
    await world.run(10_000);
    expect(codes(world)).toEqual(['margin_low']);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    expect(world.exchanges.beta.positions(ACCOUNT)).toHaveLength(1);
  });

  it('margin-critical: both legs are halved together until nothing is left, and nobody is liquidated', async () => {
    const world = await standing();
    const nets: string[] = [];
    const sizes: string[] = [];
    for (let i = 0; i < 14; i++) {
      if (i < 8) world.move(SOL, 0.045);
      for (let tick = 0; tick < 40; tick++) {
        await world.run(250, 250);
        const net = base(world.position('alpha')).plus(world.position('beta')).abs();
        if (net.gte(COMMON_LOT[SOL])) nets.push(net.toFixed());
        if (sizes.at(-1) !== world.position('alpha')) sizes.push(world.position('alpha'));
      }
    }
    expect(codes(world)).toContain('margin_critical');
    expect(both(world)).toEqual(['0', '0']);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'margin' });
    expect(sizes.length).toBeGreaterThan(2);
    // Never naked in between, beyond the moment of the two orders.
    expect(nets).toEqual([]);
    expect(world.wrongs()).toEqual([]);
  });

  it('marks-frozen: when one market’s marks stop, the venue’s own list of positions tells the distance', async () => {
    const world = await standing();
    const push = world.engine.push.bind(world.engine);
    const spy = vi.spyOn(world.engine, 'push').mockImplementation((event) => {
      const isFrozen =
        event.kind === 'market' && event.event.kind === 'mark' && event.event.mark.key.startsWith('beta');
      if (!isFrozen) push(event);
    });
    world.move(SOL, 0.4);
    await world.run(10_000);
    expect(codes(world)).toContain('margin_critical');
    expect(base(world.position('beta')).abs().lt('9.5')).toBe(true);
    spy.mockRestore();
  });

  it('a figure that is missing is shown as unknown and closes nothing', async () => {
    const world = await standing();
    world.faults.beta.liquidationHidden = true;
    await world.run(10_000);
    world.move(SOL, 0.3);
    await world.run(MINUTE_MS, 1_000);
    expect(distance(world)).not.toHaveProperty('short');
    expect(distance(world)).toHaveProperty('long');
    expect(both(world)).toEqual(['9.5', '-9.5']);
  });

  it('a figure that is old is unknown too', async () => {
    const world = await standing();
    world.faults.beta.reads = 'failing';
    await world.run(3 * MINUTE_MS, 1_000);
    expect(distance(world)).not.toHaveProperty('short');
  });

  it('fault-30-venue-down: a leg near liquidation is not reduced alone while its partner’s venue is away', async () => {
    const world = await standing();
    world.faults.alpha.down = true;
    world.feedDown.add('alpha');
    await world.run(2_000);
    world.move(SOL, 0.36);
    await world.run(20_000, 500);
    expect(codes(world)).toContain('margin_critical');
    expect(both(world)).toEqual(['9.5', '-9.5']);
    world.healAll();
    await world.run(MINUTE_MS, 500);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-48-clock-goes-back: a hedge that is held since later than now is reduced all the same', async () => {
    const world = await standing();
    world.wallShiftMs = 40 * MINUTE_MS;
    world.exchanges.alpha.forceReduce(ACCOUNT, SOL, contracts('4'), 'adl');
    await world.run(10_000);
    expect([world.state(), ...both(world)]).toEqual(['held', '5.5', '-5.5']);
    world.wallShiftMs = 0;
    await world.run(10_000);
    world.move(SOL, 0.36);
    await world.run(20_000, 500);
    expect(codes(world)).toContain('margin_critical');
    expect(Number(both(world)[0])).toBeLessThan(5.5);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-48-back-while-critical: one list of positions halves once, though its stamp lies ahead by now', async () => {
    const sizesAt = async (shiftMs: number): Promise<string[]> => {
      const world = await standing();
      world.wallShiftMs = shiftMs;
      world.move(SOL, 0.4);
      const sizes: string[] = [];
      for (let ms = 0; ms < 3_000; ms += 50) {
        await world.run(50, 50);
        sizes.push(world.position('alpha'));
      }
      return sizes;
    };
    const sizes = await sizesAt(0);
    expect(sizes).toContain('5');
    expect(await sizesAt(-60 * MINUTE_MS)).toEqual(sizes);
  });

  it('a restart in the middle goes on', async () => {
    const world = await standing();
    world.store.killAfterCommits = { left: 0, when: 'after' };
    world.move(SOL, 0.36);
    await world.run(10_000, 250);
    expect(world.running).toBe(false);
    world.boot();
    await world.run(MINUTE_MS, 500);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });
});
