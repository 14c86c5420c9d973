/** Position rows that no single position can be made of fail the read: which one counts is nobody's guess. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { text } from '../../src/kernel/decimal.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { setUp, startWorld, VENUES, type VenueName, type World } from './world.ts';

let world: World;
let venue: Venue;
const open = async (name: VenueName) => {
  world = await startWorld(name);
  venue = await world.venue();
  await setUp(venue);
};
afterEach(() => world.close());

const PATHS = { binance: 'v3/positionRisk', bybit: 'position/list', okx: 'account/positions' } as const;
const row = {
  binance: (quantity: string) => ({ symbol: 'BTCUSDT', positionAmt: quantity, positionSide: 'BOTH' }),
  bybit: (quantity: string) => ({ symbol: 'BTCUSDT', side: 'Buy', size: quantity, positionIdx: 0 }),
  okx: (pos: string, mgnMode = 'isolated', instId = 'BTC-USDT-SWAP') => ({ instId, pos, posSide: 'net', mgnMode }),
};
const answer = (name: VenueName, ...rows: readonly unknown[]) => {
  const body = {
    binance: rows,
    bybit: { retCode: 0, retMsg: 'OK', result: { list: rows }, time: 1 },
    okx: { code: '0', msg: '', data: rows },
  }[name];
  world.intercept = ({ path }) => (path.endsWith(PATHS[name]) ? { status: 200, body: JSON.stringify(body) } : 'pass');
};
const quantities = async () => {
  const read = await venue.positions('poll');
  return read.ok ? read.value.map(({ quantity }) => text(quantity)) : read.code;
};

describe.each(VENUES)('on %s', (name) => {
  beforeEach(() => open(name));

  it('fault-28-two-rows-for-one-market: the read fails, and no row wins over the other', async () => {
    answer(name, row[name]('2'), row[name]('-1'));
    expect(await quantities()).toBe('duplicate_position');
    answer(name, row[name]('2'), row[name]('0'));
    expect(await quantities()).toHaveLength(1);
  });
});

describe('on okx', () => {
  beforeEach(() => open('okx'));

  it('fault-31-cross-position: a market held in cross margin, alone or beside isolated, fails the read', async () => {
    answer('okx', row.okx('2', 'cross'));
    expect(await quantities()).toBe('margin_mode');
    answer('okx', row.okx('2'), row.okx('-1', 'cross'));
    expect(await quantities()).toBe('margin_mode');
  });

  it('fault-31-cross-elsewhere: flat, or on a market that this bot does not trade, it is nobody’s concern', async () => {
    answer('okx', row.okx('2'), row.okx('0', 'cross'), row.okx('5', 'cross', 'BTC-USD-SWAP'));
    // 2 contracts of 0.01 BTC.
    expect(await quantities()).toEqual(['0.02']);
  });

  it('fault-31-cross-next-door: a human’s on a market that was never prepared is listed and hides nothing of ours', async () => {
    venue = await world.venue();
    const listed = await venue.instruments();
    if (!listed.ok) throw new Error(listed.detail);
    await venue.prepare({ instruments: listed.value.filter(({ asset }) => asset === 'BTC'), leverage: 3 });
    answer('okx', row.okx('2'), row.okx('5', 'cross', 'ETH-USDT-SWAP'));
    expect(await quantities()).toHaveLength(2);
  });
});
