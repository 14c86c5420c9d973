/** What counts as placing orders, seen through the requests that unmodified ccxt makes. */
import { afterEach, describe, expect, it } from 'vitest';
import type { VenueId } from '../../../src/kernel/ids.ts';
import type { WireRequest } from '../../../src/simulator/wire/dialect.ts';
import { isPlacing, placedClientIds } from '../../../src/simulator/wire/placing-requests.ts';
import { startWireServer, type WireServer } from '../../../src/simulator/wire/server.ts';
import { connectCcxt } from './connect.ts';
import { okxWorld } from './okx-world.ts';

let server: WireServer | undefined;
afterEach(() => server?.close());

const request = (path: string, body: string, method = 'POST'): WireRequest => ({
  method,
  path,
  query: '',
  body,
  headers: {},
});

describe('placing requests', () => {
  it('ccxt’s default OKX order goes to batch-orders: it counts, and each order of a bulk is named', async () => {
    const world = await okxWorld();
    const seen: WireRequest[] = [];
    const client = await world.ccxt();
    await client.loadMarkets();
    server = await startWireServer({
      dialect: { handle: () => ({ status: 500, body: '{}' }), connect: () => undefined, close: () => undefined },
      intercept: async (each) => {
        seen.push(each);
        return { status: 200, body: '{"code":"0","data":[],"msg":""}' };
      },
    });
    const client2 = await connectCcxt({
      venue: 'okx',
      server,
      apiKey: 'k',
      secret: 's',
      now: world.clock.now,
      config: { password: 'p' },
    });
    client2.setMarkets(client.markets);
    const order = (clientOrderId: string) => ({
      symbol: 'BTC/USDT:USDT',
      type: 'limit' as const,
      side: 'buy' as const,
      amount: 1,
      price: 49_000,
      params: { clientOrderId },
    });
    await client2.createOrder('BTC/USDT:USDT', 'limit', 'buy', 1, 49_000, { clientOrderId: 'alone' });
    await client2.createOrders([order('first'), order('second')]);
    await client2.close();
    await world.close();
    expect(seen.map((each) => [each.path, isPlacing('okx', each), placedClientIds(each)])).toEqual([
      ['/api/v5/trade/batch-orders', true, ['alone']],
      ['/api/v5/trade/batch-orders', true, ['first', 'second']],
    ]);
  });

  it.each<[VenueId, string, string, readonly string[]]>([
    ['okx', '/api/v5/trade/order', '{"instId":"A","clOrdId":"a1"}', ['a1']],
    ['okx', '/api/v5/trade/batch-orders', '[{"instId":"A"},{"clOrdId":"a2"}]', ['', 'a2']],
    ['bybit', '/v5/order/create', '{"orderLinkId":"b1","qty":"1"}', ['b1']],
    ['bybit', '/v5/order/create-batch', '{"request":[{"orderLinkId":"b1"},{"orderLinkId":"b2"}]}', ['b1', 'b2']],
    ['binance', '/fapi/v1/order', 'symbol=A&newClientOrderId=c1&signature=0', ['c1']],
    [
      'binance',
      '/fapi/v1/batchOrders',
      `batchOrders=${encodeURIComponent('[{"newClientOrderId":"c1"},{"newClientOrderId":"c2"}]')}&signature=0`,
      ['c1', 'c2'],
    ],
    ['okx', '/api/v5/trade/order', 'not json', ['']],
  ])('%s %s', (venue, path, body, ids) => {
    expect(isPlacing(venue, request(path, body))).toBe(true);
    expect(isPlacing(venue, request(path, body, 'GET'))).toBe(false);
    expect(placedClientIds(request(path, body))).toEqual(ids);
  });

  it('cancels and reads do not count', () => {
    for (const path of ['/api/v5/trade/cancel-order', '/v5/order/cancel', '/v5/order/realtime']) {
      expect(['binance', 'bybit', 'okx'].some((venue) => isPlacing(venue, request(path, '{}')))).toBe(false);
    }
  });
});
