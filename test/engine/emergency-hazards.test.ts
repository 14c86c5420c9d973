/**
 * The disk is full and a leg stands alone: the one order that may leave without a durable intent. What may never happen
 * with it is asserted for every order by `World` from the exchanges' books: it leaves only while nothing can be written,
 * reduces, and is never more than the venue's position or the net excess.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base, contracts } from '../../src/kernel/decimal.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import type { AttemptIntended } from '../../src/ledger/facts.ts';
import type { SubmitFault } from './faulty-venue.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ACCOUNT, COMMON_LOT, ETH, SETTINGS, SOL } from './world-setup.ts';

const LIMITED = { ...SETTINGS, execution: { ...SETTINGS.execution, nakedLimitMs: 8_000 } };
/** The naked limit, both readings, and what they cost. */
const BOUND_MS = 14_000;

const both = (world: World, symbol: typeof SOL | typeof ETH = SOL): string[] => [
  world.position('alpha', symbol),
  world.position('beta', symbol),
];
const isEmergency = (id: string): boolean => /^.{14}[xy]/.test(id);
const emergencies = (world: World) => world.submitted.filter(({ clientOrderId }) => isEmergency(clientOrderId));
const recorded = (world: World): AttemptIntended[] =>
  world.store.facts.flatMap((fact) => (fact.kind === 'attempt' && fact.purpose === 'emergency' ? [fact] : []));
const criticals = (world: World): string[] => [
  ...new Set(world.alarms.filter(({ severity }) => severity === 'critical').map(({ code }) => code)),
];

/** A hedge stands, and no other will. */
async function stands(settings = LIMITED): Promise<World> {
  const world = new World({ settings });
  await world.opened();
  await world.operator({ action: 'pause' });
  await world.run(10_000);
  return world;
}

/** A hedge stands; then the disk is full, and beta takes 4 SOL of its leg away. */
async function naked(settings = LIMITED): Promise<World> {
  const world = await stands(settings);
  world.store.failing = true;
  world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
  return world;
}

/** The disk works again: ledger and venues agree to the cent, each emergency fill was booked once, nothing is open. */
async function inPeace(world: World): Promise<void> {
  world.store.failing = false;
  await world.run(MINUTE_MS, 500);
  expect(world.wrongs()).toEqual([]);
  expect([...world.ledger.discrepancies.keys()]).toEqual([]);
  for (const exchange of Object.values(world.exchanges)) {
    for (const trade of exchange.trades(ACCOUNT)) {
      const booked = world.store.facts.filter(
        (fact) => fact.kind === 'fill' && fact.fill.venue === exchange.venue && fact.fill.tradeId === trade.tradeId,
      );
      expect(booked).toHaveLength(1);
    }
  }
}

