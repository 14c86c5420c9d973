/** Bybit numbers the changes of a book without a gap; the client applies whatever comes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialectOf } from '../../src/feeds/dialect.ts';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import { SECOND_MS } from '../../src/kernel/instant.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { BTC, keyOf, START, startWorld, until, type World } from '../venues/world.ts';

const bookFrame = (type: string, u: number, at = START, bids: readonly (readonly string[])[] = []) => ({
  topic: 'orderbook.50.BTCUSDT',
  type,
  ts: at,
  data: { s: 'BTCUSDT', b: bids, a: [], u, seq: 1_000 + u },
});

describe('the numbers of changes', () => {
  /** Of each frame, whether the book has missed a change by then. */
  const missingOf = (...frames: readonly (readonly [type: string, u: number])[]) => {
    const reader = dialectOf('bybit')?.reader();
    return frames.flatMap(([type, u]) =>
      reader?.parse(bookFrame(type, u)).map((quote) => quote.kind === 'book' && quote.isMissing),
    );
  };

  it('fault-25-gap: after one that is left out, nothing but a snapshot mends the book', () => {
    const told = missingOf(
      ['snapshot', 7],
      ['delta', 8],
      ['delta', 10],
      ['delta', 11],
      ['snapshot', 30],
      ['delta', 31],
    );
    expect(told).toEqual([false, false, true, true, false, false]);
  });

  it('begin with a snapshot, also after the service was restarted', () => {
    expect(missingOf(['delta', 8])).toEqual([true]);
    expect(missingOf(['snapshot', 7], ['snapshot', 1], ['delta', 2])).toEqual([false, false, false]);
    // The client would add it to the old book.
    expect(missingOf(['snapshot', 7], ['delta', 1], ['delta', 2])).toEqual([false, true, true]);
  });

  it('are those of one market', () => {
    const reader = dialectOf('bybit')?.reader();
    reader?.parse(bookFrame('snapshot', 7));
    const other = { ...bookFrame('delta', 8), data: { s: 'ETHUSDT', b: [], a: [], u: 8, seq: 1 } };
    expect(reader?.parse(other)).toMatchObject([{ marketId: 'ETHUSDT', isMissing: true }]);
    expect(reader?.parse(bookFrame('delta', 8))).toMatchObject([{ marketId: 'BTCUSDT', isMissing: false }]);
  });
});

describe('the direct feed over the bybit dialect', () => {
  let world: World;
  let feed: MarketFeed;
  let ioClock: SimClock;
  let events: MarketEvent[];
  let newest: number;

  beforeEach(async () => {
    world = await startWorld('bybit');
    events = [];
    ioClock = createSimClock(START);
    const connection = await world.market();
    connection.onFrame((frame) => {
      const { topic, data } = frame as Partial<ReturnType<typeof bookFrame>>;
      if (topic?.startsWith('orderbook.')) newest = data?.u ?? newest;
    });
    feed = createDirectFeed({ connection, clock: world.clock, ioClock, random: createSeededRandom(3) });
  });
  afterEach(async () => {
    await feed.stop();
    await world.close();
  });

  const books = () =>
    events.flatMap((event) => (event.kind === 'book' && event.book.key === keyOf(world, BTC) ? [event.book] : []));
  const health = () => events.findLast((event) => event.kind === 'health')?.health;

  it('fault-25-missed-change: what follows it is no book, until a new connection brings a snapshot', async () => {
    feed.start(new Set(['BTC']), (event) => events.push(event));
    await until('a book', () => books().length > 0);
    const before = books().length;
    // What was lost took the best bid away; these are about something else.
    const at = START + SECOND_MS;
    const from = newest;
    for (const step of [2, 3]) world.push(JSON.stringify(bookFrame('delta', from + step, at, [['49980', `${step}`]])));
    await until('both', () => newest === from + 3);
    expect(books()).toHaveLength(before);
    expect(health()).toMatchObject({ status: 'degraded', malformed: 2 });
    // Lockstep does not wait for them.
    expect(feed.deliveredAt(keyOf(world, BTC)).book).toBe(at);
    await until('the next book', () => {
      ioClock.advanceTo(ioClock.now() + 100);
      return books().length > before;
    });
    expect(books().at(-1)?.bids).toEqual([
      { price: 49_990, size: 1 },
      { price: 49_980, size: 2 },
    ]);
    expect(ioClock.now() - START).toBeGreaterThanOrEqual(3 * SECOND_MS);
    expect(health()?.status).toBe('up');
  });
});
