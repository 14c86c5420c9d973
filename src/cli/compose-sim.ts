/**
 * The simulated world: exchange models behind real HTTP and WebSocket on loopback, one simulated clock that venues and
 * bot share, and the lockstep driver that lets time pass only when the bot has dealt with what it was sent.
 */
import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { quote } from '../kernel/decimal.ts';
import { type InstrumentKey, splitKey, type VenueId } from '../kernel/ids.ts';
import { type Instant, SECOND_MS } from '../kernel/instant.ts';
import type { LedgerState } from '../ledger/state.ts';
import { systemClock } from '../platform/system-clock.ts';
import { type CountedActivity, createActivity } from '../simulator/activity.ts';
import { createSimClock, type SimClock } from '../simulator/clock.ts';
import { createDriver, describeStall, type Pace } from '../simulator/driver.ts';
import type { Exchange } from '../simulator/exchange/api.ts';
import { createExchange } from '../simulator/exchange/exchange.ts';
import { openWorldJournal, type WorldJournal } from '../simulator/journal.ts';
import { WorldJournalError, type WorldStamp } from '../simulator/journal-file.ts';
import { assetProfiles } from '../simulator/market/assets.ts';
import { createGenerator } from '../simulator/market/generator.ts';
import type { MarketSource } from '../simulator/market/source.ts';
import { exchangeInstruments } from '../simulator/market/venue-profiles.ts';
import { createSeededRandom } from '../simulator/random.ts';
import { createBinanceDialect } from '../simulator/wire/binance/dialect.ts';
import { createBybitDialect } from '../simulator/wire/bybit/dialect.ts';
import type { ApiCredentials, DialectOptions, WireDialect } from '../simulator/wire/dialect.ts';
import { createOkxDialect } from '../simulator/wire/okx/dialect.ts';
import { startWireServer, type WireServer } from '../simulator/wire/server.ts';
import { hostsTo } from '../venues/registry.ts';
import { worldJournalOf } from './compose-ledger.ts';
import { finishReplay, type Replaying } from './compose-replay.ts';
import type { RunContext, RunHandle, World, WorldPast } from './compose-world.ts';
import type { StartOptions } from './start-options.ts';
import { StartRefused } from './start-refused.ts';

/** The one account on each simulated venue. */
const SIM_ACCOUNT = 'main';

/** Longer than any run: ccxt renews listen keys by the wall clock, which simulated time outpaces. */
const LISTEN_KEY_LIFE_MS = 100 * 365 * 86_400_000;
const DIALECTS: Readonly<Record<VenueId, (options: DialectOptions) => WireDialect>> = {
  binance: (options) => createBinanceDialect({ ...options, listenKeyLifeMs: LISTEN_KEY_LIFE_MS }),
  bybit: createBybitDialect,
  okx: createOkxDialect,
};
/** A machine under load may need long for its first connections; a replay must not end for that. */
const CONNECT_WITHIN_MS = 60_000;
const REPLAY_STALL_MS = 30_000;

interface SimulatedVenues {
  readonly exchanges: ReadonlyMap<VenueId, Exchange>;
  readonly servers: ReadonlyMap<VenueId, WireServer>;
}

export async function openSimulatedWorld(options: StartOptions, past: WorldPast): Promise<World> {
  const ids = Object.keys(options.config.venues);
  const market = past.replaying ? replayedMarket(options, past.replaying) : generatedMarket(options, past.ledger);
  const { clock, exchanges, source, assets, seed, close } = market;
  const activity = createActivity();
  const venues = { exchanges, servers: await startServers(exchanges, options) };
  return {
    clock,
    random: createSeededRandom(seed),
    activity,
    lockstep: true,
    credentials: new Map(ids.map((id) => [id, keysOf(id)])),
    assets: new Set(assets),
    hosts: (facts) => {
      const server = venues.servers.get(facts.id);
      return server ? hostsTo(facts, server.url) : undefined;
    },
    run: (context) => runLockstep(options, { clock, activity, source, venues, replaying: past.replaying }, context),
    close: async () => {
      await Promise.all([...venues.servers.values()].map((server) => server.close()));
      close();
    },
  };
}

interface SimulatedMarket {
  readonly clock: SimClock;
  readonly exchanges: ReadonlyMap<VenueId, Exchange>;
  readonly source: MarketSource;
  readonly assets: readonly string[];
  readonly seed: string;
  close(): void;
}

function replayedMarket({ config }: StartOptions, replaying: Replaying): SimulatedMarket {
  const clock = createSimClock(replaying.window.firstAt);
  const assets = ['BTC'];
  const exchanges = openExchanges(config, assets, clock);
  openAccounts(config, exchanges);
  return {
    clock,
    exchanges,
    source: replaying.source(clock, exchanges),
    assets,
    seed: 'replay',
    close: () => undefined,
  };
}

/** The generated market and its venues' books go on where the process before ended, whatever ended it. */
function generatedMarket({ config }: StartOptions, ledger: LedgerState): SimulatedMarket {
  const { simulator } = config;
  if (!simulator) throw new StartRefused('no_market', 'mode sim needs a simulator or a replay section');
  const assets = simulator.assets ?? assetProfiles.map((profile) => profile.asset);
  const stepMs = simulator.stepSeconds * SECOND_MS;
  const startAt = Date.parse(simulator.startAt);
  const seed = String(simulator.seed);
  const stamp = { seed, venues: Object.keys(config.venues), assets, stepMs, startAt };
  const journal = openJournal(worldJournalOf(config.ledger.path), stamp, ledger);
  // The bot's time may stand a little past the last published instant.
  const clock = createSimClock(Math.max(journal.resumeAt, ledger.newestAt));
  const exchanges = openExchanges(config, assets, clock);
  journal.attach(exchanges);
  openAccounts(config, exchanges);
  const random = createSeededRandom(seed).fork('market');
  const resume = { startAt, steppedAt: journal.steppedAt };
  const source = journal.follow(createGenerator({ clock, random, exchanges, stepMs, assets, resume }));
  return { clock, exchanges, source, assets, seed, close: () => journal.close() };
}

