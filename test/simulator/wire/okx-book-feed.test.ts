/** The incremental book: a subscriber that applies what it is told holds the venue's book, and checksums prove it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contracts, px, text } from '../../../src/kernel/decimal.ts';
import type { BookLevel, ExchangeMarket } from '../../../src/simulator/exchange/api.ts';
import { BookFeed, bookChecksum } from '../../../src/simulator/wire/okx/book-feed.ts';
import type { Level } from '../../../src/simulator/wire/okx/market-rows.ts';
import { worldOf } from '../exchange/world.ts';

const level = (price: string, size: string): Level => [price, size, '0', '1'];

it('checksum matches the example of the venue’s documentation', () => {
  const bids = [level('3366.1', '7'), level('3366', '6')];
  const asks = [level('3366.8', '9'), level('3368', '8')];
  expect(bookChecksum(bids, asks)).toBe(-1881014294);
});

it('checksum skips the side that has run out and stops at 25 levels', () => {
  const many = Array.from({ length: 26 }, (_, index) => level(String(100 - index), '1'));
  expect(bookChecksum(many, [])).toBe(bookChecksum(many.slice(0, 25), []));
  expect(bookChecksum(many.slice(0, 24), [])).not.toBe(bookChecksum(many.slice(0, 25), []));
});

type Side = Map<string, string>;

function apply(side: Side, changes: unknown): void {
  for (const [price, size] of changes as string[][]) {
    if (price === undefined || size === undefined) throw new Error('level without price or size');
    if (size === '0') side.delete(price);
    else side.set(price, size);
  }
}

const sorted = (side: Side, direction: 1 | -1): [string, string][] =>
  [...side].sort(([a], [b]) => direction * (Number(a) - Number(b)));

const sizes = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 4 })), {
  selector: ([step]) => step,
  maxLength: 12,
});

it('snapshot and differences rebuild every book, chained without a gap', () => {
  const template = worldOf().exchange.market('BTC/USDT:USDT');
  if (template === undefined) throw new Error('no market');
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, sizes), { minLength: 1, maxLength: 8 }), (books) => {
      const feed = new BookFeed();
      const bids: Side = new Map();
      const asks: Side = new Map();
      let sequence = -1;
      for (const [index, [below, above]] of books.entries()) {
        const side = (steps: [number, number][], sign: 1 | -1): BookLevel[] =>
          steps
            .sort(([a], [b]) => a - b)
            .map(([step, size]) => ({ price: px(100 + sign * step), contracts: contracts(size) }));
        const market: ExchangeMarket = {
          ...template,
          bids: side(below, -1),
          asks: side(above, 1),
          bookSequence: 7 + index * 2,
        };
        const { action, row } = feed.next(market, 0);
        expect(action).toBe(index === 0 ? 'snapshot' : 'update');
        expect(row.prevSeqId).toBe(sequence);
        sequence = Number(row.seqId);
        apply(bids, row.bids);
        apply(asks, row.asks);
        const plain = (levels: readonly BookLevel[]) => levels.map((item) => [text(item.price), text(item.contracts)]);
        expect(sorted(bids, -1)).toEqual(plain(market.bids));
        expect(sorted(asks, 1)).toEqual(plain(market.asks));
        const rebuilt = (rows: [string, string][]): Level[] => rows.map(([price, size]) => level(price, size));
        expect(row.checksum).toBe(bookChecksum(rebuilt(sorted(bids, -1)), rebuilt(sorted(asks, 1))));
      }
    }),
    { numRuns: 100 },
  );
});
