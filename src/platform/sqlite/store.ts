/**
 * The ledger in SQLite: append-only fact tables, one transaction per commit, durable when `commit` returns.
 * Opening order: lock, inspect (changes nothing), create or migrate, write. Entry points: `openLedgerStore`,
 * `SqliteLedgerStore`.
 */
import type { Statement } from 'better-sqlite3';
import { invariant } from '../../kernel/assert.ts';
import type { Mode } from '../../kernel/ids.ts';
import type { Fact } from '../../ledger/facts.ts';
import type { Clock } from '../../ports/clock.ts';
import { type LedgerStamp, type LedgerStore, LedgerWriteError } from '../../ports/ledger-store.ts';
import type { Random } from '../../ports/random.ts';
import {
  type Connection,
  canonicalPath,
  createLedger,
  inspectLedger,
  keepDurable,
  lastSeq,
  ledgerExists,
  openForReading,
  openForWriting,
} from './connection.ts';
import { asOpenError, asWriteError, LedgerOpenError } from './errors.ts';
import { tableOf } from './fact-tables.ts';
import { factsInOrder } from './facts-in-order.ts';
import { watchFiles } from './file-identity.ts';
import { type LedgerLock, lockLedger } from './lock.ts';
import { migrate, SCHEMA_VERSION } from './migrate.ts';
import { type StagedFact, stagedFacts, stagedRow } from './staged.ts';

/** Part of every client order id: keeps two ledgers of one account from making the same ids. */
const TAG_LENGTH = 4;

export interface LedgerStoreOptions {
  readonly path: string;
  readonly mode: Mode;
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Reads beside a running writer: takes no lock, makes and migrates nothing, cannot commit. */
  readonly readOnly?: boolean;
}

