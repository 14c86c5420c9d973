/**
 * The engine: owns the inbox and the step loop. `createEngine` recovers from the ledger and starts; `stop` leaves every
 * position as it is. Throws LedgerWriteError when the start cannot be recorded.
 */

import { accountKey, type LedgerState } from '../ledger/state.ts';
import { FoldedMarket } from '../market/view.ts';
import type { Activity } from '../ports/activity.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import { type LedgerStore, LedgerWriteError } from '../ports/ledger-store.ts';
import type { Log } from '../ports/log.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Venue } from '../ports/venue.ts';
import { movedBy } from '../risk/exits.ts';
import { newAccountWatch } from './account-watch.ts';
import { newBreakerEvidence } from './breaker-evidence.ts';
import { recheckBreakers } from './breakers.ts';
import type { Command, Core } from './core.ts';
import { record } from './core.ts';
import { newEmergency } from './emergency-watch.ts';
import type { EngineEvent } from './events.ts';
import { Inbox } from './inbox.ts';
import { createPerform } from './perform.ts';
import { newPositionWatch } from './positions.ts';
import { firstIds } from './restored.ts';
import type { EngineSettings } from './settings.ts';
import { SteadyClock } from './steady-clock.ts';
import { recover, settle, step } from './step.ts';
import { underWay } from './under-way.ts';

export interface EngineDeps {
  readonly clock: Clock;
  /** Everything in `store`, folded. */
  readonly ledger: LedgerState;
  readonly store: LedgerStore;
  readonly notifier: Notifier;
  readonly log: Log;
  readonly activity: Activity;
  /** Trading accounts, live and paper; one per (route, venue). */
  readonly venues: readonly Venue[];
  readonly settings: EngineSettings;
  /** Assets to trade; empty = all that the venues list. */
  readonly assets: ReadonlySet<string>;
  readonly pid: number;
  /** `on_quiet`: decide whenever the inbox runs empty. `on_request`: only when `evaluate` is called (lockstep). */
  readonly decide: 'on_quiet' | 'on_request';
  /** A bug: the process must end; the next start recovers. */
  readonly fatal: (error: unknown) => void;
}

export interface Engine {
  push(event: EngineEvent): void;
  /** Decides on everything that changed; for lockstep simulation. */
  evaluate(): void;
  readonly core: Core;
  /**
   * Ends cleanly: nothing more is decided, what rests in a book is taken back, what has begun is made equal or let go, all
   * within `graceMs`; what is held stays. Tells what it had to leave as it was, for the next start.
   */
  stop(graceMs: number): Promise<readonly string[]>;
}

export function createEngine(deps: EngineDeps): Engine {
  const { ledger } = deps;
  const clock = new SteadyClock(deps.clock);
  const inbox = new Inbox();
  const loop = new Loop({ ...deps, clock }, inbox);
  const venues = new Map(deps.venues.map((venue) => [accountKey(venue.route, venue.id), venue]));
  const perform = createPerform(
    {
      venues,
      push: loop.push,
      log: deps.log,
      leverage: () => core.settings.execution.leverage,
      assets: deps.assets,
      clock,
    },
    loop.fail,
  );
  const epoch = ledger.epoch + 1;
  const core = newCore({ ...deps, clock }, ledger, epoch, (command) => loop.send(command, perform));
  const started = record(core, [{ kind: 'epoch', epoch, mode: deps.store.stamp.mode, pid: deps.pid, at: clock.now() }]);
  // An epoch that is not durable would be used again by the next process, and its client order ids with it.
  if (!started) throw new LedgerWriteError('io', `the start cannot be recorded: ${core.storeFailure}`);
  for (const venue of deps.venues) {
    venue.subscribe((event) => loop.push({ kind: 'account', route: venue.route, venue: venue.id, event }));
  }
  loop.start(core);
  return { push: loop.push, evaluate: () => loop.evaluate(), core, stop: (graceMs) => loop.stop(graceMs) };
}

function newCore(deps: EngineDeps, ledger: LedgerState, epoch: number, send: (command: Command) => void): Core {
  const watches = deps.venues.map(newAccountWatch);
  return {
    clock: deps.clock,
    store: deps.store,
    notifier: deps.notifier,
    log: deps.log,
    ids: firstIds(deps.store.stamp, ledger, epoch, deps.clock.now()),
    ledger,
    market: new FoldedMarket(),
    accounts: new Map(watches.map((watch) => [watch.key, watch])),
    positions: new Map(watches.map(({ key }) => [key, newPositionWatch()])),
    send,
    settings: deps.settings,
    dirtyAssets: new Set(),
    rankings: new Map(),
    verdicts: new Map(),
    exitMemory: new Map(),
    forwardApr: new Map(),
    lookups: new Map(),
    absentAgain: new Map(),
    cancels: new Map(),
    naked: new Map(),
    halts: new Map(),
    breakers: newBreakerEvidence(deps.clock, ledger, deps.venues),
    emergency: newEmergency(),
    exposureSeenMs: Number.NEGATIVE_INFINITY,
    stopping: false,
    wakes: new Map(),
    pending: [],
    pendingSince: 0,
    storeFailure: undefined,
  };
}

/** Less is the clock being kept right, not a jump. */
const CLOCK_JUMP_MS = 100;
const NEXT = Promise.resolve();

/** Drains the inbox in a microtask, so that a burst is one pass and a frame reaches its decision at once. */
class Loop {
  readonly #deps: EngineDeps & { readonly clock: SteadyClock };
  readonly #inbox: Inbox;
  #core: Core | undefined;
  #scheduled = false;
  /** `ending`: outcomes are recorded, nothing else is looked at. */
  #life: 'running' | 'finishing' | 'ending' = 'running';
  #hasFailed = false;
  #timer: { at: number; cancel: CancelTimer } | undefined;
  #inFlight = 0;
  /** Wall time minus monotonic time, when what is in the inbox was stamped. */
  #queuedAtMs: number;

  constructor(deps: EngineDeps & { readonly clock: SteadyClock }, inbox: Inbox) {
    this.#deps = deps;
    this.#queuedAtMs = deps.clock.wallOffsetMs();
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
    this.#deps.activity.begin();
    // As `queueMicrotask`, which costs an async resource each time; `#drain` never throws.
    void NEXT.then(this.#drain);
  }

  readonly #drain = (): void => {
    this.#scheduled = false;
    const core = this.#core;
    if (core) {
      this.#guard(() => {
        this.#followJumps(core);
        this.#moveQueued();
        for (const event of this.#inbox.drain()) if (this.#life !== 'ending' || isResult(event)) step(core, event);
        if (this.#deps.decide === 'on_quiet' && this.#life === 'running') settle(core);
      });
      this.#arm(core);
    }
    this.#deps.activity.end();
  };

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
    const cancel = this.#deps.clock.after(Math.max(0, at - this.#deps.clock.now()), () => {
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
const isResult = (event: EngineEvent): boolean => RESULTS.has(event.kind);
