/** What must hold for breakers whatever happens around them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recheckBreakers, watchBreakers } from '../../src/engine/breakers.ts';
import { statusOf } from '../../src/engine/status.ts';
import { dayPnlUsd } from '../../src/engine/valuation.ts';
import { contracts, quote, text } from '../../src/kernel/decimal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, utcDayStart } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { BreakerName, BreakerSwitched } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { breakerId, dayKey } from '../../src/ledger/state.ts';
import { BREAKER_NAMES, BREAKERS } from '../../src/risk/breakers.ts';
import { calm, pay, refusals, settingsWith, switches, tellTime, tripped } from './breaker-world.ts';
import { live, QUICK, stepsOf } from './scenario.ts';
import { MAKER, resting, SLICED, tradeThrough } from './styles.ts';
import { World } from './world.ts';
import { ACCOUNT, SETTINGS, SOL } from './world-setup.ts';

const SUBJECTS = { venue: ['alpha', 'beta'], asset: ['SOL', 'ETH'], route: [''] } as const;
const EVERY = BREAKER_NAMES.flatMap((name) => SUBJECTS[BREAKERS[name].scope].map((subject) => ({ name, subject })));
const HUMAN = settingsWith({
  errorRate: { reset: 'human' },
  latency: { reset: 'human' },
  rejectedOrders: { reset: 'human' },
  clockSkew: { reset: 'human' },
  staleStreams: { reset: 'human' },
  consecutiveFailures: { reset: 'human' },
  churn: { reset: 'human' },
  dailyLoss: { reset: 'human' },
  drawdown: { reset: 'human' },
  orderRate: { reset: 'human' },
});
const trip = (name: BreakerName, subject: string, at: number): BreakerSwitched => ({
  kind: 'breaker',
  name,
  route: 'live',
  subject,
  state: 'tripped',
  limit: 1,
  actual: 2,
  detail: 'for a test',
  by: 'evidence',
  at,
});

/** Each makes the bot reduce; then what the venues must hold. */
const REDUCTIONS: Readonly<Record<string, { act(world: World): Promise<void>; readonly left: string }>> = {
  'an exit because nothing is earned any more': {
    act: async (world) => {
      Object.assign(world.rates, { alpha: 0.00001, beta: 0.00001 });
      world.move(SOL, 0);
      await world.run(6 * MINUTE_MS, 2_000);
    },
    left: '0',
  },
  'a command to close': {
    act: async (world) => void (await world.operator({ action: 'close', hedge: 'h1' })),
    left: '0',
  },
  'the kill switch': { act: async (world) => void (await world.operator({ action: 'kill' })), left: '0' },
  'a trim after one leg was reduced by its venue': {
    act: async (world) => void world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'adl'),
    left: '5.5',
  },
  'an unwind after one leg is gone': {
    act: async (world) => void world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation'),
    left: '0',
  },
  'an exit whose answer is lost, and its lookups': {
    act: async (world) => {
      world.faults.beta.submits.push({ kind: 'reply_lost' });
      world.faults.alpha.submits.push({ kind: 'refused', code: 'busy' }, { kind: 'request_lost' });
      await world.operator({ action: 'close', hedge: 'h1' });
    },
    left: '0',
  },
  'a restart in the middle of an exit': {
    act: async (world) => {
      world.faults.beta.submits.push({ kind: 'crash_after' });
      await world.tryOperator({ action: 'close', hedge: 'h1' });
      world.boot();
    },
    left: '0',
  },
};

