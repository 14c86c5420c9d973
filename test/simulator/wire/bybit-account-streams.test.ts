/** Stream operations and account streams of the simulated Bybit, through unmodified ccxt and raw sockets. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contracts } from '../../../src/kernel/decimal.ts';
import { coins, login, rows, StreamClients } from './bybit-stream-client.ts';
import { ACCOUNT, BTC, type BybitWorld, NEXT_SETTLEMENT, OTHER, startBybit, until } from './bybit-world.ts';

let world: BybitWorld;
const clients = new StreamClients();
beforeEach(async () => {
  world = await startBybit();
});
afterEach(async () => {
  clients.closeAll();
  await world.close();
});

/** Waits until the venue has acknowledged that many subscribe frames. */
const subscribed = (count: number): Promise<void> =>
  until(
    () =>
      world.sent.filter((frame) => frame.includes('"success":true') && frame.includes('"op":"subscribe"')).length ===
      count,
  );

describe('operations', () => {
  it('unknown topics, repeated topics, unknown operations and garbage are answered, and the socket lives on', async () => {
    const { frames, send } = await clients.open(world, '/v5/public/linear');
    const attempts: [unknown, string][] = [
      [{ op: 'subscribe', args: ['orderbook.30.BTCUSDT'] }, 'error:handler not found,topic:orderbook.30.BTCUSDT'],
      [{ op: 'subscribe', args: ['orderbook.50.btcusdt'] }, 'error:handler not found,topic:orderbook.50.btcusdt'],
      [{ op: 'subscribe', args: ['tickers.ETHUSDT', 'order'] }, 'error:handler not found,topic:order'],
      [{ op: 'subscribe', args: [] }, 'error:args invalid'],
      [{ op: 'subscribe', args: [7] }, 'error:args invalid'],
      [{ op: 'nope' }, 'error:invalid op'],
      [login(world.clock.at + 1_000), 'error:invalid op'],
      ['hello', 'Failed to decode incoming data'],
      ['[1]', 'Failed to decode incoming data'],
    ];
    for (const [frame] of attempts) send(frame);
    await until(() => frames.length === attempts.length);
    expect(frames.map((frame) => [frame.success, frame.ret_msg])).toEqual(
      attempts.map(([, message]) => [false, message]),
    );
    frames.length = 0;
    send({ op: 'subscribe', req_id: 'ok', args: ['tickers.ETHUSDT'] });
    send({ op: 'subscribe', req_id: 'again', args: ['tickers.ETHUSDT'] });
    send({ op: 'ping', req_id: 'p' });
    await until(() => frames.length === 4);
    expect(frames[0]).toMatchObject({ success: true, req_id: 'ok' });
    expect(frames[2]).toMatchObject({
      success: false,
      ret_msg: 'error:already subscribed,topic:tickers.ETHUSDT',
      req_id: 'again',
    });
    expect(frames[3]).toMatchObject({ success: true, ret_msg: 'pong', req_id: 'p', op: 'ping' });
  });

  it('the stream tells what a forced order was made for, from its first state on', async () => {
    const { frames, send } = await clients.open(world, '/v5/private');
    send(login(world.clock.at + 10_000));
    send({ op: 'subscribe', args: ['order'] });
    await until(() => frames.length === 2);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.1, 50_010, { timeInForce: 'IOC' });
    await until(() => frames.length === 4);
    world.exchange.forceReduce(ACCOUNT, BTC, contracts('0.1'), 'liquidation');
    await until(() => frames.length === 6);
    const told = frames.slice(2).flatMap((frame) => frame.data as { orderStatus: string; createType: string }[]);
    expect(told.map(({ orderStatus, createType }) => [orderStatus, createType])).toEqual([
      ['New', 'CreateByUser'],
      ['Filled', 'CreateByUser'],
      ['New', 'CreateByTakeOver_PassThrough'],
      ['Filled', 'CreateByTakeOver_PassThrough'],
    ]);
  });

  it('private: the signature, its expiry and the key are verified, and nothing is told before', async () => {
    const { frames, send } = await clients.open(world, '/v5/private');
    send({ op: 'subscribe', args: ['order'] });
    send(login(world.clock.at + 10_000, 'wrong'));
    send(login(world.clock.at));
    send({ op: 'auth', args: ['nobody', world.clock.at + 1, 'x'] });
    send({ op: 'subscribe', args: ['order'] });
    await until(() => frames.length === 5);
    expect(frames.map((frame) => [frame.op, frame.success])).toEqual([
      ['subscribe', false],
      ['auth', false],
      ['auth', false],
      ['auth', false],
      ['subscribe', false],
    ]);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.1, 50_010, { timeInForce: 'IOC' });
    send(login(world.clock.at + 10_000));
    send({ op: 'subscribe', args: ['order', 'unknown'] });
    send({ op: 'ping', req_id: 'p' });
    await until(() => frames.length === 8);
    expect(frames.slice(5)).toMatchObject([
      { op: 'auth', success: true },
      { success: false, ret_msg: 'error:handler not found,topic:unknown' },
      { op: 'pong', req_id: 'p', args: [String(world.clock.at)] },
    ]);
  });

  it('other paths are refused', async () => {
    await expect(clients.open(world, '/v5/public/spot')).rejects.toThrow('404');
  });

  it('ccxt fails a private watch when the secret is wrong', async () => {
    await world.ccxt.loadMarkets();
    world.ccxt.secret = 'wrong';
    await expect(world.ccxt.watchOrders(BTC)).rejects.toThrow(/error sign/);
  });
});

