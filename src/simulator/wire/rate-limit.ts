/**
 * Request counters of the emulated venues. Entry point: `SlidingWindow`.
 *
 * The window slides instead of restarting on the clock minute as some venues do: whoever stays inside it also stays
 * inside every window aligned to the clock, so it is the stricter judge.
 */
import { invariant } from '../../kernel/assert.ts';
import type { Instant } from '../../kernel/instant.ts';

interface Entry {
  readonly at: Instant;
  readonly weight: number;
}

/** Weight spent in the last `windowMs` by the caller's clock. Holds at most `limit` entries of weight >= 1. */
export class SlidingWindow {
  readonly limit: number;
  readonly windowMs: number;
  #entries: Entry[] = [];
  #head = 0;
  #used = 0;

  constructor(limit: number, windowMs: number) {
    invariant(limit > 0 && windowMs > 0, `window needs a positive limit and length: ${limit}, ${windowMs}`);
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /** Spends `weight` at `now` if the window has room for it; spends nothing otherwise. Weight 0 always fits. */
  take(now: Instant, weight: number): boolean {
    const used = this.used(now);
    if (used + weight > this.limit) return false;
    if (weight > 0) {
      this.#entries.push({ at: now, weight });
      this.#used += weight;
    }
    return true;
  }

  /** Weight in the window that ends at `now`. */
  used(now: Instant): number {
    for (;;) {
      const oldest = this.#entries[this.#head];
      if (oldest === undefined || oldest.at > now - this.windowMs) break;
      this.#used -= oldest.weight;
      this.#head += 1;
    }
    if (this.#head > 1024 || this.#head === this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#used;
  }

  /** Milliseconds from `now` until `weight` fits; 0 when it fits already. `weight` must not exceed the limit. */
  waitMs(now: Instant, weight: number): number {
    invariant(weight <= this.limit, `weight ${weight} never fits a limit of ${this.limit}`);
    let excess = this.used(now) + weight - this.limit;
    for (let i = this.#head; excess > 0; i += 1) {
      const entry = this.#entries[i];
      invariant(entry !== undefined, 'used weight has entries');
      excess -= entry.weight;
      if (excess <= 0) return Math.max(0, entry.at + this.windowMs - now);
    }
    return 0;
  }
}
