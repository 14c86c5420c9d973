/** Unmodified ccxt.pro over the OKX dialect's streams, and raw frames where ccxt hides them. */
import { createHmac } from 'node:crypto';
import type { Exchange as Ccxt } from 'ccxt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { contracts, px } from '../../../src/kernel/decimal.ts';
import { BTC, BTC_ID, CREDENTIALS, ETH, HOUR, type OkxWorld, okxWorld, orderOf, START } from './okx-world.ts';

let world: OkxWorld;
let okx: Ccxt;
beforeEach(async () => {
  world = await okxWorld();
  world.exchange.setMarginMode('main', BTC, 'isolated');
  okx = await world.ccxt();
  await okx.loadMarkets();
});
afterEach(async () => {
  await okx.close();
  await world.close();
});

const NEXT = START + 8 * HOUR;
const bids = [['49990', '5']] as const;
/** books5 levels keep OKX's third, deprecated field; books levels do not. */
const priceAndSize = (side: readonly (readonly unknown[])[]) => side.map((row) => row.slice(0, 2));

describe('public channels through ccxt', () => {
  it.each([
    ['books5', 5],
    ['books', undefined],
  ])('%s: snapshot, then changes', async (_, limit) => {
    const first = await okx.watchOrderBook(BTC, limit);
    expect(priceAndSize(first.asks)).toEqual([
      [50010, 5],
      [50020, 10],
    ]);
    world.clock.at += 100;
    const next = okx.watchOrderBook(BTC, limit);
    world.book(bids, [
      ['50010', '4.5'],
      ['50015', '1'],
    ]);
    const second = await next;
    expect(priceAndSize(second.asks)).toEqual([
      [50010, 4.5],
      [50015, 1],
    ]);
    expect(priceAndSize(second.bids)).toEqual([[49990, 5]]);
    expect(second.timestamp).toBe(START + 100);
  });

  it('an own fill shows in the book', async () => {
    await okx.watchOrderBook(BTC);
    const next = okx.watchOrderBook(BTC);
    await okx.createOrder(BTC, 'limit', 'buy', 5, 50010, { tdMode: 'isolated', timeInForce: 'IOC' });
    expect(priceAndSize((await next).asks)).toEqual([[50020, 10]]);
  });

  it('a book that comes later is the first snapshot', async () => {
    const watched = okx.watchOrderBook(ETH);
    await new Promise((resolve) => setTimeout(resolve, 50));
    world.exchange.setBook(ETH, [{ price: px('2999'), contracts: contracts('1') }], []);
    expect(priceAndSize((await watched).bids)).toEqual([[2999, 1]]);
  });

  it('funding rate at subscription and at a change', async () => {
    world.exchange.setFunding(BTC, { predictedRate: '0.0001', intervalHours: 8, nextSettlementAt: NEXT });
    expect(await okx.watchFundingRate(BTC)).toMatchObject({
      fundingRate: 0.0001,
      fundingTimestamp: NEXT,
      interval: '8h',
    });
    const next = okx.watchFundingRate(BTC);
    world.exchange.setFunding(BTC, { predictedRate: '0.0003', intervalHours: 4, nextSettlementAt: START + 4 * HOUR });
    expect(await next).toMatchObject({ fundingRate: 0.0003, fundingTimestamp: START + 4 * HOUR, interval: '4h' });
  });

  it('mark price and ticker', async () => {
    expect((await okx.watchMarkPrice(BTC)).markPrice).toBe(50000);
    const next = okx.watchMarkPrice(BTC);
    world.exchange.setMark(BTC, px('50100'), px('50101'));
    expect((await next).markPrice).toBe(50100);
    expect(await okx.watchTicker(BTC)).toMatchObject({ bid: 49990, ask: 50010 });
    expect((await okx.watchBidsAsks([BTC]))[BTC]).toMatchObject({ bid: 49990, ask: 50010 });
  });

  it('many instruments in one subscription', async () => {
    world.exchange.setFunding(BTC, { predictedRate: '0.0001', intervalHours: 8, nextSettlementAt: NEXT });
    const seen = await okx.watchFundingRates([BTC, ETH]);
    expect(seen[BTC]?.fundingRate).toBe(0.0001);
  });
});

it('text pongs keep a quiet stream alive', async () => {
  const client = await world.ccxt({ streaming: { keepAlive: 40 } });
  // ccxt compares OKX pongs, stamped by milliseconds(), with the wall clock: stamp them by the wall clock too.
  let pongs = 0;
  Object.assign(client, {
    handlePong(stream: { lastPong: number }) {
      stream.lastPong = Date.now();
      pongs += 1;
    },
  });
  await client.loadMarkets();
  await client.watchMarkPrice(BTC);
  const next = client.watchMarkPrice(BTC);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(pongs).toBeGreaterThan(2);
  world.exchange.setMark(BTC, px('50300'), px('50300'));
  expect((await next).markPrice).toBe(50300);
});

