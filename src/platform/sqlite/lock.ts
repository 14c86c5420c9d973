/**
 * One writer per ledger. The lock is an exclusive transaction on a second, empty database `<ledger>.lock`: the kernel
 * drops it when the holder dies, however it dies, so no stale lock ever needs removing. A sidecar names the holder for
 * the message. Entry point: `lockLedger`.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import Database from 'better-sqlite3';
import { asOpenError, LedgerLockedError, sqliteCode } from './errors.ts';

export interface LedgerLock {
  release(): void;
}

/** Throws LedgerLockedError while another process (or another store of this one) holds it. */
export function lockLedger(ledgerPath: string): LedgerLock {
  const sidecar = `${ledgerPath}.lock.json`;
  let database: Database.Database | undefined;
  try {
    database = new Database(`${ledgerPath}.lock`, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) throw new LedgerLockedError(ledgerPath, readHolder(sidecar));
    throw asOpenError(error, `${ledgerPath}.lock`);
  }
  const holder = database;
  const startedAt = new Date(Date.now() - process.uptime() * 1_000).toISOString();
  try {
    writeFileSync(sidecar, `${JSON.stringify({ pid: process.pid, startedAt, host: hostname() })}\n`);
  } catch (error) {
    // A full disk, most likely: whoever cannot write this could not trade either.
    holder.close();
    throw asOpenError(error, ledgerPath);
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      // The sidecar goes first: once unlocked, a new holder may have written its own.
      rmSync(sidecar, { force: true });
      holder.close();
    },
  };
}

function readHolder(sidecar: string): { pid: number; startedAt: string; host: string } | undefined {
  try {
    const said: unknown = JSON.parse(readFileSync(sidecar, 'utf8'));
    if (typeof said !== 'object' || said === null) return undefined;
    const { pid, startedAt, host } = said as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof startedAt !== 'string' || typeof host !== 'string') return undefined;
    return { pid, startedAt, host };
  } catch {
    // Missing or half written: the lock itself is what counts.
    return undefined;
  }
}
