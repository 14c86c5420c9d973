/**
 * Parser of recorded 8-hour bars with settled funding. Never throws on bad text: every malformed row is reported with
 * file, line and column, all at once. Entry point: `parseBars`.
 *
 * Format: `time_ms,venue,market,open,high,low,close,volume,funding_rate`, one header line, every line ended. Rows of
 * spot and inverse markets are checked and then left out.
 */
import { type Px, px, quote, text } from '../../kernel/decimal.ts';
import type { VenueId } from '../../kernel/ids.ts';
import { HOUR_MS, type Instant, iso } from '../../kernel/instant.ts';

/** One linear perpetual's bar. */
export interface Bar {
  /** Start of the bar; `open` is the price and `rate` the settlement at this instant. */
  readonly at: Instant;
  readonly venue: VenueId;
  readonly open: Px;
  readonly high: Px;
  readonly low: Px;
  /** Base units traded within the bar. */
  readonly volume: number;
  /** Settled funding, fraction per interval, plain text. */
  readonly rate: string;
}

export type DefectCode =
  | 'wrong_header'
  | 'wrong_column_count'
  | 'truncated_line'
  | 'bad_number'
  | 'out_of_range'
  | 'unknown_venue'
  | 'unknown_market'
  | 'missing_rate'
  | 'unordered'
  | 'duplicate'
  | 'no_rows'
  /** A venue has no bar at an instant, or nobody has one. Replay leaves that venue untouched there. */
  | 'missing_bar';

export interface Defect {
  readonly code: DefectCode;
  readonly file: string;
  /** 1-based. For a missing bar: the line before which it belongs. */
  readonly line: number;
  /** 1-based character position of the field. */
  readonly column: number;
  readonly detail: string;
}

export interface ParsedBars {
  /** By time, then venue. Only rows without a defect. */
  readonly bars: readonly Bar[];
  /** Rows that cannot be believed: refuse the file when there is one. At most `MAX_LISTED`; `defectCount` has all. */
  readonly defects: readonly Defect[];
  readonly defectCount: number;
  /** `missing_bar` only; a file with gaps can be replayed. At most `MAX_LISTED`; `gapCount` has all. */
  readonly gaps: readonly Defect[];
  readonly gapCount: number;
}

export const MAX_LISTED = 200;
export const BAR_MS = 8 * HOUR_MS;
/** The venues of the file, in the order in which replay treats them. */
export const BAR_VENUES: readonly VenueId[] = ['binance', 'bybit', 'okx'];

const COLUMNS = ['time_ms', 'venue', 'market', 'open', 'high', 'low', 'close', 'volume', 'funding_rate'] as const;
const LINEAR = 'BTC/USDT:USDT';
const SPOT = 'BTC/USDT';
const MARKETS: readonly string[] = [SPOT, LINEAR, 'BTC/USD:BTC'];
const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i;
/** No venue settles more than this at once; a percentage written as a fraction does. */
const MAX_ABS_RATE = 0.1;
const EARLIEST = Date.UTC(2009, 0, 3);
const LATEST = Date.UTC(2100, 0, 1);

/** `file` is only named in the defects. */
export function parseBars(content: string, file: string): ParsedBars {
  const defects = new Findings(file);
  const gaps = new Findings(file);
  const lines = content.replace(/^\uFEFF/, '').split('\n');
  const rest = lines.pop() ?? '';
  const header = (lines[0] ?? rest).replace(/\r$/, '');
  if (header !== COLUMNS.join(',')) defects.add('wrong_header', 1, 1, `expected ${COLUMNS.join(',')}`);

  const rows: Row[] = [];
  for (let i = 1; i < lines.length; i++) {
    const row = parseRow((lines[i] ?? '').replace(/\r$/, ''), i + 1, defects);
    if (row) rows.push(row);
  }
  // Without its line end a last row may have lost digits and still look like a row.
  if (rest !== '') defects.add('truncated_line', lines.length + 1, rest.length + 1, 'the last line has no line end');
  if (rows.length === 0) defects.add('no_rows', Math.max(1, lines.length), 1, 'no usable row');
  const bars = inOrder(rows, defects);
  findGaps(bars, gaps);
  return {
    bars: bars.map(({ bar }) => bar),
    defects: defects.listed,
    defectCount: defects.count,
    gaps: gaps.listed,
    gapCount: gaps.count,
  };
}

interface Row {
  readonly line: number;
  readonly at: Instant;
  readonly market: string;
  readonly bar: Bar;
}

