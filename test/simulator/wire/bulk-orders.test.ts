/** Several orders in one request through unmodified ccxt: placed in bulk with a result for each, cancelled all at once. */
import type { Exchange as Ccxt, OrderRequest } from 'ccxt';
import { afterEach, describe, expect, it } from 'vitest';
import * as binance from './binance-world.ts';
import * as bybit from './bybit-world.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const BTC = 'BTC/USDT:USDT';
const order = (clientOrderId: string, amount: number, price: number, params = {}): OrderRequest => ({
  symbol: BTC,
  type: 'limit',
  side: 'buy',
  amount,
  price,
  params: { clientOrderId, ...params },
});

describe('Binance batchOrders', () => {
  async function start(): Promise<{ world: binance.World; ex: Ccxt }> {
    const world = await binance.startWorld();
    closers.push(world.close);
    const ex = await world.ccxt();
    await ex.loadMarkets();
    return { world, ex };
  }
  const batch = (world: binance.World, rows: unknown) =>
    world.signed('POST', '/fapi/v1/batchOrders', { batchOrders: JSON.stringify(rows) });

  it('each order has its own result, in order; one refusal stops no other', async () => {
    const { world, ex } = await start();
    const orders = await ex.createOrders([
      order('b1', 0.01, 99_000),
      order('b2', 0.01, 106_000),
      order('b3', 0.02, 100_000.1, { timeInForce: 'IOC' }),
    ]);
    expect(orders.map(({ clientOrderId, status, info }) => [clientOrderId, status, info.code])).toEqual([
      ['b1', 'open', undefined],
      [undefined, 'rejected', -4016],
      ['b3', 'closed', undefined],
    ]);
    expect(orders[2]?.filled).toBe(0.02);
    expect(world.exchange.openOrders(binance.ACCOUNT).map((each) => each.clientOrderId)).toEqual(['b1']);
  });

  it('cancelOrders: each ends by itself, by either id, and what is not open is told so', async () => {
    const { world, ex } = await start();
    const [first, second] = await ex.createOrders([order('c1', 0.01, 99_000), order('c2', 0.01, 98_000)]);
    const ended = await ex.cancelOrders([String(first?.id), '424242'], BTC);
    // ccxt leaves out what was refused.
    expect(ended.map(({ clientOrderId, status }) => [clientOrderId, status])).toEqual([['c1', 'canceled']]);
    const again = await world.signed('DELETE', '/fapi/v1/batchOrders', {
      symbol: 'BTCUSDT',
      orderIdList: `[${first?.id},424242]`,
    });
    expect([again.status, again.body]).toMatchObject([200, [{ code: -2011 }, { code: -2011 }]]);
    const names = { symbol: 'BTCUSDT', origClientOrderIdList: '["c2"]' };
    expect((await world.signed('DELETE', '/fapi/v1/batchOrders', names)).body).toMatchObject([
      { status: 'CANCELED', orderId: Number(second?.id) },
    ]);
    expect(world.exchange.openOrders(binance.ACCOUNT)).toEqual([]);
    for (const orderIdList of ['[]', '{', '[1,2,3,4,5,6,7,8,9,10,11]', '[true]']) {
      const wrong = await world.signed('DELETE', '/fapi/v1/batchOrders', { symbol: 'BTCUSDT', orderIdList });
      expect([wrong.status, wrong.body]).toMatchObject([400, { code: -1130 }]);
    }
    expect((await world.signed('DELETE', '/fapi/v1/batchOrders', { symbol: 'BTCUSDT' })).body).toMatchObject({
      code: -1102,
    });
  });

  it('costs 5 weight, 5 orders of the ten seconds and 1 of the minute; takes 1 to 5 orders', async () => {
    const { world } = await start();
    const row = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: '99000' };
    const answer = await batch(world, [row, { ...row, reduceOnly: false }]);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject([{ status: 'NEW' }, { status: 'NEW' }]);
    const counted = (name: string) => answer.headers.get(name);
    expect([counted('x-mbx-order-count-10s'), counted('x-mbx-order-count-1m')]).toEqual(['5', '1']);
    // loadMarkets before it cost 1.
    expect(counted('x-mbx-used-weight-1m')).toBe('6');
    expect(await batch(world, [])).toMatchObject({ status: 400, body: { code: -4082 } });
    expect(await batch(world, Array(6).fill(row))).toMatchObject({ status: 400, body: { code: -4082 } });
    expect(await batch(world, 'x')).toMatchObject({ status: 400, body: { code: -1130 } });
    expect(await world.signed('POST', '/fapi/v1/batchOrders')).toMatchObject({ status: 400, body: { code: -1102 } });
  });
});

