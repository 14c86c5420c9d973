import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createActivity } from '../../src/simulator/activity.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import type { PublishedLimit } from '../../src/venues/bucket.ts';
import { createBudget } from '../../src/venues/budget.ts';
import { factsOf, supportedVenues } from '../../src/venues/registry.ts';

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function world(limits: readonly PublishedLimit[], options: { maxQueued?: number; share?: number } = {}) {
  const clock = createSimClock(0);
  const activity = createActivity();
  const budget = createBudget({ limits, clock, activity, random: createSeededRandom(1), share: 1, ...options });
  const granted: { at: number; name: string; weight: number; urgency: string }[] = [];
  const refused: string[] = [];
  /** As the adapter does: active from the call to the grant. */
  const ask = async (cost: Record<string, number>, urgency: 'reduce' | 'open' | 'poll') => {
    activity.begin();
    const grant = await budget.acquire(cost, urgency);
    if (grant.ok) {
      for (const [name, weight] of Object.entries(cost)) granted.push({ at: clock.now(), name, weight, urgency });
    } else refused.push(grant.code);
    activity.end();
    return grant;
  };
  /** Lets the lanes settle, then moves to the next timer, until `at`. */
  const advanceTo = async (at: number) => {
    for (;;) {
      do await turn();
      while (activity.busy() > 0);
      await turn();
      if (activity.busy() > 0) continue;
      const due = clock.nextTimerAt();
      if (due === undefined || due > at) break;
      clock.advanceTo(due);
    }
    clock.advanceTo(at);
    await turn();
  };
  return { clock, activity, budget, granted, refused, ask, advanceTo };
}

