/**
 * Who wrote to a ledger last, as the note beside its lock says. Only asks: taking the lock to see whether it is free could
 * stop a bot that is starting. Entry points: `holderPid`, `noBotSays`.
 */
import { readFileSync } from 'node:fs';
import type { Whereabouts } from '../config/whereabouts.ts';
import { canonicalPath } from '../platform/sqlite/connection.ts';
import { tandemFor } from './command-line.ts';
import type { Context } from './context.ts';

/** Undefined after a clean stop, and when nobody is known. */
export function holderPid({ ledger: { path } }: Pick<Whereabouts, 'ledger'>): number | undefined {
  try {
    const said: unknown = JSON.parse(readFileSync(`${canonicalPath(path, false)}.lock.json`, 'utf8'));
    const pid = typeof said === 'object' && said !== null && 'pid' in said ? said.pid : undefined;
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    // Missing or half written: nobody is known to hold it.
    return undefined;
  }
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

/** The process that wrote last, when one of its id runs. */
export function livingHolder(config: Pick<Whereabouts, 'ledger'>): number | undefined {
  const pid = holderPid(config);
  return pid !== undefined && isAlive(pid) ? pid : undefined;
}

export const aliveText = ({ configFile }: Pick<Context, 'configFile'>, pid: number): string =>
  `process ${pid}, which held the ledger last, is alive and may be trading (see: ${tandemFor(configFile)} doctor)`;

/** How a reading command that found no bot says so: one whose socket was removed trades on. */
export function noBotSays(context: Pick<Context, 'configFile'>, config: Pick<Whereabouts, 'ledger'>): string {
  const pid = livingHolder(config);
  return pid === undefined ? 'No bot is running' : `No bot answers, but ${aliveText(context, pid)}`;
}
