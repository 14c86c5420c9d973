/**
 * Facts that wait in one compact row until the next commit puts them into their tables. Entry points: `stagedRow`,
 * `stagedFacts`.
 */
import type { Fact } from '../../ledger/facts.ts';
import type { Cell } from './column.ts';
import type { Connection } from './connection.ts';
import { LedgerOpenError } from './errors.ts';
import { TABLES, tableOf } from './fact-tables.ts';

export interface StagedFact {
  readonly seq: number;
  readonly fact: Fact;
}

/** The cells of the one row that holds `facts`, the newest of which has number `seq`. */
export const stagedRow = (facts: readonly Fact[], seq: number): readonly [seq: number, facts: string] => [
  seq,
  JSON.stringify(facts.map((fact) => [fact.kind, ...tableOf(fact.kind).cells(fact)])),
];

/** What waits, in commit order; usually nothing. Throws LedgerOpenError `corrupt`. */
export function stagedFacts(database: Connection): StagedFact[] {
  const rows = database.prepare('SELECT seq, facts FROM intents ORDER BY seq').all() as {
    seq: number;
    facts: string;
  }[];
  return rows.flatMap(({ seq, facts }) => {
    const entries = entriesOf(facts, seq);
    return entries.map((entry, i) => {
      const number = seq - entries.length + 1 + i;
      return { seq: number, fact: factOf(entry, number) };
    });
  });
}

/** SQL for the numbers of everything staged: columns `newest` and `rows`. */
export const STAGED_COUNT = 'SELECT max(seq) AS newest, sum(json_array_length(facts)) AS rows FROM intents';

const KINDS: ReadonlySet<unknown> = new Set(TABLES.map(({ kind }) => kind));

function entriesOf(facts: string, seq: number): readonly unknown[][] {
  const damaged = new LedgerOpenError('corrupt', `intents row ${seq}: it is no list of facts`);
  let entries: unknown;
  try {
    entries = JSON.parse(facts);
  } catch {
    throw damaged;
  }
  if (!Array.isArray(entries) || entries.length === 0) throw damaged;
  if (!entries.every((entry) => Array.isArray(entry) && KINDS.has(entry[0]))) throw damaged;
  return entries;
}

function factOf([kind, ...cells]: unknown[], seq: number): Fact {
  const { columns, fact } = tableOf(kind as Fact['kind']);
  return fact({ seq, ...Object.fromEntries(columns.map((column, i) => [column, cells[i] as Cell])) });
}
