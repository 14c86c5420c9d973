/**
 * The step loop of one engine: takes events in order of arrival, one pass for a burst, keeps one timer for everything that
 * is to be looked at again, and follows clocks that jump and a process that stood still.
 */
import type { Activity } from '../ports/activity.ts';
import type { CancelTimer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { movedBy } from '../risk/exits.ts';
import { recheckBreakers } from './breakers.ts';
import { type Command, type Core, record, wakeAt } from './core.ts';
import type { EngineEvent } from './events.ts';
import type { Inbox } from './inbox.ts';
import type { SteadyClock } from './steady-clock.ts';
import { recover, settle, step } from './step.ts';
import { underWay } from './under-way.ts';

export interface LoopDeps {
  readonly clock: SteadyClock;
  readonly activity: Activity;
  readonly log: Log;
  /** As `EngineDeps` says. */
  readonly decide: 'on_quiet' | 'on_request';
  readonly fatal: (error: unknown) => void;
}

/** Less is the clock being kept right, not a jump. */
const CLOCK_JUMP_MS = 100;
/** After a stall: for what waited in its sockets to arrive. */
const CATCH_UP_MS = 500;
const NEXT = Promise.resolve();

/** Drains the inbox in a microtask, so that a burst is one pass and a frame reaches its decision at once. */
export class Loop {
  readonly #deps: LoopDeps;
  readonly #inbox: Inbox;
  #core: Core | undefined;
  #scheduled = false;
  /** `ending`: outcomes are recorded, nothing else is looked at. */
  #life: 'running' | 'finishing' | 'ending' = 'running';
  #hasFailed = false;
  #timer: { at: number; cancel: CancelTimer } | undefined;
  /** As the clock counted them last. */
  #stalls: number;
  /** The process has stood still since the last pass. */
  #hasStalled = false;
  #inFlight = 0;
  /** Wall time minus monotonic time, when what is in the inbox was stamped. */
  #queuedAtMs: number;

  constructor(deps: LoopDeps, inbox: Inbox) {
    this.#deps = deps;
    this.#queuedAtMs = deps.clock.wallOffsetMs();
    this.#stalls = deps.clock.stalls();
    this.#inbox = inbox;
  }

  start(core: Core): void {
    this.#core = core;
    this.#guard(() => recover(core));
    this.#arm(core);
  }

  readonly push = (event: EngineEvent): void => {
    if (isResult(event)) this.#inFlight -= 1;
    this.#moveQueued();
    this.#inbox.push(event);
    this.#schedule();
  };

  /** A bug: nothing more is sent. */
  readonly fail = (error: unknown): void => {
    this.#hasFailed = true;
    if (this.#life === 'finishing') this.#life = 'ending';
    this.#deps.fatal(error);
  };

  send(command: Command, perform: (command: Command) => void): void {
    this.#inFlight += 1;
    perform(command);
  }

  evaluate(): void {
    const core = this.#core;
    if (!core || this.#life !== 'running') return;
    this.#guard(() => {
      this.#followJumps(core);
      settle(core);
    });
    this.#arm(core);
  }

  async stop(graceMs: number): Promise<readonly string[]> {
    const core = this.#core;
    this.#life = this.#hasFailed ? 'ending' : 'finishing';
    if (!core) return [];
    core.stopping = true;
    this.push({ kind: 'wake' });
    const deadline = this.#deps.clock.monotonicMs() + graceMs;
    const isBusy = (): boolean =>
      this.#inFlight > 0 || (this.#life === 'finishing' && underWay(core.ledger).length > 0);
    // Orders in flight get their outcome recorded when it comes in time; the next start looks up the rest.
    while (isBusy() && this.#deps.clock.monotonicMs() < deadline) {
      await new Promise<void>((resolve) => this.#deps.clock.after(20, resolve));
    }
    this.#life = 'ending';
    this.#timer?.cancel();
    record(core, []);
    return underWay(core.ledger);
  }

  #schedule(): void {
    if (this.#scheduled || !this.#core) return;
    this.#scheduled = true;
    this.#noteStall();
    if (this.#hasStalled) {
      this.#deps.clock.after(CATCH_UP_MS, () => {
        this.#deps.activity.begin();
        this.#drain();
      });
      return;
    }
    this.#deps.activity.begin();
    // As `queueMicrotask`, which costs an async resource each time; `#drain` never throws.
    void NEXT.then(this.#drain);
  }

  #noteStall(): void {
    const stalls = this.#deps.clock.stalls();
    if (stalls !== this.#stalls) this.#hasStalled = true;
    this.#stalls = stalls;
  }

  readonly #drain = (): void => {
    this.#scheduled = false;
    const core = this.#core;
    if (core) {
      this.#guard(() => {
        this.#followJumps(core);
        this.#moveQueued();
        const events = this.#hasStalled ? this.#caughtUp(core) : this.#inbox.drain();
        for (const event of events) if (this.#life !== 'ending' || isResult(event)) step(core, event);
        if (this.#deps.decide === 'on_quiet' && this.#life === 'running') settle(core);
      });
      this.#arm(core);
    }
    this.#deps.activity.end();
  };

  /** Prices before whatever is decided by them; and every account is read anew. */
  #caughtUp(core: Core): readonly EngineEvent[] {
    this.#hasStalled = false;
    this.#deps.log.warn({}, 'the process stood still; what waited is heard before anything is done');
    for (const account of core.accounts.keys()) wakeAt(core, `reconcile:${account}`, core.clock.now());
    const events = this.#inbox.drain();
    return [...events.filter(isQuote), ...events.filter((event) => !isQuote(event)), { kind: 'wake' }];
  }

  /** What waits was stamped by the wall clock as it was then. */
  #moveQueued(): void {
    const offsetMs = this.#deps.clock.wallOffsetMs();
    const jumpMs = offsetMs - this.#queuedAtMs;
    if (Math.abs(jumpMs) < CLOCK_JUMP_MS) return;
    this.#queuedAtMs = offsetMs;
    this.#inbox.followJump(jumpMs);
  }

  /** Wakes, the ages of frames and confirmations stand for durations: when the wall clock jumps, they go with it. */
  #followJumps(core: Core): void {
    const jumpMs = this.#deps.clock.look();
    if (Math.abs(jumpMs) < CLOCK_JUMP_MS) return;
    this.#deps.log.warn({ jumpMs }, 'the wall clock has jumped');
    for (const [name, at] of core.wakes) core.wakes.set(name, at + jumpMs);
    core.market.followJump(jumpMs);
    for (const [hedge, memory] of core.exitMemory) core.exitMemory.set(hedge, movedBy(jumpMs, memory));
    // Ours may be the wrong one now.
    recheckBreakers(core);
  }

  /** One timer for the earliest wake. */
  #arm(core: Core): void {
    if (this.#life === 'ending') return;
    let at = Number.POSITIVE_INFINITY;
    for (const wakeAt of core.wakes.values()) at = Math.min(at, wakeAt);
    if (this.#timer?.at === at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!Number.isFinite(at)) return;
    const delayMs = Math.max(0, at - this.#deps.clock.now());
    const cancel = this.#deps.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.push({ kind: 'wake' });
    });
    this.#timer = { at, cancel };
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.fail(error);
    }
  }
}

const RESULTS: ReadonlySet<EngineEvent['kind']> = new Set([
  'booted',
  'listed',
  'submitted',
  'cancel_answered',
  'looked_up',
  'proof_read',
  'reconciled',
  'payments',
  'positions_read',
  'truth_read',
]);
/** What changes a price; that a venue is up again makes hedges move. */
const isQuote = (event: EngineEvent): boolean => event.kind === 'market' && event.event.kind !== 'health';
const isResult = (event: EngineEvent): boolean => RESULTS.has(event.kind);
