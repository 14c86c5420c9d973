/** Streams: through unmodified ccxt, and raw where ccxt hides what the wire says. */
import type { Exchange as Ccxt } from 'ccxt';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { contracts, px, quote } from '../../../src/kernel/decimal.ts';
import type { BookLevel } from '../../../src/simulator/exchange/api.ts';
import { ACCOUNT, API_KEY, BTC, btcBook, DOGE, ETH, startWorld, T0, type World } from './binance-world.ts';

const HOUR = 3_600_000;
let world: World;
let ex: Ccxt;
beforeEach(async () => {
  world = await startWorld();
  ex = await world.ccxt();
  await ex.loadMarkets();
});
afterEach(async () => {
  await world.close();
  expect(world.errors).toEqual([]);
});

type Frame = Record<string, unknown>;

async function connect(path: string) {
  const client = new WebSocket(`${world.server.wsUrl}${path}`);
  const frames: Frame[] = [];
  client.on('message', (data) => frames.push(JSON.parse(data.toString())));
  await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject));
  const waitFor = async (count: number) => {
    for (let i = 0; i < 500 && frames.length < count; i += 1) await new Promise((resolve) => setTimeout(resolve, 4));
    expect(frames.length).toBeGreaterThanOrEqual(count);
    return frames;
  };
  const ask = async (request: unknown) => {
    const before = frames.length;
    client.send(typeof request === 'string' ? request : JSON.stringify(request));
    return (await waitFor(before + 1))[before];
  };
  return { client, frames, waitFor, ask };
}