describe('reducing', () => {
  it('breakers-never-block-reducing: whatever set is tripped, exits, trims, unwinds and lookups go out, and nothing opens', {
    timeout: 120_000,
  }, async () => {
    const reduction = fc.constantFrom(...Object.keys(REDUCTIONS));
    await fc.assert(
      fc.asyncProperty(fc.subarray(EVERY, { minLength: 1 }), reduction, async (set, what) => {
        const world = new World({ settings: HUMAN });
        await world.opened();
        world.crash();
        world.store.facts.push(...set.map(({ name, subject }) => trip(name, subject, world.clock.now())));
        world.boot();
        await world.run(3_000);
        const before = world.submitted.length;
        await REDUCTIONS[what]?.act(world);
        await world.run(90_000, 1_000);
        world.check();
        expect(tripped(world).sort()).toEqual(set.map((each) => breakerId({ ...each, route: 'live' })).sort());
        expect(world.wrongs()).toEqual([]);
        const sent = world.submitted.slice(before);
        expect(sent.length).toBeGreaterThan(0);
        const stopsSol = set.some(({ subject }) => subject !== 'ETH');
        if (!stopsSol) return;
        expect(world.position('beta').replace('-', '')).toBe(REDUCTIONS[what]?.left);
        expect(sent.filter(({ reduceOnly }) => !reduceOnly)).toEqual([]);
      }),
      { seed: 20260105, numRuns: 60, endOnFailure: true },
    );
  });

  it('every kind of reduction is tried with everything tripped at once', { timeout: 60_000 }, async () => {
    for (const [what, { act, left }] of Object.entries(REDUCTIONS)) {
      const world = new World({ settings: HUMAN });
      await world.opened();
      world.crash();
      world.store.facts.push(...EVERY.map(({ name, subject }) => trip(name, subject, world.clock.now())));
      world.boot();
      await world.run(3_000);
      await act(world);
      await world.run(90_000, 1_000);
      expect([what, world.position('beta').replace('-', ''), world.wrongs()]).toEqual([what, left, []]);
    }
  });
});

describe('an entry spread over time', () => {
  const NEAR = settingsWith({ orderRate: { orders: 4, windowMinutes: 10 } }).risk;
  const begun = async (settings: typeof SLICED): Promise<World> => {
    const world = new World({ settings: { ...settings, risk: { ...settings.risk, breakers: NEAR.breakers } } });
    world.boot();
    await world.run(1_000);
    expect(world.state()).toBe('entering');
    return world;
  };

  it('adds no slice once a breaker has tripped; what is matched is kept', async () => {
    const world = await begun(SLICED);
    await world.run(30_000, 1_000);
    expect(tripped(world)).toEqual(['order_rate/live']);
    // Two slices of two orders.
    expect(world.submitted).toHaveLength(4);
    expect(world.hedge()).toMatchObject({ state: 'held', detail: expect.stringContaining('breaker_order_rate') });
    expect(world.wrongs()).toEqual([]);
  });

  it('takes back the order that rests, and hedges what it had got', async () => {
    const world = await begun(MAKER);
    const [order] = resting(world, 'alpha').concat(resting(world, 'beta'));
    const venue = resting(world, 'alpha').length > 0 ? 'alpha' : 'beta';
    expect(order).toBeDefined();
    tradeThrough(world, venue, 3);
    world.engine.push({
      kind: 'settings',
      settings: { ...MAKER, risk: { ...MAKER.risk, breakers: TIGHT } },
      changes: [],
    });
    await world.run(20_000, 500);
    expect(tripped(world)).toEqual(['order_rate/live']);
    expect([resting(world, 'alpha'), resting(world, 'beta')]).toEqual([[], []]);
    expect(world.wrongs()).toEqual([]);
  });

  const TIGHT = settingsWith({ orderRate: { orders: 1, windowMinutes: 10 } }).risk.breakers;
});

