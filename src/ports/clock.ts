/** Time, and what a process knows of its own. */
import type { Instant } from '../kernel/instant.ts';

export type CancelTimer = () => void;

/** Time as the bot sees it. One clock per process: the system's, or a simulated one that venues share. */
export interface Clock {
  /** Wall time, can jump. For stamps and venue schedules. */
  now(): Instant;
  /** Never goes back. For durations, deadlines and staleness. Same rate as `now` outside jumps. */
  monotonicMs(): number;
  /** Runs `fire` once after `delayMs` (>= 0) of this clock. The callback must not throw. */
  after(delayMs: number, fire: () => void): CancelTimer;
}

/** A clock that also knows of the process that it belongs to. */
export interface ProcessClock extends Clock {
  /**
   * How often the process has stood still until now: stopped, suspended or blocked for two seconds or more. What happened
   * meanwhile has yet to be heard.
   */
  stalls(): number;
}
