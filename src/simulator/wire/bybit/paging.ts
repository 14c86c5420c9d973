/**
 * Time windows and cursors of Bybit's account lists. Entry points: `timeWindow`, `pageOf`.
 *
 * Lists run newest first. Without times the last 7 days count; with one time, the 7 days from or up to it; with both,
 * they may lie at most 7 days apart (bybit-exchange.github.io/docs/v5/order/execution).
 */
import { DAY_MS, type Instant } from '../../../kernel/instant.ts';
import type { Params } from './params.ts';

const LONGEST_MS = 7 * DAY_MS;
const LAST_INSTANT = 9_999_999_999_999;

export interface TimeWindow {
  /** Both ends belong to it. */
  readonly from: Instant;
  readonly to: Instant;
}

export function timeWindow(params: Params, now: Instant): TimeWindow {
  const from = params.integer('startTime', 0, LAST_INSTANT);
  const to = params.integer('endTime', 0, LAST_INSTANT);
  if (from === undefined) return { from: (to ?? now) - LONGEST_MS, to: to ?? now };
  if (to === undefined) return { from, to: from + LONGEST_MS };
  if (to < from) params.reject('startTime', 'is after endTime');
  if (to - from > LONGEST_MS) params.reject('endTime', 'is more than 7 days after startTime');
  return { from, to };
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Empty when this page is empty: like the venue, a last page that holds items still names a next one. */
  readonly cursor: string;
}

/**
 * The items after `cursor`, at most `limit`. A cursor names the last item of the page before, so what happens between
 * two requests neither repeats nor skips items.
 */
export function pageOf<T>(items: readonly T[], keyOf: (item: T) => string, limit: number, params: Params): Page<T> {
  const after = params.text('cursor');
  let start = 0;
  if (after !== undefined) {
    start = items.findIndex((item) => keyOf(item) === plain(after)) + 1;
    if (start === 0) params.reject('cursor', 'invalid');
  }
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  return { items: page, cursor: last === undefined ? '' : encodeURIComponent(keyOf(last)) };
}

/** Cursors are handed out percent-encoded; clients send them back as they are or encoded once more. */
function plain(cursor: string): string {
  try {
    return decodeURIComponent(cursor);
  } catch {
    return cursor;
  }
}
