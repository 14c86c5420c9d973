/** Whether the files that a connection writes are still those that the next start will find. Entry point: `watchFiles`. */
import { statSync } from 'node:fs';
import type { Connection } from './connection.ts';

/**
 * Remembers which files lie at the ledger's path and its log's. The returned function says which is no longer the same -
 * removed, another in its place, or not to be seen - and what to do: what is committed then goes into files that nobody
 * finds again.
 */
export function watchFiles({ name }: Connection): () => string | undefined {
  const known = [
    {
      path: name,
      advice: `put it back; if it is lost, copy it out of /proc/${process.pid}/fd or close every hedge before this process ends`,
    },
    // Whoever closes the ledger last writes its log into it, also one without a name.
    { path: `${name}-wal`, advice: 'stop the bot cleanly, which keeps what it holds' },
  ].map((file) => ({ ...file, was: identity(file.path) }));
  return () => {
    for (const { path, advice, was } of known) {
      const problem = was === undefined ? undefined : problemOf(path, was);
      if (problem !== undefined) return `${path} ${problem}; ${advice}`;
    }
    return undefined;
  };
}

function problemOf(path: string, was: string): string | undefined {
  try {
    return identity(path) === was ? undefined : 'was removed or replaced while it is in use';
  } catch (error) {
    return `cannot be looked at (${error instanceof Error ? error.message : error})`;
  }
}

function identity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
