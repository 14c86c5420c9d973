/** When a venue's silence about an order proves that it never existed, and when it does not. */
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { World } from './world.ts';

/** The first order on `beta` never arrives; nothing but lookups tells of it. */
function lost(memoryMs = Number.POSITIVE_INFINITY): World {
  const world = new World();
  world.orderMemoryMs = memoryMs;
  world.faults.beta.submits.push({ kind: 'request_lost' });
  return world;
}

const attempt = (world: World) => world.hedge().short.attempts[0];

describe('proof of absence', () => {
  it.each([HOUR_MS, -HOUR_MS])(
    'fault-48: a wall clock that jumps by %d ms makes it neither shorter nor longer',
    async (jumpMs) => {
      const world = lost();
      world.boot();
      await world.run(1);
      await world.run(500, 50);
      world.wallShiftMs = jumpMs;
      // The validity is five seconds.
      await world.run(4_000, 100);
      expect(attempt(world)?.status).toBe('unknown');
      await world.run(6_000, 100);
      expect(attempt(world)?.status).toBe('proven_absent');
      expect(world.wrongs()).toEqual([]);
    },
  );

  it('a venue that forgets sooner than the setting allows: its silence proves nothing, a human must look', async () => {
    const world = lost(MINUTE_MS);
    world.faults.beta.lookups = 'failing';
    world.boot();
    await world.run(1);
    await world.run(MINUTE_MS + 15_000, 1_000);
    world.faults.beta.lookups = 'ok';
    await world.run(30_000, 1_000);
    expect(attempt(world)?.status).toBe('unknown');
    expect(world.alarmed('order_unresolvable')).toBe(true);
    // What is known to stand does not wait for that human.
    expect(world.position('alpha')).toBe('0');
  });

  it('fault-09-duplicate-id: an order that the venue says exists is never absent', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'duplicate' });
    world.boot();
    await world.run(1);
    await world.run(MINUTE_MS, 1_000);
    expect(attempt(world)).toMatchObject({ status: 'unknown', code: 'duplicate_id' });
    expect(world.submitted.filter(({ reduceOnly, key }) => !reduceOnly && key.startsWith('beta'))).toHaveLength(1);
  });
});
