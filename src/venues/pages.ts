/**
 * Complete history by time. Entry point: `readWindow`.
 *
 * Venues differ in page order, size and cursors, and ccxt's own pagination loses rows. This pager needs none of that: a
 * window whose page comes back full is read again as two halves, until every page is short. A full page of one
 * millisecond, or too many requests, is an incomplete read and fails.
 */
import type { Page, Window } from './facts.ts';

/** The history cannot be read completely. */
export class IncompleteRead extends Error {
  override readonly name = 'IncompleteRead';
  readonly code = 'incomplete';
}

const MAX_REQUESTS = 2_000;

/** All rows of [from, to], in no particular order; throws IncompleteRead, and whatever `fetch` throws. */
export async function readWindow<T>(
  window: Window,
  maxSpanMs: number,
  fetch: (window: Window) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const rows: T[] = [];
  const pending: Window[] = [];
  for (let from = window.from; from <= window.to; from += maxSpanMs) {
    pending.push({ from, to: Math.min(window.to, from + maxSpanMs - 1) });
    if (pending.length > MAX_REQUESTS) throw new IncompleteRead('the window is too long to read');
  }
  pending.reverse();
  for (let requests = 0; ; requests += 1) {
    const next = pending.pop();
    if (next === undefined) return rows;
    if (requests >= MAX_REQUESTS) throw new IncompleteRead(`more than ${MAX_REQUESTS} requests needed`);
    const page = await fetch(next);
    if (!page.full) {
      rows.push(...page.rows);
      continue;
    }
    if (next.from >= next.to) throw new IncompleteRead(`one millisecond holds more rows than a page: ${next.from}`);
    const middle = next.from + Math.floor((next.to - next.from) / 2);
    pending.push({ from: middle + 1, to: next.to }, { from: next.from, to: middle });
  }
}
