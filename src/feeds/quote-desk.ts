/** Turns raw quotes of one venue into market events, or drops and counts them. Used by `direct.ts`. */
import * as z from 'zod';
import { toNumber } from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import { HOUR_MS, type Instant } from '../kernel/instant.ts';
import { type Book, bookDefect } from '../market/book.ts';
import type { MarketEvent } from '../market/event.ts';
import type { Clock } from '../ports/clock.ts';
import { type FeedDialect, type FrameReader, type RawQuote, readBook } from './dialect.ts';
import type { BookSign, HealthReporter } from './health.ts';
import type { MarketClient, MarketListing } from './market-connection.ts';

/** Levels per side that leave the feed. */
const DEPTH = 20;
/** Keep-alive texts; any other text is a frame that was not JSON. */
const KEEP_ALIVE = new Set(['ping', 'pong']);

type FundingRaw = Extract<RawQuote, { kind: 'funding' }>;

interface Row {
  listing: MarketListing;
  unitSize: number;
  readonly seen: { book: Instant; funding: Instant; mark: Instant };
  intervalHours: number | undefined;
  /** Some answer of the venue about intervals had it; the newest one. */
  wasTold: boolean;
  isTold: boolean;
  /** Its newest settlement, and the time since the one before; undefined before they are known. */
  settledAt: Instant | undefined;
  gapHours: number | undefined;
  /** The newest funding frame, to be told again when the interval changes. */
  funding: FundingRaw | undefined;
  /** The settlement that comes next, as last told. */
  settlesAt?: Instant;
}

export interface QuoteDeskOptions {
  readonly dialect: FeedDialect;
  readonly client: MarketClient;
  readonly clock: Clock;
  readonly emit: (event: MarketEvent) => void;
  readonly health: HealthReporter;
  /** A frame of this kind could be read, whether what it tells can be used or not. */
  readonly onHeard: (kind: 'book' | 'mark') => void;
  /** The times of a market's settlements do not fit its interval: the venue has changed it. */
  readonly onOddSchedule: () => void;
}

const NOTHING_KNOWN = {
  intervalHours: undefined,
  wasTold: false,
  isTold: false,
  settledAt: undefined,
  gapHours: undefined,
  funding: undefined,
};
/** What can be wrong with an instrument, each by itself. */
const KINDS = ['book', 'mark', 'funding'] as const;
/** At a settlement a venue may repeat the old quote for a moment: not usable, yet nothing is wrong. */
const SETTLING_MS = 60_000;

export class QuoteDesk {
  readonly #o: QuoteDeskOptions;
  readonly #byMarketId = new Map<string, Row>();
  readonly #bySymbol = new Map<string, Row>();
  readonly #byKey = new Map<InstrumentKey, Row>();
  #reader: FrameReader;

  constructor(options: QuoteDeskOptions) {
    this.#o = options;
    this.#reader = options.dialect.reader();
  }

  /** Adds or refreshes listings; what was seen of an instrument stays. */
  list(listings: readonly MarketListing[]): void {
    for (const listing of listings) {
      const { key, trading } = listing.instrument;
      if (!trading) for (const kind of KINDS) this.#o.health.excuse(`${kind} ${key}`);
      const known = this.#byMarketId.get(listing.marketId);
      if (known !== undefined) {
        known.listing = listing;
        known.unitSize = toNumber(listing.unitSize);
        continue;
      }
      const seen = { book: 0, funding: 0, mark: 0 };
      const unitSize = toNumber(listing.unitSize);
      const row: Row = { listing, unitSize, seen, ...NOTHING_KNOWN };
      this.#byMarketId.set(listing.marketId, row);
      this.#bySymbol.set(listing.symbol, row);
      this.#byKey.set(listing.instrument.key, row);
    }
  }

