/** A venue's position that no fill explains: confirmed, contained, never made worse. The exchanges' books judge. */
import { describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ACCOUNT, ETH, SETTINGS, SOL } from './world-setup.ts';

const both = (world: World): string[] => [world.position('alpha'), world.position('beta')];
const isReduction = (order: OrderRequest): boolean => order.reduceOnly;

describe('a position without a fill behind it', () => {
  it('fault-22-gone-without-a-fill: confirmed, quarantined, the other leg is reduced within ten seconds', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.foreignFillsHidden = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(10_000, 250);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.hedge()).toMatchObject({ state: 'quarantined', reason: 'position_differs' });
    expect(world.alarmed('position_confirmed')).toBe(true);
    expect([...world.ledger.discrepancies.keys()]).toContain('live|beta|position|beta|SOL/USDT:USDT');
    // Nothing is sent over and over against a position that is not there.
    const sent = world.submitted.length;
    await world.run(10 * MINUTE_MS, 5_000);
    expect(world.submitted).toHaveLength(sent);
    // The fill turns up after all: the ledger is right again and the hedge ends.
    world.healAll();
    await world.run(MINUTE_MS, 1_000);
    expect(world.state()).toBe('closed');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-22-smaller-without-a-fill: the other leg goes down to what the venue has left, and no further', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.alpha.foreignFillsHidden = true;
    world.exchanges.alpha.forceReduce(ACCOUNT, SOL, contracts('4'), 'adl');
    await world.run(10_000, 250);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(world.state()).toBe('quarantined');
    world.healAll();
    await world.run(MINUTE_MS, 1_000);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-29-agreed-again: a difference that the list takes back ends, though the rest of the account cannot be read', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    // A lie that lasts until it is believed.
    world.faults.beta.positionShare = 0.6;
    await world.run(15_000, 250);
    expect(world.state()).toBe('quarantined');
    expect(both(world)).not.toEqual(['9.5', '-9.5']);
    world.faults.beta.paymentsFailing = true;
    world.faults.beta.positionShare = 1;
    await world.run(40_000, 250);
    const [long, short] = both(world).map(Number);
    expect((long ?? Number.NaN) + (short ?? Number.NaN)).toBe(0);
    expect(world.ledger.discrepancies.size).toBe(0);
    world.healAll();
    await world.run(MINUTE_MS, 1_000);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-29-agreed-once: one list that agrees between others that differ ends nothing', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.beta.positionShare = 0.6;
    await world.run(15_000, 250);
    const held = both(world);
    world.faults.beta.paymentsFailing = true;
    for (let round = 0; round < 10; round++) {
      world.faults.beta.positionShare = 1;
      await world.run(1_000, 250);
      world.faults.beta.positionShare = 0.6;
      await world.run(30_000, 250);
    }
    expect(both(world)).toEqual(held);
    expect(world.ledger.discrepancies.size).toBe(1);
  });

  it('nothing opens on the venue while the difference stands', async () => {
    const world = new World({ symbols: [SOL, ETH] });
    await world.opened();
    await world.operator({ action: 'close', hedge: 'h2' });
    world.faults.beta.foreignFillsHidden = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'adl');
    await world.run(20_000, 500);
    const opened = world.ledger.hedges.size;
    await world.run(10 * MINUTE_MS, 5_000);
    expect(world.ledger.hedges.size).toBe(opened);
    expect(world.engine.core.verdicts.get(`alpha|${ETH}~beta|${ETH}`)?.breaches.map(({ rule }) => rule)).toContain(
      'venue_blocked',
    );
  });

  it('fault-28-empty-list-is-not-flat: however often it is empty, the margin in use says that the position is there', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.reads = 'no_positions';
    await world.run(5 * MINUTE_MS, 1_000);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    expect(world.state()).toBe('held');
    expect(world.submitted.filter(isReduction)).toEqual([]);
  });

  it('fault-28-empty-then-true: one wrong list between good ones changes nothing', async () => {
    const world = new World();
    await world.opened();
    for (let round = 0; round < 20; round++) {
      world.faults.beta.reads = 'no_positions';
      await world.run(5_500, 500);
      world.faults.beta.reads = 'ok';
      await world.run(5_500, 500);
    }
    expect(world.submitted.filter(isReduction)).toEqual([]);
    expect(world.state()).toBe('held');
  });

  it('a wrong figure that lasts costs no more than its part, and the hedge is balanced when the truth comes back', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.beta.positionShare = 0.5;
    await world.run(MINUTE_MS, 500);
    // Beta says 4.5 or 5 of 9.5; alpha follows it and never further.
    expect(Number(world.position('alpha'))).toBeGreaterThanOrEqual(4.5);
    expect(world.position('beta')).toBe('-9.5');
    world.healAll();
    await world.run(20_000, 500);
    expect(world.wrongs()).toEqual([]);
    expect(world.state()).toBe('held');
    expect(world.position('alpha')).not.toBe('0');
  });

  it('fault-61-gone-while-exiting: the exit ends on the other leg and does not sell what is not there', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.foreignFillsHidden = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(3 * MINUTE_MS, 1_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.state()).toBe('quarantined');
    const sent = world.submitted.length;
    await world.run(30 * MINUTE_MS, 10_000);
    expect(world.submitted).toHaveLength(sent);
    world.healAll();
    await world.run(MINUTE_MS, 1_000);
    expect(world.state()).toBe('closed');
    expect(world.wrongs()).toEqual([]);
  });

  it('a restart in the middle confirms anew before it acts, and ends the same', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.foreignFillsHidden = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(6_000, 250);
    world.crash();
    world.boot();
    await world.run(15_000, 250);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.state()).toBe('quarantined');
    world.crash();
    world.boot();
    await world.run(30_000, 500);
    expect(world.state()).toBe('quarantined');
    world.healAll();
    await world.run(30_000, 500);
    expect(world.state()).toBe('closed');
  });
});

