/** The ordinary hazards of a two-leg trade, each by name. Expectations are read from the exchanges' books. */
import { describe, expect, it } from 'vitest';
import { base, contracts, px } from '../../src/kernel/decimal.ts';
import { foreignTrade } from './foreign-trade.ts';
import { unresolvableWorld } from './unresolvable.ts';
import { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

const reduceOnlyOf = (world: World) => world.submitted.filter((order) => order.reduceOnly);
const ordersOn = (world: World, venue: string) => world.submitted.filter((order) => order.key.startsWith(venue));

describe('entering', () => {
  it('opens both legs at equal size, short where funding is higher', async () => {
    const world = new World();
    await world.opened();
    // 1000 USD at the limit of 100.2 is 9.98 SOL: 9.5 is the largest multiple of the common lot 0.5 below it.
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
    expect(world.submitted).toHaveLength(2);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-17-second-leg-short-of-margin: half of it still fits, and the first leg is trimmed to that', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'refused', code: 'insufficient_margin' });
    world.boot();
    await world.run(5_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['4.5', '-4.5']);
    expect(world.state()).toBe('held');
    const sizes = world.submitted.map(
      ({ key, reduceOnly, quantity }) => `${key[0]} ${reduceOnly} ${quantity.toFixed()}`,
    );
    expect(sizes).toEqual(['a false 9.5', 'b false 9.5', 'b false 4.5', 'a true 5']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-17-half-leaves-dust: what could not be trimmed afterwards is not tried', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'refused', code: 'insufficient_margin' });
    world.faults.alpha.submits.push({ kind: 'ack_late', delayMs: 500 });
    world.boot();
    await world.run(100, 100);
    world.exchanges.alpha.changeSteps(SOL, { minContracts: contracts('5.5') });
    const known = world.engine.core.market.get(`alpha|${SOL}`)?.instrument;
    if (!known) throw new Error('not listed');
    const instruments = [{ ...known, minQuantity: base('5.5') }];
    world.engine.push({ kind: 'market', event: { kind: 'instruments', venue: 'alpha', instruments } });
    await world.run(5_000);
    const sizes = world.submitted.map(
      ({ key, reduceOnly, quantity }) => `${key[0]} ${reduceOnly} ${quantity.toFixed()}`,
    );
    // 4.5 of 9.5 would leave 5, and alpha takes no order below 5.5.
    expect(sizes).toEqual(['a false 9.5', 'b false 9.5', 'a true 9.5']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-17-second-leg-refused-again: nor half of it fits, and the first leg is not left alone', async () => {
    const world = new World();
    world.faults.beta.submits.push(
      { kind: 'refused', code: 'insufficient_margin' },
      { kind: 'refused', code: 'insufficient_margin' },
    );
    world.boot();
    await world.run(5_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'unwound:cannot_complete' });
  });

  it('second-leg-rejected: any other refusal is not tried again', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'refused', code: 'reduce_only_rejected' });
    world.boot();
    await world.run(1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'unwound:cannot_complete' });
  });

  it('fault-16-partial-first-leg: the short leg is completed while that is still cheap', async () => {
    const world = new World();
    world.book('beta', SOL, 2);
    world.boot();
    await world.run(500);
    world.book('beta', SOL, 50);
    await world.run(5_000);
    expect(world.state()).toBe('held');
    expect(world.position('beta')).toBe(`-${world.position('alpha')}`);
    world.check();
  });

  it('partial-fill-on-both-legs: unequal legs are brought to the smaller size when completion is too dear', async () => {
    const world = new World();
    world.boot();
    await world.run(1);
    world.exchanges.beta.setBook(
      SOL,
      [{ price: px('99.9'), contracts: contracts('7') }],
      [{ price: px('100.1'), contracts: contracts('100') }],
    );
    await world.run(499);
    expect(world.wrongs()).toEqual([]);
  });

  it('ack-lost-then-filled: an unknown order is looked up, adopted once, never sent again', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'reply_lost' });
    world.faults.alpha.submits.push({ kind: 'reply_lost' });
    world.boot();
    await world.run(3_000);
    expect(world.state()).toBe('held');
    expect(world.submitted).toHaveLength(2);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
  });

  it('fault-02-order-never-arrived: absent only by proof, then the leg is completed with a new id', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'request_lost' });
    world.boot();
    await world.run(4_500, 250);
    // Not before the 5 s validity, however many lookups were empty.
    expect(world.state()).toBe('entering');
    expect(world.submitted).toHaveLength(2);
    await world.run(5_000, 250);
    expect(world.state()).toBe('held');
    expect(ordersOn(world, 'beta').map((order) => order.clientOrderId)).toHaveLength(2);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-03-accepted-after-absent: a late fill is taken and the hedge rebalances', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'accepted_late', delayMs: 12_000 });
    world.boot();
    await world.run(11_000, 250);
    expect(world.position('beta')).toBe('-9.5');
    await world.run(20_000, 250);
    expect(world.wrongs()).toEqual([]);
    expect(world.state()).toBe('held');
    expect(world.submitted.filter((order) => !order.reduceOnly)).toHaveLength(3);
    expect(reduceOnlyOf(world)).toHaveLength(1);
  });

  it('fault-15-late-fill-after-closed: a hedge that ended opens again only to be reduced', async () => {
    const world = new World();
    world.faults.alpha.submits.push({ kind: 'refused', code: 'not_trading' });
    world.faults.beta.submits.push({ kind: 'accepted_late', delayMs: 15_000 });
    world.boot();
    await world.run(1);
    await world.operator({ action: 'pause' });
    await world.run(14_000, 250);
    expect(world.state()).toBe('aborted');
    await world.run(6_000, 250);
    expect(world.exchanges.beta.trades(ACCOUNT).length).toBeGreaterThan(0);
    expect(world.position('beta')).toBe('0');
    expect(world.state()).toBe('closed');
  });

  it('fault-11-fill-before-ack: the fill is booked by client id before the acknowledgement', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'ack_late', delayMs: 3_000 });
    world.boot();
    await world.run(1_000);
    expect(world.hedge().short.holding.quantity.toFixed()).toBe('-9.5');
    expect(world.state()).toBe('entering');
    await world.run(4_000);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-12-duplicate-fills: stream twice, lookup and reconciliation count once', async () => {
    const world = new World();
    world.faults.alpha.stream = 'twice';
    world.faults.beta.stream = 'twice';
    await world.opened();
    await world.run(60_000, 2_000);
    expect(world.wrongs()).toEqual([]);
    expect(world.ledger.discrepancies.size).toBe(0);
  });

  it('fills-without-client-id: a reconciliation that overlaps the acknowledgement takes nothing from its hedge', async () => {
    const world = new World();
    for (const faults of Object.values(world.faults)) Object.assign(faults, { anonymousFills: true, stream: 'lost' });
    world.faults.beta.submits.push({ kind: 'reply_lost' });
    world.faults.beta.lookups = 'failing';
    world.boot();
    await world.run(30_000, 1_000);
    world.faults.beta.lookups = 'ok';
    await world.run(15_000, 1_000);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-03-lookups-lie: a position that the ledger does not explain forbids to call an order absent', async () => {
    const world = new World();
    Object.assign(world.faults.beta, { lookups: 'not_found', stream: 'lost', anonymousFills: true });
    world.faults.beta.submits.push({ kind: 'reply_lost' });
    world.boot();
    await world.run(60_000, 1_000);
    expect(ordersOn(world, 'beta')).toHaveLength(1);
    expect(world.alarmed('order_unknown')).toBe(true);
    world.healAll();
    await world.run(20_000, 1_000);
    expect(world.state()).toBe('held');
    expect(world.submitted).toHaveLength(2);
  });

  it('lookups-failing-for-long: nothing is concluded, the naked leg is told, both are hedged in the end', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'reply_lost' });
    Object.assign(world.faults.beta, { lookups: 'failing', stream: 'lost' });
    world.boot();
    await world.run(1);
    world.faults.beta.reads = 'failing';
    await world.run(120_000, 1_000);
    expect(world.state()).toBe('entering');
    expect(world.submitted).toHaveLength(2);
    expect(world.alarms.some(({ code, severity }) => code.startsWith('naked') && severity === 'critical')).toBe(true);
    world.healAll();
    await world.run(30_000, 1_000);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('unknown-beyond-the-horizon: quarantined, told again and again, and released once the order turns up', async () => {
    const world = await unresolvableWorld();
    expect(world.submitted).toHaveLength(2);
    world.healAll();
    await world.run(30_000, 1_000);
    expect(world.state()).toBe('held');
  });
});

