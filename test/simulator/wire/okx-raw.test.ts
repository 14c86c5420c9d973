/** The OKX dialect's refusals, seen by raw requests: signatures, clocks, parameters, limits, order codes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contracts, px, quote, text } from '../../../src/kernel/decimal.ts';
import { BTC, BTC_ID, ETH, HOUR, type OkxWorld, okxWorld, orderOf, START } from './okx-world.ts';

let world: OkxWorld;
beforeEach(async () => {
  world = await okxWorld();
  world.exchange.setMarginMode('main', BTC, 'isolated');
  world.exchange.setLeverage('main', BTC, 5);
});
afterEach(() => world.close());

const post = (path: string, body: unknown) => world.signed('POST', path, { body: JSON.stringify(body) });
const place = (change: Record<string, unknown> = {}) => post('trade/order', orderOf(change));
/** sCode of the only item. */
const codeOf = async (reply: Promise<{ data: readonly Record<string, unknown>[] }>): Promise<unknown> =>
  (await reply).data[0]?.sCode;

describe('authentication', () => {
  it.each([
    ['missing key', { headers: { 'OK-ACCESS-KEY': '' } }, '50103'],
    ['missing passphrase', { headers: { 'OK-ACCESS-PASSPHRASE': '' } }, '50104'],
    ['missing signature', { headers: { 'OK-ACCESS-SIGN': '' } }, '50106'],
    ['missing timestamp', { headers: { 'OK-ACCESS-TIMESTAMP': '' } }, '50107'],
    ['unknown key', { headers: { 'OK-ACCESS-KEY': 'key-9' } }, '50119'],
    ['malformed key', { headers: { 'OK-ACCESS-KEY': 'key 9!' } }, '50111'],
    ['wrong passphrase', { headers: { 'OK-ACCESS-PASSPHRASE': 'pass-2' } }, '50105'],
    ['wrong signature', { headers: { 'OK-ACCESS-SIGN': 'AAAA' } }, '50113'],
    ['timestamp in milliseconds', { headers: { 'OK-ACCESS-TIMESTAMP': '1748736000000' } }, '50112'],
    ['timestamp 31 s behind', { skewMs: -31_000 }, '50102'],
    ['timestamp 31 s ahead', { skewMs: 31_000 }, '50102'],
  ])('%s', async (_, change, code) => {
    const reply = await world.signed('GET', 'account/balance', change);
    expect([reply.status, reply.code, reply.data]).toEqual([401, code, []]);
  });

  it('accepts a timestamp within 30 s and follows the exchange clock, not the wall', async () => {
    expect((await world.signed('GET', 'account/balance', { skewMs: -30_000 })).code).toBe('0');
    world.clock.at += 100 * HOUR;
    expect((await world.signed('GET', 'account/balance')).code).toBe('0');
  });

  it('signs the query and the body: altering either is refused', async () => {
    const signedElsewhere = await world.signed('GET', 'account/balance', { query: 'ccy=USDT' });
    expect(signedElsewhere.code).toBe('0');
    const body = JSON.stringify(orderOf());
    const other = JSON.stringify(orderOf({ sz: '2' }));
    const { createHmac } = await import('node:crypto');
    const timestamp = new Date(world.clock.at).toISOString();
    const sign = createHmac('sha256', 'secret-1').update(`${timestamp}POST/api/v5/trade/order${body}`).digest('base64');
    const reply = await world.signed('POST', 'trade/order', { body: other, headers: { 'OK-ACCESS-SIGN': sign } });
    expect([reply.status, reply.code]).toEqual([401, '50113']);
    expect(world.exchange.positions('main')).toEqual([]);
  });
});

