/** Entries in parts, each hazard by name. Expectations are read from the exchanges' books. */
import { describe, expect, it, vi } from 'vitest';
import { base, contracts, px, toNumber } from '../../src/kernel/decimal.ts';
import { SLICED } from './styles.ts';
import { World } from './world.ts';
import { ACCOUNT, COMMON_LOT, SETTINGS, SOL } from './world-setup.ts';

const positions = (world: World) => [world.position('alpha'), world.position('beta')];
const entries = (world: World, venue: string) =>
  world.submitted.filter((order) => order.key.startsWith(venue) && !order.reduceOnly);

const SMALL_SLICES = {
  ...SLICED,
  execution: { ...SLICED.execution, sliced: { ...SLICED.execution.sliced, notionalUsd: 50 } },
};

/** A running world whose first slice is filled. */
async function begun(settings = SLICED): Promise<World> {
  const world = new World({ settings });
  world.boot();
  await world.run(1_000);
  expect(positions(world)).toEqual(['2.5', '-2.5']);
  expect(world.state()).toBe('entering');
  return world;
}

describe('slices', () => {
  it('enters in equal parts of at most the slice, each on both legs at once, the interval apart', async () => {
    const world = await begun();
    await world.run(10_000);
    expect(world.hedge()).toMatchObject({ state: 'held', reason: 'filled' });
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    // 250 USD at 100 is 2.5; 9.5 is four parts of at most that.
    expect(entries(world, 'alpha').map((order) => toNumber(order.quantity))).toEqual([2.5, 2.5, 2.5, 2]);
    expect(entries(world, 'beta').map((order) => toNumber(order.quantity))).toEqual([2.5, 2.5, 2.5, 2]);
    const at = world.hedge().long.attempts.map(({ intent }) => intent.at);
    for (const [i, each] of at.slice(1).entries()) expect(each - (at[i] ?? 0)).toBeGreaterThanOrEqual(2_000);
    expect(world.wrongs()).toEqual([]);
  });

  it('both intents of a slice are one commit', async () => {
    const world = await begun();
    const commits: number[] = [];
    const { store } = world;
    const commit = store.commit.bind(store);
    store.commit = (facts) => {
      commits.push(facts.filter((fact) => fact.kind === 'attempt').length);
      commit(facts);
    };
    await world.run(10_000);
    expect(commits.filter((count) => count > 0)).toEqual([2, 2, 2]);
  });

  it('fault-55-limits-lowered-while-entering: no further slice is sent, what is held stays', async () => {
    const world = await begun();
    const { exposure } = SLICED.risk;
    const lowered = { ...SLICED, risk: { ...SLICED.risk, exposure: { ...exposure, maxAssetNotionalUsd: 600 } } };
    world.engine.push({ kind: 'settings', settings: lowered, changes: [] });
    await world.run(2 * SLICED.execution.sliced.deadlineMs);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['2.5', '-2.5']);
    expect(entries(world, 'alpha')).toHaveLength(1);
    expect(world.wrongs()).toEqual([]);
  });

  it.each([
    ['denied', { risk: { ...SLICED.risk, deny: { assets: ['SOL'], venues: [] } } }],
    ['not allowed any more', { risk: { ...SLICED.risk, allow: { assets: ['ETH'], venues: [] } } }],
    ['on a venue that is denied', { risk: { ...SLICED.risk, deny: { assets: [], venues: ['beta'] } } }],
    ['routed to paper now', { liveShare: 0 }],
  ])('toggled-while-entering: a pair that is %s gets no further slice', async (_, change) => {
    const world = await begun();
    world.engine.push({ kind: 'settings', settings: { ...SLICED, ...change }, changes: [] });
    await world.run(2 * SLICED.execution.sliced.deadlineMs);
    expect(world.state()).toBe('held');
    expect(entries(world, 'alpha')).toHaveLength(1);
    expect(positions(world)).toEqual(['2.5', '-2.5']);
  });

  it('degraded-while-entering: slices wait until the feed is sound', async () => {
    const world = await begun();
    const push = world.engine.push.bind(world.engine);
    const spy = vi.spyOn(world.engine, 'push').mockImplementation((event) => {
      const isHealth = event.kind === 'market' && event.event.kind === 'health' && event.event.health.venue === 'beta';
      if (!isHealth) return push(event);
      push({ ...event, event: { ...event.event, health: { ...event.event.health, status: 'degraded' } } });
    });
    await world.run(6_000, 250);
    expect(entries(world, 'alpha')).toHaveLength(1);
    spy.mockRestore();
    await world.run(6_000, 250);
    expect(entries(world, 'alpha').length).toBeGreaterThan(1);
  });

  it('slice-left-unequal: completed first, then the next one follows', async () => {
    const world = await begun();
    // The other book thins out in the moment between the two orders of a slice.
    const stop = world.exchanges.alpha.listen((event) => {
      if (event.kind !== 'order' || !event.trade) return;
      stop();
      const level = (price: string) => ({ price: px(price), contracts: contracts('2') });
      world.exchanges.beta.setBook(SOL, [level('99.98')], [level('100.02')]);
    });
    const refill = world.exchanges.beta.listen((event) => {
      if (event.kind !== 'order' || event.order.status !== 'expired') return;
      refill();
      expect(positions(world)).toEqual(['5', '-3.5']);
      world.book('beta', SOL, 50);
    });
    await world.run(15_000);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
    expect(world.store.facts.some((fact) => fact.kind === 'hedge_moved' && fact.reason === 'slice_balanced')).toBe(
      true,
    );
    expect(positions(world)).toEqual(['9.5', '-9.5']);
  });

  it('slice-on-one-leg-rejected: that slice alone is taken back, no other follows', async () => {
    const world = await begun();
    world.faults.beta.submits.push({ kind: 'refused', code: 'price_out_of_band' });
    await world.run(10_000, 250);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['2.5', '-2.5']);
    expect(entries(world, 'alpha')).toHaveLength(2);
  });

  it('fault-17-slice-short-of-margin: half of it still fits, then no other follows', async () => {
    const world = await begun();
    world.faults.beta.submits.push({ kind: 'refused', code: 'insufficient_margin' });
    await world.run(10_000, 250);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['3.5', '-3.5']);
    expect(entries(world, 'alpha')).toHaveLength(2);
  });

  it('slice-of-unknown-fate: the next waits for it', async () => {
    const world = await begun();
    world.faults.beta.submits.push({ kind: 'request_lost' });
    await world.run(4_000, 250);
    expect(entries(world, 'alpha')).toHaveLength(2);
    await world.run(30_000, 250);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.wrongs()).toEqual([]);
  });

  it('slice-without-any-fill: what is held is kept, and nothing is tried again', async () => {
    const world = await begun();
    world.book('alpha', SOL, 50);
    for (const venue of ['alpha', 'beta'] as const)
      world.faults[venue].submits.push({ kind: 'refused', code: 'not_trading' });
    await world.run(10_000, 250);
    expect(world.hedge()).toMatchObject({ state: 'held' });
    expect(world.hedge().detail).toContain('rejected:not_trading');
    expect(positions(world)).toEqual(['2.5', '-2.5']);
  });
});

