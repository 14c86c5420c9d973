/**
 * The ledger of a simulated machine: a disk that is synced or not, fills up, dies at a commit, loses power, or is
 * replaced by an older copy. What is on it outlives the process.
 */
import type { Fact } from '../../src/ledger/facts.ts';
import { SYNCHRONOUS } from '../../src/platform/sqlite/durability.ts';
import { type LedgerStamp, type LedgerStore, LedgerWriteError } from '../../src/ports/ledger-store.ts';
import { Killed } from '../engine/memory-store.ts';

/** With NORMAL: commits between two moments at which the log is folded into the database. */
const CHECKPOINT_COMMITS = 200;

export interface Disk {
  readonly stamp: LedgerStamp;
  /** In commit order; `durable` of them survive a loss of power. */
  readonly facts: Fact[];
  durable: number;
  commits: number;
  /** How often commits must fail now: `disk_full`, `busy`, or nothing. */
  failing: string | undefined;
  /** The process dies at the commit after this many more: before it is durable, or after. */
  killAfter: { left: number; when: 'before' | 'after' } | undefined;
}

export const newDisk = (): Disk => ({
  stamp: { mode: 'sim', account: 'sim', tag: 'simu' },
  facts: [],
  durable: 0,
  commits: 0,
  failing: undefined,
  killAfter: undefined,
});

/** Drops what no sync has made durable. */
export function losePower(disk: Disk): number {
  return disk.facts.splice(disk.durable).length;
}

/** One process's handle on the disk. `onCommit` hears of what was written, in order. */
export function openStore(disk: Disk, isDead: () => boolean, onCommit: (facts: readonly Fact[]) => void): LedgerStore {
  const commit = (facts: readonly Fact[]): void => {
    if (isDead()) throw new Killed('a dead process writes nothing');
    if (disk.failing !== undefined) throw new LedgerWriteError(disk.failing, 'simulated');
    const kill = disk.killAfter;
    if (kill) kill.left -= 1;
    const isDue = kill !== undefined && kill.left < 0;
    if (isDue) disk.killAfter = undefined;
    if (isDue && kill.when === 'before') throw new Killed('killed before a commit');
    disk.facts.push(...facts);
    disk.commits += 1;
    if (SYNCHRONOUS === 'FULL' || disk.commits % CHECKPOINT_COMMITS === 0) disk.durable = disk.facts.length;
    onCommit(facts);
    if (isDue) throw new Killed('killed after a commit');
  };
  return {
    stamp: disk.stamp,
    commit,
    // The shortest way is as durable as the other.
    stage: commit,
    load: () => disk.facts.filter((fact) => fact.kind !== 'decision'),
    close: () => undefined,
  };
}