describe('requests that are not understood', () => {
  it('unknown path, wrong method, empty and broken bodies', async () => {
    expect((await world.plain('trade/nothing')).status).toBe(404);
    expect(await world.signed('POST', 'account/balance', { body: '{}' })).toMatchObject({ status: 405, code: '50115' });
    expect(await world.signed('POST', 'trade/order')).toMatchObject({ status: 400, code: '50000' });
    expect(await world.signed('POST', 'trade/order', { body: '{' })).toMatchObject({ status: 400, code: '50002' });
    expect(await world.signed('POST', 'trade/batch-orders', { body: '{}' })).toMatchObject({ code: '50002' });
    const plain = { body: '{}', headers: { 'Content-Type': 'text/plain' } };
    expect(await world.signed('POST', 'trade/order', plain)).toMatchObject({ status: 400, code: '50006' });
    expect(await post('trade/batch-orders', Array(21).fill(orderOf()))).toMatchObject({ status: 200, code: '51111' });
  });

  it('names the parameter that is absent or wrong', async () => {
    expect(await world.plain('public/instruments')).toMatchObject({ status: 400, code: '50014' });
    expect(await world.plain('public/instruments?instType=PERP')).toMatchObject({ status: 400, code: '51000' });
    expect((await world.plain('public/instruments?instType=SPOT')).data).toEqual([]);
    const tiers = 'public/position-tiers?instType=SWAP&tdMode';
    expect((await world.plain(`${tiers}=cash&instFamily=BTC-USDT`)).msg).toBe('Parameter tdMode error.');
    expect((await world.plain(`${tiers}=cross`)).msg).toBe('Parameter instFamily cannot be empty.');
    expect((await world.plain(`${tiers}=cross&instFamily=A,B,C,D,E,F`)).msg).toBe('Parameter instFamily error.');
    expect(await world.plain('market/books')).toMatchObject({
      code: '50014',
      msg: 'Parameter instId cannot be empty.',
    });
    expect(await world.plain('market/books?instId=XXX-USDT-SWAP')).toMatchObject({ status: 200, code: '51001' });
    expect(await world.plain(`market/books?instId=${BTC_ID}&sz=401`)).toMatchObject({ status: 400, code: '51000' });
    expect(await world.plain(`public/funding-rate-history?instId=${BTC_ID}&after=x`)).toMatchObject({ code: '51000' });
    expect(await place({ sz: undefined })).toMatchObject({ status: 400, code: '50014' });
    expect(await world.signed('GET', 'trade/fills-history')).toMatchObject({
      status: 400,
      code: '50014',
      msg: 'Parameter instType cannot be empty.',
    });
    expect(await world.signed('GET', 'trade/fills-history', { query: 'instType=SWAP' })).toMatchObject({ code: '0' });
    expect(await world.signed('GET', 'trade/fills')).toMatchObject({ code: '0' });
  });
});

describe('request limits', () => {
  it('answers 429 with 50011 past 10 reads in 2 s, and recovers with the exchange clock alone', async () => {
    for (let i = 0; i < 10; i += 1) expect((await world.signed('GET', 'account/positions')).status).toBe(200);
    const refused = await world.signed('GET', 'account/positions');
    expect([refused.status, refused.code]).toEqual([429, '50011']);
    expect((await world.signed('GET', 'account/balance')).status).toBe(200);
    world.clock.at += 2_000;
    expect((await world.signed('GET', 'account/positions')).status).toBe(200);
  });

  it('counts a bulk request by its orders, apart for each instrument', async () => {
    const batch = Array.from({ length: 20 }, () => orderOf({ px: '49000' }));
    for (let i = 0; i < 15; i += 1) expect((await post('trade/batch-orders', batch)).code).toBe('0');
    expect(await post('trade/batch-orders', batch.slice(18))).toMatchObject({ status: 429, code: '50011' });
    const eth = orderOf({ instId: 'ETH-USDT-SWAP', px: '2900', tdMode: 'cross' });
    expect((await post('trade/batch-orders', [eth, eth])).code).toBe('0');
  });

  it('counts a bulk request of one order as an order by itself', async () => {
    for (let i = 0; i < 30; i += 1) {
      expect((await post('trade/batch-orders', [orderOf({ px: '49000' })])).code).toBe('0');
      expect((await place({ px: '49000' })).code).toBe('0');
    }
    const refused = { status: 429, code: '50011' };
    expect(await post('trade/batch-orders', [orderOf({ px: '49000' })])).toMatchObject(refused);
    expect(await place({ px: '49000' })).toMatchObject(refused);
    expect((await post('trade/batch-orders', [orderOf({ px: '49000' }), orderOf({ px: '49000' })])).code).toBe('0');
    const absent = { instId: BTC_ID, clOrdId: 'none' };
    for (let i = 0; i < 60; i += 1) await post('trade/cancel-batch-orders', [absent]);
    expect(await post('trade/cancel-batch-orders', [absent])).toMatchObject(refused);
    expect(await post('trade/cancel-order', absent)).toMatchObject(refused);
    expect((await post('trade/cancel-batch-orders', [absent, absent])).data[0]?.sCode).toBe('51400');
  });

  it('limits public reads per IP and instrument', async () => {
    const path = `public/funding-rate?instId=${BTC_ID}`;
    for (let i = 0; i < 10; i += 1) expect((await world.plain(path)).status).toBe(200);
    expect(await world.plain(path)).toMatchObject({ status: 429, code: '50011' });
    expect((await world.plain('public/funding-rate?instId=ETH-USDT-SWAP')).status).toBe(200);
  });
});

