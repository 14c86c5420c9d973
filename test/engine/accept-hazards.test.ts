/** What only a human can end: differences that no late fact explains, accepted with a note, as new rows. */
import { describe, expect, it } from 'vitest';
import { base, contracts, quote, text } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ACCOUNT, ETH, SETTINGS, SOL } from './world-setup.ts';

const open = (world: World): string[] => [...world.ledger.discrepancies.keys()].sort();
const accept = (world: World, venue: 'alpha' | 'beta', note = 'checked by hand', seenAt = world.clock.now()) =>
  world.operator({ action: 'accept', venue, route: 'live', note, seenAt });

/** A start gives what the process had. */
function replayed(world: World): void {
  const ledger = emptyLedger();
  for (const fact of world.store.load()) foldFact(ledger, fact);
  expect(ledger).toEqual(world.ledger);
}

/** A bot that has met its accounts; then somebody moves money in or out of beta. */
async function deposited(amount: string): Promise<World> {
  const world = new World();
  world.boot();
  await world.operator({ action: 'pause' });
  await world.run(2_000);
  world.exchanges.beta.transfer(ACCOUNT, quote(amount));
  await world.run(30_000, 1_000);
  return world;
}

describe('a deposit or withdrawal', () => {
  it.each(['250', '-250'])('%s blocks opening until it is accepted, and then never again', async (amount) => {
    const world = await deposited(amount);
    await world.operator({ action: 'resume' });
    await world.run(MINUTE_MS, 1_000);
    expect(open(world)).toEqual(['live|beta|wallet|USDT']);
    expect(world.ledger.hedges.size).toBe(0);
    const reply = await accept(world, 'beta');
    expect(reply.ok).toBe(true);
    expect(reply.message).toContain('accepted: wallet is');
    await world.run(MINUTE_MS, 1_000);
    expect(open(world)).toEqual([]);
    expect(world.ledger.hedges.size).toBe(1);
    expect(world.wrongs()).toEqual([]);
    expect(world.store.facts.filter(({ kind }) => kind === 'control').at(-1)).toMatchObject({
      action: 'accept',
      subject: 'live|beta',
      by: 'test',
      detail: 'checked by hand',
    });
    replayed(world);
    world.crash();
    world.boot();
    await world.run(MINUTE_MS, 1_000);
    expect(open(world)).toEqual([]);
  });

  it('is refused when something has changed since the account was compared', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.exchanges.beta.transfer(ACCOUNT, quote('250'));
    for (let ms = 0; open(world).length === 0 && ms < HOUR_MS; ms += 1_000) await world.run(1_000, 1_000);
    await world.run(10_000, 1_000);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(100, 100);
    expect(world.state()).toBe('closed');
    expect((await accept(world, 'beta')).message).toContain('changed');
    await world.run(10_000, 1_000);
    expect((await accept(world, 'beta')).ok).toBe(true);
    await world.run(MINUTE_MS, 1_000);
    expect(open(world).filter((id) => id.includes('wallet'))).toEqual([]);
  });

  it('stays-and-is-told: a difference that nobody explains is told again and again', async () => {
    const world = await deposited('250');
    await world.run(30 * MINUTE_MS, 10_000);
    const told = world.alarms.filter(({ code }) => code === 'discrepancy_stays');
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told[0]?.detail).toContain('tandem accept beta');
  });

  it('fault-48-found-ahead: so is one that was found while our clock was ahead', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.wallShiftMs = 24 * HOUR_MS;
    world.exchanges.beta.transfer(ACCOUNT, quote('250'));
    for (let ms = 0; open(world).length === 0 && ms < HOUR_MS; ms += 1_000) await world.run(1_000, 1_000);
    world.wallShiftMs = 0;
    await world.run(30 * MINUTE_MS, 10_000);
    const told = world.alarms.filter(({ code }) => code === 'discrepancy_stays');
    expect(told.length).toBeGreaterThanOrEqual(2);
  });

  it('is not accepted unseen, without a note, on another account, or before it was compared', async () => {
    const world = await deposited('250');
    expect((await accept(world, 'beta', ' ')).ok).toBe(false);
    expect((await accept(world, 'beta', 'why', world.clock.now() - 10 * MINUTE_MS)).message).toContain('newer');
    expect((await world.operator({ action: 'accept', venue: 'gamma', route: 'live', note: 'x', seenAt: 0 })).ok).toBe(
      false,
    );
    expect(await accept(world, 'alpha')).toMatchObject({ ok: true, message: 'nothing is open on live|alpha' });
    expect(open(world)).toEqual(['live|beta|wallet|USDT']);
    world.faults.beta.reads = 'failing';
    world.crash();
    world.boot();
    await world.run(20_000, 1_000);
    expect((await accept(world, 'beta')).message).toContain('not been compared');
    expect(open(world)).toEqual(['live|beta|wallet|USDT']);
  });

  it('the ledger cannot be written: nothing is accepted', async () => {
    const world = await deposited('250');
    world.store.failing = true;
    expect((await accept(world, 'beta')).ok).toBe(false);
    expect(open(world)).toEqual(['live|beta|wallet|USDT']);
  });
});

