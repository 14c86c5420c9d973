/** What a key may do and which modes an account is in, read from the venue before anything trades. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Venue } from '../../src/ports/venue.ts';
import { BTC, CREDENTIALS, orderOf, startWorld, VENUES, type World } from './world.ts';

let world: World;
afterEach(() => world.close());

const prepare = async (venue: Venue, leverage = 3) => {
  const listed = await venue.instruments();
  if (!listed.ok) throw new Error(listed.detail);
  return venue.prepare({ instruments: listed.value, leverage });
};
const HERE = ['203.0.113.7'];

describe.each(VENUES)('on %s', (name) => {
  it.each([
    ['may withdraw', { withdraw: true, ips: HERE }],
    ['works from every address', {}],
  ])('fault-54: a key that %s is refused where real money is, and nothing is set', async (why, key) => {
    world = await startWorld(name, undefined, '1000', key);
    const venue = await world.venue({ strictKeys: true });
    const prepared = await prepare(venue);
    expect(prepared).toMatchObject({ ok: false, code: 'key_permissions' });
    expect(prepared.ok ? '' : prepared.detail).toContain(why);
    expect(world.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  it('fault-54: a key that trades and no more is taken; what cannot be read is not', async () => {
    world = await startWorld(name, undefined, '1000', { ips: HERE });
    const venue = await world.venue({ strictKeys: true });
    const path = { binance: 'apiRestrictions', bybit: 'query-api', okx: 'account/config' }[name];
    world.intercept = (request) => (request.path.endsWith(path) ? { status: 200, body: '{}' } : 'pass');
    expect(await prepare(venue)).toMatchObject({ ok: false });
    world.intercept = () => 'pass';
    expect(await prepare(venue)).toMatchObject({ ok: true });
  });

  it('fault-31: an account that stays in hedge mode is refused and nothing else is set', async () => {
    world = await startWorld(name);
    const venue = await world.venue();
    world.exchange.setPositionMode(world.account, 'hedge');
    const { path, body } = {
      binance: { path: '/fapi/v1/positionSide/dual', body: '{"code":-4068,"msg":"Position side cannot be changed."}' },
      bybit: { path: '/v5/position/switch-mode', body: '{"retCode":110024,"retMsg":"no","result":{},"time":1}' },
      okx: { path: '/api/v5/account/set-position-mode', body: '{"code":"59000","msg":"no","data":[]}' },
    }[name];
    world.intercept = (request) =>
      request.method === 'POST' && request.path === path ? { status: 200, body } : 'pass';
    expect(await prepare(venue)).toMatchObject({ ok: false, code: 'position_mode' });
    expect(world.exchange.leverage(world.account, BTC)).not.toBe(3);
    world.intercept = () => 'pass';
    expect(await prepare(venue)).toMatchObject({ ok: true });
    expect(world.exchange.positionMode(world.account)).toBe('one_way');
  });

  it('key-in-the-ledger: an answer that repeats keys is told without them', async () => {
    world = await startWorld(name);
    const venue = await world.venue();
    const said = `error sign! origin_string[1795385003785${Object.values(CREDENTIALS).join(' and ')}5000]`;
    const body = JSON.stringify({ code: '50119', retCode: 10_004, msg: said, retMsg: said });
    world.intercept = () => ({ status: 401, body });
    const read = await venue.balance();
    if (read.ok) throw new Error('refused');
    expect(read.detail).toContain('error sign! origin_string[1795385003785[redacted] and');
    expect(read.detail).not.toMatch(/key-of-main|secret-of-main/);
    // The passphrase is OKX's alone.
    if (name === 'okx') expect(read.detail).not.toContain('passphrase-of-main');
  });

  it('settings-not-kept: nothing opens at a leverage that the venue took and does not have', async () => {
    world = await startWorld(name);
    const venue = await world.venue();
    const open = () => venue.submit(orderOf(world, 'kept1'), 'open');
    const path = {
      binance: '/fapi/v1/leverage',
      bybit: '/v5/position/set-leverage',
      okx: '/api/v5/account/set-leverage',
    };
    const taken = {
      binance: '{"leverage":3,"maxNotionalValue":"1","symbol":"BTCUSDT"}',
      bybit: '{"retCode":0,"retMsg":"OK","result":{},"time":1}',
      okx: '{"code":"0","msg":"","data":[{"instId":"BTC-USDT-SWAP","lever":"3","mgnMode":"isolated","posSide":"net"}]}',
    };
    world.intercept = (request) => (request.path === path[name] ? { status: 200, body: taken[name] } : 'pass');
    expect(await prepare(venue)).toMatchObject({ ok: true });
    expect(await open()).toMatchObject({ kind: 'rejected', code: 'not_prepared' });
    world.intercept = () => 'pass';
    expect(await prepare(venue)).toMatchObject({ ok: true });
    expect(await open()).toMatchObject({ kind: 'acked' });
  });
});

it.each([
  [{ ContractTrade: ['Position'], Derivatives: [] }, false],
  [{ ContractTrade: ['Order', 'Position'] }, true],
  [{ ContractTrade: [], Derivatives: ['DerivativesTrade'] }, true],
])('fault-54: on bybit orders and positions are granted apart: %j', async (permissions, isTaken) => {
  world = await startWorld('bybit', undefined, '1000', { ips: HERE });
  const venue = await world.venue({ strictKeys: true });
  const result = { readOnly: 0, permissions, ips: HERE };
  const body = JSON.stringify({ retCode: 0, retMsg: '', result, time: 1 });
  world.intercept = (request) => (request.path.endsWith('query-api') ? { status: 200, body } : 'pass');
  expect(await prepare(venue)).toMatchObject(isTaken ? { ok: true } : { ok: false, code: 'key_permissions' });
});
