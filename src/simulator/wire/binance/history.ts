/** Paging of Binance's history routes. */
import type { Instant } from '../../../kernel/instant.ts';

export interface Page {
  /** Inclusive bounds. */
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
  /** When there are more rows than `limit`: keep the newest instead of the oldest. */
  readonly newest: boolean;
  readonly limit: number;
  /** 1, the default, is the first `limit` rows on the kept side. */
  readonly number?: number;
}

/** Rows of the page, ascending. */
export function pageOf<T extends { readonly at: Instant }>(rows: readonly T[], page: Page): readonly T[] {
  const { from, to, newest, limit, number = 1 } = page;
  const inside = rows
    .filter(({ at }) => (from === undefined || at >= from) && (to === undefined || at <= to))
    .sort((a, b) => a.at - b.at);
  const passed = (number - 1) * limit;
  const end = newest ? Math.max(inside.length - passed, 0) : passed + limit;
  return inside.slice(Math.max(end - limit, 0), end);
}

interface Asked {
  readonly startTime: Instant | undefined;
  readonly endTime: Instant | undefined;
  readonly limit: number;
}

/** The whole history: the first `limit` rows from a given start, otherwise the newest `limit`. */
export const unbounded = ({ startTime, endTime, limit }: Asked): Page => ({
  from: startTime,
  to: endTime,
  newest: startTime === undefined,
  limit,
});

/** A window of `windowMs` from the given start, or up to the given end, or up to `now`. */
export function windowed({ startTime, endTime, limit }: Asked, windowMs: number, now: Instant): Page {
  if (startTime !== undefined) return { from: startTime, to: endTime ?? startTime + windowMs, newest: false, limit };
  const to = endTime ?? now;
  return { from: to - windowMs, to, newest: true, limit };
}
