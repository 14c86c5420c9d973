/** What a whole account can suffer on each venue: lies, silence, refusals, a wrong clock, a lost key. */
import { afterEach, describe, expect, it } from 'vitest';
import type { WireRequest } from '../../src/simulator/wire/dialect.ts';
import { type Trouble, troubleOf } from '../../src/simulator/wire/troubles.ts';
import { VENUES } from '../venues/world.ts';
import { isReadOf, isSigned, withRows } from './rows.ts';
import { isOrderOf, WireWorld } from './world.ts';

const isReduceOnly = ({ query, body }: WireRequest): boolean => /reduceOnly"?[=:]"?true/.test(`${query} ${body}`);
const FULL_PAGE = { binance: 1_000, bybit: 100, okx: 100 };

describe.each(VENUES)('the account on %s', { timeout: 90_000 }, (name) => {
  let world: WireWorld;
  afterEach(() => world.close());

  const said = (trouble: Trouble) => {
    const response = troubleOf(name, trouble);
    if (!response) throw new Error(trouble);
    return { kind: 'answer', response } as const;
  };
  const held = async (): Promise<void> => {
    await world.opened();
    await world.settled();
  };
  const positions = (): string[] => world.sites.map((site) => world.position(site));
  const ordersSoFar = (): number[] => world.sites.map(({ arrived }) => arrived.length);

  it('fault-17-second-leg-refused-for-margin-for-good: the other leg is unwound', async () => {
    world = await WireWorld.open(name);
    const isOrder = isOrderOf(name);
    world.under.proxy.onRequests({
      matches: (request) => isOrder(request) && !isReduceOnly(request),
      fault: said('insufficient_margin'),
    });
    await world.until('the entry is over', () => ['closed', 'aborted'].includes(world.hedges[0]?.state ?? ''), 90_000);
    await world.operator({ action: 'pause' });
    await world.settled();
    expect(positions()).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-17-second-leg-refused-for-margin-once: half of it is tried, and the other leg trimmed to that', async () => {
    world = await WireWorld.open(name);
    const isOrder = isOrderOf(name);
    world.under.proxy.onRequests({
      matches: (request) => isOrder(request) && !isReduceOnly(request),
      fault: said('insufficient_margin'),
      times: 1,
    });
    await world.until('the entry is over', () => ['held', 'closed'].includes(world.hedges[0]?.state ?? ''), 90_000);
    await world.operator({ action: 'pause' });
    await world.settled();
    const [hedge] = world.hedges;
    expect(hedge?.state).toBe('held');
    const planned = hedge?.plan.quantity.toNumber() ?? 0;
    expect(hedge?.long.holding.quantity.toNumber()).toBeLessThanOrEqual(planned / 2);
    expect(hedge?.long.holding.quantity.toNumber()).toBe(-(hedge?.short.holding.quantity.toNumber() ?? 0));
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-18-second-leg-unknown-and-its-venue-unreachable: held and alarmed, resolved once it answers', async () => {
    world = await WireWorld.open(name);
    const { proxy, arrived } = world.under;
    await world.ready();
    proxy.onRequests({ matches: isOrderOf(name), fault: { kind: 'lose_reply' }, times: 1 });
    proxy.onRequests({
      matches: (request) => arrived.length > 0 && isSigned(request),
      fault: { kind: 'lose_request' },
    });
    proxy.onFrames({ matches: () => true, fault: { kind: 'lose' } });
    world.under.silent = true;
    await world.operator({ action: 'resume' });
    await world.until('the order arrives', () => arrived.length > 0, 4_000);
    await world.run(20_000);
    expect(world.alarmed('order_unknown')).toBe(true);
    expect(arrived, 'nothing is sent beside an unresolved order').toHaveLength(1);
    proxy.heal();
    world.under.silent = false;
    await world.settled();
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-28-empty-positions-with-200: not flat, nothing is sold for it', async () => {
    world = await WireWorld.open(name);
    await held();
    const before = { positions: positions(), orders: ordersSoFar() };
    world.under.proxy.onRequests({
      matches: isReadOf(name, 'positions'),
      fault: { kind: 'distort', edit: (reply) => withRows(reply, () => []) },
    });
    await world.run(90_000);
    expect(world.under.proxy.struck()).toBeGreaterThan(1);
    expect(world.states).toBe('held');
    expect({ positions: positions(), orders: ordersSoFar() }).toEqual(before);
    world.under.proxy.heal();
    await world.settled();
    expect(world.wrongs()).toEqual([]);
    expect([...world.core.ledger.discrepancies.values()]).toEqual([]);
  });

  it('fault-29-fills-cut-at-a-full-page: a full page is unknown, so nothing opens until it can be read whole', async () => {
    world = await WireWorld.open(name);
    await held();
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'flatten' });
    await world.settled();
    let first: unknown;
    const fill = (rows: readonly unknown[]): readonly unknown[] => {
      first ??= rows[0];
      return first === undefined ? rows : Array.from({ length: FULL_PAGE[name] }, () => first);
    };
    world.under.proxy.onRequests({
      matches: isReadOf(name, 'fills'),
      fault: { kind: 'distort', edit: (reply) => withRows(reply, fill) },
    });
    const isBlocked = () => world.core.accounts.get(`live|${name}`)?.status === 'unreconciled';
    await world.until('the account counts as unreconciled', isBlocked, 600_000);
    const before = ordersSoFar();
    await world.operator({ action: 'resume' });
    await world.run(90_000);
    expect(ordersSoFar()).toEqual(before);
    world.under.proxy.heal();
    await world.until('it opens again', () => world.states === 'closed held', 300_000);
    await world.settled();
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-30-venue-down-while-hedged: both legs stay, an alarm is raised, and it goes on afterwards', async () => {
    world = await WireWorld.open(name);
    await held();
    const before = positions();
    const orders = ordersSoFar();
    world.under.silent = true;
    world.under.proxy.onRequests({ matches: () => true, fault: { kind: 'lose_request' } });
    world.under.proxy.onFrames({ matches: () => true, fault: { kind: 'lose' } });
    await world.run(180_000);
    expect(world.alarmed('venue_down')).toBe(true);
    expect({ positions: positions(), orders: ordersSoFar() }).toEqual({ positions: before, orders });
    expect(world.states).toBe('held');
    world.under.proxy.heal();
    world.under.silent = false;
    await world.settled();
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'flatten' });
    await world.settled();
    expect(positions()).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-30-venue-down-while-exiting: no naked exit while it is down, flat afterwards', async () => {
    world = await WireWorld.open(name);
    await held();
    const before = positions();
    await world.operator({ action: 'pause' });
    world.under.silent = true;
    world.under.proxy.onRequests({ matches: () => true, fault: { kind: 'lose_request' } });
    world.under.proxy.onFrames({ matches: () => true, fault: { kind: 'lose' } });
    // Until its data is stale: nobody would send half an exit then.
    await world.run(10_000);
    await world.operator({ action: 'close', hedge: world.hedges[0]?.id ?? '' });
    await world.run(30_000);
    expect(positions()).toEqual(before);
    expect(world.states).toBe('exiting');
    world.under.proxy.heal();
    world.under.silent = false;
    await world.settled();
    expect(positions()).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it.each([-40_000, 40_000])('fault-49-clock-%i-ms-off-at-start: nothing opens until it is right', async (skewMs) => {
    world = await WireWorld.open(name, { skewMs });
    await world.run(60_000);
    expect(ordersSoFar()).toEqual([0, 0]);
    world.skewMs = 0;
    await world.until('a held hedge', () => world.states.endsWith('held'), 3_600_000);
    await world.settled();
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-49-clock-slips-while-hedged: both legs stay until it is right again', async () => {
    world = await WireWorld.open(name);
    await held();
    const before = positions();
    world.skewMs = -40_000;
    await world.run(120_000);
    expect(positions()).toEqual(before);
    expect(world.states).toBe('held');
    world.skewMs = 0;
    await world.settled();
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-56-key-revoked-while-hedged: held and alarmed, never taken for flat', async () => {
    world = await WireWorld.open(name);
    await held();
    const before = { positions: positions(), orders: ordersSoFar() };
    world.under.proxy.onRequests({ matches: isSigned, fault: said('key_revoked') });
    await world.run(120_000);
    expect(world.states).toBe('held');
    expect({ positions: positions(), orders: ordersSoFar() }).toEqual(before);
    expect(world.alarms.some(({ subject }) => subject === `live|${name}`)).toBe(true);
    expect(world.core.accounts.get(`live|${name}`)?.status).toBe('unreconciled');
    world.under.proxy.heal();
    await world.settled();
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-53-key-of-another-environment: the account is refused, told about, and nothing is ever sent', async () => {
    world = await WireWorld.open(name);
    world.under.proxy.onRequests({ matches: isSigned, fault: said('wrong_environment') });
    await world.run(60_000);
    expect(ordersSoFar()).toEqual([0, 0]);
    expect(positions()).toEqual(['0', '0']);
    const account = world.core.accounts.get(`live|${name}`);
    expect(account?.status).toBe('booting');
    expect(account?.reason).toMatch(/-2015|10003|50101/);
    expect(world.alarms.some(({ subject }) => subject === `live|${name}`)).toBe(true);
  });
});
