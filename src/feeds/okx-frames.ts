/**
 * OKX v5 swap market data: `books` (ccxt keeps the book; sizes are contracts), `funding-rate` and `mark-price`.
 * Source: www.okx.com/docs-v5/en.
 */
import * as z from 'zod';
import { HOUR_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { FeedDialect, FrameReader, RawQuote } from './dialect.ts';
import { decimalText, instant, optionalDecimal, optionalInstant } from './frame-parts.ts';

const pushed = z.object({ arg: z.object({ channel: z.string(), instId: z.string() }), data: z.array(z.unknown()) });
const bookRow = z.object({ ts: instant, bids: z.array(z.unknown()), asks: z.array(z.unknown()) });
const fundingRow = z.object({
  instId: z.string(),
  fundingRate: optionalDecimal,
  fundingTime: optionalInstant,
  prevFundingTime: optionalInstant,
  ts: instant,
});
const listedFunding = z.object({
  data: z.array(
    z.object({
      instId: z.string(),
      fundingTime: optionalInstant,
      prevFundingTime: optionalInstant,
      nextFundingTime: optionalInstant,
    }),
  ),
});
const markRow = z.object({ instId: z.string(), markPx: optionalDecimal, ts: instant });
const history = z.object({
  data: z.array(z.object({ realizedRate: decimalText, fundingTime: instant })),
});

/** A venue may show the next settlement moments before the one at hand. */
const ROLLED_EARLY_MS = MINUTE_MS;

/**
 * A rate is for the period that ends with the coming settlement. `nextFundingTime` ends the one after that, which is
 * another length exactly when the venue has changed it, so frames tell the period by the settlement before only: as they
 * have it, or as an earlier frame had it. Without either, what `intervals` has read stands.
 */
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
    const { instId, fundingRate, fundingTime, prevFundingTime, ts } = fundingRow.parse(row);
    const known = this.#settlements.get(instId);
    if (fundingTime !== undefined && fundingTime !== known?.next) {
      // One that still lies ahead was put off: the venue has made the period longer, and nothing has settled.
      const isPutOff = known !== undefined && known.next > ts + ROLLED_EARLY_MS;
      this.#settlements.set(instId, { passed: isPutOff ? known.passed : known?.next, next: fundingTime });
    }
    const passed = prevFundingTime ?? this.#settlements.get(instId)?.passed;
    const quote = {
      kind: 'funding',
      marketId: instId,
      rate: fundingRate,
      nextSettlementAt: fundingTime,
      at: ts,
    } as const;
    if (fundingTime === undefined || passed === undefined || passed >= fundingTime) return quote;
    return { ...quote, intervalHours: (fundingTime - passed) / HOUR_MS };
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
  intervals: async (client) => {
    const params = { instId: 'ANY' };
    const { data } = listedFunding.parse(await client.request('public/funding-rate', 'public', 'GET', params));
    return new Map(
      data.flatMap(({ instId, fundingTime, prevFundingTime, nextFundingTime }) => {
        if (fundingTime === undefined) return [];
        // Of a market without a settlement before, the following period is all there is to go by.
        const from = prevFundingTime ?? fundingTime;
        const to = prevFundingTime === undefined ? nextFundingTime : fundingTime;
        return to !== undefined && from < to ? [[instId, (to - from) / HOUR_MS] as const] : [];
      }),
    );
  },
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
