/** Why a ledger could not be opened, and how SQLite's result codes map to the ledger's own. */
import { LedgerWriteError } from '../../ports/ledger-store.ts';

export type LedgerOpenCode =
  /** No such file, and it may not be made (read-only), or its log lies there without it. */
  | 'missing'
  /** Damaged, emptied or edited. Never repaired or deleted by the program. */
  | 'corrupt'
  /** A sound SQLite file that some other program made. */
  | 'not_a_ledger'
  /** The log beside it is another ledger's. */
  | 'foreign_log'
  | 'mode_mismatch'
  | 'account_mismatch'
  /** Made by a newer program. */
  | 'newer_schema'
  /** Needs a migration, which a read-only open does not do. */
  | 'older_schema'
  | 'migration_failed'
  /** The directory or file cannot be read or written, or the disk cannot promise durability. */
  | 'io';

/** Thrown on opening or loading; the files are left as they were. */
export class LedgerOpenError extends Error {
  override readonly name = 'LedgerOpenError';
  readonly code: LedgerOpenCode;
  constructor(code: LedgerOpenCode, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
  }
}

/** Another live process writes to this ledger. */
export class LedgerLockedError extends Error {
  override readonly name = 'LedgerLockedError';
  readonly code = 'locked';
  /** Absent when the other process has not said who it is yet. */
  readonly pid: number | undefined;
  /** ISO instant. */
  readonly startedAt: string | undefined;
  /** Set when the lock's file was removed: where its holder is named, to be removed when that is no bot. */
  readonly sidecar: string | undefined;
  constructor(
    path: string,
    holder: { readonly pid: number; readonly startedAt: string; readonly host: string } | undefined,
    sidecar?: string,
  ) {
    const who = holder
      ? `process ${holder.pid} on ${holder.host}, started ${holder.startedAt}`
      : 'another process that has not said who it is';
    const rest =
      sidecar === undefined
        ? 'stop it first, or use another ledger path'
        : `its lock file was removed, but it is alive: stop it first. If that process is no tandem, or writes another ledger, remove ${sidecar} and try again`;
    super(`ledger ${path} is being written by ${who}; ${rest}`);
    this.pid = holder?.pid;
    this.startedAt = holder?.startedAt;
    this.sidecar = sidecar;
  }
}

/** The SQLite result code of an error thrown by the driver: `SQLITE_FULL`, ...; undefined for anything else. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/** Driver errors become LedgerWriteError; anything else is a bug and is returned as it is. */
export function asWriteError(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  return new LedgerWriteError(writeCode(code), `${code}: ${error.message}`, error);
}

function writeCode(code: string): string {
  if (code === 'SQLITE_FULL') return 'disk_full';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy';
  if (code.startsWith('SQLITE_CONSTRAINT')) return 'conflict';
  return 'io';
}

/** A full, busy or failing disk: it may pass, where damage does not. */
export function isDiskTrouble(error: unknown): boolean {
  if (error instanceof Error && 'syscall' in error) return true;
  const code = sqliteCode(error) ?? '';
  return ['SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_IOERR', 'SQLITE_CANTOPEN'].some((each) =>
    code.startsWith(each),
  );
}

/** Driver and file-system errors while opening or reading become LedgerOpenError; the rest is returned as it is. */
export function asOpenError(error: unknown, path: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = sqliteCode(error);
  if (code === undefined) {
    return 'syscall' in error ? new LedgerOpenError('io', `ledger ${path}: ${error.message}`, error) : error;
  }
  // SQLITE_ERROR here is a table or column that is not there: our own statements are sound.
  const damaged = code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR';
  return new LedgerOpenError(
    damaged ? 'corrupt' : 'io',
    `ledger ${path}: ${error.message} (${code})${damaged ? '; restore a backup, nothing was changed' : ''}`,
    error,
  );
}
