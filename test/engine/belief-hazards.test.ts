/** What the engine believes about fees, losses, settings and settlements when the news comes late, twice or not at all. */
import { describe, expect, it } from 'vitest';
import { type AccountWatch, newAccountWatch } from '../../src/engine/account-watch.ts';
import { withAccountFees } from '../../src/engine/accounts.ts';
import type { EngineSettings } from '../../src/engine/settings.ts';
import { openDay, riskStateOf } from '../../src/engine/valuation.ts';
import { text } from '../../src/kernel/decimal.ts';
import { instrumentKey, type Route } from '../../src/kernel/ids.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { FoldedMarket } from '../../src/market/view.ts';
import { World } from './world.ts';
import { ACCOUNT, SETTINGS, SOL } from './world-setup.ts';

const KEY = instrumentKey('alpha', SOL);

describe('fees', () => {
  it('public-fees-after-account-fees: a feed that lists late does not replace what the account really pays', async () => {
    const world = new World();
    await world.opened();
    const known = world.engine.core.market.get(KEY)?.instrument;
    if (!known) throw new Error('not listed');
    expect(known.takerFeeRate).toBe(0.0005);
    const listed = { ...known, takerFeeRate: 0.0001, makerFeeRate: 0, trading: false };
    world.exchanges.alpha.setTrading(SOL, false);
    world.engine.push({ kind: 'market', event: { kind: 'instruments', venue: 'alpha', instruments: [listed] } });
    await world.run(1);
    // Everything else of the listing is news.
    expect(world.engine.core.market.get(KEY)?.instrument).toEqual({ ...known, trading: false });
  });

  it('paper-fees-over-live-fees: the paper account beside a live one does not replace its fees', async () => {
    const world = new World();
    await world.opened();
    const { market } = world.engine.core;
    const known = market.get(KEY)?.instrument;
    if (!known) throw new Error('not listed');
    const watch = (route: Route, status: AccountWatch['status']): AccountWatch => ({
      ...newAccountWatch({ id: 'alpha', route, orderMemoryMs: Number.POSITIVE_INFINITY, requestValidityMs: 0 }),
      status,
    });
    const accounts = new Map([
      ['live|alpha', watch('live', 'ready')],
      ['paper|alpha', watch('paper', 'booting')],
    ]);
    const said = [{ ...known, takerFeeRate: 0.0001 }];
    const feesFrom = (source: Route | 'feed'): number | undefined =>
      withAccountFees({ accounts, market }, 'alpha', said, source)[0]?.takerFeeRate;
    expect(feesFrom('paper')).toBe(0.0005);
    expect(feesFrom('feed')).toBe(0.0005);
    expect(feesFrom('live')).toBe(0.0001);
    accounts.set('live|alpha', watch('live', 'booting'));
    expect(feesFrom('paper')).toBe(0.0001);
  });
});

describe('margin in use', () => {
  const at = (leverage: number) => ({
    ...SETTINGS,
    execution: { ...SETTINGS.execution, leverage },
    risk: { ...SETTINGS.risk, exposure: { ...SETTINGS.risk.exposure, maxLeverage: 50 } },
  });

  it.each([2, 5])(
    'fault-28-leverage-changed: to %s, with a hedge that stands at 5: an empty list stays unbelieved',
    async (leverage) => {
      const world = new World({ settings: at(5) });
      await world.opened();
      await world.operator({ action: 'pause' });
      await world.run(10_000);
      world.engine.core.settings = at(leverage);
      await world.run(20_000);
      world.faults.beta.reads = 'no_positions';
      await world.run(MINUTE_MS);
      expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
      expect(world.state()).toBe('held');
    },
  );
});

describe('free margin', () => {
  it('fault-48-margin-after-a-step-back: an opening counts against it though its clock is behind the last reading', async () => {
    const world = new World();
    await world.opened();
    const { core } = world.engine;
    const watch = core.accounts.get('live|alpha');
    if (watch?.availableUsd === undefined) throw new Error('never reconciled');
    // As it stands after a step back of an hour.
    watch.lastReconciledAt = core.clock.now() + HOUR_MS;
    const free = riskStateOf(core, 'live').availableUsd.get('alpha');
    // 9.5 SOL at 100 USD and a leverage of 2.
    expect(free).toBeLessThan(watch.availableUsd - 470);
  });
});

