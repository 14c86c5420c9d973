/** When a venue's silence about an order proves that it never existed, and when it does not. */
import { describe, expect, it } from 'vitest';
import { contracts, quote } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

/** The first order on `beta` never arrives; nothing but lookups tells of it. */
function lost(memoryMs = Number.POSITIVE_INFINITY): World {
  const world = new World();
  world.orderMemoryMs = memoryMs;
  world.faults.beta.submits.push({ kind: 'request_lost' });
  return world;
}

const attempt = (world: World) => world.hedge().short.attempts[0];

describe('proof of absence', () => {
  it('fault-23-a-human-beside-it: a trade whose row names no order of ours is nobody’s at once, and holds no proof up', async () => {
    const world = lost();
    world.boot();
    await world.run(2_000, 100);
    expect(attempt(world)?.status).toBe('unknown');
    // Smaller than the order, on its side: without the name it might be a part of it.
    foreignTrade(world, 'beta', 'sell', '2');
    await world.run(1_000, 100);
    const fills = world.store.facts.flatMap((fact) => (fact.kind === 'fill' ? [fact] : []));
    expect(fills.filter(({ fill, hedge }) => fill.venue === 'beta' && hedge === undefined)).toHaveLength(1);
    await world.run(20_000, 500);
    expect(attempt(world)?.status).toBe('proven_absent');
    // Completed as soon as that is known; two of their contracts are one SOL.
    expect(world.state()).toBe('held');
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-10.5']);
  });

  it.each([HOUR_MS, -HOUR_MS])(
    'fault-48: a wall clock that jumps by %d ms makes it neither shorter nor longer',
    async (jumpMs) => {
      const world = lost();
      world.boot();
      await world.run(1);
      await world.run(500, 50);
      world.wallShiftMs = jumpMs;
      // The validity is five seconds.
      await world.run(4_000, 100);
      expect(attempt(world)?.status).toBe('unknown');
      await world.run(6_000, 100);
      expect(attempt(world)?.status).toBe('proven_absent');
      expect(world.wrongs()).toEqual([]);
    },
  );

  it('a venue that forgets sooner than the setting allows: its silence proves nothing, a human must look', async () => {
    const world = lost(MINUTE_MS);
    world.faults.beta.lookups = 'failing';
    world.boot();
    await world.run(1);
    await world.run(MINUTE_MS + 15_000, 1_000);
    world.faults.beta.lookups = 'ok';
    await world.run(30_000, 1_000);
    expect(attempt(world)?.status).toBe('unknown');
    expect(world.alarmed('order_unresolvable')).toBe(true);
    // What is known to stand does not wait for that human.
    expect(world.position('alpha')).toBe('0');
  });

  it('fault-09-duplicate-id: an order that the venue says exists is never absent', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'duplicate' });
    world.boot();
    await world.run(1);
    await world.run(MINUTE_MS, 1_000);
    expect(attempt(world)).toMatchObject({ status: 'unknown', code: 'duplicate_id' });
    expect(world.submitted.filter(({ reduceOnly, key }) => !reduceOnly && key.startsWith('beta'))).toHaveLength(1);
  });

  it('fault-28-all-lists-empty: an entry whose fee the wallet shows is not absent, whatever lookups and positions say', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'reply_lost' });
    world.faults.beta.stream = 'lost';
    world.faults.beta.lookups = 'not_found';
    world.faults.beta.reads = 'nothing_listed';
    world.boot();
    await world.run(1);
    await world.run(20_000, 100);
    world.healAll();
    await world.run(MINUTE_MS, 500);
    const fates = world.store.facts.flatMap((fact) => (fact.kind === 'outcome' ? [fact.status] : []));
    expect(fates).not.toContain('proven_absent');
    expect(attempt(world)?.status).toBe('filled');
    expect(world.wrongs()).toEqual([]);
  });

  it.each([
    ['a deposit', '250', 15_000],
    ['a withdrawal as large as no order', '-5000', 15_000],
    ['a withdrawal that could be its fill, after minutes', '-100', 6 * MINUTE_MS],
  ])(
    'fault-02-money-moved-meanwhile: %s does not keep a lost order from being called absent',
    async (_what, amount, ms) => {
      const world = lost();
      world.boot();
      await world.run(1);
      world.exchanges.beta.transfer(ACCOUNT, quote(amount));
      await world.run(ms, 250);
      expect(attempt(world)?.status).toBe('proven_absent');
      await world.run(30_000, 250);
      // For an operator to accept.
      expect([...world.ledger.discrepancies.values()].map(({ what }) => what)).toEqual(['wallet']);
    },
  );

  it('fault-03-nameless: what fills after its absence was proven, in a list without names, is asked for again', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'accepted_late', delayMs: 30_000 });
    world.faults.beta.stream = 'lost';
    world.faults.beta.anonymousFills = true;
    world.boot();
    await world.run(1);
    await world.run(25_000, 100);
    await world.operator({ action: 'pause' });
    expect(attempt(world)?.status).toBe('proven_absent');
    await world.run(2 * MINUTE_MS, 500);
    expect(attempt(world)?.status).toBe('filled');
    // The leg was completed meanwhile: what came late was one too many, and was taken back.
    expect(world.hedge().short.attempts.map(({ intent }) => intent.purpose)).toEqual(['enter', 'complete', 'trim']);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
    expect(world.store.facts.filter((fact) => fact.kind === 'discrepancy' && fact.what === 'foreign_fill')).toEqual([]);
    expect(world.wrongs()).toEqual([]);
  });

  it("fault-23: a stranger's trade beside an order called absent is still called one, after a moment", async () => {
    const world = lost();
    world.boot();
    await world.run(1);
    await world.run(20_000, 100);
    await world.operator({ action: 'pause' });
    expect(attempt(world)?.status).toBe('proven_absent');
    world.exchanges.beta.place(ACCOUNT, {
      symbol: SOL,
      side: 'sell',
      type: 'market',
      tif: 'IOC',
      contracts: contracts('4'),
      reduceOnly: false,
    });
    await world.run(30_000, 100);
    expect(attempt(world)?.status).toBe('proven_absent');
    expect([...world.ledger.discrepancies.values()].map(({ what }) => what)).toEqual(['foreign_fill']);
  });
});
