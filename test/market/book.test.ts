import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Book, bookDefect, type Level, mid, walkLevels } from '../../src/market/book.ts';

const levelArb = fc.record({ price: fc.integer({ min: 1, max: 1000 }), size: fc.integer({ min: 1, max: 50 }) });
const ascending = (levels: readonly Level[]): Level[] =>
  [...new Map(levels.map((level) => [level.price, level])).values()].sort((a, b) => a.price - b.price);
const bookOf = (bids: readonly Level[], asks: readonly Level[]): Book => ({
  key: 'x|X',
  bids,
  asks,
  venueAt: 0,
  receivedAt: 0,
});

describe('walkLevels', () => {
  it('agrees with taking one unit after another', () => {
    fc.assert(
      fc.property(fc.array(levelArb, { maxLength: 8 }), fc.integer({ min: 0, max: 200 }), (drawn, size) => {
        const levels = ascending(drawn);
        const units = levels.flatMap((level) => Array<number>(level.size).fill(level.price)).slice(0, size);
        const walk = walkLevels(levels, size);
        expect(walk.filled).toBe(units.length);
        if (units.length === 0) {
          expect([walk.averagePrice, walk.worstPrice]).toEqual([Number.NaN, Number.NaN]);
          return;
        }
        expect(walk.averagePrice).toBeCloseTo(units.reduce((a, b) => a + b, 0) / units.length, 9);
        expect(walk.worstPrice).toBe(units.at(-1));
      }),
    );
  });

  it('a larger size never gets a better average', () => {
    fc.assert(
      fc.property(
        fc.array(levelArb, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (drawn, size) => {
          const levels = ascending(drawn);
          expect(walkLevels(levels, size + 1).averagePrice).toBeGreaterThanOrEqual(
            walkLevels(levels, size).averagePrice - 1e-9,
          );
        },
      ),
    );
  });
});

describe('bookDefect', () => {
  const bid = { price: 99, size: 1 };
  const ask = { price: 101, size: 1 };

  it('accepts any sorted book whose sides do not touch', () => {
    fc.assert(
      fc.property(fc.array(levelArb, { minLength: 1 }), fc.array(levelArb, { minLength: 1 }), (low, high) => {
        const bids = ascending(low).reverse();
        const asks = ascending(high).map(({ price, size }) => ({ price: price + 1000, size }));
        expect(bookDefect(bookOf(bids, asks))).toBeUndefined();
        expect(bookDefect(bookOf(asks.reverse(), bids.reverse()))).toBe('crossed');
      }),
    );
  });

  it.each<[string, Level[], Level[], string]>([
    ['no bids', [], [ask], 'empty'],
    ['no asks', [bid], [], 'empty'],
    ['touching sides', [{ price: 101, size: 1 }], [ask], 'crossed'],
    ['a repeated price', [bid, bid], [ask], 'malformed'],
    ['bids ascending', [{ price: 98, size: 1 }, bid], [ask], 'malformed'],
    ['asks descending', [bid], [ask, { price: 100, size: 1 }], 'malformed'],
    ['a zero price deep in the book', [bid, { price: 0, size: 1 }], [ask], 'malformed'],
    ['a negative size', [bid], [{ price: 101, size: -1 }], 'malformed'],
    ['a zero size', [{ price: 99, size: 0 }], [ask], 'malformed'],
    ['a NaN price', [bid], [{ price: Number.NaN, size: 1 }], 'malformed'],
    ['an infinite price', [{ price: Number.POSITIVE_INFINITY, size: 1 }], [ask], 'malformed'],
    ['a NaN size', [bid], [ask, { price: 102, size: Number.NaN }], 'malformed'],
  ])('%s', (_, bids, asks, defect) => {
    expect(bookDefect(bookOf(bids, asks))).toBe(defect);
  });

  it('mid lies halfway, and an empty side has none', () => {
    expect(mid(bookOf([bid], [ask]))).toBe(100);
    expect(mid(bookOf([], [ask]))).toBeNaN();
  });
});
