/** Facts of all tables merged in commit order. Entry point: `factsInOrder`. */
import type { Fact } from '../../ledger/facts.ts';
import type { Row } from './column.ts';
import { type Connection, lastSeq } from './connection.ts';
import type { FactTable } from './fact-table.ts';
import { TABLES } from './fact-tables.ts';
import { type StagedFact, stagedFacts } from './staged.ts';

/** Rows of one table held in memory at a time. */
const PAGE = 500;

/**
 * The facts as they stood when the first one was asked for. Reads in pages and holds no statement open, so commits may
 * go on between two facts. Throws LedgerOpenError `corrupt` on a row that no commit can have written.
 */
export function* factsInOrder(database: Connection, skip: { readonly exclude: Fact['kind'] }): Generator<Fact> {
  // What is staged is read first: a writer may put it into its tables at any moment, and then it is met twice.
  const staged = stagedCursor(stagedFacts(database));
  const until = lastSeq(database);
  const tables = TABLES.filter(({ kind }) => kind !== skip.exclude);
  const cursors = [...tables.map((table) => cursor(database, table, until)), staged];
  let last = 0;
  for (;;) {
    let first: Cursor = staged;
    for (const candidate of cursors) if (candidate.seq() < first.seq()) first = candidate;
    const seq = first.seq();
    const fact = first.take();
    if (!fact) return;
    if (seq === last) continue;
    last = seq;
    yield fact;
  }
}

interface Cursor {
  /** Of the row that `take` would return; Infinity at the end. */
  seq(): number;
  take(): Fact | undefined;
}

function stagedCursor(staged: readonly StagedFact[]): Cursor {
  let next = 0;
  return {
    seq: () => staged[next]?.seq ?? Number.POSITIVE_INFINITY,
    take: () => staged[next++]?.fact,
  };
}

function cursor(database: Connection, { table, columns, fact }: FactTable, until: number): Cursor {
  const read = database.prepare(
    `SELECT seq, ${columns.join(', ')} FROM ${table} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${PAGE}`,
  );
  const pageAfter = (seq: number): Row[] => read.all(seq, until) as Row[];
  const seqOf = (row: Row | undefined): number => (row ? Number(row.seq) : Number.POSITIVE_INFINITY);
  let page = pageAfter(0);
  let next = 0;
  return {
    seq: () => seqOf(page[next]),
    take() {
      const row = page[next];
      if (!row) return undefined;
      next += 1;
      if (next === page.length && page.length === PAGE) {
        page = pageAfter(seqOf(row));
        next = 0;
      }
      return fact(row);
    },
  };
}
