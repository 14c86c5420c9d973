/**
 * Keeps the books of embedded simulated venues beyond the process: every change of an account is in a file before
 * anybody hears of it. Entry point: `openWorldJournal`.
 *
 * Writes are plain appends without fsync: they survive the end of the process, even SIGKILL, because the operating
 * system has them then; a power loss may take the newest. A market step is one line with everything that it caused,
 * so a step happened wholly or not at all, and no settlement is paid twice or left out.
 *
 * One process at a time: whoever opens it holds the lock of the ledger beside it.
 */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { invariant } from '../kernel/assert.ts';
import type { VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Exchange } from './exchange/api.ts';
import type { ExchangeChange } from './exchange/saved.ts';
import {
  entryLine,
  headerLine,
  type JournalEntry,
  readJournal,
  WorldJournalError,
  type WorldStamp,
} from './journal-file.ts';
import type { MarketSource } from './market/source.ts';

export interface WorldJournalOptions {
  /** Made when absent; its directory must exist. */
  readonly file: string;
  readonly stamp: WorldStamp;
  /** The file is rewritten compactly when it exceeds this and twice its last compact size. Default 16 MB. */
  readonly maxBytes?: number;
}

export interface WorldJournal {
  /** Where simulated time stood at the last change; `stamp.startAt` for a new world. */
  readonly resumeAt: Instant;
  /** The last market step; `stamp.startAt` when there was none. */
  readonly steppedAt: Instant;
  /**
   * Puts the saved books back into new exchanges, by venue, and writes down whatever changes from now on. Once, before
   * accounts are opened and before the market source is made. Throws WorldJournalError.
   */
  attach(exchanges: ReadonlyMap<VenueId, Exchange>): void;
  /** The same source, whose steps are written down, each with all its changes. */
  follow(source: MarketSource): MarketSource;
  /** Nothing is written any more. The file is complete at any time, with or without this. */
  close(): void;
}

const DEFAULT_MAX_BYTES = 16_000_000;

/** Reads the file. Throws WorldJournalError when it is not this world's or not sound; a torn last line is dropped. */
export function openWorldJournal({ file, stamp, maxBytes = DEFAULT_MAX_BYTES }: WorldJournalOptions): WorldJournal {
  return new FileJournal(file, stamp, maxBytes, readJournal(file, stamp) ?? []);
}

class FileJournal implements WorldJournal {
  readonly resumeAt: Instant;
  readonly steppedAt: Instant;
  readonly #file: string;
  readonly #stamp: WorldStamp;
  readonly #maxBytes: number;
  /** What was read, until it is restored. */
  #saved: readonly JournalEntry[];
  #exchanges: ReadonlyMap<VenueId, Exchange> = new Map();
  #stopListening: (() => void)[] = [];
  #fd: number | undefined;
  #bytes = 0;
  #compactBytes = 0;
  #lastAt: Instant;
  #lastStepAt: Instant;
  /** Changes of the step under way. */
  #stepping: { readonly venue: VenueId; readonly change: ExchangeChange }[] | undefined;
  /** Set when a write or a step failed: the file would no longer tell what happened. */
  #broken: unknown;

  constructor(file: string, stamp: WorldStamp, maxBytes: number, saved: readonly JournalEntry[]) {
    this.#file = file;
    this.#stamp = stamp;
    this.#maxBytes = maxBytes;
    this.#saved = saved;
    this.resumeAt = saved.at(-1)?.at ?? stamp.startAt;
    this.steppedAt = saved.findLast(({ step }) => step)?.at ?? stamp.startAt;
    this.#lastAt = this.resumeAt;
    this.#lastStepAt = this.steppedAt;
  }

  attach(exchanges: ReadonlyMap<VenueId, Exchange>): void {
    invariant(this.#exchanges.size === 0, 'a world journal is attached once');
    for (const { changes } of this.#saved) {
      for (const { venue, change } of changes) {
        const exchange = exchanges.get(venue);
        invariant(exchange, `saved books of ${venue}, which has no exchange`);
        exchange.restore(change);
      }
    }
    this.#saved = [];
    this.#exchanges = exchanges;
    this.#rewrite();
    for (const [venue, exchange] of exchanges) {
      this.#stopListening.push(exchange.onChange((change) => this.#onChange(venue, change, exchange.now())));
    }
  }

  follow(source: MarketSource): MarketSource {
    return {
      nextAt: () => source.nextAt(),
      published: () => source.published(),
      step: (at) => this.#step(source, at),
    };
  }

  close(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #onChange(venue: VenueId, change: ExchangeChange, at: Instant): void {
    if (this.#stepping) this.#stepping.push({ venue, change });
    else this.#append({ at, step: false, changes: [{ venue, change }] });
  }

  #step(source: MarketSource, at: Instant): void {
    this.#assertSound();
    const changes: { venue: VenueId; change: ExchangeChange }[] = [];
    this.#stepping = changes;
    try {
      source.step(at);
    } catch (error) {
      this.#broken ??= error;
      throw error;
    } finally {
      this.#stepping = undefined;
    }
    this.#append({ at, step: true, changes });
  }

  #append(entry: JournalEntry): void {
    this.#assertSound();
    this.#write(entryLine(entry));
    this.#lastAt = entry.at;
    if (entry.step) this.#lastStepAt = entry.at;
    // Only between steps are all books at rest.
    if (entry.step && this.#bytes > Math.max(this.#maxBytes, 2 * this.#compactBytes)) this.#rewrite();
  }

  #assertSound(): void {
    if (this.#broken === undefined) return;
    throw new WorldJournalError(
      'io',
      `${this.#file} is behind the simulated venues since an earlier error`,
      this.#broken,
    );
  }

  /** The present books as the shortest file that leads to them, in place of the old one in one move. */
  #rewrite(): void {
    const fresh = `${this.#file}.new`;
    const old = this.#fd;
    this.#guard(() => {
      this.#fd = openSync(fresh, 'w');
      this.#bytes = 0;
      const changes = [...this.#exchanges].map(([venue, exchange]) => ({ venue, change: exchange.save() }));
      this.#write(headerLine(this.#stamp));
      this.#write(entryLine({ at: this.#lastStepAt, step: true, changes }));
      if (this.#lastAt !== this.#lastStepAt) this.#write(entryLine({ at: this.#lastAt, step: false, changes: [] }));
      this.#compactBytes = this.#bytes;
      renameSync(fresh, this.#file);
      if (old !== undefined) closeSync(old);
    });
  }

  #write(line: string): void {
    const bytes = Buffer.from(line);
    const fd = this.#fd;
    invariant(fd !== undefined, 'the world journal is not attached, or closed');
    this.#guard(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    });
    this.#bytes += bytes.length;
  }

  /** A failure to write ends the journal: appending behind a torn line would hide everything after it. */
  #guard(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (error instanceof WorldJournalError) throw error;
      this.#broken ??= error;
      const why = error instanceof Error ? error.message : String(error);
      throw new WorldJournalError('io', `cannot write the simulated venues' books to ${this.#file}: ${why}`, error);
    }
  }
}
