/**
 * Most candidates are refused for another reason than their size. Whether their size would be refused too is then asked
 * in doubles: where every ceiling lies clearly above the smallest useful size, no exact sizing is needed.
 */
import { toNumber } from '../kernel/decimal.ts';
import { bookDefect, type Level, mid } from '../market/book.ts';
import type { InstrumentView } from '../market/view.ts';
import type { RiskLimits, RiskSettings, RiskState } from './limits.ts';
import { CLOSABLE_AFTER_DROP_RATE, type SizingRequest } from './sizing.ts';

/** More than all roundings of doubles together, as a fraction. */
const MARGIN = 1e-6;

/**
 * True: `sizeHedge` of the same arguments would return a size. False says nothing: ask `sizeHedge`. Anything unknown or
 * not finite is false.
 */
export function isRoomy(request: SizingRequest, limits: RiskLimits, state: RiskState, settings: RiskSettings): boolean {
  const { asset, long, short, pricedUsd } = request;
  const { size, exposure } = limits;
  const legs = [long, short].map((view) => legOf(view, settings));
  const lot = commonLot(legs);
  if (lot === undefined) return false;
  const needed = (smallest(legs, lot, size.minHedgeNotionalUsd) + lot) * (1 + MARGIN);
  // Counted as if each leg were bought at the worst price.
  const [a, b] = legs.map(({ worst }) => needed * worst);
  if (a === undefined || b === undefined) return false;
  const dearer = Math.max(a, b);
  const asked = Math.min(size.hedgeNotionalUsd, pricedUsd);
  const isWithin =
    asked > dearer &&
    exposure.maxAssetNotionalUsd - (state.assetNotionalUsd.get(asset) ?? 0) > dearer &&
    exposure.maxTotalNotionalUsd - state.totalNotionalUsd > a + b;
  return isWithin && legs.every((leg) => hasRoom(leg, needed, limits, state, settings));
}

interface Leg {
  readonly view: InstrumentView;
  readonly lot: number;
  readonly middle: number;
  readonly worst: number;
  /** Base units within the slippage cap, a tick less on either side. */
  readonly depth: number;
}

function legOf(view: InstrumentView, { maxSlippageRate }: RiskSettings): Leg {
  const { book, instrument } = view;
  const lot = toNumber(instrument.lot);
  if (!book || bookDefect(book) !== undefined)
    return { view, lot, middle: Number.NaN, worst: Number.NaN, depth: Number.NaN };
  const middle = mid(book);
  const tick = toNumber(instrument.tick);
  const highest = middle * (1 + maxSlippageRate) - tick;
  const lowest = middle * (1 - maxSlippageRate) + tick;
  const depth = Math.min(
    sizeOf(book.asks, (price) => price <= highest),
    sizeOf(book.bids, (price) => price >= lowest),
  );
  return { view, lot, middle, worst: middle * (1 + Math.max(0, maxSlippageRate)), depth };
}

function sizeOf(levels: readonly Level[], isInside: (price: number) => boolean): number {
  let total = 0;
  for (const { price, size } of levels) if (isInside(price)) total += size;
  return total;
}

/** Undefined: neither lot is a multiple of the other. */
function commonLot(legs: readonly Leg[]): number | undefined {
  const lots = legs.map(({ lot }) => lot);
  const ratio = Math.max(...lots) / Math.min(...lots);
  return Math.abs(ratio - Math.round(ratio)) < MARGIN ? Math.max(...lots) : undefined;
}

function smallest(legs: readonly Leg[], lot: number, minUsd: number): number {
  const each = legs.map(({ view: { instrument }, middle }) => {
    const { minQuantity, minNotional } = instrument;
    const closable = minNotional ? toNumber(minNotional) / (middle * (1 - CLOSABLE_AFTER_DROP_RATE)) : 0;
    // Whole lots of each part: at most one more.
    return Math.max(lot, toNumber(minQuantity), minUsd / middle + lot, closable + lot);
  });
  return Math.max(...each);
}

function hasRoom(
  { view: { instrument }, worst, depth }: Leg,
  needed: number,
  { size, exposure }: RiskLimits,
  state: RiskState,
  { leverage, marginReserveRate }: RiskSettings,
): boolean {
  const { venue, maxQuantity, takerFeeRate } = instrument;
  const free = (state.availableUsd.get(venue) ?? Number.NaN) * (1 - marginReserveRate);
  const perUsd = 1 / leverage + 2 * Math.max(0, takerFeeRate);
  return (
    perUsd > 0 &&
    free > needed * worst * perUsd &&
    exposure.maxVenueNotionalUsd - (state.venueNotionalUsd.get(venue) ?? 0) > needed * worst &&
    depth * size.maxDepthShare > needed &&
    (!maxQuantity || toNumber(maxQuantity) > needed)
  );
}
