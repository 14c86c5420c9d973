/** Entries that rest on one leg, each hazard by name. Expectations are read from the exchanges' books. */
import { describe, expect, it } from 'vitest';
import { contracts, px, text, toNumber } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { MAKER, resting, tradeThrough } from './styles.ts';
import { World } from './world.ts';
import { ACCOUNT, ETH, SETTINGS, SOL } from './world-setup.ts';

const positions = (world: World) => [world.position('alpha'), world.position('beta')];
const ordersOn = (world: World, venue: string) => world.submitted.filter((order) => order.key.startsWith(venue));

/** A running world whose maker order rests on alpha, at the best bid of 99.98. */
async function begun(settings = MAKER): Promise<World> {
  const world = new World({ settings });
  world.boot();
  await world.run(1_000);
  expect(resting(world, 'alpha')).toHaveLength(1);
  expect(world.state()).toBe('entering');
  return world;
}

/** Its first order, which rests, reaches the venue a second time four seconds later. */
async function deliveredAgain(): Promise<World> {
  const world = new World({ settings: MAKER });
  world.faults.alpha.submits.push({ kind: 'delivered_again', delayMs: 4_000 });
  world.boot();
  await world.run(1_000);
  return world;
}

describe('resting', () => {
  it('rests post-only at the touch, hedges the fill at once, and pays the maker fee on that leg', async () => {
    const world = await begun();
    expect(world.submitted).toMatchObject([{ style: 'post_only', side: 'buy', reduceOnly: false }]);
    expect(resting(world, 'alpha').map(({ price }) => price?.toFixed())).toEqual(['99.98']);
    expect(positions(world)).toEqual(['0', '0']);
    tradeThrough(world, 'alpha', 9.5);
    await world.run(1, 1);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    await world.run(2_000);
    expect(world.state()).toBe('held');
    expect(world.exchanges.alpha.trades(ACCOUNT).map(({ maker }) => maker)).toEqual([true]);
    expect(text(world.exchanges.alpha.audit(ACCOUNT).fees)).toBe((9.5 * 99.98 * 0.0002).toFixed(6));
    expect(world.submitted).toHaveLength(2);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-03-risen: an order accepted after it was called absent is found while it rests, though nothing tells of it', async () => {
    const world = new World({ settings: { ...MAKER, reconcileEveryMs: 3 * HOUR_MS } });
    world.boot();
    world.faults.alpha.stream = 'lost';
    world.faults.alpha.submits.push({ kind: 'accepted_late', delayMs: 60_000 });
    await world.run(30_000, 250);
    const [late] = world.submitted;
    expect(world.ledger.attempts.get(late?.clientOrderId ?? '')?.status).toBe('proven_absent');
    // Whatever became of the hedge: nothing else is to be opened from here on.
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'flatten' });
    await world.run(5 * MINUTE_MS, 1_000);
    expect(world.exchanges.alpha.order(ACCOUNT, SOL, { clientOrderId: late?.clientOrderId ?? '' })?.status).toBe(
      'canceled',
    );
    expect(resting(world, 'alpha')).toEqual([]);
    expect(positions(world)).toEqual(['0', '0']);
  });

  it('fills under a common lot add up before the other leg moves', async () => {
    const world = await begun();
    tradeThrough(world, 'alpha', 0.3);
    await world.run(100, 50);
    expect(positions(world)).toEqual(['0.3', '0']);
    tradeThrough(world, 'alpha', 0.3);
    await world.run(100, 50);
    expect(positions(world)).toEqual(['0.6', '-0.5']);
    tradeThrough(world, 'alpha', 4);
    await world.run(100, 50);
    expect(positions(world)).toEqual(['4.6', '-4.5']);
    expect(world.state()).toBe('entering');
  });

  it('reprice: follows the touch one order at a time, never past the approved worst price or the bound', async () => {
    const world = await begun();
    for (let step = 0; step < 20; step++) {
      world.move(SOL, 0.0003);
      await world.run(1_500, 250);
      expect(resting(world, 'alpha').length).toBeLessThanOrEqual(1);
    }
    const sent = ordersOn(world, 'alpha');
    // Each stood for its two seconds; the first is not a reprice.
    expect(sent).toHaveLength(1 + SETTINGS.execution.maker.maxReprices);
    // 100 x (1 + 0.2 %).
    expect(Math.max(...sent.map((order) => toNumber(order.limitPrice)))).toBeLessThanOrEqual(100.2);
    for (const [i, order] of sent.slice(1).entries()) expect(order.limitPrice).not.toEqual(sent[i]?.limitPrice);
  });

  it('post-only-would-cross: a refusal counts as an attempt, and another refusal ends the entry', async () => {
    const world = new World({ settings: MAKER });
    const crossing = { kind: 'refused', code: 'post_only_would_cross' } as const;
    world.faults.alpha.submits.push(...Array.from({ length: 50 }, () => crossing));
    world.boot();
    await world.run(40_000);
    expect(ordersOn(world, 'alpha')).toHaveLength(6);
    expect(world.hedge()).toMatchObject({ state: 'aborted', reason: 'reprices_exhausted' });
    const other = new World({ settings: MAKER });
    other.faults.alpha.submits.push({ kind: 'refused', code: 'insufficient_margin' });
    other.boot();
    await other.run(2_000);
    expect(other.hedge()).toMatchObject({ state: 'aborted', reason: 'rejected:insufficient_margin' });
    expect(other.submitted).toHaveLength(1);
  });

  it('deadline: what was reached is held, what rests is cancelled', async () => {
    const world = await begun();
    tradeThrough(world, 'alpha', 4);
    await world.run(32_000);
    expect(world.hedge()).toMatchObject({ state: 'held', reason: 'filled' });
    expect(positions(world)).toEqual(['4', '-4']);
    expect(world.wrongs()).toEqual([]);
  });

  it('too-small-to-keep: an entry that ends under the smallest useful size is unwound', async () => {
    const world = await begun();
    tradeThrough(world, 'alpha', 0.5);
    await world.run(200, 50);
    expect(positions(world)).toEqual(['0.5', '-0.5']);
    await world.run(32_000);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'unwound:too_small' });
    expect(positions(world)).toEqual(['0', '0']);
  });

  it('the entry keeps the style it was planned with when the configuration changes', async () => {
    const world = await begun();
    world.engine.push({ kind: 'settings', settings: SETTINGS, changes: [] });
    tradeThrough(world, 'alpha', 2);
    await world.run(3_000);
    expect(world.hedge().plan.entry).toMatchObject({ style: 'maker_taker', maker: 'long' });
    expect(positions(world)).toEqual(['2', '-2']);
    expect(resting(world, 'alpha')).toHaveLength(1);
  });
});

