/** The exchange model behind each wire dialect on loopback, and this project's ccxt connections to it. */
import { base, contracts, px, quote } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { type CountedActivity, createActivity } from '../../src/simulator/activity.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';
import type { BookLevel, Exchange, ExchangeInstrument } from '../../src/simulator/exchange/api.ts';
import { createExchange } from '../../src/simulator/exchange/exchange.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { createBinanceDialect } from '../../src/simulator/wire/binance/dialect.ts';
import { createBybitDialect } from '../../src/simulator/wire/bybit/dialect.ts';
import type { DialectOptions, WireDialect, WireRequest, WireSocket } from '../../src/simulator/wire/dialect.ts';
import { createOkxDialect } from '../../src/simulator/wire/okx/dialect.ts';
import { type Interception, startWireServer, type WireServer } from '../../src/simulator/wire/server.ts';
import { createBudget, type RequestBudget } from '../../src/venues/budget.ts';
import { createCcxtVenue } from '../../src/venues/ccxt-venue.ts';
import {
  type AccountConnection,
  connectAccount,
  connectMarketData,
  type PublicConnection,
} from '../../src/venues/connect.ts';
import type { VenueFacts } from '../../src/venues/facts.ts';
import { factsOf, hostsTo } from '../../src/venues/registry.ts';

export const BTC = 'BTC/USDT:USDT';
export const ETH = 'ETH/USDT:USDT';
export const VENUES = ['binance', 'bybit', 'okx'] as const;
export type VenueName = (typeof VENUES)[number];
/** 2026-01-05 04:00 UTC. */
export const START = Date.UTC(2026, 0, 5, 4);
export const CREDENTIALS = { apiKey: 'key-of-main', secret: 'secret-of-main', passphrase: 'passphrase-of-main' };
const ACCOUNT = 'main';

export const DIALECTS: Readonly<Record<VenueName, (options: DialectOptions) => WireDialect>> = {
  binance: createBinanceDialect,
  bybit: createBybitDialect,
  okx: createOkxDialect,
};

/** 0.001 BTC and 0.01 ETH are the lots everywhere; OKX counts them in contracts of 0.01 BTC and 0.1 ETH. */
export function instrumentsOf(venue: VenueName): Readonly<Record<'BTC' | 'ETH' | 'SOL', ExchangeInstrument>> {
  const contracted = venue === 'okx';
  const make = (asset: string, size: string, lot: string, max: string, tick: string): ExchangeInstrument => ({
    symbol: `${asset}/USDT:USDT`,
    asset,
    settle: 'USDT',
    contractSize: base(contracted ? size : '1'),
    lot: contracts(contracted ? '0.1' : lot),
    minContracts: contracts(contracted ? '0.1' : lot),
    maxContracts: contracts(max),
    minNotional: quote(contracted ? '0' : '5'),
    tick: px(tick),
    takerFeeRate: '0.0005',
    makerFeeRate: '0.0002',
    maxLeverage: 50,
    maintenanceRate: '0.005',
    priceBand: '0.05',
  });
  return {
    BTC: make('BTC', '0.01', '0.001', contracted ? '10000' : '100', '0.1'),
    ETH: make('ETH', '0.1', '0.01', contracted ? '10000' : '1000', '0.01'),
    // Wide enough for the venue contract's own books around 100.
    SOL: { ...make('SOL', '0.1', '0.01', '100000', '0.01'), priceBand: '0.1', minNotional: quote('5') },
  };
}

export type Intercept = (request: WireRequest) => Interception | Promise<Interception>;

export interface World {
  readonly name: VenueName;
  readonly facts: VenueFacts;
  readonly clock: SimClock;
  readonly ioClock: Clock;
  readonly activity: CountedActivity;
  readonly exchange: Exchange;
  readonly server: WireServer;
  readonly budget: RequestBudget;
  readonly account: string;
  /** `METHOD path` of every request that reached the server. */
  readonly requests: string[];
  /** Sends a raw text frame to every open stream. */
  push(frame: string): void;
  /** How far the bot's wall clock stands from the venue's, ms. */
  wallShiftMs: number;
  /** Replaced by hazard tests. */
  intercept: Intercept;
  /** Sets a book in base units; sizes are turned into the venue's contracts. */
  book(
    symbol: string,
    bids: readonly (readonly [string, string])[],
    asks: readonly (readonly [string, string])[],
  ): void;
  venue(options?: { timeoutMs?: number; strictKeys?: boolean; keepAliveMs?: number }): Promise<Venue>;
  market(): Promise<PublicConnection>;
  close(): Promise<void>;
}

