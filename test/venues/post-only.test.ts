/** A post-only order that would trade at once, in each venue's own words: it never trades, and may be tried again. */
import { expect, it, onTestFinished } from 'vitest';
import { base, isZero, px } from '../../src/kernel/decimal.ts';
import { type OrderRequest, WOULD_CROSS } from '../../src/market/order.ts';
import { BTC, keyOf, setUp, startWorld, VENUES } from './world.ts';

it.each(VENUES)('post-only-would-cross on %s: refused by name, or accepted and ended without a fill', async (name) => {
  const world = await startWorld(name);
  onTestFinished(() => world.close());
  const venue = await world.venue();
  await setUp(venue);
  const order: OrderRequest = {
    clientOrderId: 'cross0001',
    key: keyOf(world, BTC),
    side: 'buy',
    quantity: base('0.01'),
    // The best ask.
    limitPrice: px('50010'),
    style: 'post_only',
    reduceOnly: false,
  };
  const outcome = await venue.submit(order, 'open');
  if (outcome.kind === 'acked') {
    const found = await venue.lookup(order, 'open');
    if (found.kind !== 'found') throw new Error(JSON.stringify(found));
    expect(['canceled', 'rejected', 'expired']).toContain(found.order.status);
    expect(isZero(found.order.filled)).toBe(true);
  } else {
    expect(outcome).toMatchObject({ kind: 'rejected', code: WOULD_CROSS });
  }
  expect(name === 'binance' ? outcome.kind : 'rejected').toBe('rejected');
  expect(world.exchange.positions(world.account)).toEqual([]);
});
