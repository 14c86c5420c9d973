/**
 * The composition root: plugs clocks, venues, feeds, ledger and engine together for one mode. Everything that differs
 * between sim, replay, paper, testnet and live is decided here and in `compose-*.ts`. Entry point: `startBot`.
 */
import { createEngine, type Engine } from '../engine/engine.ts';
import type { OperatorCommand, OperatorReply } from '../engine/events.ts';
import { loadLedger } from '../engine/load.ts';
import { type StatusSnapshot, statusOf } from '../engine/status.ts';
import type { LedgerState } from '../ledger/state.ts';
import { logNotifier } from '../platform/log-notifier.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { readAccountKeys } from './account-keys.ts';
import { type AccountReading, readAccounts } from './account-reading.ts';
import { openLedger } from './compose-ledger.ts';
import { openRealWorld } from './compose-real.ts';
import { keepingConfig, recordConfig } from './compose-record.ts';
import { openReplay } from './compose-replay.ts';
import { engineSettings, watchConfig } from './compose-settings.ts';
import { openSimulatedWorld } from './compose-sim.ts';
import { refuseMissingVenues } from './compose-standing.ts';
import { scheduleSummary } from './compose-summary.ts';
import { type ConnectedVenues, connectVenues } from './compose-venues.ts';
import type { RunEnd, World } from './compose-world.ts';
import { ifSound } from './ledger-reading.ts';
import type { StartOptions } from './start-options.ts';

export interface RunningBot {
  /** Cheap, synchronous. */
  status(): StatusSnapshot;
  command(command: OperatorCommand, by: string): Promise<OperatorReply>;
  /** Reads every account's positions and open orders from the venues now. */
  positions(): Promise<readonly AccountReading[]>;
  /** Every account is reconciled, or 20 s have passed: trading. */
  readonly ready: Promise<void>;
  /** Replay: resolves at its end. Rejects on a fatal error: the process must end, the next start recovers. */
  readonly done: Promise<RunEnd>;
  /** Clean stop: what is held stays. Tells what it had to leave under way. */
  stop(): Promise<readonly string[]>;
}

/** What has begun gets this long to come to rest; the next start goes on with what is left. */
const STOP_GRACE_MS = 5_000;
const READY_WITHIN_MS = 20_000;

/** Throws StartRefused for what an operator can mend: arming, credentials, a locked or foreign ledger. */
export async function startBot(options: StartOptions): Promise<RunningBot> {
  const { config, log } = options;
  const replaying = config.replay ? openReplay(config, config.replay, options.env) : undefined;
  for (const warning of replaying?.warnings ?? []) log.warn({ file: replaying?.file }, warning);
  const keys = readAccountKeys(options);
  // The ledger's lock comes first: it also guards the simulated venues' books beside it.
  const store = openLedger(config);
  let world: World | undefined;
  try {
    const recorded = new Map<string, string>();
    const ledger = ifSound(() => loadLedger({ load: () => keepingConfig(store.load(), recorded) }));
    refuseMissingVenues(config.venues, ledger);
    world = config.mode === 'sim' ? await openSimulatedWorld(options, { ledger, replaying }) : openRealWorld();
    const venues = await connectVenues(options, world, ledger, keys);
    recordConfig({ store, log }, recorded, config, world.clock.now());
    return assemble(options, world, store, ledger, venues);
  } catch (error) {
    await world?.close();
    store.close();
    log.flush();
    throw error;
  }
}

function assemble(
  options: StartOptions,
  world: World,
  store: LedgerStore,
  ledger: LedgerState,
  venues: ConnectedVenues,
): RunningBot {
  const { config, log } = options;
  const failed = deferred<never>();
  const engine = createEngine({
    clock: world.clock,
    ledger,
    store,
    notifier: logNotifier(log, world.clock),
    log,
    activity: world.activity,
    venues: venues.accounts,
    settings: engineSettings(config),
    assets: venues.assets,
    pid: process.pid,
    decide: world.lockstep ? 'on_request' : 'on_quiet',
    fatal: failed.reject,
  });
  venues.start((event) => engine.push({ kind: 'market', event }));
  // Of a simulated world everything that exists is read.
  const read = world.assets ? new Set<string>() : venues.assets;
  const config$ = watchConfig(options, world.clock, read, engine.push);
  const stopSummary =
    config.mode === 'sim' ? undefined : scheduleSummary(config.summary.schedule, log, () => statusOf(engine.core));
  const run = world.run({ engine, deliveredAt: venues.deliveredAt });
  const done = Promise.race([failed.promise, run.done]);
  // Simulated time stands still then: nothing would come any more, and no wait would end.
  let graceMs = STOP_GRACE_MS;
  const over = (): void => {
    graceMs = 0;
  };
  run.done.then(over, over);
  // Whoever starts the bot awaits it later; until then a failure must not count as unhandled.
  done.catch(() => undefined);
  return {
    status: () => ({ ...statusOf(engine.core), ...(config$.differs() && { config: config$.differs() }) }),
    command: (command, by) => new Promise((reply) => engine.push({ kind: 'operator', command, by, reply })),
    positions: () => readAccounts(venues.accounts, systemClock()),
    ready: whenReady(engine),
    done,
    stop: once(async () => {
      config$.stop();
      stopSummary?.();
      const left = await engine.stop(graceMs);
      await run.stop();
      await venues.close();
      store.close();
      await world.close();
      return left;
    }),
  };
}

/** Real time: in simulated time the bot may become ready without any passing. */
async function whenReady(engine: Engine): Promise<void> {
  const clock = systemClock();
  const until = clock.monotonicMs() + READY_WITHIN_MS;
  while (clock.monotonicMs() < until && [...engine.core.accounts.values()].some((watch) => watch.status !== 'ready')) {
    await new Promise<void>((resolve) => clock.after(20, resolve));
  }
}

function once<T>(act: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= act();
    return running;
  };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
