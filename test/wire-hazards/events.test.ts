/** What the private and public streams of each venue can do to what the bot believes. */
import { afterEach, describe, expect, it } from 'vitest';
import { contracts, text } from '../../src/kernel/decimal.ts';
import { fillIdentity } from '../../src/ledger/fold.ts';
import { troubleOf } from '../../src/simulator/wire/troubles.ts';
import { VENUES } from '../venues/world.ts';
import { isAccountFrame, isMarketFrame, isReadOf, repriced, withRows } from './rows.ts';
import { clientIdOf, isOrderOf, SOL, WireWorld } from './world.ts';

/** Entries take three levels of the book: several trades for one order. */
const THIN = { levelSize: '4' };

describe.each(VENUES)('on the streams of %s', { timeout: 90_000 }, (name) => {
  let world: WireWorld;
  afterEach(() => world.close());

  /** How often each trade of the venue was booked. */
  const bookings = (): number[] => {
    const counts = new Map<string, number>();
    for (const fact of world.store.facts) {
      if (fact.kind !== 'fill' || fact.fill.venue !== name) continue;
      const identity = fillIdentity(fact.fill);
      counts.set(identity, (counts.get(identity) ?? 0) + 1);
    }
    return [...counts.values()];
  };

  it('fault-10-not-found-soon-after-the-ack: it is asked again, never canceled, never replaced', async () => {
    world = await WireWorld.open(name);
    const { proxy, arrived, requests } = world.under;
    const hidden = troubleOf(name, 'order_not_found');
    if (!hidden) throw new Error('no answer');
    const lagsUntil = { at: Number.POSITIVE_INFINITY };
    const lags = (): boolean => world.clock.now() < lagsUntil.at;
    proxy.onFrames({ matches: (each) => lags() && isAccountFrame(each), fault: { kind: 'lose' } });
    const isLookup = isReadOf(name, 'lookup');
    proxy.onRequests({
      matches: (each) => lags() && isLookup(each) && /origClientOrderId|orderLinkId|clOrdId/.test(each.query),
      fault: { kind: 'answer', response: hidden },
    });
    const isFillRead = isReadOf(name, 'fills');
    proxy.onRequests({
      matches: (each) => lags() && isFillRead(each),
      fault: { kind: 'distort', edit: (reply) => withRows(reply, () => []) },
    });
    await world.until('the order arrives', () => arrived.length > 0, 20_000);
    lagsUntil.at = world.clock.now() + 8_000;
    // Longer than an order without an acknowledgement would need to be proven absent.
    await world.run(7_000);
    expect(proxy.struck()).toBeGreaterThan(2);
    expect(arrived).toHaveLength(1);
    await world.settled();
    expect(requests.filter((line) => line.startsWith('DELETE') || /cancel/.test(line))).toEqual([]);
    expect(world.states).toBe('held');
    expect(arrived).toHaveLength(1);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-11-fill-event-before-the-ack: it is booked to its order at once', async () => {
    world = await WireWorld.open(name);
    world.under.proxy.onRequests({ matches: isOrderOf(name), fault: { kind: 'answer_late', afterMs: 200 }, times: 1 });
    await world.opened();
    const [order] = world.under.arrived;
    const id = order && clientIdOf(order);
    const mine = world.store.facts.filter(
      (fact) =>
        (fact.kind === 'outcome' && fact.clientOrderId === id) ||
        (fact.kind === 'fill' && fact.fill.clientOrderId === id),
    );
    expect(mine[0]?.kind, 'the fill must come first').toBe('fill');
    await world.settled();
    expect(bookings().every((count) => count === 1)).toBe(true);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-12-every-event-twice-and-over-rest: each trade is counted once', async () => {
    world = await WireWorld.open(name, THIN);
    world.under.proxy.onFrames({ matches: isAccountFrame, fault: { kind: 'twice' } });
    await world.opened();
    await world.settled();
    expect(world.under.proxy.struck()).toBeGreaterThan(0);
    expect(bookings().length).toBeGreaterThan(1);
    expect(bookings().every((count) => count === 1)).toBe(true);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-13-same-trade-id-other-price: the first stands and an alarm is raised', async () => {
    world = await WireWorld.open(name);
    const edit = (frame: string): string[] => (repriced(frame) === frame ? [frame] : [frame, repriced(frame)]);
    world.under.proxy.onFrames({ matches: isAccountFrame, fault: { kind: 'distort', edit } });
    await world.opened();
    await world.run(2_000);
    expect(world.alarmed('discrepancy_fill_conflict')).toBe(true);
    expect(bookings()).toEqual([1]);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-14-events-in-reverse-order: what is filled never goes back', async () => {
    world = await WireWorld.open(name, THIN);
    let frames = 0;
    world.under.proxy.onFrames({
      matches: isAccountFrame,
      fault: () => ({ kind: 'late', afterMs: Math.max(0, 4_000 - 300 * frames++) }),
    });
    await world.until('the order arrives', () => world.under.arrived.length > 0, 20_000);
    const filled: number[] = [];
    for (let i = 0; i < 16; i++) {
      await world.run(500);
      filled.push(
        Number(text(world.hedges[0]?.short.attempts[0]?.filled ?? world.hedges[0]?.plan.quantity ?? never())),
      );
    }
    expect(frames).toBeGreaterThan(2);
    expect(filled).toEqual([...filled].sort((a, b) => a - b));
    await world.settled();
    expect(world.states).toBe('held');
    expect(bookings().every((count) => count === 1)).toBe(true);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-24-private-stream-silent-but-open: REST is the truth', async () => {
    world = await WireWorld.open(name);
    world.under.proxy.onFrames({ matches: isAccountFrame, fault: { kind: 'lose' } });
    await world.opened();
    await world.settled();
    expect(world.under.proxy.struck()).toBeGreaterThan(0);
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'flatten' });
    await world.settled();
    expect(world.states).toBe('closed');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-24-market-data-silent-but-open: nothing opens on a stale book, and what is open stays', async () => {
    world = await WireWorld.open(name);
    await world.ready();
    world.under.silent = true;
    world.under.proxy.onFrames({ matches: isMarketFrame, fault: { kind: 'lose' } });
    await world.run(8_000);
    await world.operator({ action: 'resume' });
    await world.run(20_000);
    expect(world.hedges).toEqual([]);
    world.under.proxy.heal();
    // A book that has missed a change is built anew.
    await world.begun();
    world.under.silent = false;
    await world.opened();
    world.under.silent = true;
    world.under.proxy.onFrames({ matches: isMarketFrame, fault: { kind: 'lose' } });
    await world.run(20_000);
    expect(world.states).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-25-forced-reduction-in-a-reconnect-gap: read after the reconnect, the other leg follows', async () => {
    world = await WireWorld.open(name);
    await world.opened();
    await world.settled();
    await world.operator({ action: 'pause' });
    const { exchange, server } = world.under;
    server.dropStreams();
    world.under.silent = true;
    const size = exchange.market(SOL)?.instrument.contractSize;
    if (!size) throw new Error('no SOL');
    exchange.forceReduce('main', SOL, contracts(size.eq('1') ? '3' : '30'), 'adl');
    await world.until('the streams are back', () => world.core.market.health(name)?.status === 'up', 3_600_000);
    world.under.silent = false;
    await world.until('both legs equal', () => world.position(world.under) !== '-9.98' && world.wrongs().length === 0);
    expect(world.position(world.partner)).toBe(world.position(world.under).replace('-', ''));
  });
});

function never(): never {
  throw new Error('there is no hedge');
}
