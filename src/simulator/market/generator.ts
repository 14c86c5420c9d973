/**
 * Seeded generator of a whole simulated market: about a dozen assets on several venues, with correlated prices,
 * funding made from premiums, and spikes that open and close opportunities, some of which do not pay.
 * Entry point: `createGenerator`.
 *
 * The premium process is stationary and symmetric around the interest, so on average a venue's running estimate is
 * what it later settles: there is no free lunch in the estimator, only in judging which spikes last.
 */
import { invariant } from '../../kernel/assert.ts';
import type { UnifiedSymbol, VenueId } from '../../kernel/ids.ts';
import { DAY_MS, HOUR_MS, type Instant, iso, MINUTE_MS } from '../../kernel/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { assetProfiles } from './assets.ts';
import { createGrid, finePx, type Grid, type SideShape, synthesizeSide } from './grid.ts';
import { createMarketModel, type FixedSpike, type Listing, type ListingState, type MarketModel } from './model.ts';
import { createPublisher, exchangeOf, type MarketSource, type Publisher, type VenueWorld } from './source.ts';
import { type Spike, spikeEndAt } from './spikes.ts';
import { exchangeInstruments, perpetualOf, venueProfiles } from './venue-profiles.ts';

export interface GeneratorOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Venues of `venueProfiles`, each listing `exchangeInstruments(venue, assets)`. */
  readonly exchanges: ReadonlyMap<VenueId, VenueWorld>;
  /** Simulated ms between publications, at most an hour; full hours are always among them. */
  readonly stepMs: number;
  /** Default: all of `assetProfiles`. */
  readonly assets?: readonly string[];
  /** Last instant; without it the market never ends. */
  readonly endAt?: Instant;
  /**
   * One spike that is under way at the start on an hourly instrument, pays for a hedge over a day if it lasts, and
   * decays 4 to 10 hours later: something to see in the first minutes. Default true.
   */
  readonly openingSpike?: boolean;
  /** Goes on with a path that an earlier generator began; default: a new one that begins at `clock.now()`. */
  readonly resume?: ResumePoint;
}

/** Where a path of the same seed, venues, assets, step and opening spike stands. */
export interface ResumePoint {
  /** `clock.now()` when its first generator was made. */
  readonly startAt: Instant;
  /** The last step that was published; `startAt` when there was none. The clock must not be past the next one. */
  readonly steppedAt: Instant;
}

/** Settled rates that venues can show at the start. */
const HISTORY_MS = 8 * DAY_MS;
const HISTORY_STEP_MS = 5 * MINUTE_MS;
const BOOK_LEVELS = 20;
/** Distance between levels, in calm half spreads of the asset. */
const LEVEL_STEP_HALF_SPREADS = 0.8;
/** Each level is this much deeper than the one before. */
const LEVEL_GROWTH = 0.12;
const RATE_DIGITS = 8;

/**
 * Records the history and publishes the state at `clock.now()` at once; `nextAt` is the step after it. When it resumes,
 * the settlements so far are history too, the state is that of `steppedAt`, and what follows is what would have
 * followed. Throws InvariantError when the path has no step at `steppedAt`.
 */
export function createGenerator(options: GeneratorOptions): MarketSource {
  invariant(
    Number.isInteger(options.stepMs) && options.stepMs >= 1 && options.stepMs <= HOUR_MS,
    `generator step ${options.stepMs} ms`,
  );
  return new Generator(options);
}