describe('order refusals', () => {
  it.each([
    ['unknown instrument', { instId: 'XXX-USDT-SWAP' }, '51001'],
    ['bad margin mode', { tdMode: 'cash' }, '51000'],
    ['bad side', { side: 'long' }, '51000'],
    ['bad order type', { ordType: 'LIMIT' }, '51000'],
    ['order type that every object has', { ordType: 'constructor' }, '51000'],
    ['position side in net mode', { posSide: 'long' }, '51000'],
    ['client id with a hyphen', { clOrdId: 'a-b' }, '51000'],
    ['client id of 33 characters', { clOrdId: 'a'.repeat(33) }, '51000'],
    ['size in exponent form', { sz: '1e0' }, '51000'],
    ['negative size', { sz: '-1' }, '51000'],
    ['limit without price', { px: '' }, '51204'],
    ['attached stop loss', { attachAlgoOrds: [{ slTriggerPx: '49000', slOrdPx: '-1' }] }, '51000'],
    ['old-style take profit', { tpTriggerPx: '51000', tpOrdPx: '-1' }, '51000'],
    ['option price in USD', { pxUsd: '5' }, '51000'],
    ['option price as volatility', { pxVol: 1.2 }, '51000'],
    ['below the minimum size of 0.2', { sz: '0.1' }, '51020'],
    ['off the lot of 0.1', { sz: '0.25' }, '51121'],
    ['above the maximum size of 500', { sz: '500.1' }, '51101'],
    ['market above the maximum size', { ordType: 'market', sz: '500.1' }, '51202'],
    ['price off the tick of 0.1', { px: '50000.05' }, '51150'],
    ['buy above mark + 5 %', { px: '52500.1' }, '51006'],
    ['sell below mark - 5 %', { side: 'sell', px: '47499.9' }, '51006'],
    ['a price amendment of another kind', { px: '52500.1', pxAmendType: '2' }, '51000'],
    ['no price amendment', { px: '52500.1', pxAmendType: '0' }, '51006'],
    ['more than 5x margin carries: 400 contracts need 40,010', { sz: '400', ordType: 'limit' }, '51008'],
    ['reduce-only without position', { reduceOnly: true }, '51169'],
  ])('%s', async (_, change, code) => {
    const reply = await place(change);
    expect([reply.status, reply.code, reply.data[0]?.sCode]).toEqual([200, '1', code]);
    expect(reply.data[0]?.ordId).toBe('');
    expect(world.exchange.openOrders('main')).toEqual([]);
    expect(world.exchange.positions('main')).toEqual([]);
  });

  it('tells the price limits: 50,000 +- 5 %', async () => {
    const reply = await place({ side: 'sell', px: '47499.9' });
    expect(reply.data[0]?.sMsg).toContain('max buy price: 52500 min sell price: 47500');
    expect(await codeOf(place({ ordType: 'post_only', px: '40000' }))).toBe('0');
    expect(await codeOf(place({ ordType: 'post_only', side: 'sell', px: '60000' }))).toBe('0');
  });

  it('amends a price beyond the limits to the best one within them, when asked to', async () => {
    const resting = { ordType: 'limit', pxAmendType: '1', sz: '0.5' };
    world.exchange.setBook(BTC, [], []);
    expect(await codeOf(place({ ...resting, px: '60000', clOrdId: 'dear' }))).toBe('0');
    expect(await codeOf(place({ ...resting, side: 'sell', px: '53000', clOrdId: 'far' }))).toBe('0');
    const prices = world.exchange.openOrders('main').map(({ price }) => price && text(price));
    expect(prices.sort()).toEqual(['52500', '53000']);
  });

  it('names the parameter that it does not serve, and takes an empty list of attached orders', async () => {
    const reply = await place({ attachAlgoOrds: [{ slTriggerPx: '49000' }] });
    expect(reply.data[0]).toMatchObject({ sCode: '51000', sMsg: 'Parameter attachAlgoOrds error.' });
    expect(await codeOf(place({ attachAlgoOrds: [], pxUsd: '' }))).toBe('0');
  });

  it('an order chooses the margin mode of an idle instrument, and no other while something is open', async () => {
    expect(await codeOf(place({ tdMode: 'cross', ordType: 'limit', px: '49000', clOrdId: 'rest' }))).toBe('0');
    expect(world.exchange.marginMode('main', BTC)).toBe('cross');
    const other = await place({ tdMode: 'isolated' });
    expect(other.data[0]).toMatchObject({ sCode: '51000', sMsg: 'Parameter tdMode error.' });
    expect(await codeOf(place({ tdMode: 'cross', sz: '0.5' }))).toBe('0');
    expect(await codeOf(post('trade/cancel-order', { instId: BTC_ID, clOrdId: 'rest' }))).toBe('0');
    expect(await codeOf(place({ tdMode: 'isolated' }))).toBe('51000');
    // In its own mode it has nothing to reduce.
    expect(await codeOf(place({ tdMode: 'isolated', side: 'sell', px: '49990', reduceOnly: true }))).toBe('51169');
    expect(await codeOf(place({ tdMode: 'cross', side: 'sell', px: '49990', sz: '0.5' }))).toBe('0');
    expect(await codeOf(place({ tdMode: 'isolated' }))).toBe('0');
    expect(world.exchange.marginMode('main', BTC)).toBe('isolated');
  });

  it('a refused order leaves the margin mode as it was, with its leverage', async () => {
    expect((await post('account/set-leverage', { instId: BTC_ID, lever: '10', mgnMode: 'cross' })).code).toBe('0');
    expect(await codeOf(place({ tdMode: 'isolated' }))).toBe('0');
    expect(await codeOf(place({ side: 'sell', px: '49990', reduceOnly: true }))).toBe('0');
    expect(await codeOf(place({ tdMode: 'cross', px: '52500.1' }))).toBe('51006');
    expect([world.exchange.marginMode('main', BTC), world.exchange.leverage('main', BTC)]).toEqual(['isolated', 5]);
  });

  it('an account in debt places nothing in another mode, and its modes stay as they were', async () => {
    const change = { instId: 'ETH-USDT-SWAP', px: '3000', sz: '10', ordType: 'limit' };
    world.exchange.setBook(ETH, [], [{ price: px('3000'), contracts: contracts('10') }]);
    expect(await codeOf(place(change))).toBe('0');
    world.exchange.settleFunding(ETH, '5');
    expect(world.exchange.balance('main').available.lt('0')).toBe(true);
    expect((await post('account/set-leverage', { instId: BTC_ID, lever: '10', mgnMode: 'cross' })).code).toBe('0');
    expect(await codeOf(place({ tdMode: 'cross' }))).toBe('51000');
    expect([world.exchange.marginMode('main', BTC), world.exchange.leverage('main', BTC)]).toEqual(['isolated', 5]);
  });

  it('suspended instrument, hedge mode, duplicate pending client id', async () => {
    expect(await codeOf(place({ ordType: 'limit', px: '49000', clOrdId: 'dup' }))).toBe('0');
    expect(await codeOf(place({ ordType: 'limit', px: '49000', clOrdId: 'dup' }))).toBe('51016');
    expect(await codeOf(post('trade/cancel-order', { instId: BTC_ID, clOrdId: 'dup' }))).toBe('0');
    expect(await codeOf(place({ px: '49000', clOrdId: 'dup' }))).toBe('0');
    world.exchange.setTrading(BTC, false);
    expect(await codeOf(place())).toBe('51022');
    expect((await world.plain('public/instruments?instType=SWAP')).data[0]?.state).toBe('suspend');
    world.exchange.setTrading(BTC, true);
    expect((await post('account/set-position-mode', { posMode: 'long_short_mode' })).code).toBe('0');
    expect(await codeOf(place())).toBe('51000');
    expect(await codeOf(place({ posSide: 'long' }))).toBe('51010');
  });

  it('reduce-only beyond the position is refused whole, never trimmed', async () => {
    expect(await codeOf(place({ sz: '2' }))).toBe('0');
    for (const ordType of ['ioc', 'market', 'limit']) {
      const reply = await place({ side: 'sell', ordType, px: '50100', sz: '5', reduceOnly: true, clOrdId: 'wide' });
      expect([reply.status, reply.code, reply.data[0]?.sCode]).toEqual([200, '1', '51112']);
    }
    expect(await codeOf(place({ px: '50010', sz: '1', reduceOnly: true }))).toBe('51169');
    expect(world.exchange.order('main', BTC, { clientOrderId: 'wide' })).toBeUndefined();
    expect(world.exchange.positions('main').map((held) => text(held.contracts))).toEqual(['2']);
    expect(await codeOf(place({ side: 'sell', px: '49990', sz: '2', reduceOnly: true }))).toBe('0');
    expect(world.exchange.positions('main')).toEqual([]);
  });

  it('a position is limited at the size that its tier tells, with all that would open it', async () => {
    world.exchange.setLeverage('main', BTC, 100);
    world.book([['49990', '500']], [['50010', '500']]);
    const limit = (side: string, sz: string, more: Record<string, unknown> = {}) =>
      codeOf(place({ side, sz, ordType: 'limit', px: side === 'buy' ? '49000' : '51000', ...more }));
    const tiers = await world.plain('public/position-tiers?instType=SWAP&tdMode=isolated&instFamily=BTC-USDT');
    expect(tiers.data).toMatchObject([{ maxSz: '500' }]);
    expect(await codeOf(place({ sz: '200' }))).toBe('0');
    expect(await limit('buy', '250', { clOrdId: 'rest' })).toBe('0');
    expect(await limit('buy', '50.1')).toBe('51004');
    expect(await limit('buy', '50.1', { clOrdId: 'rest' })).toBe('51016');
    expect(await limit('buy', '50')).toBe('0');
    // The other way the position goes first.
    expect(await limit('sell', '500')).toBe('0');
    expect(await limit('sell', '200.1')).toBe('51004');
    expect(await limit('sell', '200', { reduceOnly: true })).toBe('0');
    expect(await limit('buy', '500.1')).toBe('51101');
  });

  it('resting reduce-only orders at a better price, or older at the same one, count against the position', async () => {
    expect(await codeOf(place({ sz: '2' }))).toBe('0');
    const resting = (change: Record<string, unknown>) =>
      codeOf(place({ side: 'sell', ordType: 'limit', px: '50100', sz: '2', reduceOnly: true, ...change }));
    expect(await resting({ clOrdId: 'first' })).toBe('0');
    expect(await resting({})).toBe('51112');
    expect(await resting({ px: '50200' })).toBe('51112');
    // A repeated request is known for what it is: its order is open.
    expect(await resting({ clOrdId: 'first' })).toBe('51016');
    expect(await resting({ px: '50050', sz: '0.5', reduceOnly: false })).toBe('0');
    // Ahead of what rests.
    expect(await resting({ px: '50050', sz: '1.5' })).toBe('0');
    expect(await resting({ px: '50060', sz: '1' })).toBe('51112');
    expect(await resting({ px: '50060', sz: '0.5' })).toBe('0');
    expect(await resting({ ordType: 'market' })).toBe('0');
    expect(world.exchange.positions('main')).toEqual([]);
  });

  it('the 501st resting order of an instrument is refused', async () => {
    const rest = { symbol: BTC, side: 'buy', type: 'limit', tif: 'GTC', reduceOnly: false } as const;
    for (let i = 0; i < 500; i += 1) {
      world.exchange.place('main', { ...rest, contracts: contracts('0.2'), price: px('48000'), unfillable: 'expire' });
    }
    const order = { ordType: 'limit', px: '48000', sz: '0.2' };
    const reply = await place(order);
    expect(reply.data[0]).toMatchObject({
      sCode: '51174',
      sMsg: expect.stringMatching(/BTC-USDT-SWAP pending orders reached the upper limit of 500/),
    });
    expect(await codeOf(place({ ...order, ordType: 'ioc' }))).toBe('0');
    expect(await codeOf(place({ ...order, instId: 'ETH-USDT-SWAP', px: '2900' }))).toBe('0');
  });

  it('a bulk answer mixes outcomes under code 2', async () => {
    const reply = await post('trade/batch-orders', [orderOf({ clOrdId: 'good' }), orderOf({ sz: '0.1' })]);
    expect([reply.status, reply.code]).toEqual([200, '2']);
    expect(reply.data.map((item) => item.sCode)).toEqual(['0', '51020']);
  });

  it('post-only that crosses and FOK that cannot fill are acknowledged, then cancelled without a fill', async () => {
    expect(await codeOf(place({ ordType: 'post_only', clOrdId: 'po' }))).toBe('0');
    expect(await codeOf(place({ ordType: 'fok', sz: '5.1', clOrdId: 'fok' }))).toBe('0');
    for (const [clOrdId, cancelSource] of [
      ['po', '31'],
      ['fok', '13'],
    ]) {
      const reply = await world.signed('GET', 'trade/order', { query: `instId=${BTC_ID}&clOrdId=${clOrdId}` });
      expect(reply.data[0]).toMatchObject({ state: 'canceled', accFillSz: '0', cancelSource });
    }
    expect(await codeOf(place({ ordType: 'fok', sz: '5', clOrdId: 'fok2' }))).toBe('0');
    const filled = await world.signed('GET', 'trade/order', { query: `instId=${BTC_ID}&clOrdId=fok2` });
    expect(filled.data[0]).toMatchObject({ state: 'filled', accFillSz: '5', avgPx: '50010', ordType: 'fok' });
  });
});

