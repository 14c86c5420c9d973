/**
 * How far a standing leg is from its liquidation, by the venue's own figure, and what follows from it. A missing figure
 * is unknown: it is shown, it is never "safe", and nothing is closed on it.
 */
import { type Base, ceilTo, floorTo, gte, isZero, lt, max, scale, sub } from '../kernel/decimal.ts';
import type { Direction } from '../market/order.ts';
import type { RiskLimits } from './limits.ts';

/** What one step takes of both legs. */
const STEP_SHARE = 0.5;

/**
 * The move of the mark, as a fraction of it, that liquidates the position: positive while there is room, zero or
 * negative when the mark is there. Undefined without a mark or a liquidation price (some venues write 0 for none).
 */
export function liquidationDistance(
  direction: Direction,
  liquidationPrice: number | undefined,
  mark: number | undefined,
): number | undefined {
  if (liquidationPrice === undefined || mark === undefined || !(liquidationPrice > 0) || !(mark > 0)) return undefined;
  // A long loses when the price falls, a short when it rises.
  return (direction === 'long' ? mark - liquidationPrice : liquidationPrice - mark) / mark;
}

/** The nearer leg decides; a leg whose distance is unknown decides nothing. */
export function judgeDistance(
  distances: readonly (number | undefined)[],
  limits: RiskLimits['margin'],
): 'unknown' | 'healthy' | 'warn' | 'reduce' {
  const known = distances.filter((distance) => distance !== undefined);
  const nearest = Math.min(...known);
  if (nearest <= limits.reduceDistanceRate) return 'reduce';
  if (nearest <= limits.warnDistanceRate) return 'warn';
  return known.length === distances.length ? 'healthy' : 'unknown';
}

/**
 * What to take of both legs: half, in common lots, at least what both venues take. `all` when what would be left is less than `least`,
 * the smallest quantity that can be closed on both venues.
 */
export function reductionStep(quantity: Base, commonLot: Base, least: Base): Base | 'all' {
  const smallest = ceilTo(max(least, commonLot), commonLot);
  const step = max(floorTo(scale(quantity, STEP_SHARE), commonLot), smallest);
  const rest = sub(quantity, step);
  return gte(step, quantity) || isZero(rest) || lt(rest, least) ? 'all' : step;
}
