/**
 * The engine: owns the inbox and the step loop. `createEngine` recovers from the ledger and starts; `stop` leaves every
 * position as it is. Throws LedgerWriteError when the start cannot be recorded.
 */

import { accountKey, type LedgerState } from '../ledger/state.ts';
import { FoldedMarket } from '../market/view.ts';
import type { Activity } from '../ports/activity.ts';
import type { ProcessClock } from '../ports/clock.ts';
import { type LedgerStore, LedgerWriteError } from '../ports/ledger-store.ts';
import type { Log } from '../ports/log.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Venue } from '../ports/venue.ts';
import { newAccountWatch } from './account-watch.ts';
import { newBreakerEvidence } from './breaker-evidence.ts';
import type { Command, Core } from './core.ts';
import { record } from './core.ts';
import { newEmergency } from './emergency-watch.ts';
import type { EngineEvent } from './events.ts';
import { Inbox } from './inbox.ts';
import { Loop } from './loop.ts';
import { createPerform } from './perform.ts';
import { newPositionWatch } from './positions.ts';
import { firstIds } from './restored.ts';
import type { EngineSettings } from './settings.ts';
import { SteadyClock } from './steady-clock.ts';

export interface EngineDeps {
  readonly clock: ProcessClock;
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
    positions: new Map(watches.map(({ key }) => [key, newPositionWatch(key)])),
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
