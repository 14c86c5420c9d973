/** A market that does not trade shows no book, or the one it had: that says nothing about the books of the others. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import { px } from '../../src/kernel/decimal.ts';
import { HOUR_MS, SECOND_MS } from '../../src/kernel/instant.ts';
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

  const books = () => events.flatMap((event) => (event.kind === 'book' ? [event.book] : []));
  const btcBooks = () => books().filter(({ key }) => key === keyOf(world, BTC)).length;
  let price = 50_000;
  const tellBtc = () => {
    price += 1;
    world.book(BTC, [[String(price), '1']], [[String(price + 10), '1']]);
  };
  /** Bids alone, which is no book to trade on; another one each time, so that the venue tells of it. */
  const halfEth = () => {
    price += 1;
    world.book(ETH, [[String(price), '1']], []);
  };
  /** A second of both clocks, in which every market has something to tell. */
  const second = async () => {
    const before = btcBooks();
    const overAt = ioClock.now() + SECOND_MS;
    world.clock.advanceTo(world.clock.now() + SECOND_MS);
    world.exchange.setMark(BTC, px(String(price)), px(String(price)));
    halfEth();
    await until('a new BTC book', () => {
      // A connection that was cut waits before it comes back.
      ioClock.advanceTo(ioClock.now() + 5);
      tellBtc();
      return btcBooks() > before;
    });
    if (ioClock.now() < overAt) ioClock.advanceTo(overAt);
  };

  it('halted-empty-book: a minute of it connects nothing anew, and the other books go on', async () => {
    world.exchange.setTrading(ETH, false);
    world.exchange.setBook(ETH, [], []);
    feed.start(new Set(['BTC', 'ETH']), (event) => events.push(event));
    await until('books', () => btcBooks() > 0);
    for (let i = 0; i < 60; i += 1) await second();
    expect(cuts).toBe(0);
    expect(books().filter(({ key }) => key === keyOf(world, ETH))).toEqual([]);
    // It trades again: what is wrong with its book counts again.
    world.exchange.setTrading(ETH, true);
    world.server.dropStreams();
    await until('listed anew', () => {
      ioClock.advanceTo(ioClock.now() + 5);
      tellBtc();
      const told = events.findLast((event) => event.kind === 'instruments');
      return told?.kind === 'instruments' && told.instruments.every(({ trading }) => trading);
    });
    await until('degraded', () => {
      ioClock.advanceTo(ioClock.now() + 5);
      world.clock.advanceTo(world.clock.now() + 5);
      tellBtc();
      halfEth();
      const told = events.findLast((event) => event.kind === 'health');
      return told?.kind === 'health' && told.health.status === 'degraded';
    });
  }, 20_000);

  it('halted-without-a-rate: marks and rates that are missing or old degrade nothing', async () => {
    feed.start(new Set(['BTC', 'ETH']), (event) => events.push(event));
    await until('books', () => btcBooks() > 0);
    world.exchange.setTrading(ETH, false);
    // Its settlement passes, and no other is announced.
    for (let i = 0; i < 3; i += 1) {
      world.clock.advanceTo(world.clock.now() + 9 * HOUR_MS);
      world.exchange.setFunding(BTC, {
        predictedRate: '0.0001',
        intervalHours: 8,
        nextSettlementAt: world.clock.now() + 8 * HOUR_MS,
      });
      world.server.dropStreams();
      await until('listed anew', () => {
        ioClock.advanceTo(ioClock.now() + 5);
        tellBtc();
        const told = events.findLast((event) => event.kind === 'instruments');
        return told?.kind === 'instruments' && told.instruments.some(({ trading }) => !trading);
      });
    }
    events = [];
    for (let i = 0; i < 10; i += 1) {
      world.exchange.setMark(ETH, px(String(3_000 + i)), px(String(3_000 + i)));
      await second();
    }
    const states = events.flatMap((event) => (event.kind === 'health' ? [event.health] : []));
    expect(states.filter(({ reason }) => reason.includes('ETH'))).toEqual([]);
  }, 20_000);

  it('halted-without-a-mark: an empty mark price is missing, which makes no book doubtful', async () => {
    feed.start(new Set(['BTC', 'ETH']), (event) => events.push(event));
    await until('books', () => btcBooks() > 0);
    const unpriced = {
      binance: '{"e":"markPriceUpdate","E":1,"s":"ETHUSDT","p":""}',
      bybit: '{"topic":"tickers.ETHUSDT","type":"snapshot","ts":1,"data":{"symbol":"ETHUSDT","markPrice":""}}',
      okx: '{"arg":{"channel":"mark-price","instId":"ETH-USDT-SWAP"},"data":[{"instId":"ETH-USDT-SWAP","markPx":"","ts":"1"}]}',
    };
    events = [];
    const missing = () => events.some((event) => event.kind === 'health' && /no mark price/.test(event.health.reason));
    world.push(unpriced[name]);
    await until('told of one that trades', missing);
    const before = btcBooks();
    for (let i = 0; i < 10; i += 1) {
      world.clock.advanceTo(world.clock.now() + SECOND_MS);
      ioClock.advanceTo(ioClock.now() + SECOND_MS);
      tellBtc();
    }
    await until('books go on', () => btcBooks() > before);
    expect(cuts).toBe(0);
  }, 20_000);

  it('halted-while-running: the doubt about its book ends once it is listed as not trading', async () => {
    feed.start(new Set(['BTC', 'ETH']), (event) => events.push(event));
    await until('books', () => btcBooks() > 0 && books().some(({ key }) => key === keyOf(world, ETH)));
    world.exchange.setTrading(ETH, false);
    // Its book has lost a side, so the listing is read again before the hour is over.
    for (let i = 0; i < 60; i += 1) await second();
    expect(cuts).toBe(0);
    const told = events.findLast((event) => event.kind === 'health');
    expect(told?.kind === 'health' && told.health.status).toBe('up');
  }, 20_000);
});
