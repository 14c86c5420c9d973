/**
 * Reads a ledger file as it lies there, without the checks that refuse a damaged one, and lists everything that is
 * wrong with it. Changes nothing. Entry point: `verifyLedger`.
 */
import { add, cmp, type Quote, round, text, toNumber } from '../kernel/decimal.ts';
import type { Route, VenueId } from '../kernel/ids.ts';
import { bookedChange } from '../ledger/reconcile.ts';
import { type AccountRecord, type LedgerState, legsOf } from '../ledger/state.ts';
import { type Connection, canonicalPath, openForReading, readStamp } from '../platform/sqlite/connection.ts';
import { asOpenError, LedgerOpenError } from '../platform/sqlite/errors.ts';
import { TABLES, tableOf } from '../platform/sqlite/fact-tables.ts';
import { factsInOrder } from '../platform/sqlite/facts-in-order.ts';
import { SCHEMA_VERSION, schemaVersion } from '../platform/sqlite/migrate.ts';
import { stagedFacts } from '../platform/sqlite/staged.ts';
import type { LedgerStamp } from '../ports/ledger-store.ts';
import { checkFacts, type Finding, note, problem } from './ledger-checks.ts';

/** Exact money as decimal text. */
export interface AccountMoney {
  readonly route: Route;
  readonly venue: VenueId;
  /** Absent until the first reconciliation. */
  readonly baseline?: string;
  readonly realised: string;
  readonly funding: string;
  readonly fees: string;
  /** baseline + realised + funding - fees: what the venue's wallet must show. */
  readonly wallet?: string;
}

export interface VerifyReport {
  readonly path: string;
  readonly stamp?: LedgerStamp;
  readonly schema: number;
  /** Folded; decisions are checked row by row and not counted. Absent, as hedges are, when rows could not be read. */
  readonly facts?: number;
  readonly hedges?: number;
  readonly accounts: readonly AccountMoney[];
  readonly findings: readonly Finding[];
  /** No problems; notes are fine. */
  readonly ok: boolean;
}

const MAX_INTEGRITY_LINES = 20;

/** Throws LedgerOpenError when the file is missing, cannot be read, or is no SQLite database at all. */
export function verifyLedger(ledgerPath: string): VerifyReport {
  const path = canonicalPath(ledgerPath, false);
  const database = openForReading(path);
  try {
    return examine(database, path);
  } catch (error) {
    throw asOpenError(error, path);
  } finally {
    database.close();
  }
}

function examine(database: Connection, path: string): VerifyReport {
  const schema = schemaVersion(database);
  const empty = { path, schema, accounts: [] };
  if (schema === 0 || schema > SCHEMA_VERSION) {
    const detail =
      schema === 0
        ? 'it is a database without any schema of this program'
        : `it has schema ${schema} and this program knows ${SCHEMA_VERSION}: use the version that wrote it`;
    return { ...empty, findings: [problem('schema', detail)], ok: false };
  }
  if (schema < SCHEMA_VERSION) {
    const detail = `it has schema ${schema}; the next run copies it aside and migrates it to ${SCHEMA_VERSION}; its facts were not checked`;
    const findings = [...integrity(database), note('schema', detail)];
    const stamp = stampOf(database, path, findings);
    return { ...empty, ...(stamp ? { stamp } : {}), findings, ok: findings.every(({ level }) => level === 'note') };
  }
  // One snapshot for everything, though a bot may be writing.
  database.exec('BEGIN');
  const findings = [...integrity(database), ...guards(database), ...sequence(database)];
  const folded = refold(database, findings);
  if (folded) findings.push(...viewFindings(database, folded.ledger));
  const stamp = stampOf(database, path, findings);
  return {
    path,
    ...(stamp ? { stamp } : {}),
    schema,
    ...(folded ? { facts: folded.facts, hedges: folded.ledger.hedges.size } : {}),
    accounts: folded ? [...folded.ledger.accounts.values()].map(moneyOf) : [],
    findings,
    ok: findings.every(({ level }) => level === 'note'),
  };
}

function stampOf(database: Connection, path: string, findings: Finding[]): LedgerStamp | undefined {
  try {
    return readStamp(database, path);
  } catch (error) {
    if (!(error instanceof LedgerOpenError)) throw error;
    findings.push(problem('stamp', error.message));
    return undefined;
  }
}

function integrity(database: Connection): Finding[] {
  const rows = database.pragma(`integrity_check(${MAX_INTEGRITY_LINES})`) as { integrity_check: string }[];
  const torn = rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
  const orphans = database.pragma('foreign_key_check') as { table: string; rowid: number; parent: string }[];
  return [
    ...torn.map((line) => problem('integrity', line)),
    ...orphans.map(({ table, rowid, parent }) =>
      problem('orphan', `${table} row ${rowid} refers to a row of ${parent} that is not there`),
    ),
  ];
}

