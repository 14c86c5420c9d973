/**
 * The HTTP transport that ccxt is given as its `fetchImplementation`. Entry point: `createTransport`.
 *
 * ccxt keeps the venues' production URLs, so that its error mapping and signing stay right, and this file sends the
 * bytes to the configured host. It owns the deadline over connect, headers and body (ccxt's own covers headers only),
 * never retries, never follows a redirect, and notes for each request whether it can have reached the venue.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Clock } from '../ports/clock.ts';
import type { Urgency } from '../ports/venue.ts';

/** What one request did on the wire. */
export interface Exchanged {
  readonly method: string;
  readonly url: string;
  /** False when it provably never left this process: refused by a guard, or no connection was made. */
  sent: boolean;
  status?: number;
  headers?: http.IncomingHttpHeaders;
  body?: string;
  errorCode?: string;
}

/** One adapter call: its urgency, and notes of the requests it made, in order. */
export interface CallNotes {
  readonly urgency: Urgency;
  /** Monotonic ms when the call was made: the wait of its first request began then. */
  readonly askedMs?: number;
  /** A shorter deadline than the transport's. */
  readonly timeoutMs?: number;
  /** Monotonic ms when the budget let the newest request go: it is stamped then. */
  grantedMs?: number;
  /** Monotonic ms when the call ended. */
  endedMs?: number;
  readonly requests: Exchanged[];
}

/** Expected network failure. Codes: `timeout`, `guarded`, `unmapped_host`, `too_large`, `redirect` or the system's. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: string;
  readonly sent: boolean;
  constructor(code: string, sent: boolean, detail: string) {
    super(detail);
    this.code = code;
    this.sent = sent;
  }
}

export interface FetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The part of a fetch response that ccxt reads. */
export interface FetchReply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: ReadonlyMap<string, string>;
  text(): Promise<string>;
}

export interface Transport {
  fetch(url: string, init: FetchInit): Promise<FetchReply>;
  /** Runs `act`; every request it causes is noted. */
  noting<T>(notes: CallNotes, act: () => Promise<T>): Promise<T>;
  /** The notes of the call that is running; undefined in work that ccxt started by itself. */
  notes(): CallNotes | undefined;
  /** `text` without the account's keys: venues repeat what they were sent, and refusals are stored for good. */
  withoutKeys(text: string): string;
  close(): void;
}

export interface TransportOptions {
  /**
   * Official host (`fapi.binance.com`) to a base URL without path. Empty: the official hosts. Otherwise a host that is
   * not listed is refused, so that a loopback set-up can never reach a real venue.
   */
  readonly hosts: Readonly<Record<string, string>>;
  /** Real time: deadlines of network input and output. */
  readonly ioClock: Clock;
  readonly timeoutMs: number;
  /** API key, secret, passphrase; absent: none. */
  readonly keys?: readonly string[];
  /** A reason refuses the request before it leaves. */
  readonly guard?: (method: string, url: URL, headers: Readonly<Record<string, string>>) => string | undefined;
  /** More headers of a request that is about to leave. */
  readonly headersOf?: (method: string, url: URL) => Readonly<Record<string, string>>;
  /** Called for every answer. */
  readonly observe?: (exchanged: Exchanged) => void;
}

const MAX_BODY_BYTES = 67_108_864;
const MAX_SOCKETS = 32;
/** A shorter one would blank ordinary words. */
const MIN_KEY_LENGTH = 4;

/**
 * One for all transports: Node 20 visits every storage that ever ran at every promise, so that one for each of them
 * would slow the whole process with each venue and each connection made anew.
 */
const running = new AsyncLocalStorage<{ readonly transport: Transport; readonly notes: CallNotes }>();

export function createTransport(options: TransportOptions): Transport {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo' }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo' }),
  };
  const transport: Transport = {
    noting: (notes, act) => running.run({ transport, notes }, act),
    notes: () => {
      const call = running.getStore();
      return call?.transport === transport ? call.notes : undefined;
    },
    withoutKeys: (text) => {
      const keys = (options.keys ?? []).filter((key) => key.length >= MIN_KEY_LENGTH);
      return keys.reduce((clean, key) => clean.replaceAll(key, '[redacted]'), text);
    },
    close: () => {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
    fetch: async (address, init) => {
      const method = init.method ?? 'GET';
      const official = new URL(address);
      const headers = { ...init.headers, ...options.headersOf?.(method, official) };
      const exchanged: Exchanged = { method, url: address, sent: false };
      const notes = transport.notes();
      notes?.requests.push(exchanged);
      try {
        const target = resolveTarget(options, method, official, headers);
        const agent = target.protocol === 'http:' ? agents['http:'] : agents['https:'];
        const timeoutMs = Math.min(options.timeoutMs, notes?.timeoutMs ?? options.timeoutMs);
        await send({ ioClock: options.ioClock, timeoutMs }, agent, target, init.body, headers, exchanged);
      } catch (error) {
        if (error instanceof TransportError) exchanged.errorCode = error.code;
        throw error;
      }
      options.observe?.(exchanged);
      return reply(exchanged);
    },
  };
  return transport;
}

