/** Funding that was settled while no process ran: the next one books all of it, once, whatever it can read at first. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { text } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { failure } from '../../src/kernel/outcome.ts';
import { FaultyVenue } from './faulty-venue.ts';
import { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

const DOWN_HOURS = 24;
const VENUES = ['alpha', 'beta'] as const;

/** A hedge that was told its first settlement and is alone for a day; every settlement of that day has its own rates. */
async function aloneForADay(): Promise<World> {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  await world.run(HOUR_MS, MINUTE_MS);
  expect(world.ledger.payments.size).toBe(VENUES.length);
  world.crash();
  for (let hour = 1; hour <= DOWN_HOURS; hour++) {
    world.rates.alpha = Number(`0.0000${100 + hour}`);
    world.rates.beta = Number(`0.00${1000 + hour}`);
    await world.run(HOUR_MS, 10 * MINUTE_MS);
  }
  return world;
}

/** By the venues' own lists: both have settled `settlements` times, and the ledger has each of them once. */
function expectBooked(world: World, settlements: number): void {
  for (const venue of VENUES) {
    const booked = world.store.facts.flatMap((fact) => (fact.kind === 'payment' ? [fact] : []));
    const own = booked.filter(({ payment }) => payment.venue === venue);
    const listed = world.exchanges[venue].payments(ACCOUNT);
    expect(listed).toHaveLength(settlements);
    expect(own.map(({ payment }) => `${payment.paymentId} ${text(payment.amount)}`).sort()).toEqual(
      listed.map(({ paymentId, amount }) => `${paymentId} ${text(amount)}`).sort(),
    );
    expect(new Set(own.map(({ hedge }) => hedge))).toEqual(new Set(['h1']));
  }
  expect([...world.ledger.discrepancies.keys()]).toEqual([]);
  expect(world.wrongs()).toEqual([]);
}

const funding = (world: World): string[] => [text(world.hedge().short.funding), text(world.hedge().long.funding)];

describe('fault-27-gap: down for a day across settlements of both legs', () => {
  it('books every settlement once, to the last digit, and accuses nobody', async () => {
    const world = await aloneForADay();
    world.boot();
    await world.run(2 * MINUTE_MS, 10_000);
    expectBooked(world, 1 + DOWN_HOURS);
    // On 950 USD: 0.001 while it ran, then 24 rates that add up to 0.0243; alpha 0.00001, then 0.00027 in all.
    expect(funding(world)).toEqual(['24.035', '-0.266']);
    expect(world.store.facts.filter(({ kind }) => kind === 'discrepancy')).toEqual([]);
    expect(world.state()).toBe('held');
    // What is read again later is known.
    world.crash();
    world.boot();
    await world.run(20 * MINUTE_MS, MINUTE_MS);
    expectBooked(world, 1 + DOWN_HOURS);
    expect(funding(world)).toEqual(['24.035', '-0.266']);
  });

  it.each([
    { name: 'at the first read', failsMs: 0, settlements: 1 + DOWN_HOURS, sums: ['24.035', '-0.266'] },
    // Another settlement passes meanwhile, at the rates of the last: 0.9728 and 0.01178 more.
    {
      name: 'for most of an hour, across one more',
      failsMs: 50 * MINUTE_MS,
      settlements: 2 + DOWN_HOURS,
      sums: ['25.0078', '-0.27778'],
    },
  ])('payments list incomplete $name: nothing is booked from it, and everything once it works', async (row) => {
    const world = await aloneForADay();
    const list = vi.spyOn(FaultyVenue.prototype, 'payments');
    onTestFinished(() => list.mockRestore());
    const incomplete = failure('incomplete', 'more payments than the pages hold');
    if (row.failsMs > 0) list.mockResolvedValue(incomplete);
    else for (const _ of VENUES) list.mockResolvedValueOnce(incomplete);
    world.boot();
    await world.run(row.failsMs, 10_000);
    expect(world.ledger.payments.size).toBe(VENUES.length);
    for (const { status, failures } of world.engine.core.accounts.values())
      expect([status, failures > 0]).toEqual(['unreconciled', true]);
    if (row.failsMs > 0) list.mockRestore();
    await world.run(2 * MINUTE_MS, 10_000);
    expectBooked(world, row.settlements);
    expect(funding(world)).toEqual(row.sums);
    expect(world.store.facts.filter(({ kind }) => kind === 'discrepancy')).toEqual([]);
    expect(world.state()).toBe('held');
  });
});

it('fault-27-put-off: an interval that is lengthened before its settlement awaits no payment that never comes', async () => {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  const { core } = world.engine;
  const key = instrumentKey('beta', SOL);
  const now = core.clock.now();
  const before = core.market.get(key)?.funding;
  if (!before) throw new Error('no quote');
  expect(before.nextSettlementAt - now).toBeGreaterThan(10 * MINUTE_MS);
  const nextSettlementAt = before.nextSettlementAt + 7 * HOUR_MS;
  const quote = { ...before, intervalHours: 8, nextSettlementAt, venueAt: now + 1, receivedAt: now + 1 };
  world.engine.push({ kind: 'market', event: { kind: 'funding', quote } });
  await world.run(1);
  expect(core.accounts.get('live|beta')?.awaitedSettlement).toBeUndefined();
});
