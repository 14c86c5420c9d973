/**
 * Opens a ledger file for reading or writing and settles what every connection must have: the file is ours and sound,
 * WAL, foreign keys, and `synchronous=FULL` that stays. Entry points: `inspectLedger`, `createLedger`, `openForWriting`,
 * `openForReading`, `keepDurable`.
 */
import { existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { Mode } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { type LedgerStamp, LedgerWriteError } from '../../ports/ledger-store.ts';
import { syncDirectory } from './copy.ts';
import { SYNCHRONOUS } from './durability.ts';
import { asOpenError, LedgerOpenError } from './errors.ts';
import { TABLES } from './fact-tables.ts';
import { MIGRATIONS, migrate, newerSchema, SCHEMA_VERSION, schemaVersion } from './migrate.ts';
import { refuseForeignLog } from './sidecar.ts';
import { STAGED_COUNT } from './staged.ts';

export type Connection = Database.Database;

/** 'tndm': tells a ledger from any other SQLite file. */
const APPLICATION_ID = 0x746e646d;
/** A human in the `sqlite3` shell may hold the file for a moment; the trading loop waits no longer than this. */
const BUSY_TIMEOUT_MS = 500;
const SYNCHRONOUS_FULL = 2;
/** Two append-only triggers for every fact table, the staged intents and the stamp. */
const GUARDS = 2 * (TABLES.length + 2);

/** One name for one file, whatever links lead there, so that its lock is one too. Makes the directory when asked. */
export function canonicalPath(path: string, makeDirectory: boolean): string {
  const full = resolve(path);
  try {
    if (makeDirectory) mkdirSync(dirname(full), { recursive: true, mode: 0o700 });
    if (existsSync(full)) return realpathSync(full);
    return existsSync(dirname(full)) ? join(realpathSync(dirname(full)), basename(full)) : full;
  } catch (error) {
    throw asOpenError(error, full);
  }
}

/** Whether there is a ledger where a configuration names one. Throws as `ledgerExists`. */
export const isLedgerThere = (path: string): boolean => ledgerExists(canonicalPath(path, false));

/**
 * Whether there is a ledger at `path`. Throws LedgerOpenError when what lies there is the remains of one, or a link to
 * none, or may not be looked at.
 */
export function ledgerExists(path: string): boolean {
  try {
    return isThere(path);
  } catch (error) {
    throw asOpenError(error, path);
  }
}

function isThere(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && !existsSync(path)) {
    const target = readlinkSync(path);
    throw new LedgerOpenError(
      'missing',
      `ledger ${path} is a link to ${target}, which is not there; mount its disk, or remove the link to begin anew`,
    );
  }
  if (existsSync(path)) {
    if (statSync(path).size > 0) return true;
    throw new LedgerOpenError(
      'corrupt',
      `ledger ${path} is empty (0 bytes); restore a backup, or move it away to begin anew`,
    );
  }
  const log = `${path}-wal`;
  if (!existsSync(log) || statSync(log).size === 0) return false;
  throw new LedgerOpenError(
    'missing',
    `ledger ${path} is gone but ${log} is there; restore both, or move the log away`,
  );
}

/** Checks a ledger without changing a byte, and returns its stamp. Throws LedgerOpenError. */
export function inspectLedger(path: string): LedgerStamp & { readonly schema: number } {
  const database = openForReading(path);
  try {
    // One moment for every question: a bot that commits between two counts would look like damage.
    database.exec('BEGIN');
    const id = database.pragma('application_id', { simple: true });
    if (id !== APPLICATION_ID) throw new LedgerOpenError('not_a_ledger', `${path} was not made by this program`);
    const schema = schemaVersion(database);
    if (schema > SCHEMA_VERSION) throw newerSchema(path, schema, MIGRATIONS.length);
    const verdict = String(database.pragma('quick_check(1)', { simple: true }));
    if (verdict !== 'ok') throw damaged(path, verdict);
    if (schema === SCHEMA_VERSION) checkRows(database, path);
    return { ...readStamp(database, path), schema };
  } catch (error) {
    throw asOpenError(error, path);
  } finally {
    database.close();
  }
}

