/** A page with status 200 in place of the markets: ccxt takes it for a venue that lists nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderOf, setUp, startWorld, VENUES, type World } from './world.ts';

describe.each(VENUES)('%s', (name) => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld(name);
  });
  afterEach(() => world.close());

  it('fault-08-html-for-the-markets: a failed read, never an empty list; what was listed stays', async () => {
    const venue = await world.venue();
    const page = () => ({ status: 200, body: '<html>maintenance</html>', headers: { 'content-type': 'text/html' } });
    world.intercept = page;
    const market = await world.market();
    expect(await market.listings()).toMatchObject({ ok: false });
    expect(await venue.instruments()).toMatchObject({ ok: false });
    world.intercept = () => 'pass';
    expect(await market.listings()).toMatchObject({ ok: true });
    expect(await venue.instruments()).toMatchObject({ ok: true });
    world.intercept = page;
    expect(await venue.instruments()).toMatchObject({ ok: false });
    world.intercept = () => 'pass';
    expect(await venue.positions('poll')).toMatchObject({ ok: true });
  });

  it('fault-08-orders-after-html: a page in place of the markets stops no order, reduction or cancel', async () => {
    const venue = await world.venue();
    await setUp(venue);
    expect(await venue.submit(orderOf(world, 'before1'), 'open')).toMatchObject({ kind: 'acked' });
    world.intercept = () => ({
      status: 200,
      body: '<html>maintenance</html>',
      headers: { 'content-type': 'text/html' },
    });
    expect(await venue.instruments()).toMatchObject({ ok: false });
    world.intercept = () => 'pass';
    const exit = orderOf(world, 'after1', { side: 'sell', reduceOnly: true });
    expect(await venue.submit(exit, 'reduce')).toMatchObject({ kind: 'acked' });
    expect(await venue.cancel(exit)).toEqual({ kind: 'not_open' });
  });
});