it('worst-case-exposure: what an entry has yet to send counts against the limits from the start', async () => {
  const exposure = { ...MAKER.risk.exposure, maxTotalNotionalUsd: 2_100 };
  const world = new World({ settings: { ...MAKER, risk: { ...MAKER.risk, exposure } }, symbols: [SOL, ETH] });
  world.boot();
  await world.run(10_000);
  // Both legs of the first come to 1,950 USD though one leg rests and the other has no order at all.
  expect(world.ledger.hedges.size).toBe(1);
  expect(world.submitted).toHaveLength(1);
});

describe('a clean stop', () => {
  it('stop-while-resting: the order is taken back, what it had reached stays hedged, nothing more is told', async () => {
    const world = await begun();
    tradeThrough(world, 'alpha', 4);
    await world.run(200, 50);
    const stopped = world.engine.stop(5_000);
    await world.run(6_000, 50);
    expect(await stopped).toEqual([]);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(positions(world)).toEqual(['4', '-4']);
    expect(world.hedge()).toMatchObject({ state: 'entering' });
    expect(world.wrongs()).toEqual([]);
  });

  it('stop-after-a-bug: a bug while it finishes ends it, and nothing more is sent', async () => {
    const world = await begun();
    world.faults.alpha.down = true;
    const stopped = world.engine.stop(5_000);
    const reply = (): never => {
      throw new TypeError('a bug');
    };
    world.engine.push({ kind: 'operator', command: { action: 'pause' }, by: 'test', reply });
    await world.run(3_000, 50);
    expect(() => world.check()).toThrow('a bug');
    // Long before its time is over.
    expect(await Promise.race([stopped, 'still going on'])).toHaveLength(1);
  });

  it('stop-in-a-world-that-stands-still: without a grace it is over at once', async () => {
    const world = await begun();
    expect(await world.engine.stop(0)).toHaveLength(1);
  });

  it('stop-with-a-deaf-venue: over with its time, and says what rests', async () => {
    const world = await begun();
    world.faults.alpha.down = true;
    const stopped = world.engine.stop(5_000);
    await world.run(5_500, 50);
    expect(await stopped).toEqual([expect.stringMatching(/^h1 is entering: .* the end of order \S+ is not known$/)]);
  });
});

