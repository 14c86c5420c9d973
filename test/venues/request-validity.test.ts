/** For how long an order can still be accepted after it left: what the proof of its absence waits for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Venue } from '../../src/ports/venue.ts';
import { BTC, orderOf, setUp, startWorld, VENUES, type World } from './world.ts';

describe.each(VENUES)('an order that takes its time on the way to %s', (name) => {
  let world: World;
  let venue: Venue;

  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue();
    await setUp(venue);
  });
  afterEach(() => world.close());

  /** The venue's clock goes on by so much while the order is on its way. */
  const arrivesAfter = (ms: number, then: 'pass' | 'drop-before' = 'pass'): void => {
    world.intercept = (request) => {
      if (request.method !== 'POST' || request.path !== world.facts.orderPath) return 'pass';
      world.clock.advanceTo(world.clock.now() + ms);
      return then;
    };
  };
  const trades = () => world.exchange.trades('main').length;

  it('is accepted within five seconds of its stamp', async () => {
    arrivesAfter(4_900);
    expect(await venue.submit(orderOf(world, 'val000001'), 'open')).toMatchObject({ kind: 'acked' });
    expect(trades()).toBe(1);
  });

  it('fault-03-too-old-to-be-accepted: is refused there after them, well before its absence counts', async () => {
    expect(venue.requestValidityMs).toBe(6_000);
    arrivesAfter(5_100);
    expect(await venue.submit(orderOf(world, 'val000002'), 'open')).toMatchObject({ kind: 'rejected' });
    expect(trades()).toBe(0);
    expect(world.exchange.openOrders('main', BTC)).toEqual([]);
    // What the venue's clock shows is asked for before the next one is stamped.
    world.requests.length = 0;
    world.intercept = () => 'pass';
    expect(await venue.submit(orderOf(world, 'val000004'), 'open')).toMatchObject({ kind: 'acked' });
    expect(world.requests[0]).toMatch(/^GET .*time$/);
  });

  it('tells how long ago it was stamped when nobody answers', async () => {
    arrivesAfter(1_500, 'drop-before');
    expect(await venue.submit(orderOf(world, 'val000003'), 'open')).toMatchObject({
      kind: 'unknown',
      stampedAgoMs: 1_500,
    });
  });
});
