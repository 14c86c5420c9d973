/** Accounts, ledger writes, payments and restarts: what keeps the ledger equal to the venues. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { base, contracts, quote, text } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { LedgerWriteError } from '../../src/ports/ledger-store.ts';
import { FaultyVenue } from './faulty-venue.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { ACCOUNT, ETH, SETTINGS, SOL, START } from './world-setup.ts';

const openDiscrepancies = (world: World): string[] => [...world.ledger.discrepancies.keys()].sort();

describe('the ledger cannot be written', () => {
  it('fault-42-disk-full: nothing is sent, and trading resumes by itself once commits work again', async () => {
    const world = new World();
    world.boot();
    world.store.failing = true;
    await world.run(30_000, 1_000);
    expect(world.submitted).toEqual([]);
    expect(world.alarmed('ledger_write')).toBe(true);
    world.store.failing = false;
    await world.run(15_000, 1_000);
    expect(world.state()).toBe('held');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-42-fill-during-disk-full: a fill that could not be booked is read again', async () => {
    const world = new World();
    await world.opened();
    world.store.failing = true;
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
    await world.run(20_000, 1_000);
    expect(world.position('alpha')).toBe('9.5');
    expect(world.hedge().short.holding.quantity.toFixed()).toBe('-9.5');
    world.store.failing = false;
    await world.run(15_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['5.5', '-5.5']);
  });

  it('payment-during-disk-full: it is booked once, later', async () => {
    const world = new World();
    await world.opened();
    await world.run(39 * MINUTE_MS, MINUTE_MS);
    world.store.failing = true;
    await world.run(3 * MINUTE_MS, 10_000);
    world.store.failing = false;
    await world.run(2 * MINUTE_MS, 10_000);
    expect(world.exchanges.beta.payments(ACCOUNT)).toHaveLength(1);
    expect(world.ledger.payments.size).toBe(2);
    expect(world.wrongs()).toEqual([]);
  });

  it('epoch-not-durable: a start that cannot be recorded does not start', () => {
    const world = new World();
    world.store.failing = true;
    expect(() => world.boot()).toThrow(LedgerWriteError);
  });

  it('a command that cannot be stored is refused', async () => {
    const world = new World();
    await world.opened();
    world.store.failing = true;
    expect((await world.operator({ action: 'close', hedge: 'h1' })).ok).toBe(false);
    expect(world.state()).toBe('held');
  });
});

describe('funding', () => {
  it('books what the venue paid, signed: the short receives a positive rate, the long pays it', async () => {
    const world = new World();
    await world.opened();
    await world.run(HOUR_MS, MINUTE_MS);
    // 9.5 SOL at the mark of 100 are 950 USD: beta pays 0.1 % to the short, alpha takes 0.001 % from the long.
    expect(text(world.hedge().short.funding)).toBe('0.95');
    expect(text(world.hedge().long.funding)).toBe('-0.0095');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-27-payment-late: polled until it is listed, booked once, and belongs to its hedge', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.paymentsHidden = true;
    await world.run(41 * MINUTE_MS, MINUTE_MS);
    expect(text(world.hedge().short.funding)).toBe('0');
    world.faults.beta.paymentsHidden = false;
    await world.run(2 * MINUTE_MS, 10_000);
    expect(text(world.hedge().short.funding)).toBe('0.95');
    expect(openDiscrepancies(world)).toEqual([]);
  });

  it('fault-27-very-late: asked for again after it was called missing, long before the next comparison', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: 24 * HOUR_MS } });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.beta.paymentsHidden = true;
    await world.run(75 * MINUTE_MS, 30_000);
    expect(world.alarmed('payment_missing')).toBe(true);
    world.faults.beta.paymentsHidden = false;
    await world.run(6 * MINUTE_MS, 10_000);
    expect(text(world.hedge().short.funding)).toBe('0.95');
    expect(world.wrongs()).toEqual([]);
  });

  it('fault-27-one-of-two: a payment for one instrument does not end the wait for the other’s', async () => {
    const world = new World({
      settings: { ...SETTINGS, reconcileEveryMs: 24 * HOUR_MS },
      symbols: [SOL, ETH],
    });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.faults.beta.hiddenPaymentsOf = SOL;
    await world.run(50 * MINUTE_MS, 10_000);
    const shorts = () => [...world.ledger.hedges.values()].map((hedge) => text(hedge.short.funding)).sort();
    expect(shorts()).toContain('0');
    expect(shorts().filter((funding) => funding !== '0')).toHaveLength(1);
    world.faults.beta.hiddenPaymentsOf = '';
    await world.run(6 * MINUTE_MS, 10_000);
    expect(shorts()).not.toContain('0');
    expect(world.wrongs()).toEqual([]);
  });

  it('payment-not-due: nothing is awaited of a leg that was gone before the settlement', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    world.exchanges.beta.setTrading(SOL, false);
    world.exchanges.alpha.forceReduce(ACCOUNT, SOL, contracts('9.5'), 'liquidation');
    await world.run(60 * MINUTE_MS, 30_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '-9.5']);
    expect(text(world.hedge().short.funding)).toBe('0.95');
    expect(world.alarmed('payment_missing')).toBe(false);
  });

  it('payment-missing: told, and the wallet difference blocks opening until it is explained', async () => {
    const world = new World();
    await world.opened();
    world.faults.beta.paymentsHidden = true;
    await world.run(50 * MINUTE_MS, 30_000);
    expect(world.alarmed('payment_missing')).toBe(true);
    expect(openDiscrepancies(world)).toEqual(['live|beta|wallet|USDT']);
    // Hours later, behind newer payments of the other leg: still found, because a difference is read for from long before.
    await world.run(2 * HOUR_MS, MINUTE_MS);
    world.faults.beta.paymentsHidden = false;
    await world.run(2 * MINUTE_MS, 10_000);
    expect(openDiscrepancies(world)).toEqual([]);
    expect(world.wrongs()).toEqual([]);
  });
});

describe('reconciliation', () => {
  it('fault-57-clean-install: an open position is not adopted and blocks its venue', async () => {
    const world = new World();
    world.exchanges.alpha.setMarginMode(ACCOUNT, SOL, 'isolated');
    foreignTrade(world, 'alpha', 'buy', '2');
    await world.run(MINUTE_MS);
    world.boot();
    await world.run(60_000, 2_000);
    expect(world.ledger.hedges.size).toBe(0);
    expect(world.submitted).toEqual([]);
    expect(openDiscrepancies(world)).toEqual(['live|alpha|position|alpha|SOL/USDT:USDT']);
    expect(world.position('alpha')).toBe('2');
  });

  it('fault-28-empty-positions: an empty answer is not believed to be flat', async () => {
    const world = new World();
    await world.opened();
    world.faults.alpha.reads = 'no_positions';
    await world.run(2 * MINUTE_MS, 2_000);
    expect(world.state()).toBe('held');
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
    expect(openDiscrepancies(world)).toEqual(['live|alpha|position|alpha|SOL/USDT:USDT']);
    world.faults.alpha.reads = 'ok';
    await world.run(30_000, 2_000);
    expect(openDiscrepancies(world)).toEqual([]);
  });

  it('flatten-stays-flat: what it frees is not opened with again until a resume', async () => {
    const exposure = { ...SETTINGS.risk.exposure, maxOpenHedges: 1 };
    const world = new World({ settings: { ...SETTINGS, risk: { ...SETTINGS.risk, exposure } }, symbols: [SOL, ETH] });
    await world.opened();
    const reply = await world.operator({ action: 'flatten' });
    expect(reply).toMatchObject({ ok: true, message: 'paused until `tandem resume`; closing h1' });
    await world.run(2 * MINUTE_MS, 1_000);
    expect([...world.ledger.hedges.values()].map(({ id, state }) => `${id} ${state}`)).toEqual(['h1 closed']);
    await world.operator({ action: 'resume' });
    await world.run(10_000, 1_000);
    expect(world.ledger.hedges.size).toBe(2);
  });

  it('reconcile-races-with-orders: reads that overlap orders or fills accuse nobody', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: 500 }, symbols: [SOL, ETH] });
    world.faults.alpha.submits.push({ kind: 'ack_late', delayMs: 4_000 });
    world.boot();
    await world.run(20_000, 250);
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'flatten' });
    await world.run(20_000, 250);
    expect(world.store.facts.filter((fact) => fact.kind === 'discrepancy')).toEqual([]);
    expect(world.wrongs()).toEqual([]);
  });

  it('reconcile-races-with-slow-reads: what was true before an order is not held against what came after', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: 1_000 } });
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(500);
    world.faults.beta.reads = 'slow';
    // The reading begins at 1 s; positions and wallet are as of 4 s and told at 7 s, the orders go at 5 s.
    await world.run(4_500);
    await world.operator({ action: 'resume' });
    await world.run(20_000);
    expect(world.state()).toBe('held');
    expect(world.store.facts.filter((fact) => fact.kind === 'discrepancy')).toEqual([]);
  });

  it('fault-25-reconnect-gap: what the stream did not tell while it was down is read as soon as it is back', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS, positionsEveryMs: HOUR_MS } });
    await world.opened();
    world.faults.beta.stream = 'lost';
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
    await world.run(10_000, 1_000);
    expect(world.position('alpha')).toBe('9.5');
    world.faults.beta.stream = 'ok';
    const event = { kind: 'stream', status: 'up', reason: 'reconnected' } as const;
    world.engine.push({ kind: 'account', route: 'live', venue: 'beta', event });
    await world.run(3_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['5.5', '-5.5']);
  });

  it('fault-22-told-without-a-fill: news of an order that is not ours is read up at once', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS, positionsEveryMs: HOUR_MS } });
    await world.opened();
    // A venue may tell a liquidation as an order of its own, without a trade that could be booked.
    world.faults.beta.stream = 'lost';
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('8'), 'liquidation');
    const order = {
      clientOrderId: 'autoclose-1',
      venueOrderId: '1',
      key: `beta|${SOL}`,
      side: 'buy',
      status: 'filled',
      quantity: base('4'),
      filled: base('4'),
      updatedAt: world.clock.now(),
    } as const;
    world.engine.push({ kind: 'account', route: 'live', venue: 'beta', event: { kind: 'order', order } });
    await world.run(5_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['5.5', '-5.5']);
  });

  it('wallet-mismatch: money that nobody explains blocks the venue', async () => {
    const world = new World();
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(1_000);
    const { baseline } = world.ledger.accounts.get('live|beta') ?? {};
    if (!baseline) throw new Error('no baseline');
    world.store.facts.splice(
      world.store.facts.findIndex((fact) => fact.kind === 'baseline' && fact.venue === 'beta'),
      1,
      { ...baseline, wallet: quote('9999.98') },
    );
    world.crash();
    world.boot();
    await world.operator({ action: 'resume' });
    await world.run(10_000);
    expect(openDiscrepancies(world)).toEqual(['live|beta|wallet|USDT']);
    expect(world.submitted).toEqual([]);
  });

  it('foreign-fill-behind-newer-fills: one that the stream and the overlap missed is found for its position', async () => {
    const world = new World({ symbols: [SOL, ETH] });
    await world.opened();
    await world.operator({ action: 'pause' });
    Object.assign(world.faults.beta, { stream: 'lost', reads: 'failing' });
    world.exchanges.beta.forceReduce(ACCOUNT, SOL, contracts('19'), 'liquidation');
    await world.run(15 * MINUTE_MS, 10_000);
    // A newer fill is told first; the old one lies before the usual overlap.
    world.faults.beta.stream = 'ok';
    world.exchanges.beta.forceReduce(ACCOUNT, ETH, contracts('2'), 'adl');
    await world.run(1_000);
    world.faults.beta.reads = 'ok';
    await world.run(3 * MINUTE_MS, 5_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });
});

describe('restarts', () => {
  it.each(['entering', 'held', 'exiting'])('restart-while-%s: changes no position and goes on', async (state) => {
    const world = new World();
    if (state === 'entering') world.faults.beta.submits.push({ kind: 'ack_late', delayMs: 5_000 });
    world.boot();
    await world.run(1);
    if (state === 'held') await world.run(2_000);
    if (state === 'exiting') {
      await world.run(2_000);
      world.feedDown.add('beta');
      await world.run(500);
      await world.operator({ action: 'close', hedge: 'h1' });
    }
    expect(world.state()).toBe(state);
    const before = [world.position('alpha'), world.position('beta')];
    const sent = world.submitted.length;
    world.crash();
    await world.run(MINUTE_MS, 10_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(before);
    world.boot();
    await world.operator({ action: 'pause' });
    await world.run(5_000);
    if (state !== 'exiting') {
      expect(world.state()).toBe('held');
      expect(world.submitted).toHaveLength(sent);
    }
    world.feedDown.clear();
    await world.run(5_000);
    expect(world.state()).toBe(state === 'exiting' ? 'closed' : 'held');
    expect(world.wrongs()).toEqual([]);
  });

  it('graceful stop leaves every position and records what was on its way', async () => {
    const world = new World();
    world.faults.beta.submits.push({ kind: 'ack_late', delayMs: 300 });
    world.boot();
    await world.run(1);
    const stopped = world.engine.stop(2_000);
    await world.run(3_000, 100);
    await stopped;
    expect(world.ledger.attempts.size).toBe(2);
    expect([...world.ledger.attempts.values()].some(({ status }) => status === 'intended')).toBe(false);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
  });

  it('stop-while-unequal: legs that have begun are made equal before the end, and nothing new is opened', async () => {
    const world = new World({ symbols: [SOL, ETH] });
    world.faults.beta.submits.push({ kind: 'request_lost' }, { kind: 'request_lost' });
    world.boot();
    await world.run(1);
    const hedges = world.ledger.hedges.size;
    const stopped = world.engine.stop(20_000);
    await world.run(20_500, 100);
    expect(await stopped).toEqual([]);
    expect(world.ledger.hedges.size).toBe(hedges);
    expect(world.wrongs()).toEqual([]);
    expect(
      [...world.ledger.hedges.values()].every(
        ({ state }) => state === 'held' || state === 'aborted' || state === 'closed',
      ),
    ).toBe(true);
    expect(world.position('alpha').replace('-', '')).toBe(world.position('beta').replace('-', ''));
  });

  it('one epoch a start, and every id of it its own', async () => {
    const world = new World();
    await world.opened();
    world.crash();
    world.boot();
    expect(world.ledger.epoch).toBe(2);
    expect(world.clock.now()).toBe(START + 2_000);
  });
});

describe('margin', () => {
  it('two-openings-one-wallet: the second counts what the first has taken, before the venue says so', async () => {
    // At leverage 2 a leg of 10 000 USD takes 5 000 of the wallet's 10 000, of which a tenth is left untouched.
    const settings = {
      ...SETTINGS,
      reconcileEveryMs: HOUR_MS,
      signal: { ...SETTINGS.signal, notionalUsd: 10_000 },
      risk: {
        ...SETTINGS.risk,
        size: { ...SETTINGS.risk.size, hedgeNotionalUsd: 10_000, minHedgeNotionalUsd: 9_000 },
        exposure: {
          ...SETTINGS.risk.exposure,
          maxTotalNotionalUsd: 1e6,
          maxVenueNotionalUsd: 1e6,
          maxAssetNotionalUsd: 1e6,
        },
      },
    };
    const world = new World({ settings, symbols: [SOL, ETH] });
    world.move(SOL, 0, 500);
    world.move(ETH, 0, 50);
    world.boot();
    await world.run(5_000);
    expect(world.ledger.hedges.size).toBe(1);
    expect(world.wrongs()).toEqual([]);
  });
});

it('fault-28-empty-once: one empty list ends no difference about a position, whoever reads it', async () => {
  const honest = FaultyVenue.prototype.positions;
  const spy = vi.spyOn(FaultyVenue.prototype, 'positions');
  onTestFinished(() => spy.mockRestore());
  for (let lie = 0; lie < 6; lie += 1) {
    spy.mockImplementation(honest);
    const world = new World();
    world.exchanges.alpha.setMarginMode(ACCOUNT, SOL, 'isolated');
    world.faults.alpha.foreignFillsHidden = true;
    foreignTrade(world, 'alpha', 'buy', '20');
    world.boot();
    await world.run(MINUTE_MS, 1_000);
    const difference = 'live|alpha|position|alpha|SOL/USDT:USDT';
    expect(openDiscrepancies(world)).toEqual([difference]);
    let reads = 0;
    spy.mockImplementation(async function (this: FaultyVenue, urgency) {
      const read = await honest.call(this, urgency);
      return read.ok && read.value.length > 0 && reads++ === lie ? { ...read, value: [] } : read;
    });
    for (let second = 0; second < 120; second += 1) {
      await world.run(1_000, 1_000);
      expect(openDiscrepancies(world), `read ${lie}, second ${second}`).toEqual([difference]);
    }
    expect(reads).toBeGreaterThan(lie);
    expect(world.ledger.hedges.size).toBe(0);
    // The human closes it: read twice, it is over.
    foreignTrade(world, 'alpha', 'sell', '20');
    await world.run(2 * MINUTE_MS, 1_000);
    expect(openDiscrepancies(world)).not.toContain(difference);
  }
});

it('fault-26-off-for-days: with a difference open, no less of the past is read than without one', async () => {
  const world = new World();
  await world.opened();
  await world.run(5_000);
  world.exchanges.beta.transfer(ACCOUNT, quote('250'));
  await world.run(30_000, 1_000);
  expect(openDiscrepancies(world)).toEqual(['live|beta|wallet|USDT']);
  world.crash();
  await world.run(9 * 24 * HOUR_MS, 10 * MINUTE_MS);
  world.boot();
  await world.run(MINUTE_MS, 1_000);
  for (const venue of ['alpha', 'beta'] as const) {
    const booked = world.store.facts.filter((fact) => fact.kind === 'payment' && fact.payment.venue === venue);
    expect(booked).toHaveLength(world.exchanges[venue].payments(ACCOUNT).length);
  }
});
