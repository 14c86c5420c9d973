/**
 * Questions the command line asks of a ledger, beside a running writer or without one. Never writes.
 * Entry point: `openLedgerReader`.
 */
import type { HedgeId } from '../../kernel/ids.ts';
import type { ConfigChanged, ControlGiven, DecisionMade, Fact } from '../../ledger/facts.ts';
import type { LedgerStamp } from '../../ports/ledger-store.ts';
import type { Row } from './column.ts';
import { canonicalPath, inspectLedger, openForReading } from './connection.ts';
import { asOpenError, LedgerOpenError } from './errors.ts';
import { tableOf } from './fact-tables.ts';
import { factsInOrder } from './facts-in-order.ts';
import { SCHEMA_VERSION } from './migrate.ts';
import { stagedFacts } from './staged.ts';

export interface LedgerReader {
  readonly path: string;
  readonly stamp: LedgerStamp;
  /** Every fact but decisions, in commit order. */
  facts(): Iterable<Fact>;
  /** One hedge's whole life in commit order: plan, moves, orders, fills, payments, decisions and controls about it. */
  hedgeFacts(hedge: HedgeId): readonly Fact[];
  /** The newest decision about every subject (pair or hedge), newest first; of one asset when given. */
  latestDecisions(asset?: string): readonly DecisionMade[];
  /** Newest first. */
  decisionsOf(subject: string, limit: number): readonly DecisionMade[];
  /** Newest first. */
  configChanges(limit: number): readonly ConfigChanged[];
  /** Newest first. */
  controls(limit: number): readonly ControlGiven[];
  close(): void;
}

/** What belongs to a hedge, by table. */
const OF_HEDGE: ReadonlyArray<readonly [Fact['kind'], string]> = [
  ['hedge_planned', 'hedge = ?'],
  ['hedge_moved', 'hedge = ?'],
  ['attempt', 'hedge = ?'],
  ['outcome', 'client_order_id IN (SELECT client_order_id FROM attempts WHERE hedge = ?)'],
  ['fill', 'hedge = ?'],
  ['payment', 'hedge = ?'],
  ['adjustment', 'hedge = ?'],
  ['decision', 'subject = ?'],
  ['control', 'subject = ?'],
];

/** Whatever mode and account the ledger has: look at `stamp`. Answers as of its first question. Throws LedgerOpenError. */
export function openLedgerReader(ledgerPath: string): LedgerReader {
  const path = canonicalPath(ledgerPath, false);
  const { schema, ...stamp } = inspectLedger(path);
  if (schema < SCHEMA_VERSION) {
    throw new LedgerOpenError(
      'older_schema',
      `ledger ${path} has schema ${schema}; a run brings it to ${SCHEMA_VERSION}`,
    );
  }
  const database = openForReading(path);
  // One moment for every question: meanwhile a writer moves what is staged from one table to the others.
  database.exec('BEGIN');
  const query = <F extends Fact>(kind: F['kind'], rest: string, ...values: unknown[]): Array<[number, F]> => {
    const { table, fact } = tableOf(kind);
    try {
      const rows = database.prepare(`SELECT * FROM ${table} ${rest}`).all(...values) as Row[];
      return rows.map((row) => [Number(row.seq), fact(row) as F]);
    } catch (error) {
      throw asOpenError(error, path);
    }
  };
  const values = <F extends Fact>(rows: ReadonlyArray<readonly [number, F]>): F[] => rows.map(([, fact]) => fact);
  const newest = 'seq IN (SELECT max(seq) FROM decisions GROUP BY subject)';
  return {
    path,
    stamp,
    facts: () => factsInOrder(database, { exclude: 'decision' }),
    hedgeFacts: (hedge) => {
      const staged = stagedFacts(database).filter(({ fact }) => 'hedge' in fact && fact.hedge === hedge);
      const placed = OF_HEDGE.flatMap(([kind, where]) => query<Fact>(kind, `WHERE ${where}`, hedge));
      // A writer may have placed what was staged between the two reads.
      const facts = new Map([...staged.map(({ seq, fact }): [number, Fact] => [seq, fact]), ...placed]);
      return values([...facts].sort(([a], [b]) => a - b));
    },
    latestDecisions: (asset) =>
      values(
        asset === undefined
          ? query<DecisionMade>('decision', `WHERE ${newest} ORDER BY seq DESC`)
          : query<DecisionMade>('decision', `WHERE asset = ? AND ${newest} ORDER BY seq DESC`, asset),
      ),
    decisionsOf: (subject, limit) =>
      values(query<DecisionMade>('decision', 'WHERE subject = ? ORDER BY seq DESC LIMIT ?', subject, limit)),
    configChanges: (limit) => values(query<ConfigChanged>('config', 'ORDER BY seq DESC LIMIT ?', limit)),
    controls: (limit) => values(query<ControlGiven>('control', 'ORDER BY seq DESC LIMIT ?', limit)),
    close: () => {
      database.close();
    },
  };
}