describe('cancelling', () => {
  it('fault-15-fill-after-cancel-ack: applied and hedged; no second order before the end of the first is known', async () => {
    const world = await begun();
    world.faults.alpha.cancels.push({ kind: 'done_late', delayMs: 3_000 });
    await world.run(1_500);
    world.move(SOL, 0.0005);
    await world.run(1_000, 250);
    // Acknowledged, and still there.
    expect(resting(world, 'alpha')).toHaveLength(1);
    tradeThrough(world, 'alpha', 3);
    await world.run(250, 250);
    expect(positions(world)).toEqual(['3', '-3']);
    await world.run(4_000, 250);
    expect(ordersOn(world, 'alpha')).toHaveLength(2);
    tradeThrough(world, 'alpha', 20);
    await world.run(2_000);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-15-filled-while-the-cancel-is-on-its-way: the whole order, told by the stream late', async () => {
    const world = await begun();
    world.faults.alpha.stream = 'late';
    world.faults.alpha.cancels.push({ kind: 'done_late', delayMs: 1_000 });
    await world.operator({ action: 'pause' });
    tradeThrough(world, 'alpha', 20);
    await world.run(5_000, 250);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it.each(['request_lost', 'reply_lost', 'denied'] as const)(
    'cancel-lost: %s, repeated until the end is known',
    async (kind) => {
      const world = await begun();
      tradeThrough(world, 'alpha', 5);
      await world.run(250, 250);
      world.faults.alpha.cancels.push({ kind }, { kind }, { kind });
      await world.operator({ action: 'pause' });
      await world.run(10_000, 250);
      expect(world.state()).toBe('held');
      expect(positions(world)).toEqual(['5', '-5']);
      expect(world.wrongs()).toEqual([]);
    },
  );

  it('fault-10-not-found-soon-after-ack: no cancel is read into it, no second order is placed', async () => {
    const world = new World({ settings: MAKER });
    world.faults.alpha.lookups = 'not_found';
    world.boot();
    await world.run(20_000);
    expect(ordersOn(world, 'alpha')).toHaveLength(1);
    expect(resting(world, 'alpha')).toHaveLength(1);
    expect(world.state()).toBe('entering');
    world.faults.alpha.lookups = 'ok';
    tradeThrough(world, 'alpha', 9.5);
    await world.run(5_000);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-02-cancelled-before-it-left: what has not been answered yet is never called absent', async () => {
    const world = new World({ settings: MAKER });
    world.faults.alpha.submits.push({ kind: 'leaves_late', delayMs: 8_000 });
    world.boot();
    await world.run(200, 50);
    await world.operator({ action: 'pause' });
    await world.run(7_500, 250);
    const fate = () => world.hedge().long.attempts[0]?.status;
    expect(fate()).toBe('intended');
    await world.run(5_000, 250);
    expect(fate()).toBe('canceled');
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.state()).toBe('aborted');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-03-accepted-after-absent: an order that rises after all is cancelled, whatever its hedge has become', async () => {
    const world = new World({ settings: MAKER });
    world.faults.alpha.submits.push({ kind: 'accepted_late', delayMs: 45_000 });
    world.boot();
    await world.run(1_000);
    await world.operator({ action: 'pause' });
    await world.run(40_000);
    expect(world.state()).toBe('aborted');
    await world.run(5_000, 250);
    expect(world.exchanges.alpha.orderHistory(ACCOUNT)).toHaveLength(1);
    await world.run(2_000);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.ledger.discrepancies.size).toBe(0);
    expect(world.wrongs()).toEqual([]);
  });

  it.each(['ok', 'lost'] as const)(
    'delivered-twice-after-its-end: the second order under one client id is cancelled too, stream %s',
    async (stream) => {
      const world = await deliveredAgain();
      await world.operator({ action: 'pause' });
      await world.run(2_000);
      expect(world.state()).toBe('aborted');
      world.faults.alpha.stream = stream;
      await world.run(2_000, 250);
      const ended = world.exchanges.alpha.orderHistory(ACCOUNT);
      expect(ended.length + resting(world, 'alpha').length).toBe(2);
      await world.run(40_000);
      expect(resting(world, 'alpha')).toEqual([]);
    },
  );

  it.each(['not_found', 'failing'] as const)(
    'fault-09-twice-after-its-fill: the second order rests, though %s lookups go with the fill of the first',
    async (lookups) => {
      const world = await deliveredAgain();
      tradeThrough(world, 'alpha', 9.5);
      await world.run(2_000, 250);
      expect(world.state()).toBe('held');
      world.faults.alpha.lookups = lookups;
      for (let i = 0; i < 5; i += 1) world.faults.alpha.cancels.push({ kind: 'request_lost' });
      await world.run(2_000, 250);
      const [second] = resting(world, 'alpha');
      const attempt = world.ledger.attempts.get(second?.clientOrderId ?? '');
      expect(attempt).toMatchObject({ status: 'open', venueOrderId: second?.orderId });
      world.faults.alpha.lookups = 'ok';
      await world.run(40_000);
      expect(resting(world, 'alpha')).toEqual([]);
      expect(attempt?.status).toBe('canceled');
      expect(positions(world)).toEqual(['9.5', '-9.5']);
    },
  );

  it('fault-14-answer-of-the-first: a lookup that left before a second order was known tells nothing of its end', async () => {
    const world = await deliveredAgain();
    tradeThrough(world, 'alpha', 9.5);
    await world.run(2_000, 250);
    const first = [...world.ledger.attempts.values()][0];
    if (!first?.venueOrderId) throw new Error('nothing was sent');
    const { clientOrderId, key, quantity } = first.intent;
    const venueOrderId = first.venueOrderId;
    world.faults.alpha.lookups = 'failing';
    for (let i = 0; i < 5; i += 1) world.faults.alpha.cancels.push({ kind: 'request_lost' });
    await world.run(2_000, 250);
    expect(first).toMatchObject({ status: 'open', code: 'second_order' });
    const told = { side: 'buy', quantity, filled: quantity, updatedAt: world.engine.core.clock.now() } as const;
    const order = { ...told, clientOrderId, key, venueOrderId, status: 'filled' } as const;
    world.engine.push({ kind: 'looked_up', clientOrderId, outcome: { kind: 'found', order, fills: [] } });
    await world.run(10, 1);
    expect(resting(world, 'alpha').map(({ orderId }) => orderId)).toEqual([first.venueOrderId]);
    expect(first.status).toBe('open');
    world.faults.alpha.lookups = 'ok';
    await world.run(40_000);
    expect(resting(world, 'alpha')).toEqual([]);
  });

  it('fault-03-risen-unseen: without the stream, the next reconciliation finds it', async () => {
    const world = new World({ settings: MAKER });
    world.faults.alpha.stream = 'lost';
    world.faults.alpha.submits.push({ kind: 'accepted_late', delayMs: 45_000 });
    world.boot();
    await world.run(1_000);
    await world.operator({ action: 'pause' });
    await world.run(80_000);
    expect(world.exchanges.alpha.orderHistory(ACCOUNT)).toHaveLength(1);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.wrongs()).toEqual([]);
  });
});

