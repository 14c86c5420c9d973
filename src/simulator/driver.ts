/**
 * The lockstep driver: simulated time advances only once the bot has dealt with what it was sent, so speed never
 * changes the outcome. Entry point: `createDriver`.
 *
 * One turn: advance to the next due instant (a market step or a timer), step the source, wait until every published
 * frame is delivered and no work is in flight, let the bot evaluate once (`onQuiet`), wait again. Work in flight
 * therefore always starts and ends at one simulated instant; its own deadlines run on real time.
 *
 * Pending simulated timers are not work: whoever waits for simulated time must have ended its `Activity`, or neither
 * side could ever go on; the stall guard then says so.
 */
import { invariant } from '../kernel/assert.ts';
import { type Instant, iso } from '../kernel/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { CountedActivity } from './activity.ts';
import type { SimClock } from './clock.ts';
import type { MarketSource } from './market/source.ts';

export type Pace =
  /** As fast as the bot can follow. */
  | { readonly kind: 'flat-out' }
  /** `speed` simulated seconds per real second, at most; a bot that is slower than that makes time lag. */
  | { readonly kind: 'paced'; readonly speed: number };

/** What the driver waited for in vain. */
export interface Stall {
  readonly at: Instant;
  /** Names of publications that did not arrive. */
  readonly undelivered: readonly string[];
  /** Pieces of work still in flight. */
  readonly busy: number;
  /** Real ms since this wait began; progress may have been made meanwhile. */
  readonly waitedMs: number;
}

/** Thrown at flat-out pace: going on would make the run depend on real time. */
export class StallError extends Error {
  override readonly name = 'StallError';
  readonly code = 'driver_stalled';
  readonly stall: Stall;

  constructor(stall: Stall) {
    super(`simulated time stands at ${iso(stall.at)}: ${describeStall(stall)}`);
    this.stall = stall;
  }
}

/** For logs: what is missing after how long. */
export function describeStall({ undelivered, busy, waitedMs }: Stall): string {
  const frames = undelivered.length > 0 ? `not delivered: ${undelivered.join(', ')}` : 'all frames delivered';
  return `${frames}; ${busy} operation(s) in flight; gave up after ${Math.round(waitedMs)} ms`;
}

export interface DriverOptions {
  readonly clock: SimClock;
  readonly source: Pick<MarketSource, 'nextAt' | 'step'>;
  readonly activity: CountedActivity;
  /** Names of what was published and has not reached the bot; empty when it is caught up. Polled: keep it cheap. */
  readonly undelivered: () => readonly string[];
  /** The bot evaluates once for this instant. May start work; must not wait for simulated time. */
  readonly onQuiet: (at: Instant) => void | Promise<void>;
  /** Paced only: the driver gave up waiting and moved on. */
  readonly onStall: (stall: Stall) => void;
  readonly pace: Pace;
  /** Real time: pacing and the stall guard. */
  readonly ioClock: Clock;
  /** One turn of the event loop in which sockets are read (`setImmediate`). */
  readonly yieldTurn: () => Promise<void>;
  /** Real ms without any progress before a stall; default 5 000. */
  readonly stallMs?: number;
}

export interface Driver {
  /** Evaluates the current instant, then runs. Once only. */
  start(): void;
  /**
   * Resolves when time stands for good; a turn under way is cut short. Stop the bot first: what waits for simulated
   * time afterwards waits for ever.
   */
  stop(): Promise<void>;
  /** Resolves when the source has ended or after `stop`; rejects with what the bot threw, or StallError. */
  readonly done: Promise<void>;
  /** Real ms of requested pace that were given up because the bot could not follow. */
  lagMs(): number;
}

/** Work may hand over to other work through the event loop; one quiet turn could be that gap. */
const QUIET_TURNS = 2;
const DEFAULT_STALL_MS = 5_000;
/** Progress without end at one instant is a livelock: this many stall times is the most an instant may take. */
const INSTANT_STALLS = 12;
/** Zero-delay timers set by timers, per instant. */
const MAX_ROUNDS = 10_000;
/** Paced: how often idle time moves `now()`. */
const IDLE_TICK_MS = 50;
/** Paced: lag beyond this is dropped, so that catching up never becomes a burst. */
const MAX_CATCH_UP_MS = 250;

/** A driver that has not started. */
export function createDriver(options: DriverOptions): Driver {
  if (options.pace.kind === 'paced') {
    invariant(options.pace.speed > 0 && Number.isFinite(options.pace.speed), `pace ${options.pace.speed}`);
  }
  return new LockstepDriver(options);
}

class LockstepDriver implements Driver {
  readonly done: Promise<void>;
  readonly #o: DriverOptions;
  readonly #stallMs: number;
  #finish: (run: Promise<void>) => void = () => undefined;
  #started = false;
  #stopping = false;
  #wake: (() => void) | undefined;
  #botFailure: { readonly error: unknown } | undefined;
  /** Paced: undelivered names that already stalled once; not waited for until they deliver again. */
  readonly #givenUp = new Set<string>();
  #anchorAt = 0;
  #anchorMs = 0;
  #lagMs = 0;

