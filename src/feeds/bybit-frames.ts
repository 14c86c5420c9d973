/**
 * Bybit v5 linear market data: `orderbook.50` (ccxt keeps the book) and `tickers`, a snapshot and deltas that carry
 * only what changed. Source: bybit-exchange.github.io/docs/v5/websocket/public.
 */
import * as z from 'zod';
import type { FeedDialect, FrameReader, RawQuote } from './dialect.ts';
import { decimalText, instant, optionalDecimal, optionalInstant } from './frame-parts.ts';

const topical = z.object({ topic: z.string() });
const bookFrame = z.object({
  ts: instant,
  type: z.enum(['snapshot', 'delta']),
  data: z.object({ s: z.string(), u: z.number() }),
});
const tickerFrame = z.object({
  ts: instant,
  type: z.enum(['snapshot', 'delta']),
  data: z.looseObject({ symbol: z.string() }),
});
const ticker = z.object({
  symbol: z.string(),
  markPrice: optionalDecimal,
  indexPrice: optionalDecimal,
  fundingRate: optionalDecimal,
  nextFundingTime: optionalInstant,
});
const minutes = z.object({
  fundingInterval: z.union([z.number(), z.string().transform(Number)]).pipe(z.number().positive()),
});
const history = z.object({
  result: z.object({ list: z.array(z.object({ fundingRate: decimalText, fundingRateTimestamp: instant })) }),
});

class BybitReader implements FrameReader {
  /** The newest whole row of a ticker by market id. */
  readonly #rows = new Map<string, Record<string, unknown>>();
  /** The number of the newest change by market id, of books that have every change since their snapshot. */
  readonly #updates = new Map<string, number>();

  parse(frame: unknown): readonly RawQuote[] {
    const message = topical.safeParse(frame);
    if (!message.success) return [];
    if (message.data.topic.startsWith('orderbook.')) return [this.#book(frame)];
    if (!message.data.topic.startsWith('tickers.')) return [];
    const { type, data, ts } = tickerFrame.parse(frame);
    const previous = type === 'snapshot' ? {} : this.#rows.get(data.symbol);
    // A delta before its snapshot has nothing to change.
    if (previous === undefined) return [];
    const row = { ...previous, ...data };
    const parsed = ticker.parse(row);
    this.#rows.set(data.symbol, row);
    return [
      { kind: 'mark', marketId: parsed.symbol, mark: parsed.markPrice, index: parsed.indexPrice, at: ts },
      {
        kind: 'funding',
        marketId: parsed.symbol,
        rate: parsed.fundingRate,
        nextSettlementAt: parsed.nextFundingTime,
        at: ts,
      },
    ];
  }

  /** The client applies whatever comes: changes are numbered without a gap, and only a snapshot mends one. */
  #book(frame: unknown): RawQuote {
    const { type, data } = bookFrame.parse(frame);
    const { s: marketId, u } = data;
    const isMissing = type === 'delta' && this.#updates.get(marketId) !== u - 1;
    if (isMissing) this.#updates.delete(marketId);
    else this.#updates.set(marketId, u);
    return { kind: 'book', marketId, isMissing };
  }
}

export const bybitFrames: FeedDialect = {
  watches: (client, symbols) => [
    () => client.watchOrderBookForSymbols(symbols()),
    () => client.watchTickers(symbols()),
  ],
  reader: () => new BybitReader(),
  intervals: async (_client, listings) =>
    new Map(
      listings.flatMap(({ marketId, info }) => {
        const row = minutes.safeParse(info);
        return row.success ? [[marketId, row.data.fundingInterval / 60] as const] : [];
      }),
    ),
  // The stream's first ticker frame is a snapshot.
  snapshot: async () => [],
  settled: async (client, marketId, from, to) => {
    const params = { category: 'linear', symbol: marketId, startTime: from, endTime: to, limit: 200 };
    const { list } = history.parse(await client.request('v5/market/funding/history', 'public', 'GET', params)).result;
    return list.map((row) => ({ rate: row.fundingRate, at: row.fundingRateTimestamp }));
  },
  booksBegin: 'by_frame',
  settledPage: 200,
};
