/** Whether the files that a connection writes are still those that the next start will find. Entry point: `watchFiles`. */
import { statSync } from 'node:fs';
import type { Connection } from './connection.ts';

/**
 * Remembers which files lie at the ledger's path and its log's. The returned function names the first that is no longer
 * the same: removed, or another in its place. What is committed then goes into files that nobody finds again.
 */
export function watchFiles(database: Connection): () => string | undefined {
  const known = [database.name, `${database.name}-wal`].map((path) => ({ path, was: identity(path) }));
  return () => known.find(({ path, was }) => was !== undefined && identity(path) !== was)?.path;
}

function identity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
