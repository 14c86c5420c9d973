/** Entries that take their time, and what may happen meanwhile to what they have already. */
import { describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { foreignTrade } from './foreign-trade.ts';
import { MAKER, resting, SLICED, tradeThrough } from './styles.ts';
import { World } from './world.ts';
import { ACCOUNT, ETH, SOL } from './world-setup.ts';

const positions = (world: World) => [world.position('alpha'), world.position('beta')];

describe('an acknowledged order that lookups do not tell about', () => {
  it('fault-10-filled-by-its-fills: held, and a kill closes both legs', async () => {
    const world = new World();
    world.faults.beta.lookups = 'failing';
    world.boot();
    await world.run(MINUTE_MS);
    expect(positions(world)).toEqual(['9.5', '-9.5']);
    await world.operator({ action: 'kill' });
    await world.run(5 * MINUTE_MS, 1_000);
    expect(positions(world)).toEqual(['0', '0']);
  });

  async function forgotten(): Promise<World> {
    const world = new World({ settings: MAKER });
    world.orderMemoryMs = 2 * HOUR_MS;
    world.boot();
    await world.run(1_000);
    tradeThrough(world, 'alpha', 4);
    await world.run(500, 50);
    // A stop: taken back at the venue, and the process is gone before a lookup has told so.
    world.faults.alpha.lookups = 'failing';
    await world.operator({ action: 'pause' });
    await world.run(100, 50);
    expect(resting(world, 'alpha')).toEqual([]);
    world.crash();
    await world.run(3 * HOUR_MS, MINUTE_MS);
    world.faults.alpha.lookups = 'not_found';
    world.boot();
    await world.run(5 * MINUTE_MS, 1_000);
    expect(positions(world)).toEqual(['4', '-4']);
    return world;
  }

  it('fault-10-forgotten-and-killed: a kill leaves no leg alone', async () => {
    const world = await forgotten();
    await world.operator({ action: 'kill' });
    await world.run(30 * MINUTE_MS, 1_000);
    expect(Number(world.position('alpha')) + Number(world.position('beta'))).toBe(0);
  });

  it('fault-10-partly-filled: cancelled, in no list of open orders, naked: its leg is reduced though lookups fail', async () => {
    const world = new World({ settings: MAKER });
    world.boot();
    await world.run(1_000);
    world.faults.alpha.lookups = 'failing';
    for (let i = 0; i < 20; i++) world.faults.beta.submits.push({ kind: 'refused', code: 'insufficient_margin' });
    tradeThrough(world, 'alpha', 4);
    await world.run(500, 100);
    await world.operator({ action: 'pause' });
    await world.run(10 * MINUTE_MS, 500);
    expect(resting(world, 'alpha')).toEqual([]);
    expect(positions(world)).toEqual(['0', '0']);
  });

  it('fault-10-forgotten: an operator can accept what the venue has forgotten over night, and close the hedge', async () => {
    const world = await forgotten();
    const note = 'the venue shows no such order';
    await world.operator({ action: 'accept', venue: 'alpha', route: 'live', note, seenAt: world.clock.now() });
    await world.run(MINUTE_MS, 1_000);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(MINUTE_MS, 1_000);
    expect(positions(world)).toEqual(['0', '0']);
  });
});

it.each(['sliced', 'maker_taker'] as const)(
  'fault-22-margin-while-entering, %s: the entry ends and both legs are reduced before the venue does it',
  async (style) => {
    const wide = { maxTotalNotionalUsd: 50_000, maxVenueNotionalUsd: 50_000, maxAssetNotionalUsd: 50_000 };
    const world = new World({
      settings: {
        ...SLICED,
        risk: { ...SLICED.risk, exposure: { ...SLICED.risk.exposure, ...wide } },
        execution: {
          ...SLICED.execution,
          style,
          sliced: { notionalUsd: 50, intervalMs: 240_000, deadlineMs: 3_600_000 },
          maker: { deadlineMs: 1_800_000, repriceMs: 600_000, maxReprices: 100 },
        },
      },
    });
    world.boot();
    await world.run(2_000, 500);
    if (style === 'maker_taker') tradeThrough(world, 'alpha', 5);
    await world.run(style === 'sliced' ? 15 * MINUTE_MS : MINUTE_MS, 1_000);
    // Slowly upwards by half.
    for (let i = 0; i < 820; i++) {
      world.move(SOL, 0.0005);
      await world.run(1_000, 1_000);
    }
    expect(world.alarmed('margin_critical')).toBe(true);
    // Reduced by us, not by the venue, and nothing was added on the way.
    expect(world.alarmed('discrepancy_foreign_fill')).toBe(false);
    expect(world.submitted.some(({ reduceOnly }) => reduceOnly)).toBe(true);
  },
);

it.each(['human', 'liquidation', 'adl'] as const)(
  'fault-22-taken-while-resting: what a %s took is not opened again',
  async (by) => {
    const world = new World({ settings: MAKER });
    world.boot();
    await world.run(1_000);
    tradeThrough(world, 'alpha', 4);
    await world.run(500, 100);
    const before = world.submitted.length;
    if (by === 'human') foreignTrade(world, 'beta', 'buy', '8', { reduceOnly: true });
    else world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), by);
    await world.run(40_000, 100);
    expect(world.submitted.slice(before).map(({ key, reduceOnly }) => `${key} ${reduceOnly}`)).toEqual([
      `alpha|${SOL} true`,
    ]);
    expect(positions(world)).toEqual(['0', '0']);
  },
);

it('fault-03-risen-beside-its-successor: two orders never rest on one leg', async () => {
  const maker = { ...MAKER.execution.maker, deadlineMs: 300_000 };
  const world = new World({ settings: { ...MAKER, execution: { ...MAKER.execution, maker } } });
  world.faults.alpha.submits.push({ kind: 'accepted_late', delayMs: 20_000 });
  world.boot();
  await world.run(80_000, 250);
  tradeThrough(world, 'alpha', 9.5);
  await world.run(1, 1);
  expect(positions(world)).toEqual(['9.5', '-9.5']);
});

it('fault-03-told-once: an order that the stream says has risen is looked for again when the first lookup lags', async () => {
  const world = new World({ settings: { ...MAKER, reconcileEveryMs: 3 * HOUR_MS } });
  world.boot();
  world.faults.alpha.submits.push({ kind: 'accepted_late', delayMs: 30_000 });
  await world.run(15_000, 250);
  await world.operator({ action: 'pause' });
  await world.run(14_000, 250);
  world.faults.alpha.lookups = 'not_found';
  await world.run(2_000, 250);
  world.faults.alpha.lookups = 'ok';
  await world.run(30 * MINUTE_MS, 1_000);
  expect(resting(world, 'alpha')).toEqual([]);
});

it('fault-03-listed-beside-another: a risen order that every reconciliation lists is found while another order rests there', async () => {
  const execution = { ...MAKER.execution, maker: { deadlineMs: 1_800_000, repriceMs: 600_000, maxReprices: 0 } };
  const world = new World({ settings: { ...MAKER, execution }, symbols: [SOL, ETH] });
  world.faults.alpha.submits.push({ kind: 'accepted_late', delayMs: 11 * MINUTE_MS });
  world.boot();
  await world.run(15_000, 250);
  world.faults.alpha.stream = 'lost';
  await world.operator({ action: 'close', hedge: 'h1' });
  await world.run(15 * MINUTE_MS, 1_000);
  const [late] = world.submitted;
  const status = world.exchanges.alpha.order(ACCOUNT, SOL, { clientOrderId: late?.clientOrderId ?? '' })?.status;
  expect(status).toBe('canceled');
});
