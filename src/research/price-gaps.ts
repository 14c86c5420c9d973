/**
 * Whether the venues of a recording show prices of one instant. Where their times do not agree, a move of the market
 * looks like a difference between venues, and a replay earns or loses what nobody could have. Entry point: `priceGaps`.
 */
import { type Px, toNumber } from '../kernel/decimal.ts';
import type { VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

export interface RecordedPrice {
  readonly at: Instant;
  readonly venue: VenueId;
  /** Price at that instant. */
  readonly open: Px;
}

export interface PriceGap {
  readonly venues: readonly [VenueId, VenueId];
  /** Median over all instants that both have, fraction of the price. */
  readonly medianRate: number;
}

/** Perpetuals of one asset on large venues stay within a fraction of this, half of the time at least. */
const MOST_MEDIAN_RATE = 0.002;

/** Pairs of venues whose prices are too far apart to be of one instant. */
export function priceGaps(prices: Iterable<RecordedPrice>): readonly PriceGap[] {
  const byVenue = new Map<VenueId, Map<Instant, number>>();
  for (const { at, venue, open } of prices) {
    const series = byVenue.get(venue) ?? new Map<Instant, number>();
    byVenue.set(venue, series.set(at, toNumber(open)));
  }
  const venues = [...byVenue].sort(([a], [b]) => (a < b ? -1 : 1));
  return venues.flatMap(([a, first], i) =>
    venues.slice(i + 1).flatMap(([b, second]) => {
      const medianRate = medianGap(first, second);
      return medianRate !== undefined && medianRate > MOST_MEDIAN_RATE ? [{ venues: [a, b] as const, medianRate }] : [];
    }),
  );
}

/** undefined without a common instant. */
function medianGap(first: ReadonlyMap<Instant, number>, second: ReadonlyMap<Instant, number>): number | undefined {
  const gaps = [...first].flatMap(([at, price]) => {
    const other = second.get(at);
    return other === undefined ? [] : [Math.abs(price / other - 1)];
  });
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

/** For people. */
export const gapText = ({ venues, medianRate }: PriceGap): string =>
  `prices of ${venues.join(' and ')} at one instant differ by a median ${(medianRate * 100).toFixed(2)} %: their times do not agree, and the price PnL between them is none that anybody could have had`;
