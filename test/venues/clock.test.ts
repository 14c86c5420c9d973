/** A machine whose clock is off still trades: requests carry the venue's time, and the difference is told. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import type { AccountEvent, ClockReading, Venue } from '../../src/ports/venue.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { VenueClock } from '../../src/venues/venue-clock.ts';
import { orderOf, setUp, startWorld, until, VENUES, type World } from './world.ts';

/** What each venue answers to a request whose time is off. */
const STAMP_REFUSED = {
  binance: { status: 400, body: '{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}' },
  bybit: { status: 200, body: '{"retCode":10002,"retMsg":"invalid request","result":{},"time":1}' },
  okx: { status: 401, body: '{"code":"50102","msg":"Timestamp request expired.","data":[]}' },
} as const;

describe.each(VENUES)('the clock of %s', (name) => {
  let world: World;
  let venue: Venue;
  let readings: ClockReading[];

  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue();
    readings = [];
  });
  afterEach(() => world.close());

  const start = async () => {
    let up = false;
    venue.subscribe((event: AccountEvent) => {
      if (event.kind === 'clock') readings.push(event.reading);
      if (event.kind === 'stream') up = event.status === 'up';
    });
    await until('the private stream is up', () => up);
    await setUp(venue);
  };
  const skew = () => {
    const { monotonicMs, now } = { monotonicMs: world.clock.monotonicMs(), now: world.clock.now() + world.wallShiftMs };
    return (readings.at(-1)?.offsetMs ?? Number.NaN) + monotonicMs - now;
  };
  const timeRequests = () => world.requests.filter((line) => /\/time$/.test(line)).length;
  const reduce = (clientOrderId: string) => venue.submit(orderOf(world, clientOrderId), 'reduce');

  it.each([HOUR_MS, -HOUR_MS])('fault-49-skew: %d ms off from the start, every signed request is taken', async (ms) => {
    world.wallShiftMs = ms;
    await start();
    expect(await venue.balance()).toMatchObject({ ok: true });
    expect(await reduce('skew1')).toMatchObject({ kind: 'acked' });
    expect(skew()).toBe(-ms);
    // Histories end at the venue's now: what has just happened there is never left out.
    expect(await venue.fills(world.clock.now() - 1_000)).toMatchObject({ ok: true, value: [{}] });
  });

  it('fault-48-jump: the wall clock jumps while running, and stamps do not follow it', async () => {
    await start();
    const asked = timeRequests();
    world.wallShiftMs = -HOUR_MS;
    expect(await reduce('jump1')).toMatchObject({ kind: 'acked' });
    expect(timeRequests()).toBe(asked);
    expect(skew()).toBe(HOUR_MS);
  });

  it('fault-49-refused-stamp: the order is not taken, the clock is read anew, the next one is', async () => {
    await start();
    world.clock.advanceTo(world.clock.now() + 10_000);
    const asked = timeRequests();
    world.intercept = ({ method }) => (method === 'POST' ? STAMP_REFUSED[name] : 'pass');
    expect(await reduce('stale1')).toMatchObject({ kind: 'rejected' });
    world.intercept = () => 'pass';
    expect(await reduce('stale2')).toMatchObject({ kind: 'acked' });
    expect(timeRequests()).toBe(asked + 1);
  });

  it('fault-07-clock-read-in-a-ban: an opening that waits for the clock is refused in time, a reduction is not', async () => {
    await start();
    world.clock.advanceTo(world.clock.now() + 10_000);
    world.intercept = ({ method }) => (method === 'POST' ? STAMP_REFUSED[name] : 'pass');
    expect(await reduce('late1')).toMatchObject({ kind: 'rejected' });
    world.intercept = () => 'pass';
    world.budget.banned(8 * MINUTE_MS);
    const from = world.clock.now();
    const reduction = reduce('late2');
    const outcome = await venue.submit(orderOf(world, 'late3'), 'open');
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'budget_wait' });
    expect(world.clock.now() - from).toBeLessThanOrEqual(5_000);
    expect(await reduction).toMatchObject({ kind: 'acked' });
    expect(world.clock.now() - from).toBeGreaterThanOrEqual(8 * MINUTE_MS);
  });

  it('fault-49-slow-reading: an answer after seconds moves no stamp that was known better, and it is asked again', async () => {
    await start();
    world.clock.advanceTo(world.clock.now() + 11 * MINUTE_MS);
    const asked = timeRequests();
    let answered = false;
    world.intercept = ({ path }) => {
      if (!path.endsWith('/time')) return 'pass';
      // It has waited for six seconds before the venue looks at its clock.
      world.clock.advanceTo(world.clock.now() + 6_000);
      answered = true;
      return 'pass';
    };
    await venue.balance();
    await until('the slow answer', () => answered && world.activity.busy() === 0);
    world.intercept = () => 'pass';
    expect(await reduce('slow1')).toMatchObject({ kind: 'acked' });
    await until('asked again', () => timeRequests() === asked + 2);
    await until('a reading', () => readings.length === 2);
    expect(readings.every(({ roundTripMs }) => roundTripMs < 1_000)).toBe(true);
  });

  it('is read again every ten minutes, and an account whose venue does not tell the time goes on', async () => {
    await setUp(venue);
    const asked = timeRequests();
    world.clock.advanceTo(world.clock.now() + 11 * MINUTE_MS);
    await venue.balance();
    await until('a second reading', () => timeRequests() === asked + 1);
    world.clock.advanceTo(world.clock.now() + 11 * MINUTE_MS);
    world.intercept = ({ path }) => (path.endsWith('/time') ? { status: 500, body: 'no' } : 'pass');
    expect(await venue.balance()).toMatchObject({ ok: true });
    expect(await reduce('later1')).toMatchObject({ kind: 'acked' });
  });
});

