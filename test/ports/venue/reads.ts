/** Contract: positions, fills, payments and balance are what the exchange's books say. */
import { expect, it } from 'vitest';
import {
  type Base,
  base,
  isNegative,
  neg,
  type Px,
  px,
  type Quote,
  quote,
  sum,
  text,
} from '../../../src/kernel/decimal.ts';

import { type Get, readOf } from './bench.ts';
export function describeReads(get: Get): void {
  it('positions are signed and in base units', async () => {
    const bench = get();
    expect(readOf(await bench.venue.positions('poll')).filter(({ quantity }) => !quantity.eq('0'))).toEqual([]);
    await bench.trade({ side: 'sell', quantity: base('1.5'), limitPrice: px('99') });
    const [position] = readOf(await bench.venue.positions('poll'));
    expect(position?.key).toBe(bench.world.key);
    expect(position && text(position.quantity)).toBe('-1.5');
    expect(position?.entryPrice && Number(text(position.entryPrice))).toBeCloseTo(99.9, 6);
    await bench.trade({ quantity: base('2') });
    const [flipped] = readOf(await bench.venue.positions('poll'));
    expect(flipped && text(flipped.quantity)).toBe('0.5');
  });

  it('fills since an instant, oldest first, all of them and nothing older', async () => {
    const bench = get();
    await bench.trade();
    await bench.world.advance(10_000);
    const since = bench.world.exchange.now();
    bench.book(
      [['99', '9']],
      [
        ['100', '0.3'],
        ['100.5', '0.3'],
        ['101', '9'],
      ],
    );
    await bench.trade();
    await bench.world.advance(10_000);
    await bench.trade({ side: 'sell', limitPrice: px('99') });
    const expected = bench.world.exchange.trades(bench.world.account).filter(({ at }) => at >= since);
    expect(expected).toHaveLength(4);
    const fills = readOf(await bench.venue.fills(since));
    expect(fills.map(({ tradeId }) => tradeId)).toEqual(expected.map(({ tradeId }) => tradeId));
    expect(fills.map(({ quantity }) => text(quantity))).toEqual(['0.3', '0.3', '0.4', '1']);
  });

  it('liquidated-unseen: a forced close shows up in fills without a client order id', async () => {
    const bench = get();
    await bench.trade();
    bench.world.exchange.setMark(bench.symbol, px('60'), px('60'));
    expect(bench.held()).toBe('0');
    const fill = readOf(await bench.venue.fills(0)).at(-1);
    expect(fill).toMatchObject({ side: 'sell', symbol: bench.symbol });
    // Empty where the venue's rows name orders, absent where they do not.
    expect(fill?.clientOrderId ?? '').toBe('');
    expect(fill && text(fill.quantity)).toBe('1');
  });

  it('funding-sign: payments are what the exchange booked, received by the short, paid by the long', async () => {
    const bench = get();
    await bench.trade({ side: 'sell', quantity: base('2'), limitPrice: px('99') });
    await bench.world.advance(1_000);
    bench.world.exchange.settleFunding(bench.symbol, '0.001');
    await bench.trade({ quantity: base('4') });
    await bench.world.advance(1_000);
    bench.world.exchange.settleFunding(bench.symbol, '0.001');
    const payments = readOf(await bench.venue.payments(0));
    // 2 x 100 x 0.001 each way
    expect(payments.map(({ amount }) => text(amount))).toEqual(['0.2', '-0.2']);
    const booked = bench.world.exchange.payments(bench.world.account);
    expect(payments.map(({ at }) => at)).toEqual(booked.map(({ at }) => at));
    expect(new Set(payments.map(({ paymentId }) => paymentId)).size).toBe(2);
    expect(payments[0]).toMatchObject({
      venue: bench.venue.id,
      route: bench.venue.route,
      symbol: bench.symbol,
      currency: bench.instrument.settle,
    });
    const late = readOf(await bench.venue.payments(bench.world.exchange.now()));
    expect(late.map(({ amount }) => text(amount))).toEqual(['-0.2']);
  });

  it('ledger-equals-venue: the balance is the wallet, and its change is fills, fees and funding to the last digit', async () => {
    const bench = get();
    const before = readOf(await bench.venue.balance());
    bench.book(
      [['99', '9']],
      [
        ['100', '0.7'],
        ['100.3', '9'],
      ],
    );
    await bench.trade();
    bench.world.exchange.settleFunding(bench.symbol, '0.00013');
    await bench.trade({ side: 'sell', limitPrice: px('99'), reduceOnly: true });
    const after = readOf(await bench.venue.balance());
    const booked = bench.world.exchange.balance(bench.world.account);
    expect(after.currency).toBe(booked.currency);
    expect(text(after.wallet)).toBe(text(booked.wallet));
    expect(text(after.available)).toBe(text(booked.available));
    const fills = readOf(await bench.venue.fills(0));
    const payments = readOf(await bench.venue.payments(0));
    const cash: Quote[] = [
      ...fills.map((fill) => cashOf(fill)),
      ...fills.map(({ fee }) => neg(fee)),
      ...payments.map(({ amount }) => amount),
    ];
    expect(text(sum(quote('0'), cash))).toBe(text(after.wallet.minus(before.wallet) as Quote));
    expect(isNegative(sum(quote('0'), cash))).toBe(true);
  });
}

/** Cash of a fill before its fee: a sale brings price x quantity, a purchase costs it. */
function cashOf({ side, price, quantity }: { side: 'buy' | 'sell'; price: Px; quantity: Base }): Quote {
  const cash = quantity.times(price) as unknown as Quote;
  return side === 'sell' ? cash : neg(cash);
}