export async function startWorld(
  name: VenueName,
  assets: readonly ('BTC' | 'ETH' | 'SOL')[] = ['BTC', 'ETH'],
  depositUsd = '100000',
  key: { readonly withdraw?: boolean; readonly ips?: readonly string[] } = {},
  more: readonly ExchangeInstrument[] = [],
): Promise<World> {
  const facts = factsOf(name);
  if (facts === undefined) throw new Error(name);
  const clock = createSimClock(START);
  const ioClock = systemClock();
  const activity = createActivity();
  const instruments = [...assets.map((asset) => instrumentsOf(name)[asset]), ...more];
  const exchange = createExchange({ venue: name, clock, instruments });
  exchange.openAccount(ACCOUNT, quote(depositUsd));
  const failures: unknown[] = [];
  const requests: string[] = [];
  const closing: (() => Promise<void>)[] = [];
  const dialect = DIALECTS[name]({ exchange, credentials: [{ ...CREDENTIALS, ...key, account: ACCOUNT }] });
  const sockets = new Set<WireSocket>();
  const random = createSeededRandom(7);
  const budget = createBudget({ limits: facts.limits, clock, random, activity });
  const server = await startWireServer({
    dialect: {
      handle: (request) => dialect.handle(request),
      close: () => dialect.close(),
      connect: (path, socket) => {
        sockets.add(socket);
        return dialect.connect(path, socket);
      },
    },
    onError: (error) => failures.push(error),
    intercept: async (request) => {
      requests.push(`${request.method} ${request.path}`);
      return world.intercept(request);
    },
  });
  // Simulated time stands still except for what waits for it: a request parked by the budget.
  const pump = setInterval(() => {
    const due = clock.nextTimerAt();
    if (due !== undefined && activity.busy() === 0) clock.advanceTo(due);
  }, 1);
  const botClock: Clock = {
    now: () => clock.now() + world.wallShiftMs,
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, fire) => clock.after(delayMs, fire),
  };
  const shared = { facts, budget, activity, clock: botClock, ioClock, hosts: hostsTo(facts, server.url) };
  const world: World = {
    name,
    facts,
    clock,
    ioClock,
    activity,
    exchange,
    server,
    budget,
    requests,
    account: ACCOUNT,
    wallShiftMs: 0,
    intercept: () => 'pass',
    push: (frame) => {
      for (const socket of sockets) socket.send(frame);
    },
    book: (symbol, bids, asks) => {
      const instrument = instruments.find((each) => each.symbol === symbol);
      if (instrument === undefined) throw new Error(symbol);
      const levels = (rows: readonly (readonly [string, string])[]): BookLevel[] =>
        rows.map(([price, size]) => ({
          price: px(price),
          contracts: contracts(base(size).div(instrument.contractSize).toFixed()),
        }));
      exchange.setBook(symbol, levels(bids), levels(asks));
    },
    venue: async ({ timeoutMs = 2_000, strictKeys = false, keepAliveMs = 15_000 } = {}) => {
      const connection: AccountConnection = await connectAccount({
        ...shared,
        timeoutMs,
        strictKeys,
        keepAliveMs,
        credentials: CREDENTIALS,
      });
      const venue = createCcxtVenue({ connection, route: 'live', clock: botClock, ioClock, random });
      closing.push(() => venue.close());
      return venue;
    },
    market: async () => {
      const connection = await connectMarketData({ ...shared, timeoutMs: 2_000 });
      closing.push(() => connection.close());
      return connection;
    },
    close: async () => {
      clearInterval(pump);
      for (const close of closing) await close();
      await server.close();
      if (failures.length > 0) throw failures[0];
    },
  };
  if (assets.includes('BTC')) openMarkets(world);
  return world;
}

/** BTC at 50000 with +1 bp every 8 h, ETH at 3000 with -0.5 bp every 4 h. */
function openMarkets({ exchange, book }: World): void {
  const nextSettlementAt = START + 4 * HOUR_MS;
  exchange.setMark(BTC, px('50000'), px('49995'));
  exchange.setMark(ETH, px('3000'), px('2999'));
  book(
    BTC,
    [
      ['49990', '1'],
      ['49980', '2'],
    ],
    [
      ['50010', '1'],
      ['50020', '2'],
    ],
  );
  book(ETH, [['2999', '10']], [['3001', '10']]);
  exchange.setFunding(BTC, { predictedRate: '0.0001', intervalHours: 8, nextSettlementAt });
  exchange.setFunding(ETH, { predictedRate: '-0.00005', intervalHours: 4, nextSettlementAt });
}

export const keyOf = (world: World, symbol: string) => instrumentKey(world.name, symbol);

/** Buys 0.01 BTC at the best ask. */
export const orderOf = (world: World, clientOrderId: string, change: Partial<OrderRequest> = {}): OrderRequest => ({
  clientOrderId,
  key: keyOf(world, BTC),
  side: 'buy',
  quantity: base('0.01'),
  limitPrice: px('50010'),
  style: 'ioc',
  reduceOnly: false,
  ...change,
});

/** Loads the listings and prepares every instrument, as the bot does before it trades. */
export async function setUp(venue: Venue): Promise<void> {
  const listed = await venue.instruments();
  if (!listed.ok) throw new Error(listed.detail);
  const prepared = await venue.prepare({ instruments: listed.value, leverage: 3 });
  if (!prepared.ok) throw new Error(prepared.detail);
}

/** Resolves when `condition` holds; fails after `limitMs` of real time, at least. */
export async function until(what: string, condition: () => boolean, limitMs = 5_000): Promise<void> {
  for (let tries = 0; tries < limitMs / 5; tries += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never happened: ${what}`);
}