/** The spike of `GeneratorOptions.openingSpike` and the calm it needs on the asset's other venues. */
export function openingSpike(random: Random, listings: readonly Listing[], startAt: Instant): FixedSpike | undefined {
  const hourly = listings.filter(
    ({ intervalHours, profile }) =>
      intervalHours === 1 && listings.some((other) => other.profile === profile && other.intervalHours !== 1),
  );
  const chosen = hourly[Math.floor(random.next() * hourly.length)];
  if (!chosen) return undefined;
  // Thirty hours old at the start, so that a bot that looks back a day sees a settled spread.
  const beganAt = startAt - 30 * HOUR_MS;
  const holdUntil = Math.round(startAt + (4 + 3 * random.next()) * HOUR_MS);
  const spike: Spike = {
    kind: 'plateau',
    startAt: beganAt,
    // 0.55 % of premium pays 0.0625 % an hour; costs of both legs in and out are about a quarter of a percent.
    level: (random.next() < 0.5 ? -1 : 1) * 0.0055,
    topAt: beganAt + 20 * MINUTE_MS,
    holdUntil,
    turnUntil: holdUntil,
    halfLifeMs: 40 * MINUTE_MS,
  };
  const quiet = { fromAt: beganAt - 8 * HOUR_MS, untilAt: spikeEndAt(spike) };
  return { venue: chosen.venue, asset: chosen.profile.asset, spike, quiet };
}

/** Every asset on every venue, by venue. */
export function listingsOf(venues: Iterable<VenueId>, assets?: readonly string[]): readonly Listing[] {
  return [...venues].flatMap((venue) => {
    const instruments = venueProfiles.get(venue)?.instruments;
    invariant(instruments, `no profile of venue ${venue}`);
    return assetProfiles
      .filter(({ asset }) => assets === undefined || assets.includes(asset))
      .map((profile) => {
        const intervalHours = instruments.get(profile.asset)?.intervalHours;
        invariant(intervalHours, `${venue} has no profile of ${profile.asset}`);
        return { venue, profile, intervalHours };
      });
  });
}

interface Shelf {
  readonly symbol: UnifiedSymbol;
  readonly grid: Grid;
  readonly depthScale: number;
  readonly sizesRandom: Random;
}

class Generator implements MarketSource {
  readonly #clock: Clock;
  readonly #model: MarketModel;
  readonly #publisher: Publisher;
  readonly #shelves: readonly Shelf[];
  readonly #stepMs: number;
  readonly #endAt: Instant;
  readonly #startAt: Instant;
  #nextAt: Instant;