describe('a bot that keeps dying', () => {
  it('fault-37-crash-loop: what is open is managed to its end, nothing opens until it has stayed up', async () => {
    const limits = { restarts: { starts: 4, windowMinutes: 10, cooldownMinutes: 15 } };
    const quick = {
      exit: { ...SETTINGS.risk.exit, confirmMinutes: 0 },
      cooldown: { afterExitMinutes: 0, afterFailureMinutes: 0 },
    };
    const world = new World({ settings: settingsWith(limits, quick) });
    await world.opened();
    for (let n = 0; n < 3; n++) {
      world.crash();
      world.boot();
      await world.run(5_000);
    }
    expect(tripped(world)).toEqual(['restarts/live']);
    expect(world.state()).toBe('held');
    calm(world);
    await world.run(10_000);
    expect(world.state()).toBe('closed');
    pay(world);
    await world.run(10_000);
    expect(refusals(world)).toContain('breaker_restarts');
    expect(world.ledger.hedges.size).toBe(1);
    await world.run(16 * 60_000, 1_000);
    expect(tripped(world)).toEqual([]);
    expect(world.state('h2')).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });
});

describe('any life', () => {
  const COOLDOWN = { cooldownMinutes: 0.05 };
  const { risk } = settingsWith({
    errorRate: { minCalls: 3, rate: 0.3, ...COOLDOWN },
    latency: { minOrders: 1, p90Ms: 1_000, ...COOLDOWN },
    rejectedOrders: { rejected: 1, ...COOLDOWN },
    staleStreams: { staleMs: 2_000, ...COOLDOWN },
    consecutiveFailures: { failures: 1, ...COOLDOWN },
    churn: { cycles: 1, ...COOLDOWN },
    drawdown: { lossUsd: 1, reset: 'cooldown', ...COOLDOWN },
    orderRate: { orders: 4, ...COOLDOWN },
    restarts: { starts: 2, ...COOLDOWN },
  });
  const touchy = { ...QUICK, risk: { ...QUICK.risk, breakers: risk.breakers } };

  it('with breakers that trip at the least converges all the same, and the switches alternate', {
    timeout: 120_000,
  }, async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(stepsOf(40), async (steps) => {
        const { wrongs, world } = await live(steps, touchy);
        expect(wrongs).toEqual([]);
        const states = new Map<string, string>();
        for (const each of switches(world)) {
          expect(each.state).not.toBe(states.get(breakerId(each)) ?? 'reset');
          states.set(breakerId(each), each.state);
          seen.add(`${each.name} ${each.state}`);
        }
        const replayed = emptyLedger();
        for (const fact of world.store.load()) foldFact(replayed, fact);
        expect(replayed).toEqual(world.ledger);
      }),
      { seed: 20260105, numRuns: 60, endOnFailure: true },
    );
    // Lives in which nothing trips would prove nothing.
    const touched = BREAKER_NAMES.filter((name) => !['clock_skew', 'daily_loss'].includes(name));
    expect([...seen].sort()).toEqual(touched.flatMap((name) => [`${name} reset`, `${name} tripped`]).sort());
  });
});

