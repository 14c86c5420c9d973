/** What a venue says about too many requests, in its own words, and what leaves afterwards. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { base, px } from '../../src/kernel/decimal.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import type { Venue } from '../../src/ports/venue.ts';
import type { WireResponse } from '../../src/simulator/wire/dialect.ts';
import { orderOf, setUp, startWorld, VENUES, type VenueName, type World } from './world.ts';

let world: World;
let venue: Venue;
let sequence = 0;

const open = async (name: VenueName) => {
  world = await startWorld(name);
  venue = await world.venue({ timeoutMs: 20_000 });
  await setUp(venue);
  expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'acked' });
};
const order = (change: Partial<OrderRequest> = {}) =>
  orderOf(world, `pace${(sequence++).toString(36).padStart(5, '0')}`, change);
const reduction = () => order({ side: 'sell', limitPrice: px('49990'), quantity: base('0.001'), reduceOnly: true });
/** Answers the next request so, and only that one. */
const once = (answer: WireResponse) => {
  world.intercept = () => {
    world.intercept = () => 'pass';
    return answer;
  };
};
/** Venue ms from now until a read gets through. */
const readDelay = async () => {
  const from = world.clock.now();
  let read = await venue.balance();
  while (!read.ok && read.code === 'budget_wait') read = await venue.balance();
  expect(read).toMatchObject({ ok: true });
  return world.clock.now() - from;
};

afterEach(() => world.close());

describe.each(VENUES)('%s', (name) => {
  beforeEach(() => open(name));

  const throttle: Readonly<Record<VenueName, WireResponse>> = {
    binance: { status: 429, body: '{"code":-1003,"msg":"Too many requests."}', headers: { 'retry-after': '17' } },
    bybit: { status: 200, body: '{"retCode":10006,"retMsg":"Too many visits.","result":{},"time":1}' },
    okx: { status: 429, body: '{"code":"50011","msg":"Rate limit reached.","data":[]}' },
  };

  it('fault-07-throttled-read: it backs the whole venue off, lookups and reductions go on', async () => {
    once(throttle[name]);
    expect(await venue.positions('poll')).toMatchObject({ ok: false, code: 'rate_limited' });
    const at = world.clock.now();
    expect(await venue.submit(reduction(), 'reduce')).toMatchObject({ kind: 'acked' });
    expect(await venue.lookup(order(), 'reduce')).toEqual({ kind: 'not_found' });
    expect(world.clock.now() - at).toBeLessThan(500);
    expect(await readDelay()).toBeGreaterThanOrEqual(name === 'binance' ? 16_000 : 250);
  });

  const ban: Readonly<Record<VenueName, WireResponse>> = {
    binance: { status: 418, body: '{"code":-1003,"msg":"Way too many requests; IP banned until BAN."}' },
    bybit: { status: 403, body: 'access too frequent' },
    okx: { status: 403, body: '<html><body>403 Forbidden</body></html>' },
  };

  it('fault-07-ban: nothing reaches the venue before it is over', async () => {
    const answer = ban[name];
    const forMs = { binance: 7, bybit: 10, okx: 1 }[name] * MINUTE_MS;
    const from = world.clock.now();
    once({ ...answer, body: answer.body.replace('BAN', String(from + forMs)) });
    expect(await venue.positions('reduce')).toMatchObject({ ok: false, code: 'venue_banned' });
    world.requests.length = 0;
    const arrivals: number[] = [];
    world.intercept = () => {
      arrivals.push(world.clock.now());
      return 'pass';
    };
    const results = await Promise.all([
      venue.submit(reduction(), 'reduce'),
      venue.lookup(order(), 'reduce'),
      venue.submit(order(), 'open'),
      venue.balance(),
    ]);
    expect(results).toMatchObject([
      { kind: 'acked' },
      { kind: 'not_found' },
      { kind: 'rejected', code: 'budget_wait' },
      { ok: false, code: 'budget_wait' },
    ]);
    expect(Math.min(...arrivals)).toBeGreaterThan(from + forMs);
  });
});

describe('binance', () => {
  beforeEach(() => open('binance'));

  it('fault-06-overload: opens stop; reductions and reads, which the venue exempts, go on', async () => {
    const msg = 'Request throttled by system-level protection. Reduce-only/close-position orders are exempt.';
    once({ status: 503, body: JSON.stringify({ code: -1008, msg }) });
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'rejected', code: 'venue_-1008' });
    const at = world.clock.now();
    expect(await venue.submit(reduction(), 'reduce')).toMatchObject({ kind: 'acked' });
    expect(await readDelay()).toBe(0);
    expect(world.clock.now()).toBe(at);
    expect(await venue.submit(order(), 'open')).toMatchObject({ kind: 'acked' });
    expect(world.clock.now() - at).toBeGreaterThanOrEqual(750);
  });

  it('fault-07-shared-limits: what others at this address, or this bot before a restart, have used is heeded', async () => {
    const depth = new URL('/fapi/v1/depth?symbol=BTCUSDT&limit=1000', world.server.url);
    for (let used = 0; used < 1_900; used += 20) expect((await fetch(depth)).status).toBe(200);
    expect(await venue.balance()).toMatchObject({ ok: true });
    const asked = Array.from({ length: 480 }, () => venue.lookup(order(), 'reduce'));
    const opening = venue.submit(order(), 'open');
    const said = (await Promise.all(asked)).map((each) => (each.kind === 'failed' ? each.code : each.kind));
    expect([...new Set(said)]).toEqual(['not_found']);
    // What the reserve would have had to pay for.
    expect(await opening).toMatchObject({ kind: 'rejected', code: 'budget_wait' });
  }, 30_000);

  it('fault-07-own-limits: the venue that is asked as fast as the budget allows never says 429', async () => {
    const at = world.clock.now();
    const asked = Array.from({ length: 250 }, () => venue.lookup(order(), 'reduce'));
    const said = (await Promise.all(asked)).map((each) => (each.kind === 'failed' ? each.code : each.kind));
    expect([...new Set(said)]).toEqual(['not_found']);
    expect(world.clock.now()).toBeGreaterThan(at + 30_000);
  }, 30_000);
});
