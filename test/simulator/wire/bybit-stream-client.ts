/** Raw stream clients and frame readers for the Bybit dialect's tests. */
import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { type BybitWorld, KEY, SECRET, until } from './bybit-world.ts';

export interface Frame {
  readonly topic?: string;
  readonly type?: string;
  readonly ts?: number;
  readonly op?: string;
  readonly success?: boolean;
  readonly ret_msg?: string;
  readonly creationTime?: number;
  readonly data?: unknown;
}
export interface BookData {
  readonly b: readonly (readonly [string, string])[];
  readonly a: readonly (readonly [string, string])[];
  readonly u: number;
}
export const book = (frame: Frame | undefined): BookData => frame?.data as BookData;
/** The rows of an account frame. */
export const rows = (frame: Frame | undefined): readonly Record<string, unknown>[] =>
  frame?.data as readonly Record<string, unknown>[];

export const coins = (frame: Frame | undefined): readonly Record<string, unknown>[] =>
  rows(frame)[0]?.coin as readonly Record<string, unknown>[];

export interface StreamClient {
  /** Everything received, in order. */
  readonly frames: Frame[];
  /** Sends JSON, or text as it is. */
  send(frame: unknown): void;
  /** True once the connection is gone. */
  gone(): boolean;
}

/** The open clients of one test; `closeAll` after it. */
export class StreamClients {
  readonly #sockets: WebSocket[] = [];

  async open(world: BybitWorld, path: string): Promise<StreamClient> {
    const socket = new WebSocket(`${world.server.wsUrl}${path}`);
    this.#sockets.push(socket);
    const frames: Frame[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return {
      frames,
      send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
      gone: () => socket.readyState === WebSocket.CLOSED,
    };
  }

  /** Logged in and subscribed; `frames` starts empty. */
  async openPrivate(world: BybitWorld, ...topics: string[]): Promise<StreamClient> {
    const client = await this.open(world, '/v5/private');
    client.send(login(world.clock.at + 10_000));
    client.send({ op: 'subscribe', req_id: 's', args: topics });
    await until(() => client.frames.length === 2);
    expect(client.frames.splice(0).map((frame) => frame.success)).toEqual([true, true]);
    return client;
  }

  closeAll(): void {
    for (const socket of this.#sockets.splice(0)) socket.terminate();
  }
}

/** The `auth` operation. */
export const login = (expires: number, secret = SECRET): unknown => ({
  op: 'auth',
  args: [KEY, expires, createHmac('sha256', secret).update(`GET/realtime${expires}`).digest('hex')],
});
