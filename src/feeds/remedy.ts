/**
 * What is done about books that stay wrong: soon, for then it may help, and after longer and longer pauses for what is as
 * wrong afterwards, because the venue itself has it so. Entry points: `bookRemedies`, `Remedy`.
 */
import { MINUTE_MS, SECOND_MS } from '../kernel/instant.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { HealthReporter } from './health.ts';

/** Books that are impossible for a moment may be so at the venue. */
const DOUBT_MS = 3 * SECOND_MS;
/** By then the listing has been read again, and has excused a market that has halted. */
const EMPTY_DOUBT_MS = 15 * SECOND_MS;

/** Between two times, whatever they are for. */
const PAUSE_MS = 10 * SECOND_MS;
/** Between two times for the same subject: at first, and at most. */
const FIRST_PAUSE_MS = 30 * SECOND_MS;
const MAX_PAUSE_MS = 30 * MINUTE_MS;
/** What has needed nothing for so many of its pauses begins with the first one again. */
const CALM_TIMES = 2;

export interface RemedyOptions {
  /** Real time. */
  readonly ioClock: Clock;
  /** The subjects that are wrong at present. */
  readonly wrong: () => ReadonlySet<string>;
  /** What is wrong for a shorter time than this may be so at the venue for a moment. */
  readonly doubtMs: number;
  readonly act: () => void;
}

export class Remedy {
  readonly #o: RemedyOptions;
  /** Since when each subject has been wrong without a break, ms of `ioClock`. */
  readonly #sinceMs = new Map<string, number>();
  /** The newest time for each subject; at most one per instrument and one for the wire. */
  readonly #tried = new Map<string, { readonly atMs: number; readonly pauseMs: number }>();
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #cancel: CancelTimer | undefined;
  #isStopped = false;

  constructor(options: RemedyOptions) {
    this.#o = options;
  }

  /** To be called whenever a subject may have become wrong or right. */
  heed(): void {
    const wrong = this.#o.wrong();
    if (wrong.size === 0 && this.#sinceMs.size === 0) return;
    let isChanged = false;
    for (const subject of this.#sinceMs.keys()) {
      if (!wrong.has(subject)) isChanged = this.#sinceMs.delete(subject);
    }
    for (const subject of wrong) {
      if (this.#sinceMs.has(subject)) continue;
      this.#sinceMs.set(subject, this.#o.ioClock.monotonicMs());
      isChanged = true;
    }
    if (isChanged) this.#await();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #await(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#isStopped || this.#sinceMs.size === 0) return;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const [subject, sinceMs] of this.#sinceMs) {
      const tried = this.#tried.get(subject);
      dueMs = Math.min(
        dueMs,
        Math.max(sinceMs + this.#o.doubtMs, tried === undefined ? 0 : tried.atMs + tried.pauseMs),
      );
    }
    const waitMs = Math.max(dueMs, this.#triedAtMs + PAUSE_MS) - this.#o.ioClock.monotonicMs();
    this.#cancel = this.#o.ioClock.after(Math.max(0, waitMs), () => this.#try());
  }

  #try(): void {
    this.#cancel = undefined;
    // A new listing may have excused a subject meanwhile.
    this.heed();
    if (this.#cancel !== undefined || this.#sinceMs.size === 0) return;
    const nowMs = this.#o.ioClock.monotonicMs();
    this.#triedAtMs = nowMs;
    for (const [subject, sinceMs] of this.#sinceMs) {
      if (sinceMs + this.#o.doubtMs > nowMs) continue;
      const before = this.#tried.get(subject);
      const isSoon = before !== undefined && nowMs - before.atMs <= CALM_TIMES * before.pauseMs;
      const pauseMs = isSoon ? Math.min(MAX_PAUSE_MS, 2 * before.pauseMs) : FIRST_PAUSE_MS;
      this.#tried.set(subject, { atMs: nowMs, pauseMs });
    }
    this.#o.act();
    this.#await();
  }
}

export interface BookRemedyOptions {
  /** Real time. */
  readonly ioClock: Clock;
  readonly health: HealthReporter;
  /** Brings the venue's snapshots, and takes the books of every market away for a moment. */
  readonly connectAnew: (reason: string) => void;
  /** Tells which markets trade. */
  readonly readListing: () => void;
}

/** A missed change needs a new connection; so may an empty side, of a market that trades though its listing was read again. */
export function bookRemedies({ ioClock, health, connectAnew, readListing }: BookRemedyOptions): readonly Remedy[] {
  const missed = () => health.showing('missed');
  const empty = () => health.showing('empty');
  return [
    new Remedy({ ioClock, wrong: missed, doubtMs: DOUBT_MS, act: () => connectAnew('a change of a book was missed') }),
    new Remedy({ ioClock, wrong: empty, doubtMs: DOUBT_MS, act: readListing }),
    new Remedy({ ioClock, wrong: empty, doubtMs: EMPTY_DOUBT_MS, act: () => connectAnew('a book stays empty') }),
  ];
}
