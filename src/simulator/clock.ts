/**
 * Simulated time: one clock that the bot and the simulated venues share. It moves only through `advanceTo`, which
 * the driver calls. Entry point: `createSimClock`.
 */
import { invariant } from '../kernel/assert.ts';
import { type Instant, iso } from '../kernel/instant.ts';
import type { CancelTimer, ProcessClock } from '../ports/clock.ts';

export interface SimClock extends ProcessClock {
  /** When the earliest pending timer is due; never before `now()`. Undefined: nothing waits for time. */
  nextTimerAt(): Instant | undefined;
  /**
   * Moves time forward to `at`. Timers due up to then fire in (due time, order of `after`) with `now()` equal to
   * their due time; timers that they add are honoured in the same call. Throws when `at` is before `now()` or when
   * called from a timer.
   */
  advanceTo(at: Instant): void;
}

/** More pending timers than this is a leak. */
const MAX_PENDING = 100_000;
/** More timers than this at one instant is a timer that re-arms itself without delay. */
const MAX_PER_INSTANT = 100_000;

interface Timer {
  readonly dueAt: Instant;
  readonly sequence: number;
  readonly fire: () => void;
  /** Place in the heap; -1 once fired or cancelled. */
  slot: number;
}

/** A clock that stands at `startAt`; `monotonicMs` counts from there. */
export function createSimClock(startAt: Instant): SimClock {
  invariant(Number.isSafeInteger(startAt), `simulated start is not an instant: ${startAt}`);
  const heap = new TimerHeap();
  let now = startAt;
  let sequence = 0;
  let advancing = false;

  return {
    now: () => now,
    monotonicMs: () => now - startAt,
    // Venues and bot stand still together.
    stalls: () => 0,
    after(delayMs: number, fire: () => void): CancelTimer {
      invariant(delayMs >= 0 && Number.isFinite(delayMs), `timer delay ${delayMs} ms`);
      invariant(heap.size < MAX_PENDING, `more than ${MAX_PENDING} pending timers`);
      // Instants are whole milliseconds; a timer never fires before its delay is over.
      const timer: Timer = { dueAt: now + Math.ceil(delayMs), sequence: sequence++, fire, slot: -1 };
      heap.push(timer);
      return () => heap.remove(timer);
    },
    nextTimerAt: () => heap.first?.dueAt,
    advanceTo(at: Instant): void {
      invariant(Number.isSafeInteger(at) && at >= now, `time cannot go from ${iso(now)} to ${at}`);
      invariant(!advancing, 'time was advanced from a timer');
      advancing = true;
      try {
        let atInstant = 0;
        for (let timer = heap.first; timer && timer.dueAt <= at; timer = heap.first) {
          atInstant = timer.dueAt > now ? 1 : atInstant + 1;
          invariant(atInstant <= MAX_PER_INSTANT, `timers keep re-arming at ${iso(now)}`);
          now = timer.dueAt;
          heap.remove(timer);
          timer.fire();
        }
        now = at;
      } finally {
        advancing = false;
      }
    },
  };
}

/** Binary heap by (due time, sequence) that knows each timer's place, so that a cancelled timer is gone at once. */
class TimerHeap {
  readonly #timers: Timer[] = [];

  get size(): number {
    return this.#timers.length;
  }

  get first(): Timer | undefined {
    return this.#timers[0];
  }

  push(timer: Timer): void {
    this.#timers.push(timer);
    this.#rise(timer, this.#timers.length - 1);
  }

  /** No effect when the timer has fired or was cancelled. */
  remove(timer: Timer): void {
    const slot = timer.slot;
    if (slot < 0) return;
    timer.slot = -1;
    const moved = this.#timers.pop();
    if (!moved || moved === timer) return;
    this.#rise(moved, slot);
    this.#sink(moved, moved.slot);
  }

  #rise(timer: Timer, from: number): void {
    let slot = from;
    while (slot > 0) {
      const parentSlot = (slot - 1) >> 1;
      const parent = this.#timers[parentSlot];
      if (!parent || !isBefore(timer, parent)) break;
      this.#put(parent, slot);
      slot = parentSlot;
    }
    this.#put(timer, slot);
  }

  #sink(timer: Timer, from: number): void {
    let slot = from;
    for (;;) {
      const left = this.#timers[2 * slot + 1];
      const right = this.#timers[2 * slot + 2];
      const child = left && right && isBefore(right, left) ? right : left;
      if (!child || !isBefore(child, timer)) break;
      const childSlot = child.slot;
      this.#put(child, slot);
      slot = childSlot;
    }
    this.#put(timer, slot);
  }

  #put(timer: Timer, slot: number): void {
    this.#timers[slot] = timer;
    timer.slot = slot;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.sequence < b.sequence);