describe('the daily loss', () => {
  it('day-opened-without-a-mark: a leg that cannot be valued is not worth zero, so the day waits and nothing opens', async () => {
    const world = new World();
    await world.opened();
    const { core } = world.engine;
    const half = new FoldedMarket();
    const view = core.market.get(KEY);
    if (!view?.mark) throw new Error('no mark');
    half.apply({ kind: 'instruments', venue: 'alpha', instruments: [view.instrument] });
    half.apply({ kind: 'mark', mark: { ...view.mark, mark: 150 } });
    // Long 9.5 at about 100 and 50 up: as if the short leg had not lost the same.
    const blind = { ...core, market: half };
    expect(riskStateOf(blind, 'live').dayPnlUsd).toBeUndefined();
    const tomorrow = { ...blind, clock: { ...core.clock, now: () => core.clock.now() + DAY_MS } };
    expect(openDay(tomorrow, 'live')).toBeUndefined();
    expect(openDay({ ...tomorrow, market: core.market }, 'live')).toMatchObject({ kind: 'day' });
  });
});

describe('settings', () => {
  it('paused-during-disk-full: applies at once and is stored when commits work again', async () => {
    const world = new World();
    world.boot();
    world.store.failing = true;
    await world.run(1_000);
    const at = world.clock.now();
    world.engine.push({
      kind: 'settings',
      settings: { ...SETTINGS, paused: true },
      changes: [{ kind: 'config', key: 'paused', before: 'false', after: 'true', loosens: false, at }],
    });
    await world.run(5_000);
    expect(world.engine.core.settings.paused).toBe(true);
    world.store.failing = false;
    await world.run(20_000, 1_000);
    expect(world.submitted).toEqual([]);
    expect(world.store.facts.filter((fact) => fact.kind === 'config')).toHaveLength(1);
  });

  it('fault-40-refusals-during-disk-full: what waits for the ledger is bounded', async () => {
    const world = new World();
    world.boot();
    await world.run(1_000);
    world.store.failing = true;
    for (let round = 0; round < 1_500; round++) {
      world.engine.push({ kind: 'settings', settings: { ...SETTINGS, paused: round % 2 === 0 }, changes: [] });
      await world.run(1);
    }
    expect(world.engine.core.pending.length).toBeLessThanOrEqual(1_000);
  });
});

describe('settlements', () => {
  it('restart-across-a-settlement: the payment is polled for, although this process never saw it pass', async () => {
    const world = new World({ settings: { ...SETTINGS, reconcileEveryMs: HOUR_MS } });
    await world.opened();
    await world.run(39 * MINUTE_MS, MINUTE_MS);
    world.crash();
    await world.run(2 * MINUTE_MS, 30_000);
    // The venue takes its time to list what it has paid.
    world.faults.beta.paymentsHidden = true;
    world.boot();
    await world.run(20_000, 1_000);
    expect(text(world.hedge().short.funding)).toBe('0');
    world.faults.beta.paymentsHidden = false;
    await world.run(MINUTE_MS, 1_000);
    expect(text(world.hedge().short.funding)).toBe('0.95');
    expect(world.wrongs()).toEqual([]);
  });
});

describe('memory', () => {
  it('a hedge that has ended leaves nothing behind', async () => {
    const world = new World();
    await world.opened();
    world.rates.beta = 0.00001;
    await world.run(2_000);
    await world.operator({ action: 'flatten' });
    await world.run(5_000);
    const { core } = world.engine;
    expect(world.state()).toBe('closed');
    expect([core.exitMemory.size, core.forwardApr.size, core.naked.size]).toEqual([0, 0, 0]);
  });
});

describe('fault-28-leverage-moved: an empty list is not believed by the margin of another leverage', () => {
  const at = (leverage: number): EngineSettings => ({
    ...SETTINGS,
    execution: { ...SETTINGS.execution, leverage },
    risk: { ...SETTINGS.risk, exposure: { ...SETTINGS.risk.exposure, maxLeverage: 50 } },
  });

  it('raised in the configuration, prepared by a restart', async () => {
    const settings = { ...at(2) };
    const world = new World({ settings });
    await world.opened();
    await world.operator({ action: 'pause' });
    await world.run(10_000);
    world.crash();
    Object.assign(settings, at(5));
    world.boot();
    await world.run(5 * MINUTE_MS, 1_000);
    world.faults.beta.reads = 'no_positions';
    await world.run(MINUTE_MS, 500);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
  });

  it('raised by hand at the venue', async () => {
    const world = new World({ settings: at(2) });
    await world.opened();
    await world.operator({ action: 'pause' });
    world.exchanges.beta.setLeverage(ACCOUNT, SOL, 5);
    await world.run(5 * MINUTE_MS, 1_000);
    world.faults.beta.reads = 'no_positions';
    await world.run(MINUTE_MS, 500);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['9.5', '-9.5']);
  });
});
