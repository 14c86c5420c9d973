/**
 * Says when a file may have changed: at once by the system's notice, and by polling where there is none. It watches
 * the directory, because editors save by renaming a new file over the old one. Entry point: `watchFile`.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../ports/clock.ts';

/** Network and container file systems send no notices; this keeps a change within a second there too. */
export const POLL_MS = 250;

/** Calls `mayHaveChanged` (cheap, may be wrong) until stopped. `clock` runs at wall pace, whatever the bot's does. */
export function watchFile(path: string, clock: Clock, mayHaveChanged: () => void): () => void {
  const name = basename(path);
  let watcher: FSWatcher | undefined;
  const giveUpNotices = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  try {
    watcher = watch(dirname(path), { persistent: false }, (_, changed) => {
      if (changed === null || changed === name) mayHaveChanged();
    });
    // Out of watches, or the directory is gone: polling goes on.
    watcher.on('error', giveUpNotices);
  } catch {
    giveUpNotices();
  }
  let cancel = (): void => undefined;
  const poll = (): void => {
    mayHaveChanged();
    cancel = clock.after(POLL_MS, poll);
  };
  cancel = clock.after(POLL_MS, poll);
  return () => {
    cancel();
    giveUpNotices();
  };
}
