/**
 * The engine on two accounts over the real wire protocols: unmodified ccxt, the production venue adapter and feeds, and
 * two exchange models behind fault proxies. Simulated time stands while anything is in flight. The oracle reads only
 * the exchanges' books and what arrived on their order routes.
 */
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { OperatorCommand, OperatorReply } from '../../src/engine/events.ts';
import { loadLedger } from '../../src/engine/load.ts';
import { isReachable } from '../../src/engine/naked.ts';
import type { EngineSettings } from '../../src/engine/settings.ts';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import { add, base, contracts, contractsToBase, px, quote, text, ZERO_BASE } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { accountKey, type HedgeRecord, isFinal } from '../../src/ledger/state.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Clock, ProcessClock } from '../../src/ports/clock.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import type { Alarm } from '../../src/ports/notifier.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { createActivity } from '../../src/simulator/activity.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import type { Exchange } from '../../src/simulator/exchange/api.ts';
import { createExchange } from '../../src/simulator/exchange/exchange.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import type { WireRequest } from '../../src/simulator/wire/dialect.ts';
import { createFaultProxy, type FaultProxy, type RequestRule } from '../../src/simulator/wire/fault-proxy.ts';
import { startWireServer, type WireServer } from '../../src/simulator/wire/server.ts';
import { createBudget } from '../../src/venues/budget.ts';
import { createCcxtVenue } from '../../src/venues/ccxt-venue.ts';
import { connectAccount, connectMarketData } from '../../src/venues/connect.ts';
import { factsOf, hostsTo } from '../../src/venues/registry.ts';
import { MemoryStore } from '../engine/memory-store.ts';
import { SETTINGS } from '../engine/world-setup.ts';
import { CREDENTIALS, DIALECTS, instrumentsOf, VENUES, type VenueName } from '../venues/world.ts';

export const SOL = 'SOL/USDT:USDT';
const ACCOUNT = 'main';
const START = Date.UTC(2026, 0, 5, 10, 20);
const DEFAULT_STEP_MS = 500;
const PRICE = 100;
const LEVEL = '50';
/** Per hour; the venue under test pays who is short. */
const SHORT_RATE = '0.001';
const LONG_RATE = '0.00001';
/** Deadline of one request, in real time: what a lost answer costs a test. */
const TIMEOUT_MS = 1_000;
/** Real time that a published book may take to arrive; beyond it the stream counts as silent. */
const DELIVERY_MS = 400;

/** One venue with its faulty network. */
export interface Site {
  readonly venue: VenueName;
  readonly exchange: Exchange;
  readonly proxy: FaultProxy;
  readonly server: WireServer;
  /** Every order that arrived at the gateway, whatever became of it. */
  readonly arrived: WireRequest[];
  /** `METHOD path` of every request. */
  readonly requests: string[];
  readonly account: Venue;
  readonly feed: MarketFeed;
  /** Nothing of the market data arrives and nobody waits for it. */
  silent: boolean;
}

export interface WireWorldOptions {
  readonly settings?: EngineSettings;
  /** How far the bot's clock stands from the venues'. */
  readonly skewMs?: number;
  /** Between two publications of the books; default half a second. */
  readonly stepMs?: number;
  /** Base units on each of the six levels. */
  readonly levelSize?: string;
}

export const isOrderOf =
  (venue: VenueName): RequestRule['matches'] =>
  ({ method, path }) =>
    method === 'POST' && path === factsOf(venue)?.orderPath;

export class WireWorld {
  readonly clock = createSimClock(START);
  readonly alarms: Alarm[] = [];
  readonly store = new MemoryStore();
  /** The venue under test holds the short leg: its funding rate is the higher one. */
  readonly under: Site;
  readonly partner: Site;
  /** Added to the venues' time by the bot's clock. */
  skewMs = 0;
  readonly #activity: ReturnType<typeof createActivity>;
  readonly #engine: Engine;
  readonly #failures: unknown[];
  readonly #levelSize: string;
  readonly #stepMs: number;

