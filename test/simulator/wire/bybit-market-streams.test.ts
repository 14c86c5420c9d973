/** Market streams of the simulated Bybit: unmodified ccxt on top, and raw sockets for the frames themselves. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contracts, px, text } from '../../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../../src/kernel/instant.ts';
import type { BookLevel } from '../../../src/simulator/exchange/api.ts';
import { book, StreamClients } from './bybit-stream-client.ts';
import { BTC, type BybitWorld, ETH, levels, NEXT_SETTLEMENT, startBybit, until } from './bybit-world.ts';

let world: BybitWorld;
const clients = new StreamClients();
beforeEach(async () => {
  world = await startBybit();
});
afterEach(async () => {
  clients.closeAll();
  await world.close();
});

/** The model's book as ccxt shows one. */
function modelBook(symbol: string): { bids: number[][]; asks: number[][] } {
  const market = world.exchange.market(symbol);
  const shown = (side: readonly BookLevel[] | undefined): number[][] =>
    (side ?? []).map((level) => [Number(text(level.price)), Number(text(level.contracts))]);
  return { bids: shown(market?.bids), asks: shown(market?.asks) };
}

describe('order book', () => {
  it('ccxt follows snapshot and deltas and equals the model after each', async () => {
    const same = async (): Promise<void> => {
      const book = await world.ccxt.watchOrderBook(BTC);
      expect({ bids: book.bids.map((row) => [...row]), asks: book.asks.map((row) => [...row]) }).toEqual(
        modelBook(BTC),
      );
      expect(book.timestamp).toBe(world.clock.at);
    };
    await same();
    const steps = [
      [levels(['49990', '0.4'], ['49970', '3']), levels(['50010', '1'], ['50020', '2'])],
      [levels(['49995', '1'], ['49990', '0.4']), levels(['50010', '1'], ['50015', '0.001'], ['50020', '2'])],
      [[], levels(['51000', '7'])],
      [levels(['49000', '1']), []],
    ] as const;
    for (const [bids, asks] of steps) {
      world.clock.at += 100;
      const next = same();
      world.exchange.setBook(BTC, bids, asks);
      await next;
    }
  });

  it('an own trade takes liquidity out of the streamed book', async () => {
    await world.ccxt.watchOrderBook(BTC);
    const next = world.ccxt.watchOrderBook(BTC);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 1.5, 50_020, { timeInForce: 'IOC' });
    expect((await next).asks.map((row) => [...row])).toEqual([
      [50_020, 1.5],
      [50_030, 3],
    ]);
  });

  it('update ids rise by exactly one, levels that leave the depth get size 0, depth 1 sends snapshots only', async () => {
    const { frames, send } = await clients.open(world, '/v5/public/linear');
    send({ op: 'subscribe', req_id: 'a', args: ['orderbook.1.BTCUSDT', 'orderbook.50.BTCUSDT'] });
    await until(() => frames.length === 3);
    const [ack, top, full] = frames.splice(0);
    expect(ack).toEqual({ success: true, ret_msg: '', conn_id: expect.any(String), req_id: 'a', op: 'subscribe' });
    expect(top).toMatchObject({ topic: 'orderbook.1.BTCUSDT', type: 'snapshot', data: { b: [['49990', '1']] } });
    expect(full).toMatchObject({ topic: 'orderbook.50.BTCUSDT', type: 'snapshot', ts: world.clock.at });
    world.clock.at += 7;
    world.exchange.setBook(BTC, levels(['49990', '1'], ['49985', '2']), levels(['50010', '2'], ['50020', '2']));
    world.exchange.setBook(BTC, levels(['49990', '1'], ['49985', '2']), levels(['50010', '2'], ['50020', '2']));
    await until(() => frames.length === 4);
    expect(frames.map((frame) => [frame.topic, frame.type, book(frame).u - book(full).u])).toEqual([
      ['orderbook.1.BTCUSDT', 'snapshot', 1],
      ['orderbook.50.BTCUSDT', 'delta', 1],
      ['orderbook.1.BTCUSDT', 'snapshot', 2],
      ['orderbook.50.BTCUSDT', 'delta', 2],
    ]);
    expect(frames[1]).toMatchObject({
      ts: world.clock.at,
      data: {
        b: [
          ['49985', '2'],
          ['49980', '0'],
          ['49970', '0'],
        ],
        a: [
          ['50010', '2'],
          ['50030', '0'],
        ],
      },
    });
    expect(frames[3]?.data).toMatchObject({ b: [], a: [] });
  });

  it('a later subscriber starts from the present book and shares the sequence of earlier ones', async () => {
    const early = await clients.open(world, '/v5/public/linear');
    early.send({ op: 'subscribe', args: ['orderbook.50.BTCUSDT'] });
    await until(() => early.frames.length === 2);
    world.exchange.setBook(BTC, levels(['49000', '1']), levels(['51000', '1']));
    const late = await clients.open(world, '/v5/public/linear');
    late.send({ op: 'subscribe', args: ['orderbook.50.BTCUSDT'] });
    await until(() => late.frames.length === 2 && early.frames.length === 3);
    expect(late.frames[1]?.data).toMatchObject({ b: [['49000', '1']], u: book(early.frames[2]).u });
    early.send({ op: 'unsubscribe', args: ['orderbook.50.BTCUSDT'] });
    await until(() => early.frames.length === 4);
    world.exchange.setBook(BTC, levels(['49001', '1']), levels(['51000', '1']));
    await until(() => late.frames.length === 3);
    expect(early.frames).toHaveLength(4);
    expect(book(late.frames[2]).u).toBe(book(late.frames[1]).u + 1);
  });

  it('a level that enters the depth from below is sent though it did not change itself', async () => {
    const asks = Array.from({ length: 52 }, (_, index) => [String(2_501 + index), '1'] as const);
    const bids = Array.from({ length: 52 }, (_, index) => [String(2_500 - index), '1'] as const);
    world.exchange.setBook(ETH, levels(...bids), levels(...asks));
    const { frames, send } = await clients.open(world, '/v5/public/linear');
    send({ op: 'subscribe', args: ['orderbook.50.ETHUSDT'] });
    await until(() => frames.length === 2);
    expect(book(frames[1]).a).toHaveLength(50);
    world.exchange.setBook(ETH, levels(...bids.slice(1)), levels(...asks.slice(1)));
    await until(() => frames.length === 3);
    expect(book(frames[2]).b).toEqual([
      ['2500', '0'],
      ['2450', '1'],
    ]);
    expect(book(frames[2]).a).toEqual([
      ['2501', '0'],
      ['2551', '1'],
    ]);
  });

  it('a closed stream is forgotten at once', () => {
    const frames: string[] = [];
    const socket = { send: (frame: string) => frames.push(frame), close: () => undefined };
    const stream = world.dialect.connect('/v5/public/linear', socket);
    stream?.receive(JSON.stringify({ op: 'subscribe', args: ['orderbook.50.BTCUSDT', 'tickers.BTCUSDT'] }));
    expect(frames).toHaveLength(3);
    stream?.closed();
    world.exchange.setBook(BTC, levels(['49000', '1']), levels(['51000', '1']));
    world.exchange.setMark(BTC, px('50002'), px('50002'));
    expect(frames).toHaveLength(3);
  });

  it('snapshot plus deltas rebuild every sequence of random books at every depth', async () => {
    const side = (from: number, step: number) =>
      fc
        .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 5 })), {
          maxLength: 60,
          selector: ([tick]) => tick,
        })
        .map((rows) => rows.sort(([a], [b]) => a - b).map(([tick, size]) => [from + step * tick, size] as const));
    const books = fc.array(fc.tuple(side(2_499, -1), side(2_501, 1)), { minLength: 1, maxLength: 8 });
    const { frames, send } = await clients.open(world, '/v5/public/linear');
    await fc.assert(
      fc.asyncProperty(books, async (sequence) => {
        frames.length = 0;
        send({ op: 'subscribe', args: ['orderbook.50.ETHUSDT'] });
        await until(() => frames.length === 2);
        for (const [bids, asks] of sequence) {
          const [b, a] = [bids, asks].map((rows) => levels(...rows.map(([p, s]) => [String(p), String(s)] as const)));
          world.exchange.setBook(ETH, b ?? [], a ?? []);
        }
        await until(() => frames.length === 2 + sequence.length);
        const rebuilt = { b: new Map<string, string>(), a: new Map<string, string>() };
        for (const frame of frames.slice(1)) {
          for (const name of ['b', 'a'] as const) {
            for (const [price, size] of book(frame)[name]) {
              if (size === '0') rebuilt[name].delete(price);
              else rebuilt[name].set(price, size);
            }
          }
        }
        const last = sequence.at(-1);
        const want = (rows: readonly (readonly [number, number])[]) =>
          rows.slice(0, 50).map(([price, size]) => [String(price), String(size)]);
        const got = (map: Map<string, string>) => [...map].sort(([x], [y]) => Number(x) - Number(y));
        expect(got(rebuilt.a)).toEqual(want(last?.[1] ?? []));
        expect(got(rebuilt.b).reverse()).toEqual(want(last?.[0] ?? []));
        send({ op: 'unsubscribe', args: ['orderbook.50.ETHUSDT'] });
        await until(() => frames.at(-1)?.op === 'unsubscribe');
      }),
      { numRuns: 30 },
    );
  });
});

