/**
 * The folded market: the newest book, funding quote and mark of every instrument, and seven days of settled rates.
 * Folding is order-independent across instruments; older frames never replace newer ones. Stale data can close or
 * alarm, never open: `ageMs` tells, the risk stage refuses.
 */
import type { InstrumentKey, VenueId } from '../kernel/ids.ts';
import { DAY_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { Book } from './book.ts';
import type { FeedHealth, MarketEvent } from './event.ts';
import type { FundingQuote, SettledRate } from './funding.ts';
import type { Instrument } from './instrument.ts';
import type { MarkQuote } from './mark.ts';

export interface InstrumentView {
  readonly instrument: Instrument;
  readonly book: Book | undefined;
  readonly funding: FundingQuote | undefined;
  readonly mark: MarkQuote | undefined;
  /** Oldest first, at most seven days. Never changed in place: a new array is a new history, so folds can key on identity. */
  readonly settled: readonly SettledRate[];
}

interface Stamped {
  readonly venueAt: Instant;
  readonly receivedAt: Instant;
}

interface Slot {
  instrument: Instrument;
  book: Book | undefined;
  funding: FundingQuote | undefined;
  mark: MarkQuote | undefined;
  settled: readonly SettledRate[];
}

const SETTLED_WINDOW_MS = 7 * DAY_MS;

/** Read side of the market, as stages see it. */
export interface MarketView {
  get(key: InstrumentKey): InstrumentView | undefined;
  /** Instruments of one asset over all venues, in key order. */
  ofAsset(asset: string): readonly InstrumentView[];
  assets(): readonly string[];
  health(venue: VenueId): FeedHealth | undefined;
  healths(): readonly FeedHealth[];
}

export class FoldedMarket implements MarketView {
  readonly #slots = new Map<InstrumentKey, Slot>();
  readonly #byAsset = new Map<string, Slot[]>();
  readonly #health = new Map<VenueId, FeedHealth>();

  /** Folds one event; returns the asset whose opportunities it may change, if one. */
  apply(event: MarketEvent): string | undefined {
    switch (event.kind) {
      case 'book':
        return this.#put(event.book.key, (slot) => {
          if (slot.book && older(event.book, slot.book)) return;
          slot.book = event.book;
        });
      case 'funding':
        return this.#put(event.quote.key, (slot) => {
          if (slot.funding && older(event.quote, slot.funding)) return;
          slot.funding = event.quote;
        });
      case 'mark':
        return this.#put(event.mark.key, (slot) => {
          if (slot.mark && older(event.mark, slot.mark)) return;
          slot.mark = event.mark;
        });
      case 'settled':
        for (const rate of event.rates) {
          this.#put(rate.key, (slot) => {
            slot.settled = withSettled(slot.settled, rate);
          });
        }
        return undefined;
      case 'instruments':
        for (const instrument of event.instruments) this.#define(instrument);
        return undefined;
      case 'health':
        this.#health.set(event.health.venue, event.health);
        return undefined;
    }
  }

  /** Our wall clock has jumped: every frame keeps its age, or a step back would make old ones young. */
  followJump(jumpMs: number): void {
    const moved = <T extends Stamped>(frame: T | undefined): T | undefined =>
      frame && { ...frame, receivedAt: frame.receivedAt + jumpMs };
    for (const slot of this.#slots.values()) {
      slot.book = moved(slot.book);
      slot.funding = moved(slot.funding);
      slot.mark = moved(slot.mark);
    }
  }

  get(key: InstrumentKey): InstrumentView | undefined {
    return this.#slots.get(key);
  }

  ofAsset(asset: string): readonly InstrumentView[] {
    return this.#byAsset.get(asset) ?? [];
  }

  assets(): readonly string[] {
    return [...this.#byAsset.keys()].sort();
  }

  health(venue: VenueId): FeedHealth | undefined {
    return this.#health.get(venue);
  }

  healths(): readonly FeedHealth[] {
    return [...this.#health.values()].sort((a, b) => (a.venue < b.venue ? -1 : 1));
  }

  #put(key: InstrumentKey, change: (slot: Slot) => void): string | undefined {
    const slot = this.#slots.get(key);
    // A frame for an instrument that was never listed cannot be sized or traded.
    if (!slot) return undefined;
    change(slot);
    return slot.instrument.asset;
  }

  #define(instrument: Instrument): void {
    const existing = this.#slots.get(instrument.key);
    if (existing) {
      existing.instrument = instrument;
      return;
    }
    const slot: Slot = { instrument, book: undefined, funding: undefined, mark: undefined, settled: [] };
    this.#slots.set(instrument.key, slot);
    const peers = this.#byAsset.get(instrument.asset) ?? [];
    peers.push(slot);
    peers.sort((a, b) => (a.instrument.key < b.instrument.key ? -1 : 1));
    this.#byAsset.set(instrument.asset, peers);
  }
}

/** No venue tells of the future: a stamp so far ahead of its arrival is wrong. */
const AHEAD_MS = MINUTE_MS;
const isAhead = ({ venueAt, receivedAt }: Stamped): boolean => venueAt - receivedAt > AHEAD_MS;

/**
 * Of two frames of one instrument: by the venue's stamp, then by ours. Equal stamps: the later arrival wins. A frame of the
 * future is older than any other, or one of them would outlive all that come; when all are, our own clock is wrong.
 */
function older(frame: Stamped, than: Stamped): boolean {
  if (isAhead(frame) !== isAhead(than)) return isAhead(frame);
  return frame.venueAt < than.venueAt || (frame.venueAt === than.venueAt && frame.receivedAt < than.receivedAt);
}

/** A rate of a known settlement replaces it (venues revise). Returns `known` itself when nothing changes. */
function withSettled(known: readonly SettledRate[], rate: SettledRate): readonly SettledRate[] {
  const newest = Math.max(known.at(-1)?.settledAt ?? rate.settledAt, rate.settledAt);
  const from = newest - SETTLED_WINDOW_MS;
  if (rate.settledAt < from) return known;
  let at = known.length;
  while (at > 0 && (known[at - 1]?.settledAt ?? 0) >= rate.settledAt) at--;
  const replaced = known[at]?.settledAt === rate.settledAt ? 1 : 0;
  if (replaced && known[at]?.settledRate === rate.settledRate) return known;
  const next = [...known.slice(0, at), rate, ...known.slice(at + replaced)];
  const keep = next.findIndex((entry) => entry.settledAt >= from);
  return keep > 0 ? next.slice(keep) : next;
}

/** Age of a frame by our own receive stamp; undefined when there is none. */
export const ageMs = (frame: { readonly receivedAt: Instant } | undefined, now: Instant): number | undefined =>
  frame ? now - frame.receivedAt : undefined;

/**
 * Young from its making at the venue to now, as far as the venue's clock is told to agree with ours: what has just arrived
 * may be old. An age below zero means that the clock went back: the real age is unknown.
 */
export function isFresh(
  frame: { readonly venueAt: Instant; readonly receivedAt: Instant } | undefined,
  now: Instant,
  maxAgeMs: number,
): boolean {
  if (!frame) return false;
  const age = now - frame.receivedAt;
  const onTheWay = frame.receivedAt - frame.venueAt;
  return age >= 0 && onTheWay >= -maxAgeMs && age + Math.max(0, onTheWay) <= maxAgeMs;
}
