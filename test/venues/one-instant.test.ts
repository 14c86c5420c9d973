/** One order that meets more resting orders than a page has rows: all its trades bear the same millisecond. */
import { afterEach, describe, expect, it } from 'vitest';
import { base, px, text } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { BTC, orderOf, START, setUp, startWorld, VENUES, type World } from './world.ts';

let world: World;
afterEach(() => world.close());

describe.each(VENUES)('on %s', (name) => {
  it.each([100, 120, 240])(
    'fault-29-one-instant: %i trades of one order are read whole, by order and by time',
    async (count) => {
      world = await startWorld(name);
      const asks = Array.from({ length: count }, (_, i) => [(50_000 + i / 10).toFixed(1), '0.001'] as const);
      world.book(BTC, [['49999', '10']], asks);
      const venue = await world.venue();
      await setUp(venue);
      const order = { ...orderOf(world, 'sweep1'), quantity: base((count / 1000).toFixed(3)), limitPrice: px('50100') };
      expect(await venue.submit(order, 'open')).toMatchObject({ kind: 'acked' });
      const { clientOrderId, key } = order;
      const found = await venue.lookup({ clientOrderId, key }, 'open');
      expect(found).toMatchObject({ kind: 'found', order: { status: 'filled' } });
      expect(found.kind === 'found' && found.fills.length).toBe(count);
      const read = await venue.fills(START - HOUR_MS);
      expect(read.ok && new Set(read.value.map(({ tradeId }) => tradeId)).size).toBe(count);
      expect(read.ok && read.value.every(({ quantity }) => text(quantity) === '0.001')).toBe(true);
    },
  );
});