class Findings {
  readonly listed: Defect[] = [];
  readonly #file: string;
  count = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(code: DefectCode, line: number, column: number, detail: string): void {
    this.count++;
    if (this.listed.length < MAX_LISTED) this.listed.push({ code, file: this.#file, line, column, detail });
  }
}

/** Reports every bad field of the row; undefined when there was one. */
function parseRow(lineText: string, line: number, defects: Findings): Row | undefined {
  const fields = lineText.split(',');
  if (fields.length !== COLUMNS.length) {
    const detail = `${fields.length} columns instead of ${COLUMNS.length}`;
    defects.add('wrong_column_count', line, lineText.length + 1, detail);
    return undefined;
  }
  const before = defects.count;
  const field = (name: (typeof COLUMNS)[number]): string => fields[COLUMNS.indexOf(name)] ?? '';
  const report = (code: DefectCode, name: (typeof COLUMNS)[number], expected: string): void => {
    const column = 1 + fields.slice(0, COLUMNS.indexOf(name)).reduce((total, each) => total + each.length + 1, 0);
    defects.add(code, line, column, `${name} ${JSON.stringify(field(name).slice(0, 40))}: ${expected}`);
  };
  const numeric = (name: (typeof COLUMNS)[number], isIn: (value: number) => boolean, expected: string): number => {
    const value = NUMBER.test(field(name)) ? Number(field(name)) : Number.NaN;
    if (!Number.isFinite(value)) report('bad_number', name, 'not a number');
    else if (!isIn(value)) report('out_of_range', name, expected);
    return value;
  };

  const at = numeric('time_ms', isBarStart, 'not the start of an 8-hour bar');
  if (!BAR_VENUES.includes(field('venue'))) report('unknown_venue', 'venue', `known: ${BAR_VENUES.join(', ')}`);
  const market = field('market');
  if (!MARKETS.includes(market)) report('unknown_market', 'market', `known: ${MARKETS.join(', ')}`);
  const isPrice = (value: number): boolean => value > 0;
  const open = numeric('open', isPrice, 'a price is positive');
  const close = numeric('close', isPrice, 'a price is positive');
  numeric('high', (high) => high > 0 && !(high < open) && !(high < close), 'below open or close');
  numeric('low', (low) => low > 0 && !(low > open) && !(low > close), 'not positive, or above open or close');
  const volume = numeric('volume', (value) => value >= 0, 'a volume is not negative');
  if (field('funding_rate') !== '') {
    numeric('funding_rate', (rate) => Math.abs(rate) <= MAX_ABS_RATE, `beyond ${MAX_ABS_RATE}, not a fraction`);
  } else if (market === LINEAR) {
    report('missing_rate', 'funding_rate', 'a perpetual settles at every bar');
  }
  if (defects.count > before) return undefined;
  // Other markets are only checked: their rows leave here with prices but are dropped by `inOrder`.
  const bar: Bar = {
    at,
    venue: field('venue'),
    open: px(field('open')),
    high: px(field('high')),
    low: px(field('low')),
    volume,
    // A rate is cash per unit of notional; going through a decimal takes the exponent out of its text.
    rate: text(quote(field('funding_rate') || '0')),
  };
  return { line, at, market, bar };
}

const isBarStart = (at: number): boolean => Number.isInteger(at) && at % BAR_MS === 0 && at >= EARLIEST && at <= LATEST;

/** Linear bars in replay order; rows out of order and second rows for one bar are reported and left out. */
function inOrder(rows: readonly Row[], defects: Findings): readonly Row[] {
  const seen = new Set<string>();
  const kept: Row[] = [];
  let latestAt = 0;
  for (const row of rows) {
    const key = `${row.at} ${row.bar.venue} ${row.market}`;
    if (seen.has(key)) {
      defects.add('duplicate', row.line, 1, `second row of ${row.bar.venue} ${row.market} at ${iso(row.at)}`);
    } else if (row.at < latestAt) {
      defects.add('unordered', row.line, 1, `${iso(row.at)} after ${iso(latestAt)}`);
    } else {
      latestAt = row.at;
      if (row.market === LINEAR) kept.push(row);
    }
    seen.add(key);
  }
  const rank = (row: Row): number => BAR_VENUES.indexOf(row.bar.venue);
  return kept.sort((a, b) => a.at - b.at || rank(a) - rank(b));
}

function findGaps(rows: readonly Row[], gaps: Findings): void {
  for (let start = 0; start < rows.length; ) {
    const first = rows[start];
    if (!first) return;
    let end = start;
    const venues = new Set<VenueId>();
    for (let row = rows[end]; row && row.at === first.at; row = rows[++end]) venues.add(row.bar.venue);
    for (const venue of BAR_VENUES) {
      if (!venues.has(venue)) gaps.add('missing_bar', first.line, 1, `no bar of ${venue} at ${iso(first.at)}`);
    }
    const next = rows[end];
    const skipped = next ? (next.at - first.at) / BAR_MS - 1 : 0;
    if (next && skipped > 0) {
      gaps.add('missing_bar', next.line, 1, `no bar of any venue: ${skipped} after ${iso(first.at)}`);
    }
    start = end;
  }
}