describe('polls', () => {
  it('stream-silently-lost: a forced reduction that nobody told is found by the poll and repaired in ten seconds', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS } });
    await world.opened();
    world.faults.beta.stream = 'lost';
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'adl');
    await world.run(10_000, 250);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(world.state()).toBe('held');
  });

  it('venue-comes-back: what happened while it did not answer is repaired within thirty seconds', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS } });
    await world.opened();
    world.faults.beta.down = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
    await world.run(10 * MINUTE_MS, 1_000);
    expect(world.position('alpha')).toBe('9.5');
    expect(world.alarmed('venue_down')).toBe(true);
    world.faults.beta.down = false;
    await world.run(30_000, 500);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-03-late-and-silent: after a restart the accounts of a hedge that has just ended are looked at as well', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS } });
    await world.opened();
    await world.operator({ action: 'flatten' });
    await world.operator({ action: 'pause' });
    await world.run(10_000, 250);
    expect(world.state()).toBe('closed');
    world.crash();
    world.boot();
    await world.run(MINUTE_MS, 500);
    world.faults.beta.stream = 'lost';
    foreignTrade(world, 'beta', 'sell', '8');
    await world.run(15_000, 500);
    expect(world.alarmed('discrepancy_foreign_fill')).toBe(true);
  });

  it('no hedge, no polls', async () => {
    const world = new World();
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(MINUTE_MS, 1_000);
    expect([...world.engine.core.wakes.keys()].filter((name) => name.startsWith('positions:'))).toEqual([]);
  });
});

describe('a human trades in the account', () => {
  it('fault-23-flip-in-one-fill: the hedge loses its part, the rest is foreign, the other leg is closed', async () => {
    const world = new World();
    await world.opened();
    foreignTrade(world, 'alpha', 'sell', '12.5');
    await world.run(5_000, 250);
    expect(both(world)).toEqual(['-3', '0']);
    expect(world.hedge().long.holding.quantity.toFixed()).toBe('0');
    expect(world.state()).toBe('closed');
    // What is left is nobody's: shown, never touched, and nothing opens beside it.
    await world.run(10 * MINUTE_MS, 5_000);
    expect(both(world)).toEqual(['-3', '0']);
    expect(world.ledger.hedges.size).toBe(1);
    expect([...world.ledger.discrepancies.values()].map(({ what }) => what)).toEqual(['foreign_fill']);
    // The human closes it again: explained.
    foreignTrade(world, 'alpha', 'buy', '3', { reduceOnly: true });
    await world.run(30_000, 1_000);
    expect([...world.ledger.discrepancies.keys()]).toEqual([]);
  });

  it('fault-48-difference-stamped-wrong: found by a clock that was an hour behind, it is compared as often as a new one', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS } });
    await world.opened();
    world.wallShiftMs = -HOUR_MS;
    world.faults.beta.foreignFillsHidden = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(10_000, 250);
    expect(world.state()).toBe('quarantined');
    world.wallShiftMs = 0;
    await world.run(30_000, 500);
    world.healAll();
    await world.run(30_000, 500);
    expect(world.state()).toBe('closed');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-28-blind-and-seeing-again: compared soon while something is unexplained, however rare the timer is', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: 30 * MINUTE_MS, positionsEveryMs: HOUR_MS } });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.beta.reads = 'no_positions';
    const event = { kind: 'stream', status: 'up', reason: 'reconnected' } as const;
    world.engine.push({ kind: 'account', route: 'live', venue: 'beta', event });
    await world.run(30_000, 500);
    expect([...world.ledger.discrepancies.values()].map(({ what }) => what)).toEqual(['position']);
    world.faults.beta.reads = 'ok';
    await world.run(16_000, 500);
    expect([...world.ledger.discrepancies.keys()]).toEqual([]);
    expect(both(world)).toEqual(['9.5', '-9.5']);
  });

  it('fault-23-own-and-back: what a human adds and takes away again costs the hedge nothing', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(5_000, 500);
    foreignTrade(world, 'alpha', 'sell', '3', { reduceOnly: true });
    await world.run(40_000, 1_000);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    expect(world.state()).toBe('held');
    expect(world.submitted.filter(isReduction)).toEqual([]);
    expect([...world.ledger.discrepancies.keys()]).toEqual([]);
  });

  it('fault-23-more-than-was-added: the surplus goes first, the hedge loses the rest', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(5_000, 500);
    foreignTrade(world, 'alpha', 'sell', '7', { reduceOnly: true });
    await world.run(40_000, 1_000);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(world.wrongs()).toEqual([]);
  });
});
