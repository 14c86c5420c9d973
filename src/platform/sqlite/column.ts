/**
 * Typed columns: how one property of a fact becomes a cell and back. Reading checks the type, so an edited database
 * is told by table, row and column, and never trusted.
 */
import { type Dec, DecimalError, text as decimalText } from '../../kernel/decimal.ts';
import { LedgerOpenError } from './errors.ts';

export type Cell = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

export interface Column<T> {
  readonly name: string;
  readonly cell: (value: T) => Cell;
  /** Returns `UNREADABLE` for a cell that no write of ours can have made. */
  readonly read: (cell: unknown) => T | typeof UNREADABLE;
}

export const UNREADABLE = Symbol('unreadable');

/** One column for every property of `T`; optional properties need a column made by `optional`. */
export type ColumnsOf<T> = { readonly [K in keyof T]-?: Column<T[K]> };

export const textColumn = (name: string): Column<string> => ({
  name,
  cell: (value) => value,
  read: (cell) => (typeof cell === 'string' ? cell : UNREADABLE),
});

/** Instants, counters: whole numbers that a double holds exactly. */
export const wholeColumn = (name: string): Column<number> => ({
  name,
  cell: (value) => value,
  read: (cell) => (typeof cell === 'number' && Number.isSafeInteger(cell) ? cell : UNREADABLE),
});

export const realColumn = (name: string): Column<number> => ({
  name,
  cell: (value) => value,
  read: (cell) => (typeof cell === 'number' && Number.isFinite(cell) ? cell : UNREADABLE),
});

export const flagColumn = (name: string): Column<boolean> => ({
  name,
  cell: (value) => (value ? 1 : 0),
  read: (cell) => (cell === 0 || cell === 1 ? cell === 1 : UNREADABLE),
});

/** Exact decimals lie as plain text. */
export const decimalColumn = <U extends string>(name: string, parse: (text: string) => Dec<U>): Column<Dec<U>> => ({
  name,
  cell: (value) => decimalText(value),
  read: (cell) => {
    if (typeof cell !== 'string') return UNREADABLE;
    try {
      return parse(cell);
    } catch (error) {
      if (error instanceof DecimalError) return UNREADABLE;
      throw error;
    }
  },
});

/** One of a closed set of words. */
export const wordColumn = <T extends string>(name: string, words: Readonly<Record<T, true>>): Column<T> => ({
  name,
  cell: (value) => value,
  read: (cell) => (typeof cell === 'string' && Object.hasOwn(words, cell) ? (cell as T) : UNREADABLE),
});

/** A list of texts, as JSON. */
export const listColumn = (name: string): Column<readonly string[]> => ({
  name,
  cell: (value) => JSON.stringify(value),
  read: (cell) => {
    try {
      const value: unknown = typeof cell === 'string' ? JSON.parse(cell) : undefined;
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : UNREADABLE;
    } catch {
      return UNREADABLE;
    }
  },
});

/** NULL for an absent value. */
export const optional = <T>(column: Column<T>): Column<T | undefined> => ({
  name: column.name,
  cell: (value) => (value === undefined ? null : column.cell(value)),
  read: (cell) => (cell === null ? undefined : column.read(cell)),
});

/** The cells of `value`, in the order of `columns`. */
export function cellsOf<T>(columns: ColumnsOf<T>, value: T): Cell[] {
  const cells: Cell[] = [];
  for (const property in columns) cells.push(columns[property].cell(value[property]));
  return cells;
}

/** The value in a row; absent properties are left out. Throws LedgerOpenError `corrupt`. */
export function readRow<T>(columns: ColumnsOf<T>, table: string, row: Row): T {
  const value: Partial<T> = {};
  for (const property in columns) {
    const column = columns[property];
    const read = column.read(row[column.name]);
    if (read === UNREADABLE) {
      const found = JSON.stringify(row[column.name]);
      throw new LedgerOpenError('corrupt', `${table} row ${String(row.seq)}: ${column.name} cannot be ${found}`);
    }
    if (read !== undefined) value[property] = read;
  }
  return value as T;
}
