/** Nothing may undo or hold up what an operator forces. */
import { describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { unresolvableWorld } from './unresolvable.ts';
import { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

describe('a wall clock that jumps', () => {
  it.each([-HOUR_MS, HOUR_MS])(
    'fault-48: by %d ms, a leg left alone is still retried within seconds',
    async (jumpMs) => {
      const world = new World();
      await world.opened();
      world.faults.beta.submits.push({ kind: 'refused', code: 'busy' }, { kind: 'refused', code: 'busy' });
      await world.operator({ action: 'close', hedge: 'h1' });
      await world.run(100, 50);
      expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '-9.5']);
      world.wallShiftMs = jumpMs;
      await world.run(5_000);
      expect(world.position('beta')).toBe('0');
      expect(world.state()).toBe('closed');
    },
  );

  it('fault-48-order-storm: a leg that is refused again and again keeps its pauses and its count', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    const sent = world.submitted.length;
    world.faults.beta.submits.push(...Array.from({ length: 500 }, () => ({ kind: 'refused', code: 'busy' }) as const));
    await world.operator({ action: 'close', hedge: 'h1' });
    world.wallShiftMs = -HOUR_MS;
    await world.run(60_000, 100);
    // One exit of the long leg, six of the short one, then one every five seconds in quarantine, because it is naked.
    expect(world.submitted.length - sent).toBeLessThanOrEqual(17);
    expect(world.state()).toBe('quarantined');
  });

  it('fault-48-reconciliation: what is due by the old clock is not put off by the jump', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.stream = 'lost';
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
    world.wallShiftMs = -HOUR_MS;
    await world.run(60_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['5.5', '-5.5']);
  });
});

describe('forced exits', () => {
  it('kill-beside-an-unresolvable-order: the known leg is reduced until it is flat, whatever the lookups say', async () => {
    const world = await unresolvableWorld();
    // At first nobody buys what must be sold.
    world.exchanges.alpha.setBook(SOL, [], []);
    await world.operator({ action: 'kill' });
    // Longer than the pause between two lookups, shorter than six attempts take.
    await world.run(12_000, 1_000);
    expect(world.position('alpha')).toBe('9.5');
    world.book('alpha', SOL, 50);
    await world.run(2 * MINUTE_MS, 1_000);
    expect(world.position('alpha')).toBe('0');
    expect(world.hedge()).toMatchObject({ state: 'exiting', reason: 'kill' });
  });

  it('kill-while-unwinding: an unwinding that waits for a silent venue waits no longer', async () => {
    const world = new World();
    await world.opened();
    world.crash();
    const at = world.clock.now();
    world.store.facts.push({
      kind: 'hedge_moved',
      hedge: 'h1',
      from: 'held',
      to: 'unwinding',
      reason: 'dust',
      detail: '',
      at,
    });
    world.feedDown.add('beta');
    world.boot();
    await world.run(10_000, 1_000);
    // Not forced: the leg that could be reduced goes no further than its partner.
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
    await world.operator({ action: 'kill' });
    await world.run(5_000, 1_000);
    expect(world.position('alpha')).toBe('0');
    world.feedDown.clear();
    await world.run(5_000, 1_000);
    expect(world.position('beta')).toBe('0');
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'kill' });
  });
});
