/**
 * One writer per ledger. The lock is an exclusive transaction on a second, empty database `<ledger>.lock`: the kernel
 * drops it when the holder dies, however it dies, so no stale lock ever needs removing. A sidecar names the holder, for
 * the message and for the case that the lock's file is removed beneath it. Entry point: `lockLedger`.
 */
import { hostname } from 'node:os';
import Database from 'better-sqlite3';
import { asOpenError, LedgerLockedError, sqliteCode } from './errors.ts';
import { filesNow, type Holder, hasLog, inode, isAlive, readSidecar, sidecarOf, writeSidecar } from './sidecar.ts';

export interface LedgerLock {
  /** To be called once the ledger is open: from now on its log is known to be its own. Throws LedgerOpenError. */
  noteFiles(): void;
  release(): void;
}

/** Throws LedgerLockedError while another process (or another store of this one) holds it. */
export function lockLedger(ledgerPath: string): LedgerLock {
  const path = `${ledgerPath}.lock`;
  const before = readSidecar(ledgerPath);
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) throw new LedgerLockedError(ledgerPath, before.holder);
    throw asOpenError(error, path);
  }
  const locked = database;
  const lock = inode(path);
  if (before.holder && holdsAnother(before.holder, lock)) {
    locked.close();
    throw new LedgerLockedError(ledgerPath, before.holder, sidecarOf(ledgerPath));
  }
  const startedAt = new Date(Date.now() - process.uptime() * 1_000).toISOString();
  const holder: Holder = { pid: process.pid, startedAt, host: hostname(), lock };
  // What a killed one left, until it is looked at. Without a log its files' numbers may be others' by now.
  let files = hasLog(ledgerPath) ? before.files : undefined;
  const note = (): void => {
    try {
      writeSidecar(ledgerPath, { holder, files });
    } catch (error) {
      // A full disk, most likely: whoever cannot write this could not trade either.
      throw asOpenError(error, ledgerPath);
    }
  };
  try {
    note();
  } catch (error) {
    locked.close();
    throw error;
  }
  let held = true;
  return {
    noteFiles() {
      files = filesNow(ledgerPath);
      note();
    },
    release() {
      if (!held) return;
      held = false;
      // The sidecar goes first: once unlocked, a new holder may have written its own.
      try {
        // A refused start or a reader beside us leaves the log.
        writeSidecar(ledgerPath, hasLog(ledgerPath) ? { files } : {});
      } finally {
        locked.close();
      }
    },
  };
}

/** Its lock's file was removed while it runs: it goes on writing, and a new file locks nobody out. */
const holdsAnother = ({ pid, host, lock }: Holder, found: number | undefined): boolean =>
  lock !== undefined && lock !== found && host === hostname() && isAlive(pid);