/** Facts cannot be changed while these stand; who takes one away means to change something. */
function guards(database: Connection): Finding[] {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all() as string[];
  const wanted = ['stamp', 'intents', ...TABLES.map(({ table }) => table)].flatMap((table) => [
    `${table}_no_update`,
    `${table}_no_delete`,
  ]);
  const gone = wanted.filter((name) => !names.includes(name));
  return gone.map((name) => problem('guard', `the trigger ${name} is gone: rows may have been changed`));
}

/** Commit numbers run from 1 without gaps over all tables. */
function sequence(database: Connection): Finding[] {
  const placed = TABLES.map(({ table }) => `SELECT seq, '${table}' AS source FROM ${table}`);
  const staged = `SELECT intents.seq - json_array_length(facts) + 1 + each.key AS seq, 'intents' AS source
    FROM intents, json_each(facts) AS each`;
  const all = [...placed, staged].join(' UNION ALL ');
  const findings: Finding[] = [];
  let last = 0;
  for (const row of database.prepare(`SELECT seq, source FROM (${all}) ORDER BY seq`).iterate()) {
    const { seq, source } = row as { seq: number; source: string };
    if (seq === last) findings.push(problem('sequence', `number ${seq} stands twice (${source})`));
    else if (seq !== last + 1) findings.push(problem('sequence', `numbers ${last + 1} to ${seq - 1} are missing`));
    last = seq;
  }
  return findings;
}

function refold(database: Connection, findings: Finding[]): { facts: number; ledger: LedgerState } | undefined {
  try {
    const decisions = tableOf('decision');
    for (const row of database.prepare(`SELECT * FROM ${decisions.table}`).iterate())
      decisions.fact(row as Record<string, unknown>);
    const checked = checkFacts(factsInOrder(database, { exclude: 'decision' }));
    findings.push(...checked.findings);
    return { facts: checked.facts, ledger: checked.ledger };
  } catch (error) {
    const known = asOpenError(error, database.name);
    if (!(known instanceof LedgerOpenError)) throw error;
    findings.push(problem('row', known.message));
    return undefined;
  }
}

/** The views add doubles; beyond this they and the exact fold disagree. */
const RELATIVE = 1e-9;
const ABSOLUTE = 1e-9;
const agree = (a: number, b: number): boolean =>
  Math.abs(a - b) <= ABSOLUTE + RELATIVE * Math.max(Math.abs(a), Math.abs(b));

interface LegRow {
  readonly hedge: string;
  readonly leg: 'long' | 'short';
  readonly quantity: number;
  readonly funding: number;
  readonly fees: number;
}

/** What an operator sees with `sqlite3` must be what the bot believes. */
function viewFindings(database: Connection, ledger: LedgerState): Finding[] {
  const findings: Finding[] = [];
  const differs = (what: string, view: number, fold: number): void => {
    if (!agree(view, fold)) findings.push(problem('view', `${what}: the view says ${view}, the fold ${fold}`));
  };
  const rows = database.prepare('SELECT hedge, leg, quantity, funding, fees FROM v_legs').all() as LegRow[];
  for (const row of rows) {
    const leg = ledger.hedges.get(row.hedge)?.[row.leg];
    if (!leg) continue;
    const name = `${row.hedge} ${row.leg}`;
    differs(`${name} quantity`, row.quantity, toNumber(leg.holding.quantity));
    differs(`${name} funding`, row.funding, toNumber(leg.funding));
    differs(`${name} fees`, row.fees, toNumber(leg.fees));
  }
  const staged = stagedFacts(database).flatMap(({ fact }) => (fact.kind === 'hedge_planned' ? [fact.hedge] : []));
  if (staged.length > 0)
    findings.push(note('staged', `${staged.join(', ')}: planned, and shown in the views from the next commit on`));
  const placed = [...ledger.hedges.values()].filter(({ id }) => !staged.includes(id));
  const legs = placed.flatMap((hedge) => legsOf(hedge)).length;
  if (rows.length !== legs) findings.push(problem('view', `v_legs has ${rows.length} rows for ${legs} legs`));
  const states = database.prepare('SELECT hedge, state FROM v_hedges').all() as { hedge: string; state: string }[];
  for (const { hedge, state } of states) {
    const folded = ledger.hedges.get(hedge)?.state;
    if (folded !== undefined && folded !== state)
      findings.push(problem('view', `${hedge}: the view says ${state}, the fold ${folded}`));
  }
  const unresolved = Number(database.prepare('SELECT count(*) FROM v_unresolved_orders').pluck().get());
  if (unresolved > 0)
    findings.push(note('unresolved', `${unresolved} orders wait for their outcome (v_unresolved_orders)`));
  return findings;
}

function moneyOf(account: AccountRecord): AccountMoney {
  const { route, venue, baseline, realised, funding, fees } = account;
  return {
    route,
    venue,
    realised: exact(realised),
    funding: exact(funding),
    fees: exact(fees),
    ...(baseline
      ? { baseline: exact(baseline.wallet), wallet: exact(add(baseline.wallet, bookedChange(account))) }
      : {}),
  };
}

/** Quotients of average-cost closing have up to 24 decimals; twelve are far below any cent. */
const exact = (value: Quote): string => {
  const short = round(value, 12);
  return text(cmp(short, value) === 0 ? value : short);
};