describe('stopping', () => {
  it('pause-mid-way: no slice follows, what is held is kept', async () => {
    const world = await begun();
    await world.operator({ action: 'pause' });
    await world.run(20_000);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['2.5', '-2.5']);
  });

  it('paused-under-the-minimum: too little to keep is unwound', async () => {
    const world = new World({ settings: SMALL_SLICES });
    world.boot();
    await world.run(1_000);
    expect(positions(world)).toEqual(['0.5', '-0.5']);
    await world.operator({ action: 'pause' });
    await world.run(5_000);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'unwound:too_small' });
    expect(positions(world)).toEqual(['0', '0']);
  });

  it('edge-gone-mid-way: the rates turn, no slice follows', async () => {
    const world = await begun();
    Object.assign(world.rates, { alpha: 0.001, beta: 0.00001 });
    world.move(SOL, 0);
    await world.run(5_000);
    expect(entries(world, 'alpha')).toHaveLength(1);
    expect(world.store.facts.some((fact) => fact.kind === 'hedge_moved' && fact.detail.startsWith('edge_gone'))).toBe(
      true,
    );
  });

  it('deadline: a market that was away for too long finds the entry over', async () => {
    const world = await begun();
    world.feedDown.add('beta');
    await world.run(61_000);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['2.5', '-2.5']);
  });

  it('fault-60-kill-mid-way: everything is closed', async () => {
    const world = await begun();
    await world.operator({ action: 'kill' });
    await world.run(5_000);
    expect(positions(world)).toEqual(['0', '0']);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'kill' });
  });

  it('fault-33-restart-between-slices: goes on where it was', async () => {
    const world = await begun();
    world.crash();
    await world.run(500);
    world.boot();
    await world.run(15_000);
    expect(world.state()).toBe('held');
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.wrongs()).toEqual([]);
  });
});

