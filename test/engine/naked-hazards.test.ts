/** How long a hedge can be naked, judged by the exchanges' books, and what is told meanwhile. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { base, contracts } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { World } from './world.ts';
import { ACCOUNT, COMMON_LOT, SETTINGS, SOL } from './world-setup.ts';

const both = (world: World): string[] => [world.position('alpha'), world.position('beta')];

/** Production's limit, and an order that may be accepted for long after it was sent. */
const PRODUCTION = {
  ...SETTINGS,
  execution: {
    ...SETTINGS.execution,
    nakedLimitMs: 8_000,
    lookup: { ...SETTINGS.execution.lookup, minValidityMs: 30_000 },
  },
};

/** Longest time, ms, in which the books of both exchanges together were a common lot or more away from zero. */
async function longestNaked(world: World, ms: number, stepMs = 250): Promise<number> {
  let longest = 0;
  let since: number | undefined;
  const end = world.clock.now() + ms;
  while (world.clock.now() < end) {
    const net = base(world.position('alpha')).plus(world.position('beta')).abs();
    const now = world.clock.now();
    if (net.lt(COMMON_LOT[SOL])) since = undefined;
    else {
      since ??= now;
      longest = Math.max(longest, now - since);
    }
    await world.run(stepMs, stepMs);
  }
  return longest;
}

describe('naked while both venues answer', () => {
  it('fault-18-list-from-before: a list that was asked for before the order left does not say what it did', async () => {
    for (const offsetMs of [500, 1_500, 2_500, 3_100, 3_500, 4_500, 5_500]) {
      const world = new World({ settings: { ...SETTINGS, execution: { ...SETTINGS.execution, nakedLimitMs: 8_000 } } });
      world.boot();
      await world.operator({ action: 'pause' });
      await world.run(5_000, 100);
      world.faults.beta.reads = 'slow';
      const isReconciling = () => world.engine.core.accounts.get('live|beta')?.reconciling;
      for (let ms = 0; !isReconciling() && ms < MINUTE_MS; ms += 100) await world.run(100, 100);
      await world.run(offsetMs, 100);
      world.faults.beta.submits.push({ kind: 'reply_lost' });
      world.faults.beta.lookups = 'failing';
      world.faults.beta.stream = 'lost';
      await world.operator({ action: 'resume' });
      for (let ms = 0; world.submitted.length === 0 && ms < MINUTE_MS; ms += 100) await world.run(100, 100);
      await world.operator({ action: 'pause' });
      await world.run(1_000, 100);
      expect([offsetMs, ...both(world)]).toEqual([offsetMs, '9.5', '-9.5']);
      for (let ms = 0; ms < 25_000; ms += 100) {
        await world.run(100, 100);
        expect([offsetMs, ...both(world)]).toEqual([offsetMs, '9.5', '-9.5']);
      }
    }
  });

  it('fault-48-clock-goes-back-while-an-exit-is-unknown: the next order does not wait for the hour to come again', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.submits.push({ kind: 'request_lost' });
    await world.operator({ action: 'flatten' });
    await world.run(1);
    world.wallShiftMs = -HOUR_MS;
    expect(await longestNaked(world, MINUTE_MS)).toBeLessThanOrEqual(10_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
  });

  it('fault-02-exit-lost-on-the-way: with the defaults, looked up, proven absent and sent again within ten seconds', async () => {
    const loaded = parseConfig('mode: paper', 'defaults.yaml');
    if (!loaded.ok) throw new Error('no defaults');
    const { lookup, nakedLimitMs, retryDelayMs } = loaded.config.execution;
    const execution = { ...SETTINGS.execution, lookup, nakedLimitMs, retryDelayMs };
    const world = new World({ settings: { ...SETTINGS, execution } });
    // As the venues' own: what is older than its window is refused, and nobody waits longer than this for an answer.
    world.requestValidityMs = 6_000;
    await world.opened();
    world.faults.beta.submits.push({ kind: 'request_lost', toldAfterMs: 4_000 });
    await world.operator({ action: 'flatten' });
    expect(await longestNaked(world, MINUTE_MS)).toBeLessThanOrEqual(10_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-18-payments-unreadable: what is not needed to know the positions keeps nobody naked', async () => {
    const world = new World({ settings: PRODUCTION });
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(10_000);
    world.faults.beta.paymentsFailing = true;
    world.faults.beta.submits.push({ kind: 'request_lost' });
    await world.operator({ action: 'resume' });
    expect(await longestNaked(world, 60_000)).toBeLessThanOrEqual(10_000);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'unwound:naked_too_long' });
  });

  it('fault-18-positions-fail-once: a list of positions that failed is asked for again soon', async () => {
    const rarely = { positionsEveryMs: 10 * MINUTE_MS, reconcileEveryMs: 24 * HOUR_MS };
    const world = new World({ settings: { ...PRODUCTION, ...rarely } });
    await world.opened();
    world.faults.beta.reads = 'failing';
    const failures = () => world.engine.core.positions.get('live|beta')?.failures;
    for (let ms = 0; failures() === 0 && ms < HOUR_MS; ms += 1_000) await world.run(1_000, 1_000);
    expect(failures()).toBe(1);
    world.faults.beta.reads = 'ok';
    await world.run(20_000, 1_000);
    expect(failures()).toBe(0);
  });

  it('fault-18-second-leg-unknown: flattened before ten seconds, though the order may still be accepted', async () => {
    const world = new World({ settings: PRODUCTION });
    world.faults.beta.submits.push({ kind: 'request_lost' });
    world.boot();
    expect(await longestNaked(world, 60_000)).toBeLessThanOrEqual(10_000);
    const told = world.alarms.find(({ code }) => code === 'naked_leg');
    expect(told && told.at - world.hedge().plan.at).toBeLessThanOrEqual(5_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'unwound:naked_too_long' });
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-18-accepted-after-the-unwind: what is filled late is closed again, never left', async () => {
    const world = new World({ settings: PRODUCTION });
    world.faults.beta.submits.push({ kind: 'accepted_late', delayMs: 20_000 });
    world.boot();
    await world.run(1);
    await world.operator({ action: 'pause' });
    expect(await longestNaked(world, 2 * MINUTE_MS)).toBeLessThanOrEqual(10_000);
    expect(world.exchanges.beta.trades(ACCOUNT).length).toBeGreaterThan(0);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-18-filled-but-lookups-fail: its fills are read before anything is unwound', async () => {
    const world = new World({ settings: { ...PRODUCTION, reconcileEveryMs: HOUR_MS } });
    world.faults.beta.submits.push({ kind: 'reply_lost' });
    Object.assign(world.faults.beta, { lookups: 'failing', stream: 'lost' });
    world.boot();
    await world.run(30_000, 500);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    expect(world.submitted).toHaveLength(2);
    world.healAll();
    await world.run(30_000, 500);
    expect(world.state()).toBe('held');
  });

  it.each(['liquidation', 'adl'] as const)('fault-22-%s-untold: repaired before ten seconds', async (by) => {
    const world = new World({ settings: { ...PRODUCTION, reconcileEveryMs: HOUR_MS } });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.beta.stream = 'lost';
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), by);
    expect(await longestNaked(world, 30_000)).toBeLessThanOrEqual(10_000);
    expect(both(world)).toEqual(['5.5', '-5.5']);
  });

  it('fault-22-leg-liquidated-whole: told by the stream, the other leg goes at once, not when the naked limit is over', async () => {
    const world = new World({ settings: PRODUCTION });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    expect(await longestNaked(world, 30_000)).toBeLessThanOrEqual(1_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.state()).toBe('closed');
  });

  it('one leg of an exit is refused for a while: retried within seconds of its return', async () => {
    const world = new World({ settings: PRODUCTION });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.exchanges.beta.setTrading(SOL, false);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(5 * MINUTE_MS, 1_000);
    expect(both(world)).toEqual(['0', '-9.5']);
    world.exchanges.beta.setTrading(SOL, true);
    expect(await longestNaked(world, 60_000)).toBeLessThanOrEqual(30_000);
    expect(both(world)).toEqual(['0', '0']);
  });

  it('a leg that cannot be trimmed costs its partner nothing, also past the limit', async () => {
    const world = new World({ settings: PRODUCTION });
    await world.opened();
    world.exchanges.alpha.setTrading(SOL, false);
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('4'), 'liquidation');
    await world.run(5 * MINUTE_MS, 1_000);
    expect(both(world)).toEqual(['9.5', '-7.5']);
    world.exchanges.alpha.setTrading(SOL, true);
    expect(await longestNaked(world, 60_000)).toBeLessThanOrEqual(30_000);
    expect(world.wrongs()).toEqual([]);
  });
});

