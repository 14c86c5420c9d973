import { beforeEach, describe, expect, it } from 'vitest';
import { dialectOf, type RawQuote } from '../../src/feeds/dialect.ts';
import { HealthReporter } from '../../src/feeds/health.ts';
import { QuoteDesk } from '../../src/feeds/quote-desk.ts';
import { base } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { BTC_LISTING } from './listing.ts';

const NOW = Date.UTC(2026, 0, 5, 4);
const KEY = BTC_LISTING.instrument.key;

describe('the quote desk', () => {
  let events: MarketEvent[];
  let desk: QuoteDesk;
  let orderbooks: Record<string, unknown>;

  let odd: number;

  beforeEach(() => {
    events = [];
    odd = 0;
    orderbooks = {};
    const clock = createSimClock(NOW);
    const emit = (event: MarketEvent) => events.push(event);
    const health = new HealthReporter('binance', clock, emit);
    const dialect = dialectOf('binance');
    if (dialect === undefined) throw new Error('no dialect');
    desk = new QuoteDesk({
      dialect,
      client: { orderbooks } as never,
      clock,
      emit,
      health,
      onHeard: () => undefined,
      onOddSchedule: () => (odd += 1),
    });
    desk.list([{ ...BTC_LISTING, unitSize: base('0.01') }]);
  });

  const funding = (change: Partial<Extract<RawQuote, { kind: 'funding' }>> = {}): RawQuote => ({
    kind: 'funding',
    marketId: 'BTCUSDT',
    rate: '0.0001',
    nextSettlementAt: NOW + 1,
    at: NOW - 1,
    ...change,
  });
  const quotes = () => events.flatMap((event) => (event.kind === 'funding' ? [event.quote] : []));
  const health = () => events.flatMap((event) => (event.kind === 'health' ? [event.health] : [])).at(-1);

  it('refuses a quote whose interval is unknown, and tells it once the interval is read', () => {
    desk.accept([funding()]);
    expect(quotes()).toEqual([]);
    expect(health()).toMatchObject({ malformed: 1 });
    desk.intervals(new Map([['BTCUSDT', 4]]));
    expect(quotes()).toMatchObject([{ key: KEY, predictedRate: 0.0001, intervalHours: 4 }]);
    expect(health()).toMatchObject({ status: 'up' });
  });

  it('interval-changed: tells the newest quote again with the new interval', () => {
    desk.intervals(new Map([['BTCUSDT', 8]]));
    desk.accept([funding()]);
    desk.intervals(new Map([['BTCUSDT', 8]]));
    desk.intervals(new Map([['BTCUSDT', 1]]));
    expect(quotes().map(({ intervalHours }) => intervalHours)).toEqual([8, 1]);
  });

  it('fault-27-interval-untold: a market that was told of and then is not becomes eight-hourly when its settlements say so', () => {
    desk.intervals(new Map([['BTCUSDT', 4]]));
    desk.accept([funding()]);
    for (let i = 0; i < 3; i += 1) desk.intervals(new Map());
    desk.accept([funding({ at: NOW })]);
    expect([odd, quotes().length]).toEqual([3, 1]);
    expect(health()).toMatchObject({ status: 'degraded' });
    desk.intervals(new Map([['BTCUSDT', 4]]));
    desk.settled(KEY, [NOW - 8 * HOUR_MS, NOW]);
    desk.intervals(new Map());
    expect(quotes().map(({ intervalHours }) => intervalHours)).toEqual([4, 4, 8]);
  });

  it('fault-27-interval-by-history: what has settled every four hours is not taken for eight-hourly by an empty answer', () => {
    desk.intervals(new Map());
    desk.accept([funding()]);
    const hour = (n: number) => NOW - n * HOUR_MS;
    desk.settled(KEY, [hour(16), hour(8)]);
    expect(odd).toBe(0);
    // Stamped a moment late, as Binance does.
    desk.settled(KEY, [hour(4) + 9]);
    desk.accept([funding({ at: NOW })]);
    desk.intervals(new Map());
    expect(odd).toBe(2);
    expect(quotes().map(({ intervalHours }) => intervalHours)).toEqual([8]);
    desk.intervals(new Map([['BTCUSDT', 4]]));
    desk.settled(KEY, [NOW]);
    desk.accept([funding({ at: NOW })]);
    expect(quotes().map(({ intervalHours }) => intervalHours)).toEqual([8, 4, 4]);
  });

  it('fault-27-interval-by-schedule: two settlements an hour apart contradict eight hours for as long as nothing is told', () => {
    desk.intervals(new Map());
    desk.accept([funding(), funding({ nextSettlementAt: NOW + 1 + HOUR_MS })]);
    for (let i = 0; i < 3; i += 1) desk.intervals(new Map());
    desk.accept([funding({ nextSettlementAt: NOW + 1 + HOUR_MS })]);
    expect(quotes().map(({ intervalHours }) => intervalHours)).toEqual([8]);
    desk.intervals(new Map([['BTCUSDT', 1]]));
    expect(quotes().map(({ intervalHours }) => intervalHours)).toEqual([8, 1]);
  });

  it.each([
    ['a rate that is missing', { rate: undefined }],
    ['a rate that is not finite', { rate: '1e999' }],
    ['a settlement that has long passed', { nextSettlementAt: NOW - 60_000 }],
    ['a settlement that is missing', { nextSettlementAt: undefined }],
  ])('refuses %s, counts it, and stays degraded until a good quote of that instrument', (_what, change) => {
    desk.intervals(new Map([['BTCUSDT', 8]]));
    desk.accept([funding()]);
    expect(health()).toMatchObject({ status: 'up', malformed: 0 });
    desk.accept([funding(change)]);
    desk.accept([{ kind: 'mark', marketId: 'BTCUSDT', mark: '50000', index: undefined, at: NOW }]);
    expect(quotes()).toHaveLength(1);
    expect(health()).toMatchObject({ status: 'degraded', malformed: 1 });
    desk.accept([funding({ rate: '0' })]);
    expect(quotes().at(-1)?.predictedRate).toBe(0);
    expect(health()).toMatchObject({ status: 'up', malformed: 1 });
  });

  it('drops the old quote that a venue repeats at its settlement, without calling it malformed', () => {
    desk.intervals(new Map([['BTCUSDT', 8]]));
    desk.accept([funding(), funding({ nextSettlementAt: NOW })]);
    expect(quotes()).toHaveLength(1);
    expect(health()).toMatchObject({ status: 'up', malformed: 0 });
  });

  it('says what arrived even when it was refused, so that lockstep never waits for it', () => {
    desk.accept([funding({ rate: undefined, at: NOW - 7 })]);
    expect(desk.deliveredAt(KEY)).toEqual({ book: 0, funding: NOW - 7, mark: 0 });
  });

  it.each([
    ['crossed', [['101', '1']], [['100', '1']]],
    ['empty', [], [['100', '1']]],
    ['negative', [['99', '-1']], [['100', '1']]],
    [
      'unsorted',
      [
        ['98', '1'],
        ['99', '1'],
      ],
      [['100', '1']],
    ],
  ])('drops a %s book', (_what, bids, asks) => {
    orderbooks['BTC/USDT:USDT'] = { symbol: 'BTC/USDT:USDT', timestamp: NOW, bids, asks };
    desk.accept([{ kind: 'book', marketId: 'BTCUSDT' }]);
    expect(events.filter(({ kind }) => kind === 'book')).toEqual([]);
    expect(health()).toMatchObject({ malformed: 1 });
  });

  it('turns book sizes into base units and cuts the book at twenty levels', () => {
    const bids = Array.from({ length: 30 }, (_, i) => [100 - i, 250]);
    orderbooks['BTC/USDT:USDT'] = { symbol: 'BTC/USDT:USDT', timestamp: NOW, bids, asks: [[101, 100]] };
    desk.accept([{ kind: 'book', marketId: 'BTCUSDT' }]);
    const [event] = events.filter((each) => each.kind === 'book');
    expect(event?.kind === 'book' && event.book.bids).toHaveLength(20);
    // 250 contracts of 0.01.
    expect(event?.kind === 'book' && event.book.bids[0]).toEqual({ price: 100, size: 2.5 });
  });

  it('an empty rate text is missing, not zero', () => {
    desk.intervals(new Map([['BTCUSDT', 8]]));
    desk.frame({ e: 'markPriceUpdate', E: NOW, s: 'BTCUSDT', p: '50000', i: '', r: '', T: NOW + 1 });
    expect(quotes()).toEqual([]);
    expect(health()).toMatchObject({ malformed: 1 });
  });

  it('fault-27-interval-changed: a settlement that comes too early or too late is odd, whole intervals are not', () => {
    desk.intervals(new Map([['BTCUSDT', 8]]));
    const at = (hours: number) => desk.accept([funding({ nextSettlementAt: NOW + hours * HOUR_MS })]);
    for (const hours of [4, 4, 12, 28]) at(hours);
    expect(odd).toBe(0);
    at(32);
    expect(odd).toBe(1);
  });

  it('fault-27-wrong-interval: nothing is quoted by an interval that no longer fits, until it is read anew', () => {
    desk.intervals(new Map([['BTCUSDT', 8]]));
    desk.accept([funding({ nextSettlementAt: NOW + 8 * HOUR_MS })]);
    expect(quotes()).toHaveLength(1);
    desk.accept([funding({ nextSettlementAt: NOW + HOUR_MS })]);
    desk.accept([funding({ nextSettlementAt: NOW + HOUR_MS })]);
    expect([quotes().length, odd]).toEqual([1, 1]);
    desk.intervals(new Map([['BTCUSDT', 1]]));
    expect(quotes().at(-1)).toMatchObject({ intervalHours: 1, nextSettlementAt: NOW + HOUR_MS });
  });

  it('fault-21-contract-size-changed: book sizes are counted by the newest listing', () => {
    const [listing] = desk.listings();
    if (listing === undefined) throw new Error('no listing');
    desk.list([{ ...listing, unitSize: base('0.001') }]);
    orderbooks['BTC/USDT:USDT'] = { symbol: 'BTC/USDT:USDT', timestamp: NOW, bids: [[99, 250]], asks: [[101, 100]] };
    desk.accept([{ kind: 'book', marketId: 'BTCUSDT' }]);
    const [event] = events.filter((each) => each.kind === 'book');
    expect(event?.kind === 'book' && event.book.bids[0]).toEqual({ price: 99, size: 0.25 });
  });
});
