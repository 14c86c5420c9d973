/** Durable, append-only storage of facts. One writer per database. */
import type { Mode } from '../kernel/ids.ts';
import type { Fact } from '../ledger/facts.ts';

/** Thrown by `commit`. After it, nothing of the batch is stored and no order of the batch may be sent. */
export class LedgerWriteError extends Error {
  override readonly name = 'LedgerWriteError';
  /** `disk_full`, `busy`, `io`, `conflict`. */
  readonly code: string;
  constructor(code: string, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
  }
}

export interface LedgerStamp {
  readonly mode: Mode;
  /** Account name from the configuration. */
  readonly account: string;
  /** Four characters [a-z0-9] made with the database; part of every client order id. */
  readonly tag: string;
}

export interface LedgerStore {
  readonly stamp: LedgerStamp;
  /** All or nothing, and on the disk when it returns. Throws LedgerWriteError. */
  commit(facts: readonly Fact[]): void;
  /**
   * As `commit`, by the shortest way: orders wait for it. For the facts of one plan; they take their places with the
   * next commit and count as committed at once.
   */
  stage(facts: readonly Fact[]): void;
  /** Every fact but decisions, in commit order. */
  load(): Iterable<Fact>;
  close(): void;
}
