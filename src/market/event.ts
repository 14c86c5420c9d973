/** What market data sources deliver. Parsed, validated, in base units. */
import type { VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Book } from './book.ts';
import type { FundingQuote, SettledRate } from './funding.ts';
import type { Instrument } from './instrument.ts';
import type { MarkQuote } from './mark.ts';

export type MarketEvent =
  | { readonly kind: 'book'; readonly book: Book }
  | { readonly kind: 'funding'; readonly quote: FundingQuote }
  | { readonly kind: 'settled'; readonly rates: readonly SettledRate[] }
  | { readonly kind: 'mark'; readonly mark: MarkQuote }
  | { readonly kind: 'instruments'; readonly venue: VenueId; readonly instruments: readonly Instrument[] }
  | { readonly kind: 'health'; readonly health: FeedHealth };

/** Whether a venue's market data can be believed. */
export interface FeedHealth {
  readonly venue: VenueId;
  readonly status: 'connecting' | 'up' | 'degraded' | 'down';
  /** Why, for people. */
  readonly reason: string;
  /** Frames dropped because they could not be parsed or were impossible. */
  readonly malformed: number;
  readonly at: Instant;
}
