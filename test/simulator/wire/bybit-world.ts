/** A simulated Bybit on a loopback port, with a hand-made market, for the Bybit dialect's tests. */
import { createHmac } from 'node:crypto';
import type { Exchange as Ccxt } from 'ccxt';
import { base, contracts, px, quote } from '../../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../../src/kernel/instant.ts';
import type { BookLevel, Exchange, ExchangeInstrument } from '../../../src/simulator/exchange/api.ts';
import { createExchange } from '../../../src/simulator/exchange/exchange.ts';
import { createBybitDialect } from '../../../src/simulator/wire/bybit/dialect.ts';
import type { WireDialect } from '../../../src/simulator/wire/dialect.ts';
import { startWireServer, type WireServer } from '../../../src/simulator/wire/server.ts';
import { connectCcxt } from './connect.ts';

export const BTC = 'BTC/USDT:USDT';
export const ETH = 'ETH/USDT:USDT';
export const ACCOUNT = 'main';
export const KEY = 'bybit-key';
export const SECRET = 'bybit-secret';
/** A second customer of the venue. */
export const OTHER = { apiKey: 'other-key', secret: 'other-secret', account: 'other' };
/** 2026-01-05 04:00 UTC: settlements of 8-hour instruments fall on 08:00. */
export const START = Date.UTC(2026, 0, 5, 4);
export const NEXT_SETTLEMENT = START + 4 * HOUR_MS;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly retCode: number;
  readonly retMsg: string;
  readonly result: { readonly list: readonly Readonly<Record<string, string>>[]; readonly nextPageCursor: string };
  readonly time: number;
}

export interface SignOptions {
  readonly key?: string;
  readonly secret?: string;
  /** Added to the timestamp header. */
  readonly skewMs?: number;
  readonly recvWindow?: string;
}

export interface BybitWorld {
  /** The venue's clock; tests move it. */
  readonly clock: { at: number; now(): number };
  readonly exchange: Exchange;
  readonly dialect: WireDialect;
  readonly server: WireServer;
  /** Every request ccxt made, as `METHOD path?query`. */
  readonly requests: string[];
  /** Every frame the venue sent, on any stream. */
  readonly sent: string[];
  readonly ccxt: Ccxt;
  get(path: string, query?: string, sign?: SignOptions): Promise<Reply>;
  post(path: string, body: unknown, sign?: SignOptions): Promise<Reply>;
  /** Without authentication. */
  open(path: string, query?: string): Promise<Reply>;
  close(): Promise<void>;
}

function instrument(asset: string, lot: string, tick: string, maxLeverage: number): ExchangeInstrument {
  return {
    symbol: `${asset}/USDT:USDT`,
    asset,
    settle: 'USDT',
    contractSize: base('1'),
    lot: contracts(lot),
    minContracts: contracts(lot),
    maxContracts: contracts('100'),
    minNotional: quote('5'),
    tick: px(tick),
    takerFeeRate: '0.00055',
    makerFeeRate: '0.0002',
    maxLeverage,
    maintenanceRate: '0.005',
    priceBand: '0.05',
  };
}

export const levels = (...rows: readonly (readonly [price: string, size: string])[]): BookLevel[] =>
  rows.map(([price, size]) => ({ price: px(price), contracts: contracts(size) }));

/** Bids 49990, 49980, 49970 of 1, 2, 3 BTC; asks 50010, 50020, 50030 alike. */
export function defaultBook(exchange: Exchange): void {
  exchange.setBook(
    BTC,
    levels(['49990', '1'], ['49980', '2'], ['49970', '3']),
    levels(['50010', '1'], ['50020', '2'], ['50030', '3']),
  );
}

