/** Whose a payment is that its venue stamps some seconds after the settlement it is for. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { neg, notional, scale, sum, text, ZERO_QUOTE } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { FaultyVenue } from './faulty-venue.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ACCOUNT } from './world-setup.ts';

const STAMPED_LATE_MS = 5_000;

/** As OKX does: a bill's time is that of its booking. */
function stampLate(): void {
  const honest = FaultyVenue.prototype.payments;
  const spy = vi.spyOn(FaultyVenue.prototype, 'payments').mockImplementation(async function (this: FaultyVenue, since) {
    const read = await honest.call(this, since);
    return read.ok ? { ...read, value: read.value.map((row) => ({ ...row, at: row.at + STAMPED_LATE_MS })) } : read;
  });
  onTestFinished(() => spy.mockRestore());
}

const owners = (world: World) =>
  world.store.facts.flatMap((fact) => (fact.kind === 'payment' ? [`${fact.payment.venue} ${fact.hedge}`] : [])).sort();

it('fault-27-stamped-late: a hedge that was closed between the settlement and the stamp gets its payments', async () => {
  stampLate();
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  for (const faults of Object.values(world.faults)) faults.paymentsHidden = true;
  await world.run(HOUR_MS - (world.clock.now() % HOUR_MS), 1_000);
  await world.operator({ action: 'close', hedge: 'h1' });
  await world.run(2_000);
  expect(world.state()).toBe('closed');
  for (const faults of Object.values(world.faults)) faults.paymentsHidden = false;
  await world.run(2 * MINUTE_MS, 1_000);
  expect(owners(world)).toEqual(['alpha h1', 'beta h1']);
});

it('fault-27-opened-at-once: a hedge that was opened just after the hour is paid when nobody held at the hour', async () => {
  const world = new World();
  await world.run(HOUR_MS - (world.clock.now() % HOUR_MS) + 1_000, 1_000);
  await world.opened();
  await world.operator({ action: 'pause' });
  // Binance settles what is opened within the minute.
  const { alpha } = world.exchanges;
  alpha.snapshotSettlement('SOL/USDT:USDT', world.clock.now());
  alpha.payFunding('SOL/USDT:USDT', world.clock.now(), '0.0001');
  await world.run(HOUR_MS / 2, MINUTE_MS);
  const paid = world.store.facts.flatMap((fact) => (fact.kind === 'payment' ? [fact] : []));
  expect(paid).toHaveLength(1);
  expect(paid[0]?.hedge).toBe('h1');
});

/** Frames are received by the bot's clock, however wrong. */
function stamped(world: World): void {
  const honest = world.engine.push;
  vi.spyOn(world.engine, 'push').mockImplementation((event) => {
    if (event.kind !== 'market') return honest(event);
    const late = <T extends { receivedAt: number }>(frame: T): T => ({
      ...frame,
      receivedAt: frame.receivedAt + world.wallShiftMs,
    });
    const told = event.event;
    if (told.kind === 'book') honest({ kind: 'market', event: { ...told, book: late(told.book) } });
    else if (told.kind === 'mark') honest({ kind: 'market', event: { ...told, mark: late(told.mark) } });
    else if (told.kind === 'funding') honest({ kind: 'market', event: { ...told, quote: late(told.quote) } });
    else honest(event);
  });
}

it('fault-48-ended-ahead: what the second hedge is paid is not the first one’s, which ended by a clock that was ahead', async () => {
  const world = new World();
  await world.opened();
  stamped(world);
  world.wallShiftMs = HOUR_MS;
  await world.run(1_000);
  await world.operator({ action: 'close', hedge: 'h1' });
  await world.run(5_000);
  expect(world.state()).toBe('closed');
  world.wallShiftMs = 0;
  await world.run(2 * MINUTE_MS, 1_000);
  expect(world.state('h2')).toBe('held');
  await world.run(HOUR_MS - (world.clock.now() % HOUR_MS) + 30_000, 5_000);
  expect(owners(world)).toEqual(['alpha h2', 'beta h2']);
});

it('fault-48-ended-behind: who held at the settlement is paid, also when it ended by a clock that was behind', async () => {
  const world = new World();
  await world.opened();
  stamped(world);
  await world.operator({ action: 'pause' });
  for (const faults of Object.values(world.faults)) faults.paymentsHidden = true;
  await world.run(HOUR_MS - (world.clock.now() % HOUR_MS) + 1_000, 1_000);
  world.wallShiftMs = -10_000;
  await world.run(1_000);
  await world.operator({ action: 'close', hedge: 'h1' });
  await world.run(3_000);
  expect(world.state()).toBe('closed');
  world.wallShiftMs = 0;
  for (const faults of Object.values(world.faults)) faults.paymentsHidden = false;
  await world.run(2 * MINUTE_MS, 1_000);
  expect(owners(world)).toEqual(['alpha h1', 'beta h1']);
});

/** What beta's settlements are worth for the short leg alone, by the rates and marks of the venue's own books. */
function dueToShort(world: World): string {
  const { quantity } = world.hedge().short.holding;
  const due = world.exchanges.beta
    .payments(ACCOUNT)
    .map(({ mark, rate }) => scale(neg(notional(quantity, mark)), rate));
  return text(sum(ZERO_QUOTE, due));
}

it('fault-27-shared-position: a settlement of a position that a human has made larger pays the leg its own share', async () => {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  foreignTrade(world, 'beta', 'sell', '60');
  await world.run(HOUR_MS, MINUTE_MS);
  expect(world.state()).toBe('held');
  const [paid] = world.exchanges.beta.payments(ACCOUNT);
  expect(text(paid?.amount ?? ZERO_QUOTE)).not.toBe(dueToShort(world));
  expect(text(world.hedge().short.funding)).toBe(dueToShort(world));
});

it('fault-27-shared-then-left: what the human held at the settlement counts, not what is held when it is told', async () => {
  const world = new World();
  await world.opened();
  await world.operator({ action: 'pause' });
  foreignTrade(world, 'beta', 'sell', '60');
  world.faults.beta.paymentsHidden = true;
  await world.run(HOUR_MS - (world.clock.now() % HOUR_MS) + 1_000, 1_000);
  foreignTrade(world, 'beta', 'buy', '60');
  await world.run(MINUTE_MS, 1_000);
  expect(world.position('beta')).toBe(text(world.hedge().short.holding.quantity));
  world.faults.beta.paymentsHidden = false;
  await world.run(5 * MINUTE_MS, 1_000);
  expect(world.exchanges.beta.payments(ACCOUNT)).toHaveLength(1);
  expect(text(world.hedge().short.funding)).toBe(dueToShort(world));
});
