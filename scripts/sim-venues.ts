/**
 * The simulated venues in a process of their own, on the system's time: what a bot in mode testnet is pointed at when it
 * must be stopped or killed while its venues live on. Run: `npx tsx scripts/sim-venues.ts [--assets NEAR,BTC] [--seed 7]
 * [--step-ms 1000] [--order-delay-ms 0] [--order-jitter-ms 0] [--fault-rate 0]`. It prints one JSON line (control URL,
 * and per venue the `hosts` of a configuration and the keys) and ends on SIGTERM or when its standard input closes. The control URL
 * answers `GET /books` with what the venues know, `GET /next-order` when the next order has arrived and before any venue
 * has seen it, and `GET /new-address` once what the venues count by the client's address begins anew: bots that start
 * every few seconds, as no real one may, come from an address each. With a fault rate, that share of requests and account
 * events goes wrong somehow.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { quote, text } from '../src/kernel/decimal.ts';
import type { VenueId } from '../src/kernel/ids.ts';
import { SECOND_MS } from '../src/kernel/instant.ts';
import { systemClock } from '../src/platform/system-clock.ts';
import { createSimClock } from '../src/simulator/clock.ts';
import type { Exchange } from '../src/simulator/exchange/api.ts';
import { createExchange } from '../src/simulator/exchange/exchange.ts';
import { createGenerator } from '../src/simulator/market/generator.ts';
import { exchangeInstruments } from '../src/simulator/market/venue-profiles.ts';
import { createSeededRandom } from '../src/simulator/random.ts';
import { createBinanceDialect } from '../src/simulator/wire/binance/dialect.ts';
import { createBybitDialect } from '../src/simulator/wire/bybit/dialect.ts';
import type { DialectOptions, WireDialect } from '../src/simulator/wire/dialect.ts';
import { addFaultMix } from '../src/simulator/wire/fault-mix.ts';
import { createFaultProxy } from '../src/simulator/wire/fault-proxy.ts';
import { createOkxDialect } from '../src/simulator/wire/okx/dialect.ts';
import { isPlacing, placedClientIds } from '../src/simulator/wire/placing-requests.ts';
import { startWireServer, type WireServer } from '../src/simulator/wire/server.ts';

const ACCOUNT = 'main';
const DEPOSIT_USD = '100000';
/** How often simulated time follows the system's between requests. */
const TICK_MS = 20;

interface VenueKind {
  readonly dialect: (options: DialectOptions) => WireDialect;
  /** The hosts that ccxt turns to in its sandbox or demo mode. */
  readonly rest: readonly string[];
  readonly ws: readonly string[];
}

const KINDS: Readonly<Record<VenueId, VenueKind>> = {
  binance: {
    dialect: createBinanceDialect,
    rest: ['demo-fapi.binance.com'],
    ws: ['fstream.binancefuture.com'],
  },
  bybit: {
    dialect: createBybitDialect,
    rest: ['api-testnet.bybit.com'],
    ws: ['stream-testnet.bybit.com'],
  },
  okx: {
    dialect: createOkxDialect,
    rest: ['www.okx.com'],
    ws: ['wspap.okx.com:8443'],
  },
};

const { values } = parseArgs({
  options: {
    assets: { type: 'string', default: 'NEAR' },
    seed: { type: 'string', default: '7' },
    'order-delay-ms': { type: 'string', default: '0' },
    'order-jitter-ms': { type: 'string', default: '0' },
    'fault-rate': { type: 'string', default: '0' },
    'step-ms': { type: 'string', default: `${SECOND_MS}` },
  },
});
const assets = values.assets.split(',');
const orderDelayMs = Number(values['order-delay-ms']);
const orderJitterMs = Number(values['order-jitter-ms']);
const faultRate = Number(values['fault-rate']);
const chance = createSeededRandom(values.seed).fork('network');

const wall = systemClock();
const clock = createSimClock(wall.now());
const exchanges = new Map(Object.keys(KINDS).map((venue) => [venue, openExchange(venue)]));
const source = createGenerator({
  clock,
  random: createSeededRandom(values.seed),
  exchanges,
  stepMs: Number(values['step-ms']),
  assets,
});
/** Client order ids as requests brought them, before the venue judged any. */
const sent: { readonly venue: VenueId; readonly clientOrderId: string; readonly at: number }[] = [];

