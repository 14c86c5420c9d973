/**
 * Limits that lie below what stands: which one is exceeded, and how much smaller one hedge becomes in one step.
 *
 * Decisions made here:
 * - Entries are held to the limits, and prices move afterwards: up to a tenth above a limit in USD nothing is done. So a
 *   limit that was lowered by less does nothing either. The number of open hedges has no such tolerance.
 * - A step takes a quarter of what the hedge was planned with, and never more than the excess, rounded up to its common
 *   lot, but at least what the venues take. What would be left within the tolerance goes with the last step, so that
 *   nothing has to be remembered between steps: it ends at the limit.
 * - Never more than both books have room for: a leg that cannot follow would leave the other alone.
 * - The least attractive hedge goes first: the lowest expected forward APR. One whose APR is unknown goes last: unknown is
 *   not bad.
 */
import {
  type Base,
  base,
  ceilTo,
  floorTo,
  gte,
  isZero,
  lt,
  max,
  min,
  scale,
  sub,
  toNumber,
} from '../kernel/decimal.ts';
import { type InstrumentKey, splitKey } from '../kernel/ids.ts';
import type { Exposure } from './exposure.ts';
import type { RiskLimits } from './limits.ts';

/** Of a limit in USD: what a moving price may add to what was entered below it. */
const DRIFT_TOLERANCE = 0.1;
const STEP_SHARE = 0.25;

export interface Excess {
  /** As the entry rule of this limit is called. */
  readonly rule: 'max_open_hedges' | 'asset_notional' | 'venue_notional' | 'total_notional';
  /** The asset or venue; empty for the whole route. */
  readonly subject: string;
  readonly limit: number;
  readonly actual: number;
}

export interface ShrinkableHedge {
  readonly asset: string;
  readonly longKey: InstrumentKey;
  readonly shortKey: InstrumentKey;
  /** On both legs. */
  readonly matched: Base;
  readonly planned: Base;
  readonly commonLot: Base;
  /** Smallest quantity that can be closed on both venues. */
  readonly least: Base;
  /** Base units that both books take now, within the price cap of an exit. */
  readonly room: number;
  /** USD for one base unit. */
  readonly longMark: number;
  readonly shortMark: number;
  /** Absent when unknown. */
  readonly forwardApr?: number;
}

/** Every limit that what stands exceeds, the narrowest first. What cannot be valued exceeds nothing: nothing closes on it. */
export function excesses(
  { openHedges, totalNotionalUsd, venueNotionalUsd, assetNotionalUsd }: Exposure,
  limits: RiskLimits['exposure'],
): Excess[] {
  const over = (rule: Excess['rule'], limit: number, subject: string, actual: number): Excess[] =>
    actual > limit * (1 + DRIFT_TOLERANCE) && Number.isFinite(actual) ? [{ rule, subject, limit, actual }] : [];
  return [
    ...(openHedges > limits.maxOpenHedges
      ? [{ rule: 'max_open_hedges' as const, subject: '', limit: limits.maxOpenHedges, actual: openHedges }]
      : []),
    ...[...assetNotionalUsd].flatMap(([asset, usd]) => over('asset_notional', limits.maxAssetNotionalUsd, asset, usd)),
    ...[...venueNotionalUsd].flatMap(([venue, usd]) => over('venue_notional', limits.maxVenueNotionalUsd, venue, usd)),
    ...over('total_notional', limits.maxTotalNotionalUsd, '', totalNotionalUsd),
  ];
}

/** Whether making this hedge smaller makes the excess smaller. */
export function concerns({ rule, subject }: Excess, { asset, longKey, shortKey }: ShrinkableHedge): boolean {
  if (rule === 'asset_notional') return asset === subject;
  return rule !== 'venue_notional' || [longKey, shortKey].some((key) => splitKey(key).venue === subject);
}

/** Least attractive first. */
export const byAttraction = (a: ShrinkableHedge, b: ShrinkableHedge): number =>
  (a.forwardApr ?? Number.MAX_VALUE) - (b.forwardApr ?? Number.MAX_VALUE);

/**
 * What to take of both legs now; `all` when less would be left than can be closed. Undefined while the books have no room
 * for the smallest order, or not for the last one.
 */
export function shrinkStep(excess: Excess, hedge: ShrinkableHedge): Base | 'all' | undefined {
  const { matched, commonLot, least, room } = hedge;
  const smallest = ceilTo(max(least, commonLot), commonLot);
  const most = floorTo(base(room), commonLot);
  if (lt(most, smallest) && lt(most, matched)) return undefined;
  const step = min(max(wantedStep(excess, hedge), smallest), most);
  const rest = sub(matched, step);
  const isLast = gte(step, matched) || isZero(rest) || lt(rest, least);
  if (!isLast) return step;
  return gte(most, matched) ? 'all' : undefined;
}

function wantedStep(excess: Excess, hedge: ShrinkableHedge): Base {
  const { matched, planned, commonLot } = hedge;
  if (excess.rule === 'max_open_hedges') return matched;
  const usd = usdPerUnit(excess, hedge);
  const over = (excess.actual - excess.limit) / usd;
  const part = ceilTo(scale(planned, STEP_SHARE), commonLot);
  const isLast = over <= toNumber(part) + (excess.limit * DRIFT_TOLERANCE) / usd;
  return isLast ? ceilTo(base(over), commonLot) : part;
}

/** By how much the limit's figure falls with one base unit of both legs. */
function usdPerUnit({ rule, subject }: Excess, { longKey, shortKey, longMark, shortMark }: ShrinkableHedge): number {
  switch (rule) {
    case 'max_open_hedges':
    case 'total_notional':
      return longMark + shortMark;
    case 'asset_notional':
      return Math.max(longMark, shortMark);
    case 'venue_notional':
      return (
        (splitKey(longKey).venue === subject ? longMark : 0) + (splitKey(shortKey).venue === subject ? shortMark : 0)
      );
  }
}
