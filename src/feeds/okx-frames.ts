/**
 * OKX v5 swap market data: `books` (ccxt keeps the book; sizes are contracts), `funding-rate` and `mark-price`.
 * Source: www.okx.com/docs-v5/en.
 */
import * as z from 'zod';
import { HOUR_MS, type Instant } from '../kernel/instant.ts';
import type { FeedDialect, FrameReader, RawQuote } from './dialect.ts';
import { decimalText, instant, optionalDecimal, optionalInstant } from './frame-parts.ts';

const pushed = z.object({ arg: z.object({ channel: z.string(), instId: z.string() }), data: z.array(z.unknown()) });
const bookRow = z.object({ ts: instant, bids: z.array(z.unknown()), asks: z.array(z.unknown()) });
const fundingRow = z.object({
  instId: z.string(),
  fundingRate: optionalDecimal,
  fundingTime: optionalInstant,
  nextFundingTime: optionalInstant,
  ts: instant,
});
const markRow = z.object({ instId: z.string(), markPx: optionalDecimal, ts: instant });
const history = z.object({
  data: z.array(z.object({ realizedRate: decimalText, fundingTime: instant })),
});

/** Remembers the newest two settlements of each market: from one to the other is what the coming rate is for. */
class OkxReader implements FrameReader {
  readonly #settlements = new Map<string, { readonly passed: Instant | undefined; readonly next: Instant }>();

  parse(frame: unknown): readonly RawQuote[] {
    const message = pushed.safeParse(frame);
    if (!message.success) return [];
    const { arg, data } = message.data;
    if (arg.channel === 'books') {
      for (const row of data) bookRow.parse(row);
      return [{ kind: 'book', marketId: arg.instId }];
    }
    if (arg.channel === 'funding-rate') return data.map((row) => this.#funding(row));
    if (arg.channel !== 'mark-price') return [];
    return data.map((row): RawQuote => {
      const { instId, markPx, ts } = markRow.parse(row);
      return { kind: 'mark', marketId: instId, mark: markPx, index: undefined, at: ts };
    });
  }

  #funding(row: unknown): RawQuote {
    const { instId, fundingRate, fundingTime, nextFundingTime, ts } = fundingRow.parse(row);
    const known = this.#settlements.get(instId);
    if (fundingTime !== undefined && fundingTime !== known?.next)
      this.#settlements.set(instId, { passed: known?.next, next: fundingTime });
    const { passed } = this.#settlements.get(instId) ?? {};
    const interval = {
      kind: 'funding',
      marketId: instId,
      rate: fundingRate,
      nextSettlementAt: fundingTime,
      at: ts,
    } as const;
    if (fundingTime === undefined || nextFundingTime === undefined) return interval;
    // The venue itself tells the length of the period after the coming settlement only.
    const intervalMs =
      passed !== undefined && passed < fundingTime ? fundingTime - passed : nextFundingTime - fundingTime;
    return { ...interval, intervalHours: intervalMs / HOUR_MS };
  }
}

export const okxFrames: FeedDialect = {
  watches: (client, symbols) => [
    // No limit: 50 would pick a channel that needs a log-in.
    () => client.watchOrderBookForSymbols(symbols()),
    () => client.watchFundingRates(symbols()),
    () => client.watchMarkPrices(symbols()),
  ],
  reader: () => new OkxReader(),
  // Every funding frame tells its own.
  intervals: async () => new Map(),
  snapshot: async () => [],
  settled: async (client, marketId, from, to) => {
    // `before` and `after` exclude their own instant.
    const params = { instId: marketId, before: from - 1, after: to + 1, limit: 100 };
    const { data } = history.parse(await client.request('public/funding-rate-history', 'public', 'GET', params));
    return data.map((row) => ({ rate: row.realizedRate, at: row.fundingTime }));
  },
  booksBegin: 'by_frame',
  settledPage: 100,
};