describe('the other leg', () => {
  it('partial-maker-fill-then-second-leg-rejected: the entry ends, the lonely part is unwound', async () => {
    const world = await begun();
    world.faults.beta.submits.push({ kind: 'refused', code: 'insufficient_margin' });
    tradeThrough(world, 'alpha', 3);
    await world.run(3_000, 250);
    expect(positions(world)).toEqual(['0', '0']);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'unwound:cannot_complete' });
  });

  it('second-leg-thin: what it cannot take ends the entry and is completed or trimmed', async () => {
    const world = await begun();
    world.exchanges.beta.setBook(
      SOL,
      (world.exchanges.beta.market(SOL)?.bids ?? [])
        .slice(0, 1)
        .map((level) => ({ ...level, contracts: level.contracts.times('0.04') as typeof level.contracts })),
      world.exchanges.beta.market(SOL)?.asks ?? [],
    );
    tradeThrough(world, 'alpha', 9.5);
    await world.run(5_000, 250);
    expect(['held', 'closed']).toContain(world.state());
    expect(world.wrongs()).toEqual([]);
  });

  it('maker-filled-while-the-taker-venue-goes-down: no more is added, it is told, and hedged or trimmed when it is back', async () => {
    const world = await begun();
    world.faults.beta.down = true;
    tradeThrough(world, 'alpha', 4);
    await world.run(3_000, 250);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.position('alpha')).toBe('4');
    world.feedDown.add('beta');
    await world.run(60_000, 1_000);
    expect(world.alarms.some(({ code, severity }) => code.startsWith('naked') && severity === 'critical')).toBe(true);
    expect(ordersOn(world, 'alpha').filter((order) => !order.reduceOnly)).toHaveLength(1);
    world.healAll();
    await world.run(30_000, 1_000);
    expect(world.wrongs()).toEqual([]);
  });

  it('hedge-order-unknown: nothing more may fill on the resting leg until its fate is known', async () => {
    const world = await begun();
    world.faults.beta.submits.push({ kind: 'request_lost' });
    tradeThrough(world, 'alpha', 2);
    await world.run(500, 250);
    expect(resting(world, 'alpha')).toEqual([]);
    await world.run(15_000, 250);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['2', '-2']);
  });

  it('either-venue-unreachable: what rests is cancelled, and goes on when both are back', async () => {
    const world = await begun();
    world.feedDown.add('beta');
    await world.run(1_000, 250);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.state()).toBe('entering');
    world.feedDown.clear();
    await world.run(3_000, 250);
    expect(resting(world, 'alpha')).toHaveLength(1);
    tradeThrough(world, 'alpha', 9.5);
    await world.run(1_000);
    expect(world.state()).toBe('held');
  });
});

