/** What an account must be like before it may trade. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import type { AccountEvent } from '../../src/ports/venue.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { createCcxtVenue } from '../../src/venues/ccxt-venue.ts';
import { connectAccount } from '../../src/venues/connect.ts';
import { hostsTo } from '../../src/venues/registry.ts';
import { BTC, CREDENTIALS, startWorld, until, type World } from './world.ts';

describe('a Binance account', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld('binance');
  });
  afterEach(() => world.close());

  it('fees-in-another-coin: one that pays fees in BNB is refused, because they would be booked as USDT', async () => {
    const venue = await world.venue();
    const listed = await venue.instruments();
    if (!listed.ok) throw new Error(listed.detail);
    const setup = { instruments: listed.value, leverage: 3 };
    world.intercept = ({ path }) =>
      path === '/fapi/v1/feeBurn'
        ? { status: 200, body: '{"feeBurn":true}', headers: { 'content-type': 'application/json' } }
        : 'pass';
    expect(await venue.prepare(setup)).toMatchObject({ ok: false, code: 'fee_currency' });
    world.intercept = () => 'pass';
    expect(await venue.prepare(setup)).toMatchObject({ ok: true });
  });

  it('listen-key-ends: the key of the private stream is renewed, and asked for anew when that fails; fills are told then', async () => {
    // ccxt renews every 20 minutes of real time.
    const facts = { ...world.facts, options: { ...world.facts.options, listenKeyRefreshRate: 50 } };
    const { clock, ioClock, activity, budget } = world;
    const hosts = hostsTo(facts, world.server.url);
    const shared = { facts, clock, ioClock, activity, budget, hosts };
    const connection = await connectAccount({ ...shared, credentials: CREDENTIALS });
    const venue = createCcxtVenue({ connection, route: 'live', clock, ioClock, random: createSeededRandom(1) });
    const said: AccountEvent[] = [];
    const count = (line: string): number => world.requests.filter((each) => each === line).length;
    try {
      venue.subscribe((event) => said.push(event));
      await until('renewed', () => count('PUT /fapi/v1/listenKey') >= 2);
      expect(count('POST /fapi/v1/listenKey')).toBe(1);
      world.intercept = ({ method, path }) =>
        method === 'PUT' && path === '/fapi/v1/listenKey'
          ? { status: 400, body: '{"code":-1125,"msg":"This listenKey does not exist."}', headers: {} }
          : 'pass';
      await until('a new key', () => count('POST /fapi/v1/listenKey') >= 2);
      world.intercept = () => 'pass';
      await until('up again', () => said.findLast((event) => event.kind === 'stream')?.status === 'up');
      const market = { symbol: BTC, side: 'buy', type: 'market', tif: 'IOC', reduceOnly: false } as const;
      world.exchange.place(world.account, { ...market, contracts: contracts('0.01') });
      await until('told', () => said.some((event) => event.kind === 'fill'));
    } finally {
      await venue.close();
    }
  });
});
