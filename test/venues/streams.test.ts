/** Private streams that die in ways a socket does not tell. */
import { NetworkError } from 'ccxt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountEvent, Venue } from '../../src/ports/venue.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { createCcxtVenue } from '../../src/venues/ccxt-venue.ts';
import { connectAccount } from '../../src/venues/connect.ts';
import { Liveness } from '../../src/venues/liveness.ts';
import { hostsTo } from '../../src/venues/registry.ts';
import { CREDENTIALS, orderOf, setUp, startWorld, until, VENUES, type World } from './world.ts';

/** As ccxt's own client of one connection ends. */
interface CcxtConnection {
  onError(error: unknown): void;
  onClose(event: unknown): void;
}

describe.each(VENUES)('the private stream of %s', (name) => {
  let world: World;
  let venue: Venue;
  let events: AccountEvent[];
  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue({ keepAliveMs: 100 });
    events = [];
    await setUp(venue);
    venue.subscribe((event) => events.push(event));
    await until('stream up', () => ups() === 1);
  });
  afterEach(() => world.close());

  const ups = () => events.filter((event) => event.kind === 'stream' && event.status === 'up').length;
  const downs = () => events.filter((event) => event.kind === 'stream' && event.status === 'down').length;

  it('fault-24-silent-but-open: is cut, told as down, connected anew, and delivers what comes afterwards', async () => {
    world.server.stallStreams();
    await until('stream up again', () => ups() === 2);
    expect(downs()).toBe(1);
    await venue.submit(orderOf(world, `str${name}1`), 'open');
    await until('fill', () => events.some((event) => event.kind === 'fill'));
  });

  it('a quiet stream whose peer answers pings is left alone', async () => {
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect([ups(), downs()]).toEqual([1, 0]);
  });

  it('fault-25-reconnect-storm: a venue that cuts every connection is met with growing pauses', async () => {
    const at = performance.now();
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      world.server.dropStreams();
      await until('down', () => downs() === cuts);
      await until('up again', () => ups() === cuts + 1);
    }
    // At least a quarter, a half and one second.
    expect(performance.now() - at).toBeGreaterThan(1_750);
  }, 15_000);

  it('fault-25-after-a-quiet-day: a connection that held for long is no failure in a row', async () => {
    const shared = { facts: world.facts, clock: world.clock, activity: world.activity, budget: world.budget };
    const pauses: number[] = [];
    let shiftMs = 0;
    const ioClock = {
      now: () => world.ioClock.now(),
      monotonicMs: () => world.ioClock.monotonicMs() + shiftMs,
      after: (delayMs: number, fire: () => void) => {
        pauses.push(delayMs);
        return world.ioClock.after(Math.min(delayMs, 50), fire);
      },
    };
    const hosts = hostsTo(world.facts, world.server.url);
    const connection = await connectAccount({ ...shared, ioClock: world.ioClock, hosts, credentials: CREDENTIALS });
    const second = createCcxtVenue({ ...shared, connection, route: 'live', ioClock, random: createSeededRandom(1) });
    const told: AccountEvent[] = [];
    const count = (status: 'up' | 'down') =>
      told.filter((event) => event.kind === 'stream' && event.status === status).length;
    try {
      await setUp(second);
      second.subscribe((event) => told.push(event));
      await until('up', () => count('up') === 1);
      for (let cuts = 1; cuts <= 5; cuts += 1) {
        pauses.length = 0;
        if (cuts === 5) shiftMs = 3_600_000;
        world.server.dropStreams();
        await until('down', () => count('down') === cuts);
        await until('up again', () => count('up') === cuts + 1);
        if (cuts === 4) expect(Math.max(...pauses)).toBeGreaterThanOrEqual(2_000);
        if (cuts === 5) expect(Math.max(...pauses)).toBeLessThanOrEqual(500);
      }
    } finally {
      await second.close();
    }
  }, 15_000);

  it('fault-24-late-close: a connection that failed is told once, however late its close comes', async () => {
    const { facts, clock, ioClock, activity, budget } = world;
    const hosts = hostsTo(facts, world.server.url);
    const connection = await connectAccount({
      facts,
      clock,
      ioClock,
      activity,
      budget,
      hosts,
      credentials: CREDENTIALS,
    });
    const second = createCcxtVenue({ connection, route: 'live', clock, ioClock, random: createSeededRandom(1) });
    const told: string[] = [];
    try {
      await setUp(second);
      second.subscribe((event) => event.kind === 'stream' && told.push(event.status));
      await until('up', () => told.length === 1);
      const { clients } = connection.client as unknown as { readonly clients: Record<string, CcxtConnection> };
      const [, socket] = Object.entries(clients).find(([url]) => url.startsWith('ws')) ?? [];
      if (socket === undefined) throw new Error('no stream is open');
      // ccxt's own check of pings says so first, and closes; a dead peer lets `ws` wait half a minute for that.
      socket.onError(new NetworkError('ping-pong'));
      await until('up again', () => told.length === 3);
      socket.onClose({});
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(told).toEqual(['up', 'down', 'up']);
    } finally {
      await second.close();
    }
  });

  it('a peer that is gone does not hold up the end', async () => {
    world.server.stallStreams();
    const at = performance.now();
    await venue.close();
    expect(performance.now() - at).toBeLessThan(2_500);
  });
});

