import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createActivity } from '../../src/simulator/activity.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { createBudget, type PublishedLimit } from '../../src/venues/budget.ts';

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function world(limits: readonly PublishedLimit[], options: { maxQueued?: number } = {}) {
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
  it('never exceeds a published limit in any sliding window, whatever arrives when', async () => {
    const arrival = fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 5_000 })),
      weight: fc.integer({ min: 1, max: 7 }),
      orders: fc.integer({ min: 0, max: 1 }),
      urgency: fc.constantFrom('reduce' as const, 'open' as const, 'poll' as const),
      penalise: fc.integer({ min: 0, max: 20 }),
    });
    const limits = [
      { name: 'weight', limit: 40, windowMs: 1_000 },
      { name: 'orders', limit: 6, windowMs: 700 },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 5, maxLength: 60 }), async (arrivals) => {
        const it = world(limits);
        const pending: Promise<unknown>[] = [];
        for (const { gapMs, weight, orders, urgency, penalise } of arrivals) {
          await it.advanceTo(it.clock.now() + gapMs);
          if (penalise === 0) it.budget.penalise();
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
    it.budget.penalise(30_000);
    const poll = it.ask({ weight: 1 }, 'poll');
    await it.ask({ weight: 1 }, 'reduce');
    expect(it.granted.map(({ at, urgency }) => [at, urgency])).toEqual([[0, 'reduce']]);
    await it.advanceTo(40_000);
    await poll;
    expect(it.granted[1]?.at).toBe(30_000);
  });

  it('backs off further with every penalty until the venue answers well', async () => {
    const it = world(tight);
    const waits: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      it.budget.penalise();
      const from = it.clock.now();
      const poll = it.ask({ weight: 1 }, 'poll');
      await it.advanceTo(from + 59_000);
      await poll;
      waits.push((it.granted.at(-1)?.at ?? 0) - from);
    }
    // 1, 2, 4, 8 seconds, each from three quarters to five quarters of it.
    expect(waits.every((wait, i) => wait >= 750 * 2 ** i && wait <= 1_250 * 2 ** i)).toBe(true);
    it.budget.recovered();
    it.budget.penalise();
    const from = it.clock.now();
    const poll = it.ask({ weight: 1 }, 'poll');
    await it.advanceTo(from + 10_000);
    await poll;
    expect((it.granted.at(-1)?.at ?? 0) - from).toBeLessThanOrEqual(1_250);
  });

  it('refuses an open that waited too long: its price is old', async () => {
    const it = world(tight);
    it.budget.penalise(60_000);
    const open = it.ask({ weight: 1 }, 'open');
    await it.advanceTo(5_000);
    expect(await open).toMatchObject({ ok: false, code: 'budget_wait' });
  });

  it('is bounded: a full lane refuses, reductions excepted', async () => {
    const it = world(tight, { maxQueued: 3 });
    it.budget.penalise(1_000);
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
    it.budget.penalise();
    expect(it.clock.nextTimerAt()).toBeUndefined();
  });
});