  constructor(options: DriverOptions) {
    this.#o = options;
    this.#stallMs = options.stallMs ?? DEFAULT_STALL_MS;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  start(): void {
    invariant(!this.#started, 'the driver was started twice');
    this.#started = true;
    this.#finish(this.#run());
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    if (!this.#started) {
      this.#started = true;
      this.#finish(Promise.resolve());
    }
    // A failure of the run belongs to whoever awaits `done`; stopping is complete either way.
    await this.done.catch(() => undefined);
  }

  lagMs(): number {
    return this.#lagMs;
  }

  async #run(): Promise<void> {
    this.#anchorAt = this.#o.clock.now();
    this.#anchorMs = this.#o.ioClock.monotonicMs();
    await this.#dealWith(this.#o.clock.now());
    while (!this.#stopping) {
      const at = this.#o.pace.kind === 'flat-out' ? this.#nextDueAt() : await this.#nextPacedAt(this.#o.pace.speed);
      if (at === undefined) return;
      this.#o.clock.advanceTo(at);
      if (this.#o.source.nextAt() === at) this.#o.source.step(at);
      await this.#dealWith(at);
    }
  }

  /** Undefined when the source has ended. */
  #nextDueAt(): Instant | undefined {
    const stepAt = this.#o.source.nextAt();
    const timerAt = this.#o.clock.nextTimerAt();
    return stepAt === undefined || timerAt === undefined ? stepAt : Math.min(stepAt, timerAt);
  }

  /** Waits until real time allows the next due instant; meanwhile `now()` follows in small ticks. */
  async #nextPacedAt(speed: number): Promise<Instant | undefined> {
    while (!this.#stopping) {
      // While sleeping, an operator or a stream may have set work going: time stands until it ends.
      if (!(await this.#settle())) return undefined;
      const dueAt = this.#nextDueAt();
      if (dueAt === undefined) return undefined;
      const targetAt = this.#targetAt(speed);
      if (dueAt <= targetAt) return dueAt;
      this.#o.clock.advanceTo(Math.max(this.#o.clock.now(), targetAt));
      await this.#sleep(Math.min((dueAt - targetAt) / speed, IDLE_TICK_MS));
    }
    return undefined;
  }

  #targetAt(speed: number): Instant {
    const nowMs = this.#o.ioClock.monotonicMs();
    const behindMs = nowMs - this.#anchorMs - (this.#o.clock.now() - this.#anchorAt) / speed;
    const dropMs = Math.max(0, behindMs - MAX_CATCH_UP_MS);
    this.#anchorMs += dropMs;
    this.#lagMs += dropMs;
    return Math.floor(this.#anchorAt + (nowMs - this.#anchorMs) * speed);
  }

  /** Everything that happens at one instant: deliver, evaluate, finish the work that follows. */
  async #dealWith(at: Instant): Promise<void> {
    if (!(await this.#settleInstant())) return;
    this.#evaluate(at);
    await this.#settleInstant();
  }

  /** The bot's evaluation counts as work, so the one wait below covers it. */
  #evaluate(at: Instant): void {
    const { activity, onQuiet } = this.#o;
    const run = async (): Promise<void> => {
      try {
        await onQuiet(at);
      } catch (error) {
        this.#botFailure ??= { error };
      } finally {
        activity.end();
      }
    };
    activity.begin();
    void run();
  }

  /** Settles, firing timers that are due at this very instant, until none is left. False when stopping. */
  async #settleInstant(): Promise<boolean> {
    const { clock } = this.#o;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (!(await this.#settle())) return false;
      if (clock.nextTimerAt() !== clock.now()) return true;
      clock.advanceTo(clock.now());
    }
    invariant(false, `timers keep re-arming without delay at ${iso(clock.now())}`);
  }

  /** Waits until frames are delivered and nothing is in flight for two turns in a row. False when stopping. */
  async #settle(): Promise<boolean> {
    const { activity, ioClock, yieldTurn } = this.#o;
    const startedMs = ioClock.monotonicMs();
    let progressMs = startedMs;
    let progress = '';
    for (let quietTurns = 0; quietTurns < QUIET_TURNS; ) {
      if (activity.busy() > 0) await this.#sleep(this.#stallMs, activity.idle());
      await yieldTurn();
      if (this.#botFailure) throw this.#botFailure.error;
      if (this.#stopping) return false;
      const missing = this.#missing();
      if (activity.busy() === 0 && missing.length === 0) {
        quietTurns++;
        continue;
      }
      quietTurns = 0;
      const nowMs = ioClock.monotonicMs();
      const state = `${activity.completed()} ${missing.length}`;
      if (state !== progress) progressMs = nowMs;
      progress = state;
      if (nowMs - progressMs >= this.#stallMs || nowMs - startedMs >= this.#stallMs * INSTANT_STALLS) {
        this.#stalled(missing, nowMs - startedMs);
        return true;
      }
    }
    return true;
  }

  #missing(): readonly string[] {
    const undelivered = this.#o.undelivered();
    if (this.#givenUp.size === 0) return undelivered;
    for (const name of this.#givenUp) if (!undelivered.includes(name)) this.#givenUp.delete(name);
    return undelivered.filter((name) => !this.#givenUp.has(name));
  }

  #stalled(missing: readonly string[], waitedMs: number): void {
    const stall = { at: this.#o.clock.now(), undelivered: missing, busy: this.#o.activity.busy(), waitedMs };
    if (this.#o.pace.kind === 'flat-out') throw new StallError(stall);
    for (const name of missing) this.#givenUp.add(name);
    this.#o.onStall(stall);
  }

  /** Real time; ends early when `sooner` resolves or on `stop`. */
  #sleep(ms: number, sooner?: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        if (this.#wake === wake) this.#wake = undefined;
        resolve();
      };
      const cancel = this.#o.ioClock.after(ms, wake);
      this.#wake = wake;
      void sooner?.then(wake);
    });
  }
}