describe('frames that are not about perpetuals', () => {
  let world: World;
  let venue: Venue;
  let events: AccountEvent[];
  const start = async (name: 'bybit' | 'okx' | 'binance') => {
    world = await startWorld(name);
    venue = await world.venue();
    events = [];
    await setUp(venue);
    venue.subscribe((event) => events.push(event));
    await until('stream up', () => isUp());
  };
  afterEach(() => world.close());

  const isUp = () => events.findLast((event) => event.kind === 'stream')?.status === 'up';
  const fills = () => events.filter((event) => event.kind === 'fill').length;
  const trade = async (id: string) => {
    await venue.submit(orderOf(world, id), 'open');
    await until('fill', () => fills() === 1);
  };

  it('bybit: a spot trade has the name of the perpetual and is not booked', async () => {
    await start('bybit');
    const row = { category: 'spot', symbol: 'BTCUSDT', orderId: '9', orderLinkId: '', side: 'Sell' };
    const execution = {
      execId: 'e9',
      execType: 'Trade',
      execPrice: '100',
      execQty: '1',
      execFee: '0.1',
      isMaker: false,
    };
    const data = [{ ...row, ...execution, execTime: '1767585600000' }];
    world.push(JSON.stringify({ topic: 'execution', id: '1', creationTime: 1, data }));
    const order = { orderStatus: 'Filled', qty: '1', cumExecQty: '1', updatedTime: '1767585600000' };
    world.push(JSON.stringify({ topic: 'order', id: '2', creationTime: 1, data: [{ ...row, ...order }] }));
    await trade('frbybit1');
    const orders = events.flatMap((event) => (event.kind === 'order' ? [event.order.venueOrderId] : []));
    expect(orders).not.toContain('9');
    expect(isUp()).toBe(true);
  });

  it('okx: an order of a market that is not loaded ends no stream for good', async () => {
    await start('okx');
    const order = {
      instType: 'SPOT',
      instId: 'DOGE-USDT',
      ordId: '9',
      clOrdId: '',
      side: 'buy',
      sz: '1',
      state: 'live',
    };
    const none = { tradeId: '', fillPx: '', fillSz: '0', fillFee: '0', fillFeeCcy: '', fillTime: '', execType: '' };
    const data = [
      { ...order, ...none, accFillSz: '0', uTime: '1767585600000', cTime: '1767585600000', ordType: 'limit' },
    ];
    world.push(JSON.stringify({ arg: { channel: 'orders', instType: 'SWAP', uid: '1' }, data }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await until('stream up again', () => isUp());
    await trade('frokx1');
  });

  it.each(['listenKeyExpired', 'a renewal that fails'])(
    'binance: %s ends the connection, and a new one is told as up',
    async (what) => {
      world = await startWorld('binance');
      const facts = { ...world.facts, options: { ...world.facts.options, listenKeyRefreshRate: 200 } };
      const { clock, ioClock, activity, budget } = world;
      const shared = { facts, clock, ioClock, activity, budget, hosts: hostsTo(facts, world.server.url) };
      const connection = await connectAccount({ ...shared, credentials: CREDENTIALS });
      venue = createCcxtVenue({ connection, route: 'live', clock, ioClock, random: createSeededRandom(1) });
      events = [];
      try {
        await setUp(venue);
        venue.subscribe((event) => events.push(event));
        await until('stream up', () => isUp());
        const downs = () => events.filter((event) => event.kind === 'stream' && event.status === 'down').length;
        if (what === 'listenKeyExpired') world.push(JSON.stringify({ e: 'listenKeyExpired', E: 1, listenKey: 'x' }));
        else
          world.intercept = ({ method, path }) =>
            method === 'PUT' && path === '/fapi/v1/listenKey'
              ? { status: 502, body: 'bad gateway', headers: {} }
              : 'pass';
        await until('stream down', () => downs() === 1);
        world.intercept = () => 'pass';
        await until('stream up again', () => isUp());
        await trade('frbin1');
      } finally {
        await venue.close();
      }
    },
  );
});

describe('Liveness', () => {
  const socketOf = () => {
    const socket = {
      url: 'ws://somewhere',
      cut: 0,
      pong: () => undefined as unknown,
      connection: {
        on: (_event: 'pong', heard: () => void) => {
          socket.pong = heard;
        },
        terminate: () => {
          socket.cut += 1;
        },
      },
    };
    return socket;
  };

  it('cuts what neither speaks nor answers for long enough, once', () => {
    const clock = createSimClock(0);
    const liveness = new Liveness(clock, 1_000);
    const socket = socketOf();
    liveness.opened(socket);
    clock.advanceTo(900);
    liveness.heard(socket);
    clock.advanceTo(1_800);
    socket.pong();
    clock.advanceTo(2_799);
    expect(socket.cut).toBe(0);
    clock.advanceTo(2_800);
    expect(socket.cut).toBe(1);
    clock.advanceTo(60_000);
    expect(socket.cut).toBe(1);
  });

  it('forgets connections that ended, and arms nothing for them', () => {
    const clock = createSimClock(0);
    const liveness = new Liveness(clock, 1_000);
    const sockets = [socketOf(), socketOf()];
    for (const socket of sockets) liveness.opened(socket);
    liveness.gone(sockets[0] as never);
    liveness.cut();
    expect(sockets.map(({ cut }) => cut)).toEqual([0, 1]);
    expect(clock.nextTimerAt()).toBeUndefined();
  });
});
