/**
 * The one rule that must never be wrong, proved without our own formula: the signal chooses the direction, two exchange
 * models trade it and settle, and their wallets say whether cash was received.
 */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { base, contracts, px, quote, toNumber } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { rankAsset } from '../../src/signal/carry.ts';
import type { Exchange } from '../../src/simulator/exchange/api.ts';
import { createExchange } from '../../src/simulator/exchange/exchange.ts';
import { marketOf, NOW } from './market.ts';

const SYMBOL = 'BTC/USDT:USDT';
const ACCOUNT = 'us';
const CYCLE_HOURS = 8;

interface Quoted {
  readonly rate: number;
  readonly intervalHours: number;
}

function venueOf(venue: string, clock: { at: number; now(): number }): Exchange {
  const exchange = createExchange({
    venue,
    clock,
    instruments: [
      {
        symbol: SYMBOL,
        asset: 'BTC',
        settle: 'USDT',
        contractSize: base('1'),
        lot: contracts('1'),
        minContracts: contracts('1'),
        maxContracts: contracts('1000'),
        minNotional: quote('5'),
        tick: px('0.01'),
        takerFeeRate: '0.0005',
        makerFeeRate: '0.0002',
        maxLeverage: 10,
        maintenanceRate: '0.01',
        priceBand: '0.1',
      },
    ],
  });
  exchange.openAccount(ACCOUNT, quote('100000'));
  exchange.setMark(SYMBOL, px('100'), px('100'));
  exchange.setBook(
    SYMBOL,
    [{ price: px('99.99'), contracts: contracts('1000') }],
    [{ price: px('100.01'), contracts: contracts('1000') }],
  );
  return exchange;
}

const wallets = (exchanges: readonly Exchange[]): number =>
  exchanges.reduce((total, exchange) => total + toNumber(exchange.balance(ACCOUNT).wallet), 0);

/** Opens long and short one whole cycle before its settlements, and returns the change of both wallets. */
function settleCycle(longVenue: string, quoted: Readonly<Record<string, Quoted>>): number {
  const clock = { at: NOW, now: () => clock.at };
  const exchanges = Object.keys(quoted).map((venue) => venueOf(venue, clock));
  for (const exchange of exchanges) {
    const side = exchange.venue === longVenue ? 'buy' : 'sell';
    const price = px(side === 'buy' ? '100.01' : '99.99');
    const request = { symbol: SYMBOL, side, type: 'limit', tif: 'IOC', price, contracts: contracts('10') } as const;
    const placed = exchange.place(ACCOUNT, { ...request, reduceOnly: false });
    if (!placed.ok || placed.order.status !== 'filled') throw new Error('the entry must fill');
  }
  const before = wallets(exchanges);
  for (let hour = 1; hour <= CYCLE_HOURS; hour++) {
    clock.at = NOW + hour * HOUR_MS;
    for (const exchange of exchanges) {
      const quote = quoted[exchange.venue];
      if (quote && hour % quote.intervalHours === 0) exchange.settleFunding(SYMBOL, quote.rate.toFixed(8));
    }
  }
  return wallets(exchanges) - before;
}

const quotedArb = fc.record({
  rate: fc
    .integer({ min: -3_000, max: 3_000 })
    .filter((units) => units !== 0)
    .map((units) => units / 1e6),
  intervalHours: fc.constantFrom(1, 2, 4, 8),
});

it('in the direction of the signal the venues pay us, in the other we pay them', () => {
  fc.assert(
    fc.property(quotedArb, quotedArb, (alpha, beta) => {
      fc.pre(Math.abs(alpha.rate / alpha.intervalHours - beta.rate / beta.intervalHours) > 1e-9);
      const quoted = { alpha, beta };
      const market = marketOf({ venue: 'alpha', ...alpha }, { venue: 'beta', ...beta });
      const settings = { horizonHours: 8, notionalUsd: 1000, basisAllowanceRate: 0, reversionHalfLifeHours: 24 };
      const [found] = rankAsset(market, 'BTC', settings, NOW).opportunities;
      if (!found) throw new Error('no opportunity');
      const received = settleCycle(found.long.venue, quoted);
      expect(received).toBeGreaterThan(0);
      expect(settleCycle(found.short.venue, quoted)).toBeLessThan(0);
      // 10 base at mark 100 is the priced notional, and all settlements of one cycle lie within the horizon.
      expect(found.grossUsd).toBeCloseTo(received, 6);
    }),
    { numRuns: 60 },
  );
});

it('both rates negative: long the more negative one, which receives more than the short pays', () => {
  const quoted = { alpha: { rate: -0.0001, intervalHours: 8 }, beta: { rate: -0.0005, intervalHours: 8 } };
  const market = marketOf({ venue: 'alpha', ...quoted.alpha }, { venue: 'beta', ...quoted.beta });
  const settings = { horizonHours: 8, notionalUsd: 1000, basisAllowanceRate: 0, reversionHalfLifeHours: 24 };
  const [found] = rankAsset(market, 'BTC', settings, NOW).opportunities;
  expect(found?.long.venue).toBe('beta');
  // 1000 x (0.0005 - 0.0001).
  expect(settleCycle('beta', quoted)).toBeCloseTo(0.4, 9);
});