/** Makes a new ledger beside `path` and moves it there whole: a crash leaves none or a complete one. */
export function createLedger(path: string, stamp: LedgerStamp, now: Instant): void {
  const draft = `${path}.new`;
  for (const leftover of [draft, `${draft}-wal`, `${draft}-shm`, `${draft}-journal`]) rmSync(leftover, { force: true });
  try {
    const database = new Database(draft);
    try {
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma('journal_mode = WAL');
      keepDurable(database);
      migrate(database, now);
      database
        .prepare('INSERT INTO stamp (id, mode, account, tag, created_at) VALUES (1, ?, ?, ?, ?)')
        .run(stamp.mode, stamp.account, stamp.tag, now);
      database.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
    renameSync(draft, path);
    syncDirectory(dirname(path));
  } catch (error) {
    throw asOpenError(error, path);
  }
}

/** A connection for the one writer. The caller holds the lock and has inspected the file. */
export function openForWriting(path: string): Connection {
  let database: Connection | undefined;
  try {
    database = new Database(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    const journal = database.pragma('journal_mode = WAL', { simple: true });
    if (journal !== 'wal')
      throw new LedgerOpenError('io', `ledger ${path}: the file system refuses WAL (${String(journal)})`);
    database.pragma('foreign_keys = ON');
    keepDurable(database);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof LedgerWriteError
      ? new LedgerOpenError('io', `ledger ${path}: ${error.message}`, error)
      : asOpenError(error, path);
  }
}

/** A connection that cannot write; works beside a running writer. */
export function openForReading(path: string): Connection {
  if (!existsSync(path)) throw new LedgerOpenError('missing', `there is no ledger at ${path}`);
  try {
    refuseForeignLog(path);
    return new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw asOpenError(error, path);
  }
}

/**
 * Every commit must reach the disk before an order leaves. The driver's default for WAL is NORMAL, which it falls back
 * to unless FULL was set explicitly after entering WAL. Returns false when it had to be set (again). Throws
 * LedgerWriteError `io` when it will not stay.
 */
export function keepDurable(database: Connection): boolean {
  const isFull = (): boolean => database.pragma('synchronous', { simple: true }) === SYNCHRONOUS_FULL;
  // A value of 2 may be the default seen before the first write; only an explicit setting survives it.
  if (explicitlySet.has(database) && isFull()) return true;
  database.pragma(`synchronous = ${SYNCHRONOUS}`);
  explicitlySet.add(database);
  if (!isFull()) throw new LedgerWriteError('io', 'SQLite refuses synchronous=FULL, so commits would not be durable');
  return false;
}

const explicitlySet = new WeakSet<Connection>();

export function readStamp(database: Connection, path: string): LedgerStamp {
  const row = database.prepare('SELECT mode, account, tag FROM stamp').get() as LedgerStamp | undefined;
  if (!row) throw damaged(path, 'it has no stamp');
  return { mode: row.mode as Mode, account: row.account, tag: row.tag };
}

/** Newest commit sequence number of all tables; 0 for a new ledger. */
export function lastSeq(database: Connection): number {
  const tables = [...TABLES.map(({ table }) => table), 'intents'];
  const newest = tables.map((table) => `SELECT max(seq) AS seq FROM ${table}`).join(' UNION ALL ');
  return Number(database.prepare(`SELECT coalesce(max(seq), 0) FROM (${newest})`).pluck().get());
}

/** Sequence numbers have no gaps and triggers guard the rows, so what was taken out or put in by hand shows. */
function checkRows(database: Connection, path: string): void {
  const counts = TABLES.map(({ table }) => `SELECT count(*) AS rows FROM ${table}`).join(' UNION ALL ');
  const placed = Number(database.prepare(`SELECT sum(rows) FROM (${counts})`).pluck().get());
  const staged = database.prepare(STAGED_COUNT).get() as { readonly rows: number | null };
  const rows = placed + (staged.rows ?? 0);
  const newest = lastSeq(database);
  if (rows !== newest) throw damaged(path, `it has ${rows} facts but the newest is number ${newest}`);
  const guards = database.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").pluck().get();
  if (Number(guards) < GUARDS) throw damaged(path, 'triggers that keep its facts from being changed are gone');
}

function damaged(path: string, what: string): LedgerOpenError {
  return new LedgerOpenError('corrupt', `ledger ${path} is damaged: ${what}; restore a backup, nothing was changed`);
}