describe('account events', () => {
  it('orders and trades reach ccxt with their states', async () => {
    await world.ccxt.loadMarkets();
    const orders = world.ccxt.watchOrders(BTC);
    const trades = world.ccxt.watchMyTrades(BTC);
    await subscribed(2);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.5, 50_010, { timeInForce: 'IOC', clientOrderId: 'ws1' });
    const [first] = await orders;
    expect(first).toMatchObject({ clientOrderId: 'ws1', symbol: BTC, side: 'buy' });
    expect((await trades)[0]).toMatchObject({ side: 'buy', amount: 0.5, price: 50_010, fee: { cost: 13.75275 } });
    // The cache keeps the latest state of each order, whether or not somebody awaited it.
    const latest = (): unknown => (world.ccxt.orders as unknown as { status: string }[])[0];
    await until(() => (latest() as { status: string }).status === 'closed');
    expect(latest()).toMatchObject({ clientOrderId: 'ws1', filled: 0.5, average: 50_010 });
  });

  it('frames: an IOC remainder goes New, PartiallyFilled, Cancelled; a fill comes as order and execution', async () => {
    const { frames } = await clients.openPrivate(world, 'order', 'execution');
    await world.ccxt.createOrder(BTC, 'limit', 'sell', 1.5, 49_990, { timeInForce: 'IOC', clientOrderId: 'ws2' });
    await until(() => frames.length === 4);
    expect(
      frames.map((frame) => {
        const [row] = rows(frame);
        return [frame.topic, row?.orderLinkId, row?.orderStatus ?? row?.execType, row?.leavesQty];
      }),
    ).toEqual([
      ['order', 'ws2', 'New', '1.5'],
      ['order', 'ws2', 'PartiallyFilled', '0.5'],
      ['execution', 'ws2', 'Trade', '0.5'],
      ['order', 'ws2', 'Cancelled', '0'],
    ]);
    expect(frames[2]).toMatchObject({
      creationTime: world.clock.at,
      data: [
        { category: 'linear', symbol: 'BTCUSDT', execQty: '1', execPrice: '49990', execFee: '27.4945', isMaker: false },
      ],
    });
  });

  it('positions and wallet follow trades; a closed position is size 0 without a side', async () => {
    const { frames } = await clients.openPrivate(world, 'position', 'wallet');
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 1, 50_010, { timeInForce: 'IOC' });
    await world.ccxt.createOrder(BTC, 'limit', 'sell', 1, 49_990, { timeInForce: 'IOC', reduceOnly: true });
    await until(() => frames.length === 4);
    expect(frames.map((frame) => frame.topic)).toEqual(['position', 'wallet', 'position', 'wallet']);
    expect(rows(frames[0])[0]).toMatchObject({ side: 'Buy', size: '1', entryPrice: '50010', positionIdx: 0 });
    expect(rows(frames[2])[0]).toMatchObject({ side: '', size: '0', positionValue: '' });
    // 100000 - 20 - fees of 27.5055 and 27.4945.
    expect(coins(frames[3])[0]).toMatchObject({ coin: 'USDT', walletBalance: '99925', totalPositionIM: '0' });
    expect(coins(frames[3])[0]).not.toHaveProperty('locked');
  });

  it('what an order locks while it rests is told when it is placed and when it is cancelled', async () => {
    const { frames } = await clients.openPrivate(world, 'wallet', 'position');
    const locked = (frame: unknown): string => String(coins(frame as never)[0]?.totalOrderIM);
    const { id } = await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.5, 49_000);
    await until(() => frames.length === 1);
    expect(Number(locked(frames[0]))).toBeGreaterThan(0);
    await world.ccxt.cancelOrder(String(id), BTC);
    await until(() => frames.length === 2);
    expect(Number(locked(frames[1]))).toBe(0);
    expect(frames.map(({ topic }) => topic)).toEqual(['wallet', 'wallet']);
  });

  it('ccxt watchPositions and watchBalance follow; its streamed total is equity, unlike fetchBalance', async () => {
    await world.ccxt.loadMarkets();
    expect(await world.ccxt.watchPositions([BTC])).toEqual([]);
    const positions = world.ccxt.watchPositions([BTC]);
    const balance = world.ccxt.watchBalance();
    await subscribed(2);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 1, 50_010, { timeInForce: 'IOC' });
    expect((await positions)[0]).toMatchObject({ symbol: BTC, side: 'long', contracts: 1 });
    expect((await balance).USDT?.total).toBe(99_962.4945);
    expect((await world.ccxt.fetchBalance()).USDT?.total).toBe(99_972.4945);
  });

  it('funding payments are executions of type Funding, positive = paid', async () => {
    await world.ccxt.createOrder(BTC, 'limit', 'sell', 1, 49_990, { timeInForce: 'IOC' });
    const { frames } = await clients.openPrivate(world, 'execution', 'wallet');
    world.clock.at = NEXT_SETTLEMENT;
    world.exchange.settleFunding(BTC, '0.0001');
    await until(() => frames.length === 2);
    expect(rows(frames[0])[0]).toMatchObject({ execType: 'Funding', execFee: '-5', side: 'Sell', feeRate: '-0.0001' });
    expect(frames[1]).toMatchObject({ topic: 'wallet', creationTime: NEXT_SETTLEMENT });
  });

  it('a liquidation comes without a client id', async () => {
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 1, 50_010, { timeInForce: 'IOC', clientOrderId: 'doomed' });
    const { frames } = await clients.openPrivate(world, 'execution');
    world.exchange.forceReduce(ACCOUNT, BTC, contracts('1'), 'liquidation');
    await until(() => frames.length === 1);
    expect(rows(frames[0])[0]).toMatchObject({ execType: 'BustTrade', orderLinkId: '', side: 'Sell', execQty: '1' });
  });

  it('one account never hears of another', async () => {
    const { frames } = await clients.openPrivate(world, 'order', 'execution', 'position', 'wallet');
    const order = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market', qty: '0.01' };
    const placed = await world.post('/v5/order/create', order, { key: OTHER.apiKey, secret: OTHER.secret });
    expect(placed.retCode).toBe(0);
    await world.ccxt.createOrder(BTC, 'market', 'sell', 0.02);
    await until(() => frames.length === 5);
    expect(frames.map((frame) => frame.topic)).toEqual(['order', 'order', 'execution', 'position', 'wallet']);
    expect(rows(frames[2])[0]).toMatchObject({ side: 'Sell', execQty: '0.02' });
  });

  it('nothing is sent after a client left', async () => {
    const { frames, gone } = await clients.openPrivate(world, 'order');
    world.server.dropStreams();
    await until(gone);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.1, 50_010, { timeInForce: 'IOC' });
    expect(frames).toEqual([]);
  });
});