describe('restarts', () => {
  const STORM = { rejectedOrders: { rejected: 6, ofLast: 8, cooldownMinutes: 60 } };
  const AT_ONCE = { cooldown: { afterExitMinutes: 0, afterFailureMinutes: 0 } };

  it('restart-in-a-storm: refusals from before a restart count after it', async () => {
    const world = new World({ settings: settingsWith(STORM, AT_ONCE) });
    world.faults.beta.submits.push(...Array.from({ length: 50 }, () => ({ kind: 'refused', code: 'margin' }) as const));
    world.boot();
    const refused = (): number =>
      world.store.facts.filter((fact) => fact.kind === 'outcome' && fact.status === 'rejected').length;
    while (refused() < 3) await world.run(1);
    expect(tripped(world)).toEqual([]);
    world.crash();
    world.boot();
    await world.run(60_000, 500);
    expect(tripped(world)).toEqual(['rejected_orders/live/beta']);
    expect(refused()).toBe(6);
  });

  it('killed-between-evidence-and-trip: the next start trips on what the ledger proves', async () => {
    const world = new World({ settings: settingsWith(STORM, AT_ONCE) });
    world.faults.beta.submits.push(...Array.from({ length: 50 }, () => ({ kind: 'refused', code: 'margin' }) as const));
    world.boot();
    await world.run(60_000, 500);
    world.crash();
    const at = world.store.facts.findIndex((fact) => fact.kind === 'breaker');
    expect(at).toBeGreaterThan(0);
    world.store.facts.splice(at);
    const sent = world.submitted.length;
    world.boot();
    await world.run(5_000);
    expect(tripped(world)).toEqual(['rejected_orders/live/beta']);
    expect(world.submitted.slice(sent).filter(({ reduceOnly }) => !reduceOnly)).toEqual([]);
  });

  it('killed-between-trip-and-telling: the next start tells what is tripped', async () => {
    const world = new World({ settings: settingsWith(STORM, AT_ONCE) });
    world.faults.beta.submits.push(...Array.from({ length: 50 }, () => ({ kind: 'refused', code: 'margin' }) as const));
    world.boot();
    await world.run(60_000, 500);
    expect(tripped(world)).toEqual(['rejected_orders/live/beta']);
    world.crash();
    world.alarms.length = 0;
    world.boot();
    const told = world.alarms.filter(({ code }) => code === 'breaker_tripped').map(({ subject }) => subject);
    expect(told).toEqual(['rejected_orders/live/beta']);
  });

  it('order-storm-over-restarts: orders sent before a restart count', async () => {
    const world = new World({ settings: settingsWith({ orderRate: { orders: 4 } }) });
    await world.opened();
    expect(world.submitted).toHaveLength(2);
    world.crash();
    world.boot();
    await world.run(2_000);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(2_000);
    expect(tripped(world)).toEqual(['order_rate/live']);
  });

  it('a disk that is full when a breaker should trip: nothing opens, and it trips as soon as it can be stored', async () => {
    const world = new World({ settings: settingsWith({ staleStreams: { staleMs: 10_000 } }) });
    Object.assign(world.rates, { alpha: 0.00001, beta: 0.00001 });
    world.move(SOL, 0);
    world.boot();
    await world.run(2_000);
    world.store.failing = true;
    world.feedDown.add('beta');
    await world.run(15_000, 1_000);
    expect(switches(world)).toEqual([]);
    world.store.failing = false;
    await world.run(15_000, 1_000);
    expect(tripped(world)).toEqual(['stale_streams/live/beta']);
    expect(world.submitted).toEqual([]);
  });
});