describe('VenueClock', () => {
  it('takes half of the round trip off, and says how sure it is', async () => {
    const clock = createSimClock(1_000_000);
    const venueClock = new VenueClock(clock);
    const told: ClockReading[] = [];
    venueClock.listen((reading) => told.push(reading));
    expect(venueClock.now()).toBe(1_000_000);
    const sentMs = clock.monotonicMs();
    const asking = venueClock.ready(async () => {
      clock.advanceTo(1_000_300);
      // The venue is 5 s ahead and looked at its clock on half the way.
      return { serverAt: 1_005_150, sentMs };
    }, 5_000);
    await asking;
    expect(told[0]?.roundTripMs).toBe(300);
    expect(venueClock.now()).toBe(1_005_300);
    clock.advanceTo(1_001_300);
    expect(venueClock.now()).toBe(1_006_300);
  });

  const taking = (clock: ReturnType<typeof createSimClock>, wayMs: number, offMs: number) => async () => {
    const sentMs = clock.monotonicMs();
    clock.advanceTo(clock.now() + wayMs);
    const serverAt = clock.now() + offMs;
    clock.advanceTo(clock.now() + 10);
    return { serverAt, sentMs };
  };
  const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

  it('fault-49-slow-reading: a slow one stands against a known one where they disagree, or the known one is doubted', async () => {
    const clock = createSimClock(1_000_000);
    const venueClock = new VenueClock(clock);
    const off = () => venueClock.now() - clock.now();
    const read = async (wayMs: number, offMs: number) => {
      clock.advanceTo(clock.now() + 11 * MINUTE_MS);
      await venueClock.ready(taking(clock, wayMs, offMs), 60_000);
      await settle();
    };
    await venueClock.ready(taking(clock, 10, 0), 5_000);
    await read(8_000, 0);
    expect(off()).toBe(0);
    // Asked again soon, while it is not known better.
    clock.advanceTo(clock.now() + 5_000);
    await venueClock.ready(taking(clock, 10, 100), 5_000);
    await settle();
    expect(off()).toBe(100);
    await read(300, 0);
    expect(off()).toBe(145);
    await read(4_000, 20_000);
    expect(off()).toBe(20_000 + 1_995);
    await read(10, 0);
    expect(off()).toBe(0);
    venueClock.doubt();
    await read(8_000, 0);
    expect(off()).toBe(3_995);
  });

  it('waits no longer than it is told to, while the asking goes on', async () => {
    const clock = createSimClock(1_000_000);
    const venueClock = new VenueClock(clock);
    let answer: (told: { serverAt: number; sentMs: number }) => void = () => undefined;
    const ask = () =>
      new Promise<{ serverAt: number; sentMs: number }>((resolve) => {
        answer = resolve;
      });
    const [short, long] = [venueClock.ready(ask, 5_000), venueClock.ready(ask, 60_000)];
    clock.advanceTo(1_005_000);
    expect(await short).toBe(false);
    answer({ serverAt: 2_000_000, sentMs: clock.monotonicMs() });
    expect(await long).toBe(true);
    expect(venueClock.now()).toBe(2_000_000);
    expect(clock.nextTimerAt()).toBeUndefined();
  });

  it('asks once for all who wait for the first reading', async () => {
    const clock = createSimClock(1_000_000);
    const venueClock = new VenueClock(clock);
    let asked = 0;
    const ask = async () => {
      asked += 1;
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
      return { serverAt: 2_000_000, sentMs: clock.monotonicMs() };
    };
    const stamps = await Promise.all([1, 2, 3].map(() => venueClock.ready(ask, 5_000).then(() => venueClock.now())));
    expect(stamps).toEqual([2_000_000, 2_000_000, 2_000_000]);
    expect(asked).toBe(1);
  });
});
