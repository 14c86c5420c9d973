/** What keeps a subscription alive, and what it is cut into, over a client of our own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialectOf } from '../../src/feeds/dialect.ts';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import type { MarketClient, MarketConnection } from '../../src/feeds/market-connection.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { success } from '../../src/kernel/outcome.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { BTC_LISTING } from './listing.ts';

const NOW = Date.UTC(2026, 0, 5, 4);
const SYMBOL = BTC_LISTING.symbol;
const never = (): Promise<never> => new Promise(() => undefined);

describe('a connection that is open and deaf to one kind', () => {
  let clock: SimClock;
  let feed: MarketFeed;
  let frame: (frame: unknown) => void;
  let cuts: number;

  beforeEach(async () => {
    clock = createSimClock(NOW);
    cuts = 0;
    frame = () => undefined;
    const bids = [[99, 1]];
    const client = {
      orderbooks: { [SYMBOL]: { symbol: SYMBOL, timestamp: NOW, bids, asks: [[101, 1]] } },
      request: async () => [],
      watchOrderBookForSymbols: never,
      watchMarkPrices: never,
    };
    const connection: MarketConnection = {
      venue: 'binance',
      client,
      read: async (act) => success(await act(), NOW),
      listings: async () => success([BTC_LISTING], NOW),
      onFrame: (listener) => {
        frame = (each) => listener(each, 'ws://somewhere');
      },
      onDrop: () => undefined,
      cutStreams: () => {
        cuts += 1;
      },
      close: async () => undefined,
    };
    feed = createDirectFeed({ connection, clock, ioClock: clock, random: createSeededRandom(1), silenceMs: 30_000 });
    feed.start(new Set(['BTC']), () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
  afterEach(() => feed.stop());

  const mark = () =>
    frame({ e: 'markPriceUpdate', E: clock.now(), s: 'BTCUSDT', p: '100', r: '0.0001', T: NOW + HOUR_MS });
  const book = () => frame({ e: 'depthUpdate', E: clock.now(), s: 'BTCUSDT', u: 1, U: 1 });
  const pass = (seconds: number, ...speak: (() => void)[]) => {
    for (let second = 0; second < seconds; second += 5) {
      clock.advanceTo(clock.now() + 5_000);
      for (const each of speak) each();
    }
  };

  it('fault-24-deaf-to-books: marks alone do not keep it, though frames arrive all the time', () => {
    pass(55, mark);
    expect(cuts).toBe(0);
    pass(40, mark);
    expect(cuts).toBe(1);
  });

  it('fault-24-deaf-to-marks: nor do books alone, nor answers to pings', () => {
    pass(95, book, () => frame('pong'));
    expect(cuts).toBe(1);
  });

  it('both together keep it', () => {
    pass(600, mark, book);
    expect(cuts).toBe(0);
  });
});

describe('a change of a book that is not there', () => {
  /** A feed whose client has forgotten the book, as ccxt does when a change does not fit; how often it was cut. */
  async function cutsOf(venue: string, marketId: string, frame: unknown): Promise<number> {
    const clock = createSimClock(NOW);
    let cuts = 0;
    let deliver: (frame: unknown) => void = () => undefined;
    const listing = { ...BTC_LISTING, marketId };
    const watch = never;
    const client = {
      orderbooks: {},
      request: async () => (venue === 'okx' ? { data: [] } : []),
      watchOrderBookForSymbols: watch,
      watchMarkPrices: watch,
      watchTickers: watch,
      watchFundingRates: watch,
    };
    const connection: MarketConnection = {
      venue,
      client,
      read: async (act) => success(await act(), NOW),
      listings: async () => success([listing], NOW),
      onFrame: (listener) => {
        deliver = (each) => listener(each, 'ws://somewhere');
      },
      onDrop: () => undefined,
      cutStreams: () => {
        cuts += 1;
      },
      close: async () => undefined,
    };
    const feed = createDirectFeed({ connection, clock, ioClock: clock, random: createSeededRandom(1) });
    feed.start(new Set(['BTC']), () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (let i = 0; i < 5; i += 1) {
      deliver(frame);
      clock.advanceTo(clock.now() + 1_000);
    }
    await feed.stop();
    return cuts;
  }

  it('fault-25-no-snapshot: OKX and Bybit begin a book anew with a new connection, if nothing else brings it', async () => {
    const okx = { arg: { channel: 'books', instId: 'BTC-USDT-SWAP' }, action: 'update' };
    const data = [{ asks: [], bids: [], ts: String(NOW), prevSeqId: 7, seqId: 9 }];
    expect(await cutsOf('okx', 'BTC-USDT-SWAP', { ...okx, data })).toBe(1);
    const bybit = { topic: 'orderbook.50.BTCUSDT', type: 'delta', ts: NOW, data: { s: 'BTCUSDT', b: [], a: [], u: 8 } };
    expect(await cutsOf('bybit', 'BTCUSDT', bybit)).toBe(1);
  });

  it('Binance tells changes before the snapshot that they belong to has been read', async () => {
    expect(await cutsOf('binance', 'BTCUSDT', { e: 'depthUpdate', E: NOW, s: 'BTCUSDT', u: 1, U: 1 })).toBe(0);
  });
});

