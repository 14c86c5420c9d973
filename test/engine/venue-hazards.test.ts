/** A venue that does more than it was told. */
import { describe, expect, it } from 'vitest';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { SOL } from './world-setup.ts';

describe('more than the ledger ordered', () => {
  it('fault-19-overfill: booked as told, and what is too much is trimmed by a reduce-only order', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    const [order] = world.submitted.filter(({ key }) => key.startsWith('beta'));
    // The matching engine executes the same order once more.
    foreignTrade(world, 'beta', 'sell', '3', { clientOrderId: order?.clientOrderId ?? '' });
    const before = world.submitted.length;
    await world.run(60_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
    const sent = world.submitted.slice(before);
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.every(({ reduceOnly, key }) => reduceOnly && key.startsWith('beta'))).toBe(true);
    expect(world.ledger.accounts.get('live|beta')?.holdings.get(`beta|${SOL}`)?.quantity.toFixed()).toBe('-9.5');
  });
});
