/**
 * What the direct feed needs from a venue's market data client. The composition root injects one; the connections that
 * `venues/` makes satisfy it. The client is a ccxt instance without keys, narrowed to what is used here.
 */
import type { Base } from '../kernel/decimal.ts';
import type { UnifiedSymbol, VenueId } from '../kernel/ids.ts';
import type { Read } from '../kernel/outcome.ts';
import type { Instrument } from '../market/instrument.ts';

export interface MarketListing {
  readonly instrument: Instrument;
  readonly symbol: UnifiedSymbol;
  /** The venue's own id in frames and requests. */
  readonly marketId: string;
  /** Base units per unit of a book level's size. */
  readonly unitSize: Base;
  /** The venue's own market row. */
  readonly info: unknown;
}

export interface MarketConnection {
  readonly venue: VenueId;
  /** A ccxt client: see `MarketClient`. */
  readonly client: unknown;
  /** Runs requests with deadline and budget; expected failures come back as values. */
  read<T>(act: () => Promise<T>): Promise<Read<T>>;
  /** Loads the venue's markets anew. */
  listings(): Promise<Read<readonly MarketListing[]>>;
  /** Every stream frame (text when it was not JSON), after the client has dealt with it. */
  onFrame(listener: (frame: unknown, url: string) => void): void;
  onDrop(listener: (url: string) => void): void;
  /** Ends every stream connection at once; pending watch calls reject and the next ones connect anew. */
  cutStreams(): void;
  close(): Promise<void>;
}

/** The watch calls and caches of ccxt that feeds use. */
export interface MarketClient {
  readonly orderbooks: Readonly<Record<UnifiedSymbol, unknown>>;
  request(path: string, access: string, method: 'GET', params: Readonly<Record<string, unknown>>): Promise<unknown>;
  fetchOrderBook(symbol: UnifiedSymbol, limit: number): Promise<unknown>;
  watchOrderBookForSymbols(symbols: readonly UnifiedSymbol[], limit?: number): Promise<unknown>;
  watchMarkPrices(symbols: readonly UnifiedSymbol[]): Promise<unknown>;
  watchTickers(symbols: readonly UnifiedSymbol[]): Promise<unknown>;
  watchFundingRates(symbols: readonly UnifiedSymbol[]): Promise<unknown>;
}
