/**
 * The note beside a ledger's lock, `<ledger>.lock.json`: who writes the ledger, and which files its log belongs to. It
 * outlives a kill. Only asking, never locking: whoever took the lock to see whether it is free could stop a bot that is
 * starting. Entry points: `readSidecar`, `writeSidecar`, `isAlive`, `refuseForeignLog`.
 */
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { LedgerOpenError } from './errors.ts';

export interface Holder {
  readonly pid: number;
  /** ISO instant. */
  readonly startedAt: string;
  readonly host: string;
  /** Inode of the lock's file; absent in notes of older versions. */
  readonly lock?: number | undefined;
}

/** Inodes. Without the device: its number may be another one after a restart of the machine. */
export interface LedgerFiles {
  readonly ledger: number;
  readonly log: number;
}

export interface Sidecar {
  /** Absent after a clean stop. */
  readonly holder?: Holder | undefined;
  /** The ledger that was written last, and its log. */
  readonly files?: LedgerFiles | undefined;
}

export const sidecarOf = (ledgerPath: string): string => `${ledgerPath}.lock.json`;

/** Empty when it is missing or half written: then nothing is known, and the lock itself is what counts. */
export function readSidecar(ledgerPath: string): Sidecar {
  try {
    const said: unknown = JSON.parse(readFileSync(sidecarOf(ledgerPath), 'utf8'));
    return isObject(said) ? { holder: holderIn(said), files: filesIn(said.files) } : {};
  } catch {
    return {};
  }
}

/** Removes it when there is nothing to say. */
export function writeSidecar(ledgerPath: string, { holder, files }: Sidecar): void {
  const path = sidecarOf(ledgerPath);
  if (holder || files) writeFileSync(path, `${JSON.stringify({ ...holder, files })}\n`);
  else rmSync(path, { force: true });
}

/** A process of this id runs; it may be another one than the one that was meant. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export const inode = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/** There is something in the ledger's log. */
export const hasLog = (ledgerPath: string): boolean =>
  (statSync(`${ledgerPath}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;

/** What lies there now; undefined without a log, which nothing can be confused with then. */
export function filesNow(ledgerPath: string): LedgerFiles | undefined {
  const ledger = inode(ledgerPath);
  const log = inode(`${ledgerPath}-wal`);
  return ledger === undefined || log === undefined ? undefined : { ledger, log };
}

/**
 * SQLite takes any log that lies beside a file for its own, and mixes the two. Throws LedgerOpenError `foreign_log` when
 * the file is not the one that the log was written for: a backup was put over a ledger whose bot was killed. Where both
 * files are others than those that were noted they were copied together.
 */
export function refuseForeignLog(ledgerPath: string): void {
  if (!hasLog(ledgerPath)) return;
  const known = readSidecar(ledgerPath).files;
  const now = filesNow(ledgerPath);
  const wasReplaced = known && now && known.log === now.log && known.ledger !== now.ledger;
  if (!wasReplaced && !isWithoutLog(ledgerPath)) return;
  const log = `${ledgerPath}-wal`;
  throw new LedgerOpenError(
    'foreign_log',
    `${log} was not written for the ledger that lies beside it, ${ledgerPath} (was a backup put in its place?), and would be mixed into it; nothing was changed. ` +
      `To go on with that ledger move ${log} and ${ledgerPath}-shm away; to go on with the one from before put its file back`,
  );
}

/** What SQLite's file format says of the file itself: a backup is of a kind that has no log until it is opened to write. */
function isWithoutLog(path: string): boolean {
  const header = Buffer.alloc(20);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  // https://www.sqlite.org/fileformat2.html: magic at 0, read version at 19, 1 for a rollback journal and 2 for a log.
  return header.toString('latin1', 0, 15) === 'SQLite format 3' && header[19] === 1;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isId = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;

function holderIn({ pid, startedAt, host, lock }: Record<string, unknown>): Holder | undefined {
  if (!isId(pid) || typeof startedAt !== 'string' || typeof host !== 'string') return undefined;
  return { pid, startedAt, host, lock: isId(lock) ? lock : undefined };
}

function filesIn(said: unknown): LedgerFiles | undefined {
  return isObject(said) && isId(said.ledger) && isId(said.log) ? { ledger: said.ledger, log: said.log } : undefined;
}
