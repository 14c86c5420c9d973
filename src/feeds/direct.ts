/**
 * A venue's market data straight from the venue. Entry point: `createDirectFeed`.
 *
 * ccxt's watch calls keep the connections and subscriptions alive and its book state machine applies the diffs; quotes
 * are taken from the frames as they arrive, because ccxt wakes nobody for a frame that comes while nobody awaits.
 * Whatever cannot be read or cannot be true is counted and dropped, and the venue shows as degraded until a good frame.
 */
import { setMaxListeners } from 'node:events';
import { invariant } from '../kernel/assert.ts';
import type { InstrumentKey, UnifiedSymbol, VenueId } from '../kernel/ids.ts';
import { HOUR_MS, type Instant } from '../kernel/instant.ts';
import { failure, type Read, success } from '../kernel/outcome.ts';
import type { MarketEvent } from '../market/event.ts';
import type { SettledRate } from '../market/funding.ts';
import type { Instrument } from '../market/instrument.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { MarketFeed } from '../ports/market-feed.ts';
import type { Random } from '../ports/random.ts';
import { BookRefused } from './book-parts.ts';
import { dialectOf, type FeedDialect } from './dialect.ts';
import { HealthReporter } from './health.ts';
import type { MarketClient, MarketConnection, MarketListing } from './market-connection.ts';
import { QuoteDesk } from './quote-desk.ts';
import { bookRemedies, type Remedy } from './remedy.ts';
import { keepTrying, keepWatching, type Watch } from './retry.ts';

export interface DirectFeedOptions {
  readonly connection: MarketConnection;
  /** Stamps, settlement times, age of intervals. */
  readonly clock: Clock;
  /** Real time: pauses between attempts, silence of the wire. */
  readonly ioClock: Clock;
  readonly random: Random;
  /** Real ms without any frame before the streams are connected anew; default 30 s. */
  readonly silenceMs?: number;
}

const DEFAULT_SILENCE_MS = 30_000;
/** Listings and intervals are read anew when a frame comes this long after the last reading. */
const LISTING_AGE_MS = HOUR_MS;
/** Between readings that anything but their age asks for. */
const DUE_PAUSE_MS = 10_000;
/** Without any book, or any mark, for so many times as long as without any frame: deaf. */
const DEAF_TIMES = 2;

/** Throws InvariantError for a venue whose frames are not known. */
export function createDirectFeed(options: DirectFeedOptions): MarketFeed {
  const dialect = dialectOf(options.connection.venue);
  invariant(dialect !== undefined, `no market data dialect for ${options.connection.venue}`);
  return new DirectFeed(options, dialect);
}

class DirectFeed implements MarketFeed {
  readonly venue: VenueId;
  readonly #o: DirectFeedOptions;
  readonly #dialect: FeedDialect;
  readonly #client: MarketClient;
  readonly #desk: QuoteDesk;
  readonly #health: HealthReporter;
  readonly #stop = new AbortController();
  #assets: ReadonlySet<string> = new Set();
  #sink: (event: MarketEvent) => void = () => undefined;
  #started = false;
  #lastFrameMs = 0;
  /** When any market was last heard of each; one kind can be deaf while another speaks. */
  readonly #heardMs = { book: 0, mark: 0 };
  #listedAtMs = Number.NEGATIVE_INFINITY;
  #refreshing = false;
  /** Odd settlement times, an empty book, or a reading that failed: read again before the listing's age is over. */
  #isDue = false;
  readonly #everTraded = new Set<string>();
  /** Listed now. */
  #symbols: readonly UnifiedSymbol[] = [];
  #cancelSilence: CancelTimer | undefined;
  readonly #remedies: readonly Remedy[];
  /** How often the streams were cut from here. */
  #cuts = 0;

