/**
 * The generator's market as numbers: index prices, venue premiums and funding, without venues or wires.
 * Entry point: `createMarketModel`.
 *
 * Index prices follow one common factor plus an own part (geometric random walks without drift) and are the same on
 * every venue. Each (asset, venue) premium is a mean-reverting noise around the interest, plus its spikes. The noise
 * is exact for any step; every stream of randomness is named, so listing one more asset shifts no other.
 */
import { invariant } from '../../kernel/assert.ts';
import type { VenueId } from '../../kernel/ids.ts';
import { HOUR_MS, type Instant, iso, MINUTE_MS, YEAR_HOURS } from '../../kernel/instant.ts';
import type { Random } from '../../ports/random.ts';
import { standardNormal } from '../random.ts';
import { type AssetProfile, FACTOR_VOL } from './assets.ts';
import { createPremiumAverage, fundingRate, INTEREST_RATE, type PremiumAverage } from './funding-formula.ts';
import { createSpikeSchedule, type Quiet, type Spike, type SpikeSchedule, spikePremium } from './spikes.ts';

/** One listed instrument of the model. */
export interface Listing {
  readonly venue: VenueId;
  readonly profile: AssetProfile;
  readonly intervalHours: number;
}

export interface ListingState {
  readonly listing: Listing;
  /** Quote per base. */
  readonly index: number;
  /** (mark - index) / index. */
  readonly premium: number;
  /** The venue's running estimate, fraction per interval. */
  readonly predictedRate: number;
  readonly nextSettlementAt: Instant;
  /** Rate settled at exactly this instant. */
  readonly settledRate: number | undefined;
  /** Half spread of the book, fraction of mid. */
  readonly halfSpread: number;
  /** Depth relative to a calm book, 0 to 1. */
  readonly depth: number;
}

/** A spike that must happen, on one listing; the asset stays calm on its other venues meanwhile. */
export interface FixedSpike {
  readonly venue: VenueId;
  readonly asset: string;
  readonly spike: Spike;
  readonly quiet: Quiet;
}

export interface MarketModel {
  /** By venue and asset in the order given. Fresh after every `advanceTo`. */
  states(): readonly ListingState[];
  /** At most to the next full hour, so that no settlement is stepped over. */
  advanceTo(at: Instant): void;
}

export interface ModelOptions {
  readonly random: Random;
  /** A multiple of 8 hours: every interval begins there. */
  readonly beginAt: Instant;
  readonly listings: readonly Listing[];
  readonly fixedSpike?: FixedSpike;
}

/** Deviation of the calm premium, fraction, and the time in which a departure halves. */
const NOISE_DEVIATION = 0.0003;
const NOISE_HALF_LIFE_MS = 30 * MINUTE_MS;
/** Part of a flash that is spread, not executable premium. */
const FLASH_SPREAD_SHARE = 0.85;
/** A flash leaves this part of the calm depth. */
const FLASH_DEPTH = 0.15;

interface IndexPath {
  readonly profile: AssetProfile;
  readonly random: Random;
  price: number;
}

interface PremiumPath {
  readonly listing: Listing;
  readonly index: IndexPath;
  readonly noiseRandom: Random;
  readonly spikes: SpikeSchedule;
  readonly average: PremiumAverage;
  noise: number;
  spike: Spike | undefined;
  premium: number;
  settledRate: number | undefined;
}

export function createMarketModel({ random, beginAt, listings, fixedSpike }: ModelOptions): MarketModel {
  invariant(beginAt % (8 * HOUR_MS) === 0, `the model must begin at a multiple of 8 hours, not ${iso(beginAt)}`);
  const factorRandom = random.fork('factor');
  const indexes = new Map<string, IndexPath>();
  const paths = listings.map((listing): PremiumPath => {
    const { profile, venue } = listing;
    let index = indexes.get(profile.asset);
    if (!index) {
      index = { profile, random: random.fork(`index ${profile.asset}`), price: profile.initialPrice };
      indexes.set(profile.asset, index);
    }
    const own = random.fork(`premium ${venue} ${profile.asset}`);
    const spikes = createSpikeSchedule(own.fork('spikes'), beginAt, profile.premiumScale, roomFor(listing, fixedSpike));
    const average = createPremiumAverage(beginAt);
    const noiseRandom = own.fork('noise');
    const noise = NOISE_DEVIATION * standardNormal(noiseRandom);
    const premium = INTEREST_RATE + noise;
    return { listing, index, noiseRandom, spikes, average, noise, spike: undefined, premium, settledRate: undefined };
  });
  let now = beginAt;

  return {
    states: () => paths.map((path) => stateOf(path, now)),
    advanceTo(at): void {
      const nextHourAt = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
      invariant(at > now && at <= nextHourAt, `the model cannot step from ${iso(now)} to ${iso(at)}`);
      const years = (at - now) / (YEAR_HOURS * HOUR_MS);
      const shock = FACTOR_VOL * Math.sqrt(years) * standardNormal(factorRandom);
      for (const index of indexes.values()) moveIndex(index, shock, years);
      for (const path of paths) movePremium(path, now, at);
      now = at;
    },
  };
}

function roomFor({ venue, profile }: Listing, fixed?: FixedSpike): { fixed?: Spike; quiet?: Quiet } {
  if (profile.asset !== fixed?.asset) return {};
  return venue === fixed.venue ? { fixed: fixed.spike } : { quiet: fixed.quiet };
}

function moveIndex(index: IndexPath, factorShock: number, years: number): void {
  const { beta, ownVol } = index.profile;
  const variance = (beta * FACTOR_VOL) ** 2 + ownVol ** 2;
  const shock = beta * factorShock + ownVol * Math.sqrt(years) * standardNormal(index.random);
  index.price *= Math.exp(shock - (variance * years) / 2);
}

function movePremium(path: PremiumPath, fromAt: Instant, at: Instant): void {
  const { listing, average } = path;
  // Exact transition of an Ornstein-Uhlenbeck process.
  const kept = 0.5 ** ((at - fromAt) / NOISE_HALF_LIFE_MS);
  const fresh = NOISE_DEVIATION * Math.sqrt(1 - kept * kept);
  path.noise = path.noise * kept + fresh * standardNormal(path.noiseRandom);
  path.spike = path.spikes.activeAt(at);
  path.premium = INTEREST_RATE + path.noise + (path.spike ? spikePremium(path.spike, at) : 0);
  average.add(fromAt, at, path.premium);
  path.settledRate = undefined;
  if (at % (listing.intervalHours * HOUR_MS) !== 0) return;
  path.settledRate = fundingRate(average.value(path.premium), listing.intervalHours, listing.profile.rateCap);
  average.restart(at);
}

function stateOf(path: PremiumPath, now: Instant): ListingState {
  const { listing, spike, premium } = path;
  const { profile, intervalHours } = listing;
  const intervalMs = intervalHours * HOUR_MS;
  const flash = spike?.kind === 'flash' ? Math.abs(spikePremium(spike, now)) : 0;
  return {
    listing,
    index: path.index.price,
    premium,
    predictedRate: fundingRate(path.average.value(premium), intervalHours, profile.rateCap),
    nextSettlementAt: (Math.floor(now / intervalMs) + 1) * intervalMs,
    settledRate: path.settledRate,
    halfSpread: profile.halfSpread + FLASH_SPREAD_SHARE * flash,
    depth: flash > profile.halfSpread ? FLASH_DEPTH : 1,
  };
}
