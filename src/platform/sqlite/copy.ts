/** A consistent copy of an open database, and what makes new files durable. Entry points: `copyDatabase`, `syncDirectory`. */
import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';

/**
 * As of one moment, with what only its log holds yet, on the disk when this returns; a writer may go on beside it. The
 * file is made here, private, and never over another one. Throws what the driver or the file system does, and leaves
 * no part of a copy then.
 */
export function copyDatabase(database: Database, file: string): void {
  const copy = resolve(file);
  // SQLite fills an empty file and refuses any other.
  closeSync(openSync(copy, 'wx', 0o600));
  try {
    database.prepare('VACUUM INTO ?').run(copy);
    sync(copy, 'r+');
    syncDirectory(dirname(copy));
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
}

/** A new name is durable once its directory is. */
export const syncDirectory = (directory: string): void => sync(directory, 'r');

function sync(path: string, flags: 'r' | 'r+'): void {
  const handle = openSync(path, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
