/**
 * The production engine, store, feeds and venue adapters over two emulated venues on loopback, on the system's time:
 * what mode live runs, with the network taken out. Opportunities come and go when told to.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { engineSettings } from '../../src/cli/compose-settings.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { loadLedger } from '../../src/engine/load.ts';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { openLedgerStore } from '../../src/platform/sqlite/store.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { seededRandom } from '../../src/platform/system-random.ts';
import type { LedgerStore } from '../../src/ports/ledger-store.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { createBudget } from '../../src/venues/budget.ts';
import { connectMarketData } from '../../src/venues/connect.ts';
import { hostsTo } from '../../src/venues/registry.ts';
import { connectOurs, type EmulatedVenue, idle, quoteBook, setRate, startVenue } from './emulated-venue.ts';
import { check, until } from './result.ts';

export const ASSET = 'SOL';
/** Per 8 h; the other venue stays at 0.01 %. */
const PAYING_RATE = 0.004;
const CALM_RATE = 0.0001;

/** Whatever the signal offers may open at once, so that the path and not the policy is measured. */
const CONFIG = `
mode: sim
signal: { basisAllowanceRate: 0 }
risk:
  entry: { minNetApr: 0.05, minSpreadPer8h: 0.001, minConfidence: 0, maxBreakEvenHours: 8760 }
  exit: { minForwardApr: -100, confirmMinutes: 1440 }
  size: { hedgeNotionalUsd: 1000 }
  data: { maxBookAgeMs: 600000, maxFundingAgeMs: 600000 }
  cooldown: { afterExitMinutes: 0, afterFailureMinutes: 0 }
  loss: { maxDailyLossUsd: 1000000 }
  breakers: { churn: { cycles: 1000 }, drawdown: { lossUsd: 1000000 }, orderRate: { orders: 5000 } }
execution: { retryDelayMs: 1 }
routing: { liveShare: 1 }
`;

export interface TradingWorld {
  readonly engine: Engine;
  readonly venues: readonly EmulatedVenue[];
  /** Where the ledger lies, on the project's own disk. */
  readonly folder: string;
  /** The newest commit that carried a whole entry plan. */
  entryPlan(): readonly Fact[] | undefined;
  /** Both venues quote anew, without an opportunity. */
  calm(): void;
  /** One frame of one venue makes the pair pay. */
  pay(): void;
  /** Closes what is open and waits until nothing is. */
  flatten(): Promise<void>;
  close(): Promise<void>;
}

export function benchFolder(): string {
  const parent = new URL('../../data/', import.meta.url).pathname;
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'bench-'));
}

export async function startTradingWorld(): Promise<TradingWorld> {
  const clock = systemClock();
  const folder = benchFolder();
  const parsed = parseConfig(CONFIG, 'benchmark');
  check(parsed.ok, `configuration: ${parsed.ok ? '' : JSON.stringify(parsed.problems)}`);
  const real = openLedgerStore({
    path: join(folder, 'bench.db'),
    mode: 'sim',
    account: 'main',
    clock,
    random: seededRandom(1),
  });
  const watched = watchPlans(real);
  const venues = [await startVenue('binance', clock, [ASSET]), await startVenue('bybit', clock, [ASSET])];
  const accounts: Venue[] = [];
  const feeds: MarketFeed[] = [];
  for (const venue of venues) {
    accounts.push(await connectOurs(venue));
    feeds.push(await connectFeed(venue));
  }
  const failures: unknown[] = [];
  const engine = createEngine({
    clock,
    ledger: loadLedger(watched.store),
    store: watched.store,
    notifier: { notify: () => undefined },
    log: openLogger({ level: 'error', clock, write: () => undefined }),
    activity: idle,
    venues: accounts,
    settings: engineSettings(parsed.config),
    assets: new Set([ASSET]),
    pid: process.pid,
    decide: 'on_quiet',
    fatal: (error) => failures.push(error),
  });
  for (const feed of feeds) feed.start(new Set([ASSET]), (event) => engine.push({ kind: 'market', event }));
  const open = () =>
    [...engine.core.ledger.hedges.values()].filter(({ state }) => state !== 'closed' && state !== 'aborted');
  const world: TradingWorld = {
    engine,
    venues,
    folder,
    entryPlan: watched.plan,
    calm: () => {
      for (const { exchange } of venues) {
        quoteBook(exchange, ASSET);
        setRate(exchange, ASSET, CALM_RATE, clock.now());
      }
    },
    pay: () => {
      const [first] = venues;
      if (first) setRate(first.exchange, ASSET, PAYING_RATE, clock.now());
    },
    flatten: async () => {
      engine.push({ kind: 'operator', command: { action: 'flatten' }, by: 'benchmark', reply: () => undefined });
      await until('hedges closed', () => open().length === 0);
      check(failures.length === 0, String(failures[0]));
      engine.push({ kind: 'operator', command: { action: 'resume' }, by: 'benchmark', reply: () => undefined });
    },
    close: async () => {
      await engine.stop(2_000);
      await Promise.all([...feeds.map((feed) => feed.stop()), ...accounts.map((account) => account.close())]);
      real.close();
      for (const venue of venues) await venue.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await until('accounts ready', () => [...engine.core.accounts.values()].every(({ status }) => status === 'ready'));
  return world;
}

async function connectFeed(venue: EmulatedVenue): Promise<MarketFeed> {
  const clock = systemClock();
  const random = seededRandom(3);
  const { facts } = venue;
  const connection = await connectMarketData({
    facts,
    budget: createBudget({ limits: facts.limits, clock, random, activity: idle, share: 0.4 }),
    activity: idle,
    clock,
    ioClock: clock,
    hosts: hostsTo(facts, venue.server.url),
  });
  return createDirectFeed({ connection, clock, ioClock: clock, random });
}

function watchPlans(store: LedgerStore): { store: LedgerStore; plan: () => readonly Fact[] | undefined } {
  let plan: readonly Fact[] | undefined;
  return {
    plan: () => plan,
    store: {
      stamp: store.stamp,
      commit: (facts) => store.commit(facts),
      stage: (facts) => {
        store.stage(facts);
        plan = facts;
      },
      load: () => store.load(),
      close: () => store.close(),
    },
  };
}