  listings(): readonly MarketListing[] {
    return [...this.#byMarketId.values()].map(({ listing }) => listing);
  }

  marketIdOf(key: InstrumentKey): string | undefined {
    return this.#byKey.get(key)?.listing.marketId;
  }

  /** Venue instants of the newest frames that arrived, accepted or not; 0 before the first. */
  deliveredAt(key: InstrumentKey): { readonly book: Instant; readonly funding: Instant; readonly mark: Instant } {
    return this.#byKey.get(key)?.seen ?? { book: 0, funding: 0, mark: 0 };
  }

  /** The venue's intervals; a quote whose interval changed is told again. */
  intervals(hours: ReadonlyMap<string, number>): void {
    for (const [marketId, row] of this.#byMarketId) {
      const told = hours.get(marketId);
      if (told === undefined && this.#o.dialect.untoldHours === undefined) continue;
      row.isTold = told !== undefined;
      row.wasTold ||= row.isTold;
      const intervalHours = told ?? this.#untold(row);
      if (row.intervalHours === intervalHours) continue;
      row.intervalHours = intervalHours;
      if (row.funding !== undefined) this.#funding(row, row.funding);
    }
  }

  /** Settlements of one market, oldest first and without gaps: they say how often it settles. */
  settled(key: InstrumentKey, at: readonly Instant[]): void {
    const row = this.#byKey.get(key);
    if (row === undefined) return;
    for (const each of at) {
      if (row.settledAt !== undefined && each > row.settledAt) row.gapHours = hoursBetween(row.settledAt, each);
      row.settledAt = Math.max(row.settledAt ?? each, each);
    }
    if (!row.isTold && row.intervalHours !== undefined) row.intervalHours = this.#untold(row);
  }

  /**
   * What the venue documents of a market that its answer lacks, unless that answer was a short one: it has told of the
   * market before and nothing shows that this has changed, or the market settles more often. Then nothing is known, and it
   * is asked again.
   */
  #untold({ gapHours, wasTold }: Row): number | undefined {
    const { untoldHours } = this.#o.dialect;
    if (untoldHours === undefined) return undefined;
    if (gapHours === undefined ? !wasTold : gapHours >= untoldHours) return untoldHours;
    this.#o.onOddSchedule();
    return undefined;
  }

  /** Deltas of a lost connection must not be applied to the next one's. */
  reset(): void {
    this.#reader = this.#o.dialect.reader();
  }

  frame(frame: unknown): void {
    if (typeof frame === 'string') {
      if (!KEEP_ALIVE.has(frame)) this.#o.health.unreadable('a frame was not JSON');
      return;
    }
    const quotes = this.#guarded(() => this.#reader.parse(frame));
    if (quotes !== undefined) this.accept(quotes);
  }

  /** What a watch call resolved with: a book whose snapshot came by REST has had no frame. */
  watched(result: unknown): void {
    const symbol = typeof result === 'object' && result !== null && 'symbol' in result ? result.symbol : undefined;
    const row = typeof symbol === 'string' ? this.#bySymbol.get(symbol) : undefined;
    if (row !== undefined && row.seen.book === 0) this.#book(row);
  }

  accept(quotes: readonly RawQuote[]): void {
    for (const quote of quotes) {
      const row = this.#byMarketId.get(quote.marketId);
      if (row === undefined) continue;
      if (quote.kind === 'book') this.#book(row, quote.isMissing);
      else if (quote.kind === 'mark') this.#mark(row, quote);
      else this.#funding(row, quote);
    }
  }

  #book(row: Row, isMissing = false): void {
    const raw = this.#guarded(() => readBook(this.#o.client.orderbooks[row.listing.symbol], DEPTH));
    if (raw === undefined) {
      if (this.#o.dialect.booksBegin === 'by_frame') this.#malformed(row, 'book', 'a change of no book', 'missed');
      return;
    }
    this.#o.onHeard('book');
    row.seen.book = Math.max(row.seen.book, raw.at);
    if (isMissing) {
      this.#malformed(row, 'book', 'a change of its book was missed', 'missed');
      return;
    }
    const level = ([price, size]: readonly [number, number]) => ({ price, size: size * row.unitSize });
    const book: Book = {
      key: row.listing.instrument.key,
      bids: raw.bids.map(level),
      asks: raw.asks.map(level),
      venueAt: raw.at,
      receivedAt: this.#o.clock.now(),
    };
    const defect = bookDefect(book);
    if (defect !== undefined) {
      // A venue may have a side on which nobody rests, and never one that crosses the other.
      this.#malformed(row, 'book', `${defect} book`, defect === 'empty' ? 'empty' : 'missed');
      return;
    }
    this.#o.health.good(`book ${book.key}`);
    this.#o.emit({ kind: 'book', book });
  }

  #mark(row: Row, quote: Extract<RawQuote, { kind: 'mark' }>): void {
    row.seen.mark = Math.max(row.seen.mark, quote.at);
    this.#o.onHeard('mark');
    const { key } = row.listing.instrument;
    const mark = Number(quote.mark);
    const index = Number(quote.index);
    if (!(mark > 0)) {
      this.#malformed(row, 'mark', quote.mark === undefined ? 'no mark price' : `mark ${quote.mark}`);
      return;
    }
    this.#o.health.good(`mark ${key}`);
    this.#o.emit({
      kind: 'mark',
      mark: { key, mark, ...(index > 0 ? { index } : {}), venueAt: quote.at, receivedAt: this.#o.clock.now() },
    });
  }

  #funding(row: Row, quote: FundingRaw): void {
    row.seen.funding = Math.max(row.seen.funding, quote.at);
    row.funding = quote;
    const { key } = row.listing.instrument;
    const { rate, nextSettlementAt } = quote;
    // An interval that does not fit is not quoted by: what is longer than the true one makes every rate smaller.
    const now = this.#o.clock.now();
    const odd = isOdd(row.settlesAt, nextSettlementAt, quote.intervalHours ?? row.intervalHours);
    const comes = nextSettlementAt !== undefined && nextSettlementAt > now;
    if ((odd && comes) || quote.intervalHours !== undefined) row.intervalHours = quote.intervalHours;
    if (comes) this.#schedule(row, nextSettlementAt);
    if (odd) this.#o.onOddSchedule();
    const { intervalHours } = row;
    const predictedRate = Number(rate);
    // Number('') is 0: a rate that the venue did not write is missing, never zero.
    if (rate === undefined || !Number.isFinite(predictedRate)) {
      this.#malformed(row, 'funding', 'no funding rate');
    } else if (intervalHours === undefined || !(intervalHours > 0)) {
      this.#malformed(row, 'funding', 'unknown funding interval');
    } else if (nextSettlementAt === undefined || nextSettlementAt <= now - SETTLING_MS) {
      this.#malformed(row, 'funding', 'the settlement of this rate has passed');
    } else if (nextSettlementAt > now) {
      this.#o.health.good(`funding ${key}`);
      const venueAt = quote.at;
      this.#o.emit({
        kind: 'funding',
        quote: { key, predictedRate, intervalHours, nextSettlementAt, venueAt, receivedAt: now },
      });
    }
  }

  /** A longer step may have passed over settlements that nobody heard of. */
  #schedule(row: Row, nextSettlementAt: Instant): void {
    const step = hoursBetween(row.settlesAt ?? nextSettlementAt, nextSettlementAt);
    if (step > 0 && step < (this.#o.dialect.untoldHours ?? 0)) row.gapHours = step;
    row.settlesAt = nextSettlementAt;
  }

  /** A market that does not trade has no rate, and no book or what is left of one: nothing is wrong with the feed. */
  #malformed({ listing: { instrument } }: Row, kind: (typeof KINDS)[number], what: string, sign?: BookSign): void {
    if (instrument.trading) this.#o.health.malformed(`${instrument.key}: ${what}`, `${kind} ${instrument.key}`, sign);
  }

  #guarded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      this.#o.health.unreadable(`unreadable frame: ${error.issues[0]?.message ?? ''}`);
      return undefined;
    }
  }
}

const hoursBetween = (before: Instant, after: Instant): number => Math.round((after - before) / HOUR_MS);

/** Whether the next settlement is neither the known one nor whole intervals after it. */
function isOdd(known: Instant | undefined, next: Instant | undefined, intervalHours: number | undefined): boolean {
  if (known === undefined || next === undefined || intervalHours === undefined || next === known) return false;
  return (next - known) % (intervalHours * HOUR_MS) !== 0;
}