describe('equity', () => {
  const NO_EXIT = { exit: { ...SETTINGS.risk.exit, minForwardApr: -100 } };
  const loss = (world: World) => statusOf(world.engine.core).breakers.find(({ name }) => name === 'drawdown')?.actual;

  it('drawdown-from-the-peak: what was earned and then lost counts, also over a restart', async () => {
    const world = new World({ settings: settingsWith({ drawdown: { lossUsd: 2 } }, NO_EXIT) });
    await world.opened();
    // An hour pays about 0.95.
    await world.run(6 * HOUR_MS, MINUTE_MS);
    const earned = [...world.store.facts].filter((fact) => fact.kind === 'peak').at(-1);
    expect(Number(earned && text(earned.equityUsd))).toBeGreaterThan(3);
    world.crash();
    Object.assign(world.rates, { alpha: 0.001, beta: 0.00001 });
    world.move(SOL, 0);
    world.boot();
    await world.run(2 * HOUR_MS, MINUTE_MS);
    expect(tripped(world)).toEqual([]);
    await world.run(2 * HOUR_MS, MINUTE_MS);
    expect(tripped(world)).toEqual(['drawdown/live']);
    // Since the ledger began nothing is lost at all.
    const { routes } = statusOf(world.engine.core);
    expect(Number(routes[0]?.net)).toBeGreaterThan(0);
  });

  it('a reset takes the loss as it is: the peak is the equity of then', async () => {
    const world = new World({ settings: settingsWith({ drawdown: { lossUsd: 0.5 } }, NO_EXIT) });
    await world.opened();
    await world.run(2_000);
    expect(tripped(world)).toEqual(['drawdown/live']);
    expect(await world.operator({ action: 'breaker_reset', breaker: 'drawdown' })).toMatchObject({
      ok: true,
      message: 'drawdown/live is reset',
    });
    await world.run(60_000, 1_000);
    expect(tripped(world)).toEqual([]);
    expect(loss(world)).toBeLessThan(0.01);
  });

  it('reset-without-a-bot: the first known equity after it is the peak', async () => {
    const world = new World({ settings: settingsWith({ drawdown: { lossUsd: 0.5 } }, NO_EXIT) });
    await world.opened();
    await world.run(2_000);
    world.crash();
    const { actual: _, ...known } = trip('drawdown', '', world.clock.now());
    world.store.facts.push({ ...known, state: 'reset', by: 'cli' });
    world.boot();
    await world.run(60_000, 1_000);
    expect(tripped(world)).toEqual([]);
    expect(loss(world)).toBeLessThan(0.01);
  });

  it('one-leg-without-a-price: a frozen venue while the other moves is no loss and no profit', async () => {
    const world = new World({
      settings: settingsWith({ drawdown: { lossUsd: 50 } }, { ...NO_EXIT, loss: { maxDailyLossUsd: 50 } }),
    });
    await world.opened();
    await world.run(5_000);
    const peaks = world.store.facts.filter((fact) => fact.kind === 'peak').length;
    world.feedDown.add('beta');
    await world.run(16_000, 1_000);
    // Long 9.5 on alpha: 10 % are 95 USD each way, and the short leg has the same with the other sign.
    for (const change of [-0.1, 0.25]) {
      world.move(SOL, change);
      await world.run(20_000, 1_000);
      expect(loss(world)).toBeUndefined();
    }
    expect(tripped(world)).toEqual([]);
    world.feedDown.clear();
    await world.run(10_000, 1_000);
    expect(tripped(world)).toEqual([]);
    expect(world.store.facts.filter((fact) => fact.kind === 'peak')).toHaveLength(peaks);
  });

  it('a deposit is no profit: the peak and the loss stay as they are', async () => {
    const world = new World({ settings: settingsWith({ drawdown: { lossUsd: 0.5 } }, NO_EXIT) });
    await world.opened();
    await world.run(2_000);
    const before = loss(world);
    world.crash();
    const at = world.clock.now();
    const baseline = {
      kind: 'baseline',
      venue: 'alpha',
      route: 'live',
      currency: 'USDT',
      wallet: quote('99999'),
    } as const;
    world.store.facts.push({ ...baseline, at });
    world.boot();
    await world.run(2_000);
    expect(loss(world)).toBeCloseTo(before ?? Number.NaN, 2);
  });

  it('yesterdays-loss: until the new day is opened nothing was lost today', async () => {
    const world = new World();
    await world.opened();
    const { core } = world.engine;
    const key = dayKey('live', utcDayStart(core.clock.now()));
    const today = core.ledger.days.get(key);
    if (!today) throw new Error('no day');
    core.ledger.days.delete(key);
    core.ledger.days.set(dayKey('live', today.day - DAY_MS), {
      ...today,
      day: today.day - DAY_MS,
      equityUsd: quote('150'),
    });
    expect(dayPnlUsd(core, 'live')).toBe(0);
    core.ledger.days.set(key, { ...today, equityUsd: quote('150') });
    expect(dayPnlUsd(core, 'live')).toBeLessThan(-140);
  });

  it('fault-48-back-over-midnight: a UTC day is opened once', async () => {
    const world = new World();
    await world.opened();
    world.wallShiftMs = DAY_MS;
    await world.run(5_000);
    world.wallShiftMs = 0;
    await world.run(5_000);
    const days = world.store.facts.flatMap((fact) => (fact.kind === 'day' ? [fact.day] : []));
    expect(new Set(days).size).toBe(days.length);
    expect(days).toHaveLength(2);
  });

  it('fault-48-days-ahead: no day is written twice, which the ledger refuses', async () => {
    const world = new World();
    await world.opened();
    for (const shift of [5, 0, 1, 5, 0]) {
      world.wallShiftMs = shift * DAY_MS;
      await world.run(5_000);
    }
    const days = world.store.facts.flatMap((fact) => (fact.kind === 'day' ? [fact.day] : []));
    expect(new Set(days).size).toBe(days.length);
    expect(days).toHaveLength(3);
  });

  it('fault-48-loss-kept: what was lost today counts again once a clock that was ahead over midnight is put right', async () => {
    const NO_EXIT = { exit: { ...SETTINGS.risk.exit, minForwardApr: -100 }, loss: { maxDailyLossUsd: 0.5 } };
    const world = new World({ settings: settingsWith({}, NO_EXIT) });
    await world.opened();
    await world.run(2_000);
    expect(tripped(world)).toEqual(['daily_loss/live']);
    world.wallShiftMs = 14 * HOUR_MS;
    await world.run(5_000);
    world.wallShiftMs = 0;
    await world.run(5_000);
    expect(tripped(world)).toEqual(['daily_loss/live']);
  });

  it('fault-48-reset-ahead: a drawdown that was reset by a clock that was ahead is measured as ever', async () => {
    const NO_EXIT = { exit: { ...SETTINGS.risk.exit, minForwardApr: -100 } };
    const world = new World({ settings: settingsWith({ drawdown: { lossUsd: 0.5 } }, NO_EXIT) });
    await world.opened();
    await world.run(2_000);
    world.wallShiftMs = 3 * HOUR_MS;
    await world.run(2_000);
    expect(await world.operator({ action: 'breaker_reset', breaker: 'drawdown' })).toMatchObject({ ok: true });
    world.wallShiftMs = 0;
    // A receipt: a new peak is stored.
    await world.run(45 * MINUTE_MS, MINUTE_MS);
    Object.assign(world.rates, { alpha: 0.002, beta: 0.00001 });
    world.move(SOL, 0);
    await world.run(90 * MINUTE_MS, MINUTE_MS);
    expect(tripped(world)).toEqual(['drawdown/live']);
  });
});