/** Where the bytes for an official URL go; throws TransportError `unmapped_host` or `guarded`. */
function resolveTarget(
  options: TransportOptions,
  method: string,
  official: URL,
  headers: Readonly<Record<string, string>>,
): URL {
  const refusal = options.guard?.(method, official, headers);
  if (refusal !== undefined) throw new TransportError('guarded', false, refusal);
  const replacement = replaceHost(options.hosts, official);
  if (replacement === undefined) {
    throw new TransportError('unmapped_host', false, `${official.host} has no configured replacement`);
  }
  return replacement;
}

/** The URL at its configured host; undefined when hosts are configured and this one is not. */
export function replaceHost(hosts: Readonly<Record<string, string>>, official: URL): URL | undefined {
  const base = hosts[official.host];
  if (base !== undefined) {
    const target = new URL(base);
    target.pathname = `${target.pathname.replace(/\/$/, '')}${official.pathname}`;
    target.search = official.search;
    return target;
  }
  return Object.keys(hosts).length === 0 ? official : undefined;
}

function send(
  options: Pick<TransportOptions, 'ioClock' | 'timeoutMs'>,
  agent: http.Agent,
  target: URL,
  body: string | undefined,
  headers: Readonly<Record<string, string>>,
  exchanged: Exchanged,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // ccxt names itself here as the broker of every Bybit order.
    const plain = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'referer'));
    const payload = body === undefined ? undefined : Buffer.from(body, 'utf8');
    const request = (target.protocol === 'http:' ? http : https).request(target, {
      method: exchanged.method,
      agent,
      headers: payload === undefined ? plain : { ...plain, 'content-length': String(payload.length) },
    });
    const cancelDeadline = options.ioClock.after(options.timeoutMs, () => {
      request.destroy(new TransportError('timeout', exchanged.sent, `no answer within ${options.timeoutMs} ms`));
    });
    const fail = (error: Error): void => {
      cancelDeadline();
      request.destroy();
      reject(asTransportError(error, exchanged.sent));
    };
    const connected = target.protocol === 'http:' ? 'connect' : 'secureConnect';
    request.on('socket', (socket) => {
      // A socket that is past connecting may already carry the bytes.
      if (request.reusedSocket || !socket.connecting) exchanged.sent = true;
      else {
        socket.once(connected, () => {
          exchanged.sent = true;
        });
      }
    });
    request.on('error', fail);
    request.on('response', (response) => {
      exchanged.sent = true;
      collect(response, (error, text) => {
        if (error !== undefined) return fail(error);
        cancelDeadline();
        exchanged.status = response.statusCode ?? 0;
        exchanged.headers = response.headers;
        exchanged.body = text;
        const status = exchanged.status;
        if (status >= 300 && status < 400)
          fail(new TransportError('redirect', true, `redirect ${status} not followed`));
        else resolve();
      });
    });
    request.end(payload);
  });
}

function collect(response: http.IncomingMessage, done: (error: Error | undefined, text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else done(new TransportError('too_large', true, `body over ${MAX_BODY_BYTES} bytes`), '');
  });
  response.on('end', () => {
    if (response.complete) done(undefined, Buffer.concat(chunks).toString('utf8'));
    else done(new TransportError('truncated', true, 'the body ended early'), '');
  });
  response.on('error', (error) => done(error, ''));
}

function asTransportError(error: Error, sent: boolean): TransportError {
  if (error instanceof TransportError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'network';
  return new TransportError(code, sent, error.message);
}

function reply(exchanged: Exchanged): FetchReply {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(exchanged.headers ?? {})) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const text = exchanged.body ?? '';
  return { status: exchanged.status ?? 0, statusText: '', headers, text: async () => text };
}
