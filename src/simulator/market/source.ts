/**
 * A market source drives simulated venues: at known instants it sets books, marks and funding of `Exchange` models,
 * whose dialects push the frames synchronously. Entry points: `MarketSource`, `createPublisher`.
 */
import { invariant } from '../../kernel/assert.ts';
import type { Px } from '../../kernel/decimal.ts';
import { type InstrumentKey, instrumentKey, type UnifiedSymbol, type VenueId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { BookLevel, Exchange, FundingState } from '../exchange/api.ts';

/** Venue instants of the newest publication per kind; what a feed's `deliveredAt` must reach. */
export interface PublishedAt {
  readonly book: Instant;
  readonly mark: Instant;
  readonly funding: Instant;
}

export interface MarketSource {
  /** Instant of the next step; undefined when the source has ended. Strictly rises with every step. */
  nextAt(): Instant | undefined;
  /** Publishes what happens at `at`, which must be `nextAt()` and the exchanges' current instant. */
  step(at: Instant): void;
  /** Newest publication per instrument. The initial state counts: it is published when the source is made. */
  published(): ReadonlyMap<InstrumentKey, PublishedAt>;
}

/** What a source may do to a venue. */
export type VenueWorld = Pick<
  Exchange,
  'setBook' | 'setMark' | 'setFunding' | 'settleFunding' | 'recordSettled' | 'stressMark'
>;

/** One instrument's state at one instant. */
export interface Publication {
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly mark: Px;
  readonly index: Px;
  readonly funding: Omit<FundingState, 'at'>;
  /** Rate settled at this very instant, plain text; paid at `mark`. */
  readonly settledRate?: string;
}

export interface Publisher {
  publish(venue: VenueId, symbol: UnifiedSymbol, publication: Publication): void;
  readonly published: ReadonlyMap<InstrumentKey, PublishedAt>;
}

/** Publishes to the venues in a fixed order (mark, settlement, book, funding) and keeps the instants. */
export function createPublisher(clock: Clock, exchanges: ReadonlyMap<VenueId, VenueWorld>): Publisher {
  const published = new Map<InstrumentKey, PublishedAt>();
  return {
    published,
    publish(venue, symbol, publication): void {
      const exchange = exchangeOf(exchanges, venue);
      // The mark goes first: a settlement pays on the notional at the mark of its own instant.
      exchange.setMark(symbol, publication.mark, publication.index);
      if (publication.settledRate !== undefined) exchange.settleFunding(symbol, publication.settledRate);
      exchange.setBook(symbol, publication.bids, publication.asks);
      exchange.setFunding(symbol, publication.funding);
      const at = clock.now();
      published.set(instrumentKey(venue, symbol), { book: at, mark: at, funding: at });
    },
  };
}

/** The venue's model; a source that names a venue without one is a composition bug. */
export function exchangeOf(exchanges: ReadonlyMap<VenueId, VenueWorld>, venue: VenueId): VenueWorld {
  const exchange = exchanges.get(venue);
  invariant(exchange, `no exchange model for venue ${venue}`);
  return exchange;
}
