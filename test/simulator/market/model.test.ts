/** Statistics of the generated market over many seeds: it must be plausible, and it must be honest. */
import { beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, YEAR_HOURS } from '../../../src/kernel/instant.ts';
import { assetProfiles, FACTOR_VOL } from '../../../src/simulator/market/assets.ts';
import { listingsOf } from '../../../src/simulator/market/generator.ts';
import { createMarketModel, type ListingState } from '../../../src/simulator/market/model.ts';
import { venueProfiles } from '../../../src/simulator/market/venue-profiles.ts';
import { createSeededRandom } from '../../../src/simulator/random.ts';

const BEGIN = Date.UTC(2024, 0, 1);
const STEP_MS = 5 * MINUTE_MS;
const LISTINGS = listingsOf(venueProfiles.keys());

/** Walks one seed and shows every state. */
function walk(seed: string, days: number, see: (states: readonly ListingState[], at: number) => void): void {
  const model = createMarketModel({ random: createSeededRandom(seed), beginAt: BEGIN, listings: LISTINGS });
  for (let at = BEGIN + STEP_MS; at <= BEGIN + days * DAY_MS; at += STEP_MS) {
    model.advanceTo(at);
    see(model.states(), at);
  }
}

const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;
const deviation = (values: readonly number[]): number => {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
};

describe('index prices', () => {
  it('are the same on every venue, correlated across assets, and about as volatile as their profile', () => {
    const assets = assetProfiles.map(({ asset }) => asset);
    const last = new Map<string, number>();
    const returns = new Map<string, number[]>(assets.map((asset) => [asset, []]));
    walk('index', 20, (states, at) => {
      const perAsset = new Map<string, number>();
      for (const { listing, index } of states) {
        const { asset } = listing.profile;
        if (perAsset.has(asset) && perAsset.get(asset) !== index) throw new Error(`${asset} has two indexes`);
        perAsset.set(asset, index);
      }
      if (at % HOUR_MS !== 0) return;
      for (const [asset, index] of perAsset) {
        const before = last.get(asset);
        if (before !== undefined) returns.get(asset)?.push(Math.log(index / before));
        last.set(asset, index);
      }
    });
    for (const { asset, beta, ownVol } of assetProfiles) {
      const annual = deviation(returns.get(asset) ?? []) * Math.sqrt(YEAR_HOURS);
      const profile = Math.hypot(beta * FACTOR_VOL, ownVol);
      // 479 hourly returns: the standard error of a deviation is about 3.2 %.
      expect(Math.abs(annual / profile - 1), asset).toBeLessThan(0.16);
    }
    const btc = returns.get('BTC') ?? [];
    const eth = returns.get('ETH') ?? [];
    const covariance = mean(btc.map((value, i) => (value - mean(btc)) * ((eth[i] ?? 0) - mean(eth))));
    // beta 1 x 1.15 x 0.25 over the product of the deviations 0.51 and 0.63 is 0.9.
    expect(covariance / deviation(btc) / deviation(eth)).toBeGreaterThan(0.8);
  });
});