describe('private channels through ccxt', () => {
  const buy = (amount: number, price: number, clientOrderId: string) =>
    okx.createOrder(BTC, 'limit', 'buy', amount, price, { tdMode: 'isolated', timeInForce: 'IOC', clientOrderId });

  it('watchOrders ends with the final state; watchMyTrades has one row per fill, fee negative when paid', async () => {
    okx.newUpdates = true;
    const finals: (string | undefined)[][] = [];
    const trades: unknown[][] = [];
    const orders = (async () => {
      while (!finals.some(([, status]) => status === 'canceled')) {
        for (const order of await okx.watchOrders())
          finals.push([order.clientOrderId, order.status, String(order.filled)]);
      }
    })();
    const fills = (async () => {
      while (trades.length < 2) {
        for (const trade of await okx.watchMyTrades()) trades.push([trade.price, trade.amount, trade.fee?.cost]);
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await buy(16, 50020, 'sweep');
    await Promise.all([orders, fills]);
    expect(finals.at(-1)).toEqual(['sweep', 'canceled', '15']);
    // 5 x 0.01 x 50,010 x 0.0005 = 1.25025 and 10 x 0.01 x 50,020 x 0.0005 = 2.501, with OKX's sign.
    expect(trades).toEqual([
      [50010, 5, -1.25025],
      [50020, 10, -2.501],
    ]);
  });

  it('positions and balance: a snapshot at subscription, then each change', async () => {
    expect((await okx.watchBalance()).USDT?.total).toBe(10000);
    expect(await okx.watchPositions([BTC])).toEqual([]);
    const balance = okx.watchBalance();
    const position = okx.watchPositions([BTC]);
    await buy(5, 50010, 'open');
    // Fee 1.25025; marked at 50,000 the 0.05 BTC bought at 50,010 are 0.5 down.
    expect((await balance).USDT?.total).toBe(9998.24975);
    expect(await position).toMatchObject([{ symbol: BTC, side: 'long', contracts: 5, entryPrice: 50010 }]);
    const paid = okx.watchBalance();
    world.clock.at = NEXT;
    world.exchange.settleFunding(BTC, '0.001');
    // A long pays 0.05 x 50,000 x 0.001 = 2.5.
    expect((await paid).USDT?.total).toBe(9995.74975);
  });
});

it('what an order locks while it rests is told when it is placed and when it is cancelled', async () => {
  const free = (await okx.watchBalance()).USDT?.free;
  const placed = okx.watchBalance();
  const { id } = await okx.createOrder(BTC, 'limit', 'buy', 5, 49_000, { tdMode: 'isolated' });
  expect((await placed).USDT?.free).toBeLessThan(Number(free));
  const cancelled = okx.watchBalance();
  await okx.cancelOrder(String(id), BTC);
  expect((await cancelled).USDT?.free).toBe(free);
});

/** A raw client that keeps every frame and waits for the `count`-th. */
async function rawStream(path: string) {
  const socket = new WebSocket(`${world.server.wsUrl}/ws/v5/${path}`);
  const frames: unknown[] = [];
  let wake = (): void => {};
  socket.on('message', (data) => {
    const text = data.toString();
    frames.push(text === 'pong' ? text : JSON.parse(text));
    wake();
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    frames: frames as Record<string, never>[],
    send: (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    async until(count: number) {
      while (frames.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
    close: () => socket.close(),
  };
}

function login(change: Record<string, unknown> = {}, at = world.clock.at) {
  const timestamp = String(at / 1_000);
  const sign = createHmac('sha256', CREDENTIALS.secret).update(`${timestamp}GET/users/self/verify`).digest('base64');
  const { apiKey, passphrase } = CREDENTIALS;
  return { op: 'login', args: [{ apiKey, passphrase, timestamp, sign, ...change }] };
}

describe('frames', () => {
  it('pong, acknowledgements, and errors for what is not understood', async () => {
    const stream = await rawStream('public');
    const subscribe = (arg: Record<string, unknown>) => stream.send({ op: 'subscribe', args: [arg] });
    stream.send('ping');
    stream.send('{');
    stream.send({ op: 'order', args: [{}] });
    subscribe({ channel: 'constructor', instId: BTC_ID });
    subscribe({ channel: 'books5', instId: 'XXX-USDT-SWAP' });
    subscribe({ channel: 'orders', instType: 'ANY' });
    subscribe({ channel: 'books50-l2-tbt', instId: BTC_ID });
    subscribe({ channel: 'mark-price', instId: BTC_ID });
    stream.send({ op: 'unsubscribe', args: [{ channel: 'mark-price', instId: BTC_ID }] });
    await stream.until(10);
    world.exchange.setMark(BTC, px('50200'), px('50200'));
    subscribe({ channel: 'index-tickers', instId: 'BTC-USDT' });
    await stream.until(12);
    expect(stream.frames[0]).toBe('pong');
    expect(stream.frames.slice(1, 7).map((frame) => frame.code)).toEqual([
      '60012',
      '60012',
      '60018',
      '60018',
      '60018',
      '60030',
    ]);
    expect(stream.frames[7]).toEqual({
      event: 'subscribe',
      arg: { channel: 'mark-price', instId: BTC_ID },
      connId: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(stream.frames[8]).toMatchObject({ arg: { channel: 'mark-price' }, data: [{ markPx: '50000' }] });
    expect(stream.frames[9]).toMatchObject({ event: 'unsubscribe' });
    expect(stream.frames[11]).toMatchObject({ data: [{ instId: 'BTC-USDT', idxPx: '50200' }] });
    stream.close();
  });

  it('a connection takes 480 requests in any hour of the venue’s time, whatever became of them; a ping is none', async () => {
    const stream = await rawStream('public');
    const subscribe = (channel: string) => stream.send({ op: 'subscribe', args: [{ channel, instId: 'BTC-USDT' }] });
    for (let sent = 0; sent < 480; sent += 1) subscribe('constructor');
    stream.send('ping');
    subscribe('index-tickers');
    await stream.until(482);
    expect(stream.frames.slice(-2)).toMatchObject(['pong', { event: 'error', code: '60014' }]);
    const another = await rawStream('public');
    another.send({ op: 'subscribe', args: [{ channel: 'index-tickers', instId: 'BTC-USDT' }] });
    await another.until(2);
    expect(another.frames[0]).toMatchObject({ event: 'subscribe' });
    world.clock.at += HOUR;
    subscribe('index-tickers');
    await stream.until(484);
    expect(stream.frames[482]).toMatchObject({ event: 'subscribe' });
    stream.close();
    another.close();
  });

  it('login refuses wrong credentials one by one; without login nothing private is served', async () => {
    const stream = await rawStream('private');
    stream.send({ op: 'subscribe', args: [{ channel: 'account' }] });
    stream.send(login({ apiKey: 'key-9' }));
    stream.send(login({ passphrase: 'no' }));
    stream.send(login({ sign: 'AAAA' }));
    stream.send(login({}, world.clock.at - 31_000));
    stream.send(login({ timestamp: 'now' }));
    stream.send(login());
    stream.send({ op: 'subscribe', args: [{ channel: 'account' }] });
    await stream.until(9);
    expect(stream.frames.slice(0, 7).map((frame) => frame.code)).toEqual([
      '60011',
      '60032',
      '60024',
      '60007',
      '60006',
      '60004',
      '0',
    ]);
    expect(stream.frames[8]).toMatchObject({ eventType: 'snapshot', data: [{ details: [{ cashBal: '10000' }] }] });
    stream.close();
  });

  it('an account sees its own orders only: live, each fill, then the end', async () => {
    const stream = await rawStream('private');
    stream.send(login());
    stream.send({ op: 'subscribe', args: [{ channel: 'orders', instType: 'SWAP', instId: BTC_ID }] });
    await stream.until(2);
    world.exchange.place('other', {
      symbol: BTC,
      side: 'buy',
      type: 'limit',
      tif: 'GTC',
      price: px('49000'),
      contracts: contracts('1'),
      reduceOnly: false,
    });
    await world.signed('POST', 'trade/order', { body: JSON.stringify(orderOf({ sz: '6', clOrdId: 'mine' })) });
    await stream.until(5);
    const rows = stream.frames.slice(2).map((frame) => frame.data?.[0] as unknown as Record<string, string>);
    expect(rows.map((row) => [row.clOrdId, row.state, row.accFillSz, row.fillSz, row.tradeId !== ''])).toEqual([
      ['mine', 'live', '0', '0', false],
      ['mine', 'partially_filled', '5', '5', true],
      ['mine', 'canceled', '5', '0', false],
    ]);
    expect(rows[1]).toMatchObject({ fillPx: '50010', fillFee: '-1.25025', execType: 'T', fillTime: String(START) });
    expect(rows[2]?.cancelSource).toBe('14');
    stream.close();
  });

  it('unknown stream paths are refused', async () => {
    await expect(rawStream('nothing')).rejects.toThrow(/404/);
  });
});
