/** Lines of a screen: coloured pieces of inert text, laid out in columns, drawn and cut to a width. */
import { type Align, clip, inert, pad, widthOf } from './format.ts';

export type Tone = 'plain' | 'bold' | 'dim' | 'good' | 'warn' | 'bad' | 'badge' | 'alarm';
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}
export type Line = readonly Span[];

const SGR: Readonly<Record<Tone, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  good: '32',
  warn: '33',
  bad: '31',
  badge: '1;30;46',
  alarm: '1;37;41',
};

/** Text of whatever origin, made inert. */
export const span = (text: string, tone: Tone = 'plain'): Span => ({ text: inert(text), tone });

export interface Column {
  readonly title: string;
  readonly align?: Align;
  readonly max?: number;
  /** Goes where the terminal is too narrow for all, the lowest first. Absent: stays. */
  readonly spare?: number;
}

const GAP = 2;
/** Of a last column of words, which may be cut. */
const LEAST_WORDS = 12;

/** Titles and rows, padded to common widths; without spare columns where `fit` is too narrow for them. */
export function grid(columns: readonly Column[], rows: readonly Line[], fit = Number.POSITIVE_INFINITY): Line[] {
  const last = columns.length - 1;
  const wanted = columns.map(({ title, max = 60, align = 'left' }, i) => {
    const width = Math.max(...[title, ...rows.map((row) => row[i]?.text ?? '')].map(widthOf));
    return Math.min(width, i === last && align === 'left' ? LEAST_WORDS : max);
  });
  const spare = columns.flatMap((column, i) => (column.spare === undefined ? [] : [i]));
  spare.sort((a, b) => (columns[b]?.spare ?? 0) - (columns[a]?.spare ?? 0));
  const kept = new Set(columns.keys());
  const total = (): number => [...kept].reduce((sum, i) => sum + (wanted[i] ?? 0) + GAP, -GAP);
  while (total() > fit && spare.length > 0) kept.delete(spare.pop() ?? last);
  const places = [...kept];
  const at = <T>(cells: readonly T[]): T[] => places.flatMap((i) => cells.slice(i, i + 1));
  return padded(
    at(columns),
    rows.map((row) => at(columns.map((_, i) => row[i] ?? span('')))),
  );
}

function padded(columns: readonly Column[], rows: readonly Line[]): Line[] {
  const cut = rows.map((row) =>
    columns.map(({ max = 60 }, i): Span => {
      const cell = row[i] ?? span('');
      return { text: clip(cell.text, max), tone: cell.tone };
    }),
  );
  const titles = columns.map(({ title }) => span(title, 'dim'));
  const all = [titles, ...cut];
  const widths = columns.map((_, i) => Math.max(...all.map((row) => widthOf(row[i]?.text ?? ''))));
  const last = columns.length - 1;
  return all.map((row) =>
    row.flatMap((cell, i) => {
      const { align = 'left' } = columns[i] ?? {};
      // Padding at the end of a line would only make it seem too wide.
      const padded = i === last && align === 'left' ? cell.text : pad(cell.text, widths[i] ?? 0, align);
      return [{ text: padded, tone: cell.tone }, ...(i === last ? [] : [span(' '.repeat(GAP))])];
    }),
  );
}

/** One line as text of at most `columns`, without trailing blanks. */
export function draw(line: Line, columns: number, color: boolean): string {
  const drawn: string[] = [];
  let left = columns;
  const wide = line.reduce((width, { text }) => width + widthOf(text), 0) > columns;
  for (const { text, tone } of line) {
    const kept = wide ? clip(text, left) : text;
    left -= widthOf(kept);
    if (kept !== '') drawn.push(color && SGR[tone] !== '' ? `\u001b[${SGR[tone]}m${kept}\u001b[0m` : kept);
    if (wide && left <= 0) break;
  }
  return color ? drawn.join('') : drawn.join('').trimEnd();
}
