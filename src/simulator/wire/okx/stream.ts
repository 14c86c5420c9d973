/**
 * OKX v5 streams: `/ws/v5/public`, `/ws/v5/private`, `/ws/v5/business`. Entry point: `OkxStreams`.
 *
 * Frames go out when the exchange emits the event they tell of; there are no timers, so nothing repeats and an idle
 * stream is never closed.
 */
import { HOUR_MS } from '../../../kernel/instant.ts';
import type { Exchange, ExchangeEvent } from '../../exchange/api.ts';
import type { WireSocket, WireStream } from '../dialect.ts';
import { SlidingWindow } from '../rate-limit.ts';
import { uidOf } from './account-routes.ts';
import type { OkxAuth } from './auth.ts';
import { BookFeed } from './book-feed.ts';
import type { InstrumentIds } from './instrument-ids.ts';
import type { Params } from './params.ts';
import { type Push, pushesFor, snapshotOf } from './pushes.ts';
import { parseSubscription, type StreamPath, type StreamRefusal, type Subscription } from './subscription.ts';

const PATH = /^\/ws\/v5\/(public|private|business)(\?.*)?$/;
/** Longest frame a client may send, as on the venue. */
const MAX_FRAME_CHARS = 65_536;
/** Logins, subscriptions and unsubscriptions of one connection in an hour. */
const REQUESTS_PER_HOUR = 480;

export class OkxStreams {
  readonly #exchange: Exchange;
  readonly #ids: InstrumentIds;
  readonly #auth: OkxAuth;
  readonly #connections = new Set<Connection>();
  readonly #stopListening: () => void;
  #lastConnection = 0;

  constructor(exchange: Exchange, ids: InstrumentIds, auth: OkxAuth) {
    this.#exchange = exchange;
    this.#ids = ids;
    this.#auth = auth;
    this.#stopListening = exchange.listen((event) => {
      for (const connection of this.#connections) connection.deliver(event);
    });
  }

  connect(path: string, socket: WireSocket): WireStream | undefined {
    const kind = PATH.exec(path)?.[1];
    if (kind !== 'public' && kind !== 'private' && kind !== 'business') return undefined;
    this.#lastConnection += 1;
    const connection = new Connection({
      exchange: this.#exchange,
      ids: this.#ids,
      auth: this.#auth,
      path: kind,
      socket,
      connId: this.#lastConnection.toString(16).padStart(8, '0'),
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    return connection;
  }

  close(): void {
    this.#stopListening();
    this.#connections.clear();
  }
}

interface ConnectionOptions {
  readonly exchange: Exchange;
  readonly ids: InstrumentIds;
  readonly auth: OkxAuth;
  readonly path: StreamPath;
  readonly socket: WireSocket;
  readonly connId: string;
  readonly onClosed: () => void;
}

interface Subscribed {
  readonly subscription: Subscription;
  readonly book: BookFeed;
}

/** Subscriptions name listed instruments and known channels only, so their number is bounded. */
class Connection implements WireStream {
  readonly #options: ConnectionOptions;
  readonly #subscribed = new Map<string, Subscribed>();
  readonly #requests = new SlidingWindow(REQUESTS_PER_HOUR, HOUR_MS);
  #account: string | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  receive(frame: string): void {
    if (frame === 'ping') {
      this.#options.socket.send('pong');
      return;
    }
    const request = frame.length > MAX_FRAME_CHARS ? undefined : parseRequest(frame);
    if (request === undefined) {
      this.#refuse({ code: '60012', msg: `Illegal request: ${frame.slice(0, 1_000)}` });
      return;
    }
    if (!this.#requests.take(this.#options.exchange.now(), 1)) {
      this.#refuse({ code: '60014', msg: 'Requests too frequent' });
      return;
    }
    for (const argument of request.args) {
      if (request.op === 'login') this.#login(argument);
      else if (request.op === 'subscribe') this.#subscribe(argument);
      else this.#unsubscribe(argument);
    }
  }

  closed(): void {
    this.#options.onClosed();
  }

  /** Sends what `event` means to this client's subscriptions. */
  deliver(event: ExchangeEvent): void {
    if ('account' in event && event.account !== this.#account) return;
    for (const { subscription, book } of this.#subscribed.values()) {
      const push = pushesFor(this.#options.exchange, subscription, event, book);
      if (push !== undefined) this.#push(subscription, push);
    }
  }

  #login(argument: Params): void {
    const { auth, exchange } = this.#options;
    const verdict = auth.login(argument, exchange.now());
    if ('code' in verdict) {
      this.#refuse(verdict);
      return;
    }
    this.#account = verdict.account;
    this.#send({ event: 'login', code: '0', msg: '', connId: this.#options.connId });
  }

  #subscribe(argument: Params): void {
    const { exchange, ids, path } = this.#options;
    const subscription = parseSubscription(argument, path, this.#account !== undefined, ids);
    if ('code' in subscription) {
      this.#refuse(subscription);
      return;
    }
    const subscribed = { subscription, book: new BookFeed() };
    this.#subscribed.set(subscription.key, subscribed);
    this.#send({ event: 'subscribe', arg: argument, connId: this.#options.connId });
    const push = snapshotOf(exchange, subscription, this.#account ?? '', subscribed.book);
    if (push !== undefined) this.#push(subscription, push);
  }

  #unsubscribe(argument: Params): void {
    const { ids, path } = this.#options;
    const subscription = parseSubscription(argument, path, this.#account !== undefined, ids);
    if ('code' in subscription) {
      this.#refuse(subscription);
      return;
    }
    this.#subscribed.delete(subscription.key);
    this.#send({ event: 'unsubscribe', arg: argument, connId: this.#options.connId });
  }

  #push({ argument }: Subscription, { data, ...rest }: Push): void {
    const arg = this.#options.path === 'private' ? { ...argument, uid: uidOf(this.#account ?? '') } : argument;
    this.#send({ arg, ...rest, data });
  }

  #refuse({ code, msg }: StreamRefusal): void {
    this.#send({ event: 'error', code, msg, connId: this.#options.connId });
  }

  #send(frame: Readonly<Record<string, unknown>>): void {
    this.#options.socket.send(JSON.stringify(frame));
  }
}

function parseRequest(
  frame: string,
): { readonly op: 'login' | 'subscribe' | 'unsubscribe'; readonly args: readonly Params[] } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const { op, args } = parsed;
  if (op !== 'login' && op !== 'subscribe' && op !== 'unsubscribe') return undefined;
  return Array.isArray(args) && args.length > 0 && args.every(isObject) ? { op, args } : undefined;
}

const isObject = (value: unknown): value is Params =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