describe('Bybit create-batch and cancel-all', () => {
  async function start(): Promise<bybit.BybitWorld> {
    const world = await bybit.startBybit();
    closers.push(world.close);
    return world;
  }
  const open = (world: bybit.BybitWorld) => world.exchange.openOrders(bybit.ACCOUNT).map((each) => each.clientOrderId);

  it('each order has its own code, in order; one refusal stops no other', async () => {
    const world = await start();
    const orders = await world.ccxt.createOrders([
      order('b1', 0.1, 49_000),
      order('b2', 0.1, 60_000),
      order('b1', 0.1, 49_000),
      order('b3', 0.1, 50_010, { timeInForce: 'IOC' }),
    ]);
    expect(world.requests.at(-1)).toBe('POST /v5/order/create-batch');
    expect(orders.map(({ id, clientOrderId, info }) => [id !== undefined, clientOrderId, info.code])).toEqual([
      [true, 'b1', undefined],
      [false, undefined, 110_003],
      [false, undefined, 110_072],
      [true, 'b3', undefined],
    ]);
    expect(open(world)).toEqual(['b1']);
    expect(world.exchange.trades(bybit.ACCOUNT)).toHaveLength(1);
  });

  it('counts orders, not requests: beyond 10 in a second the rest of a batch is refused, then whole batches', async () => {
    const world = await start();
    const row = { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '49000' };
    const batch = (count: number) =>
      world.post('/v5/order/create-batch', { category: 'linear', request: Array(count).fill(row) });
    const codes = async (count: number) => {
      const reply = await batch(count);
      const { list } = (reply as unknown as { retExtInfo: { list: { code: number }[] } }).retExtInfo;
      return list.map(({ code }) => code);
    };
    expect(await codes(7)).toEqual(Array(7).fill(0));
    expect(await codes(5)).toEqual([0, 0, 0, 10_006, 10_006]);
    expect((await batch(1)).retCode).toBe(10_006);
    world.clock.at += 1_000;
    expect((await batch(21)).retCode).toBe(10_001);
    expect(world.exchange.openOrders(bybit.ACCOUNT)).toHaveLength(10);
    world.clock.at += 1_000;
    expect((await batch(0)).retCode).toBe(10_001);
    expect((await world.post('/v5/order/create-batch', { category: 'linear', request: [1] })).retCode).toBe(10_001);
    expect((await world.post('/v5/order/create-batch', { request: [row] })).retCode).toBe(10_001);
  });

  it('cancel-batch: each ends by itself, and what is not open is told so', async () => {
    const world = await start();
    const { id } = await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.1, 49_000, { clientOrderId: 'c1' });
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.1, 48_000, { clientOrderId: 'c2' });
    const ended = await world.ccxt.cancelOrders([String(id)], BTC);
    expect(world.requests.at(-1)).toBe('POST /v5/order/cancel-batch');
    expect(ended.map((each) => each.id)).toEqual([id]);
    expect(open(world)).toEqual(['c2']);
    const row = { symbol: 'BTCUSDT' };
    const request = [{ ...row, orderLinkId: 'c2' }, { ...row, orderId: id }, row];
    const reply = await world.post('/v5/order/cancel-batch', { category: 'linear', request });
    const { list } = (reply as unknown as { retExtInfo: { list: { code: number }[] } }).retExtInfo;
    expect([reply.retCode, list.map(({ code }) => code)]).toEqual([0, [0, 110_001, 10_001]]);
    expect(open(world)).toEqual([]);
  });

  it('cancel-all ends the orders of one symbol, or of one settle coin, and says which', async () => {
    const world = await start();
    const place = (symbol: string, price: number, clientOrderId: string) =>
      world.ccxt.createOrder(symbol, 'limit', 'buy', 0.1, price, { clientOrderId });
    const first = await place(BTC, 49_000, 'c1');
    await place(BTC, 48_000, 'c2');
    await place(bybit.ETH, 2_400, 'c3');
    const canceled = await world.ccxt.cancelAllOrders(BTC);
    expect(world.requests.at(-1)).toBe('POST /v5/order/cancel-all');
    expect(canceled.map(({ id, clientOrderId }) => [id, clientOrderId])).toEqual([
      [first.id, 'c1'],
      [expect.any(String), 'c2'],
    ]);
    expect(open(world)).toEqual(['c3']);
    await place(BTC, 49_000, 'c4');
    const conditional = await world.ccxt.cancelAllOrders(undefined, { trigger: true });
    expect([conditional, open(world)]).toEqual([[], ['c4', 'c3']]);
    expect((await world.ccxt.cancelAllOrders()).map((each) => each.clientOrderId)).toEqual(['c4', 'c3']);
    expect(open(world)).toEqual([]);
    expect(await world.ccxt.cancelAllOrders(BTC)).toEqual([]);
    expect((await world.post('/v5/order/cancel-all', { category: 'linear' })).retCode).toBe(10_001);
    expect((await world.post('/v5/order/cancel-all', { category: 'linear', symbol: 'NOUSDT' })).retCode).toBe(10_001);
  });
});