  constructor(options: DirectFeedOptions, dialect: FeedDialect) {
    const { connection, clock } = options;
    // One per watch call that pauses.
    setMaxListeners(0, this.#stop.signal);
    this.venue = connection.venue;
    this.#o = options;
    this.#dialect = dialect;
    this.#client = connection.client as MarketClient;
    const emit = (event: MarketEvent): void => {
      if (!this.#stop.signal.aborted) this.#sink(event);
    };
    this.#health = new HealthReporter(connection.venue, clock, emit);
    const onDue = (): void => {
      this.#isDue = true;
    };
    this.#desk = new QuoteDesk({
      dialect,
      client: this.#client,
      clock,
      emit,
      health: this.#health,
      onHeard: (kind) => {
        this.#heardMs[kind] = options.ioClock.monotonicMs();
      },
      onOddSchedule: onDue,
    });
    this.#remedies = bookRemedies({
      ioClock: options.ioClock,
      health: this.#health,
      connectAnew: (reason) => this.#cut(reason),
      readListing: onDue,
    });
  }

  start(assets: ReadonlySet<string>, sink: (event: MarketEvent) => void): void {
    invariant(!this.#started, `${this.venue}: the feed was started twice`);
    this.#started = true;
    this.#assets = assets;
    this.#sink = sink;
    this.#health.set('connecting', 'loading instruments');
    void this.#run();
  }

  async settledRates(instrument: Instrument, sinceAt: Instant): Promise<Read<readonly SettledRate[]>> {
    const marketId = this.#desk.marketIdOf(instrument.key);
    if (marketId === undefined) return failure('unknown_instrument', instrument.key);
    const now = this.#o.clock.now();
    // One hour is the shortest interval of any venue; one row of slack keeps a complete page short.
    const spanMs = (this.#dialect.settledPage - 2) * HOUR_MS;
    const rates = new Map<Instant, SettledRate>();
    for (let from = sinceAt; from <= now; from += spanMs) {
      const to = Math.min(now, from + spanMs - 1);
      const rows = await this.#o.connection.read(() => this.#dialect.settled(this.#client, marketId, from, to));
      if (!rows.ok) return rows;
      if (rows.value.length >= this.#dialect.settledPage) {
        return failure('incomplete', `${instrument.key}: a full page of settled rates`);
      }
      for (const { rate, at } of rows.value) {
        rates.set(at, { key: instrument.key, settledRate: Number(rate), settledAt: at });
      }
    }
    const ordered = [...rates.values()].filter(({ settledAt }) => settledAt >= sinceAt);
    ordered.sort((a, b) => a.settledAt - b.settledAt);
    this.#desk.settled(
      instrument.key,
      ordered.map(({ settledAt }) => settledAt),
    );
    return success(ordered, now);
  }

  deliveredAt(key: InstrumentKey): { readonly book: Instant; readonly funding: Instant; readonly mark: Instant } {
    return this.#desk.deliveredAt(key);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelSilence?.();
    for (const remedy of this.#remedies) remedy.stop();
    await this.#o.connection.close();
  }

  async #run(): Promise<void> {
    const listings = await this.#load();
    if (listings === undefined) return;
    this.#desk.list(listings);
    this.#listedAtMs = this.#o.clock.monotonicMs();
    // Before anything is told: what is told is asked after, and every market's history would come first.
    this.#isDue = !(await this.#readIntervals());
    if (this.#stop.signal.aborted) return;
    this.#list(listings);
    this.#watch(listings);
    const snapshot = await this.#o.connection.read(() => this.#dialect.snapshot(this.#client));
    if (snapshot.ok) this.#desk.accept(snapshot.value);
  }

  /** Until the venue lists something; a venue that is down at start keeps being tried. */
  #load(): Promise<readonly MarketListing[] | undefined> {
    return keepTrying(this.#o, this.#stop.signal, async () => {
      const loaded = await this.#o.connection.listings();
      if (!loaded.ok) {
        this.#health.set('down', `instruments: ${loaded.code}: ${loaded.detail}`);
        return undefined;
      }
      return this.#wanted(loaded.value);
    });
  }

  #wanted(listings: readonly MarketListing[]): readonly MarketListing[] {
    if (this.#assets.size === 0) return listings;
    return listings.filter(({ instrument }) => this.#assets.has(instrument.asset));
  }

  #watch(listings: readonly MarketListing[]): void {
    const { connection } = this.#o;
    if (listings.length === 0) {
      this.#health.set('up', 'none of the assets is listed here');
      // No frame will ever come to ask for another reading.
      this.#cancelSilence = this.#o.ioClock.after(LISTING_AGE_MS, () => void this.#run());
      return;
    }
    connection.onFrame((frame) => {
      this.#lastFrameMs = this.#o.ioClock.monotonicMs();
      this.#desk.frame(frame);
      this.#heed();
      const ageMs = this.#o.clock.monotonicMs() - this.#listedAtMs;
      if (ageMs >= (this.#isDue ? DUE_PAUSE_MS : LISTING_AGE_MS)) void this.#refresh();
    });
    connection.onDrop(() => {
      this.#desk.reset();
      // What happened meanwhile is unknown: steps, status and intervals too.
      this.#listedAtMs = Number.NEGATIVE_INFINITY;
      this.#health.lost('connection lost');
      this.#heed();
    });
    // A market that is listed no more would fail the watch of all.
    const told = (value: unknown) => this.#desk.watched(value);
    const failed = (error: unknown) => {
      if (error instanceof BookRefused) return;
      this.#health.trouble(error instanceof Error ? error.constructor.name : 'unknown error');
    };
    const keep = (watch: Watch): void =>
      void keepWatching(this.#o, this.#stop.signal, watch, { told, failed, cuts: () => this.#cuts });
    for (const watch of this.#dialect.watches(this.#client, () => this.#symbols, keep)) keep(watch);
    this.#hear();
    this.#guardSilence();
  }

  /** A wire that is open and silent never errors: the streams are cut and connect anew. */
  #guardSilence(): void {
    const limitMs = this.#o.silenceMs ?? DEFAULT_SILENCE_MS;
    const check = (): void => {
      const nowMs = this.#o.ioClock.monotonicMs();
      const silentMs = nowMs - this.#lastFrameMs;
      const deaf = (['book', 'mark'] as const).find((kind) => nowMs - this.#heardMs[kind] >= DEAF_TIMES * limitMs);
      if (silentMs >= limitMs) this.#cut(`no frame for ${Math.round(silentMs)} ms`);
      else if (deaf) this.#cut(`no ${deaf} for ${Math.round(nowMs - this.#heardMs[deaf])} ms`);
      this.#cancelSilence = this.#o.ioClock.after(silentMs < limitMs ? limitMs - silentMs : limitMs, check);
    };
    this.#cancelSilence = this.#o.ioClock.after(limitMs, check);
  }

  #heed(): void {
    for (const remedy of this.#remedies) remedy.heed();
  }

  #cut(reason: string): void {
    this.#cuts += 1;
    this.#health.lost(reason);
    this.#heed();
    this.#hear();
    // Without a closing handshake: what still came over the old connection would mix with the new one's.
    this.#o.connection.cutStreams();
  }

  #hear(): void {
    const nowMs = this.#o.ioClock.monotonicMs();
    this.#lastFrameMs = nowMs;
    this.#heardMs.book = nowMs;
    this.#heardMs.mark = nowMs;
  }

  /** Listings and intervals as they are now: steps, sizes, status and schedules change while a bot runs. */
  async #refresh(): Promise<void> {
    if (this.#refreshing || this.#stop.signal.aborted) return;
    this.#refreshing = true;
    // Stamped first: a failed reading is tried again after a pause, not at the next frame.
    this.#listedAtMs = this.#o.clock.monotonicMs();
    this.#isDue = false;
    const fresh = await this.#o.connection.listings();
    if (fresh.ok) this.#list(this.#wanted(fresh.value));
    else this.#health.trouble(`instruments: ${fresh.code}`);
    const isRead = await this.#readIntervals();
    this.#isDue ||= !fresh.ok || !isRead;
    this.#refreshing = false;
  }

  async #readIntervals(): Promise<boolean> {
    const hours = await this.#o.connection.read(() => this.#dialect.intervals(this.#client, this.#desk.listings()));
    if (hours.ok) this.#desk.intervals(hours.value);
    else this.#health.trouble(`funding intervals: ${hours.code}`);
    return hours.ok;
  }

  /** Tells the instruments, changed or not: an account may have told something else since. What is listed no more does not trade. */
  #list(listings: readonly MarketListing[]): void {
    const listed = new Set(listings.map(({ marketId }) => marketId));
    const gone = this.#desk
      .listings()
      .filter(({ marketId }) => !listed.has(marketId))
      .map((listing) => ({ ...listing, instrument: { ...listing.instrument, trading: false } }));
    const all = [...listings, ...gone];
    this.#desk.list(all);
    for (const { marketId, instrument } of listings)
      if (instrument.trading || this.#assets.size > 0) this.#everTraded.add(marketId);
    // One that has never traded may have no book to tell, and its refusal would fail the watch of all.
    this.#symbols = listings.filter(({ marketId }) => this.#everTraded.has(marketId)).map(({ symbol }) => symbol);
    const instruments = all.map(({ instrument }) => instrument);
    if (!this.#stop.signal.aborted) this.#sink({ kind: 'instruments', venue: this.venue, instruments });
  }
}
