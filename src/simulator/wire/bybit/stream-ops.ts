/**
 * The operations every Bybit stream understands: subscribe, unsubscribe, ping, auth. Entry point: `openStream`.
 *
 * A subscribe frame takes effect as a whole or not at all. Answers as seen on the live public stream and in
 * bybit-exchange.github.io/docs/v5/ws/connect; the public and private servers word them differently.
 */
import type { WireSocket, WireStream } from '../dialect.ts';

/** What one connection does; the strings returned are error texts. */
export interface StreamOps {
  readonly kind: 'public' | 'private';
  readonly connectionId: string;
  /** Takes all topics or none. */
  subscribe(topics: readonly string[]): string | undefined;
  /** Called once the acknowledgement is out: initial snapshots. */
  subscribed(topics: readonly string[]): void;
  unsubscribe(topics: readonly string[]): void;
  auth(args: readonly unknown[]): string | undefined;
  now(): number;
  closed(): void;
}

interface Frame {
  readonly op: string;
  /** As the client sent it, '' when it sent none. */
  readonly reqId: string;
  readonly args: readonly unknown[];
}

export function openStream(ops: StreamOps, socket: WireSocket): WireStream {
  return {
    receive: (text) => {
      const frame = parse(text);
      if (frame === undefined) socket.send(status(ops, { op: '', reqId: '', args: [] }, DECODE_ERROR));
      else serve(ops, socket, frame);
    },
    closed: () => ops.closed(),
  };
}

const DECODE_ERROR = 'Failed to decode incoming data';

function serve(ops: StreamOps, socket: WireSocket, frame: Frame): void {
  switch (frame.op) {
    case 'ping':
      socket.send(pong(ops, frame));
      return;
    case 'auth':
      socket.send(status(ops, frame, ops.kind === 'private' ? ops.auth(frame.args) : 'error:invalid op'));
      return;
    case 'subscribe': {
      const topics = topicsOf(frame);
      const error = topics === undefined ? 'error:args invalid' : ops.subscribe(topics);
      socket.send(status(ops, frame, error));
      if (error === undefined && topics !== undefined) ops.subscribed(topics);
      return;
    }
    case 'unsubscribe':
      ops.unsubscribe(topicsOf(frame) ?? []);
      socket.send(status(ops, frame, undefined));
      return;
    default:
      socket.send(status(ops, frame, 'error:invalid op'));
  }
}

function parse(text: string): Frame | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const { op, req_id, args } = parsed as Readonly<Record<string, unknown>>;
  return {
    op: typeof op === 'string' ? op : '',
    reqId: typeof req_id === 'string' || typeof req_id === 'number' ? String(req_id) : '',
    args: Array.isArray(args) ? args : [],
  };
}

function topicsOf({ args }: Frame): readonly string[] | undefined {
  const topics = args.filter((item): item is string => typeof item === 'string' && item !== '');
  return topics.length === args.length && topics.length > 0 ? topics : undefined;
}

function status(ops: StreamOps, { op, reqId }: Frame, error: string | undefined): string {
  const conn_id = ops.connectionId;
  return JSON.stringify({ success: error === undefined, ret_msg: error ?? '', conn_id, req_id: reqId, op });
}

function pong(ops: StreamOps, { reqId }: Frame): string {
  const conn_id = ops.connectionId;
  return ops.kind === 'public'
    ? JSON.stringify({ success: true, ret_msg: 'pong', conn_id, req_id: reqId, op: 'ping' })
    : JSON.stringify({ req_id: reqId, op: 'pong', args: [String(ops.now())], conn_id });
}