describe('the ledger cannot be written and a leg stands alone', () => {
  it('fault-42-emergency: beyond the naked limit the excess is reduced, by the venues’ own positions, and recorded later', async () => {
    const world = await naked();
    await world.run(7_500);
    expect(emergencies(world)).toEqual([]);
    expect(both(world)).toEqual(['9.5', '-5.5']);
    await world.run(BOUND_MS - 7_500);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(emergencies(world)).toMatchObject([{ side: 'sell', reduceOnly: true, style: 'ioc' }]);
    expect(criticals(world)).toEqual(expect.arrayContaining(['ledger_write', 'naked_leg', 'emergency_order']));
    expect(criticals(world)).toContain('emergency_answered');
    await world.run(MINUTE_MS);
    expect(emergencies(world)).toHaveLength(1);
    await inPeace(world);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(world.state()).toBe('held');
    expect(recorded(world)).toMatchObject([{ hedge: 'h1', leg: 'long', reduceOnly: true }]);
    expect(criticals(world)).toContain('emergency_over');
  });

  it('fault-42-emergency-fill-is-ours: it is told as the bot’s own, never as a stranger’s', async () => {
    const world = await naked();
    await world.run(BOUND_MS);
    await inPeace(world);
    const [own] = recorded(world);
    const fills = world.store.facts.flatMap((fact) => (fact.kind === 'fill' ? [fact] : []));
    expect(fills.filter(({ fill }) => fill.clientOrderId === own?.clientOrderId)).toMatchObject([
      { hedge: 'h1', leg: 'long' },
    ]);
    const strangers = world.store.facts.filter((fact) => fact.kind === 'discrepancy' && fact.what === 'foreign_fill');
    // The liquidation is one.
    expect(strangers.map((fact) => fact.kind === 'discrepancy' && fact.venue)).not.toContain('alpha');
  });

  it('fault-42-entry-half-filled: neither answer could be recorded; what stands alone goes', async () => {
    const world = new World({ settings: LIMITED });
    world.faults.beta.submits.push({ kind: 'request_lost' });
    world.boot();
    await world.run(1);
    world.store.failing = true;
    for (let ms = 0; !world.submitted.length && ms < 5_000; ms += 100) {
      world.store.failing = false;
      await world.run(100, 100);
      world.store.failing = true;
    }
    expect(both(world)).toEqual(['9.5', '0']);
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['0', '0']);
    await world.operator({ action: 'pause' });
    await inPeace(world);
    expect(both(world)).toEqual(['0', '0']);
  });

  it('fault-42-kill: what stands alone does not wait for the naked limit; what is hedged stands', async () => {
    const world = await naked({ ...SETTINGS, execution: { ...SETTINGS.execution, nakedLimitMs: 60_000 } });
    await world.run(1_000);
    expect(await world.operator({ action: 'kill' })).toMatchObject({ ok: false });
    await world.run(6_000);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    await world.run(MINUTE_MS);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    await inPeace(world);
    expect(world.ledger.killed).toBe(true);
    expect(both(world)).toEqual(['0', '0']);
  });

  it('fault-42-kill-remembered: a kill that could not be stored latches and closes everything once it can be', async () => {
    const world = new World({ settings: LIMITED });
    await world.opened();
    world.store.failing = true;
    const reply = await world.operator({ action: 'kill' });
    expect(reply).toMatchObject({ ok: false, message: expect.stringContaining('it is remembered') });
    await world.run(MINUTE_MS);
    expect(world.ledger.killed).toBe(false);
    const told = () => world.alarms.filter(({ code }) => code === 'killed').map(({ detail }) => detail);
    expect(told()).toEqual([expect.stringContaining('waits until the ledger can be written')]);
    await inPeace(world);
    expect(world.ledger.killed).toBe(true);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.hedge()).toMatchObject({ state: 'closed', reason: 'kill' });
    expect(told()).toHaveLength(2);
    expect(told()[1]).not.toContain('waits');
  });

  it('fault-42-kill-taken-back: a reset before the disk works again ends what was remembered', async () => {
    const world = new World({ settings: LIMITED });
    await world.opened();
    world.store.failing = true;
    await world.operator({ action: 'kill' });
    await world.operator({ action: 'kill_reset' });
    await inPeace(world);
    expect(world.ledger.killed).toBe(false);
    expect(world.state()).toBe('held');
  });

  it('fault-42-margin-critical: near liquidation the larger leg does not wait for the naked limit', async () => {
    const world = await naked({ ...SETTINGS, execution: { ...SETTINGS.execution, nakedLimitMs: 60_000 } });
    world.move(SOL, 0.36);
    await world.run(12_000);
    expect(criticals(world)).toContain('margin_critical');
    expect(both(world)).toEqual(['5.5', '-5.5']);
  });

  it('fault-42-works-again-unnoticed: nothing leaves without an intent once one can be stored', async () => {
    const world = await naked();
    // Between two retries, and the naked limit is over before the next one.
    await world.run(7_900, 100);
    world.store.failing = false;
    await world.run(5_000, 100);
    expect(emergencies(world)).toEqual([]);
    await inPeace(world);
    expect(both(world)).toEqual(['5.5', '-5.5']);
  });

  it('fault-42-hedged: nothing leaves while the legs are equal', async () => {
    const world = new World({ settings: LIMITED });
    await world.opened();
    const sent = world.submitted.length;
    world.store.failing = true;
    await world.operator({ action: 'kill' });
    await world.run(5 * MINUTE_MS, 1_000);
    expect(world.submitted).toHaveLength(sent);
    await inPeace(world);
  });
});

