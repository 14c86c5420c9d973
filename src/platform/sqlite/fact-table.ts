/** A fact table from its columns: what is written and how a row is read. Entry points: `flat`, `nested`. */
import type { Fact } from '../../ledger/facts.ts';
import type { Fill, FundingPayment } from '../../market/order.ts';
import { type Cell, type ColumnsOf, cellsOf, type Row, readRow } from './column.ts';

export interface FactTable {
  readonly kind: Fact['kind'];
  readonly table: string;
  /** Without `seq`, in the order of the cells. */
  readonly columns: readonly string[];
  /** Takes the sequence number, then the cells. */
  readonly insert: string;
  cells(fact: Fact): Cell[];
  /** Throws LedgerOpenError `corrupt`. */
  fact(row: Row): Fact;
}

type FactOf<K extends Fact['kind']> = Extract<Fact, { readonly kind: K }>;
export type PaymentOwner = Pick<FactOf<'payment'>, 'hedge' | 'leg' | 'legAmount' | 'bookedAt'>;
export type FillOwner = Pick<FactOf<'fill'>, 'hedge' | 'leg' | 'legQuantity' | 'bookedAt'>;

/** A fact whose properties are its columns. */
export function flat<K extends Fact['kind']>(
  kind: K,
  table: string,
  columns: ColumnsOf<Omit<FactOf<K>, 'kind'>>,
): FactTable {
  return {
    kind,
    table,
    columns: names(columns),
    insert: insertInto(table, names(columns)),
    cells: (fact) => cellsOf(columns, fact as FactOf<K>),
    fact: (row) => ({ kind, ...readRow(columns, table, row) }) as FactOf<K>,
  };
}

/** A venue's record, in columns of its own, and whose it is. */
export function nested<K extends 'fill' | 'payment'>(
  kind: K,
  table: string,
  columns: K extends 'fill' ? ColumnsOf<Fill> : ColumnsOf<FundingPayment>,
  owner: K extends 'fill' ? ColumnsOf<FillOwner> : ColumnsOf<PaymentOwner>,
): FactTable {
  const inner = columns as ColumnsOf<Fill | FundingPayment>;
  const outer = owner as ColumnsOf<FillOwner | PaymentOwner>;
  const all = [...names(columns), ...names(owner)];
  return {
    kind,
    table,
    columns: all,
    insert: insertInto(table, all),
    cells: (fact) => {
      const booked = fact as FactOf<'fill'> & FactOf<'payment'>;
      return [...cellsOf(inner, booked[kind]), ...cellsOf(outer, booked)];
    },
    fact: (row) =>
      ({ kind, [kind]: readRow(inner, table, row), ...readRow(outer, table, row) }) as unknown as FactOf<K>,
  };
}

function insertInto(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (seq, ${columns.join(', ')}) VALUES (?, ${columns.map(() => '?').join(', ')})`;
}

function names(columns: object): string[] {
  return Object.values(columns as Readonly<Record<string, { readonly name: string }>>).map((column) => column.name);
}
