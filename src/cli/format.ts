/**
 * Text for people. Everything that came from a venue, a file or a socket passes `inert` before it reaches a terminal.
 * Rates turn into percent and basis points here and nowhere earlier.
 */
import type { HedgeStatus } from '../engine/status.ts';
import { type Quote, round } from '../kernel/decimal.ts';
import { type Instant, iso } from '../kernel/instant.ts';

/** Controls (escape sequences need one), bidirectional overrides, invisible and unpaired characters. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text without anything that moves a cursor, hides or reorders text. */
export const inert = (text: string): string => text.replace(DANGEROUS, ' ');

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const COMBINING = /\p{M}/u;

function charWidth(char: string): number {
  if (char < '\u0300') return 1;
  if (COMBINING.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** Terminal cells that the text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** At most `columns` cells; what was cut ends with an ellipsis. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const char of text) {
    width += charWidth(char);
    if (width > columns - 1) break;
    kept += char;
  }
  return columns > 0 ? `${kept}…` : '';
}

export type Align = 'left' | 'right';

export const pad = (text: string, width: number, align: Align): string => {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + fill : fill + text;
};

export interface ColumnStyle {
  readonly title: string;
  readonly align?: Align;
  /** Longer cells are cut. */
  readonly max?: number;
}

/** Aligned lines, the titles first; cells are made inert. No trailing spaces. */
export function table(columns: readonly ColumnStyle[], rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => columns.map(({ max = 200 }, i) => clip(inert(row[i] ?? ''), max)));
  const widths = columns.map(({ title }, i) => Math.max(widthOf(title), ...cells.map((row) => widthOf(row[i] ?? ''))));
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align = 'left' }, i) => pad(row[i] ?? '', widths[i] ?? 0, align))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...cells.map(line)];
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** `1,234.50`; from decimal text or a number, to the cent. Never `-0.00`. */
export function money(value: string | number): string {
  const fixed = typeof value === 'number' ? value.toFixed(2) : value;
  if (!/^-?\d+(\.\d+)?$/.test(fixed)) return inert(fixed);
  const [whole = '0', cents = '00'] = fixed.replace('-', '').split('.');
  const text = `${grouped(whole)}.${cents.padEnd(2, '0')}`;
  return fixed.startsWith('-') && /[1-9]/.test(text) ? `-${text}` : text;
}

/** The same with a plus sign for what was gained. */
export function gain(value: string | number): string {
  const text = money(value);
  return text.startsWith('-') || !/[1-9]/.test(text) ? text : `+${text}`;
}

/** Decimal text of an exact amount, rounded half-even to the cent. */
export const cents = (value: Quote): string => round(value, 2).toFixed(2);

/** 0.1234 -> `12.34 %`. */
export const percent = (rate: number, digits = 2): string => unsignedZero((rate * 100).toFixed(digits), ' %');
/** 0.00025 -> `2.5 bps`. */
export const bps = (rate: number): string => unsignedZero((rate * 10_000).toFixed(1), ' bps');

const unsignedZero = (text: string, unit: string): string => (/[1-9]/.test(text) ? text : text.replace('-', '')) + unit;

/** `45 s`, `12 min`, `7.5 h`, `3.2 d`. */
export function duration(ms: number): string {
  if (ms < 90_000) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  if (ms < 90 * 60_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 48 * 3_600_000 ? `${(ms / 3_600_000).toFixed(1)} h` : `${(ms / 86_400_000).toFixed(1)} d`;
}

/** `2024-01-31 08:00:00Z` */
export const when = (at: Instant): string => `${iso(at).slice(0, 19).replace('T', ' ')}Z`;

/** `okx` of `okx|BTC/USDT:USDT`. */
export const venueOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf('|'))) || key;

/**
 * Distance to liquidation of the nearer leg. `?`: not known of both, or of the other one; an unknown leg is never safe.
 */
export function nearestLiquidation({ long, short }: HedgeStatus['liquidationDistance']): string {
  const known = [long, short].filter((each) => each !== undefined);
  if (known.length === 0) return '?';
  return `${percent(Math.min(...known), 0)}${known.length < 2 ? ' ?' : ''}`;
}