describe('commands', () => {
  it('a reset is refused while the cause still stands, and says so', async () => {
    const world = new World({ settings: settingsWith({ staleStreams: { staleMs: 10_000 } }) });
    world.boot();
    world.feedDown.add('beta');
    await world.run(15_000, 1_000);
    const refused = await world.operator({ action: 'breaker_reset', breaker: 'stale_streams' });
    expect(refused.ok).toBe(false);
    expect(refused.message).toMatch(/stale_streams\/live\/beta is not reset: market data has been down for 1\d s/);
    world.feedDown.clear();
    await world.run(1_000);
    expect(await world.operator({ action: 'breaker_reset', breaker: 'stale_streams/live/beta' })).toMatchObject({
      ok: true,
    });
    await world.run(60_000, 1_000);
    expect(tripped(world)).toEqual([]);
  });

  it('names: what there is not, what is not tripped, and one name for several', async () => {
    const world = new World({ settings: HUMAN });
    world.store.facts.push(trip('latency', 'alpha', 1), trip('latency', 'beta', 1), trip('churn', 'SOL', 1));
    world.boot();
    await world.run(1_000);
    expect(await world.operator({ action: 'breaker_reset', breaker: 'lateness' })).toMatchObject({ ok: false });
    expect(await world.operator({ action: 'breaker_reset', breaker: 'latency/live/gamma' })).toMatchObject({
      ok: true,
      message: 'no breaker latency/live/gamma is tripped',
    });
    expect(await world.operator({ action: 'breaker_reset', breaker: 'latency' })).toMatchObject({
      message: 'latency/live/alpha is reset; latency/live/beta is reset',
    });
    expect(tripped(world)).toEqual(['churn/live/SOL']);
    expect(refusals(world)).toContain('breaker_churn');
  });
});