describe('the request budget', () => {
  it.each(supportedVenues)(
    'the smallest share that a configuration may name leaves room for every request: %s',
    async (venue) => {
      const facts = factsOf(venue);
      const it = world(facts?.limits ?? [], { share: 0.2 });
      const requests = [
        ['POST', 'order', {}],
        ['GET', 'openOrders', {}],
        ['GET', 'income', {}],
        ['GET', 'depth', { limit: 1_000 }],
        ['GET', 'fundingInfo', {}],
        ['POST', 'trade/order', {}],
        ['GET', 'account/bills-archive', {}],
        ['POST', 'account/set-position-mode', {}],
        ['POST', 'v5/order/create', {}],
        ['GET', 'v5/position/list', {}],
      ] as const;
      for (const [method, path, params] of requests) {
        const cost = facts?.cost(method, path, params) ?? {};
        for (const urgency of ['poll', 'open', 'reduce'] as const) {
          const asked = it.ask(cost, urgency);
          await it.advanceTo(it.clock.now() + 60_000);
          expect(await asked, `${method} ${path} ${urgency}`).toEqual({ ok: true });
        }
      }
    },
  );

  it('counts what a request has waited for before: an opening waits five seconds in all', async () => {
    const it = world([{ name: 'weight', limit: 10, windowMs: 60_000 }]);
    it.clock.advanceTo(10_000);
    it.budget.banned(60_000);
    it.activity.begin();
    const asked = it.budget.acquire({ weight: 1 }, 'open', 6_000).then((grant) => {
      it.activity.end();
      return [grant, it.clock.now()];
    });
    await it.advanceTo(20_000);
    expect(await asked).toMatchObject([{ ok: false, code: 'budget_wait' }, 11_000]);
    expect(it.budget.waitLimitMs.open).toBe(5_000);
  });

  it('never exceeds a published limit in any sliding window, whatever arrives when', async () => {
    const arrival = fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 5_000 })),
      weight: fc.integer({ min: 1, max: 7 }),
      orders: fc.integer({ min: 0, max: 1 }),
      urgency: fc.constantFrom('reduce' as const, 'open' as const, 'poll' as const),
      trouble: fc.integer({ min: 0, max: 30 }),
    });
    const limits = [
      { name: 'weight', limit: 40, windowMs: 1_000 },
      { name: 'orders', limit: 6, windowMs: 700 },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 5, maxLength: 60 }), async (arrivals) => {
        const it = world(limits);
        const pending: Promise<unknown>[] = [];
        for (const { gapMs, weight, orders, urgency, trouble } of arrivals) {
          await it.advanceTo(it.clock.now() + gapMs);
          if (trouble === 0) it.budget.throttled();
          if (trouble === 1) it.budget.overloaded();
          if (trouble === 2) it.budget.banned(20_000);
          pending.push(it.ask(orders === 0 ? { weight } : { weight, orders }, urgency));
        }
        await it.advanceTo(it.clock.now() + 300_000);
        await Promise.all(pending);
        for (const { name, limit, windowMs } of limits) {
          const spent = it.granted.filter((each) => each.name === name);
          for (const { at } of spent) {
            const within = spent.filter((each) => each.at > at - windowMs && each.at <= at);
            expect(within.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(limit);
          }
        }
        // Reductions are never refused, and nothing is left armed or active.
        const asked = arrivals.filter(({ urgency }) => urgency === 'reduce').length;
        expect(it.granted.filter(({ name, urgency }) => name === 'weight' && urgency === 'reduce')).toHaveLength(asked);
        expect(it.clock.nextTimerAt()).toBeUndefined();
        expect(it.activity.busy()).toBe(0);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  const tight = [{ name: 'weight', limit: 20, windowMs: 1_000 }];

  it('credits idle time up to the burst', async () => {
    const it = world(tight);
    await it.ask({ weight: 8 }, 'open');
    await it.advanceTo(10_000);
    await it.ask({ weight: 8 }, 'open');
    expect(it.granted.map(({ at }) => at)).toEqual([0, 10_000]);
  });

  it('lets a reduction pass while opens and polls are parked', async () => {
    const it = world(tight);
    await it.ask({ weight: 8 }, 'open');
    const parked = [it.ask({ weight: 4 }, 'open'), it.ask({ weight: 1 }, 'poll')];
    await turn();
    expect(it.granted).toHaveLength(1);
    await it.ask({ weight: 2 }, 'reduce');
    expect(it.granted.at(-1)).toMatchObject({ at: 0, urgency: 'reduce' });
    await it.advanceTo(5_000);
    await Promise.all(parked);
    // 10 - 8 - 2 = 0 left; an open of 4 beyond the reserve of 2 needs 6, refilled at 10 a second.
    expect(it.granted.slice(2).map(({ urgency }) => urgency)).toEqual(['open', 'poll']);
    expect(it.granted[2]?.at).toBe(600);
  });

  it('keeps reductions going during a penalty, and nothing else', async () => {
    const it = world(tight);
    it.budget.throttled(30_000);
    const poll = it.ask({ weight: 1 }, 'poll');
    await it.ask({ weight: 1 }, 'reduce');
    expect(it.granted.map(({ at, urgency }) => [at, urgency])).toEqual([[0, 'reduce']]);
    await it.advanceTo(40_000);
    await poll;
    expect(it.granted[1]?.at).toBe(30_000);
  });

  it('follows the venue, which counts the requests of others too', async () => {
    const it = world([{ name: 'weight', limit: 1_000, windowMs: 60_000 }]);
    it.budget.counted('weight', 100);
    it.budget.counted('another', 5_000);
    expect(await it.ask({ weight: 400 }, 'open')).toEqual({ ok: true });
    it.budget.counted('weight', 930);
    const poll = it.ask({ weight: 1 }, 'poll');
    // 950 less 930: for reductions, and no more than that at once.
    await Promise.all(Array.from({ length: 20 }, () => it.ask({ weight: 1 }, 'reduce')));
    expect(it.granted).toHaveLength(21);
    // A far higher count, or one of another limit, delays a reduction by seconds and not by minutes.
    it.budget.counted('weight', 50_000);
    const reduction = it.ask({ weight: 1 }, 'reduce');
    await it.advanceTo(10_000);
    expect(await reduction).toEqual({ ok: true });
    expect(it.granted.at(-1)).toMatchObject({ urgency: 'reduce' });
    expect(it.granted.at(-1)?.at).toBeGreaterThan(5_000);
    await it.advanceTo(60_000);
    expect(await poll).toEqual({ ok: true });
  });

  it('backs off further with every penalty until the venue answers well', async () => {
    const it = world(tight);
    const waits: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      it.budget.throttled();
      const from = it.clock.now();
      const poll = it.ask({ weight: 1 }, 'poll');
      await it.advanceTo(from + 59_000);
      await poll;
      waits.push((it.granted.at(-1)?.at ?? 0) - from);
    }
    // 1, 2, 4, 8 seconds, each from three quarters to five quarters of it.
    expect(waits.every((wait, i) => wait >= 750 * 2 ** i && wait <= 1_250 * 2 ** i)).toBe(true);
    it.budget.recovered();
    it.budget.throttled();
    const from = it.clock.now();
    const poll = it.ask({ weight: 1 }, 'poll');
    await it.advanceTo(from + 10_000);
    await poll;
    expect((it.granted.at(-1)?.at ?? 0) - from).toBeLessThanOrEqual(1_250);
  });

  it('refuses an open that waited too long: its price is old', async () => {
    const it = world(tight);
    it.budget.throttled(60_000);
    const open = it.ask({ weight: 1 }, 'open');
    await it.advanceTo(5_000);
    expect(await open).toMatchObject({ ok: false, code: 'budget_wait' });
  });

  it('is bounded: a full lane refuses, reductions excepted', async () => {
    const it = world(tight, { maxQueued: 3 });
    it.budget.throttled(1_000);
    const polls = Array.from({ length: 8 }, () => it.ask({ weight: 1 }, 'poll'));
    await it.advanceTo(1);
    expect(it.refused).toEqual(Array.from({ length: 5 }, () => 'budget_full'));
    const reductions = Array.from({ length: 40 }, () => it.ask({ weight: 1 }, 'reduce'));
    await it.advanceTo(60_000);
    await Promise.all([...polls, ...reductions]);
    expect(it.granted.filter(({ urgency }) => urgency === 'reduce')).toHaveLength(40);
    expect(it.activity.busy()).toBe(0);
  });

  it('arms no timer while nobody waits', async () => {
    const it = world(tight);
    await it.ask({ weight: 8 }, 'open');
    it.budget.throttled();
    expect(it.clock.nextTimerAt()).toBeUndefined();
  });

  it('fault-07-flood: however opens and polls flood, a reduction within the reserve leaves at once', async () => {
    const flood = fc.array(
      fc.record({
        gapMs: fc.integer({ min: 0, max: 200 }),
        weight: fc.integer({ min: 1, max: 6 }),
        urgency: fc.constantFrom('open' as const, 'poll' as const),
        reduce: fc.boolean(),
      }),
      { minLength: 20, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(flood, async (arrivals) => {
        const it = world([{ name: 'weight', limit: 100, windowMs: 10_000 }]);
        const pending: Promise<unknown>[] = [];
        let last = Number.NEGATIVE_INFINITY;
        for (const { gapMs, weight, urgency, reduce } of arrivals) {
          await it.advanceTo(it.clock.now() + gapMs);
          pending.push(it.ask({ weight }, urgency));
          await turn();
          // Half of 100 is the burst, a fifth of it the reserve, 5 units a second refill it: one of 1 in 200 ms fits.
          if (!reduce || it.clock.now() - last < 200) continue;
          last = it.clock.now();
          pending.push(it.ask({ weight: 1 }, 'reduce'));
          await turn();
          expect(it.granted.at(-1)).toMatchObject({ at: last, urgency: 'reduce' });
        }
        await it.advanceTo(it.clock.now() + 300_000);
        await Promise.all(pending);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it('fault-07-ban: nothing leaves before it is over, reductions first afterwards', async () => {
    const it = world(tight);
    it.budget.banned(120_000);
    const asked = [it.ask({ weight: 1 }, 'poll'), it.ask({ weight: 1 }, 'open'), it.ask({ weight: 1 }, 'reduce')];
    await it.advanceTo(119_999);
    expect(it.granted).toEqual([]);
    await it.advanceTo(200_000);
    await Promise.all(asked);
    expect(it.refused).toEqual(['budget_wait', 'budget_wait']);
    expect(it.granted).toHaveLength(1);
    expect(it.granted[0]).toMatchObject({ urgency: 'reduce' });
    expect(it.granted[0]?.at).toBeGreaterThan(120_000);
  });

  it('fault-07-long-ban: a reduction does not wait for days, its caller hears of it', async () => {
    const it = world(tight);
    it.budget.banned(3 * 86_400_000);
    const asked = it.ask({ weight: 1 }, 'reduce');
    await it.advanceTo(3_600_000);
    expect(await asked).toMatchObject({ ok: false, code: 'budget_wait' });
  });

  it('fault-06-overload: opens stop, reductions and reads go on', async () => {
    const it = world(tight);
    it.budget.overloaded();
    const open = it.ask({ weight: 1 }, 'open');
    await it.ask({ weight: 1 }, 'reduce');
    await it.ask({ weight: 1 }, 'poll');
    expect(it.granted.map(({ urgency }) => urgency)).toEqual(['reduce', 'poll']);
    await it.advanceTo(5_000);
    expect(await open).toMatchObject({ ok: true });
  });

  it('a burst of refusals is one cause: it lengthens the next pause once', async () => {
    const it = world(tight);
    for (let i = 0; i < 12; i += 1) it.budget.throttled();
    const poll = it.ask({ weight: 1 }, 'poll');
    await it.advanceTo(10_000);
    await poll;
    expect(it.granted[0]?.at).toBeLessThanOrEqual(1_250);
  });

  it('after a throttle a reduction has the reserve and no more: what was counted here was wrong', async () => {
    const it = world(tight);
    it.budget.throttled(60_000);
    const asked = Array.from({ length: 4 }, () => it.ask({ weight: 1 }, 'reduce'));
    await turn();
    expect(it.granted).toHaveLength(2);
    await it.advanceTo(1_000);
    await Promise.all(asked);
    expect(it.granted).toHaveLength(4);
  });

  it('reads-starve: a poll goes once in a while, although reductions run flat out', async () => {
    const it = world([{ name: 'weight', limit: 20, windowMs: 1_000 }]);
    const reductions = Array.from({ length: 400 }, () => it.ask({ weight: 1 }, 'reduce'));
    const polls = Array.from({ length: 3 }, () => it.ask({ weight: 5 }, 'poll'));
    await it.advanceTo(30_000);
    await Promise.all(polls);
    expect(it.refused).toEqual([]);
    const at = it.granted.filter(({ urgency }) => urgency === 'poll').map((each) => each.at);
    expect(at).toHaveLength(3);
    for (const [index, each] of at.entries()) expect(each).toBeGreaterThanOrEqual(5_000 * (index + 1));
    expect(at[2]).toBeLessThan(20_000);
    await it.advanceTo(120_000);
    await Promise.all(reductions);
  });

  it('who waits for one limit holds up nobody who needs another', async () => {
    const it = world([
      { name: 'orders', limit: 4, windowMs: 10_000 },
      { name: 'reads', limit: 20, windowMs: 1_000 },
    ]);
    const reductions = Array.from({ length: 6 }, () => it.ask({ orders: 1 }, 'reduce'));
    await turn();
    const before = it.granted.length;
    await it.ask({ reads: 1 }, 'poll');
    expect(it.granted.at(-1)).toMatchObject({ name: 'reads', at: 0 });
    expect(before).toBeLessThan(6);
    await it.advanceTo(60_000);
    await Promise.all(reductions);
  });

  it('who comes later takes nothing that somebody more urgent waits for', async () => {
    const it = world(tight);
    await it.ask({ weight: 8 }, 'open');
    await it.ask({ weight: 1 }, 'reduce');
    const heavy = it.ask({ weight: 6 }, 'reduce');
    const light = it.ask({ weight: 1 }, 'poll');
    await it.advanceTo(4_000);
    await Promise.all([heavy, light]);
    expect(it.granted.slice(2).map(({ urgency }) => urgency)).toEqual(['reduce', 'poll']);
    // One of ten is left, ten a second come.
    expect(it.granted[2]?.at).toBe(500);
  });
});
