/** fault-22: a market left its venue's listing while the bot was down, and a hedge stands on it. */
import { describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { World } from './world.ts';
import { ACCOUNT, ETH, SOL } from './world-setup.ts';

const both = (world: World): string[] => [world.position('alpha'), world.position('beta')];

/** A hedge long alpha and short beta; the next process finds SOL listed on alpha only. */
async function restarted(): Promise<World> {
  const world = new World({ symbols: [SOL, ETH] });
  await world.opened();
  await world.operator({ action: 'pause' });
  world.crash();
  world.unlisted.beta.add(SOL);
  world.exchanges.beta.setTrading(SOL, false);
  world.boot();
  await world.run(3 * MINUTE_MS, 1_000);
  return world;
}

describe('fault-22-unlisted-while-down', () => {
  it('while the venue still holds the position, both legs stay, and people are told', async () => {
    const world = await restarted();
    const [alpha, beta] = both(world);
    expect(alpha).not.toBe('0');
    expect(beta).toBe(`-${alpha}`);
    expect(world.alarms.some(({ severity }) => severity === 'critical')).toBe(true);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(5 * MINUTE_MS, 1_000);
    expect(both(world)).toEqual([alpha, beta]);
  });

  it('once the venue has settled it, the other leg does not stand alone', async () => {
    const world = await restarted();
    const held = world.exchanges.beta.positions(ACCOUNT).find(({ symbol }) => symbol === SOL);
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts(held?.contracts.abs().toFixed() ?? '0'), 'adl');
    expect(world.position('beta')).toBe('0');
    await world.run(HOUR_MS / 6, 1_000);
    expect(both(world)).toEqual(['0', '0']);
  });
});
