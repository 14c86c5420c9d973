/** What the simulated Bybit refuses before the exchange model sees it: signatures, clocks, limits, parameters. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/kernel/instant.ts';
import { queryParams } from '../../../src/simulator/wire/bybit/params.ts';
import { ACCOUNT, BTC, type BybitWorld, OTHER, startBybit } from './bybit-world.ts';

let world: BybitWorld;
beforeEach(async () => {
  world = await startBybit();
});
afterEach(() => world.close());

const WALLET = '/v5/account/wallet-balance';
const UNIFIED = 'accountType=UNIFIED';
const ORDER = {
  category: 'linear',
  symbol: 'BTCUSDT',
  side: 'Buy',
  orderType: 'Limit',
  qty: '0.001',
  price: '49900',
  timeInForce: 'GTC',
};
const openCount = (): number => world.exchange.openOrders(ACCOUNT).length;

describe('authentication', () => {
  it('a right signature passes and every answer has the envelope', async () => {
    const reply = await world.get(WALLET, UNIFIED);
    expect([reply.status, reply.retCode, reply.retMsg, reply.time]).toEqual([200, 0, 'OK', world.clock.at]);
    expect(reply).toHaveProperty('retExtInfo', {});
  });

  it('bad-signature: 10004, on queries and on bodies, and nothing is placed', async () => {
    expect((await world.get(WALLET, UNIFIED, { secret: 'other' })).retCode).toBe(10_004);
    const order = await world.post('/v5/order/create', ORDER, { secret: 'other' });
    expect([order.status, order.retCode, openCount()]).toEqual([200, 10_004, 0]);
  });

  it('tampered-body: a signature over other bytes is refused', async () => {
    const signed = await world.post('/v5/order/create', ORDER);
    expect([signed.retCode, openCount()]).toEqual([0, 1]);
    const response = await fetch(`${world.server.url}/v5/order/create`, {
      method: 'POST',
      headers: {
        'X-BAPI-API-KEY': 'bybit-key',
        'X-BAPI-TIMESTAMP': String(world.clock.at),
        'X-BAPI-RECV-WINDOW': '5000',
        'X-BAPI-SIGN': 'f'.repeat(64),
      },
      body: JSON.stringify({ ...ORDER, qty: '1' }),
    });
    expect(((await response.json()) as { retCode: number }).retCode).toBe(10_004);
    expect(openCount()).toBe(1);
  });

  it('a key sees its own account only', async () => {
    await world.post('/v5/order/create', ORDER);
    const query = 'category=linear&symbol=BTCUSDT';
    const theirs = await world.get('/v5/order/realtime', query, { key: OTHER.apiKey, secret: OTHER.secret });
    expect([theirs.retCode, theirs.result.list]).toEqual([0, []]);
    expect((await world.get('/v5/order/realtime', query)).result.list).toHaveLength(1);
  });

  it('an unknown key is 10003 and missing headers are 401', async () => {
    expect((await world.get(WALLET, UNIFIED, { key: 'nobody' })).retCode).toBe(10_003);
    const bare = await world.open(WALLET, UNIFIED);
    expect([bare.status, bare.retCode]).toEqual([401, 10_001]);
  });

  it('clock-skew: a timestamp holds from one window before to just under a second after the venue clock', async () => {
    const codeAt = async (skewMs: number): Promise<number> => (await world.get(WALLET, UNIFIED, { skewMs })).retCode;
    expect(await codeAt(-5_000)).toBe(0);
    expect(await codeAt(-5_001)).toBe(10_002);
    expect(await codeAt(999)).toBe(0);
    expect(await codeAt(1_000)).toBe(10_002);
    expect((await world.get(WALLET, UNIFIED, { skewMs: -20_000, recvWindow: '20000' })).retCode).toBe(0);
  });

  it('ccxt sees the codes as its own errors', async () => {
    await world.ccxt.loadMarkets();
    world.ccxt.milliseconds = () => world.clock.at - 60_000;
    await expect(world.ccxt.fetchBalance()).rejects.toThrow(expect.objectContaining({ name: 'InvalidNonce' }));
    world.ccxt.milliseconds = () => world.clock.at;
    world.ccxt.secret = 'wrong';
    await expect(world.ccxt.fetchBalance()).rejects.toThrow(expect.objectContaining({ name: 'AuthenticationError' }));
  });
});

describe('limits', () => {
  const headers = (reply: { headers: Headers }): (string | null)[] =>
    ['X-Bapi-Limit', 'X-Bapi-Limit-Status', 'X-Bapi-Limit-Reset-Timestamp'].map((name) => reply.headers.get(name));

  it('orders: ten in any second per user, counted on the venue clock, then 10006 with the time of reset', async () => {
    const start = world.clock.at;
    const first = await world.post('/v5/order/create', ORDER);
    expect(headers(first)).toEqual(['10', '9', String(start)]);
    world.clock.at = start + 400;
    for (let index = 0; index < 9; index += 1) {
      expect((await world.post('/v5/order/create', ORDER)).retCode).toBe(0);
    }
    const refused = await world.post('/v5/order/create', ORDER);
    expect([refused.status, refused.retCode]).toEqual([200, 10_006]);
    expect(headers(refused)).toEqual(['10', '0', String(start + SECOND_MS)]);
    expect(openCount()).toBe(10);
    world.clock.at = start + SECOND_MS;
    expect((await world.post('/v5/order/create', ORDER)).retCode).toBe(0);
    expect((await world.post('/v5/order/create', ORDER)).retCode).toBe(10_006);
  });

  it('each endpoint has its own budget, and a refused signature costs none', async () => {
    for (let index = 0; index < 20; index += 1) await world.post('/v5/order/create', ORDER, { secret: 'no' });
    for (let index = 0; index < 10; index += 1) await world.post('/v5/order/create', ORDER);
    expect((await world.post('/v5/order/create', ORDER)).retCode).toBe(10_006);
    const cancel = await world.post('/v5/order/cancel', { category: 'linear', symbol: 'BTCUSDT', orderId: '1' });
    expect(cancel.retCode).toBe(110_001);
    expect((await world.get('/v5/order/realtime', 'category=linear&symbol=BTCUSDT')).headers.get('X-Bapi-Limit')).toBe(
      '50',
    );
  });

  it('ip-limit: the 601st request within five seconds is 403, and so is everything until the ban ends', async () => {
    for (let index = 0; index < 600; index += 1) {
      expect((await world.open('/v5/market/time')).status).toBe(200);
    }
    const over = await world.open('/v5/market/time');
    expect([over.status, over.retCode]).toEqual([403, 10_018]);
    await expect(world.ccxt.fetchTime()).rejects.toThrow(expect.objectContaining({ name: 'RateLimitExceeded' }));
    world.clock.at += 10 * MINUTE_MS - 1;
    expect((await world.post('/v5/order/create', ORDER)).status).toBe(403);
    world.clock.at += 1;
    expect((await world.post('/v5/order/create', ORDER)).retCode).toBe(0);
    expect(openCount()).toBe(1);
  });
});

describe('parameters', () => {
  const bad: readonly (readonly [field: string, change: Record<string, unknown>])[] = [
    ['category', { category: undefined }],
    ['category', { category: 'spot' }],
    ['symbol', { symbol: undefined }],
    ['symbol', { symbol: 'btcusdt' }],
    ['side', { side: 'buy' }],
    ['orderType', { orderType: 'Stop' }],
    ['qty', { qty: undefined }],
    ['qty', { qty: 0.001 }],
    ['qty', { qty: '-1' }],
    ['qty', { qty: '0' }],
    ['qty', { qty: 'NaN' }],
    ['qty', { qty: '0.0015' }],
    ['price', { price: undefined }],
    ['price', { price: '49900.05' }],
    ['timeInForce', { timeInForce: 'ioc' }],
    ['reduceOnly', { reduceOnly: 'yes' }],
    ['orderLinkId', { orderLinkId: 'x'.repeat(37) }],
    ['orderLinkId', { orderLinkId: 'spaced out' }],
    ['position idx', { positionIdx: 1 }],
    ['positionIdx', { positionIdx: 3 }],
    ['triggerPrice', { triggerPrice: '49000' }],
  ];
  for (const [field, change] of bad) {
    it(`${field} ${JSON.stringify(change)} is 10001, named, and places nothing`, async () => {
      const reply = await world.post('/v5/order/create', { ...ORDER, ...change });
      expect([reply.status, reply.retCode, reply.retMsg]).toEqual([200, 10_001, expect.stringContaining(field)]);
      expect(openCount()).toBe(0);
    });
  }

  it('sizes below the minimum and above the maximum are 10001', async () => {
    const small = await world.post('/v5/order/create', { ...ORDER, qty: '0.0001' });
    const large = await world.post('/v5/order/create', { ...ORDER, qty: '101' });
    expect([small, large].map((reply) => [reply.retCode, reply.retMsg])).toEqual([
      [10_001, expect.stringContaining('minimum limit')],
      [10_001, expect.stringContaining('maximum limit')],
    ]);
  });

  it('malformed bodies are 10001 and unknown paths 404', async () => {
    for (const body of ['', '{', '[]', 'null', '"text"']) {
      expect((await world.post('/v5/order/create', body)).retCode).toBe(10_001);
    }
    const unknown = await world.get('/v5/order/nothing');
    expect([unknown.status, unknown.retCode]).toEqual([404, 10_017]);
    expect((await world.get('/v5/order/create', 'category=linear')).status).toBe(404);
  });

  it('lists must say what they are about, and page sizes are bounded', async () => {
    const codes = await Promise.all([
      world.get('/v5/position/list', 'category=linear'),
      world.get('/v5/order/realtime', 'category=linear'),
      world.get('/v5/order/realtime', 'category=linear&symbol=BTCUSDT&limit=51'),
      world.get('/v5/execution/list', 'category=linear&limit=101'),
      world.get('/v5/execution/list', 'category=linear&cursor=unknown'),
      world.get('/v5/order/realtime', 'category=linear&symbol=NOPEUSDT'),
      world.get(WALLET, ''),
    ]);
    expect(codes.map((reply) => [reply.retCode, reply.retMsg])).toEqual(
      ['symbol', 'symbol', 'limit', 'limit', 'cursor', 'symbol', 'accountType'].map((name) => [
        10_001,
        expect.stringContaining(name),
      ]),
    );
    const inverse = await world.get('/v5/position/list', 'category=inverse');
    expect([inverse.retCode, inverse.result.list]).toEqual([0, []]);
  });

  it('any text where a number belongs is refused or is that number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const params = queryParams(new URLSearchParams({ limit: text }).toString());
        const limit = params.integer('limit', 1, 100);
        const valid = /^\d{1,15}$/.test(text) && Number(text) >= 1 && Number(text) <= 100;
        expect(limit).toBe(valid ? Number(text) : undefined);
        expect(params.problem === undefined).toBe(valid || text === '');
      }),
    );
  });

  it('leverage: both sides alike, at least 1', async () => {
    const set = (buyLeverage: string, sellLeverage: string) =>
      world.post('/v5/position/set-leverage', { category: 'linear', symbol: 'BTCUSDT', buyLeverage, sellLeverage });
    expect((await set('3', '4')).retMsg).toContain('sellLeverage');
    expect((await set('0.5', '0.5')).retCode).toBe(110_013);
    expect((await set('3', '3.0')).retCode).toBe(0);
    expect(world.exchange.leverage(ACCOUNT, BTC)).toBe(3);
    expect((await world.post('/v5/position/switch-isolated', {})).retCode).toBe(100_028);
  });
});
