/** The bot's machine: a disk, a clock, and one process at a time, which is stopped, killed and started again. */
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { EngineEvent, OperatorCommand, OperatorReply } from '../../src/engine/events.ts';
import { loadLedger } from '../../src/engine/load.ts';
import type { EngineSettings } from '../../src/engine/settings.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import { LedgerWriteError } from '../../src/ports/ledger-store.ts';
import type { Alarm } from '../../src/ports/notifier.ts';
import { Killed } from '../engine/memory-store.ts';
import type { Dice } from './dice.ts';
import type { Scheduler } from './scheduler.ts';
import { type Owner, type Rig, SimVenue, type Wire } from './sim-venue.ts';
import { losePower, newDisk, openStore } from './store.ts';

export const ACCOUNT = 'main';

export interface BotHooks extends Wire {
  committed(facts: readonly Fact[]): void;
  alarmed(alarm: Alarm): void;
  /** `lost`: facts that the disk no longer has. */
  died(why: string, lost: number): void;
  started(): void;
  /** An exception that nothing may throw. */
  broke(error: unknown): void;
}

interface BotOptions {
  readonly scheduler: Scheduler;
  readonly rigs: ReadonlyMap<string, Rig>;
  readonly settings: EngineSettings;
  readonly assets: ReadonlySet<string>;
  /** How long a supervisor takes to start the process again. */
  readonly crashes: Dice;
  readonly hooks: BotHooks;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Less is nothing that a process would notice of itself. */
const STALL_MS = 2_000;

export class Bot {
  readonly disk = newDisk();
  /** What the file says. */
  settings: EngineSettings;
  /** What the process was told of it last. */
  told: EngineSettings;
  /** Wall clock minus true time. */
  wallShiftMs = 0;
  /** Kills again at this commit of the next start, counted from 0. */
  killInRecovery: { left: number; when: 'before' | 'after' } | undefined;
  readonly #options: BotOptions;
  #engine: Engine | undefined;
  #venues: SimVenue[] = [];
  #life = 0;
  #stops = 0;
  #stoppedAt = 0;
  #stalls = 0;
  #held: (() => void)[] = [];

  constructor(options: BotOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.told = options.settings;
  }

  get running(): Engine | undefined {
    return this.#engine;
  }

  get isStopped(): boolean {
    return this.#stops > 0;
  }

  boot(): void {
    const { scheduler, rigs, assets, hooks } = this.#options;
    const life = ++this.#life;
    const isDead = (): boolean => this.#life !== life;
    const owner: Owner = {
      isDead,
      deliver: (act) => {
        if (isDead()) return;
        if (this.#stops > 0) this.#held.push(act);
        else act();
      },
      crash: (why) => {
        if (!isDead()) this.crash(why);
      },
    };
    if (this.killInRecovery) {
      this.disk.killAfter = this.killInRecovery;
      this.killInRecovery = undefined;
    }
    this.#venues = [...rigs.values()].map(
      (rig) => new SimVenue({ rig, account: ACCOUNT, route: 'live', owner, scheduler, wire: hooks }),
    );
    this.told = this.settings;
    const startedAt = scheduler.now;
    const store = openStore(this.disk, isDead, (facts) => hooks.committed(facts));
    try {
      const engine = createEngine({
        clock: {
          now: () => scheduler.now + this.wallShiftMs,
          monotonicMs: () => scheduler.now - startedAt,
          stalls: () => this.#stalls,
          after: (delayMs, fire) => scheduler.after(delayMs, () => owner.deliver(fire)),
        },
        ledger: loadLedger(store),
        store,
        notifier: { notify: (alarm) => hooks.alarmed(alarm) },
        log: SILENT,
        activity: { begin() {}, end() {} },
        venues: this.#venues,
        settings: this.settings,
        assets,
        pid: life,
        decide: 'on_quiet',
        fatal: (error) => {
          if (isDead()) return;
          if (error instanceof Killed) this.crash(error.message);
          else hooks.broke(error);
        },
      });
      if (isDead()) return;
      this.#engine = engine;
      hooks.started();
    } catch (error) {
      if (error instanceof Killed) this.crash(`${error.message}, in its start`);
      else if (error instanceof LedgerWriteError) this.crash(`cannot start: ${error.code}`);
      else hooks.broke(error);
    }
  }

  /** SIGKILL. The supervisor starts the next process after a while. */
  crash(why: string, { powerLoss = false, restartMs }: { powerLoss?: boolean; restartMs?: number } = {}): void {
    const life = ++this.#life;
    this.#engine = undefined;
    this.#held = [];
    this.#stops = 0;
    for (const venue of this.#venues.splice(0)) void venue.close();
    this.disk.killAfter = undefined;
    const lost = powerLoss ? losePower(this.disk) : 0;
    this.#options.hooks.died(why, lost);
    const { crashes, scheduler } = this.#options;
    const delayMs = restartMs ?? (crashes.chance(0.8) ? crashes.between(300, 4_000) : crashes.between(4_000, 600_000));
    scheduler.after(delayMs, () => {
      if (this.#life === life) this.boot();
    });
  }

  /** SIGSTOP. Everything that arrives waits. */
  stop(): void {
    if (!this.#engine) return;
    if (this.#stops === 0) this.#stoppedAt = this.#options.scheduler.now;
    this.#stops += 1;
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#stops === 0) return;
    this.#stops -= 1;
    if (this.#stops > 0) return;
    if (this.#options.scheduler.now - this.#stoppedAt >= STALL_MS) this.#stalls += 1;
    for (const act of this.#held.splice(0)) act();
  }

  /** Frames of one venue, made when they reach the process. */
  publish(frames: (wallNow: number) => MarketEvent[]): void {
    const engine = this.#engine;
    if (!engine) return;
    const deliver = (): void => {
      if (this.#engine !== engine) return;
      for (const event of frames(this.#options.scheduler.now + this.wallShiftMs))
        engine.push({ kind: 'market', event });
    };
    if (this.#stops > 0) this.#held.push(deliver);
    else deliver();
  }

  /** False: no process is there to take it. */
  push(event: EngineEvent): boolean {
    if (!this.#engine || this.#stops > 0) return false;
    if (event.kind === 'settings') this.told = event.settings;
    this.#engine.push(event);
    return true;
  }

  command(command: OperatorCommand, reply: (reply: OperatorReply) => void): boolean {
    return this.push({ kind: 'operator', command, by: 'simulation', reply });
  }

  reconnect(venueId: string): void {
    for (const venue of this.#venues) if (venue.id === venueId) venue.reconnected();
  }
}