function openJournal(file: string, stamp: WorldStamp, ledger: LedgerState): WorldJournal {
  if (ledger.accounts.size > 0 && !existsSync(file)) {
    throw new StartRefused(
      'world_missing',
      `the ledger has accounts, but the simulated venues' books ${file} are gone: move the ledger away too, or set another ledger.path`,
    );
  }
  try {
    return openWorldJournal({ file, stamp });
  } catch (error) {
    if (error instanceof WorldJournalError) throw new StartRefused(error.code, error.message);
    throw error;
  }
}

function openExchanges(config: Config, assets: readonly string[], clock: SimClock): Map<VenueId, Exchange> {
  return new Map(Object.keys(config.venues).map((id) => [id, openExchange(id, assets, clock)]));
}

function openAccounts(config: Config, exchanges: ReadonlyMap<VenueId, Exchange>): void {
  for (const [id, exchange] of exchanges) {
    if (!exchange.accounts().includes(SIM_ACCOUNT))
      exchange.openAccount(SIM_ACCOUNT, quote(config.venues[id]?.depositUsd ?? 100_000));
  }
}

function openExchange(venue: VenueId, assets: readonly string[], clock: SimClock): Exchange {
  return createExchange({
    venue,
    clock,
    instruments: exchangeInstruments(venue, assets),
    clientIdUniqueness: venue === 'bybit' ? 'always' : 'open',
  });
}

async function startServers(
  exchanges: ReadonlyMap<VenueId, Exchange>,
  options: StartOptions,
): Promise<Map<VenueId, WireServer>> {
  const servers = new Map<VenueId, WireServer>();
  for (const [id, exchange] of exchanges) {
    const dialect = DIALECTS[id];
    if (!dialect) throw new StartRefused('unknown_venue', `there is no simulated ${id}`);
    const credentials: ApiCredentials = { ...keysOf(id), account: SIM_ACCOUNT };
    const onError = (error: unknown): void => options.log.error({ venue: id, error }, 'the simulated venue failed');
    servers.set(id, await startWireServer({ dialect: dialect({ exchange, credentials: [credentials] }), onError }));
  }
  return servers;
}

/** Keys of a loopback venue that exists in this process only. */
const keysOf = (venue: VenueId) => ({
  apiKey: `sim-${venue}-key`,
  secret: `sim-${venue}-secret`,
  passphrase: 'sim-passphrase',
});

interface Lockstep {
  readonly clock: SimClock;
  readonly activity: CountedActivity;
  readonly source: MarketSource;
  readonly venues: SimulatedVenues;
  readonly replaying: Replaying | undefined;
}

function runLockstep(options: StartOptions, parts: Lockstep, context: RunContext): RunHandle {
  const { clock, activity, source, replaying, venues } = parts;
  const wall = systemClock();
  const undelivered = (): string[] => undeliveredOf(source, context.deliveredAt);
  const pace: Pace = replaying
    ? { kind: 'flat-out' }
    : { kind: 'paced', speed: options.config.simulator?.speed ?? 240 };
  const driver = createDriver({
    clock,
    source,
    activity,
    undelivered,
    onQuiet: () => context.engine.evaluate(),
    onStall: (stall) => options.log.warn({ stall: describeStall(stall) }, 'simulated time went on without waiting'),
    pace,
    ioClock: wall,
    yieldTurn,
    ...(replaying ? { stallMs: REPLAY_STALL_MS } : {}),
  });
  let stopped = false;
  const done = (async () => {
    const until = wall.monotonicMs() + CONNECT_WITHIN_MS;
    while (!stopped && undelivered().length > 0 && wall.monotonicMs() < until) {
      await new Promise<void>((resolve) => wall.after(10, resolve));
    }
    if (stopped) return { reason: 'stopped' };
    driver.start();
    await driver.done;
    if (stopped || !replaying) return { reason: 'stopped' };
    return finishReplay({
      options,
      replaying,
      engine: context.engine,
      exchanges: venues.exchanges,
      account: SIM_ACCOUNT,
      clock,
      activity,
      yieldTurn,
    });
  })();
  return {
    done,
    stop: async () => {
      stopped = true;
      await driver.stop();
    },
  };
}

/** Instruments whose newest published book or funding has not reached the bot. */
function undeliveredOf(
  source: MarketSource,
  deliveredAt: (key: InstrumentKey) => { readonly book: Instant; readonly funding: Instant },
): string[] {
  const missing: string[] = [];
  for (const [key, published] of source.published()) {
    const delivered = deliveredAt(key);
    if (delivered.book < published.book) missing.push(`book of ${splitKey(key).symbol} on ${splitKey(key).venue}`);
    if (delivered.funding < published.funding)
      missing.push(`funding of ${splitKey(key).symbol} on ${splitKey(key).venue}`);
  }
  return missing;
}

/** One turn of the event loop in which sockets are read. */
const yieldTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
