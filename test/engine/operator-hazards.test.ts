/** What people and the calendar do at a bad moment. */
import { describe, expect, it } from 'vitest';
import { text } from '../../src/kernel/decimal.ts';
import { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

describe('at a bad moment', () => {
  it('fault-50-funding-boundary-mid-entry: paid for what was held then, and left when the new rates turned it', async () => {
    const world = new World();
    world.boot();
    await world.operator({ action: 'pause' });
    // 10:59:48 by the venues' clocks, which settle at the full hour.
    await world.run(39 * 60_000 + 47_000, 60_000);
    world.faults.beta.submits.push({ kind: 'ack_late', delayMs: 14_000 });
    await world.operator({ action: 'resume' });
    await world.run(12_000);
    expect(world.state()).toBe('entering');
    Object.assign(world.rates, { alpha: 0.001, beta: 0.00001 });
    await world.run(10_000);
    expect(world.state()).toBe('held');
    await world.operator({ action: 'pause' });
    await world.run(15 * 60_000, 10_000);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'carry_gone' });
    const paid = world.exchanges.beta.payments(ACCOUNT).map(({ amount }) => text(amount));
    const booked = world.store.facts.flatMap((fact) =>
      fact.kind === 'payment' && fact.payment.venue === 'beta' ? [text(fact.payment.amount)] : [],
    );
    expect(booked).toEqual(paid);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-59-stale-command: an order to close what has ended meanwhile moves nothing, and says so', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.operator({ action: 'pause' });
    await world.run(10_000);
    expect(world.state()).toBe('closed');
    const facts = world.store.facts.length;
    expect(await world.operator({ action: 'close', hedge: 'h1' })).toMatchObject({
      ok: true,
      message: 'h1 is already closed',
      hedges: [],
    });
    expect(await world.operator({ action: 'close', hedge: 'h99' })).toMatchObject({ ok: false });
    expect(world.store.facts).toHaveLength(facts);
    expect(world.position('alpha', SOL)).toBe('0');
  });
});
