/** Who gets in: signatures, receive windows, parameters, unknown routes and request limits, as raw requests. */
import ccxt from 'ccxt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_KEY, BTC, startWorld, T0, type World } from './binance-world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(async () => {
  await world.close();
  expect(world.errors).toEqual([]);
});

const codeOf = ({ status, body }: { status: number; body: unknown }) => [status, (body as { code?: number }).code];

describe('identity', () => {
  test('a right signature passes, on query and on body', async () => {
    expect((await world.signed('GET', '/fapi/v3/account')).status).toBe(200);
    expect((await world.signed('POST', '/fapi/v1/leverage', { symbol: 'BTCUSDT', leverage: 3 })).status).toBe(200);
  });

  test('each account sees only its own money', async () => {
    const mine = await world.signed('GET', '/fapi/v2/balance');
    const theirs = await world.signed('GET', '/fapi/v2/balance', {}, { apiKey: 'otherKey', secret: 'otherSecret' });
    expect([mine.body, theirs.body]).toMatchObject([[{ balance: '10000.00000000' }], [{ balance: '500.00000000' }]]);
  });

  test('wrong secret, text changed after signing, and a signature that is not last', async () => {
    const path = '/fapi/v1/order';
    const params = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' };
    const wrong = await world.signed('POST', path, params, { secret: 'guess' });
    const tampered = await world.signed('POST', path, params, { tamper: (text) => text.replace('0.01', '0.09') });
    const appended = await world.signed('POST', path, params, { tamper: (text) => `${text}&reduceOnly=true` });
    expect([wrong, tampered, appended].map(codeOf)).toEqual([
      [400, -1022],
      [400, -1022],
      [400, -1022],
    ]);
    expect(world.exchange.positions('main')).toEqual([]);
  });

  test('missing key, malformed key, unknown key, missing signature', async () => {
    const path = '/fapi/v3/account';
    expect(codeOf(await world.signed('GET', path, {}, { apiKey: undefined }))).toEqual([401, -2014]);
    expect(codeOf(await world.signed('GET', path, {}, { apiKey: 'a key' }))).toEqual([401, -2014]);
    expect(codeOf(await world.signed('GET', path, {}, { apiKey: 'stranger' }))).toEqual([401, -2015]);
    expect(codeOf(await world.raw('GET', `${path}?timestamp=${T0}`, { 'x-mbx-apikey': API_KEY }))).toEqual([
      400, -1102,
    ]);
  });

  test('the receive window follows the exchange’s clock: 5 s late and 1 s ahead by default', async () => {
    const at = async (timestamp: number, params = {}) =>
      codeOf(await world.signed('GET', '/fapi/v3/account', params, { timestamp }))[1];
    expect(await at(T0 - 5000)).toBeUndefined();
    expect(await at(T0 - 5001)).toBe(-1021);
    expect(await at(T0 + 999)).toBeUndefined();
    expect(await at(T0 + 1000)).toBe(-1021);
    expect(await at(T0 - 60_000, { recvWindow: 60_000 })).toBeUndefined();
    expect(await at(T0 - 60_001, { recvWindow: 60_000 })).toBe(-1021);
    expect(await at(T0, { recvWindow: 60_001 })).toBe(-1131);
    expect(await at(Number.NaN)).toBe(-1100);
    world.clock.at = T0 + 30 * 86_400_000;
    expect(await at(T0)).toBe(-1021);
    expect(await at(world.clock.at)).toBeUndefined();
  });

  test('clock-skew: ccxt reports it as InvalidNonce, a bad key as AuthenticationError', async () => {
    const late = await world.ccxt();
    late.milliseconds = () => T0 - 60_000;
    await expect(late.fetchBalance()).rejects.toThrow(ccxt.InvalidNonce);
    const stranger = await world.ccxt({ config: { apiKey: 'stranger' } });
    await expect(stranger.fetchBalance()).rejects.toThrow(ccxt.AuthenticationError);
    const forger = await world.ccxt({ config: { secret: 'guess' } });
    await expect(forger.fetchBalance()).rejects.toThrow(ccxt.AuthenticationError);
  });
});

