/** How long an order takes to its acknowledgement, beside plain ccxt with its default limiter on the same server. */
import type { Exchange as Ccxt } from 'ccxt';
import { base, px } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { perpetualOf } from '../../src/simulator/market/venue-profiles.ts';
import { connectOurs, connectPlain, prepare, startVenue, VENUE_NAMES, type VenueName } from './emulated-venue.ts';
import { type Bench, check, type Figure, num, p50, sleep, spread, verdict } from './result.ts';

/** Both venues list it in whole and tenth units; the limit does not cross, so the IOC ends without a fill. */
const ASSET = 'SOL';
const SYMBOL = perpetualOf(ASSET);
const TARGET = 0.1;
/** Before every measurement, so that each starts from idle. */
const IDLE_MS = 400;

interface Case {
  readonly what: string;
  ours(venue: Venue, key: string): Promise<number>;
  plain(client: Ccxt): Promise<number>;
}

let ids = 0;
/** 18 characters of [a-z0-9], as the bot's own. */
const nextId = (): string => `tb${(++ids).toString(36).padStart(16, '0')}`;

async function submit(venue: Venue, key: string): Promise<void> {
  const order: OrderRequest = {
    clientOrderId: nextId(),
    key,
    side: 'buy',
    quantity: base('1'),
    limitPrice: px('99'),
    style: 'ioc',
    reduceOnly: false,
  };
  const outcome = await venue.submit(order, 'open');
  check(outcome.kind === 'acked', `order was ${JSON.stringify(outcome)}`);
}

async function plainOrder(client: Ccxt): Promise<void> {
  const params = { timeInForce: 'IOC', clientOrderId: nextId() };
  const order = await client.createOrder(SYMBOL, 'limit', 'buy', 1, 99, params);
  check(order.id, 'plain ccxt placed no order');
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}

const CASES: readonly Case[] = [
  {
    what: 'an order after idle',
    ours: (venue, key) => timed(() => submit(venue, key)),
    plain: (client) => timed(() => plainOrder(client)),
  },
  {
    what: 'two legs on one venue',
    ours: (venue, key) => timed(() => Promise.all([submit(venue, key), submit(venue, key)])),
    plain: (client) => timed(() => Promise.all([plainOrder(client), plainOrder(client)])),
  },
  {
    what: 'an order behind a funding poll',
    ours: async (venue, key) => {
      const poll = venue.payments(Date.now() - HOUR_MS);
      const tookMs = await timed(() => submit(venue, key));
      check((await poll).ok, 'the poll failed');
      return tookMs;
    },
    plain: async (client) => {
      const poll = client.fetchFundingHistory(SYMBOL);
      const tookMs = await timed(() => plainOrder(client));
      await poll;
      return tookMs;
    },
  },
];

async function measure(name: VenueName, smoke: boolean): Promise<Figure[]> {
  const server = await startVenue(name, systemClock(), [ASSET]);
  const ours = await connectOurs(server);
  try {
    const plain = await connectPlain(server);
    const key = instrumentKey(name, SYMBOL);
    await prepare(ours);
    await submit(ours, key);
    await plainOrder(plain);
    const figures: Figure[] = [];
    for (const each of CASES) {
      const a: number[] = [];
      const b: number[] = [];
      for (let i = 0; i < (smoke ? 2 : 12); i += 1) {
        await sleep(IDLE_MS);
        a.push(await each.ours(ours, key));
        await sleep(IDLE_MS);
        b.push(await each.plain(plain));
      }
      const ratio = p50(a) / p50(b);
      figures.push({
        what: `${name}: ${each.what}`,
        measured: spread(a),
        against: `ccxt ${spread(b)}`,
        ratio: num(ratio),
        // ccxt's default on OKX is fast already: told, not judged.
        ...(name === 'okx' ? {} : { target: `<= ${TARGET}`, verdict: verdict(ratio <= TARGET) }),
      });
    }
    return figures;
  } finally {
    await ours.close();
    await server.close();
  }
}

export const orderPath: Bench = {
  name: 'order-path',
  run: async ({ smoke }) => {
    const figures: Figure[] = [];
    for (const name of VENUE_NAMES) figures.push(...(await measure(name, smoke)));
    return {
      name: 'order-path',
      about:
        'From the call to the acknowledgement, emulated venues over loopback HTTP, the production adapter with its request ' +
        'budget and plain ccxt with its default limiter in turns on one server, p50 compared.',
      figures,
    };
  },
};
