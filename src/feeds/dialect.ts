/** What differs between venues in market data. One file per venue; frames are parsed with zod, ZodError = malformed. */
import * as z from 'zod';
import type { UnifiedSymbol, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { binanceFrames } from './binance-frames.ts';
import { bybitFrames } from './bybit-frames.ts';
import type { MarketClient, MarketListing } from './market-connection.ts';
import { okxFrames } from './okx-frames.ts';
import type { Keep, Watch } from './retry.ts';

export type RawQuote =
  /** The client's book of this market changed; `isMissing`: it has missed a change, and nothing has begun it anew since. */
  | { readonly kind: 'book'; readonly marketId: string; readonly isMissing?: boolean }
  | {
      readonly kind: 'funding';
      readonly marketId: string;
      /** As the venue wrote it; undefined when it wrote none. Zero only when it wrote zero. */
      readonly rate: string | undefined;
      readonly nextSettlementAt: Instant | undefined;
      /** When the frame itself tells the interval. */
      readonly intervalHours?: number;
      readonly at: Instant;
    }
  | {
      readonly kind: 'mark';
      readonly marketId: string;
      /** undefined when the venue wrote none, as of a market that does not trade. */
      readonly mark: string | undefined;
      readonly index: string | undefined;
      readonly at: Instant;
    };

export interface RawSettled {
  readonly rate: string;
  readonly at: Instant;
}

export interface FrameReader {
  /** Quotes in one frame; none for acknowledgements and the like. Throws ZodError for a malformed one. */
  parse(frame: unknown): readonly RawQuote[];
}

export interface FeedDialect {
  /**
   * Watch calls that keep the subscriptions open; each asks for what is listed when it is made. `keep` is given those that
   * turn out to be needed later.
   */
  watches(client: MarketClient, symbols: () => readonly UnifiedSymbol[], keep: Keep): readonly Watch[];
  /** A reader with the state of one connection's frames (deltas). */
  reader(): FrameReader;
  /** Funding interval in hours by market id, read now; `listings` have just been read. Markets that frames tell about may be absent. */
  intervals(client: MarketClient, listings: readonly MarketListing[]): Promise<ReadonlyMap<string, number>>;
  /** Of a market that `intervals` does not tell of, as the venue documents it. */
  readonly untoldHours?: number;
  /** Current quotes by REST where the stream would let the first ones wait. */
  snapshot(client: MarketClient): Promise<readonly RawQuote[]>;
  /** Settled rates of [from, to]; never more than `settledPage` hours are asked for at once. */
  settled(client: MarketClient, marketId: string, from: Instant, to: Instant): Promise<readonly RawSettled[]>;
  /** Whether a book begins with a frame of the stream: a change that finds no book has then missed one. */
  readonly booksBegin: 'by_frame' | 'by_request';
  /** Rows of one page. The shortest interval of any venue is one hour, so a window of fewer hours is complete. */
  readonly settledPage: number;
}

const DIALECTS: Readonly<Record<VenueId, FeedDialect>> = { binance: binanceFrames, bybit: bybitFrames, okx: okxFrames };

/** undefined for a venue whose frames are not known. */
export const dialectOf = (venue: VenueId): FeedDialect | undefined => DIALECTS[venue];

const book = z.object({
  symbol: z.string(),
  timestamp: z.number(),
  bids: z.array(z.tuple([z.coerce.number(), z.coerce.number()]).rest(z.unknown())),
  asks: z.array(z.tuple([z.coerce.number(), z.coerce.number()]).rest(z.unknown())),
});

export interface RawBook {
  readonly at: Instant;
  /** Price and size in the venue's own units, best first. */
  readonly bids: readonly (readonly [price: number, size: number])[];
  readonly asks: readonly (readonly [price: number, size: number])[];
}

/** The best `depth` levels of ccxt's cached book; undefined while the client is still waiting for its snapshot. */
export function readBook(cached: unknown, depth: number): RawBook | undefined {
  if (typeof cached !== 'object' || cached === null) return undefined;
  const { symbol, timestamp, bids, asks } = cached as Record<string, unknown>;
  if (timestamp === undefined || !Array.isArray(bids) || !Array.isArray(asks)) return undefined;
  // Copied before parsing: the cached sides are live arrays with an index of their own.
  const top = book.parse({ symbol, timestamp, bids: [...bids].slice(0, depth), asks: [...asks].slice(0, depth) });
  const pair = ([price, size]: readonly [number, number, ...unknown[]]) => [price, size] as const;
  return { at: top.timestamp, bids: top.bids.map(pair), asks: top.asks.map(pair) };
}