const dialects: WireDialect[] = [];
const servers = new Map<VenueId, WireServer>();
for (const [venue, exchange] of exchanges) servers.set(venue, await listen(venue, exchange));
const awaitingOrder = new Set<ServerResponse>();
const control = createServer((request, response) => {
  if (request.url === '/next-order') {
    awaitingOrder.add(response);
    response.on('close', () => awaitingOrder.delete(response));
    return;
  }
  catchUp();
  if (request.url === '/new-address') for (const dialect of dialects) dialect.changeAddress?.();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ at: clock.now(), sent, venues: Object.fromEntries([...exchanges].map(books)) }));
});
await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve));
const ticking = setInterval(catchUp, TICK_MS);
process.stdout.write(`${JSON.stringify(introduction())}\n`);
process.on('SIGTERM', stop);
process.stdin.on('end', stop).resume();

function openExchange(venue: VenueId): Exchange {
  const exchange = createExchange({
    venue,
    clock,
    instruments: exchangeInstruments(venue, assets),
    clientIdUniqueness: venue === 'bybit' ? 'always' : 'open',
  });
  exchange.openAccount(ACCOUNT, quote(DEPOSIT_USD));
  return exchange;
}

function listen(venue: VenueId, exchange: Exchange): Promise<WireServer> {
  const dialect = kindOf(venue).dialect({ exchange, credentials: [{ ...keysOf(venue), account: ACCOUNT }] });
  dialects.push(dialect);
  const proxy = createFaultProxy({ dialect, clock, ioClock: wall });
  if (faultRate > 0) {
    addFaultMix({
      proxy,
      venue,
      random: chance.fork(venue),
      rate: faultRate,
      isOrder: (request) => isPlacing(venue, request),
      isAccountStream: (path) => /private|listenKey=/.test(path),
    });
  }
  return startWireServer({
    dialect: proxy.dialect,
    intercept: async (request) => {
      if (isPlacing(venue, request)) {
        for (const clientOrderId of placedClientIds(request)) sent.push({ venue, clientOrderId, at: wall.now() });
        for (const waiting of awaitingOrder) waiting.end('{}');
        const delayMs = orderDelayMs + orderJitterMs * chance.next();
        if (delayMs > 0) await new Promise<void>((resolve) => wall.after(delayMs, resolve));
      }
      catchUp();
      return proxy.intercept(request);
    },
  });
}

/** Simulated time is the system's: every step and timer that is due, in order. */
function catchUp(): void {
  const now = wall.now();
  for (;;) {
    const dueAt = Math.min(
      source.nextAt() ?? Number.POSITIVE_INFINITY,
      clock.nextTimerAt() ?? Number.POSITIVE_INFINITY,
    );
    if (dueAt > now) break;
    clock.advanceTo(dueAt);
    if (source.nextAt() === dueAt) source.step(dueAt);
  }
  if (now > clock.now()) clock.advanceTo(now);
}

function kindOf(venue: VenueId): VenueKind {
  const kind = KINDS[venue];
  if (!kind) throw new Error(`there is no simulated ${venue}`);
  return kind;
}

function keysOf(venue: VenueId) {
  return { apiKey: `sim-${venue}-key`, secret: `sim-${venue}-secret`, passphrase: 'sim-passphrase' };
}

function introduction() {
  const { port } = control.address() as AddressInfo;
  const venues = [...servers].map(([venue, server]) => {
    const { rest, ws } = kindOf(venue);
    const hosts = Object.fromEntries([
      ...rest.map((host) => [host, server.url]),
      ...ws.map((host) => [host, server.wsUrl]),
    ]);
    return [venue, { hosts, ...keysOf(venue) }];
  });
  return { control: `http://127.0.0.1:${port}`, venues: Object.fromEntries(venues) };
}

/** One venue's own books; quantities in base units, long positive. */
function books([venue, exchange]: readonly [VenueId, Exchange]) {
  const base = (symbol: string, contracts: Parameters<typeof text>[0]): string => {
    const market = exchange.market(symbol);
    if (!market) throw new Error(`${venue} does not list ${symbol}`);
    return contracts.times(market.instrument.contractSize).toFixed();
  };
  const orders = [...exchange.orderHistory(ACCOUNT), ...exchange.openOrders(ACCOUNT)];
  return [
    venue,
    {
      wallet: text(exchange.balance(ACCOUNT).wallet),
      positions: exchange.positions(ACCOUNT).map(({ symbol, contracts }) => ({
        symbol,
        quantity: base(symbol, contracts),
      })),
      orders: orders.map(({ symbol, clientOrderId, status, filled, reduceOnly }) => ({
        symbol,
        clientOrderId,
        status,
        filled: base(symbol, filled),
        reduceOnly,
      })),
    },
  ];
}

function stop(): void {
  clearInterval(ticking);
  control.close();
  control.closeAllConnections();
  void Promise.all([...servers.values()].map((server) => server.close())).then(() => process.exit(0));
}