/** BTC at mark 50000, index 49995, +1 bp every 8 h; ETH at 2500 with -0.5 bp every 4 h; 100 000 USDT on `main`. */
export async function startBybit(): Promise<BybitWorld> {
  const clock = { at: START, now: () => clock.at };
  const instruments = [instrument('BTC', '0.001', '0.1', 100), instrument('ETH', '0.001', '0.01', 50)];
  const exchange = createExchange({ venue: 'bybit', clock, instruments, clientIdUniqueness: 'always' });
  exchange.openAccount(ACCOUNT, quote('100000'));
  exchange.openAccount(OTHER.account, quote('5000'));
  exchange.setMark(BTC, px('50000'), px('49995'));
  exchange.setMark(ETH, px('2500'), px('2500.5'));
  defaultBook(exchange);
  exchange.setBook(ETH, levels(['2499.9', '40']), levels(['2500.1', '40']));
  exchange.setFunding(BTC, { predictedRate: '0.0001', intervalHours: 8, nextSettlementAt: NEXT_SETTLEMENT });
  exchange.setFunding(ETH, { predictedRate: '-0.00005', intervalHours: 4, nextSettlementAt: NEXT_SETTLEMENT });
  const credentials = [{ apiKey: KEY, secret: SECRET, account: ACCOUNT }, OTHER];
  const dialect = createBybitDialect({ exchange, credentials });
  const sent: string[] = [];
  const failures: unknown[] = [];
  const server = await startWireServer({ dialect: recorded(dialect, sent), onError: (error) => failures.push(error) });
  const requests: string[] = [];
  const ccxt = await connectCcxt({
    venue: 'bybit',
    server,
    apiKey: KEY,
    secret: SECRET,
    now: () => clock.at,
    onRequest: (method, url) => requests.push(`${method} ${url.replace(/^https:\/\/[^/]+/, '')}`),
  });
  const send = async (
    method: string,
    path: string,
    query: string,
    body: string,
    sign?: SignOptions,
  ): Promise<Reply> => {
    const init: RequestInit = { method, headers: sign === undefined ? {} : headersFor(clock.at, query + body, sign) };
    if (method === 'POST') init.body = body;
    const response = await fetch(`${server.url}${path}${query === '' ? '' : `?${query}`}`, init);
    const text = await response.text();
    return {
      ...(JSON.parse(text) as Omit<Reply, 'status' | 'headers'>),
      status: response.status,
      headers: response.headers,
    };
  };
  return {
    clock,
    exchange,
    dialect,
    server,
    requests,
    sent,
    ccxt,
    get: (path, query = '', sign = {}) => send('GET', path, query, '', sign),
    post: (path, body, sign = {}) =>
      send('POST', path, '', typeof body === 'string' ? body : JSON.stringify(body), sign),
    open: (path, query = '') => send('GET', path, query, ''),
    close: async () => {
      await ccxt.close();
      await server.close();
      if (failures.length > 0) throw failures[0];
    },
  };
}

function recorded(dialect: WireDialect, sent: string[]): WireDialect {
  return {
    handle: (request) => dialect.handle(request),
    connect: (path, socket) =>
      dialect.connect(path, {
        send: (frame) => {
          sent.push(frame);
          socket.send(frame);
        },
        close: (code, reason) => socket.close(code, reason),
      }),
    close: () => dialect.close(),
  };
}

function headersFor(now: number, payload: string, sign: SignOptions): Record<string, string> {
  const { key = KEY, secret = SECRET, skewMs = 0, recvWindow = '5000' } = sign;
  const timestamp = String(now + skewMs);
  return {
    'Content-Type': 'application/json',
    'X-BAPI-API-KEY': key,
    'X-BAPI-TIMESTAMP': timestamp,
    'X-BAPI-RECV-WINDOW': recvWindow,
    'X-BAPI-SIGN': createHmac('sha256', secret)
      .update(timestamp + key + recvWindow + payload)
      .digest('hex'),
  };
}

/** Resolves when `condition` holds; fails after two seconds of real time. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('the awaited condition never held');
}

/** How ccxt tells a refusal: the name of its error and what that says. */
export const refusal = async (attempt: Promise<unknown>): Promise<[string, string]> => {
  try {
    await attempt;
  } catch (error) {
    const { name, message } = error as Error;
    return [name, message];
  }
  throw new Error('it was accepted');
};
