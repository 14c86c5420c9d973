/** A market whose end its venue has announced: nothing opens there in its last day, and what is held is reduced. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { base, px } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { AccountEvent, Venue } from '../../src/ports/venue.ts';
import { BTC, ETH, keyOf, orderOf, START, setUp, startWorld, VENUES, type World } from './world.ts';

let world: World;
afterEach(() => world.close());

describe.each(VENUES)('on %s', (name) => {
  let venue: Venue;
  let events: AccountEvent[];
  const closed = () => {
    const told = events.findLast((event) => event.kind === 'closed');
    return told?.kind === 'closed' ? [...told.closed] : undefined;
  };
  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue();
    events = [];
    venue.subscribe((event) => events.push(event));
  });

  const ending = {
    binance: { list: '/fapi/v1/exchangeInfo', query: '', row: (at: number) => ({ deliveryDate: at }) },
    bybit: {
      list: '/v5/market/instruments-info',
      query: '?category=linear',
      row: (at: number) => ({ deliveryTime: String(at) }),
    },
    okx: {
      list: '/api/v5/public/instruments',
      query: '?instType=SWAP',
      row: (at: number) => ({ expTime: String(at) }),
    },
  }[name];
  /** From now on the venue announces this end of BTC. */
  const announce = async (at: number) => {
    world.intercept = () => 'pass';
    const whole: unknown = await (await fetch(`${world.server.url}${ending.list}${ending.query}`)).json();
    const body = JSON.stringify(whole, (key, value) =>
      ['symbols', 'list', 'data'].includes(key) && Array.isArray(value)
        ? value.map((row) => (JSON.stringify(row).includes('BTC') ? { ...row, ...ending.row(at) } : row))
        : value,
    );
    world.intercept = ({ path, query }) =>
      path === ending.list && !query.includes('PreLaunch') ? { status: 200, body } : 'pass';
  };

  it('fault-32-announced: nothing opens in the last day of a market, or after it; what is held is reduced', async () => {
    const endsAt = START + 26 * HOUR_MS;
    await announce(endsAt);
    await setUp(venue);
    expect(closed()).toBeUndefined();
    expect(await venue.submit(orderOf(world, 'end1'), 'open')).toMatchObject({ kind: 'acked' });
    world.clock.advanceTo(endsAt - 23 * HOUR_MS);
    const why = 'the venue ends it at 2026-01-06T06:00:00.000Z';
    expect(await venue.submit(orderOf(world, 'end2'), 'open')).toMatchObject({ code: 'not_prepared', detail: why });
    expect(await venue.positions('poll')).toMatchObject({ ok: true, value: [{ key: keyOf(world, BTC) }] });
    expect(closed()).toEqual([[keyOf(world, BTC), why]]);
    world.clock.advanceTo(endsAt + HOUR_MS);
    expect(await venue.submit(orderOf(world, 'end3'), 'open')).toMatchObject({ code: 'not_prepared', detail: why });
    const other = orderOf(world, 'end4', { key: keyOf(world, ETH), limitPrice: px('3001'), quantity: base('0.1') });
    expect(await venue.submit(other, 'open')).toMatchObject({ kind: 'acked' });
    const exit = orderOf(world, 'end5', { side: 'sell', limitPrice: px('49990'), reduceOnly: true });
    expect(await venue.submit(exit, 'reduce')).toMatchObject({ kind: 'acked' });
    // Put off, or never meant: Binance's own word for no end.
    await announce(4_133_404_800_000);
    await venue.instruments();
    expect(closed()).toEqual([]);
    expect(await venue.submit(orderOf(world, 'end6'), 'open')).toMatchObject({ kind: 'acked' });
  });
});
