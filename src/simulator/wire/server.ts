/**
 * The loopback HTTP and WebSocket server that any `WireDialect` plugs into. Entry point: `startWireServer`.
 *
 * It moves text and nothing else: paths, queries and bodies reach the dialect exactly as they were signed. Hazard tests
 * pass `intercept` to lose, replace or hold answers between the client and the exchange model.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { invariant } from '../../kernel/assert.ts';
import type { WireDialect, WireRequest, WireResponse } from './dialect.ts';

/** Largest request body or client frame; the largest real one (a batch of orders) is a few KiB. */
const MAX_INPUT_BYTES = 1_048_576;
/** A client that lets this much pile up is cut off, as venues do with slow consumers. */
const MAX_BACKLOG_BYTES = 16_777_216;
/** Longer than any idle time between a client's requests, so that a reused connection is never closed under it. */
const KEEP_ALIVE_MS = 120_000;
const CLOSE_INTERNAL_ERROR = 1011;

/**
 * What happens to one request. `drop-before`: the connection dies and the exchange never saw it. `drop-after`: it takes
 * effect and the reply is lost. A response: answered so, the exchange never saw it. Waiting inside delays the request.
 */
export type Interception = 'pass' | 'drop-before' | 'drop-after' | WireResponse;

export interface WireServerOptions {
  readonly dialect: WireDialect;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** A bug in the dialect or the exchange model (answered with 500). Default: rethrown as an uncaught exception. */
  readonly onError?: (error: unknown) => void;
  readonly intercept?: (request: WireRequest) => Promise<Interception>;
}

export interface WireServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `ws://127.0.0.1:<port>` */
  readonly wsUrl: string;
  /** Cuts every stream without a closing handshake, as a lost network does. The server goes on. */
  dropStreams(): void;
  /** Every stream that is open now stays open and says nothing any more, as a half-dead network does. New ones work. */
  stallStreams(): void;
  /** Stops listening, cuts every connection and closes the dialect. */
  close(): Promise<void>;
}

/** Starts listening; rejects when the address is taken. */
export async function startWireServer(options: WireServerOptions): Promise<WireServer> {
  const host = options.host ?? '127.0.0.1';
  const http = createServer({ noDelay: true, keepAlive: true, keepAliveTimeout: KEEP_ALIVE_MS });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_INPUT_BYTES, perMessageDeflate: false });
  const onError = options.onError ?? rethrow;
  const stalled = new WeakSet<WebSocket>();
  http.on('request', (message: IncomingMessage, response: ServerResponse) => {
    serve(options, message, response).catch((error: unknown) => {
      onError(error);
      answer(response, { status: 500, body: 'internal error', headers: { 'content-type': 'text/plain' } });
    });
  });
  http.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      upgrade(options.dialect, sockets, stalled, onError, message, socket, head);
    } catch (error) {
      onError(error);
      socket.destroy();
    }
  });
  const port = await listen(http, host, options.port ?? 0);
  return {
    port,
    url: `http://${host}:${port}`,
    wsUrl: `ws://${host}:${port}`,
    stallStreams: () => {
      for (const client of sockets.clients) {
        stalled.add(client);
        // Unread pings are never answered.
        client.pause();
      }
    },
    dropStreams: () => {
      for (const client of sockets.clients) client.terminate();
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      await closed;
      options.dialect.close();
    },
  };
}

function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

function listen(http: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      const address = http.address();
      invariant(address !== null && typeof address === 'object', 'a listening TCP server has an address');
      resolve(address.port);
    });
  });
}

async function serve(options: WireServerOptions, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(message);
  if (body === 'aborted') return;
  if (body === 'too_large') {
    answer(response, { status: 413, body: '', headers: { connection: 'close' } });
    return;
  }
  const { path, query } = splitTarget(message.url ?? '/');
  const request = { method: message.method ?? 'GET', path, query, body: body.text, headers: message.headers };
  const interception = options.intercept === undefined ? 'pass' : await options.intercept(request);
  if (interception === 'drop-before') {
    message.socket.destroy();
    return;
  }
  if (typeof interception === 'object') {
    answer(response, interception);
    return;
  }
  const reply = options.dialect.handle(request);
  if (interception === 'drop-after') message.socket.destroy();
  else answer(response, reply);
}

function answer(response: ServerResponse, reply: WireResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(reply.status, {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': Buffer.byteLength(reply.body),
    ...reply.headers,
  });
  response.end(reply.body);
}

function readBody(message: IncomingMessage): Promise<{ readonly text: string } | 'too_large' | 'aborted'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_INPUT_BYTES) chunks.push(chunk);
      else resolve('too_large');
    });
    message.on('end', () => resolve({ text: Buffer.concat(chunks).toString('utf8') }));
    // After 'end' this resolves nothing any more; before it, the client went away in the middle of its request.
    message.on('close', () => resolve('aborted'));
    message.on('error', () => resolve('aborted'));
  });
}

function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function upgrade(
  dialect: WireDialect,
  sockets: WebSocketServer,
  stalled: WeakSet<WebSocket>,
  onError: (error: unknown) => void,
  message: IncomingMessage,
  raw: Duplex,
  head: Buffer,
): void {
  // The dialect decides before the handshake, so its first frames wait until the socket is open.
  const early: ((client: WebSocket) => void)[] = [];
  let open: WebSocket | undefined;
  const whenOpen = (act: (client: WebSocket) => void): void => {
    if (open === undefined) early.push(act);
    else act(open);
  };
  const stream = dialect.connect(message.url ?? '/', {
    send: (frame) => whenOpen((client) => stalled.has(client) || sendFrame(client, frame)),
    close: (code, reason) => whenOpen((client) => client.close(code, reason)),
  });
  // A reset before the handshake is over must not become an uncaught exception.
  raw.on('error', () => raw.destroy());
  if (stream === undefined) {
    raw.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const guarded = (client: WebSocket, act: () => void): void => {
    try {
      act();
    } catch (error) {
      onError(error);
      client.close(CLOSE_INTERNAL_ERROR, 'internal error');
    }
  };
  let connected = false;
  // Registered before the handshake: if it fails, the dialect's listeners must go all the same.
  raw.once('close', () => {
    if (!connected) stream.closed();
  });
  sockets.handleUpgrade(message, raw, head, (client) => {
    connected = true;
    client.on('message', (data: RawData) => guarded(client, () => stream.receive(data.toString())));
    client.on('close', () => stream.closed());
    // 'close' follows every 'error'; the client's protocol violations are its own problem.
    client.on('error', () => client.terminate());
    open = client;
    for (const act of early) act(client);
  });
}

function sendFrame(client: WebSocket, frame: string): void {
  if (client.readyState !== client.OPEN) return;
  if (client.bufferedAmount > MAX_BACKLOG_BYTES) client.terminate();
  else client.send(frame);
}
