import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { WireDialect, WireRequest, WireSocket } from '../../../src/simulator/wire/dialect.ts';
import { type Interception, startWireServer, type WireServer } from '../../../src/simulator/wire/server.ts';

const servers: WireServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Probe {
  readonly server: WireServer;
  readonly seen: WireRequest[];
  readonly sockets: WireSocket[];
  readonly received: string[];
  readonly errors: unknown[];
  closedStreams: number;
  dialectClosed: boolean;
}

async function start(
  options: { intercept?: (request: WireRequest) => Promise<Interception>; handle?: WireDialect['handle'] } = {},
): Promise<Probe> {
  const { intercept, handle } = options;
  const probe = {
    seen: [],
    sockets: [],
    received: [],
    errors: [],
    closedStreams: 0,
    dialectClosed: false,
  } as unknown as Probe;
  const dialect: WireDialect = {
    handle: (request) => {
      probe.seen.push(request);
      return handle ? handle(request) : { status: 200, body: '{"ok":true}', headers: { 'x-used': '7' } };
    },
    connect: (path, socket) => {
      if (path !== '/stream?key=a') return undefined;
      probe.sockets.push(socket);
      socket.send('first');
      return {
        receive: (frame) => {
          probe.received.push(frame);
          if (frame === 'crash') throw new Error('stream bug');
          socket.send(`echo ${frame}`);
        },
        closed: () => {
          probe.closedStreams += 1;
        },
      };
    },
    close: () => {
      probe.dialectClosed = true;
    },
  };
  const server = await startWireServer({
    dialect,
    onError: (error) => probe.errors.push(error),
    ...(intercept && { intercept }),
  });
  servers.push(server);
  return Object.assign(probe, { server });
}

const order = { method: 'POST', body: 'b=2&signature=x%20y' };
const until = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 500 && !done(); i += 1) await new Promise((resolve) => setTimeout(resolve, 4));
  expect(done()).toBe(true);
};

async function open(url: string): Promise<{ client: WebSocket; frames: string[] }> {
  const client = new WebSocket(url);
  const frames: string[] = [];
  client.on('message', (data) => frames.push(data.toString()));
  await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject));
  return { client, frames };
}

describe('requests', () => {
  test('reach the dialect exactly as they were signed, and its answer goes back whole', async () => {
    const { server, seen } = await start();
    const response = await fetch(`${server.url}/fapi/v1/order?a=1%2C2&z=%C3%BC`, order);
    expect(await response.json()).toEqual({ ok: true });
    expect(response.headers.get('x-used')).toBe('7');
    expect(seen[0]).toMatchObject({
      method: 'POST',
      path: '/fapi/v1/order',
      query: 'a=1%2C2&z=%C3%BC',
      body: order.body,
    });
  });

  test('dialect-bug: answers 500, reports it, and serves the next request', async () => {
    let calls = 0;
    const { server, errors } = await start({
      handle: () => {
        calls += 1;
        if (calls === 1) throw new Error('boom');
        return { status: 200, body: '{}' };
      },
    });
    expect((await fetch(`${server.url}/a`)).status).toBe(500);
    expect(errors).toEqual([new Error('boom')]);
    expect((await fetch(`${server.url}/a`)).status).toBe(200);
  });

  test('a body beyond the limit is refused before it reaches the dialect', async () => {
    const { server, seen } = await start();
    const response = await fetch(server.url, { method: 'POST', body: 'x'.repeat(1_048_577) });
    expect(response.status).toBe(413);
    expect(seen).toHaveLength(0);
  });

  test('drop-before: the client sees a dead connection and the exchange never heard of it', async () => {
    const { server, seen } = await start({ intercept: async () => 'drop-before' });
    await expect(fetch(server.url, order)).rejects.toThrow();
    expect(seen).toHaveLength(0);
  });

  test('drop-after (ack-lost-then-filled): the request takes effect and only its reply is lost', async () => {
    const { server, seen } = await start({ intercept: async () => 'drop-after' });
    await expect(fetch(server.url, order)).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  test('a replaced answer never reaches the exchange; the intercept sees the request', async () => {
    const paths: string[] = [];
    const { server, seen } = await start({
      intercept: async ({ path }) => {
        paths.push(path);
        return path === '/bad'
          ? { status: 503, body: 'Unknown error', headers: { 'content-type': 'text/html' } }
          : 'pass';
      },
    });
    const response = await fetch(`${server.url}/bad`);
    expect([response.status, await response.text()]).toEqual([503, 'Unknown error']);
    expect((await fetch(`${server.url}/good`)).status).toBe(200);
    expect(paths).toEqual(['/bad', '/good']);
    expect(seen.map(({ path }) => path)).toEqual(['/good']);
  });
});

describe('streams', () => {
  test('frames sent while the dialect decides arrive after the handshake; both directions work', async () => {
    const { server, sockets } = await start();
    const { client, frames } = await open(`${server.wsUrl}/stream?key=a`);
    client.send('hello');
    await until(() => frames.length === 2);
    sockets[0]?.send('pushed');
    await until(() => frames.length === 3);
    expect(frames).toEqual(['first', 'echo hello', 'pushed']);
    const pong = new Promise((resolve) => client.once('pong', resolve));
    client.ping();
    await pong;
  });

  test('an unknown path is refused with 404', async () => {
    const { server } = await start();
    await expect(open(`${server.wsUrl}/nowhere`)).rejects.toThrow('404');
  });

  test('the dialect learns of a closed stream once, and sending to it is harmless', async () => {
    const probe = await start();
    const { client } = await open(`${probe.server.wsUrl}/stream?key=a`);
    client.close();
    await until(() => probe.closedStreams === 1);
    probe.sockets[0]?.send('late');
    expect(probe.errors).toEqual([]);
  });

  test('dropStreams cuts every stream without a handshake, and a new one can be opened', async () => {
    const probe = await start();
    const { client } = await open(`${probe.server.wsUrl}/stream?key=a`);
    const code = new Promise<number>((resolve) => client.once('close', resolve));
    probe.server.dropStreams();
    expect(await code).toBe(1006);
    await open(`${probe.server.wsUrl}/stream?key=a`);
    expect(probe.closedStreams).toBe(1);
  });

  test('a bug while receiving closes that stream with 1011 and is reported', async () => {
    const probe = await start();
    const { client } = await open(`${probe.server.wsUrl}/stream?key=a`);
    const code = new Promise<number>((resolve) => client.once('close', resolve));
    client.send('crash');
    expect(await code).toBe(1011);
    expect(probe.errors).toEqual([new Error('stream bug')]);
  });
});

test('close ends open streams and idle connections and closes the dialect', async () => {
  const probe = await start();
  const { client } = await open(`${probe.server.wsUrl}/stream?key=a`);
  await (await fetch(probe.server.url)).text();
  const gone = new Promise((resolve) => client.once('close', resolve));
  await servers.pop()?.close();
  await gone;
  expect(probe.dialectClosed).toBe(true);
  await expect(fetch(probe.server.url)).rejects.toThrow();
});
