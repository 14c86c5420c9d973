/** The machine's clock behind the `Clock` port. Entry point: `systemClock`. */
import type { Instant } from '../kernel/instant.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';

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

/** Wall time, a monotonic counter from an arbitrary origin, and timers that keep the process alive. */
export function systemClock(): Clock {
  return {
    now: (): Instant => Date.now(),
    monotonicMs: () => performance.now(),
    after,
  };
}
