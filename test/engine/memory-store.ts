/** A ledger in memory that can fail, and die, at a commit. What was committed outlives the process. */
import type { Fact } from '../../src/ledger/facts.ts';
import { type LedgerStamp, type LedgerStore, LedgerWriteError } from '../../src/ports/ledger-store.ts';

/** Stands for SIGKILL: not an error that anything may handle. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export class MemoryStore implements LedgerStore {
  readonly stamp: LedgerStamp = { mode: 'sim', account: 'test', tag: 'abcd' };
  readonly facts: Fact[] = [];
  failing = false;
  /** Dies at the commit after this many more: before it is durable, or after. */
  killAfterCommits: { left: number; when: 'before' | 'after' } | undefined;

  commit(facts: readonly Fact[]): void {
    if (this.failing) throw new LedgerWriteError('disk_full', 'no space left');
    const kill = this.killAfterCommits;
    if (kill) kill.left -= 1;
    const isDue = kill !== undefined && kill.left < 0;
    if (isDue) this.killAfterCommits = undefined;
    if (isDue && kill.when === 'before') throw new Killed('killed before a commit');
    this.facts.push(...facts);
    if (isDue) throw new Killed('killed after a commit');
  }

  stage(facts: readonly Fact[]): void {
    this.commit(facts);
  }

  load(): Iterable<Fact> {
    return this.facts.filter((fact) => fact.kind !== 'decision');
  }

  close(): void {}
}
