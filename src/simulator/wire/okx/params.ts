/** Reading request parameters and paging through histories. Entry points: `text`, `wholeNumber`, `selectSymbols`, `page`. */

import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Instant } from '../../../kernel/instant.ts';
import type { InstrumentIds } from './instrument-ids.ts';
import { Refused } from './reply.ts';

/** Query parameters, or one JSON object of a body. */
export type Params = Readonly<Record<string, unknown>>;

const USUAL_PAGE = 100;

export const queryParams = (query: string): Params => Object.fromEntries(new URLSearchParams(query));

/** A scalar as text; empty when absent, null, or not a scalar. */
export function text(params: Params, name: string): string {
  const value = params[name];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** First of `names` that is absent, as OKX reports it. */
export function missing(params: Params, ...names: readonly string[]): Refused | undefined {
  const name = names.find((candidate) => text(params, candidate) === '');
  return name === undefined ? undefined : new Refused('50014', name);
}

/** A non-negative integer parameter; undefined when absent. */
export function wholeNumber(params: Params, name: string): number | undefined | Refused {
  const value = text(params, name);
  if (value === '') return undefined;
  return /^\d{1,15}$/.test(value) ? Number(value) : new Refused('51000', name);
}

/**
 * The instruments that `instType`, `instFamily`, `uly` and `instId` (comma-separated) select; every one when none is
 * given. Only perpetuals are listed, so any other known type selects nothing.
 */
export function selectSymbols(params: Params, ids: InstrumentIds): readonly UnifiedSymbol[] | Refused {
  const type = text(params, 'instType');
  if (type !== '' && !['SPOT', 'MARGIN', 'SWAP', 'FUTURES', 'OPTION', 'ANY'].includes(type)) {
    return new Refused('51000', 'instType');
  }
  if (!['', 'SWAP', 'ANY'].includes(type)) return [];
  const named = text(params, 'instId');
  const underlying = text(params, 'instFamily') || text(params, 'uly');
  if (named !== '') {
    const symbols: UnifiedSymbol[] = [];
    for (const instId of named.split(',')) {
      const symbol = ids.symbol(instId);
      if (symbol === undefined) return new Refused('51001');
      symbols.push(symbol);
    }
    return symbols;
  }
  if (underlying !== '') {
    const symbol = ids.ofUnderlying(underlying);
    return symbol === undefined ? [] : [symbol];
  }
  return ids.symbols();
}

/**
 * One page, newest first, of `rows` given newest first. OKX's cursors read backwards: `after` asks for rows older than
 * the id, `before` for newer ones, and the page always holds the newest rows of what is left, so `before` alone never
 * walks forward from its cursor. A page holds `most` rows by default, and a larger `limit` is cut to that without a word,
 * so a full page never proves that it was the last.
 */
export function page<T>(
  rows: readonly T[],
  idOf: (row: T) => string,
  params: Params,
  most = USUAL_PAGE,
): readonly T[] | Refused {
  const limit = wholeNumber(params, 'limit');
  if (limit instanceof Refused) return limit;
  if (limit === 0) return new Refused('51000', 'limit');
  const after = text(params, 'after');
  const before = text(params, 'before');
  if (after !== '' && !isId(after)) return new Refused('51000', 'after');
  if (before !== '' && !isId(before)) return new Refused('51000', 'before');
  const kept: T[] = [];
  const count = Math.min(limit ?? most, most);
  for (const row of rows) {
    if (kept.length === count) break;
    const id = idOf(row);
    if (after !== '' && !isOlder(id, after)) continue;
    if (before !== '' && !isOlder(before, id)) break;
    kept.push(row);
  }
  return kept;
}

/** True when `at` lies within the optional `begin` and `end` parameters, both inclusive. */
export function timeFilter(params: Params): ((at: Instant) => boolean) | Refused {
  const begin = wholeNumber(params, 'begin');
  if (begin instanceof Refused) return begin;
  const end = wholeNumber(params, 'end');
  if (end instanceof Refused) return end;
  return (at) => at >= (begin ?? 0) && at <= (end ?? Number.MAX_SAFE_INTEGER);
}

const isId = (value: string): boolean => /^\d{1,40}$/.test(value);

/** Ids are integers without leading zeros, too long for a double. */
const isOlder = (a: string, b: string): boolean => (a.length === b.length ? a < b : a.length < b.length);
