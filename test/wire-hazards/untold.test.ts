/**
 * Exits that the ledger sizes larger than what the venue still holds, because no stream told of what was taken away.
 * Binance and Bybit trim such an order to the position; OKX refuses it whole.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { contracts } from '../../src/kernel/decimal.ts';
import { VENUES } from '../venues/world.ts';
import { isAccountFrame, isReadOf, withRows } from './rows.ts';
import { SOL, WireWorld } from './world.ts';

describe.each(VENUES)('an exit on %s, larger than the position', { timeout: 90_000 }, (name) => {
  let world: WireWorld;
  afterEach(() => world.close());

  /** Of a held hedge of 9.98; no frame tells of it. Id of the trade. */
  const takeAway = (share: 'part' | 'all'): string => {
    const { exchange, proxy } = world.under;
    const size = exchange.market(SOL)?.instrument.contractSize;
    if (!size) throw new Error('no SOL');
    proxy.onFrames({ matches: isAccountFrame, fault: { kind: 'lose' } });
    const taken = contracts(share === 'all' ? '9.98' : '3').div(size);
    const trade = exchange.forceReduce('main', SOL, contracts(taken.toFixed()), 'adl');
    if (!trade) throw new Error('nothing to take');
    return trade.tradeId;
  };
  const isFlat = (): boolean => world.sites.every((site) => world.position(site) === '0');

  it.each(['part', 'all'] as const)('%s of it gone untold: read again, and both legs end flat', async (share) => {
    world = await WireWorld.open(name);
    await world.opened();
    await world.settled();
    // The readings of the start have used up what OKX lets through at once.
    await world.run(2_000);
    await world.operator({ action: 'pause' });
    takeAway(share);
    const before = world.under.arrived.length;
    await world.operator({ action: 'flatten' });
    await world.until('both legs flat', isFlat, 5_000);
    await world.settled();
    expect(world.states).toBe('closed');
    // The one that was too large, and one for what is left.
    expect(world.under.arrived.length - before).toBeLessThanOrEqual(2);
    expect(world.wrongs()).toEqual([]);
  });

  it.each(['part', 'all'] as const)('%s of it gone, in no list of trades: the position is believed', async (share) => {
    world = await WireWorld.open(name);
    await world.opened();
    await world.settled();
    // The readings of the start have used up what OKX lets through at once.
    await world.run(2_000);
    await world.operator({ action: 'pause' });
    const { arrived, proxy } = world.under;
    const hidden = new RegExp(`\\b${takeAway(share)}\\b`);
    const others = (rows: readonly unknown[]) => rows.filter((row) => !hidden.test(JSON.stringify(row)));
    proxy.onRequests({
      matches: isReadOf(name, 'fills'),
      fault: { kind: 'distort', edit: (reply) => withRows(reply, others) },
    });
    const before = arrived.length;
    await world.operator({ action: 'flatten' });
    await world.until('both legs flat', isFlat, 10_000);
    await world.run(60_000);
    expect(world.states).toBe('quarantined');
    expect(world.alarmed('position_confirmed')).toBe(true);
    expect(arrived.length - before, 'tried again without end').toBeLessThanOrEqual(4);
    proxy.heal();
    await world.until('the trade explains it', () => world.states === 'closed', 120_000);
    await world.settled();
    expect(world.wrongs()).toEqual([]);
  });
});