describe('watch calls', () => {
  const setUp = (
    assets: readonly string[],
    trading: boolean,
    watch: (symbols: readonly string[]) => Promise<unknown>,
    cutStreams: () => void = () => undefined,
  ) => {
    const clock = createSimClock(NOW);
    const listing = { ...BTC_LISTING, instrument: { ...BTC_LISTING.instrument, trading } };
    const other = { ...BTC_LISTING, symbol: 'ETH/USDT:USDT', marketId: 'ETHUSDT' };
    const connection: MarketConnection = {
      venue: 'binance',
      client: { orderbooks: {}, request: async () => [], watchOrderBookForSymbols: watch, watchMarkPrices: never },
      read: async (act) => success(await act(), NOW),
      listings: async () => success([listing, other], NOW),
      onFrame: () => undefined,
      onDrop: () => undefined,
      cutStreams,
      close: async () => undefined,
    };
    const feed = createDirectFeed({ connection, clock, ioClock: clock, random: createSeededRandom(1) });
    feed.start(new Set(assets), () => undefined);
    return { clock, feed };
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

  it.each([
    ['all assets: a market that has never traded is not asked for', [], false, ['ETH/USDT:USDT']],
    ['named assets: all of them are, whether they trade or not', ['BTC', 'ETH'], false, [SYMBOL, 'ETH/USDT:USDT']],
    ['all assets: what trades is', [], true, [SYMBOL, 'ETH/USDT:USDT']],
  ] as const)('%s', async (_what, assets, trading, wanted) => {
    const asked: (readonly string[])[] = [];
    const { feed } = setUp(assets, trading, (symbols) => {
      asked.push(symbols);
      return never();
    });
    await turn();
    expect(asked).toEqual([wanted]);
    await feed.stop();
  });

  it('one that fails again and again, frames in between or not, is made less and less often', async () => {
    let calls = 0;
    const { clock, feed } = setUp([], true, () => {
      calls += 1;
      return calls % 2 === 1 ? Promise.resolve({}) : Promise.reject(new Error('no snapshot'));
    });
    for (let second = 0; second < 120; second += 1) {
      await turn();
      clock.advanceTo(clock.now() + 1_000);
    }
    // Every half second it would be 240.
    expect(calls).toBeGreaterThan(10);
    expect(calls).toBeLessThan(30);
    await feed.stop();
  });

  it('fault-25-cut-from-here: one that ends because the streams were cut is made again at once, however often', async () => {
    let calls = 0;
    let fail = (_error: Error): void => undefined;
    const watch = () => {
      calls += 1;
      return new Promise((_resolve, reject) => {
        fail = reject;
      });
    };
    // No frame ever comes, so they are cut every thirty seconds.
    const { clock, feed } = setUp([], true, watch, () => fail(new Error('closed')));
    await turn();
    for (let cut = 1; cut <= 10; cut += 1) {
      clock.advanceTo(clock.now() + 30_000);
      await turn();
      expect(calls).toBe(cut);
      clock.advanceTo(clock.now() + 500);
      await turn();
      expect(calls).toBe(cut + 1);
    }
    await feed.stop();
  });
});

describe('what is asked of a venue', () => {
  const symbols = (count: number) => Array.from({ length: count }, (_, i) => `C${i}/USDT:USDT`);
  /** Watch calls of books, answered by the test, and what each asked for. */
  const watched = (listed: () => readonly string[]) => {
    const asked: (readonly string[])[] = [];
    const answers: { readonly give: () => void; readonly fail: () => void }[] = [];
    const client = {
      orderbooks: {},
      watchOrderBookForSymbols: (some: readonly string[]) => {
        asked.push(some);
        return new Promise((resolve, reject) => {
          answers.push({ give: () => resolve({}), fail: () => reject(new Error('no snapshot')) });
        });
      },
      watchMarkPrices: never,
    } as unknown as MarketClient;
    const watches = dialectOf('binance')?.watches(client, listed, () => undefined) ?? [];
    const books = watches.slice(0, -1).map((watch) => async () => watch());
    return { asked, answers, books };
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

  it('binance: a part of the books begins once the one before it has a book, or has failed', async () => {
    const { asked, answers, books } = watched(() => symbols(130));
    const calls = books.map((watch) => watch().catch((error: unknown) => error));
    await settled();
    expect(asked.map(({ length }) => length)).toEqual([44]);
    answers[0]?.give();
    await settled();
    expect(asked.map(({ length }) => length)).toEqual([44, 43]);
    // One that has begun waits for nobody.
    void books[0]?.();
    await settled();
    expect(asked).toHaveLength(3);
    expect(asked[2]).toEqual(asked[0]);
    answers[1]?.fail();
    await settled();
    expect(asked.map(({ length }) => length)).toEqual([44, 43, 44, 43]);
    expect(await calls[1]).toBeInstanceOf(Error);
    expect([...(asked[0] ?? []), ...(asked[1] ?? []), ...(asked[3] ?? [])].sort()).toEqual(symbols(130).sort());
    // The second begins anew, after the third.
    void books[1]?.();
    await settled();
    expect(asked).toHaveLength(4);
    answers[3]?.give();
    await settled();
    expect(asked[4]).toEqual(asked[1]);
  });

  it('binance: a market that comes or goes changes its own part alone', async () => {
    let listed = symbols(100);
    const { asked, answers, books } = watched(() => listed);
    const next = async (part: number) => {
      const call = books[part]?.();
      await settled();
      answers.at(-1)?.give();
      await call;
      return new Set(asked.at(-1));
    };
    const [first, second] = [await next(0), await next(1)];
    listed = listed.filter((symbol) => symbol !== 'C7/USDT:USDT');
    const [shrunk, other] = first.has('C7/USDT:USDT') ? [0, 1] : [1, 0];
    expect((await next(shrunk)).has('C7/USDT:USDT')).toBe(false);
    expect(await next(other)).toEqual(other === 0 ? first : second);
    listed = [...listed, 'NEW/USDT:USDT'];
    expect((await next(shrunk)).has('NEW/USDT:USDT')).toBe(true);
    expect(await next(other)).toEqual(other === 0 ? first : second);
  });
});

it('an asset that no venue lists yet is watched once it is listed', async () => {
  const clock = createSimClock(NOW);
  const watched: (readonly string[] | undefined)[] = [];
  let listings = [{ ...BTC_LISTING, instrument: { ...BTC_LISTING.instrument, asset: 'OLD' } }];
  const client = {
    orderbooks: {},
    request: async () => [],
    watchOrderBookForSymbols: never,
    watchTickers: (symbols: readonly string[] | undefined) => {
      watched.push(symbols);
      return never();
    },
  };
  const connection: MarketConnection = {
    venue: 'bybit',
    client,
    read: async (act) => success(await act(), NOW),
    listings: async () => success(listings, NOW),
    onFrame: () => undefined,
    onDrop: () => undefined,
    cutStreams: () => undefined,
    close: async () => undefined,
  };
  const pass = async () => {
    clock.advanceTo(clock.now() + HOUR_MS);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const feed = createDirectFeed({ connection, clock, ioClock: clock, random: createSeededRandom(1) });
  feed.start(new Set(['BTC']), () => undefined);
  await pass();
  await pass();
  expect(watched).toEqual([]);
  listings = [BTC_LISTING];
  await pass();
  await pass();
  expect(watched).toEqual([[SYMBOL]]);
  await feed.stop();
});

describe('the period of an OKX rate', () => {
  const frame = (fundingAt: number, nextAt: number, more = {}) => ({
    arg: { channel: 'funding-rate', instId: 'BTC-USDT-SWAP' },
    data: [
      {
        instId: 'BTC-USDT-SWAP',
        fundingRate: '0.0008',
        fundingTime: String(NOW + fundingAt * HOUR_MS),
        nextFundingTime: String(NOW + nextAt * HOUR_MS),
        ts: String(NOW),
        ...more,
      },
    ],
  });

  /** Of frames in order: the coming settlement, the one after it, and when the frame was made, in hours from now. */
  const hoursOf = (...frames: readonly (readonly [fundingAt: number, nextAt: number, at: number])[]) => {
    const reader = dialectOf('okx')?.reader();
    return frames.flatMap(([fundingAt, nextAt, at]) =>
      reader
        ?.parse(frame(fundingAt, nextAt, { ts: String(NOW + at * HOUR_MS) }))
        .map((quote) => (quote.kind === 'funding' ? quote.intervalHours : 'none')),
    );
  };

  it('fault-27-period-changes: is the one that ends with the coming settlement, once that is known', () => {
    // Of the first frame only the following period is known: another length, when the venue has changed it. Then eight hours
    // until the next settlement, and one hour each from then on.
    expect(hoursOf([0, 8, -1], [8, 9, 0], [8, 9, 7], [9, 10, 8])).toEqual([undefined, 8, 8, 1]);
  });

  it('fault-27-period-put-off: a settlement that moves away has not passed', () => {
    // From every hour to every eight, 40 minutes before the next: it is eight hours from the last one now.
    expect(hoursOf([1, 2, 0.5], [2, 3, 1], [9, 17, 1.3], [17, 25, 9])).toEqual([undefined, 1, 8, 8]);
  });

  it('fault-27-period-told: a frame that has the settlement before tells it by itself', () => {
    const told = dialectOf('okx')
      ?.reader()
      .parse(frame(1, 2, { prevFundingTime: String(NOW - 7 * HOUR_MS) }));
    expect(told).toMatchObject([{ kind: 'funding', rate: '0.0008', intervalHours: 8 }]);
  });

  it.each([
    [8, 4],
    [8, 1],
    [4, 8],
    [1, 4],
  ])(
    'fault-27-period-read: %s h now and %s h afterwards, at a start and after every reconnection',
    async (now, after) => {
      const clock = createSimClock(NOW);
      const events: MarketEvent[] = [];
      const row = {
        instId: 'BTC-USDT-SWAP',
        prevFundingTime: String(NOW + (1 - now) * HOUR_MS),
        fundingTime: String(NOW + HOUR_MS),
        nextFundingTime: String(NOW + (1 + after) * HOUR_MS),
      };
      let heard: (frame: unknown) => void = () => undefined;
      let dropped: (url: string) => void = () => undefined;
      const client = {
        orderbooks: {},
        request: async (path: string) => (path === 'public/funding-rate' ? { data: [row] } : { data: [] }),
        watchOrderBookForSymbols: never,
        watchFundingRates: never,
        watchMarkPrices: never,
      };
      const connection: MarketConnection = {
        venue: 'okx',
        client,
        read: async (act) => success(await act(), NOW),
        listings: async () => success([{ ...BTC_LISTING, marketId: 'BTC-USDT-SWAP' }], NOW),
        onFrame: (listener) => {
          heard = (each) => listener(each, 'ws://somewhere');
        },
        onDrop: (listener) => {
          dropped = listener;
        },
        cutStreams: () => undefined,
        close: async () => undefined,
      };
      const feed = createDirectFeed({ connection, clock, ioClock: clock, random: createSeededRandom(1) });
      feed.start(new Set(['BTC']), (event) => events.push(event));
      await new Promise((resolve) => setTimeout(resolve, 10));
      heard(frame(1, 1 + after));
      dropped('ws://somewhere');
      heard(frame(1, 1 + after));
      await new Promise((resolve) => setTimeout(resolve, 10));
      const quotes = events.flatMap((event) => (event.kind === 'funding' ? [event.quote.intervalHours] : []));
      expect(quotes).toEqual([now, now]);
      await feed.stop();
    },
  );
});