/** Repeats an exchange change until the watched promise has its answer: ccxt subscribes at its own pace. */
async function whileChanging<T>(watched: Promise<T>, change: () => void): Promise<T> {
  let done = false;
  const result = watched.finally(() => {
    done = true;
  });
  for (let i = 0; i < 500 && !done; i += 1) {
    change();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return result;
}

const level = (price: string, count: string): BookLevel => ({ price: px(price), contracts: contracts(count) });
const book = (bid: string, ask: string) => world.exchange.setBook(BTC, [level(bid, '1')], [level(ask, '2')]);

describe('ccxt', () => {
  test('watchOrderBook starts from the REST snapshot and follows the diffs to the exact book', async () => {
    const first = await whileChanging(ex.watchOrderBook(BTC), () => btcBook(world.exchange));
    expect([first.bids[0], first.asks[1]]).toEqual([
      [99_999.9, 1],
      [100_001, 2],
    ]);
    const next = ex.watchOrderBook(BTC);
    world.clock.at += 250;
    book('99998', '99998.5');
    const updated = await next;
    expect([updated.bids, updated.asks].map((side) => [...side])).toEqual([[[99_998, 1]], [[99_998.5, 2]]]);
    expect(updated.timestamp).toBe(T0 + 250);
    expect(updated.nonce).toBe(world.exchange.market(BTC)?.bookSequence);
  });

  test('watchOrderBook sees what our own order took', async () => {
    await whileChanging(ex.watchOrderBook(BTC), () => btcBook(world.exchange));
    const next = ex.watchOrderBook(BTC);
    await ex.createOrder(BTC, 'market', 'buy', 0.4);
    expect((await next).asks[0]).toEqual([100_000.1, 0.6]);
  });

  test('watchMarkPrices brings mark, index, predicted rate and next settlement', async () => {
    const change = () => world.exchange.setMark(BTC, px('100010.5'), px('100000'));
    const tickers = await whileChanging(ex.watchMarkPrices([BTC]), change);
    expect(tickers[BTC]).toMatchObject({ markPrice: 100_010.5, indexPrice: 100_000, timestamp: T0 });
    expect(tickers[BTC]?.info).toMatchObject({ e: 'markPriceUpdate', r: '0.00010000', T: T0 + 8 * HOUR });
    const all = await whileChanging(ex.watchMarkPrices(), () =>
      world.exchange.setFunding(DOGE, { predictedRate: '0.0007', intervalHours: 4, nextSettlementAt: T0 + 4 * HOUR }),
    );
    expect(all[DOGE]?.info).toMatchObject({ r: '0.00070000', T: T0 + 4 * HOUR });
  });

  test('watchTicker and watchTickers follow the last price', async () => {
    // Nobody has traded: the middle of the best prices.
    const one = await whileChanging(ex.watchTicker(BTC), () => book('99990', '99995'));
    expect(one).toMatchObject({ symbol: BTC, last: 99_992.5, timestamp: T0 });
    for (const name of ['ticker', 'miniTicker']) {
      const all = await whileChanging(ex.watchTickers(undefined, { name }), () => book('99980', '99985'));
      expect(all[BTC]).toMatchObject({ last: 99_982.5, open: 99_982.5 });
    }
  });

  test('watchBidsAsks follows the best prices', async () => {
    const best = await whileChanging(ex.watchBidsAsks([BTC]), () => book('99990', '99995'));
    expect(best[BTC]).toMatchObject({ bid: 99_990, bidVolume: 1, ask: 99_995, askVolume: 2 });
  });

  test('watchOrders and watchMyTrades tell of an order, its fills and its end', async () => {
    await ex.createOrder(DOGE, 'limit', 'sell', 100, 0.31, { clientOrderId: 'w0' });
    // The first events open the stream; from then on nothing may be missed.
    const opened = await whileChanging(ex.watchOrders(), () => {
      world.exchange.place(ACCOUNT, {
        symbol: DOGE,
        side: 'buy',
        type: 'limit',
        tif: 'IOC',
        price: px('0.29'),
        contracts: contracts('100'),
        reduceOnly: false,
        clientOrderId: 'probe',
      });
    });
    expect(opened.length).toBeGreaterThan(0);
    const trades = ex.watchMyTrades();
    const order = await ex.createOrder(ETH, 'limit', 'buy', 12, 4000.01, {
      timeInForce: 'IOC',
      clientOrderId: 'w1',
    });
    expect((await trades).at(-1)).toMatchObject({
      order: order.id,
      symbol: ETH,
      side: 'buy',
      price: 4000.01,
      amount: 10,
      takerOrMaker: 'taker',
      fee: { cost: 20.00005, currency: 'USDT' },
    });
    const seen = ex.orders?.find((entry: { clientOrderId: string }) => entry.clientOrderId === 'w1');
    expect(seen).toMatchObject({ id: order.id, status: 'expired', filled: 10, remaining: 2, average: 4000.01 });
  });

  test('watchPositions and watchBalance follow a fill', async () => {
    const positions = await whileChanging(
      ex.watchPositions(undefined, undefined, undefined, { fetchPositionsSnapshot: false }),
      () => {
        btcBook(world.exchange);
        world.exchange.place(ACCOUNT, {
          symbol: BTC,
          side: 'sell',
          type: 'market',
          tif: 'IOC',
          contracts: contracts('0.01'),
          reduceOnly: false,
        });
      },
    );
    expect(positions[0]).toMatchObject({ symbol: BTC, side: 'short', entryPrice: 99_999.9 });
  });
});

describe('depth frames', () => {
  test('the chain of U, u and pu joins the REST snapshot without gap or overlap', async () => {
    const { frames, ask, waitFor } = await connect('/public/ws/0');
    expect(await ask({ method: 'SUBSCRIBE', params: ['btcusdt@depth@100ms'], id: 7 })).toEqual({ result: null, id: 7 });
    const start = world.exchange.market(BTC)?.bookSequence ?? 0;
    book('99990', '99995');
    world.clock.at += 100;
    book('99990', '99996');
    const snapshot = (await world.raw('GET', '/fapi/v1/depth?symbol=BTCUSDT')).body as { lastUpdateId: number };
    book('99991', '99996');
    await waitFor(4);
    expect(frames.slice(1).map(({ U, u, pu }) => [U, u, pu])).toEqual([
      [start + 1, start + 1, start],
      [start + 2, start + 2, start + 1],
      [start + 3, start + 3, start + 2],
    ]);
    expect(snapshot.lastUpdateId).toBe(start + 2);
    expect(frames[2]).toMatchObject({
      e: 'depthUpdate',
      E: T0 + 100,
      s: 'BTCUSDT',
      b: [],
      a: [
        ['99996.0', '2.000'],
        ['99995.0', '0.000'],
      ],
    });
  });

  test('replaying the diffs from any snapshot gives the exchange’s book', async () => {
    const side = (prices: readonly string[]) =>
      fc.array(fc.record({ price: fc.constantFrom(...prices), count: fc.integer({ min: 1, max: 9 }) }), {
        maxLength: 4,
      });
    const bids = side(['99996', '99997', '99998', '99999']);
    const asks = side(['100001', '100002', '100003', '100004']);
    const levels = (entries: readonly { price: string; count: number }[], direction: 1 | -1) =>
      [...new Map(entries.map((entry) => [entry.price, entry.count]))]
        .sort((a, b) => direction * (Number(a[0]) - Number(b[0])))
        .map(([price, count]) => level(price, String(count)));
    const stream = await connect('/public/ws/btcusdt@depth');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(bids, asks), { minLength: 1, maxLength: 6 }), async (books) => {
        const before = (await world.raw('GET', '/fapi/v1/depth?symbol=BTCUSDT&limit=20')).body as Record<
          string,
          [string, string][]
        >;
        const from = stream.frames.length;
        for (const [b, a] of books) world.exchange.setBook(BTC, levels(b, -1), levels(a, 1));
        await stream.waitFor(from + books.length);
        const now = new Map([...(before.bids ?? []), ...(before.asks ?? [])]);
        for (const frame of stream.frames.slice(from)) {
          for (const [price, quantity] of [...(frame.b as [string, string][]), ...(frame.a as [string, string][])]) {
            if (Number(quantity) === 0) now.delete(price);
            else now.set(price, quantity);
          }
        }
        const truth = world.exchange.market(BTC);
        const expected = [...(truth?.bids ?? []), ...(truth?.asks ?? [])];
        expect([...now].sort()).toEqual(
          expected.map(({ price, contracts: count }) => [price.toFixed(1), count.toFixed(3)]).sort(),
        );
        world.clock.at += 60_000;
      }),
      { numRuns: 30 },
    );
  });

  test('a finer tick writes every price with more digits: none of them is taken away for that', async () => {
    book('99990', '100010');
    const { waitFor } = await connect('/public/ws/btcusdt@depth@100ms');
    world.exchange.changeSteps(BTC, { tick: px('0.01'), lot: contracts('0.01') });
    world.exchange.setBook(BTC, [level('99990', '1'), level('99980.05', '3')], [level('100010', '4')]);
    const [frame] = await waitFor(1);
    expect(frame).toMatchObject({ b: [['99980.05', '3.00']], a: [['100010.00', '4.00']] });
    const { body } = await world.raw('GET', '/fapi/v1/depth?symbol=BTCUSDT&limit=5');
    expect(body).toMatchObject({
      bids: [
        ['99990.00', '1.00'],
        ['99980.05', '3.00'],
      ],
    });
    const listed = (await world.raw('GET', '/fapi/v1/exchangeInfo')).body as { symbols: Frame[] };
    expect(listed.symbols.find(({ symbol }) => symbol === 'BTCUSDT')).toMatchObject({
      pricePrecision: 2,
      quantityPrecision: 2,
      filters: expect.arrayContaining([
        expect.objectContaining({ filterType: 'PRICE_FILTER', tickSize: '0.01' }),
        expect.objectContaining({ filterType: 'LOT_SIZE', stepSize: '0.01' }),
      ]),
    });
    const order = {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.01',
      price: '99980.01',
    };
    expect((await world.signed('POST', '/fapi/v1/order', order)).status).toBe(200);
  });

  test('a coarser step rounds nothing that was traded before', async () => {
    world.exchange.place(ACCOUNT, {
      symbol: BTC,
      side: 'sell',
      type: 'market',
      tif: 'IOC',
      contracts: contracts('0.125'),
      reduceOnly: false,
    });
    world.exchange.changeSteps(BTC, { tick: px('1'), lot: contracts('0.1') });
    expect((await world.signed('GET', '/fapi/v3/positionRisk')).body).toMatchObject([{ positionAmt: '-0.125' }]);
    expect((await world.signed('GET', '/fapi/v1/userTrades', { symbol: 'BTCUSDT' })).body).toMatchObject([
      { qty: '0.125', price: '99999.9' },
    ]);
  });

  test('partial depth, combined frames and unsubscribing', async () => {
    const { frames, ask, waitFor } = await connect('/public/stream?streams=btcusdt@depth5/ethusdt@bookTicker');
    btcBook(world.exchange);
    await waitFor(1);
    expect(frames[0]).toMatchObject({
      stream: 'btcusdt@depth5',
      data: {
        b: [
          ['99999.9', '1.000'],
          ['99999.0', '2.000'],
        ],
      },
    });
    expect(await ask({ method: 'LIST_SUBSCRIPTIONS', id: 1 })).toEqual({
      result: ['btcusdt@depth5', 'ethusdt@bookTicker'],
      id: 1,
    });
    await ask({ method: 'UNSUBSCRIBE', params: ['btcusdt@depth5'], id: 2 });
    btcBook(world.exchange);
    world.exchange.setBook(ETH, [level('3999', '7')], []);
    await waitFor(4);
    expect(frames).toHaveLength(4);
    expect(frames[3]).toMatchObject({
      stream: 'ethusdt@bookTicker',
      data: { s: 'ETHUSDT', b: '3999.00', B: '0.07', a: '0.00', A: '0.00' },
    });
  });
});

