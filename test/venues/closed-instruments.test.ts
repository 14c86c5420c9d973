/** One market that cannot be brought into shape: the account is ready all the same, and nothing opens there. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { base, px, text } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import type { AccountEvent, Venue } from '../../src/ports/venue.ts';
import { BTC, ETH, keyOf, orderOf, START, startWorld, until, VENUES, type World } from './world.ts';

let world: World;
let venue: Venue;
let events: AccountEvent[];

beforeEach(() => {
  events = [];
});
afterEach(() => world.close());

const connect = async () => {
  venue = await world.venue();
  venue.subscribe((event) => events.push(event));
  await until('the stream is up', () => events.some((event) => event.kind === 'stream' && event.status === 'up'));
};
const prepare = async (leverage: number) => {
  const listed = await venue.instruments();
  if (!listed.ok) throw new Error(listed.detail);
  return venue.prepare({ instruments: listed.value, leverage });
};
const closed = () => {
  const told = events.findLast((event) => event.kind === 'closed');
  return told?.kind === 'closed' ? [...told.closed] : undefined;
};
const leverage = (symbol: string) => world.exchange.leverage(world.account, symbol);
const orders = () => world.requests.filter((line) => line === `POST ${world.facts.orderPath}`).length;
/** The next look at what is closed goes with the next reading of fills. */
const lookAgain = async () => {
  world.clock.advanceTo(world.clock.now() + 6 * MINUTE_MS);
  expect(await venue.fills(START - HOUR_MS)).toMatchObject({ ok: true });
};
const ethOrder = (id: string, reduceOnly = false) =>
  orderOf(world, id, { key: keyOf(world, ETH), limitPrice: px('3001'), quantity: base('0.1'), reduceOnly });

