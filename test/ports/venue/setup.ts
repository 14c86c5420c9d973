/** Contract: what is listed, and bringing an account into shape. */
import { expect, it } from 'vitest';
import { contractsToBase, text } from '../../../src/kernel/decimal.ts';

import { type Get, readOf } from './bench.ts';
export function describeSetup(get: Get): void {
  it('contracts-taken-for-base: instruments are in base units, with the fees of the account', () => {
    const { instrument, world } = get();
    const market = world.exchange.market(instrument.symbol);
    if (!market) throw new Error('no market');
    const size = market.instrument.contractSize;
    expect(text(instrument.lot)).toBe(text(contractsToBase(market.instrument.lot, size)));
    expect(text(instrument.minQuantity)).toBe(text(contractsToBase(market.instrument.minContracts, size)));
    expect(text(instrument.tick)).toBe(text(market.instrument.tick));
    expect(instrument.takerFeeRate).toBe(Number(market.instrument.takerFeeRate));
    expect(instrument.makerFeeRate).toBe(Number(market.instrument.makerFeeRate));
    expect(instrument).toMatchObject({
      venue: world.venue.id,
      asset: market.instrument.asset,
      settle: market.instrument.settle,
      kind: 'perpetual',
      trading: true,
    });
  });

  it('prepare sets one-way, isolated and leverage for real, and may be repeated, also with a position', async () => {
    const bench = get();
    const { exchange, account } = bench.world;
    const settings = (): unknown[] => [
      exchange.positionMode(account),
      exchange.marginMode(account, bench.symbol),
      exchange.leverage(account, bench.symbol),
    ];
    expect(settings()).toEqual(['one_way', 'isolated', 3]);
    await bench.trade();
    readOf(await bench.venue.prepare({ instruments: [bench.instrument], leverage: 3 }));
    expect(settings()).toEqual(['one_way', 'isolated', 3]);
  });

  it('hedge-mode-account: prepare brings a flat account back to one-way', async () => {
    const bench = get();
    const { exchange, account } = bench.world;
    expect(exchange.setPositionMode(account, 'hedge')).toEqual({ ok: true });
    readOf(await bench.venue.prepare({ instruments: [bench.instrument], leverage: 3 }));
    expect(exchange.positionMode(account)).toBe('one_way');
  });

  it('serverTime is the exchange clock', async () => {
    const bench = get();
    const before = bench.world.exchange.now();
    const told = readOf(await bench.venue.serverTime());
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(bench.world.exchange.now());
  });
}
