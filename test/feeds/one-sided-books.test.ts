/** A market that trades while nobody offers, or nobody bids: it has no usable book, and the others keep theirs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import { px } from '../../src/kernel/decimal.ts';
import { SECOND_MS } from '../../src/kernel/instant.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { BTC, ETH, keyOf, START, startWorld, until, VENUES, type World } from '../venues/world.ts';

describe.each(VENUES)('the direct feed over the %s dialect', (name) => {
  let world: World;
  let feed: MarketFeed;
  let ioClock: SimClock;
  let events: MarketEvent[];
  let cuts: number;

  beforeEach(async () => {
    world = await startWorld(name);
    events = [];
    cuts = 0;
    ioClock = createSimClock(START);
    const connection = await world.market();
    const cutStreams = () => {
      cuts += 1;
      connection.cutStreams();
    };
    feed = createDirectFeed({
      connection: { ...connection, cutStreams },
      clock: world.clock,
      ioClock,
      random: createSeededRandom(3),
    });
  });
  afterEach(async () => {
    await feed.stop();
    await world.close();
  });

  const books = (symbol: string) =>
    events.filter((event) => event.kind === 'book' && event.book.key === keyOf(world, symbol)).length;
  const health = () => events.findLast((event) => event.kind === 'health')?.health;
  let price = 50_000;
  /** A second of both clocks, in which these markets tell a book. */
  const second = async (heard: () => boolean, ...tell: readonly (() => void)[]) => {
    world.clock.advanceTo(world.clock.now() + SECOND_MS);
    ioClock.advanceTo(ioClock.now() + SECOND_MS);
    price += 1;
    for (const symbol of [BTC, ETH]) world.exchange.setMark(symbol, px(String(price)), px(String(price)));
    await until('what was told', () => {
      // A connection that was cut waits before it comes back.
      ioClock.advanceTo(ioClock.now() + 5);
      price += 1;
      for (const each of tell) each();
      return heard();
    });
  };
  const btc = () => world.book(BTC, [[String(price), '1']], [[String(price + 10), '1']]);
  const halfEth = () => world.book(ETH, [[String(price), '1']], []);
  const heardEth = () => feed.deliveredAt(keyOf(world, ETH)).book === world.clock.now();

  it('fault-26-one-sided: for two minutes the books of the others go on, and less and less often is it loaded anew', async () => {
    feed.start(new Set(['BTC', 'ETH']), (event) => events.push(event));
    await until('books', () => books(BTC) > 0 && books(ETH) > 0);
    const eth = books(ETH);
    for (let i = 0; i < 120; i += 1) {
      const before = books(BTC);
      await second(() => heardEth() && books(BTC) > before, halfEth, btc);
    }
    expect(cuts).toBeGreaterThan(0);
    expect(cuts).toBeLessThanOrEqual(3);
    expect(books(ETH)).toBe(eth);
    expect(health()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('empty book') });
    await second(
      () => health()?.status === 'up' && books(ETH) > eth,
      btc,
      () => world.book(ETH, [[String(price), '1']], [[String(price + 1), '1']]),
    );
  }, 20_000);

  it('fault-26-one-sided-alone: a feed that hears no other book is not deaf', async () => {
    feed.start(new Set(['ETH']), (event) => events.push(event));
    await until('books', () => books(ETH) > 0);
    for (let i = 0; i < 120; i += 1) await second(heardEth, halfEth);
    expect(cuts).toBeLessThanOrEqual(3);
  }, 20_000);
});