describe('an order that nothing tells about any more', () => {
  const impatient = {
    ...SETTINGS,
    execution: { ...SETTINGS.execution, lookup: { ...SETTINGS.execution.lookup, horizonMs: 30_000 } },
  };
  async function forgotten(fault: 'request_lost' | 'reply_lost', reads: 'ok' | 'failing' = 'ok'): Promise<World> {
    const world = new World({ settings: impatient });
    world.faults.beta.submits.push({ kind: fault });
    Object.assign(world.faults.beta, { lookups: 'failing', stream: 'lost' });
    world.boot();
    await world.run(1);
    await world.operator({ action: 'pause' });
    world.faults.beta.reads = reads;
    await world.run(MINUTE_MS, 1_000);
    expect(open(world)).toEqual([expect.stringMatching(/^live\|beta\|order_fate\|/)]);
    return world;
  }

  it('blocks its venue, is shown, and on the word of a human counts as never placed', async () => {
    const world = await forgotten('request_lost');
    Object.assign(world.faults.beta, { lookups: 'ok', stream: 'ok' });
    await world.run(10_000, 1_000);
    expect(open(world)).toHaveLength(1);
    expect(await accept(world, 'beta')).toMatchObject({ ok: true, hedges: ['h1'] });
    await world.run(MINUTE_MS, 1_000);
    expect(world.hedge().short.attempts[0]).toMatchObject({ status: 'proven_absent', code: 'accepted' });
    expect(world.state()).toBe('closed');
    expect(open(world)).toEqual([]);
    expect(world.wrongs()).toEqual([]);
    replayed(world);
  });

  it('after a restart, when nothing of the account could be compared yet, too', async () => {
    const world = await forgotten('request_lost');
    world.crash();
    world.boot();
    await world.run(20_000, 1_000);
    expect(await accept(world, 'beta')).toMatchObject({ ok: true });
    world.faults.beta.lookups = 'ok';
    await world.run(MINUTE_MS, 1_000);
    expect(open(world)).toEqual([]);
    expect(world.wrongs()).toEqual([]);
  });

  it('ends by itself when the order is found after all', async () => {
    const world = await forgotten('reply_lost', 'failing');
    Object.assign(world.faults.beta, { lookups: 'ok', stream: 'ok', reads: 'ok' });
    await world.run(2 * MINUTE_MS, 1_000);
    expect(world.hedge().short.attempts[0]?.status).toBe('filled');
    expect(open(world)).toEqual([]);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-08-lookups-fail: an order whose fills are listed has its end by them', async () => {
    const world = new World({ settings: impatient });
    world.faults.beta.submits.push({ kind: 'reply_lost' });
    Object.assign(world.faults.beta, { lookups: 'not_found', stream: 'lost' });
    world.boot();
    await world.run(1);
    await world.run(MINUTE_MS, 1_000);
    expect(world.hedge().short.attempts[0]).toMatchObject({ status: 'filled' });
    expect(world.state()).toBe('held');
    expect(open(world)).toEqual([]);
  });
});

describe('a position that no fill explains', () => {
  it('is corrected at the mark, the hedge ends, and the wallet agrees to the cent', async () => {
    const world = new World({ symbols: [SOL, ETH] });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.move(SOL, 0.03);
    world.faults.beta.foreignFillsHidden = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(MINUTE_MS, 1_000);
    expect(world.state()).toBe('quarantined');
    expect(open(world)).toEqual(['live|beta|position|beta|SOL/USDT:USDT', 'live|beta|wallet|USDT']);
    expect(await accept(world, 'beta')).toMatchObject({ ok: true, hedges: ['h1'] });
    await world.run(MINUTE_MS, 1_000);
    expect(world.state()).toBe('closed');
    expect(open(world)).toEqual([]);
    expect(world.wrongs()).toEqual([]);
    // The part that was corrected is bought back at the mark: price PnL is what the price did.
    expect(text(world.hedge().short.boughtBase)).toBe('9.5');
    replayed(world);
  });

  it('part of it: the hedge goes on with what is left', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.alpha.foreignFillsHidden = true;
    world.exchanges.alpha.forceReduce(ACCOUNT, SOL, contracts('4'), 'adl');
    await world.run(MINUTE_MS, 1_000);
    expect((await accept(world, 'alpha')).ok).toBe(true);
    await world.run(MINUTE_MS, 1_000);
    expect(world.state()).toBe('held');
    expect([world.position('alpha'), world.position('beta')]).toEqual(['5.5', '-5.5']);
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-57-clean-ledger: what was open before is taken as nobody’s, never as a hedge', async () => {
    const world = new World();
    world.exchanges.alpha.setMarginMode(ACCOUNT, SOL, 'isolated');
    foreignTrade(world, 'alpha', 'buy', '2');
    await world.run(MINUTE_MS);
    world.boot();
    await world.run(30_000, 1_000);
    expect((await accept(world, 'alpha')).ok).toBe(true);
    await world.run(30_000, 1_000);
    expect(open(world)).toEqual([]);
    expect(world.ledger.accounts.get('live|alpha')?.holdings.get(`alpha|${SOL}`)?.quantity).toEqual(
      world.ledger.hedges.size > 0 ? base('11.5') : base('2'),
    );
    // A hedge that opens beside it owns its own part only.
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'flatten' });
    await world.run(30_000, 1_000);
    expect(world.position('alpha')).toBe('2');
    expect(open(world)).toEqual([]);
  });
});