describe('naked while a venue does not answer', () => {
  it('fault-18-unreachable: held, told every minute, repaired within thirty seconds of its return', async () => {
    const world = new World({ settings: PRODUCTION });
    world.faults.beta.submits.push({ kind: 'request_lost' });
    world.boot();
    await world.run(1);
    world.faults.beta.down = true;
    world.feedDown.add('beta');
    await world.run(10 * MINUTE_MS, 1_000);
    expect(both(world)).toEqual(['9.5', '0']);
    expect(world.submitted).toHaveLength(2);
    const minutes = new Set(
      world.alarms.filter(({ code }) => code === 'naked_too_long').map(({ at }) => Math.floor(at / MINUTE_MS)),
    );
    expect(minutes.size).toBeGreaterThanOrEqual(9);
    world.faults.beta.down = false;
    world.feedDown.clear();
    expect(await longestNaked(world, 90_000)).toBeLessThanOrEqual(30_000);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-48-clock-goes-back: the timer counts on', async () => {
    const world = new World({ settings: PRODUCTION });
    world.faults.beta.submits.push({ kind: 'request_lost' });
    world.boot();
    await world.run(2_000, 250);
    world.wallShiftMs = -HOUR_MS;
    expect(await longestNaked(world, 20_000)).toBeLessThanOrEqual(9_000);
    expect(both(world)).toEqual(['0', '0']);
  });
});