it('clock-behind-a-slice: fault-48, a clock that went back does not stop the entry for an hour', async () => {
  const world = await begun();
  world.wallShiftMs = -3_600_000;
  await world.run(10_000);
  // How long ago it was planned is unknown: it ends, and holds what it has.
  expect(world.state()).toBe('held');
  expect(positions(world)).toEqual(['2.5', '-2.5']);
});

it('liquidated-mid-way: what a venue takes away on the way is not answered by a position of one leg', async () => {
  const world = await begun();
  world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('5'), 'liquidation');
  await world.run(30_000, 250);
  const [a, b] = positions(world).map(Number);
  expect(Math.abs((a ?? 0) + (b ?? 0))).toBeLessThan(toNumber(COMMON_LOT[SOL]));
  expect(Math.abs(a ?? 0)).toBeLessThanOrEqual(SETTINGS.risk.size.hedgeNotionalUsd / 100);
  expect(world.wrongs()).toEqual([]);
});

describe('slices that cannot be as planned', () => {
  const level = (price: string) => ({ price: px(price), contracts: contracts('100') });

  it('equal-parts-too-small: fault-20, where no equal part is large enough, parts are as large as may be', async () => {
    const world = new World({ settings: SLICED });
    world.exchanges.alpha.changeSteps(SOL, { minContracts: contracts('4') });
    world.boot();
    await world.run(20_000);
    expect(world.hedge()).toMatchObject({ state: 'held', reason: 'filled' });
    expect(entries(world, 'alpha').map((order) => toNumber(order.quantity))).toEqual([4, 4]);
    expect(positions(world)).toEqual(['8', '-8']);
    expect(world.wrongs()).toEqual([]);
  });

  it('largest-order: fault-21, no slice is larger than both venues take by now', async () => {
    const world = await begun();
    const known = world.engine.core.market.get('beta|SOL/USDT:USDT')?.instrument;
    if (!known) throw new Error('not listed');
    const instruments = [{ ...known, maxQuantity: base('1') }];
    world.engine.push({ kind: 'market', event: { kind: 'instruments', venue: 'beta', instruments } });
    await world.run(10_000);
    expect(entries(world, 'beta').map((order) => toNumber(order.quantity))).toEqual([2.5, 1, 1, 1, 1, 1]);
    expect(positions(world)[0]).toBe(positions(world)[1]?.slice(1));
  });

  it.each<[string, { price: string; count: string }]>([
    ['beyond the price cap', { price: '99.75', count: '100' }],
    ['too thin', { price: '99.95', count: '1' }],
  ])('other-book: fault-17, a book that is %s is waited for, not sent into', async (_, { price, count }) => {
    const world = await begun();
    const bid = { price: px(price), contracts: contracts(count) };
    world.exchanges.beta.setBook(
      SOL,
      [bid],
      [{ price: px(price).plus('0.5') as typeof bid.price, contracts: contracts('100') }],
    );
    await world.run(5_000, 250);
    expect(positions(world)).toEqual(['2.5', '-2.5']);
    expect(world.submitted).toHaveLength(2);
    expect(world.state()).toBe('entering');
    world.exchanges.beta.setBook(SOL, [level('99.98')], [level('100.02')]);
    await world.run(10_000);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.wrongs()).toEqual([]);
  });
});

describe('a clean stop between slices', () => {
  it('fault-33-stop-keeps: changes no position, also of one that is small by then', async () => {
    const world = new World({ settings: SMALL_SLICES });
    world.boot();
    await world.run(1_000);
    expect(positions(world)).toEqual(['0.5', '-0.5']);
    const stopped = world.engine.stop(5_000);
    await world.run(6_000, 50);
    expect(await stopped).toEqual([]);
    expect(positions(world)).toEqual(['0.5', '-0.5']);
    expect(world.state()).toBe('entering');
  });

  it('fault-33-stop-goes-on: the next start enters the rest', async () => {
    const world = await begun();
    const stopped = world.engine.stop(5_000);
    await world.run(200, 50);
    // Nothing is waited for.
    expect(await stopped).toEqual([]);
    world.crash();
    world.boot();
    await world.run(20_000);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    expect(world.state()).toBe('held');
  });
});
