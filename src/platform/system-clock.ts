/** The machine's clock behind the `Clock` port. Entry point: `systemClock`. */
import { uptime } from 'node:os';
import type { Instant } from '../kernel/instant.ts';
import type { CancelTimer, ProcessClock } from '../ports/clock.ts';

/** Node fires a timer at once when its delay does not fit a signed 32-bit integer. */
const LONGEST_TIMER_MS = 2_147_483_647;

function after(delayMs: number, fire: () => void): CancelTimer {
  let handle: NodeJS.Timeout | undefined;
  const arm = (remainingMs: number): void => {
    const stepMs = Math.min(remainingMs, LONGEST_TIMER_MS);
    handle = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : fire()), stepMs);
  };
  arm(Math.max(0, delayMs));
  return () => clearTimeout(handle);
}

/** Three readings of one machine, ms. */
export interface Readings {
  wall(): number;
  /** Stands still while the machine is suspended, as CLOCK_MONOTONIC does on Linux (clock_gettime(2)). */
  awake(): number;
  /** Goes on then. Slow to read. */
  sinceBoot(): number;
}

/** Less is the wall clock being kept right, or how finely the time since boot is told. */
const NOTICEABLE_MS = 1_000;

/**
 * Monotonic time that goes on while the machine is suspended: who slept for an hour has missed an hour, and must not
 * take its prices for fresh. The time since boot is read only when the wall clock has moved against the other one.
 */
export function countingSleep({ wall, awake, sinceBoot }: Readings): () => number {
  let offsetMs = wall() - awake();
  const bootedMs = sinceBoot() - awake();
  let asleepMs = 0;
  return () => {
    const awakeMs = awake();
    const movedMs = wall() - awakeMs - offsetMs;
    if (Math.abs(movedMs) >= NOTICEABLE_MS) {
      offsetMs += movedMs;
      const foundMs = sinceBoot() - awakeMs - bootedMs;
      if (foundMs - asleepMs >= NOTICEABLE_MS) asleepMs = foundMs;
    }
    return awakeMs + asleepMs;
  };
}

/** One for the process, so that all its clocks agree. */
const monotonicMs = countingSleep({
  wall: () => Date.now(),
  awake: () => performance.now(),
  sinceBoot: () => uptime() * 1_000,
});

const BEAT_MS = 500;
const STALL_MS = 2_000;

/** Counts the beats that come so late that the process stood still. Whoever asks before the next beat can, is told. */
export function countingStalls(monotonicMs: () => number): () => number {
  let lookedMs = monotonicMs();
  let count = 0;
  const look = (): number => {
    const nowMs = monotonicMs();
    if (nowMs - lookedMs >= BEAT_MS + STALL_MS) count += 1;
    lookedMs = nowMs;
    return count;
  };
  setInterval(look, BEAT_MS).unref();
  return look;
}

const stalls = countingStalls(monotonicMs);

/** Wall time, a monotonic counter from an arbitrary origin, and timers that keep the process alive. */
export function systemClock(): ProcessClock {
  return {
    now: (): Instant => Date.now(),
    monotonicMs,
    stalls,
    after,
  };
}
