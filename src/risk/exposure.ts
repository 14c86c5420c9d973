/** What stands on one route, as the numbers that the limits are held against. */
import { type InstrumentKey, type Route, splitKey, type VenueId } from '../kernel/ids.ts';
import type { HedgeState } from '../ledger/facts.ts';
import type { RiskLimits, RiskState } from './limits.ts';

export interface HedgeExposure {
  readonly route: Route;
  readonly state: HedgeState;
  readonly asset: string;
  readonly longKey: InstrumentKey;
  readonly shortKey: InstrumentKey;
  /**
   * Worst case of each leg in USD, positive: everything in flight fills. `undefined` when it cannot be valued now; it
   * then counts as infinite, so that an unknown exposure opens nothing.
   */
  readonly longNotionalUsd: number | undefined;
  readonly shortNotionalUsd: number | undefined;
}

export type Exposure = Pick<
  RiskState,
  'openHedges' | 'totalNotionalUsd' | 'venueNotionalUsd' | 'assetNotionalUsd' | 'busyAssets'
>;

/** Neither closed nor aborted: quarantined hedges still stand. */
export const isOpen = (state: HedgeState): boolean => state !== 'closed' && state !== 'aborted';

/** Sums the open hedges of a route. The order of `hedges` does not matter. */
export function exposureOf(hedges: Iterable<HedgeExposure>, route: Route): Exposure {
  const venueNotionalUsd = new Map<VenueId, number>();
  const assetNotionalUsd = new Map<string, number>();
  const busyAssets = new Set<string>();
  let openHedges = 0;
  let totalNotionalUsd = 0;
  for (const hedge of hedges) {
    if (hedge.route !== route || !isOpen(hedge.state)) continue;
    const long = worst(hedge.longNotionalUsd);
    const short = worst(hedge.shortNotionalUsd);
    openHedges += 1;
    totalNotionalUsd += long + short;
    busyAssets.add(hedge.asset);
    addTo(assetNotionalUsd, hedge.asset, Math.max(long, short));
    addTo(venueNotionalUsd, splitKey(hedge.longKey).venue, long);
    addTo(venueNotionalUsd, splitKey(hedge.shortKey).venue, short);
  }
  return { openHedges, totalNotionalUsd, venueNotionalUsd, assetNotionalUsd, busyAssets };
}

/** A price that moved since the sizing is no reason to stop what was approved; a limit that was lowered is. */
const DRIFT_RATE = 0.01;

/** The first limit that what stands is over, by its rule code. For an entry under way: a new one is sized below them. */
export function overLimit(
  { openHedges, totalNotionalUsd, venueNotionalUsd, assetNotionalUsd }: Exposure,
  limits: RiskLimits['exposure'],
  asset: string,
  venues: readonly VenueId[],
): string | undefined {
  const isOver = (usd: number, limit: number): boolean => !(usd <= limit * (1 + DRIFT_RATE));
  if (openHedges > limits.maxOpenHedges) return 'max_open_hedges';
  if (isOver(totalNotionalUsd, limits.maxTotalNotionalUsd)) return 'total_notional';
  if (isOver(assetNotionalUsd.get(asset) ?? 0, limits.maxAssetNotionalUsd)) return 'asset_notional';
  const venue = venues.some((each) => isOver(venueNotionalUsd.get(each) ?? 0, limits.maxVenueNotionalUsd));
  return venue ? 'venue_notional' : undefined;
}

/** A sign mistake or a NaN must not make room. */
const worst = (usd: number | undefined): number =>
  usd === undefined || Number.isNaN(usd) ? Number.POSITIVE_INFINITY : Math.abs(usd);

function addTo<K>(sums: Map<K, number>, key: K, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}
