import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { px, text } from '../../src/kernel/decimal.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { publicOnly } from '../../src/venues/guard.ts';
import { BTC, orderOf, setUp, startWorld, VENUES, type World } from './world.ts';

let sequence = 0;
const nextId = () => `haz${(sequence++).toString(36).padStart(6, '0')}`;

describe.each(VENUES)('hazards on the wire of %s', (name) => {
  let world: World;
  let venue: Venue;

  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue({ timeoutMs: 400 });
    await setUp(venue);
    world.requests.length = 0;
  });
  afterEach(() => world.close());

  const order = (change: Partial<OrderRequest> = {}) => orderOf(world, nextId(), change);
  const onOrder = (answer: World['intercept']): void => {
    world.intercept = (request) =>
      request.method === 'POST' && request.path === world.facts.orderPath ? answer(request) : 'pass';
  };
  const posts = () => world.requests.filter((line) => line === `POST ${world.facts.orderPath}`).length;
  const respond =
    (status: number, body: string, contentType = 'application/json') =>
    () => ({
      status,
      body,
      headers: { 'content-type': contentType },
    });

  it('fault-01-reply-lost-after-acceptance: unknown, and lookup adopts the fill', async () => {
    onOrder(() => 'drop-after');
    const request = order();
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'unknown' });
    expect(posts()).toBe(1);
    const found = await venue.lookup(request, 'open');
    if (found.kind !== 'found') throw new Error(JSON.stringify(found));
    expect(text(found.order.filled)).toBe('0.01');
  });

  it('fault-01-timeout-after-acceptance: the own deadline makes it unknown', async () => {
    onOrder(async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      return 'pass' as const;
    });
    const request = order();
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'unknown', code: 'timeout' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await venue.lookup(request, 'open')).toMatchObject({ kind: 'found', order: { status: 'filled' } });
    expect(posts()).toBe(1);
  });

  it('fault-02-reply-lost-before-arrival: unknown, and lookup says not found', async () => {
    onOrder(() => 'drop-before');
    const request = order();
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'unknown' });
    expect(await venue.lookup(request, 'open')).toEqual({ kind: 'not_found' });
  });

  it('fault-03-read-lags: a filled order that is not known by its id yet is never "not found"', async () => {
    const request = order();
    await venue.submit(request, 'open');
    const said = {
      binance: { path: '/fapi/v1/order', body: '{"code":-2013,"msg":"Order does not exist."}' },
      bybit: { path: '/v5/order/', body: '{"retCode":0,"retMsg":"OK","result":{"list":[]},"time":1}' },
      okx: { path: '/api/v5/trade/order', body: '{"code":"51603","data":[],"msg":"Order does not exist"}' },
    }[name];
    world.intercept = ({ method, path }) =>
      method === 'GET' && path.startsWith(said.path) && !/orders-pending|fills|execution/.test(path)
        ? { status: name === 'binance' ? 400 : 200, body: said.body, headers: { 'content-type': 'application/json' } }
        : 'pass';
    const looked = await venue.lookup(request, 'open');
    // Binance lists it elsewhere; the others' fills name it.
    if (name === 'binance') expect(looked).toMatchObject({ kind: 'found', order: { status: 'filled' } });
    else expect(looked).toMatchObject({ kind: 'failed', code: 'order_lag' });
  });

  it.each([
    ['503 with text', 503, 'Service Unavailable', 'text/plain'],
    ['502 with HTML', 502, '<html><body>Bad gateway</body></html>', 'text/html'],
    ['500 with JSON', 500, '{}', 'application/json'],
    ['200 with HTML', 200, '<html><body>maintenance</body></html>', 'text/html'],
    ['200 with an empty body', 200, '', 'application/json'],
    ['200 with half a body', 200, '{"orderId":12', 'application/json'],
    ['200 with an empty object', 200, '{}', 'application/json'],
    ['200 with null', 200, 'null', 'application/json'],
  ])('fault-08-unreadable-answer: %s is unknown', async (_what, status, body, type) => {
    onOrder(respond(status, body, type));
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'unknown' });
    expect(posts()).toBe(1);
  });

  it('fault-04: codes that say nothing about the order are unknown', async () => {
    const bodies = {
      binance: '{"code":-1007,"msg":"Timeout waiting for response from backend server."}',
      bybit: '{"retCode":10016,"retMsg":"Internal server error","result":{},"time":1}',
      okx: '{"code":"50004","msg":"Endpoint request timeout","data":[]}',
    };
    onOrder(respond(200, bodies[name]));
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'unknown' });
    const unmapped = {
      binance: '{"code":-9876,"msg":"never heard of"}',
      bybit: '{"retCode":987654,"retMsg":"never heard of","result":{},"time":1}',
      okx: '{"code":"1","data":[{"sCode":"98765","sMsg":"never heard of","clOrdId":"","ordId":""}],"msg":""}',
    };
    onOrder(respond(200, unmapped[name]));
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'unknown' });
  });

  it('acknowledged-under-another-id: unknown', async () => {
    const bodies = {
      binance: `{"orderId":7,"clientOrderId":"another","symbol":"BTCUSDT","status":"NEW","side":"BUY","type":"LIMIT","timeInForce":"IOC","price":"1","avgPrice":"0","origQty":"1","executedQty":"0","cumQuote":"0","updateTime":1}`,
      bybit: '{"retCode":0,"retMsg":"OK","result":{"orderId":"7","orderLinkId":"another"},"time":1}',
      okx: '{"code":"0","msg":"","data":[{"ordId":"7","clOrdId":"another","sCode":"0","sMsg":"","tag":""}]}',
    };
    onOrder(respond(200, bodies[name]));
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'unknown', code: 'id_mismatch' });
  });

  it('fault-07-throttled: the gateway refused; opens then wait, reductions do not', async () => {
    await venue.submit(order(), 'open');
    const bodies = {
      binance: respond(429, '{"code":-1003,"msg":"Too many requests."}'),
      bybit: respond(200, '{"retCode":10006,"retMsg":"Too many visits.","result":{},"time":1}'),
      okx: respond(429, '{"code":"50011","msg":"Rate limit reached.","data":[]}'),
    };
    onOrder(bodies[name]);
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'rejected', code: 'rate_limited' });
    onOrder(() => 'pass');
    const at = world.clock.now();
    const reduce = order({ side: 'sell', limitPrice: px('49990'), reduceOnly: true });
    expect(await venue.submit(reduce, 'reduce')).toMatchObject({ kind: 'acked' });
    expect(world.clock.now()).toBe(at);
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'acked' });
    expect(world.clock.now()).toBeGreaterThan(at + 500);
  });

  it('venue-down: an order that never left is refused, a read fails with a code', async () => {
    await world.server.close();
    // On a pooled connection that dies under the request nothing is proven, so the pool must be empty.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'rejected' });
    expect(await venue.lookup(order(), 'open')).toMatchObject({ kind: 'failed' });
    expect(await venue.positions('poll')).toMatchObject({ ok: false });
  });

  it('failed-read: an unreadable position list is never flat', async () => {
    world.intercept = (request) => (/position/i.test(request.path) ? { status: 200, body: '{}' } : 'pass');
    expect(await venue.positions('poll')).toMatchObject({ ok: false, code: 'malformed' });
    world.intercept = () => ({ status: 200, body: '<html></html>' });
    expect(await venue.positions('poll')).toMatchObject({ ok: false });
    expect(await venue.balance()).toMatchObject({ ok: false });
    expect(await venue.fills(0)).toMatchObject({ ok: false });
    expect(await venue.lookup(order(), 'poll')).toMatchObject({ kind: 'failed' });
  });

  it('secrets: no failure text carries the key, the secret or a signature', async () => {
    world.intercept = (request) => ({ status: 500, body: 'no', headers: { 'x-path': request.path } });
    const results = [await venue.balance(), await venue.positions('poll'), await venue.submit(order(), 'open')];
    const said = JSON.stringify(results);
    expect(said).not.toMatch(/signature|key-of-main|secret-of-main|passphrase-of-main/);
  });

  it('no broker attribution is added to orders', async () => {
    const seen: string[] = [];
    onOrder((request) => {
      seen.push(`${request.query} ${request.body} ${JSON.stringify(request.headers)}`);
      return 'pass';
    });
    const request = order();
    await venue.submit(request, 'open');
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain(request.clientOrderId);
    expect(seen[0]).not.toMatch(/referer|broker|x-cvBPrNm9|6b9ad766b55dBCDE|"tag"|CCXT/i);
  });

  it('paper: a market data connection cannot reach anything signed', async () => {
    const market = await world.market();
    const client = market.client as {
      apiKey: unknown;
      secret: unknown;
      createOrder(...args: unknown[]): Promise<unknown>;
      request(path: string, access: string, method: string, params: object): Promise<unknown>;
    };
    expect([client.apiKey, client.secret].filter((each) => each)).toEqual([]);
    const listed = await market.listings();
    expect(listed.ok).toBe(true);
    world.requests.length = 0;
    const placed = await market.read(() => client.createOrder(BTC, 'limit', 'buy', '0.01', '50010'));
    expect(placed.ok).toBe(false);
    // Even with keys put into the instance afterwards.
    Object.assign(client, { apiKey: 'k', secret: 's', password: 'p' });
    const again = await market.read(() => client.createOrder(BTC, 'limit', 'buy', '0.01', '50010'));
    expect(again).toMatchObject({ ok: false, code: 'network_guarded' });
    const paths = {
      binance: () => client.request('account', 'fapiPrivateV3', 'GET', {}),
      bybit: () => client.request('v5/account/wallet-balance', 'private', 'GET', { accountType: 'UNIFIED' }),
      okx: () => client.request('account/balance', 'private', 'GET', {}),
    };
    expect(await market.read(paths[name])).toMatchObject({ ok: false, code: 'network_guarded' });
    expect(world.requests).toEqual([]);
  });
});

describe('publicOnly', () => {
  it.each([
    ['POST', 'https://fapi.binance.com/fapi/v1/order', {}],
    ['GET', 'https://fapi.binance.com/fapi/v1/account?timestamp=1&signature=ab', {}],
    ['GET', 'https://fapi.binance.com/fapi/v1/historicalTrades', { 'X-MBX-APIKEY': 'k' }],
    ['GET', 'https://api.bybit.com/v5/position/list', { 'X-BAPI-API-KEY': 'k', 'X-BAPI-SIGN': 's' }],
    ['GET', 'https://www.okx.com/api/v5/account/balance', { 'OK-ACCESS-KEY': 'k' }],
  ])('refuses %s %s', (method, url, headers: Record<string, string>) => {
    expect(publicOnly(method, new URL(url), headers)).toBeDefined();
  });

  it('lets plain reads through', () => {
    const url = new URL('https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=100');
    expect(publicOnly('GET', url, { 'User-Agent': 'tandem' })).toBeUndefined();
  });
});