describe('stopping', () => {
  it('pause-mid-way: cancelled, resolved, held at what was reached', async () => {
    const world = await begun();
    tradeThrough(world, 'alpha', 4);
    await world.run(250, 250);
    await world.operator({ action: 'pause' });
    await world.run(2_000, 250);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['4', '-4']);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.hedge().detail).toContain('paused');
  });

  it.each(['kill', 'flatten'] as const)(
    'fault-60-panic-during-opening: %s cancels, resolves and unwinds',
    async (action) => {
      const world = await begun();
      tradeThrough(world, 'alpha', 4);
      await world.run(250, 250);
      world.faults.alpha.cancels.push({ kind: 'done_late', delayMs: 2_000 });
      await world.operator({ action: 'pause' });
      await world.operator({ action });
      tradeThrough(world, 'alpha', 2);
      await world.run(10_000, 250);
      expect(positions(world)).toEqual(['0', '0']);
      expect(resting(world, 'alpha')).toEqual([]);
      expect(world.hedge()).toMatchObject({ state: 'closed', reason: action });
      expect(world.wrongs()).toEqual([]);
    },
  );

  it('close-mid-way: an exit that is not forced waits for the resting order, so that it leaves no leg alone', async () => {
    const world = await begun();
    tradeThrough(world, 'alpha', 4);
    await world.run(250, 250);
    world.faults.alpha.cancels.push({ kind: 'request_lost' });
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.operator({ action: 'pause' });
    await world.run(100, 50);
    expect(positions(world)).toEqual(['4', '-4']);
    await world.run(5_000, 250);
    expect(positions(world)).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-50-settlement-mid-entry: the edge is judged again, and gone it ends the entry', async () => {
    const world = await begun({
      ...MAKER,
      execution: { ...MAKER.execution, maker: { ...MAKER.execution.maker, deadlineMs: HOUR_MS } },
    });
    tradeThrough(world, 'alpha', 4);
    await world.run(250, 250);
    await world.run(39 * MINUTE_MS, 5_000);
    expect(resting(world, 'alpha')).toHaveLength(1);
    // From the settlement at 11:00 on the rates have changed sides.
    Object.assign(world.rates, { alpha: 0.001, beta: 0.00001 });
    await world.run(70_000, 5_000);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(world.ledger.hedges.get('h1')?.detail).toBeDefined();
    expect(world.store.facts.some((fact) => fact.kind === 'hedge_moved' && fact.detail.startsWith('edge_gone'))).toBe(
      true,
    );
  });

  it('restart-while-resting: looked up, cancelled, and the entry goes on with a new order', async () => {
    const world = await begun();
    tradeThrough(world, 'alpha', 2);
    await world.run(100, 50);
    const [before] = resting(world, 'alpha');
    world.crash();
    await world.run(1_000);
    tradeThrough(world, 'alpha', 1);
    world.boot();
    await world.run(4_000, 250);
    expect(resting(world, 'alpha').map(({ orderId }) => orderId)).not.toContain(before?.orderId);
    expect(positions(world)).toEqual(['3', '-3']);
    tradeThrough(world, 'alpha', 20);
    await world.run(2_000);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.wrongs()).toEqual([]);
  });

  it('restart-with-an-unhedged-fill: the other leg is completed as soon as its book is known', async () => {
    const world = await begun();
    world.crash();
    tradeThrough(world, 'alpha', 9.5);
    await world.run(1_000);
    expect(positions(world)).toEqual(['9.5', '0']);
    world.boot();
    await world.run(1_000, 250);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.hedge().state).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('ledger-full-while-resting: a cancel needs no disk', async () => {
    const world = await begun();
    world.store.failing = true;
    await world.operator({ action: 'pause' });
    tradeThrough(world, 'alpha', 1);
    await world.run(2_000, 250);
    expect(resting(world, 'alpha')).toEqual([]);
    world.store.failing = false;
    await world.run(30_000, 500);
    expect(world.wrongs()).toEqual([]);
  });
});

it('fault-17-other-book-beyond-the-cap: nothing rests that could not be hedged', async () => {
  const world = await begun();
  const level = (price: string) => ({ price: px(price), contracts: contracts('100') });
  world.exchanges.beta.setBook(SOL, [level('99.75')], [level('100.25')]);
  await world.run(3_000, 250);
  expect(resting(world, 'alpha')).toEqual([]);
  expect(world.state()).toBe('entering');
  world.exchanges.beta.setBook(SOL, [level('99.98')], [level('100.02')]);
  await world.run(3_000, 250);
  expect(resting(world, 'alpha')).toHaveLength(1);
  tradeThrough(world, 'alpha', 9.5);
  await world.run(2_000);
  expect(positions(world)).toEqual(['9.5', '-9.5']);
  expect(world.submitted.filter(({ reduceOnly }) => reduceOnly)).toEqual([]);
});