describe.each(VENUES)('on %s', (name) => {
  beforeEach(async () => {
    world = await startWorld(name);
    await connect();
  });

  it('closed-market: nothing is set on a market that does not trade, and nothing opens there until it is', async () => {
    expect(await prepare(5)).toMatchObject({ ok: true });
    expect(closed()).toBeUndefined();
    expect(await venue.submit(ethOrder('shut1'), 'open')).toMatchObject({ kind: 'acked' });
    world.exchange.setTrading(ETH, false);
    expect(await prepare(3)).toMatchObject({ ok: true });
    expect([leverage(BTC), leverage(ETH)]).toEqual([3, 5]);
    expect(closed()).toEqual([[keyOf(world, ETH), 'it does not trade']]);
    // What is held there, and its trades, are read.
    expect(await venue.fills(START - HOUR_MS)).toMatchObject({ ok: true, value: [{ symbol: ETH }] });
    expect(await venue.positions('poll')).toMatchObject({ ok: true, value: [{ key: keyOf(world, ETH) }] });
    world.exchange.setTrading(ETH, true);
    await venue.instruments();
    const before = orders();
    expect(await venue.submit(ethOrder('shut2'), 'open')).toMatchObject({ kind: 'rejected', code: 'not_prepared' });
    expect(orders()).toBe(before);
    // Closed again, so that the lower leverage is taken everywhere.
    const out = { ...ethOrder('shut3', true), side: 'sell', limitPrice: px('2999') } as const;
    expect(await venue.submit(out, 'reduce')).toMatchObject({ kind: 'acked' });
    expect(orders()).toBe(before + 1);
    await lookAgain();
    await until('open again', () => closed()?.length === 0);
    expect(leverage(ETH)).toBe(3);
    // With the fees that it has now.
    await until('listed anew', () => events.some((event) => event.kind === 'instruments'));
    expect(await venue.submit(ethOrder('shut4'), 'open')).toMatchObject({ kind: 'acked' });
  });

  it('halted-at-boot: a market that trades only later is prepared then; Bybit has not even listed it before', async () => {
    world.exchange.setTrading(ETH, false);
    // Another process of the bot.
    events = [];
    await connect();
    expect(await prepare(3)).toMatchObject({ ok: true });
    expect(closed()).toEqual(name === 'bybit' ? undefined : [[keyOf(world, ETH), 'it does not trade']]);
    world.exchange.setTrading(ETH, true);
    await venue.instruments();
    expect(closed()?.map(([key]) => key)).toEqual([keyOf(world, ETH)]);
    expect(await venue.submit(ethOrder('late1'), 'open')).toMatchObject({ kind: 'rejected', code: 'not_prepared' });
    await lookAgain();
    await until('open', () => closed()?.length === 0);
    expect([leverage(BTC), leverage(ETH)]).toEqual([3, 3]);
    expect(await venue.submit(ethOrder('late2'), 'open')).toMatchObject({ kind: 'acked' });
  });

  it('listed-meanwhile: a market that is listed while the account is prepared stays closed until it is, too', async () => {
    const listed = await venue.instruments();
    if (!listed.ok) throw new Error(listed.detail);
    const instruments = listed.value.filter(({ asset }) => asset === 'BTC');
    const [prepared] = await Promise.all([venue.prepare({ instruments, leverage: 3 }), venue.instruments()]);
    expect(prepared).toMatchObject({ ok: true });
    expect(await venue.submit(ethOrder('soon1'), 'open')).toMatchObject({ kind: 'rejected', code: 'not_prepared' });
    await lookAgain();
    await until('open', () => closed()?.length === 0);
    expect(await venue.submit(ethOrder('soon2'), 'open')).toMatchObject({ kind: 'acked' });
  });

  const refusal = {
    binance: { path: '/fapi/v1/leverage', body: '{"code":-4161,"msg":"Leverage reduction is not supported."}' },
    bybit: { path: '/v5/position/set-leverage', body: '{"retCode":110012,"retMsg":"no","result":{},"time":1}' },
    okx: { path: '/api/v5/account/set-leverage', body: '{"code":"59108","msg":"no","data":[]}' },
  }[name];

  it('refused-leverage: one instrument stays closed to openings, the account reads, reduces and opens elsewhere', async () => {
    expect(await prepare(5)).toMatchObject({ ok: true });
    world.intercept = ({ path, body }) =>
      path === refusal.path && body.includes('BTC') ? { status: 200, body: refusal.body } : 'pass';
    expect(await prepare(3)).toMatchObject({ ok: true });
    expect([leverage(BTC), leverage(ETH)]).toEqual([5, 3]);
    const [[key, why] = []] = closed() ?? [];
    expect(key).toBe(keyOf(world, BTC));
    expect(why).toContain('wanted 3, the venue says 5');
    expect(why).toContain(/-?\d{5}|-\d{4}/.exec(refusal.body)?.[0]);
    expect(await venue.submit(orderOf(world, 'held2'), 'open')).toMatchObject({ code: 'not_prepared' });
    expect(await venue.submit(ethOrder('held3'), 'open')).toMatchObject({ kind: 'acked' });
    world.intercept = () => 'pass';
    await lookAgain();
    await until('open again', () => closed()?.length === 0);
    expect(leverage(BTC)).toBe(3);
    expect(await venue.submit(orderOf(world, 'held5'), 'open')).toMatchObject({ kind: 'acked' });
  });

  it('fault-55-with-a-position: none is changed beneath it, up or down; it is read, reduced, and the rest opens', async () => {
    expect(await prepare(5)).toMatchObject({ ok: true });
    expect(await venue.submit(orderOf(world, 'stand1'), 'open')).toMatchObject({ kind: 'acked' });
    const liquidation = () =>
      world.exchange.positions(world.account).map((held) => text(held.liquidationPrice ?? never()));
    const before = liquidation();
    for (const wanted of [3, 9]) {
      world.requests.length = 0;
      expect(await prepare(wanted)).toMatchObject({ ok: true });
      expect([leverage(BTC), leverage(ETH)]).toEqual([5, wanted]);
      expect(liquidation()).toEqual(before);
      // ETH's alone.
      expect(world.requests.filter((line) => line === `POST ${refusal.path}`)).toHaveLength(1);
      const why = `a position stands at leverage 5: ${wanted} is set when that is gone, because it would move its liquidation price`;
      expect(closed()).toEqual([[keyOf(world, BTC), why]]);
    }
    expect(await venue.fills(START - HOUR_MS)).toMatchObject({ ok: true, value: [{ symbol: BTC }] });
    expect(await venue.positions('poll')).toMatchObject({ ok: true, value: [{ key: keyOf(world, BTC) }] });
    expect(await venue.submit(orderOf(world, 'stand2'), 'open')).toMatchObject({ code: 'not_prepared' });
    expect(await venue.submit(ethOrder('stand3'), 'open')).toMatchObject({ kind: 'acked' });
    const out = orderOf(world, 'stand4', { side: 'sell', limitPrice: px('49990'), reduceOnly: true });
    expect(await venue.submit(out, 'reduce')).toMatchObject({ kind: 'acked' });
    await lookAgain();
    await until('open again', () => closed()?.length === 0);
    expect(leverage(BTC)).toBe(9);
    expect(await venue.submit(orderOf(world, 'stand5'), 'open')).toMatchObject({ kind: 'acked' });
  });

  const feesPath = {
    binance: '/fapi/v1/commissionRate',
    bybit: '/v5/account/fee-rate',
    okx: '/api/v5/account/trade-fee',
  }[name];
  /** Another process of the bot, while the venue does not tell fees. */
  const restartUnpriced = () => {
    world.intercept = ({ path }) => (path === feesPath ? { status: 500, body: 'no' } : 'pass');
    events = [];
    return connect();
  };

  it('fees-unread: after a restart nothing waits for them, neither a lookup nor a reading nor a reduction', async () => {
    expect(await prepare(3)).toMatchObject({ ok: true });
    expect(await venue.submit(orderOf(world, 'fee1'), 'open')).toMatchObject({ kind: 'acked' });
    await restartUnpriced();
    expect(await venue.lookup(orderOf(world, 'fee1'), 'reduce')).toMatchObject({ kind: 'found' });
    expect(await venue.positions('reduce')).toMatchObject({ ok: true, value: [{ key: keyOf(world, BTC) }] });
    const exit = orderOf(world, 'fee2', { side: 'sell', limitPrice: px('49990'), reduceOnly: true });
    expect(await venue.submit(exit, 'reduce')).toMatchObject({ kind: 'acked' });
  });

  it('fees-unread: nothing opens by fees that are not the account’s own, and they are asked for until they are', async () => {
    await restartUnpriced();
    expect(await prepare(3)).toMatchObject({ ok: true });
    const why = "the account's fees are not known: http_500";
    expect(closed()).toEqual([BTC, ETH].map((symbol) => [keyOf(world, symbol), why]));
    expect(await venue.submit(orderOf(world, 'fee3'), 'open')).toMatchObject({ code: 'not_prepared', detail: why });
    const asked = () => world.requests.filter((line) => line === `GET ${feesPath}`).length;
    await venue.positions('poll');
    await until('asked again', () => asked() > 1);
    const before = asked();
    await venue.positions('poll');
    expect(asked()).toBe(before);
    world.intercept = () => 'pass';
    world.clock.advanceTo(world.clock.now() + 31_000);
    await venue.positions('poll');
    await until('open', () => closed()?.length === 0);
    // First of all the account's own: whoever hears that it is open prices by them.
    const told = events.map(({ kind }) => kind).filter((kind) => kind === 'instruments' || kind === 'closed');
    expect(told.slice(-2)).toEqual(['instruments', 'closed']);
    expect(await venue.submit(orderOf(world, 'fee4'), 'open')).toMatchObject({ kind: 'acked' });
    // What was told once stands while it is not told again.
    world.intercept = ({ path }) => (path === feesPath ? { status: 500, body: 'no' } : 'pass');
    expect(await venue.instruments()).toMatchObject({ ok: true });
    expect(await venue.submit(orderOf(world, 'fee5'), 'open')).toMatchObject({ kind: 'acked' });
  });

  it('leverage-unreached: a venue that cannot be reached fails the whole of it, and its trades are in sight', async () => {
    await venue.instruments();
    world.intercept = ({ path }) => (path === refusal.path ? 'drop-before' : 'pass');
    expect(await prepare(3)).toMatchObject({ ok: false });
    expect(closed()).toBeUndefined();
    const market = { symbol: BTC, side: 'buy', type: 'market', tif: 'IOC', reduceOnly: false } as const;
    world.exchange.place(world.account, {
      ...market,
      contracts: world.exchange.market(BTC)?.instrument.lot ?? never(),
    });
    expect(await venue.fills(START - HOUR_MS)).toMatchObject({ ok: true, value: [{ symbol: BTC }] });
  });

  it('prepared-already: what is right is not set again', async () => {
    expect(await prepare(3)).toMatchObject({ ok: true });
    world.requests.length = 0;
    expect(await prepare(3)).toMatchObject({ ok: true });
    const sets = world.requests.filter((line) => line.startsWith('POST') && /leverage|marginType/.test(line));
    expect(sets).toEqual([]);
  });
});

