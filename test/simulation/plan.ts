/**
 * What a seed decides before anything runs: the venues and what they list, the settings, and every fault with its time.
 * Entry point: `planOf`. The list of faults is explicit, so that a failing one can be shrunk.
 */
import type { EngineSettings } from '../../src/engine/settings.ts';
import { base, contracts, px, quote, scale } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import type { Random } from '../../src/ports/random.ts';
import type { ExchangeInstrument } from '../../src/simulator/exchange/api.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { Dice } from './dice.ts';
import { FAULT_KINDS, type Fault, type FaultKind, schedules } from './faults.ts';
import { settingsOf, watchOf } from './settings.ts';

export const START = Date.UTC(2026, 0, 5, 10, 20);

export interface VenuePlan {
  readonly id: string;
  readonly instruments: readonly ExchangeInstrument[];
  /** Hours between settlements, per symbol. */
  readonly intervals: ReadonlyMap<string, number>;
  /** One way, without jitter. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly idUniqueness: 'open' | 'always';
  readonly depositUsd: number;
}

export interface AssetPlan {
  readonly name: string;
  readonly symbol: string;
  readonly priceUsd: number;
  /** Of the price, per square root of an hour. */
  readonly volatility: number;
}

export interface WorldPlan {
  readonly seed: string;
  readonly hours: number;
  readonly random: Random;
  readonly assets: readonly AssetPlan[];
  readonly venues: readonly VenuePlan[];
  readonly settings: EngineSettings;
  /** Between two frames of an asset while nothing happens. */
  readonly calmTickMs: number;
  readonly kinds: readonly FaultKind[];
  readonly faults: readonly Fault[];
}

const ASSETS = [
  { name: 'AAA', priceUsd: 100 },
  { name: 'BBB', priceUsd: 2_000 },
  { name: 'CCC', priceUsd: 0.5 },
  { name: 'DDD', priceUsd: 30_000 },
] as const;
const VENUES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'] as const;

export interface PlanOptions {
  readonly hours?: number;
  /** Instead of the seed's own. */
  readonly faults?: readonly Fault[];
  /** A few classes come together and often: combinations that ordinary worlds seldom meet. */
  readonly dense?: boolean;
}

export function planOf(seed: number | string, { hours = 24, faults, dense = false }: PlanOptions = {}): WorldPlan {
  const random = createSeededRandom(seed);
  const dice = new Dice(random.fork('plan'));
  const chosen = dice.some(ASSETS, dice.pick([2, 2, 2, 3, 3, 4]));
  const assets = chosen.map(({ name, priceUsd }) => {
    return { name, priceUsd, symbol: `${name}/USDT:USDT`, volatility: dice.pick([0.002, 0.006, 0.015]) };
  });
  const ids = VENUES.slice(0, dice.pick([3, 3, 3, 3, 3, 4, 4, 5, 6]));
  const theme = dense ? themeOf(new Dice(random.fork('theme'))) : [];
  const ordinary = chooseKinds(new Dice(random.fork('faults')));
  const kinds = FAULT_KINDS.filter((kind) => ordinary.includes(kind) || theme.includes(kind));
  const watch = watchOf(new Dice(random.fork('watch')));
  const settings = settingsOf(new Dice(random.fork('settings')), ids, kinds.includes('clock_jump'), watch);
  // An order that is filled twice under one id, and lists without ids: nobody could tell whose the second fill is.
  const reuse = !(kinds.includes('anonymous_fills') && kinds.includes('delivered_twice'));
  const venues = ids.map((id, at) => venueOf(id, at, assets, reuse, random));
  const listed = venues.flatMap(({ id, instruments }) => instruments.map(({ asset }) => ({ venue: id, asset })));
  const scheduled = kinds.flatMap((kind) =>
    schedules(kind, hours, listed, new Dice(random.fork(`faults ${kind}`)), theme.includes(kind)),
  );
  scheduled.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  return {
    seed: String(seed),
    hours,
    random,
    assets,
    venues,
    settings,
    calmTickMs: dice.pick([30, 45, 60]) * MINUTE_MS,
    kinds,
    faults: faults ?? scheduled,
  };
}

/** A tenth of the seeds are quiet; the others take a handful of classes, some of them many. */
function chooseKinds(dice: Dice): FaultKind[] {
  const share = dice.pick([0, 0.08, 0.15, 0.15, 0.25, 0.25, 0.4, 0.4, 0.6, 1]);
  return FAULT_KINDS.filter(() => dice.chance(share));
}

/** What a dense world has often. */
const themeOf = (dice: Dice): FaultKind[] => dice.some(FAULT_KINDS, dice.whole(3, 7));

function venueOf(id: string, at: number, assets: readonly AssetPlan[], reuse: boolean, random: Random): VenuePlan {
  const dice = new Dice(random.fork(`venue ${id}`));
  const minima = new Dice(random.fork(`minima ${id}`));
  // Two venues list everything, so that there is always something to hedge.
  const listed = at < 2 ? assets : assets.filter(() => dice.chance(0.5));
  const some = listed.length > 0 ? listed : assets.slice(0, 1);
  const takerFee = dice.pick(['0.0002', '0.0004', '0.00055', '0.0006']);
  const instruments = some.map((asset): ExchangeInstrument => instrumentOf(asset, takerFee, dice, minima));
  return {
    id,
    instruments,
    intervals: new Map(instruments.map(({ symbol }) => [symbol, dice.pick([1, 4, 8])])),
    latencyMs: dice.whole(2, 60),
    jitterMs: dice.whole(1, 60),
    idUniqueness: dice.chance(0.5) && reuse ? 'open' : 'always',
    depositUsd: dice.pick([3_000, 10_000, 50_000]),
  };
}

function instrumentOf(
  { name, symbol, priceUsd }: AssetPlan,
  takerFeeRate: string,
  dice: Dice,
  minima: Dice,
): ExchangeInstrument {
  // Lots worth about 1 to 50 USD: 1, 2 or 5 times a power of ten, in base units.
  const exponent = Math.floor(Math.log10(dice.pick([1, 5, 30]) / priceUsd));
  const digit = dice.pick([1, 1, 2, 5]);
  const sizeExponent = dice.pick([exponent, exponent + 1, 0]);
  const lot = contracts(`${digit}e${exponent - sizeExponent}`);
  return {
    symbol,
    asset: name,
    settle: 'USDT',
    contractSize: base(`1e${sizeExponent}`),
    lot,
    // Now and then several lots: what is left of a leg can be a multiple of the lot and too small for any order.
    minContracts: scale(lot, minima.pick(['1', '1', '1', '4'])),
    maxContracts: contracts('1e9'),
    minNotional: quote(dice.pick(['0', '5', '10'])),
    tick: px(`1e${Math.floor(Math.log10(priceUsd)) - dice.pick([4, 5])}`),
    takerFeeRate,
    makerFeeRate: '0.0001',
    maxLeverage: 50,
    maintenanceRate: '0.005',
    priceBand: '0.1',
  };
}

/** First settlement of an interval after `at`: intervals count from midnight UTC. */
export const nextSettlement = (at: number, intervalHours: number): number =>
  (Math.floor(at / (intervalHours * HOUR_MS)) + 1) * intervalHours * HOUR_MS;
