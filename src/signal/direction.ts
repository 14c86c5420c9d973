/**
 * Which leg is long and which is short. A positive funding rate means longs pay shorts, so the hedge is short where
 * the hourly rate is higher and long where it is lower. This file is the only place that decides it.
 */
import type { InstrumentKey } from '../kernel/ids.ts';

interface Rated {
  readonly key: InstrumentKey;
  /** Fraction of notional per hour, positive: longs pay. */
  readonly hourlyRate: number;
}

/** The carrying direction of two instruments. Equal rates carry nothing; the key order then keeps the answer stable. */
export function carryingDirection<T extends Rated>(a: T, b: T): { readonly long: T; readonly short: T } {
  if (a.hourlyRate < b.hourlyRate) return { long: a, short: b };
  if (a.hourlyRate > b.hourlyRate) return { long: b, short: a };
  return a.key <= b.key ? { long: a, short: b } : { long: b, short: a };
}

/** The one constructor of a pair's key. */
export const pairKey = (longKey: InstrumentKey, shortKey: InstrumentKey): string => `${longKey}~${shortKey}`;
