/**
 * The venue's clock as far as it is known: stamps requests, so that a machine whose clock is off still trades. Entry
 * point: `VenueClock`. A reading ties venue time to our monotonic clock, so a jump of the wall clock needs no new one.
 */
import { type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClockReading } from '../ports/venue.ts';

const READING_AGE_MS = 10 * MINUTE_MS;
/** Clocks drift apart by less than this in the age of a reading. */
const DRIFT_MS = 100;
/** Round trips that differ by less are as good as each other: half of it is nothing to what venues accept. */
const SLOWER_MS = 200;
/** After a reading failed or did not help, before the next one. */
const RETRY_MS = 5_000;

type Ask = () => Promise<{ readonly serverAt: Instant; readonly sentMs: number } | undefined>;

export class VenueClock {
  readonly #clock: Clock;
  readonly #listeners: ((reading: ClockReading) => void)[] = [];
  #reading: ClockReading | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Our own clock until the venue has been asked. */
  now(): Instant {
    if (this.#reading === undefined) return this.#clock.now();
    return Math.round(this.#clock.monotonicMs() + this.#reading.offsetMs);
  }

  /** The earliest that the venue's clock may show: the reading may have come back all of its way late. */
  earliest(): Instant {
    return Math.floor(this.now() - (this.#reading?.roundTripMs ?? 0) / 2);
  }

  /** Tells the newest reading and every one after it. */
  listen(listener: (reading: ClockReading) => void): void {
    this.#listeners.push(listener);
    if (this.#reading !== undefined) listener(this.#reading);
  }

  /** The venue refused a timestamp: what is known of its clock is wrong. */
  doubt(): void {
    this.#dueAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Keeps the reading fresh beside the calls of an account. Resolves when a request may be stamped: at once, unless
   * nothing is known yet or the venue has refused a stamp; false when that takes longer than `limitMs`, while the asking
   * goes on. `ask` never rejects.
   */
  async ready(ask: Ask, limitMs: number): Promise<boolean> {
    const awaited = this.#ask(ask);
    if (awaited === undefined) return true;
    return new Promise((resolve) => {
      const cancel = this.#clock.after(limitMs, () => resolve(false));
      void awaited.then(() => {
        cancel();
        resolve(true);
      });
    });
  }

  /** What a request must wait for, if anything. */
  #ask(ask: Ask): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#dueAtMs || nowMs - this.#triedAtMs < RETRY_MS) return this.#awaited();
    const urgent = this.#dueAtMs === Number.NEGATIVE_INFINITY;
    this.#triedAtMs = nowMs;
    this.#running = ask().then((answer) => {
      this.#running = undefined;
      if (answer !== undefined) this.#note(answer.serverAt, answer.sentMs);
    });
    return urgent ? this.#running : undefined;
  }

  /** A reading that others must have before they stamp anything is waited for by all. */
  #awaited(): Promise<void> | undefined {
    return this.#dueAtMs === Number.NEGATIVE_INFINITY ? this.#running : undefined;
  }

  /** The venue looked at its clock half a round trip ago, more or less. */
  #note(serverAt: Instant, sentMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const roundTripMs = nowMs - sentMs;
    const reading = { offsetMs: serverAt - (sentMs + roundTripMs / 2), roundTripMs };
    const isDoubted = this.#dueAtMs === Number.NEGATIVE_INFINITY;
    if (!isDoubted && this.#reading !== undefined && tellsLess(reading, this.#reading, nowMs - this.#readAtMs)) {
      // Asked again with a later call.
      this.#dueAtMs = nowMs;
      return;
    }
    this.#reading = reading;
    this.#readAtMs = nowMs;
    this.#dueAtMs = nowMs + READING_AGE_MS;
    for (const listener of this.#listeners) listener(reading);
  }
}

/** Much slower than what is known, and no contradiction to it: by its middle the offset would move by half its way. */
function tellsLess({ offsetMs, roundTripMs }: ClockReading, known: ClockReading, ageMs: number): boolean {
  const knownMs = known.roundTripMs + (2 * DRIFT_MS * ageMs) / READING_AGE_MS;
  if (roundTripMs < 2 * knownMs + SLOWER_MS) return false;
  return Math.abs(offsetMs - known.offsetMs) <= (roundTripMs + knownMs) / 2;
}