describe('refusals', () => {
  test.each([
    ['/ws/btcusdt@depth'],
    ['/public/ws/nosuch@depth'],
    ['/public/ws/BTCUSDT@depth'],
    ['/public/ws/btcusdt@markPrice'],
    ['/market/ws/btcusdt@depth'],
    ['/private/ws?listenKey=unknown'],
    ['/private/ws'],
  ])('%s is not a stream', async (path) => {
    await expect(connect(path)).rejects.toThrow('404');
  });

  test('bad requests get an error frame and change nothing', async () => {
    const { ask } = await connect('/public/ws');
    const error = async (request: unknown) => (await ask(request)) as { error: { code: number }; id: unknown };
    expect(await error({ method: 'SUBSCRIBE', params: ['btcusdt@nothing'], id: 1 })).toMatchObject({
      error: { code: 2 },
      id: 1,
    });
    expect(await error({ method: 'SUBSCRIBE', params: ['btcusdt@depth', 'btcusdt@markPrice'], id: 2 })).toMatchObject({
      error: { code: 2 },
      id: 2,
    });
    expect(await error('{')).toMatchObject({ error: { code: 3 } });
    expect(await error({ method: 'LEARN', id: 3 })).toMatchObject({ error: { code: 2 } });
    expect(await error({ method: 'SUBSCRIBE', params: 'btcusdt@depth', id: 4 })).toMatchObject({ error: { code: 2 } });
    expect(await error([1])).toMatchObject({ error: { code: 2 } });
    expect(await ask({ method: 'LIST_SUBSCRIPTIONS', id: 5 })).toEqual({ result: [], id: 5 });
  });

  test('an eleventh message within a second closes the connection', async () => {
    const { client, ask } = await connect('/market/ws/btcusdt@markPrice@1s');
    const closed = new Promise((resolve) => client.once('close', (code) => resolve(code)));
    const list = { method: 'LIST_SUBSCRIPTIONS', id: 1 };
    for (let i = 0; i < 10; i += 1) await ask(list);
    world.clock.at += 1_000;
    for (let i = 0; i < 10; i += 1) await ask(list);
    world.clock.at += 999;
    client.send(JSON.stringify(list));
    expect(await closed).toBe(1008);
    const other = await connect('/market/ws/btcusdt@markPrice@1s');
    expect(await other.ask(list)).toEqual({ result: ['btcusdt@markPrice@1s'], id: 1 });
  });

  test('a bad subscription rejects ccxt’s watch instead of hanging', async () => {
    const watch = ex.watchTrades(BTC);
    await expect(watch).rejects.toThrow('invalid stream');
  });
});

