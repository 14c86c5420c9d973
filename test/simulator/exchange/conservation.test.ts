/** Random order streams: whatever happens, cash is conserved and positions are what was traded. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base, contracts, px, type Quote, quote } from '../../../src/kernel/decimal.ts';
import type { Exchange, ExchangePosition, PlaceRequest } from '../../../src/simulator/exchange/api.ts';
import { applyFill, FLAT } from '../../../src/simulator/exchange/position.ts';
import { ACCOUNTS, newWorld, op, run, SYMBOLS } from './random-ops.ts';

const positionOf = (exchange: Exchange, of: string, on: string): ExchangePosition | undefined =>
  exchange.positions(of).find((position) => position.symbol === on);

/** Places, and checks that reduce-only only reduces and that an opening order never overdraws. */
function checkedPlace(exchange: Exchange, of: string, request: PlaceRequest): void {
  const before = Number(positionOf(exchange, of, request.symbol)?.contracts.toFixed() ?? 0);
  const free = exchange.balance(of).available;
  const result = exchange.place(of, request);
  const after = Number(positionOf(exchange, of, request.symbol)?.contracts.toFixed() ?? 0);
  if (!result.ok) {
    expect(after).toBe(before);
    return;
  }
  if (request.reduceOnly) {
    expect(Math.abs(after)).toBeLessThanOrEqual(Math.abs(before));
    expect(after * before).toBeGreaterThanOrEqual(0);
  }
  const opens = before === 0 || (request.side === 'buy') === before > 0;
  if (opens && !free.lt('0')) expect(exchange.balance(of).available.gte('0')).toBe(true);
  expect(result.trades.reduce((total, trade) => total + Number(trade.contracts.toFixed()), 0)).toBe(
    Number(result.order.filled.toFixed()),
  );
  if (request.tif === 'FOK') expect(result.order.filled.eq(result.order.contracts)).toBe(true);
}

const plus = (values: Iterable<Quote>): Quote => {
  let total = quote('0');
  for (const value of values) total = total.plus(value) as Quote;
  return total;
};

function checkAccount(exchange: Exchange, of: string): void {
  const trades = exchange.trades(of);
  const audit = exchange.audit(of);
  expect(audit.discrepancy.toFixed()).toBe('0');
  expect(audit.realizedPnl.toFixed()).toBe(plus(trades.map((trade) => trade.realizedPnl)).toFixed());
  expect(audit.fees.toFixed()).toBe(plus(trades.map((trade) => trade.fee)).toFixed());
  expect(audit.payments.toFixed()).toBe(plus(exchange.payments(of).map((payment) => payment.amount)).toFixed());
  const balance = exchange.balance(of);
  expect(balance.locked.lt('0')).toBe(false);
  for (const on of SYMBOLS) {
    const position = positionOf(exchange, of, on);
    const traded = exchange
      .trades(of, on)
      .reduce((total, trade) => total + Number(trade.contracts.toFixed()) * (trade.side === 'buy' ? 1 : -1), 0);
    expect(Number(position?.contracts.toFixed() ?? 0)).toBe(traded);
    expect(position?.isolatedMargin.lt('0') ?? false).toBe(false);
    for (const order of exchange.openOrders(of, on)) {
      expect(order.contracts.gt(order.filled)).toBe(true);
      if (!order.reduceOnly) continue;
      expect(Math.sign(traded)).toBe(order.side === 'sell' ? 1 : -1);
      expect(order.contracts.minus(order.filled).lte(String(Math.abs(traded)))).toBe(true);
    }
  }
}

function checkBooks(exchange: Exchange): void {
  for (const on of SYMBOLS) {
    const market = exchange.market(on);
    for (const side of [market?.bids ?? [], market?.asks ?? []]) {
      for (const each of side) expect(each.contracts.gt('0')).toBe(true);
    }
  }
}

describe('conservation', () => {
  it('wallet, positions, margins and books stay consistent through any stream of operations', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 80 }), (steps) => {
        const { exchange, clock } = newWorld();
        for (const step of steps) {
          clock.at += 1;
          run(exchange, step, checkedPlace);
          for (const each of ACCOUNTS) checkAccount(exchange, each);
          checkBooks(exchange);
        }
        // Once everything is closed, the realised PnL is exactly what was sold for minus what was bought for.
        for (const each of ACCOUNTS) {
          for (const on of SYMBOLS) {
            exchange.forceReduce(each, on, contracts('1000000'), 'adl');
            const trades = exchange.trades(each, on);
            const cash = trades.map((trade) =>
              trade.side === 'sell' ? trade.quote : (trade.quote.times('-1') as Quote),
            );
            const realized = plus(trades.map((trade) => trade.realizedPnl));
            expect(realized.toFixed()).toBe(plus(cash).toFixed());
          }
          expect(exchange.positions(each)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('the streams above do fill, rest, liquidate and pay: the property is not vacuous', () => {
    const seen = new Set<string>();
    for (const steps of fc.sample(fc.array(op, { minLength: 40, maxLength: 80 }), { numRuns: 60, seed: 7 })) {
      const { exchange, clock } = newWorld();
      for (const step of steps) {
        clock.at += 1;
        run(exchange, step, checkedPlace);
      }
      for (const each of ACCOUNTS) {
        for (const trade of exchange.trades(each)) seen.add(`${trade.cause} ${trade.maker ? 'maker' : 'taker'}`);
        if (exchange.payments(each).length > 0) seen.add('payment');
        for (const order of exchange.orderHistory(each)) if (order.reduceOnly) seen.add(`exit ${order.status}`);
      }
    }
    expect([...seen].sort()).toEqual([
      'adl taker',
      'exit canceled',
      'exit expired',
      'exit filled',
      'liquidation taker',
      'order maker',
      'order taker',
      'payment',
    ]);
  });

  it('rounded average prices never lose cash: any split of a close realises the same total', () => {
    const lots = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 30 }), cents: fc.integer({ min: 1, max: 99_999 }) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(lots, lots, fc.boolean(), (entries, exits, long) => {
        const size = base('0.003');
        let position = FLAT;
        let cash = quote('0');
        let realized = quote('0');
        const trade = (signed: number, cents: number): void => {
          const at = px((cents / 100).toFixed(2));
          const result = applyFill(position, contracts(signed), at, size, 7);
          position = result.position;
          realized = realized.plus(result.realized) as Quote;
          cash = cash.minus(size.times(String(signed)).times(at)) as Quote;
        };
        const direction = long ? 1 : -1;
        for (const { count, cents } of entries) trade(direction * count, cents);
        // Exits may overshoot and flip; the last trade returns to flat.
        for (const { count, cents } of exits) trade(-direction * count, cents);
        if (!position.contracts.eq('0')) trade(-Number(position.contracts.toFixed()), 5_000);
        expect(realized.toFixed()).toBe(cash.toFixed());
        expect([position.cost.toFixed(), position.margin.toFixed()]).toEqual(['0', '0']);
      }),
    );
  });
});