describe('nothing is sent on less than two lists that agree', () => {
  it('fault-42-positions-unreadable: held, told, and reduced once they can be read', async () => {
    const world = await naked();
    world.faults.beta.reads = 'failing';
    await world.run(MINUTE_MS);
    expect(emergencies(world)).toEqual([]);
    expect(criticals(world)).toContain('emergency_blind');
    world.faults.beta.reads = 'ok';
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    await inPeace(world);
  });

  it('fault-42-empty-list: a list that lacks the partner leg is not believed against the margin in use', async () => {
    const world = new World({ settings: LIMITED });
    await world.opened();
    world.store.failing = true;
    world.faults.beta.reads = 'no_positions';
    await world.run(MINUTE_MS);
    expect(emergencies(world)).toEqual([]);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    world.faults.beta.reads = 'ok';
    await inPeace(world);
  });

  it('fault-42-whole-leg-gone: a list that lacks it is believed when the margin in use agrees', async () => {
    const world = new World({ settings: LIMITED });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.store.failing = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['0', '0']);
    await inPeace(world);
    expect(world.state()).toBe('closed');
  });

  it('fault-42-human-beside-us: what no order of ours can have made is told and left alone', async () => {
    const world = await naked();
    foreignTrade(world, 'alpha', 'buy', '3');
    expect(both(world)).toEqual(['12.5', '-5.5']);
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['8.5', '-5.5']);
    expect(criticals(world)).toContain('emergency_beyond');
    await world.run(MINUTE_MS);
    expect(both(world)).toEqual(['8.5', '-5.5']);
  });

  it('fault-42-human-instead-of-our-entry: what a human trades while an order of ours may still fill is theirs, when told', async () => {
    const world = new World({ settings: LIMITED });
    world.faults.beta.submits.push({ kind: 'request_lost' });
    world.faults.alpha.submits.push({ kind: 'request_lost' });
    world.boot();
    for (let ms = 0; !world.submitted.length && ms < 5_000; ms += 100) await world.run(100, 100);
    world.store.failing = true;
    expect(both(world)).toEqual(['0', '0']);
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(2 * BOUND_MS);
    expect(emergencies(world)).toEqual([]);
    expect(both(world)).toEqual(['3', '0']);
    expect(criticals(world)).toContain('emergency_beyond');
  });

  it('fault-42-human-in-and-out: what a human opened beside us and closed again leaves our legs alone', async () => {
    const world = await stands();
    world.store.failing = true;
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(500, 100);
    foreignTrade(world, 'alpha', 'sell', '3');
    await world.run(3 * BOUND_MS);
    expect(emergencies(world)).toEqual([]);
    expect(both(world)).toEqual(['9.5', '-9.5']);
  });

  it('fault-42-own-exit-first: what a human buys after our exits have filled is no leg of ours', async () => {
    const world = await stands();
    // The intents of the exits are the last that can be stored.
    const commit = world.store.commit.bind(world.store);
    world.store.commit = (facts) => {
      commit(facts);
      if (facts.some(({ kind }) => kind === 'attempt')) world.store.failing = true;
    };
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(1_500, 50);
    expect(both(world)).toEqual(['0', '0']);
    expect(world.hedge().long.holding.quantity.toFixed()).toBe('9.5');
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(MINUTE_MS);
    expect(emergencies(world)).toEqual([]);
    expect(both(world)).toEqual(['3', '0']);
    world.store.failing = false;
    await world.run(MINUTE_MS, 500);
    expect(world.state()).toBe('closed');
    expect(both(world)).toEqual(['3', '0']);
  });

  it('fault-42-own-emergency-first: what a human buys after an emergency order has filled is no leg of ours', async () => {
    const world = await stands();
    world.store.failing = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(BOUND_MS + 5_000);
    expect(both(world)).toEqual(['0', '0']);
    expect(emergencies(world)).toHaveLength(1);
    foreignTrade(world, 'alpha', 'buy', '5');
    await world.run(MINUTE_MS);
    expect(both(world)).toEqual(['5', '0']);
    expect(emergencies(world)).toHaveLength(1);
  });

  it('fault-42-moving: lists that differ confirm nothing', async () => {
    const world = await naked();
    for (let i = 0; i < 4; i++) {
      await world.run(1_900, 100);
      world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('1'), 'adl');
    }
    expect(emergencies(world)).toEqual([]);
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['3.5', '-3.5']);
    await inPeace(world);
  });

  it('fault-42-taken-twice: an entry that filled twice is ours to the last lot, as its fills told', async () => {
    const world = new World({ settings: LIMITED });
    world.faults.alpha.submits.push({ kind: 'delivered_again', delayMs: 500 });
    world.boot();
    await world.run(1);
    expect(world.submitted).toHaveLength(2);
    world.store.failing = true;
    await world.run(1_000, 100);
    expect(both(world)).toEqual(['19', '-9.5']);
    await world.run(BOUND_MS);
    expect(emergencies(world)).toMatchObject([{ side: 'sell', reduceOnly: true }]);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    expect(world.alarms.map(({ code }) => code)).not.toContain('emergency_beyond');
    await world.operator({ action: 'pause' });
    world.store.failing = false;
    await world.run(MINUTE_MS, 500);
    expect(world.wrongs()).toEqual(['alpha got a client order id twice']);
    expect(both(world)).toEqual(['9.5', '-9.5']);
  });

  it('fault-42-both-taken-twice: one leg’s stream tells so and the other’s is silent: its fills are asked for first', async () => {
    const world = new World({ settings: LIMITED });
    world.faults.alpha.submits.push({ kind: 'delivered_again', delayMs: 500 });
    world.faults.beta.submits.push({ kind: 'delivered_again', delayMs: 500 });
    world.boot();
    await world.run(1);
    world.store.failing = true;
    world.faults.beta.stream = 'lost';
    await world.run(1_000, 100);
    expect(both(world)).toEqual(['19', '-19']);
    await world.run(BOUND_MS + 10_000, 100);
    expect(emergencies(world)).toEqual([]);
    expect(both(world)).toEqual(['19', '-19']);
  });

  it('fault-42-naked-before-it-is-read: what is naked is told though the accounts could not be read after an emergency', async () => {
    const world = await naked();
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    world.faults.alpha.reads = 'failing';
    world.store.failing = false;
    await world.run(1_000, 100);
    expect(criticals(world)).toContain('emergency_over');
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'adl');
    await world.run(100, 100);
    world.alarms.length = 0;
    await world.run(4_500, 100);
    expect(world.alarms.map(({ code }) => code)).toContain('naked_leg');
    world.faults.alpha.reads = 'ok';
    await inPeace(world);
  });
});

