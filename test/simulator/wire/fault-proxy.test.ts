import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../../src/platform/system-clock.ts';
import { createSimClock } from '../../../src/simulator/clock.ts';
import type { WireDialect, WireRequest, WireSocket } from '../../../src/simulator/wire/dialect.ts';
import { createFaultProxy, type FrameFault, type RequestFault } from '../../../src/simulator/wire/fault-proxy.ts';
import { startWireServer, type WireServer } from '../../../src/simulator/wire/server.ts';
import { type Trouble, troubleOf } from '../../../src/simulator/wire/troubles.ts';
import { factsOf } from '../../../src/venues/registry.ts';
import { VENUES } from '../../venues/world.ts';

let server: WireServer;
afterEach(() => server?.close());

async function start() {
  const clock = createSimClock(1_000);
  const seen: WireRequest[] = [];
  const sockets: WireSocket[] = [];
  const dialect: WireDialect = {
    handle: (request) => {
      seen.push(request);
      return { status: 200, body: `{"n":${seen.length}}` };
    },
    connect: (_path, socket) => {
      sockets.push(socket);
      return { receive: () => undefined, closed: () => undefined };
    },
    close: () => undefined,
  };
  const proxy = createFaultProxy({ dialect, clock, ioClock: systemClock() });
  server = await startWireServer({ dialect: proxy.dialect, intercept: proxy.intercept });
  return { proxy, clock, seen, sockets, url: server.url };
}

const ask = async (url: string): Promise<string> => {
  try {
    const response = await fetch(url, { method: 'POST', body: 'x' });
    return `${response.status} ${await response.text()}`;
  } catch {
    return 'lost';
  }
};

describe('requests', () => {
  it('without a rule everything passes untouched', async () => {
    const { proxy, seen, url } = await start();
    expect(await ask(url)).toBe('200 {"n":1}');
    expect([seen.length, proxy.struck()]).toEqual([1, 0]);
  });

  it.each<[string, RequestFault, string, number]>([
    ['lost before', { kind: 'lose_request' }, 'lost', 0],
    ['lost after', { kind: 'lose_reply' }, 'lost', 1],
    ['answered by the gateway', { kind: 'answer', response: { status: 503, body: 'no' } }, '503 no', 0],
    ['distorted', { kind: 'distort', edit: ({ body }) => ({ status: 200, body: `${body}!` }) }, '200 {"n":1}!', 1],
    ['late', { kind: 'answer_late', afterMs: 30 }, '200 {"n":1}', 1],
  ])('%s: what the client hears and what took effect', async (_what, fault, heard, effects) => {
    const { proxy, seen, url } = await start();
    proxy.onRequests({ matches: ({ method }) => method === 'POST', fault, times: 1 });
    expect(await ask(url)).toBe(heard);
    expect([seen.length, proxy.struck()]).toEqual([effects, 1]);
    expect(await ask(url)).toMatch(/^200/);
  });

  it('accepted late: lost now, in effect once the venue’s time has come', async () => {
    const { proxy, clock, seen, url } = await start();
    proxy.onRequests({ matches: () => true, fault: { kind: 'accept_late', afterMs: 500 }, times: 1 });
    expect(await ask(url)).toBe('lost');
    clock.advanceTo(1_499);
    expect(seen).toEqual([]);
    clock.advanceTo(1_500);
    expect(seen).toHaveLength(1);
  });

  it('skips and counts, and strikes nobody once healed', async () => {
    const { proxy, url } = await start();
    proxy.onRequests({ matches: () => true, fault: { kind: 'lose_reply' }, skip: 1, times: 1 });
    expect([await ask(url), await ask(url), await ask(url)]).toEqual(['200 {"n":1}', 'lost', '200 {"n":3}']);
    proxy.onRequests({ matches: () => true, fault: { kind: 'lose_reply' } });
    expect(await ask(url)).toBe('lost');
    proxy.heal();
    expect(await ask(url)).toBe('200 {"n":5}');
  });
});

describe('frames', () => {
  it.each<[string, FrameFault, readonly string[]]>([
    ['lost', { kind: 'lose' }, ['b']],
    ['twice', { kind: 'twice' }, ['a', 'a', 'b']],
    ['late', { kind: 'late', afterMs: 200 }, ['b', 'a']],
    ['distorted', { kind: 'distort', edit: (frame) => [frame, `${frame}!`] }, ['a', 'a!', 'b']],
  ])('%s', async (_what, fault, expected) => {
    const { proxy, clock, sockets } = await start();
    proxy.onFrames({ matches: ({ frame, path }) => frame === 'a' && path === '/stream', fault });
    const client = new WebSocket(`${server.wsUrl}/stream`);
    const heard: string[] = [];
    client.on('message', (data) => heard.push(data.toString()));
    await new Promise((resolve) => client.once('open', resolve));
    sockets[0]?.send('a');
    sockets[0]?.send('b');
    clock.advanceTo(1_300);
    await expect.poll(() => heard).toEqual(expected);
    client.terminate();
  });
});

describe('what gateways say', () => {
  const CODED: readonly Trouble[] = ['unknown_execution', 'backend_timeout', 'overload', 'duplicate_id', 'key_revoked'];

  it.each(VENUES)('%s: every trouble has words, and the adapter reads the venue’s code in them', (venue) => {
    const facts = factsOf(venue);
    for (const trouble of CODED) {
      const said = troubleOf(venue, trouble);
      if (!said || !facts) throw new Error(`${venue} ${trouble}`);
      expect(facts.errorCode(JSON.parse(said.body)), trouble).toMatch(/^-?\d+$/);
    }
    expect(() => JSON.parse(troubleOf(venue, 'malformed')?.body ?? '')).toThrow();
    expect(troubleOf('nowhere', 'html')).toBeUndefined();
  });
});
