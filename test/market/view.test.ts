import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/kernel/instant.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { SettledRate } from '../../src/market/funding.ts';
import { ageMs, FoldedMarket, isFresh } from '../../src/market/view.ts';
import { instrumentOf, keyOf, NOW, type Perp } from '../signal/market.ts';

const PERPS: Perp[] = [{ venue: 'a' }, { venue: 'b' }, { venue: 'a', asset: 'ETH' }];
const KEYS = PERPS.map(keyOf);
const KEY = 'a|BTC/USDT:USDT';

function listed(): FoldedMarket {
  const market = new FoldedMarket();
  for (const perp of PERPS) market.apply({ kind: 'instruments', venue: perp.venue, instruments: [instrumentOf(perp)] });
  return market;
}

const book = (key: string, price: number, venueAt: number, receivedAt = venueAt): MarketEvent => ({
  kind: 'book',
  book: { key, bids: [{ price, size: 1 }], asks: [{ price: price + 1, size: 1 }], venueAt, receivedAt },
});
const funding = (key: string, predictedRate: number, venueAt: number): MarketEvent => ({
  kind: 'funding',
  quote: { key, predictedRate, intervalHours: 8, nextSettlementAt: NOW, venueAt, receivedAt: venueAt },
});
const mark = (key: string, price: number, venueAt: number): MarketEvent => ({
  kind: 'mark',
  mark: { key, mark: price, venueAt, receivedAt: venueAt },
});
const settled = (key: string, settledRate: number, settledAt: number): SettledRate => ({ key, settledRate, settledAt });

