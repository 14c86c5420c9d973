/** Who wrote to a ledger last, as the note beside its lock says. Entry points: `holderPid`, `noBotSays`. */
import type { Whereabouts } from '../config/whereabouts.ts';
import { canonicalPath } from '../platform/sqlite/connection.ts';
import { isAlive, readSidecar } from '../platform/sqlite/sidecar.ts';
import { tandemFor } from './command-line.ts';
import type { Context } from './context.ts';

/** Undefined after a clean stop, and when nobody is known. */
export function holderPid({ ledger: { path } }: Pick<Whereabouts, 'ledger'>): number | undefined {
  try {
    return readSidecar(canonicalPath(path, false)).holder?.pid;
  } catch {
    // A folder that may not be looked into: nobody is known to hold it.
    return undefined;
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
