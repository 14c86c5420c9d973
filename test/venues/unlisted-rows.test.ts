/** What a venue tells of a market that it does not list: left out, it would read as flat, or as never paid. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { px } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { BTC, keyOf, orderOf, START, setUp, startWorld, VENUES, type World } from './world.ts';

describe.each(VENUES)('on %s', (name) => {
  let world: World;
  let venue: Venue;
  const since = START - HOUR_MS;
  const facts = {
    binance: { list: '/fapi/v1/exchangeInfo', query: '', positions: '/fapi/v3/positionRisk' },
    bybit: { list: '/v5/market/instruments-info', query: '?category=linear', positions: '/v5/position/list' },
    okx: { list: '/api/v5/public/instruments', query: '?instType=SWAP', positions: '/api/v5/account/positions' },
  }[name];

  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue();
    await setUp(venue);
    expect(await venue.submit(orderOf(world, 'gone1'), 'open')).toMatchObject({ kind: 'acked' });
    world.exchange.settleFunding(BTC, '0.0001');
  });
  afterEach(() => world.close());

  /** Another process of the bot, while the venue does not list BTC. */
  const restart = async () => {
    const whole: unknown = await (await fetch(`${world.server.url}${facts.list}${facts.query}`)).json();
    const without = JSON.stringify(whole, (key, value) =>
      ['symbols', 'list', 'data'].includes(key) && Array.isArray(value)
        ? value.filter((row) => !JSON.stringify(row).includes('BTC'))
        : value,
    );
    world.intercept = ({ path }) => (path === facts.list ? { status: 200, body: without } : 'pass');
    venue = await world.venue();
    await setUp(venue);
  };

  it('fault-32-unlisted-at-boot: a held market that is not listed fails the reads; it is neither flat nor unpaid', async () => {
    const resting = orderOf(world, 'gone2', { style: 'post_only', limitPrice: px('49000') });
    expect(await venue.submit(resting, 'open')).toMatchObject({ kind: 'acked' });
    await restart();
    const unlisted = { ok: false, code: 'unlisted_market', detail: expect.stringContaining('BTC') };
    expect(await venue.positions('poll')).toMatchObject(unlisted);
    expect(await venue.payments(since)).toMatchObject(unlisted);
    expect(await venue.openOrders()).toMatchObject(unlisted);
    // Binance tells trades of the markets that it is asked for.
    expect(await venue.fills(since)).toMatchObject(name === 'binance' ? { ok: true } : unlisted);
    // Listed again, it is held again.
    world.intercept = () => 'pass';
    await venue.instruments();
    expect(await venue.positions('poll')).toMatchObject({ ok: true, value: [{ key: keyOf(world, BTC) }] });
    expect(await venue.payments(since)).toMatchObject({ ok: true, value: [{ symbol: BTC }] });
    expect(await venue.fills(since)).toMatchObject({ ok: true, value: [{ symbol: BTC }] });
  });

  it('somebody else’s: what no linear USDT perpetual is called blocks nothing, listed or not', async () => {
    const row: (id: string, size: string) => unknown = {
      binance: (symbol: string, positionAmt: string) => ({ symbol, positionAmt, positionSide: 'BOTH' }),
      bybit: (symbol: string, size: string) => ({ symbol, side: 'Buy', size, positionIdx: 0 }),
      okx: (instId: string, pos: string) => ({ instId, pos, posSide: 'net', mgnMode: 'cross' }),
    }[name];
    const ids = {
      binance: ['BTCUSDT_260327', 'BTCUSDC', 'BTCUSD_PERP'],
      bybit: ['BTCUSDT-27MAR26', 'BTCPERP', 'BTCUSD'],
      okx: ['BTC-USDT-260327', 'BTC-USDC-SWAP', 'BTC-USD-SWAP'],
    }[name];
    const answer = (...rows: readonly unknown[]) => {
      const body = {
        binance: rows,
        bybit: { retCode: 0, retMsg: 'OK', result: { list: rows }, time: 1 },
        okx: { code: '0', msg: '', data: rows },
      }[name];
      world.intercept = ({ path }) => (path === facts.positions ? { status: 200, body: JSON.stringify(body) } : 'pass');
    };
    answer(...ids.map((id) => row(id, '2')));
    expect(await venue.positions('poll')).toMatchObject({ ok: true, value: [] });
    const gone = { binance: 'GONEUSDT', bybit: 'GONEUSDT', okx: 'GONE-USDT-SWAP' }[name];
    answer(row(gone, '2'));
    expect(await venue.positions('poll')).toMatchObject({ ok: false, code: 'unlisted_market' });
    // Flat rows say nothing of anybody.
    answer(row(gone, '0'));
    expect(await venue.positions('poll')).toMatchObject({ ok: true, value: [] });
  });
});