const never = (): never => {
  throw new Error('no market');
};

describe('Binance', () => {
  it('fee-of-a-closed-market: it is not asked for, where a refusal would leave every market without a listing', async () => {
    world = await startWorld('binance');
    world.exchange.setTrading(ETH, false);
    const path = '/fapi/v1/commissionRate';
    world.intercept = ({ path: asked, query }) =>
      asked === path && query.includes('ETHUSDT') ? { status: 400, body: '{"code":-4141,"msg":"Closed."}' } : 'pass';
    venue = await world.venue();
    expect(await venue.instruments()).toMatchObject({ ok: true, value: [{}, {}] });
  });
});

it('fault-32-removed: a market that Binance has removed refuses to tell fills, and the others’ are read', async () => {
  world = await startWorld('binance');
  await connect();
  expect(await prepare(5)).toMatchObject({ ok: true });
  expect(await venue.submit(orderOf(world, 'removed1'), 'open')).toMatchObject({ kind: 'acked' });
  const refusal = { status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' };
  world.intercept = ({ path, query }) =>
    path === '/fapi/v1/userTrades' && query.includes('symbol=ETHUSDT') ? refusal : 'pass';
  // While it is listed as trading, whatever it refuses hides something.
  expect(await venue.fills(START - HOUR_MS)).toMatchObject({ ok: false, code: 'venue_-1121' });
  world.exchange.setTrading(ETH, false);
  await venue.instruments();
  expect(await venue.fills(START - HOUR_MS)).toMatchObject({ ok: true, value: [{ symbol: BTC }] });
  // Another refusal says nothing about the market.
  refusal.body = '{"code":-1003,"msg":"Too many requests."}';
  expect(await venue.fills(START - HOUR_MS)).toMatchObject({ ok: false });
});