  private constructor(parts: {
    clock: ReturnType<typeof createSimClock>;
    activity: ReturnType<typeof createActivity>;
    sites: readonly [Site, Site];
    failures: unknown[];
    options: WireWorldOptions;
  }) {
    this.clock = parts.clock;
    this.#activity = parts.activity;
    [this.under, this.partner] = parts.sites;
    this.#failures = parts.failures;
    this.skewMs = parts.options.skewMs ?? 0;
    this.#levelSize = parts.options.levelSize ?? LEVEL;
    this.#stepMs = parts.options.stepMs ?? DEFAULT_STEP_MS;
    const enabledVenues = new Set(parts.sites.map(({ venue }) => venue));
    this.#engine = createEngine({
      clock: botClock(this.clock, () => this.skewMs),
      ledger: loadLedger(this.store),
      store: this.store,
      notifier: { notify: (alarm) => void this.alarms.push(alarm) },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      activity: this.#activity,
      venues: parts.sites.map(({ account }) => account),
      settings: { ...(parts.options.settings ?? SETTINGS), enabledVenues },
      assets: new Set(['SOL']),
      pid: 1,
      decide: 'on_request',
      fatal: (error) => void this.#failures.push(error),
    });
    for (const { feed } of parts.sites) {
      feed.start(new Set(['SOL']), (event) => this.#engine.push({ kind: 'market', event }));
    }
  }

  static async open(venue: VenueName, options: WireWorldOptions = {}): Promise<WireWorld> {
    const clock = createSimClock(START);
    const activity = createActivity();
    const failures: unknown[] = [];
    const other = VENUES[(VENUES.indexOf(venue) + 1) % VENUES.length] ?? 'okx';
    let world: WireWorld | undefined;
    const bot = botClock(clock, () => world?.skewMs ?? options.skewMs ?? 0);
    const shared = { clock, bot, activity, failures };
    const sites = await Promise.all([openSite(venue, shared), openSite(other, shared)]);
    for (const [i, { exchange }] of sites.entries())
      publish(exchange, i === 0 ? SHORT_RATE : LONG_RATE, options.levelSize ?? LEVEL, clock.now());
    world = new WireWorld({ clock, activity, sites: sites as [Site, Site], failures, options });
    return world;
  }

  get sites(): readonly [Site, Site] {
    return [this.under, this.partner];
  }

  get core(): Engine['core'] {
    return this.#engine.core;
  }

  get hedges(): readonly HedgeRecord[] {
    return [...this.core.ledger.hedges.values()];
  }

  /** States of all hedges, oldest first. */
  get states(): string {
    return this.hedges.map(({ state }) => state).join(' ');
  }

  alarmed(code: string): boolean {
    return this.alarms.some((alarm) => alarm.code === code);
  }

  /** Lets `ms` pass: books are published at every step and the bot decides after each. */
  async run(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.#quiet();
    while (this.clock.now() < end) {
      const step = Math.min(end, (Math.floor(this.clock.now() / this.#stepMs) + 1) * this.#stepMs);
      this.clock.advanceTo(Math.min(step, this.clock.nextTimerAt() ?? step));
      if (this.clock.now() === step) this.publish();
      await this.#quiet();
      this.#engine.evaluate();
      await this.#quiet();
    }
  }

  /**
   * Runs until `holds`, at most `withinMs` of simulated time. Streams are connected anew in real time: simulated time
   * keeps to a walk while a hedge waits for one.
   */
  async until(what: string, holds: () => boolean, withinMs = 60_000): Promise<void> {
    const end = this.clock.now() + withinMs;
    while (!holds()) {
      if (this.clock.now() >= end) throw new Error(`never: ${what}; ${this.describe()}`);
      await this.run(this.#stepMs);
      const isWaiting = this.hedges.some((hedge) => !isFinal(hedge.state) && !isReachable(this.core, hedge));
      if (isWaiting) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits for the first hedge to begin, for as long as it takes streams to be connected anew, which is real time. */
  async begun(): Promise<void> {
    for (let i = 0; i < 80 && this.states === ''; i++) {
      await this.run(500);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Boots both accounts and lets the first hedge open. */
  async opened(): Promise<void> {
    await this.until('a held hedge', () => this.states === 'held', 120_000);
  }

  /** Both accounts are reconciled, and nothing has opened yet. */
  async ready(): Promise<void> {
    await this.operator({ action: 'pause' });
    await this.until('reconciled accounts', () => this.#isReady());
  }

  /** At rest: every hedge held or ended, every order's end known, both accounts reconciled after that. */
  async settled(withinMs = 900_000): Promise<void> {
    await this.until('rest', () => this.#isAtRest(), withinMs);
    const at = this.clock.now();
    await this.until(
      'a comparison after that',
      () => this.#isAtRest() && [...this.core.accounts.values()].every((each) => (each.lastReconciledAt ?? 0) > at),
      withinMs,
    );
  }

  async operator(command: OperatorCommand): Promise<OperatorReply> {
    return new Promise((reply) => this.#engine.push({ kind: 'operator', command, by: 'test', reply }));
  }

  publish(): void {
    publish(this.under.exchange, SHORT_RATE, this.#levelSize, this.clock.now());
    publish(this.partner.exchange, LONG_RATE, this.#levelSize, this.clock.now());
  }

  position(site: Site): string {
    const held = site.exchange.positions(ACCOUNT).find(({ symbol }) => symbol === SOL);
    const size = site.exchange.market(SOL)?.instrument.contractSize;
    return held && size ? text(contractsToBase(held.contracts, size)) : '0';
  }

  describe(): string {
    const accounts = [...this.core.accounts.values()].map(({ key, status, reason }) => `${key} ${status} ${reason}`);
    const positions = this.sites.map((site) => `${site.venue} ${this.position(site)}`);
    const alarms = this.alarms.map(({ code, detail }) => `${code} ${detail}`).slice(-6);
    return [this.states, ...positions, ...accounts, ...alarms, ...this.#failures.map(String)].join('\n');
  }

  /** Wrongs in the end; empty when hedged or flat, the ledger is the venues' books and no id was sent twice. */
  wrongs(): string[] {
    const found = this.#failures.map((failure) => `a bug was thrown: ${String(failure)}`);
    const [a, b] = this.sites.map((site) => base(this.position(site)));
    if (a === undefined || b === undefined) throw new Error('two sites');
    if (!add(a, b).eq('0')) found.push(`naked: ${text(a)} and ${text(b)}`);
    for (const site of this.sites) found.push(...this.#wrongsAt(site));
    for (const { id, state } of this.hedges) {
      if (!['held', 'closed', 'aborted'].includes(state)) found.push(`${id} is ${state}`);
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#engine.stop(0);
    await Promise.all(
      this.sites.map(async ({ account, feed, server }) => {
        await Promise.all([account.close(), feed.stop()]);
        await server.close();
      }),
    );
  }

  #isReady(): boolean {
    return [...this.core.accounts.values()].every(({ status }) => status === 'ready');
  }

  #isAtRest(): boolean {
    const atRest = this.hedges.every(({ state }) => ['held', 'closed', 'aborted'].includes(state));
    return atRest && this.core.lookups.size === 0 && this.#isReady();
  }

  #wrongsAt({ exchange, venue, arrived }: Site): string[] {
    const found: string[] = [];
    if (exchange.openOrders(ACCOUNT).length > 0) found.push(`${venue} has open orders`);
    if (text(exchange.audit(ACCOUNT).discrepancy) !== '0') found.push(`${venue} lost money by itself`);
    const ids = arrived.map(clientIdOf);
    if (ids.includes('')) found.push(`${venue} got an order without an id`);
    if (new Set(ids).size !== ids.length) found.push(`${venue} got a client order id twice`);
    const account = this.core.ledger.accounts.get(accountKey('live', venue));
    const ours = account?.holdings.get(instrumentKey(venue, SOL))?.quantity ?? ZERO_BASE;
    const site = this.sites.find((each) => each.venue === venue);
    if (site && text(ours) !== this.position(site)) {
      found.push(`${venue}: ledger ${text(ours)}, venue ${this.position(site)}`);
    }
    if (!account?.baseline) return [...found, `${venue} was never reconciled`];
    const expected = account.baseline.wallet.plus(account.realised).plus(account.funding).minus(account.fees);
    const { wallet } = exchange.balance(ACCOUNT);
    if (expected.minus(wallet).abs().gt('0.01')) {
      found.push(`${venue}: ledger wallet ${expected.toFixed()}, venue ${text(wallet)}`);
    }
    return found;
  }

  /** Nothing is in flight, and what was published has arrived or its stream is silent. */
  async #quiet(): Promise<void> {
    const giveUpAt = performance.now() + DELIVERY_MS;
    for (let quietTurns = 0; quietTurns < 3; ) {
      await this.#activity.idle();
      await new Promise((resolve) => setImmediate(resolve));
      const waits = performance.now() < giveUpAt && this.sites.some((site) => this.#isUndelivered(site));
      if (waits) await new Promise((resolve) => setTimeout(resolve, 1));
      quietTurns = this.#activity.busy() > 0 || waits ? 0 : quietTurns + 1;
    }
  }

  #isUndelivered({ exchange, feed, venue, silent }: Site): boolean {
    return !silent && feed.deliveredAt(instrumentKey(venue, SOL)).book < (exchange.market(SOL)?.bookAt ?? 0);
  }
}

/** As requests bring it, before the venue judges any. */
export function clientIdOf({ query, body }: WireRequest): string {
  const found = /(?:newClientOrderId|orderLinkId|clOrdId)"?[=:]"?([A-Za-z0-9]+)/.exec(`${query} ${body}`);
  return found?.[1] ?? '';
}

const botClock = (clock: ProcessClock, skewMs: () => number): ProcessClock => ({
  now: () => clock.now() + skewMs(),
  monotonicMs: () => clock.monotonicMs(),
  stalls: () => clock.stalls(),
  after: (delayMs, fire) => clock.after(delayMs, fire),
});

interface Shared {
  readonly clock: ReturnType<typeof createSimClock>;
  readonly bot: Clock;
  readonly activity: ReturnType<typeof createActivity>;
  readonly failures: unknown[];
}

async function openSite(venue: VenueName, { clock, bot, activity, failures }: Shared): Promise<Site> {
  const facts = factsOf(venue);
  if (!facts) throw new Error(venue);
  const ioClock = systemClock();
  const exchange = createExchange({
    venue,
    clock,
    instruments: [instrumentsOf(venue).SOL],
    clientIdUniqueness: venue === 'bybit' ? 'always' : 'open',
  });
  exchange.openAccount(ACCOUNT, quote('10000'));
  const dialect = DIALECTS[venue]({ exchange, credentials: [{ ...CREDENTIALS, account: ACCOUNT }] });
  const proxy = createFaultProxy({ dialect, clock, ioClock });
  const arrived: WireRequest[] = [];
  const requests: string[] = [];
  const isOrder = isOrderOf(venue);
  const server = await startWireServer({
    dialect: proxy.dialect,
    onError: (error) => failures.push(error),
    intercept: (request) => {
      requests.push(`${request.method} ${request.path}`);
      if (isOrder(request)) arrived.push(request);
      return proxy.intercept(request);
    },
  });
  const random = createSeededRandom(`wire ${venue}`);
  const budget = createBudget({ limits: facts.limits, clock: bot, random, activity });
  const hosts = hostsTo(facts, server.url);
  const shared = { facts, budget, activity, clock: bot, ioClock, hosts, timeoutMs: TIMEOUT_MS };
  const connection = await connectAccount({ ...shared, credentials: CREDENTIALS });
  const account = createCcxtVenue({ connection, route: 'live', clock: bot, ioClock, random, assets: new Set(['SOL']) });
  const feed = createDirectFeed({
    connection: await connectMarketData(shared),
    clock: bot,
    ioClock,
    random: random.fork('feed'),
  });
  return { venue, exchange, proxy, server, arrived, requests, account, feed, silent: false };
}

/** Books of three levels a side around 100, and what the coming settlement will pay. */
function publish(exchange: Exchange, hourlyRate: string, levelSize: string, now: number): void {
  const size = exchange.market(SOL)?.instrument.contractSize;
  if (!size) throw new Error('no SOL');
  const level = (distance: number) => ({
    price: px((PRICE + distance).toFixed(2)),
    contracts: contracts(base(levelSize).div(size).toFixed()),
  });
  const due = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
  exchange.setMark(SOL, px(PRICE.toFixed(2)), px(PRICE.toFixed(2)));
  if (exchange.market(SOL)?.funding.nextSettlementAt === now) exchange.settleFunding(SOL, hourlyRate);
  exchange.setBook(SOL, [-0.02, -0.04, -0.06].map(level), [0.02, 0.04, 0.06].map(level));
  exchange.setFunding(SOL, { predictedRate: hourlyRate, intervalHours: 1, nextSettlementAt: due });
}