describe('evidence', () => {
  it('a private stream that is down counts like market data that is', async () => {
    const world = new World({ settings: settingsWith({ staleStreams: { staleMs: 10_000, cooldownMinutes: 0 } }) });
    world.boot();
    await world.run(1_000);
    const stream = (status: 'up' | 'down'): void =>
      world.engine.push({
        kind: 'account',
        route: 'live',
        venue: 'beta',
        event: { kind: 'stream', status, reason: 'test' },
      });
    stream('down');
    await world.run(9_000);
    expect(tripped(world)).toEqual([]);
    await world.run(2_000);
    expect(tripped(world)).toEqual(['stale_streams/live/beta']);
    stream('up');
    await world.run(2_000);
    expect(tripped(world)).toEqual([]);
  });

  it('a venue that was never reached is stale, whatever it has not said', async () => {
    const world = new World({ settings: settingsWith({ staleStreams: { staleMs: 10_000 } }) });
    world.faults.beta.stream = 'lost';
    world.boot();
    await world.run(12_000, 1_000);
    expect(tripped(world)).toEqual(['stale_streams/live/beta']);
  });

  it('fault-49-skew: a jump of our clock counts at once; when it is put right, the breaker sees it within a minute', async () => {
    const world = new World({ settings: settingsWith({ clockSkew: { skewMs: 1_000, cooldownMinutes: 0 } }) });
    world.boot();
    tellTime(world, 0);
    await world.run(1_000);
    world.wallShiftMs = -5_000;
    await world.run(1_000);
    expect(tripped(world)).toEqual(['clock_skew/live/beta']);
    // Slowly enough to be no jump.
    for (; world.wallShiftMs < 0; world.wallShiftMs += 500) await world.run(1_000);
    await world.run(61_000, 1_000);
    expect(tripped(world)).toEqual([]);
  });

  it('new limits apply at once, and looking again by itself changes nothing', async () => {
    const world = new World();
    await world.opened();
    const settings = settingsWith({ orderRate: { orders: 2, windowMinutes: 60 } });
    world.engine.push({ kind: 'settings', settings, changes: [] });
    await world.run(1_000);
    expect(tripped(world)).toEqual(['order_rate/live']);
    const stored = world.store.facts.length;
    recheckBreakers(world.engine.core);
    watchBreakers(world.engine.core);
    expect(world.store.facts).toHaveLength(stored);
  });
});

it.each([0, DAY_MS])(
  'fault-48-ahead-over-midnight: a clock that was %d ms ahead for a moment hides no loss of the day after',
  async (shift) => {
    const risk = { exit: { ...SETTINGS.risk.exit, minForwardApr: -1_000 }, loss: { maxDailyLossUsd: 5 } };
    const world = new World({ settings: settingsWith({}, risk) });
    await world.opened();
    await world.operator({ action: 'pause' });
    tellTime(world, 0);
    await world.run(1);
    world.wallShiftMs = shift;
    await world.run(5_000);
    world.wallShiftMs = 0;
    await world.run(5_000);
    // A day that earns, and one that loses.
    Object.assign(world.rates, { alpha: 0.00001, beta: 0.005 });
    world.move(SOL, 0);
    const midnight = utcDayStart(world.clock.now()) + DAY_MS;
    await world.run(midnight - world.clock.now() + 3 * MINUTE_MS, 2 * MINUTE_MS);
    Object.assign(world.rates, { alpha: 0.005, beta: 0.00001 });
    world.move(SOL, 0);
    await world.run(4 * HOUR_MS, 2 * MINUTE_MS);
    expect(tripped(world)).toEqual(['daily_loss/live']);
  },
);
