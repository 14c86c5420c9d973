/** The regular summary: one log line per route at the configured times of the real day. */
import { schedule } from 'node-cron';
import type { StatusSnapshot } from '../engine/status.ts';
import type { Log } from '../ports/log.ts';

/** Returns how to stop it. `expression` is a valid cron expression, read in UTC. */
export function scheduleSummary(expression: string, log: Log, status: () => StatusSnapshot): () => void {
  const task = schedule(expression, () => writeSummary(log, status()), { timezone: 'UTC' });
  return () => void task.destroy();
}

export function writeSummary(log: Log, snapshot: StatusSnapshot): void {
  const discrepancies = snapshot.discrepancies.length;
  for (const route of snapshot.routes) {
    log.info({ ...route, paused: snapshot.paused, killed: snapshot.killed, discrepancies }, 'summary');
  }
}