describe('records that changed', () => {
  it('fault-13-fill-conflict: the first version stands, noted once, and stays accepted', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.beta.fillsRewritten = true;
    await world.run(5 * MINUTE_MS, 5_000);
    const conflicts = (): number =>
      world.store.facts.filter((fact) => fact.kind === 'discrepancy' && fact.what === 'fill_conflict').length;
    expect(conflicts()).toBe(1);
    expect(open(world)).toHaveLength(1);
    expect((await accept(world, 'beta')).ok).toBe(true);
    await world.run(10 * MINUTE_MS, 5_000);
    expect(conflicts()).toBe(1);
    expect(open(world)).toEqual([]);
    expect(text(world.hedge().short.holding.quantity)).toBe('-9.5');
    replayed(world);
  });

  it('fault-27-payment-revised: the first amount stands, the other is told, and stays accepted', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    await world.run(41 * MINUTE_MS, 30_000);
    expect(text(world.hedge().short.funding)).toBe('0.95');
    world.faults.beta.paymentsRewritten = true;
    await world.run(3 * MINUTE_MS, 5_000);
    expect(open(world)).toHaveLength(1);
    expect(open(world)[0]).toContain('payment_conflict');
    expect(world.alarmed('discrepancy_payment_conflict')).toBe(true);
    expect(text(world.hedge().short.funding)).toBe('0.95');
    expect((await accept(world, 'beta')).ok).toBe(true);
    await world.run(3 * MINUTE_MS, 5_000);
    expect(open(world)).toEqual([]);
    replayed(world);
  });
});

it('fault-14-found-meanwhile: an order that was found is not accepted as never placed', async () => {
  const lookup = { ...SETTINGS.execution.lookup, horizonMs: 30_000 };
  const world = new World({ settings: { ...SETTINGS, execution: { ...SETTINGS.execution, lookup } } });
  world.faults.beta.submits.push({ kind: 'reply_lost' });
  Object.assign(world.faults.beta, { lookups: 'failing', stream: 'lost' });
  world.boot();
  await world.run(1);
  await world.operator({ action: 'pause' });
  world.faults.beta.reads = 'failing';
  await world.run(MINUTE_MS, 1_000);
  expect(open(world)).toEqual([expect.stringMatching(/^live\|beta\|order_fate\|/)]);
  // Orders are told about again, the account is not.
  world.faults.beta.lookups = 'ok';
  await world.run(6_000, 1_000);
  const order = world.hedge().short.attempts[0];
  expect(order?.status).toBe('filled');
  const reply = await accept(world, 'beta');
  expect(reply.message).toBe(`found as filled: ${order?.intent.clientOrderId}`);
  expect(world.hedge().short.attempts[0]?.status).toBe('filled');
  replayed(world);
});

it('fault-59-another-asset: what a human holds of an asset that is not configured can be accepted, and is valued', async () => {
  const world = new World();
  world.exchanges.alpha.setMarginMode(ACCOUNT, ETH, 'isolated');
  // Fills are read of the configured instruments only.
  world.faults.alpha.foreignFillsHidden = true;
  foreignTrade(world, 'alpha', 'buy', '1', { symbol: ETH });
  world.boot();
  await world.run(30_000, 1_000);
  expect(open(world)).toContain('live|alpha|position|alpha|ETH/USDT:USDT');
  expect((await accept(world, 'alpha')).ok).toBe(true);
  await world.run(30_000, 1_000);
  expect(open(world)).toEqual([]);
  // The loss of the day is known, so hedges open.
  expect(world.state()).toBe('held');
  replayed(world);
});