describe('ticker', () => {
  it('ccxt sees funding, mark and index, and merges deltas into them', async () => {
    const first = await world.ccxt.watchTicker(BTC);
    expect(first).toMatchObject({ symbol: BTC, markPrice: 50_000, indexPrice: 49_995, bid: 49_990 });
    expect(first.info).toMatchObject({
      fundingRate: '0.0001',
      nextFundingTime: String(NEXT_SETTLEMENT),
      fundingIntervalHour: '8',
    });
    world.clock.at += 1_000;
    const next = world.ccxt.watchTicker(BTC);
    const at = world.clock.at + HOUR_MS;
    world.exchange.setFunding(BTC, { predictedRate: '-0.0003', intervalHours: 1, nextSettlementAt: at });
    const second = await next;
    expect(second.info).toMatchObject({
      fundingRate: '-0.0003',
      nextFundingTime: String(at),
      fundingIntervalHour: '1',
    });
    expect([second.markPrice, second.timestamp]).toEqual([50_000, world.clock.at]);
  });

  it('deltas carry only what changed; a repeated quote is a bare delta, an unmoved top of the book none', async () => {
    const { frames, send } = await clients.open(world, '/v5/public/linear');
    // The last trade was at 50,010, where the book below still stands.
    const bought = { symbol: BTC, side: 'buy', type: 'market', tif: 'IOC', reduceOnly: false } as const;
    expect(world.exchange.place('main', { ...bought, contracts: contracts('0.001') }).ok).toBe(true);
    world.exchange.setBook(BTC, levels(['49990', '1']), levels(['50010', '1']));
    send({ op: 'subscribe', args: ['tickers.BTCUSDT'] });
    await until(() => frames.length === 2);
    world.exchange.setMark(BTC, px('50001'), px('49995'));
    world.exchange.setMark(BTC, px('50001'), px('49995'));
    world.exchange.setBook(BTC, levels(['49990', '1'], ['49000', '9']), levels(['50010', '1']));
    world.exchange.setBook(BTC, levels(['49991', '1']), levels(['50010', '1']));
    await until(() => frames.length === 5);
    expect(frames.slice(2).map(({ type, data }) => [type, data])).toEqual([
      ['delta', { symbol: 'BTCUSDT', markPrice: '50001' }],
      ['delta', { symbol: 'BTCUSDT' }],
      ['delta', { symbol: 'BTCUSDT', bid1Price: '49991' }],
    ]);
  });
});