describe('the fate of an emergency order', () => {
  const FATES: readonly SubmitFault[] = [
    { kind: 'reply_lost' },
    { kind: 'request_lost' },
    { kind: 'accepted_late', delayMs: 1_000 },
    { kind: 'accepted_late', delayMs: 30_000 },
    { kind: 'ack_late', delayMs: 5_000 },
    { kind: 'refused', code: 'reduce_only_refused' },
  ];
  it.each(FATES)(
    'fault-42-outcome-$kind: positions are read again, twice, before another order leaves',
    async (fate) => {
      const world = await naked();
      world.faults.alpha.submits.push(fate);
      await world.run(BOUND_MS, 100);
      const [first, second] = world.alarms.filter(({ code }) => code === 'emergency_order');
      const answered = world.alarms.find(({ code }) => code === 'emergency_answered');
      expect(first).toBeDefined();
      if (second) expect(second.at - (answered?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
      await world.run(MINUTE_MS);
      const [a, b] = both(world).map((each) => base(each ?? '0'));
      expect(
        a
          ?.plus(b ?? '0')
          .abs()
          .lt(COMMON_LOT[SOL]),
      ).toBe(true);
      await inPeace(world);
      expect(world.state()).toBe('held');
    },
  );

  it('fault-42-thin-book: a bounded number of orders, then nothing but alarms', async () => {
    const world = await naked();
    world.book('alpha', SOL, 0);
    // Twenty of them, with pauses of up to 20 s, take about six minutes.
    for (let i = 0; i < 45; i++) {
      await world.run(10_000, 500);
      world.book('alpha', SOL, 0);
    }
    expect(emergencies(world).length).toBeGreaterThan(5);
    expect(emergencies(world).length).toBeLessThanOrEqual(20);
    expect(criticals(world)).toContain('emergency_given_up');
    world.move(SOL, 0);
    await inPeace(world);
  });

  it('fault-42-disk-works-while-it-is-under-way: recorded, then an order like any other', async () => {
    const world = await naked();
    world.faults.alpha.submits.push({ kind: 'ack_late', delayMs: 4_000 });
    for (let ms = 0; emergencies(world).length === 0 && ms < BOUND_MS; ms += 100) await world.run(100, 100);
    world.store.failing = false;
    await world.run(1_000, 100);
    expect(recorded(world)).toHaveLength(1);
    await inPeace(world);
    expect(both(world)).toEqual(['5.5', '-5.5']);
  });

  it.each([0, 50, 200, 1_000, 3_000, 8_000])(
    'fault-42-disk-works-%i ms after it: no leg is reduced twice',
    async (ms) => {
      const world = await naked();
      for (let waited = 0; emergencies(world).length === 0 && waited < BOUND_MS; waited += 50) await world.run(50, 50);
      if (ms > 0) await world.run(ms, 50);
      await inPeace(world);
      expect(both(world)).toEqual(['5.5', '-5.5']);
      expect(world.state()).toBe('held');
    },
  );
});

describe('the ledger knew before it could not be written', () => {
  it.each([0, 250, 500, 5_000])(
    'fault-42-stale-decision: what was decided without the order is not sent with it (%i ms)',
    async (ms) => {
      const world = new World({ settings: LIMITED });
      await world.opened();
      await world.operator({ action: 'pause' });
      await world.run(10_000);
      // The liquidation is booked; the trim that follows from it cannot be.
      const commit = world.store.commit.bind(world.store);
      let left = 1;
      world.store.commit = (facts) => {
        if (facts.some(({ kind }) => kind === 'fill') && left-- > 0) {
          commit(facts);
          world.store.failing = true;
        } else commit(facts);
      };
      world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
      for (let waited = 0; emergencies(world).length === 0 && waited < BOUND_MS; waited += 50) await world.run(50, 50);
      expect(world.hedge().short.holding.quantity.toFixed()).toBe('-5.5');
      expect(world.hedge().long.holding.quantity.toFixed()).toBe('9.5');
      if (ms > 0) await world.run(ms, 50);
      await inPeace(world);
      expect(both(world)).toEqual(['5.5', '-5.5']);
      expect(world.state()).toBe('held');
    },
  );
});

describe('the first that is written is its own fill', () => {
  it('fault-42-own-fill-first: known by then, and no stranger’s', async () => {
    const world = await naked();
    world.faults.alpha.stream = 'late';
    for (let ms = 0; emergencies(world).length === 0 && ms < BOUND_MS; ms += 50) await world.run(50, 50);
    world.store.failing = false;
    await inPeace(world);
    expect(
      world.store.facts.some(
        (fact) => fact.kind === 'discrepancy' && fact.what === 'foreign_fill' && fact.venue === 'alpha',
      ),
    ).toBe(false);
  });
});

describe('the process ends in the middle', () => {
  it.each(['before', 'after'] as const)(
    'fault-42-restart-%s-the-order: its fill is booked to its hedge, and told',
    async (when) => {
      const world = await naked();
      world.faults.alpha.submits.push({ kind: when === 'before' ? 'crash_before' : 'crash_after' });
      await world.run(BOUND_MS, 250);
      expect(world.running).toBe(false);
      world.store.failing = false;
      world.boot();
      await inPeace(world);
      expect(recorded(world)).toEqual([]);
      expect(world.state()).toBe('held');
      const told = world.store.facts.flatMap((fact) =>
        fact.kind === 'discrepancy' && fact.venue === 'alpha' && fact.what === 'foreign_fill' ? [fact.detail] : [],
      );
      if (when === 'before') expect(told).toEqual([]);
      else expect(told[0]).toContain('own emergency reduction');
      // An order that the ledger does not know is no sign of an old backup.
      expect(world.store.facts.some((fact) => fact.kind === 'discrepancy' && fact.what === 'ledger_behind')).toBe(
        false,
      );
    },
  );
});

describe('other hedges', () => {
  it('fault-42-another-asset-of-the-same-account: only the naked one is touched', async () => {
    const world = new World({ settings: LIMITED, symbols: [SOL, ETH] });
    await world.opened();
    await world.run(5_000);
    await world.operator({ action: 'pause' });
    const before = both(world, ETH);
    expect(before).not.toEqual(['0', '0']);
    world.store.failing = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['5.5', '-5.5']);
    expect(both(world, ETH)).toEqual(before);
    await inPeace(world);
    expect(both(world, ETH)).toEqual(before);
  });

  it('fault-42-another-hedge-on-the-same-instruments: the naked one is reduced, the other keeps its legs', async () => {
    const world = new World({ settings: LIMITED });
    world.faults.beta.submits.push({ kind: 'accepted_late', delayMs: 2 * MINUTE_MS });
    world.boot();
    await world.run(20_000);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(98_000);
    expect([world.state('h1'), world.state('h2')]).toEqual(['closed', 'held']);
    await world.operator({ action: 'pause' });
    // What closes the first one's late leg is lost, and then nothing can be written.
    world.faults.beta.submits.push({ kind: 'request_lost' });
    for (let ms = 0; world.state('h1') === 'closed' && ms < 5_000; ms += 100) await world.run(100, 100);
    world.store.failing = true;
    expect(both(world)).toEqual(['9.5', '-19']);
    await world.run(BOUND_MS);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    await inPeace(world);
    expect(both(world)).toEqual(['9.5', '-9.5']);
    expect(recorded(world)).toMatchObject([{ hedge: 'h1', leg: 'short' }]);
    expect([world.state('h1'), world.state('h2')]).toEqual(['closed', 'held']);
  });

  it('never opens, never flips, whatever is taken and whatever becomes of the orders', {
    timeout: 120_000,
  }, async () => {
    const fate = fc.constantFrom<SubmitFault | undefined>(undefined, ...FATES_OF_ANY);
    const taken = fc.record({
      venue: fc.constantFrom('alpha' as const, 'beta' as const),
      lots: fc.integer({ min: 1, max: 9 }),
      afterMs: fc.constantFrom(0, 500, 3_000, 9_000),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(taken, { minLength: 1, maxLength: 4 }),
        fc.array(fate, { maxLength: 4 }),
        fc.constantFrom(1_000, 9_000, 15_000, 40_000),
        async (takes, fates, fullMs) => {
          const world = new World({ settings: LIMITED });
          await world.opened();
          await world.operator({ action: 'pause' });
          await world.run(6_000);
          world.store.failing = true;
          for (const each of fates) {
            if (!each) continue;
            world.faults.alpha.submits.push(each);
            world.faults.beta.submits.push(each);
          }
          for (const { venue, lots, afterMs } of takes) {
            await world.run(afterMs + 1);
            const held = world.exchanges[venue].positions(ACCOUNT).find(({ symbol }) => symbol === SOL);
            const size = contracts(String(venue === 'alpha' ? lots * 0.5 : lots));
            if (held?.contracts.abs().gte(size)) world.exchanges[venue].forceReduce(ACCOUNT, SOL, size, 'adl');
          }
          await world.run(fullMs);
          // What an order would open or flip throws in `World`; here: no side has changed.
          expect(base(world.position('alpha')).gte('0')).toBe(true);
          expect(base(world.position('beta')).lte('0')).toBe(true);
          for (const faults of Object.values(world.faults)) faults.submits.length = 0;
          await world.run(1);
          world.store.failing = false;
          await world.run(2 * MINUTE_MS, 1_000);
          expect(world.wrongs()).toEqual([]);
        },
      ),
      { seed: 20260105, numRuns: 60, endOnFailure: true },
    );
  });
});

const FATES_OF_ANY: readonly SubmitFault[] = [
  { kind: 'reply_lost' },
  { kind: 'request_lost' },
  { kind: 'accepted_late', delayMs: 2_000 },
  { kind: 'accepted_late', delayMs: 12_000 },
  { kind: 'ack_late', delayMs: 3_000 },
  { kind: 'refused', code: 'rate_limited' },
];
