/** Binance refuses the book of one market, as of one that does not trade any more: the others keep theirs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BookRefused, inParts } from '../../src/feeds/book-parts.ts';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import type { Watch } from '../../src/feeds/retry.ts';
import { px } from '../../src/kernel/decimal.ts';
import { SECOND_MS } from '../../src/kernel/instant.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { BTC, ETH, keyOf, START, startWorld, until, type World } from '../venues/world.ts';

describe('parts of the books', () => {
  const [A, B, C] = ['A/USDT:USDT', 'B/USDT:USDT', 'C/USDT:USDT'];
  let listed: string[];
  let refused: Set<string>;
  let begun: Set<string>;
  let watched: string[];
  let probed: string[];
  let alone: Watch[];
  let part: () => Promise<unknown>;

  beforeEach(() => {
    listed = [A, B, C];
    refused = new Set();
    begun = new Set();
    watched = [];
    probed = [];
    alone = [];
    const calls = {
      watch: async (symbols: readonly string[]) => {
        watched.push(symbols.map((symbol) => symbol.charAt(0)).join(''));
        for (const symbol of symbols) if (!refused.has(symbol)) begun.add(symbol);
        if (symbols.some((symbol) => refused.has(symbol))) throw new Error('refused');
      },
      hasBook: (symbol: string) => begun.has(symbol),
      isRefused: async (symbol: string) => {
        probed.push(symbol.charAt(0));
        return refused.has(symbol);
      },
    };
    const [watch] = inParts(
      () => listed,
      calls,
      (each) => void alone.push(each),
    );
    part = async () => watch?.();
  });

  it('fault-32-refused-book: a market whose book is refused leaves its part and is asked for by itself', async () => {
    refused.add(B);
    await expect(part()).rejects.toThrow('refused');
    await part();
    await part();
    expect(watched).toEqual(['ABC', 'AC', 'AC']);
    expect([probed, alone.length]).toEqual([['B'], 1]);
    await expect(alone[0]?.()).rejects.toBeInstanceOf(BookRefused);
    refused.delete(B);
    await alone[0]?.();
    await alone[0]?.();
    await part();
    // Asked whether it is refused before the first of them only.
    expect([watched, probed]).toEqual([
      ['ABC', 'AC', 'AC', 'B', 'B', 'AC'],
      ['B', 'B', 'B'],
    ]);
  });

  it('is asked anew, by itself, after its connection was lost', async () => {
    refused.add(B);
    await expect(part()).rejects.toThrow('refused');
    await part();
    refused.delete(B);
    await alone[0]?.();
    refused.add(B);
    await expect(alone[0]?.()).rejects.toThrow('refused');
    await expect(alone[0]?.()).rejects.toBeInstanceOf(BookRefused);
  });

  it('stays where nobody has a book, or where it is not refused by the venue', async () => {
    refused = new Set([A, B, C]);
    await expect(part()).rejects.toThrow('refused');
    await expect(part()).rejects.toThrow('refused');
    expect([probed, alone]).toEqual([[], []]);
    refused = new Set([B]);
    await expect(part()).rejects.toThrow('refused');
    // It was lost on its way.
    refused.clear();
    await part();
    expect([probed, alone, watched.at(-1)]).toEqual([['B'], [], 'ABC']);
  });

  it('is asked for no more once it is listed no more, and belongs to a part when it is listed again', async () => {
    refused.add(B);
    await expect(part()).rejects.toThrow('refused');
    await part();
    listed = [A, C];
    expect(alone[0]?.()).toBeUndefined();
    refused.clear();
    listed = [A, B, C];
    await part();
    expect(watched.at(-1)).toBe('ACB');
  });
});

describe('the direct feed over the binance dialect', () => {
  let world: World;
  let feed: MarketFeed;
  let ioClock: SimClock;
  let events: MarketEvent[];
  let isRefused: boolean;
  let asked: string[];

  beforeEach(async () => {
    world = await startWorld('binance');
    events = [];
    asked = [];
    isRefused = true;
    ioClock = createSimClock(START);
    world.intercept = ({ path, query }) => {
      if (path !== '/fapi/v1/depth') return 'pass';
      const ofEth = query.includes('ETHUSDT');
      asked.push(ofEth ? 'ETH' : 'BTC');
      return ofEth && isRefused ? { status: 400, body: '{"code":-1122,"msg":"Invalid symbol status."}' } : 'pass';
    };
    const connection = await world.market();
    feed = createDirectFeed({ connection, clock: world.clock, ioClock, random: createSeededRandom(3) });
  });
  afterEach(async () => {
    await feed.stop();
    await world.close();
  });

  const books = (symbol: string) =>
    events.filter((event) => event.kind === 'book' && event.book.key === keyOf(world, symbol)).length;
  const times = (asset: string) => asked.filter((each) => each === asset).length;
  let price = 50_000;
  /** Both clocks go on, and BTC tells a mark and a book. */
  const pass = (forMs: number) => {
    world.clock.advanceTo(world.clock.now() + forMs);
    ioClock.advanceTo(ioClock.now() + forMs);
    price += 1;
    world.exchange.setMark(BTC, px(String(price)), px(String(price)));
    world.book(BTC, [[String(price), '1']], [[String(price + 10), '1']]);
  };

  it('fault-32-refused-depth: costs the others nothing, and its own book comes within half a minute of trading', async () => {
    world.exchange.setTrading(ETH, false);
    feed.start(new Set(['BTC', 'ETH']), (event) => events.push(event));
    await until('books', () => books(BTC) > 0);
    for (let i = 0; i < 300; i += 1) {
      const before = books(BTC);
      pass(SECOND_MS);
      await until('a book', () => {
        if (books(BTC) === before) pass(10);
        return books(BTC) > before;
      });
    }
    // At the start, and once more when the other leaves.
    expect(times('BTC')).toBe(2);
    // A light one every 15 to 30 seconds.
    expect(times('ETH')).toBeLessThan(40);
    const states = events.flatMap((event) => (event.kind === 'health' ? [event.health] : []));
    expect(states.filter(({ reason }) => reason === 'BookRefused')).toEqual([]);
    expect(states.at(-1)?.status).toBe('up');
    isRefused = false;
    world.exchange.setTrading(ETH, true);
    for (let i = 0; i < 30; i += 1) {
      pass(SECOND_MS);
      world.book(ETH, [[String(price), '1']], [[String(price + 1), '1']]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until('its books', () => books(ETH) > 0);
    expect(times('BTC')).toBe(2);
  }, 30_000);
});
