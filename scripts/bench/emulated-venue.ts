/** One emulated venue on loopback for the benchmarks, and the two ways to it: this project's adapter and plain ccxt. */
import ccxt, { type Exchange as Ccxt } from 'ccxt';
import { base, contracts, px, quote } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { seededRandom } from '../../src/platform/system-random.ts';
import type { Activity } from '../../src/ports/activity.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Venue } from '../../src/ports/venue.ts';
import type { Exchange } from '../../src/simulator/exchange/api.ts';
import { createExchange } from '../../src/simulator/exchange/exchange.ts';
import { exchangeInstruments, perpetualOf } from '../../src/simulator/market/venue-profiles.ts';
import { createBinanceDialect } from '../../src/simulator/wire/binance/dialect.ts';
import { createBybitDialect } from '../../src/simulator/wire/bybit/dialect.ts';
import type { DialectOptions, WireDialect, WireRequest, WireResponse } from '../../src/simulator/wire/dialect.ts';
import { createOkxDialect } from '../../src/simulator/wire/okx/dialect.ts';
import { startWireServer, type WireServer } from '../../src/simulator/wire/server.ts';
import { createBudget } from '../../src/venues/budget.ts';
import { createCcxtVenue } from '../../src/venues/ccxt-venue.ts';
import { connectAccount } from '../../src/venues/connect.ts';
import type { VenueFacts } from '../../src/venues/facts.ts';
import { factsOf, hostsTo } from '../../src/venues/registry.ts';
import { check } from './result.ts';

export type VenueName = 'binance' | 'bybit' | 'okx';
export const VENUE_NAMES: readonly VenueName[] = ['binance', 'bybit', 'okx'];
export const ACCOUNT = 'main';
export const CREDENTIALS = { apiKey: 'key-of-main', secret: 'secret-of-main', passphrase: 'passphrase-of-main' };
/** Plain ccxt trades on an account of its own: on a shared one it would use up the venue's limits of both. */
const PLAIN_ACCOUNT = 'plain';
const PLAIN_CREDENTIALS = { apiKey: 'key-of-plain', secret: 'secret-of-plain', passphrase: 'passphrase-of-plain' };

const DIALECTS: Readonly<Record<VenueName, (options: DialectOptions) => WireDialect>> = {
  binance: createBinanceDialect,
  bybit: createBybitDialect,
  okx: createOkxDialect,
};

export const idle: Activity = { begin: () => undefined, end: () => undefined };

export interface EmulatedVenue {
  readonly name: VenueName;
  readonly facts: VenueFacts;
  readonly exchange: Exchange;
  readonly server: WireServer;
  close(): Promise<void>;
}

/** `observe` sees every request with its answer. */
export async function startVenue(
  name: VenueName,
  clock: Clock,
  assets: readonly string[],
  observe?: (request: WireRequest, reply: WireResponse) => void,
): Promise<EmulatedVenue> {
  const facts = factsOf(name);
  if (!facts) throw new Error(`no facts of ${name}`);
  const exchange = createExchange({
    venue: name,
    clock,
    instruments: exchangeInstruments(name, assets),
    clientIdUniqueness: name === 'bybit' ? 'always' : 'open',
  });
  for (const account of [ACCOUNT, PLAIN_ACCOUNT]) exchange.openAccount(account, quote('1000000'));
  for (const asset of assets) quoteMarket(exchange, asset, 0.0001, clock.now());
  const credentials = [
    { ...CREDENTIALS, account: ACCOUNT },
    { ...PLAIN_CREDENTIALS, account: PLAIN_ACCOUNT },
  ];
  const dialect = DIALECTS[name]({ exchange, credentials });
  const handle = (request: WireRequest): WireResponse => {
    const reply = dialect.handle(request);
    observe?.(request, reply);
    return reply;
  };
  const server = await startWireServer({
    dialect: { handle, connect: (path, socket) => dialect.connect(path, socket), close: () => dialect.close() },
  });
  return { name, facts, exchange, server, close: () => server.close() };
}

export const PRICE = 100;

/** A deep book around 100 and a funding rate of the coming eight-hour settlement. */
export function quoteMarket(exchange: Exchange, asset: string, rate: number, now: number): void {
  quoteBook(exchange, asset);
  setRate(exchange, asset, rate, now);
}

export function quoteBook(exchange: Exchange, asset: string): void {
  const symbol = perpetualOf(asset);
  const market = exchange.market(symbol);
  if (!market) throw new Error(`${exchange.venue} does not list ${symbol}`);
  const size = contracts(base('1000').div(market.instrument.contractSize).round(0, 0).toFixed());
  const levels = (side: 1 | -1) =>
    Array.from({ length: 10 }, (_, i) => ({ price: px((PRICE + side * 0.01 * (i + 1)).toFixed(2)), contracts: size }));
  exchange.setBook(symbol, levels(-1), levels(1));
  exchange.setMark(symbol, px(String(PRICE)), px(String(PRICE)));
}

export function setRate(exchange: Exchange, asset: string, rate: number, now: number): void {
  const nextSettlementAt = (Math.floor(now / (8 * HOUR_MS)) + 1) * 8 * HOUR_MS;
  exchange.setFunding(perpetualOf(asset), { predictedRate: rate.toFixed(6), intervalHours: 8, nextSettlementAt });
}

/** This project's production adapter with its request budget. */
export async function connectOurs(
  venue: EmulatedVenue,
  clock: Clock = systemClock(),
  activity: Activity = idle,
): Promise<Venue> {
  const { facts } = venue;
  const random = seededRandom(7);
  const budget = createBudget({ limits: facts.limits, clock, random, activity });
  const connection = await connectAccount({
    facts,
    budget,
    activity,
    clock,
    ioClock: systemClock(),
    hosts: hostsTo(facts, venue.server.url),
    credentials: CREDENTIALS,
  });
  return createCcxtVenue({ connection, route: 'live', clock, ioClock: systemClock(), random });
}

/** Instruments, one-way mode, isolated margin and leverage, as the bot sets them before it trades. */
export async function prepare(venue: Venue): Promise<void> {
  const listed = await venue.instruments();
  check(listed.ok, `${venue.id}: no instruments`);
  const prepared = await venue.prepare({ instruments: listed.value, leverage: 2 });
  check(prepared.ok, `${venue.id}: not prepared`);
}

/** What ccxt needs to find the emulated markets. Its rate limiter stays as it comes. */
const PLAIN_OPTIONS: Readonly<Record<VenueName, Record<string, unknown>>> = {
  binance: { fetchCurrencies: false, fetchMarkets: { types: ['linear'] } },
  bybit: {
    fetchMarkets: { types: ['linear'] },
    enableUnifiedMargin: false,
    enableUnifiedAccount: true,
    defaultType: 'swap',
  },
  okx: { fetchMarkets: { types: ['swap'] }, defaultType: 'swap' },
};

/** Stock ccxt with its default limiter; only the host is replaced. Markets are loaded. */
export async function connectPlain(venue: EmulatedVenue): Promise<Ccxt> {
  const { apiKey, secret, passphrase } = PLAIN_CREDENTIALS;
  const client: Ccxt = new ccxt[venue.facts.ccxtClass]({
    apiKey,
    secret,
    ...(venue.name === 'okx' ? { password: passphrase } : {}),
    options: PLAIN_OPTIONS[venue.name],
    fetchImplementation: (url: string, init: RequestInit) =>
      fetch(url.replace(/^\w+:\/\/[^/]+/, venue.server.url), init),
  });
  client.has.fetchCurrencies = false;
  await client.loadMarkets();
  return client;
}
