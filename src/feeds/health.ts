/**
 * Says whether a venue's market data can be believed; one event per change and per malformed frame.
 * A bad book stays a defect until a good book of that instrument, whatever else arrives; a frame that could not be read
 * stays one until the streams are connected anew, because it may have changed any book.
 */
import type { VenueId } from '../kernel/ids.ts';
import type { FeedHealth, MarketEvent } from '../market/event.ts';
import type { Clock } from '../ports/clock.ts';

const WIRE = 'wire';

/**
 * What a dropped frame may show of the books: a change was missed, so that they differ from the venue's own; or a side is
 * empty, as of a market that halts.
 */
export type BookSign = 'missed' | 'empty';

export class HealthReporter {
  readonly #venue: VenueId;
  readonly #clock: Clock;
  readonly #emit: (event: MarketEvent) => void;
  #status: FeedHealth['status'] | undefined;
  #malformed = 0;
  /** Reasons by subject; at most one per instrument and kind of quote. */
  readonly #defects = new Map<string, string>();
  /** Subjects of defects that are such a sign. */
  readonly #signs: Readonly<Record<BookSign, Set<string>>> = { missed: new Set(), empty: new Set() };

  constructor(venue: VenueId, clock: Clock, emit: (event: MarketEvent) => void) {
    this.#venue = venue;
    this.#clock = clock;
    this.#emit = emit;
  }

  set(status: FeedHealth['status'], reason: string): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#report(reason);
  }

  /** A good frame about `subject`: what was wrong with it is over. Up again once nothing is wrong. */
  good(subject: string): void {
    this.excuse(subject);
    if (this.#defects.size === 0) this.set('up', 'receiving');
    else this.set('degraded', [...this.#defects.values()][0] ?? '');
  }

  /** What was wrong with `subject` is no trouble after all; whether all is well, the next good frame says. */
  excuse(subject: string): void {
    this.#defects.delete(subject);
    this.#signs.missed.delete(subject);
    this.#signs.empty.delete(subject);
  }

  /** A frame was dropped that could not even be read; it may have changed any book. */
  unreadable(reason: string): void {
    this.malformed(reason, WIRE, 'missed');
  }

  /** A frame about `subject` was dropped. */
  malformed(reason: string, subject: string, sign?: BookSign): void {
    this.#malformed += 1;
    this.excuse(subject);
    this.#defects.set(subject, reason);
    if (sign !== undefined) this.#signs[sign].add(subject);
    if (this.#status !== 'down') this.#status = 'degraded';
    this.#report(reason);
  }

  /** What shows this sign now. */
  showing(sign: BookSign): ReadonlySet<string> {
    return this.#signs[sign];
  }

  /** The connection is gone, and with it what was known of its frames. */
  lost(reason: string): void {
    this.#defects.clear();
    this.#signs.missed.clear();
    this.#signs.empty.clear();
    this.set('down', reason);
  }

  /** Something failed that frames may outlive. */
  trouble(reason: string): void {
    if (this.#status === 'up') this.set('degraded', reason);
  }

  #report(reason: string): void {
    const health: FeedHealth = {
      venue: this.#venue,
      status: this.#status ?? 'connecting',
      reason,
      malformed: this.#malformed,
      at: this.#clock.now(),
    };
    this.#emit({ kind: 'health', health });
  }
}
