/**
 * Connects unmodified ccxt to a loopback wire server. Entry point: `connectCcxt`.
 *
 * REST keeps the production URLs, because ccxt chooses Binance's error table by URL prefix; only the transport is
 * rewritten. Streams have no such hook, so their hosts are replaced in `urls.api`.
 */
import ccxt, { type Exchange } from 'ccxt';

export interface ConnectOptions {
  readonly venue: 'binance' | 'binanceusdm' | 'bybit' | 'okx';
  /** `http://127.0.0.1:<port>` and `ws://127.0.0.1:<port>` of the server. */
  readonly server: { readonly url: string; readonly wsUrl: string };
  readonly apiKey?: string;
  readonly secret?: string;
  /** The simulated clock that signatures and receive windows follow. */
  readonly now: () => number;
  /** Sees every request as ccxt made it, before the host is rewritten. */
  readonly onRequest?: (method: string, url: string, body: string | undefined) => void;
  /** Merged over the defaults: `password`, `options`, `timeout`, ... */
  readonly config?: Record<string, unknown>;
  /** Leaves ccxt's own options and its currency fetch as they are; only transport and clock are set. */
  readonly untouched?: boolean;
}

const OPTIONS: Record<ConnectOptions['venue'], Record<string, unknown>> = {
  binance: {},
  binanceusdm: { fetchCurrencies: false },
  bybit: {
    fetchMarkets: { types: ['linear'] },
    enableUnifiedMargin: false,
    enableUnifiedAccount: true,
    defaultType: 'swap',
  },
  okx: { fetchMarkets: { types: ['swap'] }, defaultType: 'swap' },
};

/** A ready ccxt.pro instance; the caller closes it. No request is made yet. */
export async function connectCcxt(options: ConnectOptions): Promise<Exchange> {
  const { venue, server, config = {} } = options;
  const Venue = ccxt.pro[venue];
  const exchange: Exchange = new Venue({
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
    ...(options.secret === undefined ? {} : { secret: options.secret }),
    enableRateLimit: false,
    fetchImplementation: (url: string, init: RequestInit & { body?: string }) => {
      options.onRequest?.(init.method ?? 'GET', url, init.body);
      return fetch(withHost(url, server.url), init);
    },
    ...config,
    options: {
      ...(options.untouched !== true && OPTIONS[venue]),
      ...(config.options as Record<string, unknown> | undefined),
    },
  });
  if (options.untouched !== true) exchange.has.fetchCurrencies = false;
  exchange.milliseconds = options.now;
  const urls = exchange.urls as Record<string, unknown>;
  urls.api = redirectStreams(urls.api, server.wsUrl);
  await exchange.loadHttpProxyAgent();
  return exchange;
}

function redirectStreams(value: unknown, wsUrl: string): unknown {
  if (typeof value === 'string') return value.startsWith('wss://') ? withHost(value, wsUrl) : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redirectStreams(inner, wsUrl)]));
}

const withHost = (url: string, host: string): string => url.replace(/^\w+:\/\/[^/]+/, host);
