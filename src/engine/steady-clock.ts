/**
 * The clock of one engine. Between two looks at the wall clock its time goes on with the monotonic one: a jump comes
 * between two passes of the loop and never within one, where half of what was planned would be off by it.
 */
import type { Instant } from '../kernel/instant.ts';
import type { CancelTimer, ProcessClock } from '../ports/clock.ts';

/** More than a sum of these doubles is off by; downwards, so that time does not step back at a look. */
const ROUNDING_MS = 0.001;

export class SteadyClock implements ProcessClock {
  readonly #clock: ProcessClock;
  /** Wall time minus monotonic time, as last seen. */
  #offsetMs: number;

  constructor(clock: ProcessClock) {
    this.#clock = clock;
    this.#offsetMs = this.wallOffsetMs();
  }

  now(): Instant {
    return Math.floor(this.#clock.monotonicMs() + this.#offsetMs + ROUNDING_MS);
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  stalls(): number {
    return this.#clock.stalls();
  }

  after(delayMs: number, fire: () => void): CancelTimer {
    return this.#clock.after(delayMs, fire);
  }

  /** Wall time minus monotonic time now, ms: what is stamped by the wall clock now is stamped by that. */
  wallOffsetMs(): number {
    return this.#clock.now() - this.#clock.monotonicMs();
  }

  /** Follows the wall clock; returns by how much it has moved against the monotonic one since the last look, ms. */
  look(): number {
    const offsetMs = this.wallOffsetMs();
    const movedMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    return movedMs;
  }
}