describe('funding', () => {
  it('settles on the interval of each listing and nowhere else; the next settlement is always ahead', () => {
    const counts = new Map<string, number>();
    walk('schedule', 2, (states, at) => {
      for (const { listing, settledRate, nextSettlementAt } of states) {
        const intervalMs = listing.intervalHours * HOUR_MS;
        const isSettling = at % intervalMs === 0;
        const isAhead = nextSettlementAt > at && nextSettlementAt - at <= intervalMs;
        const isSound = (settledRate !== undefined) === isSettling && isAhead && nextSettlementAt % intervalMs === 0;
        if (!isSound) throw new Error(`${listing.venue} ${listing.profile.asset} at ${at}`);
        const key = `${listing.venue} ${listing.profile.asset}`;
        if (settledRate !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    });
    for (const { venue, profile, intervalHours } of LISTINGS) {
      expect(counts.get(`${venue} ${profile.asset}`)).toBe(48 / intervalHours);
    }
  });

  it('listings of one asset differ in their intervals, and 1, 4 and 8 hours all occur', () => {
    expect(new Set(LISTINGS.map(({ intervalHours }) => intervalHours))).toEqual(new Set([1, 4, 8]));
    const mixed = assetProfiles.filter(
      ({ asset }) =>
        new Set(LISTINGS.filter(({ profile }) => profile.asset === asset).map((each) => each.intervalHours)).size > 1,
    );
    expect(mixed.length).toBeGreaterThanOrEqual(8);
  });

  it('free-lunch: what is settled is on average what was predicted, at every hour before', () => {
    const seedMeans: number[] = [];
    let deviationOfErrors = 0;
    for (let seed = 0; seed < 12; seed++) {
      const waiting = new Map<number, number[]>();
      const errors: number[] = [];
      walk(`estimator ${seed}`, 10, (states, at) => {
        for (const [i, { listing, settledRate, predictedRate }] of states.entries()) {
          if (settledRate !== undefined) {
            for (const predicted of waiting.get(i) ?? []) {
              errors.push(((settledRate - predicted) * 8) / listing.intervalHours);
            }
            waiting.set(i, []);
          }
          if (at % HOUR_MS === 0) waiting.get(i)?.push(predictedRate);
        }
      });
      seedMeans.push(mean(errors));
      deviationOfErrors = deviation(errors);
    }
    // The estimate does move: it is not simply the settled rate shown early.
    expect(deviationOfErrors).toBeGreaterThan(0.00005);
    // Seeds are independent; hours of one interval are not. Four standard errors, and in absolute terms far below
    // what a hedge costs (0.002).
    expect(Math.abs(mean(seedMeans))).toBeLessThan((4 * deviation(seedMeans)) / Math.sqrt(seedMeans.length - 1));
    expect(Math.abs(mean(seedMeans))).toBeLessThan(0.00001);
  });
});

interface Trade {
  readonly short: number;
  readonly long: number;
  cash: number;
}

/** Hourly predicted rate. */
const hourly = (state: ListingState | undefined): number =>
  state ? state.predictedRate / state.listing.intervalHours : 0;

/** Fee and half spread of taking liquidity once, fraction. */
const takingCost = (state: ListingState | undefined): number =>
  state ? Number(venueProfiles.get(state.listing.venue)?.takerFeeRate) + state.halfSpread : 0;

/**
 * Enters whenever a day at the predicted rates would pay for two round trips, leaves when the rates meet. Per unit of
 * notional; both legs share the index, so only premiums, funding and costs remain.
 */
function naiveTrades(seed: string, days: number): readonly number[] {
  const open = new Map<string, Trade>();
  const closed: number[] = [];
  walk(seed, days, (states) => {
    for (const { asset } of assetProfiles) {
      const own = states.flatMap((state, i) => (state.listing.profile.asset === asset ? [i] : []));
      const trade = open.get(asset);
      if (!trade) {
        own.sort((a, b) => hourly(states[b]) - hourly(states[a]));
        const [short = 0, long = 0] = [own[0], own.at(-1)];
        const cost = takingCost(states[short]) + takingCost(states[long]);
        if ((hourly(states[short]) - hourly(states[long])) * 24 <= 2 * cost) continue;
        open.set(asset, { short, long, cash: premiumGap(states, short, long) - cost });
        continue;
      }
      const { short, long } = trade;
      trade.cash += (states[short]?.settledRate ?? 0) - (states[long]?.settledRate ?? 0);
      if (hourly(states[short]) - hourly(states[long]) > 0.00002) continue;
      const cost = takingCost(states[short]) + takingCost(states[long]);
      closed.push(trade.cash - premiumGap(states, short, long) - cost);
      open.delete(asset);
    }
  });
  return closed;
}

const premiumGap = (states: readonly ListingState[], short: number, long: number): number =>
  (states[short]?.premium ?? 0) - (states[long]?.premium ?? 0);

describe('honest market', () => {
  let results: readonly number[] = [];
  beforeAll(() => {
    results = Array.from({ length: 12 }, (_, seed) => naiveTrades(`naive ${seed}`, 12)).flat();
  });

  it('opportunities keep coming: several a day over all assets', () => {
    const perDay = results.length / (12 * 12);
    expect(perDay).toBeGreaterThan(2);
    expect(perDay).toBeLessThan(20);
  });

  it('not-every-spike-pays: entering everything that looks good loses often, and pays often enough to be a market', () => {
    const losers = results.filter((result) => result < 0).length / results.length;
    expect(losers).toBeGreaterThan(0.3);
    expect(losers).toBeLessThan(0.8);
    expect(results.filter((result) => result > 0.002).length).toBeGreaterThan(results.length * 0.1);
  });
});
