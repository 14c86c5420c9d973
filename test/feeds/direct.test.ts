import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import { contracts, px, text } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { BTC, ETH, keyOf, START, startWorld, until, VENUES, type World } from '../venues/world.ts';

describe.each(VENUES)('the direct feed over the %s dialect', (name) => {
  let world: World;
  let feed: MarketFeed;
  let events: MarketEvent[];

  beforeEach(async () => {
    world = await startWorld(name);
    events = [];
    const connection = await world.market();
    feed = createDirectFeed({ connection, clock: world.clock, ioClock: world.ioClock, random: createSeededRandom(3) });
  });
  afterEach(async () => {
    await feed.stop();
    await world.close();
  });

  const start = (assets = ['BTC', 'ETH']) => feed.start(new Set(assets), (event) => events.push(event));
  const newest = <K extends MarketEvent['kind']>(kind: K): Extract<MarketEvent, { kind: K }> | undefined =>
    events.findLast((event): event is Extract<MarketEvent, { kind: K }> => event.kind === kind);
  const books = (symbol: string) =>
    events.flatMap((event) => (event.kind === 'book' && event.book.key === keyOf(world, symbol) ? [event.book] : []));
  const quotes = (symbol: string) =>
    events.flatMap((event) =>
      event.kind === 'funding' && event.quote.key === keyOf(world, symbol) ? [event.quote] : [],
    );
  /** Books of both assets are being delivered. */
  const running = async () => {
    start();
    await until('books', () => books(BTC).length > 0 && books(ETH).length > 0);
    await until('funding', () => quotes(BTC).length > 0 && quotes(ETH).length > 0);
  };
  /** One step of simulated time with a new BTC book. */
  const step = (bid: string, ask: string) => {
    world.clock.advanceTo(world.clock.now() + 1_000);
    world.book(BTC, [[bid, '1']], [[ask, '2']]);
  };

  it('delivers instruments first, then books, funding and marks, in base units', async () => {
    await running();
    await until('marks', () => newest('mark') !== undefined);
    const instruments = events.findIndex(({ kind }) => kind === 'instruments');
    expect(events.findIndex(({ kind }) => kind === 'book' || kind === 'funding')).toBeGreaterThan(instruments);
    const [bid] = books(BTC)[0]?.bids ?? [];
    expect(bid).toEqual({ price: 49_990, size: 1 });
    expect(quotes(BTC)[0]).toMatchObject({
      predictedRate: 0.0001,
      intervalHours: 8,
      nextSettlementAt: START + 4 * HOUR_MS,
    });
    // Four hours: Binance lists it as adjusted, Bybit in the market row, OKX by difference.
    expect(quotes(ETH)[0]).toMatchObject({ predictedRate: -0.00005, intervalHours: 4 });
    expect(newest('health')?.health.status).toBe('up');
  });

  it('knows the venue instant of what it delivered, for lockstep', async () => {
    await running();
    step('49900', '49910');
    const at = world.clock.now();
    await until('the new book', () => feed.deliveredAt(keyOf(world, BTC)).book >= at);
    expect(books(BTC).at(-1)?.bids[0]).toEqual({ price: 49_900, size: 1 });
    world.clock.advanceTo(at + 1_000);
    const next = { predictedRate: '0.0002', intervalHours: 8, nextSettlementAt: START + 4 * HOUR_MS };
    world.exchange.setFunding(BTC, next);
    await until('the new rate', () => feed.deliveredAt(keyOf(world, BTC)).funding >= at + 1_000);
    expect(quotes(BTC).at(-1)?.predictedRate).toBe(0.0002);
  });

  it('takes a zero rate that the venue wrote as zero', async () => {
    await running();
    world.clock.advanceTo(world.clock.now() + 1_000);
    world.exchange.setFunding(BTC, { predictedRate: '0', intervalHours: 8, nextSettlementAt: START + 4 * HOUR_MS });
    await until('zero', () => quotes(BTC).at(-1)?.predictedRate === 0);
  });

  it('fault-26-bad-book: drops a crossed and an empty book, shows degraded, and recovers', async () => {
    await running();
    const before = books(BTC).length;
    world.clock.advanceTo(world.clock.now() + 1_000);
    world.exchange.setBook(BTC, [], []);
    await until('degraded', () => newest('health')?.health.status === 'degraded');
    expect(newest('health')?.health.malformed).toBeGreaterThan(0);
    expect(books(BTC).slice(before)).toEqual([]);
    step('49990', '50010');
    await until('recovered', () => newest('health')?.health.status === 'up' && books(BTC).length > before);
  });

  it.each([
    ['text that is not JSON', '{"e":"depthUpdate","s":"BTCU'],
    ['a frame of the right kind with the wrong content', 'wrong'],
  ])('malformed-frame: %s is counted and dropped, and the feed goes on', async (_what, text) => {
    await running();
    const wrong = {
      binance: '{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":{}}',
      bybit: '{"topic":"tickers.BTCUSDT","type":"snapshot","ts":1,"data":{"symbol":"BTCUSDT","markPrice":[]}}',
      okx: '{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP"}]}',
    };
    world.push(text === 'wrong' ? wrong[name] : text);
    await until('counted', () => (newest('health')?.health.malformed ?? 0) > 0);
    const before = books(BTC).length;
    await until('recovered', () => {
      step('49990', '50010');
      return newest('health')?.health.status === 'up' && books(BTC).length > before;
    });
  });

  it('stream-lost: shows down, connects again, and delivers newer books', async () => {
    await running();
    world.server.dropStreams();
    await until('down', () => events.some((event) => event.kind === 'health' && event.health.status === 'down'));
    const at = world.clock.now() + 1_000;
    step('48000', '48010');
    let price = 48_000;
    await until('a newer book', () => {
      // Binance publishes differences only: something must change for the new subscription to speak.
      price += 1;
      step(String(price), String(price + 10));
      return (books(BTC).at(-1)?.venueAt ?? 0) >= at;
    });
    await until('up', () => newest('health')?.health.status === 'up');
  });

  it('venue-down-at-start: keeps trying and says so', async () => {
    world.intercept = () => 'drop-before';
    start();
    await until('down', () => newest('health')?.health.status === 'down');
    expect(newest('instruments')).toBeUndefined();
    world.intercept = () => 'pass';
    await until('instruments', () => newest('instruments') !== undefined);
    await until('books', () => books(BTC).length > 0);
  });

  it('restricts itself to the wanted assets', async () => {
    start(['ETH']);
    await until('books', () => books(ETH).length > 0);
    expect(newest('instruments')?.instruments.map(({ symbol }) => symbol)).toEqual([ETH]);
    expect(books(BTC)).toEqual([]);
  });

  it('takes no asset as all assets', async () => {
    start([]);
    await until('books', () => books(BTC).length > 0 && books(ETH).length > 0);
  });

  it('reads settled rates oldest first', async () => {
    await running();
    const instrument = newest('instruments')?.instruments.find(({ symbol }) => symbol === BTC);
    if (instrument === undefined) throw new Error('no instrument');
    const hours = Array.from({ length: 200 }, (_, i) => 200 - i);
    for (const ago of hours) {
      const at = START - ago * HOUR_MS;
      world.exchange.recordSettled({ symbol: BTC, rate: `0.000${ago % 9}1`, mark: px('50000'), at });
    }
    const rates = await feed.settledRates(instrument, START - 170 * HOUR_MS);
    if (!rates.ok) throw new Error(rates.detail);
    expect(rates.value.map(({ settledAt }) => settledAt)).toEqual(
      hours.filter((ago) => ago <= 170).map((ago) => START - ago * HOUR_MS),
    );
    expect(rates.value[0]?.settledRate).toBe(Number(`0.000${170 % 9}1`));
  });

  it('fault-21-lot-changed: instruments are told again with every hourly reading: an account may have told others since', async () => {
    await running();
    const told = () => events.filter(({ kind }) => kind === 'instruments').length;
    const tick = (hours: number) => {
      world.clock.advanceTo(world.clock.now() + hours * HOUR_MS);
      step('49990', '50010');
    };
    tick(1.1);
    const listingPath = LISTING_PATH[name];
    const loads = () => world.requests.filter((line) => line === `GET ${listingPath}`).length;
    await until('an hourly reading', () => loads() >= 2 && told() === 2);
    const market = world.exchange.market(BTC);
    if (market === undefined) throw new Error('no market');
    const lotBefore = newest('instruments')?.instruments.find(({ symbol }) => symbol === BTC)?.lot;
    Object.assign(market.instrument, { lot: contracts(market.instrument.lot.times('10').toFixed()) });
    tick(1.1);
    await until('the change', () => {
      // The first reading may still be under way.
      step('49990', '50010');
      return told() === 3;
    });
    const lot = newest('instruments')?.instruments.find(({ symbol }) => symbol === BTC)?.lot;
    expect(lot && text(lot)).toBe(lotBefore?.times('10').toFixed());
  });

  it('fault-32-delisted: a market that is listed no more is told as not trading', async () => {
    await running();
    const whole: unknown = await (await fetch(`${world.server.url}${LISTING_PATH[name]}${LISTING_QUERY[name]}`)).json();
    const without = JSON.stringify(whole, (key, value) =>
      ['symbols', 'list', 'data'].includes(key) && Array.isArray(value)
        ? value.filter((row) => !JSON.stringify(row).includes('BTC'))
        : value,
    );
    world.intercept = ({ path }) => (path === LISTING_PATH[name] ? { status: 200, body: without } : 'pass');
    world.clock.advanceTo(world.clock.now() + 1.1 * HOUR_MS);
    step('49990', '50010');
    await until('the delisting', () => {
      const btc = newest('instruments')?.instruments.find(({ symbol }) => symbol === BTC);
      return btc?.trading === false;
    });
    expect(newest('instruments')?.instruments.find(({ symbol }) => symbol === ETH)?.trading).toBe(true);
    // What is listed no more fails no subscription of the next connection.
    const before = books(ETH).length;
    world.server.dropStreams();
    let price = 3_000;
    await until('books of the others', () => {
      price += 1;
      world.clock.advanceTo(world.clock.now() + 1_000);
      world.book(ETH, [[String(price), '1']], [[String(price + 1), '2']]);
      return books(ETH).length > before + 2;
    });
  });

  it('fault-27-intervals-unread: a reading that failed is tried again after seconds, not after an hour', async () => {
    await running();
    const path = LISTING_PATH[name];
    const reads = () => world.requests.filter((line) => line === `GET ${path}`).length;
    const before = reads();
    world.intercept = (request) => (request.path === path ? { status: 503, body: 'busy' } : 'pass');
    world.clock.advanceTo(world.clock.now() + 1.1 * HOUR_MS);
    step('49990', '50010');
    await until('trouble', () => newest('health')?.health.status === 'degraded');
    world.intercept = () => 'pass';
    const failed = reads();
    expect(failed).toBeGreaterThan(before);
    world.clock.advanceTo(world.clock.now() + 11_000);
    let price = 49_000;
    await until('read again', () => {
      price += 1;
      world.book(BTC, [[String(price), '1']], [[String(price + 10), '2']]);
      return reads() > failed;
    });
  });

  it('fault-27-intervals-empty: an empty answer at the start makes no market slower than it settles', async () => {
    if (name !== 'binance') return;
    const path = '/fapi/v1/fundingInfo';
    for (const at of [START - 8 * HOUR_MS, START - 4 * HOUR_MS])
      world.exchange.recordSettled({ symbol: ETH, rate: '0.0001', mark: px('3000'), at });
    world.intercept = (request) => (request.path === path ? { status: 200, body: '[]' } : 'pass');
    start();
    await until('the listing', () => newest('instruments') !== undefined);
    const eth = newest('instruments')?.instruments.find(({ symbol }) => symbol === ETH);
    if (!eth) throw new Error('not listed');
    expect(await feed.settledRates(eth, START - 24 * HOUR_MS)).toMatchObject({ ok: true });
    const before = quotes(ETH).length;
    const next = { predictedRate: '0.0003', intervalHours: 4, nextSettlementAt: START + 4 * HOUR_MS };
    world.clock.advanceTo(world.clock.now() + 1_000);
    world.exchange.setFunding(ETH, next);
    await until('degraded', () => newest('health')?.health.status === 'degraded');
    expect(quotes(ETH)).toHaveLength(before);
    world.intercept = () => 'pass';
    let price = 49_000;
    await until('the true interval', () => {
      price += 1;
      world.clock.advanceTo(world.clock.now() + 11_000);
      world.book(BTC, [[String(price), '1']], [[String(price + 10), '2']]);
      return quotes(ETH).at(-1)?.intervalHours === 4;
    });
  });

  it('fault-27-interval-changed: settlement times that do not fit make the venue be asked at once', async () => {
    await running();
    // The hourly reading comes and goes before the settlement.
    world.clock.advanceTo(START + 3.8 * HOUR_MS);
    const path = { ...LISTING_PATH, binance: '/fapi/v1/fundingInfo' }[name];
    const reads = () => world.requests.filter((line) => line === `GET ${path}`).length;
    const before = reads();
    step('49990', '50010');
    await until('an hourly reading', () => reads() > before);
    // From every eight hours to every four: the settlement after the next is nearer than it was.
    world.clock.advanceTo(START + 4 * HOUR_MS + 1_000);
    const every4h = { predictedRate: '0.0002', intervalHours: 4, nextSettlementAt: START + 8 * HOUR_MS };
    world.exchange.setFunding(BTC, every4h);
    await until('the new interval', () => quotes(BTC).at(-1)?.intervalHours === 4);
    expect(quotes(BTC).at(-1)?.nextSettlementAt).toBe(START + 8 * HOUR_MS);
  });
});

const LISTING_PATH = {
  binance: '/fapi/v1/exchangeInfo',
  bybit: '/v5/market/instruments-info',
  okx: '/api/v5/public/instruments',
} as const;
const LISTING_QUERY = { binance: '', bybit: '?category=linear', okx: '?instType=SWAP' } as const;