describe('holding and leaving', () => {
  it('exits both legs with reduce-only orders when the carry is gone, and money adds up to the cent', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    await world.run(45 * 60_000, 60_000);
    Object.assign(world.rates, { alpha: 0.001, beta: 0.00001 });
    world.move(SOL, 0.01);
    await world.run(10 * 60_000, 30_000);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'carry_gone' });
    expect(reduceOnlyOf(world)).toHaveLength(2);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.exchanges.beta.payments(ACCOUNT)).toHaveLength(1);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-58-double-close: the second command changes nothing', async () => {
    const world = new World();
    await world.opened();
    world.feedDown.add('beta');
    await world.run(500);
    expect(await world.operator({ action: 'close', hedge: 'h1' })).toMatchObject({ ok: true, hedges: ['h1'] });
    const since = world.hedge().stateSince;
    await world.run(500);
    expect(await world.operator({ action: 'close', hedge: 'h1' })).toMatchObject({ ok: true, hedges: ['h1'] });
    expect(world.hedge().stateSince).toBe(since);
    world.feedDown.clear();
    await world.run(2_000);
    expect(world.state()).toBe('closed');
    expect(reduceOnlyOf(world)).toHaveLength(2);
    expect(await world.operator({ action: 'close', hedge: 'h9' })).toMatchObject({ ok: false });
  });

  it('fault-30-one-venue-down: an exit waits for both venues and never goes naked', async () => {
    const world = new World();
    await world.opened();
    world.feedDown.add('beta');
    world.faults.beta.down = true;
    await world.run(1_000);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(60_000, 2_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
    expect(reduceOnlyOf(world)).toHaveLength(0);
    expect(world.alarmed('venue_down')).toBe(true);
    world.healAll();
    await world.run(10_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
  });

  it('fault-30-venue-lost-after-the-exit-began: the other leg goes no further than its partner', async () => {
    const world = new World();
    await world.opened();
    world.faults.alpha.submits.push({ kind: 'refused', code: 'busy' });
    world.faults.beta.submits.push({ kind: 'refused', code: 'busy' });
    await world.operator({ action: 'close', hedge: 'h1' });
    world.feedDown.add('beta');
    world.faults.beta.down = true;
    await world.run(120_000, 2_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
  });

  it('fault-60-kill-in-the-middle-of-entering: latched, resolved, unwound; nothing opens until it is reset', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'ack_late', delayMs: 3_000 });
    world.boot();
    await world.run(1);
    expect(world.state()).toBe('entering');
    await world.operator({ action: 'kill' });
    await world.run(120_000, 2_000);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'kill' });
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.ledger.hedges.size).toBe(1);
    world.crash();
    world.boot();
    await world.run(10_000);
    expect(world.ledger.killed).toBe(true);
    expect(world.ledger.hedges.size).toBe(1);
    await world.operator({ action: 'kill_reset' });
    await world.run(5_000);
    expect(world.ledger.hedges.size).toBe(2);
  });

  it.each(['liquidation', 'adl'] as const)('fault-22-%s: the other leg is reduced to the same size', async (cause) => {
    const world = new World();
    await world.opened();
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), cause);
    await world.run(5_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['5.5', '-5.5']);
    expect(world.alarmed('discrepancy_foreign_fill')).toBe(true);
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('11'), cause);
    await world.run(5_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.state()).toBe('closed');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-61-manual-close: detected without the stream too, and the other leg is reduced', async () => {
    const world = new World();
    await world.opened();
    world.faults.alpha.stream = 'lost';
    foreignTrade(world, 'alpha', 'sell', '9.5', { reduceOnly: true });
    await world.run(30_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-23-manual-trade: a foreign position is not adopted and blocks opening on its venue', async () => {
    const world = new World();
    await world.opened();
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(30_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['12.5', '-9.5']);
    expect(world.hedge().long.holding.quantity.toFixed()).toBe('9.5');
    expect(world.ledger.discrepancies.size).toBe(1);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(120_000, 2_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['3', '0']);
    expect(world.ledger.hedges.size).toBe(1);
  });

  it('fault-20-minimum-lot-dust: a difference under the common lot is held, not fought over', async () => {
    const world = new World();
    await world.opened();
    world.exchanges.alpha.forceReduce(ACCOUNT, SOL, contracts('0.4'), 'adl');
    await world.run(60_000, 2_000);
    expect(world.state()).toBe('held');
    expect(reduceOnlyOf(world)).toHaveLength(0);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-15-exit-exhausted: quarantined with an alarm, still reduced once a minute, and never beyond its partner', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.exchanges.alpha.setTrading(SOL, false);
    world.exchanges.beta.setTrading(SOL, false);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(4 * 60_000, 5_000);
    expect(world.state()).toBe('quarantined');
    const tried = world.submitted.length;
    await world.run(5 * 60_000, 5_000);
    expect(world.submitted.length - tried).toBeLessThanOrEqual(12);
    world.healAll();
    await world.run(2 * 60_000, 5_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.state()).toBe('closed');
  });

  it('trim-exhausted: a leg that cannot be trimmed does not cost its healthy partner', async () => {
    const world = new World();
    await world.opened();
    world.exchanges.alpha.setTrading(SOL, false);
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('4'), 'liquidation');
    await world.run(5 * 60_000, 5_000);
    expect(world.state()).toBe('quarantined');
    // Reducing beta as well would leave alpha's whole 9.5 naked instead of 2.
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-7.5']);
  });
});
