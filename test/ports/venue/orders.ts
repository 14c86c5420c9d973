/** Contract: orders, refusals, lookups and cancels. */
import { expect, it } from 'vitest';
import { base, isPositive, px, text } from '../../../src/kernel/decimal.ts';
import type { OrderRequest } from '../../../src/market/order.ts';

import { type Get, readOf, sumOf } from './bench.ts';
export function describeOrders(get: Get): void {
  it('an IOC that fills in full', async () => {
    const bench = get();
    bench.book(
      [],
      [
        ['100', '0.4'],
        ['100.5', '9'],
      ],
    );
    const { order, fills } = await bench.trade();
    expect(order).toMatchObject({ status: 'filled', side: 'buy', key: bench.world.key });
    expect(text(order.quantity)).toBe('1');
    expect(text(order.filled)).toBe('1');
    expect(fills.map(({ price, quantity }) => [text(price), text(quantity)])).toEqual([
      ['100', '0.4'],
      ['100.5', '0.6'],
    ]);
    expect(bench.held()).toBe('1');
  });

  it('an IOC that fills in part ends with the rest unfilled', async () => {
    const bench = get();
    bench.book([], [['100', '0.25']]);
    const { order, fills } = await bench.trade();
    expect(['canceled', 'expired']).toContain(order.status);
    expect(text(order.filled)).toBe('0.25');
    expect(text(sumOf(fills))).toBe('0.25');
    expect(bench.held()).toBe('0.25');
  });

  it('an IOC that fills nothing is found, final and without fills', async () => {
    const bench = get();
    bench.book([['99', '9']], [['102', '9']]);
    const { order, fills } = await bench.trade();
    expect(['canceled', 'expired']).toContain(order.status);
    expect([text(order.filled), fills.length, bench.held()]).toEqual(['0', 0, '0']);
  });

  it('the limit caps the price on both sides', async () => {
    const bench = get();
    bench.book(
      [
        ['99', '1'],
        ['98', '9'],
      ],
      [
        ['100', '1'],
        ['101', '9'],
      ],
    );
    expect(text((await bench.trade({ quantity: base('2'), limitPrice: px('100') })).order.filled)).toBe('1');
    const sell = await bench.trade({ side: 'sell', quantity: base('2'), limitPrice: px('99') });
    expect(text(sell.order.filled)).toBe('1');
    expect(sell.order.side).toBe('sell');
  });

  it('a fill says who, what, and what it cost', async () => {
    const bench = get();
    bench.book([], [['100', '9']]);
    const { fills, ref, order } = await bench.trade({ quantity: base('2') });
    const [fill] = fills;
    expect(fill).toMatchObject({
      venue: bench.venue.id,
      route: bench.venue.route,
      venueOrderId: order.venueOrderId,
      clientOrderId: ref.clientOrderId,
      symbol: bench.symbol,
      side: 'buy',
      feeCurrency: bench.instrument.settle,
      liquidity: 'taker',
    });
    const [trade] = bench.world.exchange.trades(bench.world.account);
    expect(fill?.tradeId).toBe(trade?.tradeId);
    expect(fill && text(fill.fee)).toBe(trade && text(trade.fee));
    expect(fill && isPositive(fill.fee)).toBe(true);
  });

  it.each<[string, Partial<OrderRequest>]>([
    ['below the minimum', { quantity: base('0.01'), limitPrice: px('97') }],
    ['more than the margin carries', { quantity: base('900') }],
    ['off the tick', { limitPrice: px('100.00001') }],
    ['off the lot', { quantity: base('1.0000001') }],
    ['reduce-only without a position', { reduceOnly: true, side: 'sell', limitPrice: px('99') }],
    ['post-only that would cross', { style: 'post_only', limitPrice: px('100.1') }],
  ])('refused and provably not accepted: %s', async (_name, change) => {
    const bench = get();
    const order = bench.order(change);
    const outcome = await bench.venue.submit(order, 'open');
    // A venue may also accept a crossing post-only order and cancel it at once; it never fills.
    if (outcome.kind === 'acked') {
      const found = await bench.venue.lookup({ clientOrderId: order.clientOrderId, key: order.key }, 'open');
      expect(change.style).toBe('post_only');
      expect(found).toMatchObject({
        kind: 'found',
        order: { status: expect.stringMatching('canceled|expired|rejected') },
      });
    } else {
      expect(outcome.kind).toBe('rejected');
    }
    expect(bench.held()).toBe('0');
    expect(bench.world.exchange.openOrders(bench.world.account)).toEqual([]);
  });

  it('exit-flips-position: reduce-only closes at most what is held, or is refused whole', async () => {
    const bench = get();
    await bench.trade({ quantity: base('2') });
    const exit = { side: 'sell', limitPrice: px('99'), reduceOnly: true } as const;
    const larger = bench.order({ ...exit, quantity: base('5') });
    const outcome = await bench.venue.submit(larger, 'reduce');
    if (outcome.kind === 'rejected') {
      expect(bench.held()).toBe('2');
      await bench.trade({ ...exit, quantity: base('2') });
    } else {
      const found = await bench.venue.lookup({ clientOrderId: larger.clientOrderId, key: larger.key }, 'reduce');
      if (found.kind !== 'found') throw new Error(`not found: ${JSON.stringify(found)}`);
      expect(text(found.order.filled)).toBe('2');
      expect(text(sumOf(found.fills))).toBe('2');
    }
    expect(bench.held()).toBe('0');
  });

  it('a client order id is good for one order: the second is never a second order', async () => {
    const bench = get();
    bench.book([['99', '9']], [['102', '9']]);
    const order = bench.order({ style: 'post_only', limitPrice: px('100') });
    expect((await bench.venue.submit(order, 'open')).kind).toBe('acked');
    // Not `rejected`: that would say that no order with this id was ever accepted.
    expect((await bench.venue.submit(order, 'open')).kind).toBe('unknown');
    expect(bench.world.exchange.openOrders(bench.world.account)).toHaveLength(1);
  });

  it('an unknown client order id is not found', async () => {
    const bench = get();
    await bench.trade();
    expect(await bench.venue.lookup({ clientOrderId: 'neversent', key: bench.world.key }, 'poll')).toEqual({
      kind: 'not_found',
    });
  });

  it('lookup by client order id alone, as after a lost acknowledgement', async () => {
    const bench = get();
    const { ref, order } = await bench.trade();
    const found = await bench.venue.lookup({ clientOrderId: ref.clientOrderId, key: ref.key }, 'reduce');
    expect(found).toMatchObject({ kind: 'found', order: { venueOrderId: order.venueOrderId, status: 'filled' } });
  });

  it('a post-only order rests, is listed, fills as maker, and what is left can be cancelled once', async () => {
    const bench = get();
    bench.book([['99', '9']], [['101', '9']]);
    const { order, ref } = await bench.trade({ style: 'post_only', limitPrice: px('100') });
    expect(order.status).toBe('open');
    const open = readOf(await bench.venue.openOrders());
    expect(open.map(({ clientOrderId, status }) => [clientOrderId, status])).toEqual([[ref.clientOrderId, 'open']]);

    bench.book([['98', '9']], [['99.5', '0.4']]);
    const partly = await bench.venue.lookup(ref, 'open');
    expect(partly).toMatchObject({ kind: 'found', order: { status: 'open' } });
    if (partly.kind === 'found') {
      expect(partly.fills.map((fill) => [text(fill.price), text(fill.quantity), fill.liquidity])).toEqual([
        ['100', '0.4', 'maker'],
      ]);
    }
    expect(await bench.venue.cancel(ref)).toEqual({ kind: 'accepted' });
    expect(await bench.venue.cancel(ref)).toEqual({ kind: 'not_open' });
    expect(await bench.venue.lookup(ref, 'open')).toMatchObject({ kind: 'found', order: { status: 'canceled' } });
    expect(readOf(await bench.venue.openOrders())).toEqual([]);
    expect(bench.held()).toBe('0.4');
  });
}