  constructor(options: GeneratorOptions) {
    const { clock, random, exchanges, stepMs, assets, endAt, openingSpike: isOpening = true } = options;
    const { startAt, steppedAt } = options.resume ?? { startAt: clock.now(), steppedAt: clock.now() };
    const listings = listingsOf(exchanges.keys(), assets);
    const fixedSpike = isOpening ? openingSpike(random.fork('opening spike'), listings, startAt) : undefined;
    const beginAt = Math.floor((startAt - HISTORY_MS) / (8 * HOUR_MS)) * 8 * HOUR_MS;
    this.#clock = clock;
    this.#startAt = startAt;
    this.#stepMs = stepMs;
    this.#endAt = endAt ?? Number.POSITIVE_INFINITY;
    this.#publisher = createPublisher(clock, exchanges);
    this.#shelves = listings.map((listing) => shelfOf(listing, random));
    this.#model = createMarketModel({
      random: random.fork('market'),
      beginAt,
      listings,
      ...(fixedSpike ? { fixedSpike } : {}),
    });
    this.#recordHistory(exchanges, beginAt);
    this.#retrace(exchanges, steppedAt);
    this.#nextAt = this.#after(steppedAt);
    const now = clock.now();
    invariant(now >= steppedAt && now <= this.#nextAt, `cannot resume ${iso(steppedAt)} at ${iso(now)}`);
    this.#publish(steppedAt, false);
  }

  nextAt(): Instant | undefined {
    return this.#nextAt <= this.#endAt ? this.#nextAt : undefined;
  }

  published(): ReturnType<MarketSource['published']> {
    return this.#publisher.published;
  }

  step(at: Instant): void {
    invariant(at === this.nextAt() && this.#clock.now() === at, `no generator step at ${iso(at)}`);
    this.#model.advanceTo(at);
    this.#publish(at, true);
    this.#nextAt = this.#after(at);
  }

  /** The next point of the step grid, or the full hour before it: every settlement happens on its hour. */
  #after(at: Instant): Instant {
    const onGrid = this.#startAt + (Math.floor((at - this.#startAt) / this.#stepMs) + 1) * this.#stepMs;
    return Math.min(onGrid, (Math.floor(at / HOUR_MS) + 1) * HOUR_MS);
  }

  #recordHistory(exchanges: ReadonlyMap<VenueId, VenueWorld>, beginAt: Instant): void {
    for (let at = beginAt; at < this.#startAt; ) {
      at = Math.min(at + HISTORY_STEP_MS, this.#startAt);
      this.#model.advanceTo(at);
      this.#recordSettlements(exchanges, at);
    }
  }

  /** The steps that were published before, again and silently: the model's path depends on where it steps. */
  #retrace(exchanges: ReadonlyMap<VenueId, VenueWorld>, steppedAt: Instant): void {
    let at = this.#startAt;
    while (at < steppedAt) {
      at = this.#after(at);
      this.#model.advanceTo(at);
      this.#recordSettlements(exchanges, at);
    }
    invariant(at === steppedAt, `the path has no step at ${iso(steppedAt)}`);
  }

  #recordSettlements(exchanges: ReadonlyMap<VenueId, VenueWorld>, at: Instant): void {
    // Only hours settle; making the states of other steps would be wasted.
    if (at % HOUR_MS !== 0) return;
    for (const [i, state] of this.#model.states().entries()) {
      const shelf = this.#shelves[i];
      if (!shelf || state.settledRate === undefined) continue;
      exchangeOf(exchanges, state.listing.venue).recordSettled({
        symbol: shelf.symbol,
        rate: rateText(state.settledRate),
        mark: finePx(markOf(state), shelf.grid),
        at,
      });
    }
  }

  /** @param steppedAt instant of the model's state */
  #publish(steppedAt: Instant, isSettling: boolean): void {
    for (const [i, state] of this.#model.states().entries()) {
      const shelf = this.#shelves[i];
      if (!shelf) continue;
      const { listing, predictedRate, nextSettlementAt, settledRate } = state;
      this.#publisher.publish(listing.venue, shelf.symbol, {
        mark: finePx(markOf(state), shelf.grid),
        index: finePx(state.index, shelf.grid),
        ...bookOf(state, shelf, steppedAt),
        funding: { predictedRate: rateText(predictedRate), intervalHours: listing.intervalHours, nextSettlementAt },
        // At the start the settlement is history: nobody held anything, or it was paid before the restart.
        ...(isSettling && settledRate !== undefined ? { settledRate: rateText(settledRate) } : {}),
      });
    }
  }
}

function shelfOf({ venue, profile }: Listing, random: Random): Shelf {
  const instrument = exchangeInstruments(venue, [profile.asset])[0];
  const depthScale = venueProfiles.get(venue)?.depthScale;
  invariant(instrument && depthScale, `no profile of ${profile.asset} on ${venue}`);
  return {
    symbol: perpetualOf(profile.asset),
    grid: createGrid(instrument),
    depthScale,
    sizesRandom: random.fork(`book ${venue} ${profile.asset}`),
  };
}

const markOf = ({ index, premium }: ListingState): number => index * (1 + premium);

function bookOf(
  state: ListingState,
  { grid, depthScale, sizesRandom }: Shelf,
  at: Instant,
): ReturnType<typeof bothSides> {
  const { profile } = state.listing;
  const mid = markOf(state);
  // A stream of its own per instant: a path that is resumed need not draw the books in between.
  const sizeRandom = sizesRandom.fork(String(at));
  const levelBase = (profile.levelUsd * depthScale * state.depth) / mid;
  const shape: SideShape = {
    mid,
    halfSpread: state.halfSpread,
    levelStep: profile.halfSpread * LEVEL_STEP_HALF_SPREADS,
    levels: BOOK_LEVELS,
    sizeAt: (level) => levelBase * (1 + LEVEL_GROWTH * level) * (0.5 + sizeRandom.next()),
  };
  return bothSides(shape, grid);
}

const bothSides = (shape: SideShape, grid: Grid) => ({
  bids: synthesizeSide('bids', shape, grid),
  asks: synthesizeSide('asks', shape, grid),
});

function rateText(rate: number): string {
  const rounded = rate.toFixed(RATE_DIGITS);
  // A venue never writes minus zero.
  return Number(rounded) === 0 ? (0).toFixed(RATE_DIGITS) : rounded;
}
