/**
 * Says whether a venue's market data can be believed; one event per change and per malformed frame.
 * A bad book stays a defect until a good book of that instrument, whatever else arrives; a frame that could not be read
 * stays one until the streams are connected anew, because it may have changed any book.
 */
import type { VenueId } from '../kernel/ids.ts';
import type { FeedHealth, MarketEvent } from '../market/event.ts';
import type { Clock } from '../ports/clock.ts';

const WIRE = 'wire';
const BOOK = 'book ';

export class HealthReporter {
  readonly #venue: VenueId;
  readonly #clock: Clock;
  readonly #emit: (event: MarketEvent) => void;
  #status: FeedHealth['status'] | undefined;
  #malformed = 0;
  /** Reasons by subject; at most one per instrument and kind of quote. */
  readonly #defects = new Map<string, string>();

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
    this.#defects.delete(subject);
    if (this.#defects.size === 0) this.set('up', 'receiving');
    else this.set('degraded', [...this.#defects.values()][0] ?? '');
  }

  /** What was wrong with `subject` is no trouble after all; whether all is well, the next good frame says. */
  excuse(subject: string): void {
    this.#defects.delete(subject);
  }

  /** A frame about `subject` was dropped; without one it could not even be read. */
  malformed(reason: string, subject = WIRE): void {
    this.#malformed += 1;
    this.#defects.set(subject, reason);
    if (this.#status !== 'down') this.#status = 'degraded';
    this.#report(reason);
  }

  /** Books may differ from the venue's own: one is impossible, or a change of one could not be read. */
  doubtsBooks(): boolean {
    return [...this.#defects.keys()].some((subject) => subject === WIRE || subject.startsWith(BOOK));
  }

  /** The connection is gone, and with it what was known of its frames. */
  lost(reason: string): void {
    this.#defects.clear();
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
