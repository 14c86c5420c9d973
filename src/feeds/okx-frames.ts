/**
 * OKX v5 swap market data: `books` (ccxt keeps the book; sizes are contracts), `funding-rate` and `mark-price`.
 * Source: www.okx.com/docs-v5/en.
 */
import * as z from 'zod';
import { HOUR_MS } from '../kernel/instant.ts';
import type { FeedDialect, RawQuote } from './dialect.ts';
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
const markRow = z.object({ instId: z.string(), markPx: decimalText, ts: instant });
const history = z.object({
  data: z.array(z.object({ realizedRate: decimalText, fundingTime: instant })),
});

function fundingQuote(row: unknown): RawQuote {
  const { instId, fundingRate, fundingTime, nextFundingTime, ts } = fundingRow.parse(row);
  return {
    kind: 'funding',
    marketId: instId,
    rate: fundingRate,
    nextSettlementAt: fundingTime,
    // The length of the period after the coming settlement; the venue tells no other.
    ...(fundingTime === undefined || nextFundingTime === undefined
      ? {}
      : { intervalHours: (nextFundingTime - fundingTime) / HOUR_MS }),
    at: ts,
  };
}

export const okxFrames: FeedDialect = {
  watches: (client, symbols) => [
    // No limit: 50 would pick a channel that needs a log-in.
    () => client.watchOrderBookForSymbols(symbols),
    () => client.watchFundingRates(symbols),
    () => client.watchMarkPrices(symbols),
  ],
  reader: () => ({
    parse: (frame): readonly RawQuote[] => {
      const message = pushed.safeParse(frame);
      if (!message.success) return [];
      const { arg, data } = message.data;
      if (arg.channel === 'books') {
        for (const row of data) bookRow.parse(row);
        return [{ kind: 'book', marketId: arg.instId }];
      }
      if (arg.channel === 'funding-rate') return data.map(fundingQuote);
      if (arg.channel !== 'mark-price') return [];
      return data.map((row): RawQuote => {
        const { instId, markPx, ts } = markRow.parse(row);
        return { kind: 'mark', marketId: instId, mark: markPx, index: undefined, at: ts };
      });
    },
  }),
  // Every funding frame tells its own.
  intervals: async () => new Map(),
  snapshot: async () => [],
  settled: async (client, marketId, from, to) => {
    // `before` and `after` exclude their own instant.
    const params = { instId: marketId, before: from - 1, after: to + 1, limit: 100 };
    const { data } = history.parse(await client.request('public/funding-rate-history', 'public', 'GET', params));
    return data.map((row) => ({ rate: row.realizedRate, at: row.fundingTime }));
  },
  settledPage: 100,
};
