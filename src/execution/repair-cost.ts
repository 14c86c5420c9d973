/**
 * What is cheaper for a part that one leg has and the other lacks: completing it or trimming it?
 *
 * Completing costs the smaller leg's fee and book walk now, and later the exit of the part on both legs; it earns the
 * part's expected funding. Trimming costs the larger leg's exit of the part now. The exit of the larger leg is in both
 * and cancels, what its entry cost is spent either way. So completing pays while
 *
 *   2 x fee rate x mid x q  +  (walk in + walk out of q)  <=  expected funding of q over the horizon
 *
 * with the smaller leg's fee and book of now, and the expectation that the hedge was opened for. A walk is the adverse
 * distance of the mean price from mid, times q.
 */
import { type Base, toNumber } from '../kernel/decimal.ts';
import type { HedgePlanned } from '../ledger/facts.ts';
import { mid, walkLevels } from '../market/book.ts';
import type { InstrumentView } from '../market/view.ts';

/** Undefined when the expectation or the book does not tell; the price cap alone decides then. */
export function completionPays(
  plan: Pick<HedgePlanned, 'expectation'>,
  { instrument, book }: InstrumentView,
  quantity: Base,
): boolean | undefined {
  const carryRate = expectedCarryRate(plan.expectation);
  if (carryRate === undefined || !book) return undefined;
  const size = toNumber(quantity);
  const middle = mid(book);
  const walks = [walkLevels(book.asks, size).averagePrice - middle, middle - walkLevels(book.bids, size).averagePrice];
  const walked = walks.reduce((a, b) => a + b, 0) * size;
  const fees = 2 * instrument.takerFeeRate * middle * size;
  const roundTrip = fees + walked;
  if (!Number.isFinite(roundTrip) || !(size > 0)) return undefined;
  return roundTrip <= carryRate * middle * size;
}

/** Expected funding over the horizon as a fraction of the notional. */
function expectedCarryRate(expectation: string): number | undefined {
  let stored: { readonly grossUsd?: unknown; readonly notionalUsd?: unknown } | null;
  try {
    stored = JSON.parse(expectation);
  } catch {
    // An edited row must not stop a repair.
    return undefined;
  }
  const { grossUsd, notionalUsd } = stored ?? {};
  if (typeof grossUsd !== 'number' || typeof notionalUsd !== 'number' || !(notionalUsd > 0)) return undefined;
  return grossUsd / notionalUsd;
}
