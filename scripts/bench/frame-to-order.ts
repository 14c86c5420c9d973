/** From the bytes of the frame that makes an opportunity pass to the first order byte, through the production path. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { type Bench, check, num, p50, sleep, spread, until, verdict } from './result.ts';
import { startTradingWorld, type TradingWorld } from './trading-world.ts';

const TARGET = 2.5;
const PAGE = Buffer.alloc(4096, 7);
/** Bybit takes ten orders a second; a round is two there. */
const PAUSE_MS = 500;

/** Watches this process's sockets: what comes in from a venue, and the first byte of an order that goes out. */
interface Wire {
  arm(): void;
  readonly frameAt: number | undefined;
  readonly orderAt: number | undefined;
  restore(): void;
}

type Push = (this: Socket, chunk: unknown, encoding?: BufferEncoding) => boolean;
type Write = (this: Socket, ...args: unknown[]) => boolean;

function watchSockets(ports: ReadonlySet<number>): Wire {
  const prototype = Socket.prototype as unknown as { push: Push; write: Write };
  const { push, write } = prototype;
  let frameAt: number | undefined;
  let orderAt: number | undefined;
  prototype.push = function (chunk, encoding) {
    if (frameAt === undefined && chunk !== null && ports.has(this.remotePort ?? 0)) frameAt = performance.now();
    return push.call(this, chunk, encoding);
  };
  prototype.write = function (...args) {
    const isOrder = orderAt === undefined && typeof args[0] === 'string' && ORDER.test(args[0]);
    const written = write.apply(this, args);
    // A connected socket hands its bytes to the kernel before `write` returns.
    if (isOrder && ports.has(this.remotePort ?? 0)) orderAt = performance.now();
    return written;
  };
  return {
    arm: () => {
      frameAt = undefined;
      orderAt = undefined;
    },
    get frameAt() {
      return frameAt;
    },
    get orderAt() {
      return orderAt;
    },
    restore: () => {
      prototype.push = push;
      prototype.write = write;
    },
  };
}

const ORDER = /^POST \/(?:fapi\/v1\/order\b|v5\/order\/create\b)/;

async function round(world: TradingWorld, wire: Wire): Promise<number> {
  world.calm();
  await sleep(PAUSE_MS);
  wire.arm();
  world.pay();
  await until('an order left', () => wire.orderAt !== undefined);
  const { frameAt, orderAt } = wire;
  check(frameAt !== undefined && orderAt !== undefined && frameAt < orderAt, 'no frame before the order');
  await until('held', () => [...world.engine.core.ledger.hedges.values()].some(({ state }) => state === 'held'));
  world.calm();
  await sleep(50);
  await world.flatten();
  return orderAt - frameAt;
}

export const frameToOrder: Bench = {
  name: 'frame-to-order',
  run: async ({ smoke }) => {
    const world = await startTradingWorld();
    const wire = watchSockets(new Set(world.venues.map(({ server }) => server.port)));
    const file = openSync(join(world.folder, 'bare'), 'w');
    const agent = new Agent({ keepAlive: true });
    const url = `${world.venues[0]?.server.url}/fapi/v1/ping`;
    const path: number[] = [];
    const sync: number[] = [];
    const trip: number[] = [];
    try {
      writeSync(file, PAGE, 0, PAGE.length, 0);
      fdatasyncSync(file);
      const rounds = smoke ? 3 : 40;
      // The first rounds compile the path.
      const warmUp = smoke ? 1 : 5;
      for (let i = 0; i < rounds + warmUp; i += 1) {
        const tookMs = await round(world, wire);
        // From the same idle as the path: caches and the processor's clock count for both.
        await sleep(PAUSE_MS);
        const from = performance.now();
        writeSync(file, PAGE, 0, PAGE.length, 0);
        fdatasyncSync(file);
        const synced = performance.now();
        await get(agent, url);
        const answered = performance.now();
        if (i < warmUp) continue;
        path.push(tookMs);
        sync.push(synced - from);
        trip.push(answered - synced);
      }
    } finally {
      closeSync(file);
      wire.restore();
      agent.destroy();
      await world.close();
    }
    const bare = sync.map((each, i) => each + (trip[i] ?? 0));
    const ratio = p50(path) / p50(bare);
    return {
      name: 'frame-to-order',
      about:
        'From the socket that receives the market frame which makes a pair pay to the first byte of the first order handed ' +
        'to the kernel: feed, engine, risk, plan, durable commit, venue adapter, signing. Compared with one 4 KiB overwrite + ' +
        'fdatasync and one bare keep-alive request to the same server, each after the same idle time.',
      figures: [
        {
          what: 'frame to first order byte',
          measured: spread(path),
          against: `${spread(bare)} = fdatasync ${spread(sync)} + request ${spread(trip)}`,
          ratio: num(ratio),
          target: `<= ${TARGET}`,
          verdict: verdict(ratio <= TARGET),
        },
      ],
    };
  },
};

function get(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    sent.on('error', reject);
    sent.end();
  });
}