describe('user data', () => {
  const listenKey = async (method = 'POST') =>
    (await world.raw(method, '/fapi/v1/listenKey', { 'x-mbx-apikey': API_KEY })).body as { listenKey: string };
  const sell = (count: string) =>
    world.exchange.place(ACCOUNT, {
      symbol: BTC,
      side: 'sell',
      type: 'market',
      tif: 'IOC',
      contracts: contracts(count),
      reduceOnly: false,
      clientOrderId: 'u1',
    });

  test('a fill: NEW, TRADE, then one account update; all before the REST answer could arrive', async () => {
    const { frames, waitFor } = await connect(`/private/ws?listenKey=${(await listenKey()).listenKey}`);
    sell('0.1');
    await waitFor(3);
    expect(frames.map((frame) => [frame.e, (frame.o as Frame | undefined)?.x])).toEqual([
      ['ORDER_TRADE_UPDATE', 'NEW'],
      ['ORDER_TRADE_UPDATE', 'TRADE'],
      ['ACCOUNT_UPDATE', undefined],
    ]);
    expect(frames[0]?.o).toMatchObject({ c: 'u1', X: 'NEW', z: '0.000', q: '0.100', t: 0 });
    expect(frames[1]?.o).toMatchObject({
      s: 'BTCUSDT',
      S: 'SELL',
      o: 'MARKET',
      X: 'FILLED',
      l: '0.100',
      z: '0.100',
      L: '99999.9',
      n: '4.99999500',
      N: 'USDT',
      m: false,
      T: T0,
    });
    expect(frames[2]?.a).toMatchObject({
      m: 'ORDER',
      B: [{ a: 'USDT', wb: '9995.00000500', bc: '0.00000000' }],
      P: [{ s: 'BTCUSDT', pa: '-0.100', ep: '99999.90000000000', mt: 'cross', ps: 'BOTH' }],
    });
  });

  test('a resting reduce-only order that shrinks with its position is an AMENDMENT with its new size', async () => {
    sell('0.1');
    world.exchange.place(ACCOUNT, {
      symbol: BTC,
      side: 'buy',
      type: 'limit',
      tif: 'GTC',
      price: px('99000'),
      contracts: contracts('0.1'),
      reduceOnly: true,
      clientOrderId: 'shrinks',
    });
    world.clock.at += 1000;
    const { frames, waitFor } = await connect(`/private/ws?listenKey=${(await listenKey()).listenKey}`);
    world.exchange.forceReduce(ACCOUNT, BTC, contracts('0.04'), 'adl');
    await waitFor(4);
    const updates = frames.map((frame) => frame.o as Frame | undefined).filter((update) => update?.c === 'shrinks');
    expect(updates).toMatchObject([{ x: 'AMENDMENT', X: 'NEW', q: '0.060', R: true }]);
    const forced = frames
      .map((frame) => frame.o as Frame | undefined)
      .filter((update) => update?.c === 'adl_autoclose');
    expect(forced.map((update) => update?.x)).toEqual(['NEW', 'TRADE']);
  });

  test('funding: the payment is the balance change, the reason FUNDING_FEE; cross mode tells no position', async () => {
    world.exchange.setMarginMode(ACCOUNT, BTC, 'isolated');
    sell('0.1');
    const { frames, waitFor } = await connect(`/private/ws?listenKey=${(await listenKey()).listenKey}`);
    world.exchange.settleFunding(BTC, '0.0002');
    await waitFor(1);
    // A short of 0.1 at 100 000 receives 2.
    expect(frames[0]).toMatchObject({
      e: 'ACCOUNT_UPDATE',
      a: {
        m: 'FUNDING_FEE',
        B: [{ wb: '9997.00000500', cw: '9497.00050500', bc: '2.00000000' }],
        P: [{ pa: '-0.100', mt: 'isolated' }],
      },
    });
    world.exchange.place(ACCOUNT, {
      symbol: DOGE,
      side: 'buy',
      type: 'market',
      tif: 'IOC',
      contracts: contracts('1000'),
      reduceOnly: false,
    });
    const before = (await waitFor(4)).length;
    world.exchange.settleFunding(DOGE, '0.001');
    await waitFor(before + 1);
    // The cross position's margin stays in the cross wallet, the isolated one's 499.9995 does not.
    const wallet = { wb: '9996.54998000', cw: '9496.55048000', bc: '-0.30000000' };
    expect(frames[before]).toMatchObject({ a: { m: 'FUNDING_FEE', B: [wallet], P: [] } });
  });

  test('a transfer tells by how much the wallet changed, in either direction', async () => {
    const { frames, waitFor } = await connect(`/private/ws?listenKey=${(await listenKey()).listenKey}`);
    world.exchange.transfer(ACCOUNT, quote('250'));
    world.exchange.transfer(ACCOUNT, quote('-100.5'));
    await waitFor(2);
    expect(frames.map(({ a }) => a)).toMatchObject([
      { m: 'DEPOSIT', B: [{ wb: '10250.00000000', bc: '250.00000000' }], P: [] },
      { m: 'WITHDRAW', B: [{ wb: '10149.50000000', bc: '-100.50000000' }], P: [] },
    ]);
  });

  test('a liquidation is CALCULATED, which ccxt’s watchMyTrades does not report', async () => {
    sell('1');
    const { frames, waitFor } = await connect(`/private/ws?listenKey=${(await listenKey()).listenKey}`);
    world.exchange.setMark(BTC, px('120000'), px('120000'));
    await waitFor(3);
    const [placed, filled] = frames.map((frame) => frame.o as Frame);
    expect([placed?.x, placed?.o, filled?.x, filled?.X]).toEqual(['NEW', 'LIQUIDATION', 'CALCULATED', 'FILLED']);
    expect(filled?.c).toMatch(/^autoclose-/);
  });

  test('two accounts listening each see only their own orders', async () => {
    const mine = await connect(`/private/ws?listenKey=${(await listenKey()).listenKey}`);
    const answer = await world.raw('POST', '/fapi/v1/listenKey', { 'x-mbx-apikey': 'otherKey' });
    const theirs = await connect(`/private/ws?listenKey=${(answer.body as { listenKey: string }).listenKey}`);
    world.exchange.place('other', {
      symbol: DOGE,
      side: 'buy',
      type: 'market',
      tif: 'IOC',
      contracts: contracts('100'),
      reduceOnly: false,
      clientOrderId: 'u2',
    });
    sell('0.01');
    await mine.waitFor(3);
    await theirs.waitFor(3);
    expect([mine.frames.length, theirs.frames.length]).toEqual([3, 3]);
    expect(JSON.stringify(mine.frames)).not.toContain('DOGE');
    expect(JSON.stringify(theirs.frames)).not.toContain('BTC');
  });

  test('listen keys: POST returns the living one and extends it, as does PUT; it dies after an hour', async () => {
    const first = (await listenKey()).listenKey;
    world.clock.at += 59 * 60_000;
    expect((await listenKey()).listenKey).toBe(first);
    world.clock.at += 59 * 60_000;
    expect((await listenKey('PUT')).listenKey).toBe(first);
    const { frames, waitFor } = await connect(`/private/ws?listenKey=${first}`);
    world.clock.at += HOUR;
    sell('0.01');
    await waitFor(1);
    sell('0.01');
    // Silent from here on, with the connection open: only a staleness timer notices.
    expect(frames).toEqual([{ e: 'listenKeyExpired', E: world.clock.at, listenKey: first }]);
    await expect(connect(`/private/ws?listenKey=${first}`)).rejects.toThrow('404');
    expect((await listenKey()).listenKey).not.toBe(first);
  });

  test('DELETE revokes the key at once', async () => {
    const { listenKey: key } = await listenKey();
    await listenKey('DELETE');
    await expect(connect(`/private/ws?listenKey=${key}`)).rejects.toThrow('404');
  });

  test('a longer life can be given to a simulation that outruns the wall clock', async () => {
    const fast = await startWorld({ listenKeyLifeMs: 365 * 24 * HOUR });
    const key = async () =>
      (await fast.raw('POST', '/fapi/v1/listenKey', { 'x-mbx-apikey': API_KEY })).body as { listenKey: string };
    const first = await key();
    fast.clock.at += 8 * HOUR;
    expect(await key()).toEqual(first);
    await fast.close();
  });
});

test('reconnect-gap: after a lost connection ccxt’s next watch resubscribes and reads a fresh snapshot', async () => {
  await whileChanging(ex.watchOrderBook(BTC), () => btcBook(world.exchange));
  const broken = ex.watchOrderBook(BTC);
  world.server.dropStreams();
  await expect(broken).rejects.toThrow();
  book('99000', '99001');
  const again = await whileChanging(ex.watchOrderBook(BTC), () => book('99000', '99001'));
  expect([again.bids[0], again.asks[0]]).toEqual([
    [99_000, 1],
    [99_001, 2],
  ]);
});
