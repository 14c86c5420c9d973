/** A simulated OKX on loopback for tests: BTC at 0.01 and ETH at 0.1 base per contract, account `main` with 10,000 USDT. */
import { createHmac } from 'node:crypto';
import type { Exchange as Ccxt } from 'ccxt';
import { base, contracts, px, quote } from '../../../src/kernel/decimal.ts';
import type { BookLevel, Exchange, ExchangeInstrument } from '../../../src/simulator/exchange/api.ts';
import { createExchange } from '../../../src/simulator/exchange/exchange.ts';
import { createOkxDialect } from '../../../src/simulator/wire/okx/dialect.ts';
import { startWireServer, type WireServer } from '../../../src/simulator/wire/server.ts';
import { connectCcxt } from './connect.ts';

export const BTC = 'BTC/USDT:USDT';
export const ETH = 'ETH/USDT:USDT';
export const BTC_ID = 'BTC-USDT-SWAP';
/** 2025-06-01T00:00:00Z, a settlement instant of every usual interval. */
export const START = 1_748_736_000_000;
export const HOUR = 3_600_000;
export const CREDENTIALS = { apiKey: 'key-1', secret: 'secret-1', passphrase: 'pass-1', account: 'main' };

const INSTRUMENTS: readonly ExchangeInstrument[] = [
  {
    symbol: BTC,
    asset: 'BTC',
    settle: 'USDT',
    contractSize: base('0.01'),
    lot: contracts('0.1'),
    minContracts: contracts('0.2'),
    maxContracts: contracts('500'),
    minNotional: quote('0'),
    tick: px('0.1'),
    takerFeeRate: '0.0005',
    makerFeeRate: '0.0002',
    maxLeverage: 100,
    maintenanceRate: '0.004',
    priceBand: '0.05',
  },
  {
    symbol: ETH,
    asset: 'ETH',
    settle: 'USDT',
    contractSize: base('0.1'),
    lot: contracts('0.01'),
    minContracts: contracts('0.01'),
    maxContracts: contracts('1000'),
    minNotional: quote('0'),
    tick: px('0.01'),
    takerFeeRate: '0.0005',
    makerFeeRate: '-0.0001',
    maxLeverage: 75,
    maintenanceRate: '0.005',
    priceBand: '0.05',
  },
];

const levels = (rows: readonly (readonly [string, string])[]): BookLevel[] =>
  rows.map(([price, count]) => ({ price: px(price), contracts: contracts(count) }));

export interface Reply {
  readonly status: number;
  readonly code: string;
  readonly msg: string;
  readonly data: readonly Record<string, unknown>[];
}

export interface SignedChange {
  readonly query?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  /** Milliseconds added to the request's timestamp. */
  readonly skewMs?: number;
}

export interface OkxWorld {
  readonly exchange: Exchange;
  readonly clock: { at: number; now(): number };
  readonly server: WireServer;
  /** `METHOD path` of every request that ccxt made, without host. */
  readonly requests: string[];
  ccxt(config?: Record<string, unknown>): Promise<Ccxt>;
  /** Sets BTC's book: `[price, contracts]`, best first. */
  book(bids: readonly (readonly [string, string])[], asks: readonly (readonly [string, string])[]): void;
  /** A signed request, wrong in whatever `change` says. */
  signed(method: string, path: string, change?: SignedChange): Promise<Reply>;
  plain(path: string): Promise<Reply>;
  close(): Promise<void>;
}

export async function okxWorld(): Promise<OkxWorld> {
  const clock = { at: START, now: () => clock.at };
  const exchange = createExchange({ venue: 'okx', clock, instruments: INSTRUMENTS });
  exchange.openAccount('main', quote('10000'));
  exchange.openAccount('other', quote('500'));
  exchange.setMark(BTC, px('50000'), px('50005'));
  exchange.setMark(ETH, px('3000'), px('3001'));
  const book: OkxWorld['book'] = (bids, asks) => exchange.setBook(BTC, levels(bids), levels(asks));
  book(
    [
      ['49990', '5'],
      ['49980', '10'],
    ],
    [
      ['50010', '5'],
      ['50020', '10'],
    ],
  );
  const other = { apiKey: 'key-2', secret: 'secret-2', passphrase: 'pass-2', account: 'other' };
  const server = await startWireServer({ dialect: createOkxDialect({ exchange, credentials: [CREDENTIALS, other] }) });
  const requests: string[] = [];
  const clients: Ccxt[] = [];
  return {
    exchange,
    clock,
    server,
    requests,
    book,
    async ccxt(config = {}) {
      const client = await connectCcxt({
        venue: 'okx',
        server,
        apiKey: CREDENTIALS.apiKey,
        secret: CREDENTIALS.secret,
        now: clock.now,
        onRequest: (method, url) => requests.push(`${method} ${url.replace(/^https:\/\/[^/]+\/api\/v5\//, '')}`),
        config: { password: CREDENTIALS.passphrase, ...config },
      });
      // The stream's login takes its time from here, not from milliseconds().
      client.seconds = () => Math.floor(clock.at / 1_000);
      clients.push(client);
      return client;
    },
    async signed(method, path, { query = '', body = '', headers = {}, skewMs = 0 } = {}) {
      const target = `/api/v5/${path}${query === '' ? '' : `?${query}`}`;
      const timestamp = new Date(clock.at + skewMs).toISOString();
      const sign = createHmac('sha256', CREDENTIALS.secret)
        .update(timestamp + method + target + body)
        .digest('base64');
      const response = await fetch(server.url + target, {
        method,
        headers: {
          'OK-ACCESS-KEY': CREDENTIALS.apiKey,
          'OK-ACCESS-SIGN': sign,
          'OK-ACCESS-TIMESTAMP': timestamp,
          'OK-ACCESS-PASSPHRASE': CREDENTIALS.passphrase,
          'Content-Type': 'application/json',
          ...headers,
        },
        ...(body !== '' && { body }),
      });
      return { status: response.status, ...((await response.json()) as Omit<Reply, 'status'>) };
    },
    async plain(path) {
      const response = await fetch(`${server.url}/api/v5/${path}`);
      return { status: response.status, ...((await response.json()) as Omit<Reply, 'status'>) };
    },
    async close() {
      for (const client of clients) await client.close();
      await server.close();
    },
  };
}

/** The order that most tests vary: buy 1 contract (0.01 BTC), IOC at 50,010, isolated. */
export const orderOf = (change: Record<string, unknown> = {}): Record<string, unknown> => ({
  instId: BTC_ID,
  tdMode: 'isolated',
  side: 'buy',
  ordType: 'ioc',
  sz: '1',
  px: '50010',
  ...change,
});