describe('requests', () => {
  test('unknown paths and methods are 404 in Binance’s form', async () => {
    expect(await world.raw('GET', '/fapi/v1/nothing')).toMatchObject({
      status: 404,
      body: { code: -5000, msg: 'Path /fapi/v1/nothing, Method GET is invalid' },
    });
    expect(codeOf(await world.raw('PATCH', '/fapi/v1/order'))).toEqual([404, -5000]);
  });

  test.each([
    ['/fapi/v1/depth', -1102],
    ['/fapi/v1/depth?symbol=', -1102],
    ['/fapi/v1/depth?symbol=NOPE', -1121],
    ['/fapi/v1/depth?symbol=BTCUSDT&limit=7', -4021],
    ['/fapi/v1/depth?symbol=BTCUSDT&limit=five', -1100],
    ['/fapi/v1/depth?symbol=BTCUSDT&symbol=ETHUSDT', -1101],
    ['/fapi/v1/premiumIndex?symbol=NOPE', -1121],
    ['/fapi/v1/fundingRate?symbol=BTCUSDT&limit=1001', -1130],
    ['/fapi/v1/fundingRate?symbol=BTCUSDT&limit=0', -1130],
    ['/fapi/v1/fundingRate?symbol=BTCUSDT&startTime=2&endTime=1', -1023],
    ['/fapi/v1/fundingRate?startTime=', -1105],
  ])('%s', async (target, code) => {
    expect(codeOf(await world.raw('GET', target))).toEqual([400, code]);
  });

  test.each([
    ['GET', '/fapi/v1/order', { symbol: 'BTCUSDT' }, -1102],
    ['GET', '/fapi/v1/order', { symbol: 'BTCUSDT', orderId: 'x1' }, -1100],
    ['GET', '/fapi/v1/openOrder', { symbol: 'BTCUSDT', orderId: 5 }, -2013],
    ['DELETE', '/fapi/v1/order', { symbol: 'BTCUSDT', orderId: 5 }, -2011],
    ['POST', '/fapi/v1/leverage', { symbol: 'BTCUSDT', leverage: 0 }, -4028],
    ['POST', '/fapi/v1/leverage', { symbol: 'BTCUSDT' }, -1102],
    ['POST', '/fapi/v1/marginType', { symbol: 'BTCUSDT', marginType: 'cross' }, -4049],
    ['POST', '/fapi/v1/positionSide/dual', { dualSidePosition: 'maybe' }, -1130],
    ['GET', '/fapi/v1/income', { incomeType: 'GIFT' }, -1130],
    ['GET', '/fapi/v1/income', { page: 0 }, -1130],
    ['PUT', '/fapi/v1/listenKey', {}, -1125],
  ] as const)('%s %s %o', async (method, path, params, code) => {
    expect(codeOf(await world.signed(method, path, params))).toEqual([400, code]);
  });
});