describe('cancelling', () => {
  it('separates unknown, cancelled and filled orders', async () => {
    const cancel = (change: Record<string, unknown>) =>
      codeOf(post('trade/cancel-order', { instId: BTC_ID, ...change }));
    expect(await cancel({ clOrdId: 'none' })).toBe('51400');
    expect(await cancel({})).toBe('51407');
    await place({ clOrdId: 'filled' });
    expect(await cancel({ clOrdId: 'filled' })).toBe('51402');
    await place({ clOrdId: 'open', ordType: 'limit', px: '49000' });
    expect(await cancel({ clOrdId: 'open' })).toBe('0');
    expect(await cancel({ clOrdId: 'open' })).toBe('51401');
  });
});

describe('horizons', () => {
  it('forgets an unfilled cancel after 2 h, and keeps a fill', async () => {
    await place({ clOrdId: 'void', px: '49000' });
    await place({ clOrdId: 'done' });
    const look = async (clOrdId: string) =>
      (await world.signed('GET', 'trade/order', { query: `instId=${BTC_ID}&clOrdId=${clOrdId}` })).code;
    world.clock.at += 2 * HOUR;
    expect([await look('void'), await look('done')]).toEqual(['0', '0']);
    world.clock.at += 1;
    expect([await look('void'), await look('done')]).toEqual(['51603', '0']);
    const history = await world.signed('GET', 'trade/orders-history', { query: 'instType=SWAP' });
    expect(history.data.map((row) => row.clOrdId)).toEqual(['done']);
    expect(await world.signed('GET', 'trade/order', { query: `instId=${BTC_ID}` })).toMatchObject({ code: '51003' });
  });

  it('shows a closed position at size 0 only when its instrument is named', async () => {
    const rows = async (query: string) => (await world.signed('GET', 'account/positions', { query })).data;
    expect(await rows(`instId=${BTC_ID}`)).toEqual([]);
    await place();
    expect((await rows(''))[0]).toMatchObject({ instId: BTC_ID, pos: '1', posSide: 'net', mgnMode: 'isolated' });
    await place({ side: 'sell', px: '49990', reduceOnly: 'true' });
    expect(await rows('')).toEqual([]);
    expect((await rows(`instId=${BTC_ID}`)).map((row) => row.pos)).toEqual(['0']);
  });
});

