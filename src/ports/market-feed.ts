/** A source of market data for one venue: direct, relay, recorded. */
import type { InstrumentKey, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Read } from '../kernel/outcome.ts';
import type { MarketEvent } from '../market/event.ts';
import type { SettledRate } from '../market/funding.ts';
import type { Instrument } from '../market/instrument.ts';

export interface MarketFeed {
  readonly venue: VenueId;
  /**
   * Delivers `instruments` first, then books, funding quotes and marks of `assets` (empty: all) until `stop`. Reconnects with its
   * own backoff; a venue that is down at start keeps being tried, and `health` events say so.
   */
  start(assets: ReadonlySet<string>, sink: (event: MarketEvent) => void): void;
  /** Settled rates of one instrument since an instant, oldest first. */
  settledRates(instrument: Instrument, sinceAt: Instant): Promise<Read<readonly SettledRate[]>>;
  /** Venue instant of the newest book and funding frame delivered for an instrument, for lockstep simulation. */
  deliveredAt(key: InstrumentKey): { readonly book: Instant; readonly funding: Instant };
  stop(): Promise<void>;
}
