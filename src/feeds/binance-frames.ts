/**
 * Binance USD-M market data: depth diffs (ccxt keeps the book) and `markPriceUpdate`. Sources: developers.binance.com,
 * derivatives/usds-margined-futures.
 */
import * as z from 'zod';
import { inParts } from './book-parts.ts';
import type { FeedDialect, RawQuote } from './dialect.ts';
import { decimalText, instant, optionalDecimal, optionalInstant } from './frame-parts.ts';

/** Markets that `fundingInfo` does not list have never been adjusted. */
const UNADJUSTED_HOURS = 8;
/**
 * Levels that a book begins with. ccxt keeps no more than these and hears of changes only, so a price that runs through
 * them leaves a side without what rested beyond. A snapshot of 1000 weighs 20, one of 100 weighs 5.
 */
const levelsOf = (markets: number): number => (markets <= 50 ? 1_000 : 100);
/** A snapshot of these weighs 2. */
const FEWEST_LEVELS = 5;

/** ccxt's book once it has had its snapshot. */
const begun = z.object({ nonce: z.number() });
const kind = z.object({ e: z.string() });
const depthUpdate = z.object({ e: z.literal('depthUpdate'), E: instant, s: z.string(), u: z.number(), U: z.number() });
const markUpdate = z.object({
  E: instant,
  s: z.string(),
  p: optionalDecimal,
  i: optionalDecimal,
  r: optionalDecimal,
  T: optionalInstant,
});
const premium = z.array(
  z.object({
    symbol: z.string(),
    markPrice: optionalDecimal,
    indexPrice: optionalDecimal,
    lastFundingRate: optionalDecimal,
    nextFundingTime: optionalInstant,
    time: optionalInstant,
  }),
);
const adjusted = z.array(z.object({ symbol: z.string(), fundingIntervalHours: z.number().positive() }));
const history = z.array(z.object({ fundingRate: decimalText, fundingTime: instant }));

export const binanceFrames: FeedDialect = {
  watches: (client, symbols, keep) => [
    ...inParts(
      symbols,
      {
        watch: (part) => client.watchOrderBookForSymbols(part, levelsOf(symbols().length)),
        hasBook: (symbol) => begun.safeParse(client.orderbooks[symbol]).success,
        isRefused: (symbol) =>
          client.fetchOrderBook(symbol, FEWEST_LEVELS).then(
            () => false,
            (error: unknown) => isAnswer(error),
          ),
      },
      keep,
    ),
    () => client.watchMarkPrices(symbols()),
  ],
  reader: () => ({
    parse: (frame): readonly RawQuote[] => {
      const event = kind.safeParse(frame);
      if (!event.success) return [];
      if (event.data.e === 'depthUpdate') return [{ kind: 'book', marketId: depthUpdate.parse(frame).s }];
      if (event.data.e !== 'markPriceUpdate') return [];
      const { s, E, p, i, r, T } = markUpdate.parse(frame);
      return [
        { kind: 'mark', marketId: s, mark: p, index: i, at: E },
        { kind: 'funding', marketId: s, rate: r, nextSettlementAt: T, at: E },
      ];
    },
  }),
  intervals: async (client) => {
    const rows = adjusted.parse(await client.request('fundingInfo', 'fapiPublic', 'GET', {}));
    return new Map(rows.map(({ symbol, fundingIntervalHours }) => [symbol, fundingIntervalHours]));
  },
  untoldHours: UNADJUSTED_HOURS,
  snapshot: async (client) => {
    const rows = premium.parse(await client.request('premiumIndex', 'fapiPublic', 'GET', {}));
    return rows.flatMap((row): RawQuote[] => {
      // Dated futures come with the rest, without a funding time.
      if (row.time === undefined || row.nextFundingTime === undefined) return [];
      const { symbol: marketId, time: at } = row;
      return [
        { kind: 'mark', marketId, mark: row.markPrice, index: row.indexPrice, at },
        { kind: 'funding', marketId, rate: row.lastFundingRate, nextSettlementAt: row.nextFundingTime, at },
      ];
    });
  },
  settled: async (client, marketId, from, to) => {
    const params = { symbol: marketId, startTime: from, endTime: to, limit: 1_000 };
    const rows = history.parse(await client.request('fundingRate', 'fapiPublic', 'GET', params));
    return rows.map((row) => ({ rate: row.fundingRate, at: row.fundingTime }));
  },
  booksBegin: 'by_request',
  settledPage: 1_000,
};

/** Whether the venue itself has said no, which ccxt tells by the class; anything else was lost on its way. */
function isAnswer(error: unknown): boolean {
  for (let type: unknown = error; typeof type === 'object' && type !== null; type = Object.getPrototypeOf(type)) {
    if (type.constructor.name === 'ExchangeError') return true;
  }
  return false;
}