describe('paging', () => {
  /** Of the `count` hours before the start, numbered from 1. */
  const settledHourly = (count: number) => {
    const first = START - count * HOUR;
    for (let hour = 1; hour <= count; hour += 1) {
      const mark = world.exchange.market(BTC)?.mark;
      if (mark) world.exchange.recordSettled({ symbol: BTC, rate: `0.0000${hour}`, mark, at: first + hour * HOUR });
    }
    return { at: (hour: number): number => first + hour * HOUR, hourOf: (at: number): number => (at - first) / HOUR };
  };

  it('after walks back, before alone keeps the newest, limit is cut to 400', async () => {
    const { at, hourOf } = settledHourly(430);
    const times = async (query: string): Promise<number[]> => {
      const reply = await world.plain(`public/funding-rate-history?instId=${BTC_ID}${query}`);
      return reply.data.map((row) => hourOf(Number(row.fundingTime)));
    };
    const down = (from: number, to: number): number[] => Array.from({ length: from - to + 1 }, (_, i) => from - i);
    expect(await times('')).toEqual(down(430, 31));
    expect(await times('&limit=500')).toEqual(down(430, 31));
    expect(await times(`&after=${at(31)}`)).toEqual(down(30, 1));
    expect(await times(`&before=${at(5)}&limit=10`)).toEqual(down(430, 421));
    expect(await times(`&before=${at(5)}&after=${at(9)}`)).toEqual([8, 7, 6]);
    expect((await world.plain(`public/funding-rate-history?instId=${BTC_ID}&limit=0`)).code).toBe('51000');
  });

  it('settled rates reach back three months', async () => {
    const { at } = settledHourly(91 * 24);
    const query = `instId=${BTC_ID}&after=${at(30)}`;
    const reply = await world.plain(`public/funding-rate-history?${query}`);
    expect(reply.data.map((row) => Number(row.fundingTime))).toEqual([29, 28, 27, 26, 25, 24].map(at));
  });

  it('bills: one per fill and payment, newest first, each with the balance it left, signs as received', async () => {
    await place({ clOrdId: 'short', side: 'sell', px: '49990', sz: '2' });
    world.clock.at += HOUR;
    world.exchange.settleFunding(BTC, '0.0001');
    const all = await world.signed('GET', 'account/bills-archive');
    // Sold 2 x 0.01 at 49,990 = 999.8; fee 0.05 % = 0.4999. Funding: 0.02 x 50,000 x 0.0001 = 0.1 received.
    expect(all.data.map((row) => [row.type, row.subType, row.balChg, row.bal])).toEqual([
      ['8', '174', '0.1', '9999.6001'],
      ['2', '2', '-0.4999', '9999.5001'],
    ]);
    const first = all.data[0]?.billId;
    const older = await world.signed('GET', 'account/bills-archive', { query: `after=${first}` });
    expect(older.data.map((row) => row.type)).toEqual(['2']);
    const funding = await world.signed('GET', 'account/bills', { query: 'type=8&instType=SWAP' });
    expect(funding.data.map((row) => row.balChg)).toEqual(['0.1']);
    expect(world.exchange.balance('main').wallet.eq(quote('9999.6001'))).toBe(true);
  });
});

it('fees are negative when paid, and a maker rebate is positive', async () => {
  const fee = async (query: string) => (await world.signed('GET', 'account/trade-fee', { query })).data[0];
  expect(await fee('instType=SWAP&uly=BTC-USDT')).toMatchObject({ maker: '-0.0002', taker: '-0.0005' });
  expect(await fee('instType=SWAP&instFamily=ETH-USDT')).toMatchObject({ maker: '0.0001', taker: '-0.0005' });
});

it('liquidation and ADL show as fills and bills without a client id', async () => {
  await place({ side: 'sell', px: '49990', sz: '4' });
  world.exchange.forceReduce('main', BTC, contracts('1'), 'adl');
  const fills = await world.signed('GET', 'trade/fills', { query: 'instType=SWAP' });
  expect(fills.data.map((row) => [row.side, row.fillSz, row.clOrdId, row.subType])).toEqual([
    ['buy', '1', '', '127'],
    ['sell', '4', '', '2'],
  ]);
  const bills = await world.signed('GET', 'account/bills', { query: 'type=9' });
  expect(bills.data).toHaveLength(1);
});
