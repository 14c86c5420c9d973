/**
 * What the simulated Binance USD-M, Bybit and OKX list and accept. Steps, contract sizes and entry-tier fees follow
 * the venues' published instrument and fee pages (2024); funding intervals are the generator's own mix of 1, 4 and 8
 * hours, so that hedges meet unequal settlement clocks. Entry points: `venueProfiles`, `exchangeInstruments`.
 */
import { invariant } from '../../kernel/assert.ts';
import { base, contracts, px, quote } from '../../kernel/decimal.ts';
import type { UnifiedSymbol, VenueId } from '../../kernel/ids.ts';
import type { ExchangeInstrument } from '../exchange/api.ts';

export interface InstrumentProfile {
  readonly tick: string;
  /** Quantity step and minimum, in contracts. */
  readonly lot: string;
  /** Base units per contract. */
  readonly contractSize: string;
  readonly minNotionalUsd: string;
  /** In contracts. */
  readonly maxContracts: string;
  readonly maxLeverage: number;
  readonly maintenanceRate: string;
  readonly intervalHours: 1 | 4 | 8;
}

export interface VenueProfile {
  readonly venue: VenueId;
  readonly takerFeeRate: string;
  readonly makerFeeRate: string;
  /** Largest distance of an order from the mark, fraction. */
  readonly priceBand: string;
  /** Depth relative to the asset's profile. */
  readonly depthScale: number;
  /** By asset, in the order of `assetProfiles`. */
  readonly instruments: ReadonlyMap<string, InstrumentProfile>;
}

type Row = [string, string, string, string, string, string, 1 | 4 | 8];

// asset, tick, lot, contract size, minimum notional, maximum contracts, interval
const BINANCE: readonly Row[] = [
  ['BTC', '0.1', '0.001', '1', '100', '1000', 8],
  ['ETH', '0.01', '0.001', '1', '20', '10000', 8],
  ['SOL', '0.01', '0.01', '1', '5', '100000', 8],
  ['XRP', '0.0001', '0.1', '1', '5', '10000000', 8],
  ['DOGE', '0.00001', '1', '1', '5', '50000000', 8],
  ['ADA', '0.0001', '1', '1', '5', '10000000', 4],
  ['AVAX', '0.001', '1', '1', '5', '200000', 8],
  ['LINK', '0.001', '0.01', '1', '20', '200000', 8],
  ['LTC', '0.01', '0.001', '1', '20', '50000', 8],
  ['DOT', '0.001', '0.1', '1', '5', '500000', 4],
  ['NEAR', '0.001', '1', '1', '5', '500000', 4],
  ['APT', '0.001', '0.1', '1', '5', '500000', 1],
];
const BYBIT: readonly Row[] = [
  ['BTC', '0.1', '0.001', '1', '5', '1190', 8],
  ['ETH', '0.01', '0.01', '1', '5', '7240', 8],
  ['SOL', '0.01', '0.1', '1', '5', '80000', 8],
  ['XRP', '0.0001', '0.1', '1', '5', '5000000', 4],
  ['DOGE', '0.00001', '1', '1', '5', '27000000', 8],
  ['ADA', '0.0001', '1', '1', '5', '4000000', 8],
  ['AVAX', '0.001', '0.1', '1', '5', '120000', 1],
  ['LINK', '0.001', '0.1', '1', '5', '140000', 4],
  ['LTC', '0.01', '0.1', '1', '5', '30000', 8],
  ['DOT', '0.001', '0.1', '1', '5', '300000', 8],
  ['NEAR', '0.001', '0.1', '1', '5', '400000', 1],
  ['APT', '0.001', '0.01', '1', '5', '200000', 4],
];
const OKX: readonly Row[] = [
  ['BTC', '0.1', '0.01', '0.01', '0', '100000', 8],
  ['ETH', '0.01', '0.01', '0.1', '0', '100000', 8],
  ['SOL', '0.01', '0.01', '1', '0', '100000', 4],
  ['XRP', '0.0001', '0.01', '100', '0', '100000', 8],
  ['DOGE', '0.00001', '0.01', '1000', '0', '100000', 1],
  ['ADA', '0.0001', '0.1', '100', '0', '100000', 8],
  ['AVAX', '0.001', '1', '1', '0', '200000', 4],
  ['LINK', '0.001', '1', '1', '0', '200000', 8],
  ['LTC', '0.01', '1', '1', '0', '50000', 4],
  ['DOT', '0.001', '1', '1', '0', '500000', 8],
  ['NEAR', '0.001', '0.1', '10', '0', '50000', 8],
  ['APT', '0.001', '1', '1', '0', '300000', 8],
];

function profile(row: Row): readonly [string, InstrumentProfile] {
  const [asset, tick, lot, contractSize, minNotionalUsd, maxContracts, intervalHours] = row;
  const isMajor = asset === 'BTC' || asset === 'ETH';
  const margin = isMajor
    ? { maxLeverage: 100, maintenanceRate: asset === 'BTC' ? '0.004' : '0.005' }
    : { maxLeverage: 50, maintenanceRate: '0.01' };
  return [asset, { tick, lot, contractSize, minNotionalUsd, maxContracts, intervalHours, ...margin }];
}

const PROFILES: readonly VenueProfile[] = [
  {
    venue: 'binance',
    takerFeeRate: '0.0005',
    makerFeeRate: '0.0002',
    priceBand: '0.05',
    depthScale: 1.5,
    instruments: new Map(BINANCE.map(profile)),
  },
  {
    venue: 'bybit',
    takerFeeRate: '0.00055',
    makerFeeRate: '0.0002',
    priceBand: '0.05',
    depthScale: 1,
    instruments: new Map(BYBIT.map(profile)),
  },
  {
    venue: 'okx',
    takerFeeRate: '0.0005',
    makerFeeRate: '0.0002',
    priceBand: '0.05',
    depthScale: 0.8,
    instruments: new Map(OKX.map(profile)),
  },
];

export const venueProfiles: ReadonlyMap<VenueId, VenueProfile> = new Map(PROFILES.map((each) => [each.venue, each]));

/** The linear USDT perpetual of an asset. */
export const perpetualOf = (asset: string): UnifiedSymbol => `${asset}/USDT:USDT`;

/** What `createExchange` needs to list `assets` (default: all) on a venue. Throws for an unknown venue or asset. */
export function exchangeInstruments(venue: VenueId, assets?: readonly string[]): readonly ExchangeInstrument[] {
  const venueProfile = venueProfiles.get(venue);
  invariant(venueProfile, `no profile of venue ${venue}`);
  return (assets ?? [...venueProfile.instruments.keys()]).map((asset) => {
    const listed = venueProfile.instruments.get(asset);
    invariant(listed, `${venue} has no profile of ${asset}`);
    return {
      symbol: perpetualOf(asset),
      asset,
      settle: 'USDT',
      contractSize: base(listed.contractSize),
      lot: contracts(listed.lot),
      minContracts: contracts(listed.lot),
      maxContracts: contracts(listed.maxContracts),
      minNotional: quote(listed.minNotionalUsd),
      tick: px(listed.tick),
      takerFeeRate: venueProfile.takerFeeRate,
      makerFeeRate: venueProfile.makerFeeRate,
      maxLeverage: listed.maxLeverage,
      maintenanceRate: listed.maintenanceRate,
      priceBand: venueProfile.priceBand,
    };
  });
}