/** Frames whose venue stamps are unique per instrument. */
const framesArb = fc
  .uniqueArray(
    fc.record({
      key: fc.constantFrom(...KEYS),
      at: fc.integer({ min: 1, max: 500 }),
      kind: fc.constantFrom('book', 'funding', 'mark', 'settled'),
    }),
    {
      selector: ({ key, at, kind }) => `${key} ${at} ${kind}`,
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((draws) =>
    draws.map(({ key, at, kind }): MarketEvent => {
      if (kind === 'book') return book(key, at + 100, NOW + at);
      if (kind === 'funding') return funding(key, at / 1e6, NOW + at);
      if (kind === 'mark') return mark(key, at, NOW + at);
      // Twenty days' worth, so that the window trims.
      return { kind: 'settled', rates: [settled(key, at / 1e6, NOW + at * HOUR_MS)] };
    }),
  );

const folded = (events: readonly MarketEvent[]) => {
  const market = listed();
  for (const event of events) market.apply(event);
  return KEYS.map((key) => market.get(key));
};

describe('folding', () => {
  it('does not depend on the order in which frames arrive', () => {
    fc.assert(
      fc.property(framesArb, fc.infiniteStream(fc.nat()), (events, keys) => {
        const shuffled = events
          .map((event) => ({ event, key: keys.next().value ?? 0 }))
          .sort((x, y) => x.key - y.key)
          .map(({ event }) => event);
        expect(folded(shuffled)).toEqual(folded(events));
        expect(folded([...events].reverse())).toEqual(folded(events));
      }),
    );
  });

  it('folding everything twice changes nothing', () => {
    fc.assert(
      fc.property(framesArb, (events) => {
        expect(folded([...events, ...events])).toEqual(folded(events));
      }),
    );
  });

  it('fault-24-stamped-ahead: a frame of the future outlives none that follows, and replaces none that stands', () => {
    const market = listed();
    const price = () => market.get(KEY)?.book?.bids[0]?.price;
    market.apply(book(KEY, 200, NOW + DAY_MS, NOW));
    market.apply(book(KEY, 100, NOW + 1));
    expect(price()).toBe(100);
    market.apply(book(KEY, 300, NOW + DAY_MS, NOW + 2));
    expect(price()).toBe(100);
    // Our own clock may be the wrong one: then all of them are ahead alike.
    const wrong = listed();
    wrong.apply(book(KEY, 100, NOW + DAY_MS, NOW));
    wrong.apply(book(KEY, 101, NOW + DAY_MS + 1, NOW + 1));
    expect(wrong.get(KEY)?.book?.bids[0]?.price).toBe(101);
  });

  it('an older frame never replaces a newer one; equal venue stamps go by arrival', () => {
    const market = listed();
    market.apply(book(KEY, 100, NOW));
    market.apply(book(KEY, 50, NOW - 1, NOW + 5));
    expect(market.get(KEY)?.book?.bids[0]?.price).toBe(100);
    market.apply(book(KEY, 101, NOW, NOW + 1));
    market.apply(book(KEY, 99, NOW, NOW));
    expect(market.get(KEY)?.book?.bids[0]?.price).toBe(101);
  });

  it('fault-48: when our clock jumps, every frame keeps its age', () => {
    const market = listed();
    market.apply(book(KEY, 100, NOW));
    // Six seconds pass, and the clock is set back by five of them.
    market.followJump(-5_000);
    expect(ageMs(market.get(KEY)?.book, NOW + 1_000)).toBe(6_000);
    expect(isFresh(market.get(KEY)?.book, NOW + 1_000, 5_000)).toBe(false);
  });

  it('a frame of an instrument that is not listed is dropped', () => {
    const market = listed();
    expect(market.apply(book('c|BTC/USDT:USDT', 100, NOW))).toBeUndefined();
    expect(market.get('c|BTC/USDT:USDT')).toBeUndefined();
  });

  it('a changed instrument keeps its market data', () => {
    const market = listed();
    market.apply(book(KEY, 100, NOW));
    market.apply({
      kind: 'instruments',
      venue: 'a',
      instruments: [{ ...instrumentOf({ venue: 'a' }), trading: false }],
    });
    expect(market.get(KEY)?.instrument.trading).toBe(false);
    expect(market.get(KEY)?.book).toBeDefined();
    expect(market.ofAsset('BTC').map((view) => view.instrument.key)).toEqual([KEY, 'b|BTC/USDT:USDT']);
  });

  it('lists assets and healths in order, and names the asset that a frame concerns', () => {
    const market = listed();
    expect(market.assets()).toEqual(['BTC', 'ETH']);
    expect(market.apply(mark('a|ETH/USDT:USDT', 1, NOW))).toBe('ETH');
    for (const venue of ['b', 'a']) {
      market.apply({ kind: 'health', health: { venue, status: 'up', reason: 'ok', malformed: 0, at: NOW } });
    }
    expect(market.healths().map((health) => health.venue)).toEqual(['a', 'b']);
    expect(market.health('c')).toBeUndefined();
  });
});

describe('settled rates', () => {
  const of = (market: FoldedMarket) => market.get(KEY)?.settled ?? [];
  const put = (market: FoldedMarket, ...rates: SettledRate[]) => market.apply({ kind: 'settled', rates });

  it('keep seven days before the newest, oldest first', () => {
    const market = listed();
    put(
      market,
      settled(KEY, 3, NOW),
      settled(KEY, 1, NOW - 7 * DAY_MS),
      settled(KEY, 0, NOW - 7 * DAY_MS - 1),
      settled(KEY, 2, NOW - 1),
    );
    expect(of(market).map((rate) => rate.settledRate)).toEqual([1, 2, 3]);
    put(market, settled(KEY, 4, NOW + 1));
    expect(of(market).map((rate) => rate.settledRate)).toEqual([2, 3, 4]);
  });

  it('a revised rate replaces the old one', () => {
    const market = listed();
    put(market, settled(KEY, 1, NOW - 1), settled(KEY, 2, NOW));
    put(market, settled(KEY, 9, NOW - 1));
    expect(of(market).map((rate) => rate.settledRate)).toEqual([9, 2]);
  });

  it('the array is never changed in place, and stays the same when nothing changed', () => {
    const market = listed();
    put(market, settled(KEY, 1, NOW));
    const before = of(market);
    put(market, settled(KEY, 1, NOW), settled(KEY, 0, NOW - 8 * DAY_MS));
    expect(of(market)).toBe(before);
    put(market, settled(KEY, 5, NOW));
    expect(of(market)).not.toBe(before);
    expect(before.map((rate) => rate.settledRate)).toEqual([1]);
  });
});

it('age is by our own stamp, and absent without a frame', () => {
  expect(ageMs({ receivedAt: NOW - 5 }, NOW)).toBe(5);
  expect(ageMs(undefined, NOW)).toBeUndefined();
});