/** Throws LedgerOpenError or LedgerLockedError; nothing is changed then. */
export function openLedgerStore(options: LedgerStoreOptions): LedgerStore {
  const { readOnly = false, clock } = options;
  const path = canonicalPath(options.path, !readOnly);
  if (readOnly) {
    const stamp = checkStamp(path, options);
    return new SqliteLedgerStore({ database: openForReading(path), stamp });
  }
  const lock = lockLedger(path);
  try {
    if (!ledgerExists(path)) {
      const { mode, account, random } = options;
      createLedger(path, { mode, account, tag: random.tag(TAG_LENGTH) }, clock.now());
    }
    const stamp = checkStamp(path, options);
    const database = openForWriting(path);
    try {
      migrate(database, clock.now());
      const store = new SqliteLedgerStore({ database, stamp, lock });
      lock.noteFiles();
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw asOpenError(error, path);
  }
}

function checkStamp(path: string, wanted: LedgerStoreOptions): LedgerStamp {
  const { schema, ...stamp } = inspectLedger(path);
  if (stamp.mode !== wanted.mode) {
    throw new LedgerOpenError('mode_mismatch', `ledger ${path} belongs to mode ${stamp.mode}, not ${wanted.mode}`);
  }
  if (stamp.account !== wanted.account) {
    throw new LedgerOpenError(
      'account_mismatch',
      `ledger ${path} belongs to account ${stamp.account}, not ${wanted.account}`,
    );
  }
  if (wanted.readOnly && schema < SCHEMA_VERSION) {
    throw new LedgerOpenError(
      'older_schema',
      `ledger ${path} has schema ${schema}; a run brings it to ${SCHEMA_VERSION}`,
    );
  }
  return stamp;
}

export interface StoreParts {
  readonly database: Connection;
  readonly stamp: LedgerStamp;
  /** Absent: the store only reads. */
  readonly lock?: Pick<LedgerLock, 'release'>;
}

/** Over a connection that is open already; `openLedgerStore` makes one. Takes ownership of both parts. */
export class SqliteLedgerStore implements LedgerStore {
  readonly stamp: LedgerStamp;
  readonly #database: Connection;
  readonly #lock: Pick<LedgerLock, 'release'> | undefined;
  readonly #statements = new Map<string, Statement<unknown[]>>();
  readonly #insertAll: (facts: readonly Fact[]) => void;
  readonly #insertStaged: (facts: readonly Fact[]) => void;
  /** Durable, and to be put into its tables by the next commit. */
  #staged: readonly StagedFact[] = [];
  /** Prepared once: it is asked on the path to an order. `synchronous` must not be, its value is fixed on preparing. */
  readonly #readDataVersion: Statement<unknown[]>;
  readonly #fileProblem: () => string | undefined;
  #seq: number;
  #writtenOnce = false;
  #dataVersion: unknown;

  constructor({ database, stamp, lock }: StoreParts) {
    this.stamp = stamp;
    this.#database = database;
    this.#lock = lock;
    this.#seq = lastSeq(database);
    this.#readDataVersion = database.prepare('PRAGMA data_version').pluck();
    this.#dataVersion = this.#readDataVersion.get();
    // Immediate: the write lock is taken up front, so that a busy file fails before anything is inserted.
    const insertAll = database.transaction((facts: readonly Fact[]) => this.#insert(facts)).immediate;
    this.#insertAll = (facts) => {
      keepDurable(database);
      insertAll(facts);
    };
    this.#insertStaged = database.transaction((facts: readonly Fact[]) => this.#insertOneRow(facts)).immediate;
    if (lock) this.#placeLeftovers();
    this.#fileProblem = watchFiles(database);
  }

  commit(facts: readonly Fact[]): void {
    if (facts.length === 0) return;
    this.#write(this.#insertAll, facts);
    this.#staged = [];
    if (this.#writtenOnce) return;
    this.#writtenOnce = true;
    // Where the driver falls back to NORMAL it does so at a connection's first write; then this one is synced here.
    if (!keepDurable(this.#database)) this.#database.pragma('wal_checkpoint(FULL)');
  }

  stage(facts: readonly Fact[]): void {
    if (facts.length === 0) return;
    // One plan waits at a time, so that the row stays small. The first write of a connection is a commit's: it proves
    // that FULL stays, which is not asked again here.
    if (this.#staged.length > 0 || !this.#writtenOnce) return this.commit(facts);
    this.#write(this.#insertStaged, facts);
    this.#staged = facts.map((fact, i) => ({ seq: this.#seq - facts.length + 1 + i, fact }));
  }

  #write(insert: (facts: readonly Fact[]) => void, facts: readonly Fact[]): void {
    invariant(this.#lock, 'commit on a read-only ledger');
    const problem = this.#fileProblem();
    if (problem !== undefined) throw new LedgerWriteError('io', problem);
    const before = this.#seq;
    try {
      insert(facts);
    } catch (error) {
      this.#seq = before;
      throw asWriteError(error);
    }
  }

  load(): Iterable<Fact> {
    return factsInOrder(this.#database, { exclude: 'decision' });
  }

  close(): void {
    this.#database.close();
    this.#lock?.release();
  }

  /** What a process that died had staged. */
  #placeLeftovers(): void {
    this.#staged = stagedFacts(this.#database);
    if (this.#staged.length === 0) return;
    this.#database.transaction(() => this.#placeStaged()).immediate();
    this.#staged = [];
  }

  #insert(facts: readonly Fact[]): void {
    this.#refuseForeignRows();
    this.#placeStaged();
    for (const fact of facts) this.#place(fact, ++this.#seq);
  }

  #insertOneRow(facts: readonly Fact[]): void {
    this.#refuseForeignRows();
    this.#seq += facts.length;
    this.#prepared('INSERT INTO intents (seq, facts) VALUES (?, ?)').run(...stagedRow(facts, this.#seq));
  }

  #placeStaged(): void {
    if (this.#staged.length === 0) return;
    for (const { fact, seq } of this.#staged) this.#place(fact, seq);
    this.#prepared('DELETE FROM intents').run();
  }

  #place(fact: Fact, seq: number): void {
    const { insert, cells } = tableOf(fact.kind);
    this.#prepared(insert).run(seq, ...cells(fact));
  }

  #prepared(sql: string): Statement<unknown[]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** The lock keeps other bots out; a human with a shell is noticed here, by SQLite's own change counter. */
  #refuseForeignRows(): void {
    const version = this.#readDataVersion.get();
    if (version === this.#dataVersion) return;
    const newest = lastSeq(this.#database);
    if (newest !== this.#seq) {
      throw new LedgerWriteError(
        'conflict',
        `another program wrote to the ledger: the newest fact is number ${newest}, not ${this.#seq}; restart to reconcile`,
      );
    }
    this.#dataVersion = version;
  }
}