describe('limits', () => {
  const used = ({ headers }: { headers: Headers }) => Number(headers.get('x-mbx-used-weight-1m'));

  test('every answer carries the weight used, by the published weights', async () => {
    let before = 0;
    const costs = async (answer: Promise<{ headers: Headers }>) => {
      const now = used(await answer);
      const spent = now - before;
      before = now;
      return spent;
    };
    expect(await costs(world.raw('GET', '/fapi/v1/ping'))).toBe(1);
    expect(await costs(world.raw('GET', '/fapi/v1/depth?symbol=BTCUSDT'))).toBe(10);
    expect(await costs(world.raw('GET', '/fapi/v1/depth?symbol=BTCUSDT&limit=1000'))).toBe(20);
    expect(await costs(world.raw('GET', '/fapi/v1/depth?symbol=BTCUSDT&limit=20'))).toBe(2);
    expect(await costs(world.raw('GET', '/fapi/v1/premiumIndex'))).toBe(10);
    expect(await costs(world.raw('GET', '/fapi/v1/premiumIndex?symbol=BTCUSDT'))).toBe(1);
    expect(await costs(world.signed('GET', '/fapi/v1/openOrders'))).toBe(40);
    expect(await costs(world.signed('GET', '/fapi/v1/income'))).toBe(30);
    expect(await costs(world.signed('GET', '/fapi/v3/positionRisk'))).toBe(5);
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' };
    expect(await costs(world.signed('POST', '/fapi/v1/order', order))).toBe(0);
    expect(await costs(world.raw('GET', '/fapi/v1/nothing'))).toBe(1);
    expect(await costs(world.signed('GET', '/fapi/v3/account', {}, { apiKey: 'stranger' }))).toBe(5);
    world.clock.at += 60_000;
    expect(used(await world.raw('GET', '/fapi/v1/ping'))).toBe(1);
  });

  /** 60 x 40 = 2400. */
  const exhaust = async () => {
    for (let i = 0; i < 60; i += 1) expect((await world.signed('GET', '/fapi/v1/openOrders')).status).toBe(200);
  };

  test('beyond 2400 a minute: 429, -1003, Retry-After by the exchange’s clock; then free again', async () => {
    await exhaust();
    world.clock.at += 15_000;
    const answer = await world.raw('GET', '/fapi/v1/ping');
    expect(codeOf(answer)).toEqual([429, -1003]);
    expect(answer.headers.get('retry-after')).toBe('45');
    expect(used(answer)).toBe(2400);
    world.clock.at += 45_000;
    expect((await world.raw('GET', '/fapi/v1/ping')).status).toBe(200);
  });

  test('ban-418: going on after 429 is answered with 418 until the ban is over, and the next ban is longer', async () => {
    await exhaust();
    for (let i = 0; i < 10; i += 1) expect((await world.raw('GET', '/fapi/v1/ping')).status).toBe(429);
    const banned = await world.raw('GET', '/fapi/v1/ping');
    expect(codeOf(banned)).toEqual([418, -1003]);
    expect(banned.headers.get('retry-after')).toBe('120');
    world.clock.at += 119_999;
    expect((await world.raw('GET', '/fapi/v1/ping')).status).toBe(418);
    world.clock.at += 1;
    expect((await world.raw('GET', '/fapi/v1/ping')).status).toBe(200);
    world.clock.at += 60_000;
    await exhaust();
    for (let i = 0; i < 11; i += 1) await world.raw('GET', '/fapi/v1/ping');
    expect((await world.raw('GET', '/fapi/v1/ping')).headers.get('retry-after')).toBe('240');
  });

  test('a 429 reaches ccxt as DDoSProtection', async () => {
    const ex = await world.ccxt();
    await ex.loadMarkets();
    world.clock.at += 60_000;
    await exhaust();
    await expect(ex.fetchFundingRates()).rejects.toThrow(ccxt.DDoSProtection);
  });

  test('new orders: 300 in 10 s and 1200 a minute per account, refused ones included', async () => {
    const order = {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'IOC',
      quantity: '0.002',
      price: '96000',
    };
    const place = (who = {}) => world.signed('POST', '/fapi/v1/order', order, who);
    for (let i = 0; i < 299; i += 1) await place();
    const last = await place();
    expect([last.status, last.headers.get('x-mbx-order-count-10s'), last.headers.get('x-mbx-order-count-1m')]).toEqual([
      200,
      '300',
      '300',
    ]);
    const over = await place();
    expect(codeOf(over)).toEqual([429, -1015]);
    expect(over.headers.get('retry-after')).toBe('10');
    // Another account has its own budget, and reading is not ordering.
    expect((await place({ apiKey: 'otherKey', secret: 'otherSecret' })).status).toBe(200);
    expect((await world.signed('GET', '/fapi/v3/account')).status).toBe(200);
    for (let round = 1; round < 4; round += 1) {
      world.clock.at += 10_000;
      for (let i = 0; i < 300; i += 1) expect((await place()).status).toBe(200);
    }
    world.clock.at += 10_000;
    const minute = await place();
    expect(codeOf(minute)).toEqual([429, -1015]);
    expect(minute.headers.get('retry-after')).toBe('20');
  });

  test('funding history and funding info share 500 requests in 5 minutes', async () => {
    for (let i = 0; i < 250; i += 1) {
      expect((await world.raw('GET', '/fapi/v1/fundingRate?symbol=BTCUSDT')).status).toBe(200);
      expect((await world.raw('GET', '/fapi/v1/fundingInfo')).status).toBe(200);
    }
    expect(codeOf(await world.raw('GET', '/fapi/v1/fundingInfo'))).toEqual([429, -1003]);
    world.clock.at += 300_000;
    expect((await world.raw('GET', '/fapi/v1/fundingInfo')).status).toBe(200);
  });
});

test('maintenance and lost replies reach ccxt as the classes the adapter has to handle', async () => {
  let mode: 'pass' | 'drop-after' | '503' = 'pass';
  const faulty = await startWorld({
    intercept: async ({ path, method }) => {
      if (mode === 'pass' || method !== 'POST' || path !== '/fapi/v1/order') return 'pass';
      return mode === '503' ? { status: 503, body: '{"code":-1000,"msg":"Unknown error"}' } : 'drop-after';
    },
  });
  try {
    const ex = await faulty.ccxt();
    await ex.loadMarkets();
    mode = '503';
    const params = (clientOrderId: string) => ({ timeInForce: 'IOC', clientOrderId });
    await expect(ex.createOrder(BTC, 'limit', 'buy', 0.01, 100_000.1, params('f1'))).rejects.toThrow('-1000');
    mode = 'drop-after';
    await expect(ex.createOrder(BTC, 'limit', 'buy', 0.01, 100_000.1, params('f2'))).rejects.toThrow(ccxt.NetworkError);
    // ack-lost-then-filled: the order is there and filled; the other never was.
    expect(await ex.fetchOrder('', BTC, { clientOrderId: 'f2' })).toMatchObject({ status: 'closed', filled: 0.01 });
    await expect(ex.fetchOrder('', BTC, { clientOrderId: 'f1' })).rejects.toThrow(ccxt.OrderNotFound);
  } finally {
    await faulty.close();
  }
});
