/** One simulated Binance on loopback for the tests: three markets, a clock that stands still, one funded account. */
import { createHmac } from 'node:crypto';
import type { Exchange as Ccxt } from 'ccxt';
import { base, contracts, px, quote } from '../../../src/kernel/decimal.ts';
import type { Exchange, ExchangeInstrument } from '../../../src/simulator/exchange/api.ts';
import { createExchange } from '../../../src/simulator/exchange/exchange.ts';
import { createBinanceDialect } from '../../../src/simulator/wire/binance/dialect.ts';
import { startWireServer, type WireServer, type WireServerOptions } from '../../../src/simulator/wire/server.ts';
import { connectCcxt } from './connect.ts';

export const BTC = 'BTC/USDT:USDT';
export const ETH = 'ETH/USDT:USDT';
export const DOGE = 'DOGE/USDT:USDT';
export const ACCOUNT = 'main';
export const API_KEY = 'binanceKey1';
export const SECRET = 'binanceSecret1';
/** 2025-01-01 00:00 UTC. */
export const T0 = 1_735_689_600_000;

const common = {
  settle: 'USDT',
  takerFeeRate: '0.0005',
  makerFeeRate: '0.0002',
  maxLeverage: 50,
  maintenanceRate: '0.01',
  priceBand: '0.05',
};

export const INSTRUMENTS: readonly ExchangeInstrument[] = [
  {
    ...common,
    symbol: BTC,
    asset: 'BTC',
    contractSize: base('1'),
    lot: contracts('0.001'),
    minContracts: contracts('0.002'),
    maxContracts: contracts('100'),
    minNotional: quote('100'),
    tick: px('0.1'),
  },
  {
    // The model counts hundredths of an ETH; the wire must speak ETH.
    ...common,
    symbol: ETH,
    asset: 'ETH',
    contractSize: base('0.01'),
    lot: contracts('1'),
    minContracts: contracts('1'),
    maxContracts: contracts('100000'),
    minNotional: quote('20'),
    tick: px('0.01'),
  },
  {
    ...common,
    symbol: DOGE,
    asset: 'DOGE',
    contractSize: base('1'),
    // A step that is not a power of ten, to tell "too many digits" from "off the step".
    lot: contracts('5'),
    minContracts: contracts('5'),
    maxContracts: contracts('1000000'),
    minNotional: quote('5'),
    tick: px('0.00005'),
  },
];

export interface World {
  readonly clock: { at: number; now(): number };
  readonly exchange: Exchange;
  readonly server: WireServer;
  readonly errors: unknown[];
  ccxt(options?: {
    onRequest?: (method: string, url: string, body: string | undefined) => void;
    config?: Record<string, unknown>;
  }): Promise<Ccxt>;
  /** A signed request as a script would send it; `tamper` changes the text after signing. */
  signed(
    method: string,
    path: string,
    params?: Record<string, string | number>,
    options?: SignOptions,
  ): Promise<Answer>;
  raw(method: string, target: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface SignOptions {
  readonly secret?: string;
  readonly apiKey?: string | undefined;
  readonly timestamp?: number;
  readonly tamper?: (text: string) => string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export async function startWorld(
  extra: Partial<WireServerOptions> & { listenKeyLifeMs?: number } = {},
): Promise<World> {
  const clock = { at: T0, now: () => clock.at };
  const exchange = createExchange({ venue: 'binance', clock, instruments: INSTRUMENTS });
  exchange.openAccount(ACCOUNT, quote('10000'));
  exchange.openAccount('other', quote('500'));
  seed(exchange);
  const credentials = [
    { apiKey: API_KEY, secret: SECRET, account: ACCOUNT },
    { apiKey: 'otherKey', secret: 'otherSecret', account: 'other' },
  ];
  const { listenKeyLifeMs, ...serverOptions } = extra;
  const dialect = createBinanceDialect({ exchange, credentials, ...(listenKeyLifeMs && { listenKeyLifeMs }) });
  const errors: unknown[] = [];
  const server = await startWireServer({ onError: (error) => errors.push(error), ...serverOptions, dialect });
  const clients: Ccxt[] = [];

  const raw: World['raw'] = async (method, target, headers = {}, body) => {
    const response = await fetch(`${server.url}${target}`, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  const signed: World['signed'] = (method, path, params = {}, options = {}) => {
    const all = { ...params, timestamp: options.timestamp ?? clock.now() };
    const text = Object.entries(all)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
      .join('&');
    const signature = createHmac('sha256', options.secret ?? SECRET)
      .update(text)
      .digest('hex');
    const whole = (options.tamper ?? ((same) => same))(`${text}&signature=${signature}`);
    const apiKey = 'apiKey' in options ? options.apiKey : API_KEY;
    const headers: Record<string, string> = apiKey === undefined ? {} : { 'x-mbx-apikey': apiKey };
    if (method === 'GET' || method === 'DELETE') return raw(method, `${path}?${whole}`, headers);
    return raw(method, path, { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, whole);
  };
  return {
    clock,
    exchange,
    server,
    errors,
    raw,
    signed,
    ccxt: async (options = {}) => {
      const client = await connectCcxt({
        venue: 'binanceusdm',
        server,
        apiKey: API_KEY,
        secret: SECRET,
        now: clock.now,
        ...options,
      });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) await client.close();
      await server.close();
    },
  };
}

/** BTC 100 000, ETH 4 000, DOGE 0.3; books one tick wide. */
function seed(exchange: Exchange): void {
  btcBook(exchange);
  exchange.setBook(
    ETH,
    [{ price: px('3999.99'), contracts: contracts('1000') }],
    [{ price: px('4000.01'), contracts: contracts('1000') }],
  );
  exchange.setBook(
    DOGE,
    [{ price: px('0.29995'), contracts: contracts('100000') }],
    [{ price: px('0.30005'), contracts: contracts('100000') }],
  );
  exchange.setMark(BTC, px('100000'), px('99990'));
  exchange.setMark(ETH, px('4000'), px('3999.5'));
  exchange.setMark(DOGE, px('0.3'), px('0.29999'));
  exchange.setFunding(BTC, { predictedRate: '0.0001', intervalHours: 8, nextSettlementAt: T0 + 8 * 3_600_000 });
  exchange.setFunding(ETH, { predictedRate: '-0.00005', intervalHours: 8, nextSettlementAt: T0 + 8 * 3_600_000 });
  exchange.setFunding(DOGE, { predictedRate: '0.0003', intervalHours: 4, nextSettlementAt: T0 + 4 * 3_600_000 });
}

/** Bids 99 999.9 x 1, 99 999 x 2; asks 100 000.1 x 1, 100 001 x 2. */
export function btcBook(exchange: Exchange): void {
  exchange.setBook(
    BTC,
    [
      { price: px('99999.9'), contracts: contracts('1') },
      { price: px('99999'), contracts: contracts('2') },
    ],
    [
      { price: px('100000.1'), contracts: contracts('1') },
      { price: px('100001'), contracts: contracts('2') },
    ],
  );
}
