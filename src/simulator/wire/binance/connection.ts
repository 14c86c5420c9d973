/**
 * One stream connection: `/public`, `/market` or `/private`, in `ws` mode (raw frames) or `stream` mode (frames wrapped
 * with their topic). Entry point: `openConnection`.
 */

import { SECOND_MS } from '../../../kernel/instant.ts';
import type { Exchange } from '../../exchange/api.ts';
import type { WireSocket, WireStream } from '../dialect.ts';
import { SlidingWindow } from '../rate-limit.ts';
import type { MarketStreams, TopicClient } from './market-streams.ts';
import type { WireMarkets } from './markets.ts';
import { type EntryPoint, parseTopic, type Topic } from './topics.ts';
import type { UserStreams } from './user-streams.ts';

/** Most topics one connection may carry. */
const MAX_TOPICS = 1024;
/** "Websocket Market Streams": a connection on which more messages come in within a second is disconnected. */
const MESSAGES_PER_SECOND = 10;
const CLOSE_POLICY_VIOLATION = 1008;
const PATH = /^\/(public|market|private)\/(ws|stream)(?:\/([^?]*))?(?:\?(.*))?$/;
const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY'];

export interface StreamSources {
  readonly exchange: Exchange;
  readonly markets: WireMarkets;
  readonly marketStreams: MarketStreams;
  readonly userStreams: UserStreams;
}

/** Undefined for a path that does not exist, a topic that does not exist, or a listen key that is not alive. */
export function openConnection(path: string, socket: WireSocket, sources: StreamSources): WireStream | undefined {
  const stream = streamOf(path, socket, sources);
  if (!stream) return undefined;
  const messages = new SlidingWindow(MESSAGES_PER_SECOND, SECOND_MS);
  return {
    receive: (frame) => {
      if (messages.take(sources.exchange.now(), 1)) stream.receive(frame);
      else socket.close(CLOSE_POLICY_VIOLATION, 'Too many requests');
    },
    closed: () => stream.closed(),
  };
}

function streamOf(path: string, socket: WireSocket, sources: StreamSources): WireStream | undefined {
  const parts = PATH.exec(path);
  if (!parts) return undefined;
  const [, entry, mode, tail = '', query = ''] = parts;
  const params = new URLSearchParams(query);
  if (entry === 'private') return openUserStream(params.get('listenKey') ?? tail, socket, sources);
  const connection = new MarketConnection(entry === 'public' ? 'public' : 'market', mode === 'stream', socket, sources);
  const names = mode === 'stream' ? (params.get('streams') ?? '') : tail;
  // A bare number is how clients tell their connections apart; it names no topic.
  const wanted = names.split('/').filter((name) => name !== '' && !/^\d+$/.test(name));
  return connection.subscribe(wanted) ? connection : undefined;
}

function openUserStream(
  key: string,
  socket: WireSocket,
  { exchange, userStreams }: StreamSources,
): WireStream | undefined {
  const client = { push: (payload: unknown) => socket.send(JSON.stringify(payload)) };
  if (!userStreams.attach(key, client, exchange.now())) return undefined;
  return {
    receive: () => socket.send(fault(null, 2, 'Invalid request: no subscriptions on this stream')),
    closed: () => userStreams.detach(client),
  };
}

class MarketConnection implements WireStream, TopicClient {
  readonly #entry: EntryPoint;
  readonly #wrapped: boolean;
  readonly #socket: WireSocket;
  readonly #sources: StreamSources;
  readonly #topics = new Map<string, Topic>();

  constructor(entry: EntryPoint, wrapped: boolean, socket: WireSocket, sources: StreamSources) {
    this.#entry = entry;
    this.#wrapped = wrapped;
    this.#socket = socket;
    this.#sources = sources;
  }

  push(topic: string, payload: unknown): void {
    this.#socket.send(JSON.stringify(this.#wrapped ? { stream: topic, data: payload } : payload));
  }

  closed(): void {
    for (const topic of this.#topics.values()) this.#sources.marketStreams.unsubscribe(topic, this);
    this.#topics.clear();
  }

  /** All or nothing; false when one of the names does not exist at this entry point or there are too many. */
  subscribe(names: readonly string[]): boolean {
    const topics: Topic[] = [];
    for (const name of names) {
      const topic = parseTopic(name, this.#sources.markets);
      if (topic?.entry !== this.#entry) return false;
      topics.push(topic);
    }
    if (new Set([...this.#topics.keys(), ...names]).size > MAX_TOPICS) return false;
    for (const topic of topics) {
      if (this.#topics.has(topic.name)) continue;
      this.#topics.set(topic.name, topic);
      this.#sources.marketStreams.subscribe(topic, this);
    }
    return true;
  }

  receive(frame: string): void {
    this.#socket.send(this.#answer(frame));
  }

  #answer(frame: string): string {
    const request = parseRequest(frame);
    if (typeof request === 'string') return request;
    const { method, names, id } = request;
    if (method === 'LIST_SUBSCRIPTIONS') return JSON.stringify({ result: [...this.#topics.keys()], id });
    if (method === 'SUBSCRIBE') {
      if (!this.subscribe(names)) return fault(id, 2, 'Invalid request: invalid stream');
    } else if (method === 'UNSUBSCRIBE') {
      for (const name of names) this.#unsubscribe(name);
    } else {
      return fault(id, 2, `Invalid request: ${method} is not offered`);
    }
    return JSON.stringify({ result: null, id });
  }

  #unsubscribe(name: string): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    this.#topics.delete(name);
    this.#sources.marketStreams.unsubscribe(topic, this);
  }
}

interface StreamRequest {
  readonly method: string;
  readonly names: readonly string[];
  readonly id: number | string | null;
}

const fault = (id: number | string | null, code: number, msg: string): string =>
  JSON.stringify({ error: { code, msg }, id });

/** The request, or the frame that says what is wrong with it. */
function parseRequest(frame: string): StreamRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return fault(null, 3, 'Invalid JSON: expected value at line 1 column 1');
  }
  if (typeof value !== 'object' || value === null) return fault(null, 2, 'Invalid request: expected an object');
  const { method, params = [], id = null } = value as { method?: unknown; params?: unknown; id?: unknown };
  if (typeof id !== 'number' && typeof id !== 'string' && id !== null) {
    return fault(null, 2, 'Invalid request: request ID must be an unsigned integer');
  }
  if (typeof method !== 'string') return fault(id, 2, 'Invalid request: missing field `method`');
  if (!METHODS.includes(method)) {
    return fault(id, 2, `Invalid request: unknown variant ${method}, expected one of ${METHODS.join(', ')}`);
  }
  if (!Array.isArray(params) || !params.every((name): name is string => typeof name === 'string')) {
    return fault(id, 2, 'Invalid request: params must be an array of strings');
  }
  return { method, names: params, id };
}
