import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { base, px, text } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import type { AccountEvent, Venue } from '../../src/ports/venue.ts';
import { BTC, ETH, keyOf, orderOf, START, startWorld, until, VENUES, type World } from './world.ts';

let sequence = 0;
const nextId = () => `tst${(sequence++).toString(36).padStart(6, '0')}`;

const read = <T>(result: { ok: true; value: T } | { ok: false; code: string; detail: string }): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

describe.each(VENUES)('ccxt over the %s dialect', (name) => {
  let world: World;
  let venue: Venue;
  let instruments: readonly Instrument[];

  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue();
    instruments = read(await venue.instruments());
    read(await venue.prepare({ instruments, leverage: 3 }));
  });
  afterEach(() => world.close());

  const order = (change: Partial<OrderRequest> = {}) => orderOf(world, nextId(), { quantity: base('0.5'), ...change });

  it('lists the same instruments in base units on every venue', () => {
    expect(instruments.map(({ symbol }) => symbol).sort()).toEqual([BTC, ETH]);
    const btc = instruments.find(({ symbol }) => symbol === BTC);
    expect(btc?.asset).toBe('BTC');
    // OKX: 0.1 contracts of 0.01 BTC.
    expect(text(btc?.lot ?? base('0'))).toBe('0.001');
    expect(text(btc?.minQuantity ?? base('0'))).toBe('0.001');
    expect(text(btc?.tick ?? px('0'))).toBe('0.1');
    expect(btc?.takerFeeRate).toBe(0.0005);
    expect(btc?.makerFeeRate).toBe(0.0002);
    expect(btc?.trading).toBe(true);
  });

  it('brings the account to one-way, isolated and the wanted leverage', () => {
    expect(world.exchange.positionMode(world.account)).toBe('one_way');
    expect(world.exchange.leverage(world.account, BTC)).toBe(3);
    expect(world.exchange.leverage(world.account, ETH)).toBe(3);
    expect(world.exchange.marginMode(world.account, BTC)).toBe('isolated');
  });

  it('prepares an account again that is prepared already', async () => {
    expect(await venue.prepare({ instruments, leverage: 3 })).toMatchObject({ ok: true });
  });

  it('fills an IOC order and reads it, its fills, the position and the balance back in base units', async () => {
    const request = order();
    const outcome = await venue.submit(request, 'open');
    expect(outcome).toMatchObject({ kind: 'acked' });
    const found = await venue.lookup(request, 'open');
    if (found.kind !== 'found') throw new Error(JSON.stringify(found));
    expect(found.order).toMatchObject({ status: 'filled', side: 'buy', clientOrderId: request.clientOrderId });
    expect(text(found.order.filled)).toBe('0.5');
    expect(text(found.order.quantity)).toBe('0.5');
    expect(found.fills).toHaveLength(1);
    const [fill] = found.fills;
    expect(fill && { quantity: text(fill.quantity), price: text(fill.price), fee: text(fill.fee) }).toEqual({
      quantity: '0.5',
      price: '50010',
      // 0.5 x 50010 x 0.0005
      fee: '12.5025',
    });
    expect(fill).toMatchObject({ feeCurrency: 'USDT', liquidity: 'taker', side: 'buy', at: world.clock.now() });
    const positions = read(await venue.positions('poll'));
    expect(positions.map(({ key, quantity }) => [key, text(quantity)])).toEqual([[keyOf(world, BTC), '0.5']]);
    const balance = read(await venue.balance());
    expect(text(balance.wallet)).toBe('99987.4975');
    const fills = read(await venue.fills(START - HOUR_MS));
    expect(fills.map(({ tradeId }) => tradeId)).toEqual([fill?.tradeId]);
  });

  it('shows a short position as negative', async () => {
    await venue.submit(order({ side: 'sell', limitPrice: px('49990'), quantity: base('0.003') }), 'open');
    const positions = read(await venue.positions('reduce'));
    expect(positions.map(({ quantity }) => text(quantity))).toEqual(['-0.003']);
  });

  it('reports an IOC order that fills in part as final with what it filled', async () => {
    const request = order({ quantity: base('1.5') });
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'acked' });
    const found = await venue.lookup(request, 'open');
    if (found.kind !== 'found') throw new Error(JSON.stringify(found));
    expect(['canceled', 'expired']).toContain(found.order.status);
    expect(text(found.order.filled)).toBe('1');
    expect(read(await venue.openOrders())).toEqual([]);
  });

  it('rests a post-only order, lists it, and cancels it once', async () => {
    const request = order({ style: 'post_only', limitPrice: px('49900'), quantity: base('0.02') });
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'acked' });
    const open = read(await venue.openOrders());
    expect(open.map((each) => [each.clientOrderId, text(each.quantity), each.status])).toEqual([
      [request.clientOrderId, '0.02', 'open'],
    ]);
    expect(await venue.cancel(request)).toEqual({ kind: 'accepted' });
    expect(await venue.cancel(request)).toEqual({ kind: 'not_open' });
    expect(await venue.lookup(request, 'poll')).toMatchObject({
      kind: 'found',
      order: { status: 'canceled' },
      fills: [],
    });
  });

  it('never ends a crossing post-only order as filled', async () => {
    const request = order({ style: 'post_only', limitPrice: px('50010') });
    const outcome = await venue.submit(request, 'open');
    if (outcome.kind === 'acked') {
      const found = await venue.lookup(request, 'open');
      if (found.kind !== 'found') throw new Error(JSON.stringify(found));
      expect(['canceled', 'expired', 'rejected']).toContain(found.order.status);
    } else expect(outcome.kind).toBe('rejected');
    expect(read(await venue.positions('poll'))).toEqual([]);
  });

  it.each([
    ['too large for the margin', { quantity: base('90'), limitPrice: px('50010') }],
    ['a reduce-only order without a position', { reduceOnly: true }],
  ])('proves a refusal: %s', async (_what, change) => {
    const request = order(change);
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'rejected' });
    expect(await venue.lookup(request, 'open')).toEqual({ kind: 'not_found' });
  });

  it('a price beyond the venue’s limit: OKX takes its limit in place of it, so that an exit goes on; the others refuse', async () => {
    await venue.submit(order(), 'open');
    const beyond = order({ side: 'sell', reduceOnly: true, limitPrice: px('40000') });
    expect((await venue.submit(beyond, 'reduce')).kind).toBe(name === 'okx' ? 'acked' : 'rejected');
    expect(read(await venue.positions('poll'))).toHaveLength(name === 'okx' ? 0 : 1);
    if (name !== 'okx') expect(await venue.lookup(beyond, 'open')).toEqual({ kind: 'not_found' });
  });

  it('duplicate-id: says unknown, because an order with that id exists', async () => {
    const request = order({ style: 'post_only', limitPrice: px('49900') });
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'acked' });
    expect(await venue.submit(request, 'open')).toMatchObject({ kind: 'unknown' });
    expect(await venue.lookup(request, 'open')).toMatchObject({ kind: 'found', order: { status: 'open' } });
  });

  it('reads funding payments with the sign of cash: a short with a positive rate receives', async () => {
    await venue.submit(order({ side: 'sell', limitPrice: px('49990'), quantity: base('0.5') }), 'open');
    await venue.submit(
      order({ key: keyOf(world, ETH), side: 'sell', limitPrice: px('2999'), quantity: base('2') }),
      'open',
    );
    world.exchange.settleFunding(BTC, '0.0001');
    world.exchange.settleFunding(ETH, '-0.00005');
    const payments = read(await venue.payments(START - HOUR_MS));
    const rows = payments.map(({ symbol, amount, currency }) => [symbol, Number(text(amount)), currency]);
    // 0.5 x 50000 x 0.0001 received; 2 x 3000 x 0.00005 paid.
    expect(rows.sort()).toEqual([
      [BTC, 2.5, 'USDT'],
      [ETH, -0.3, 'USDT'],
    ]);
    expect(new Set(payments.map(({ paymentId, symbol }) => `${symbol} ${paymentId}`)).size).toBe(2);
    const later = read(await venue.payments(world.clock.now() + 1));
    expect(later).toEqual([]);
  });

  it('splits a window until every page is short, so that no fill is lost', async () => {
    // More fills in one window than any venue's page holds.
    const count = name === 'binance' ? 1_010 : 210;
    for (let i = 0; i < count; i += 1) {
      world.clock.advanceTo(world.clock.now() + 1_000);
      world.book(ETH, [['2999', '10']], [['3001', '10']]);
      const placed = world.exchange.place(world.account, {
        symbol: ETH,
        side: i % 2 === 0 ? 'buy' : 'sell',
        type: 'market',
        tif: 'IOC',
        contracts:
          world.exchange.market(ETH)?.instrument.lot ??
          (() => {
            throw new Error('no market');
          })(),
        reduceOnly: false,
      });
      expect(placed.ok).toBe(true);
    }
    const fills = read(await venue.fills(START));
    expect(fills).toHaveLength(count);
    expect(new Set(fills.map(({ tradeId }) => tradeId)).size).toBe(count);
    expect(fills.map(({ at }) => at)).toEqual([...fills.map(({ at }) => at)].sort((a, b) => a - b));
  });

  it('tells the venue time', async () => {
    expect(read(await venue.serverTime())).toBe(world.clock.now());
  });

  it('streams the fill and the order state, and says when the stream is up', async () => {
    const events: AccountEvent[] = [];
    venue.subscribe((event) => events.push(event));
    await until('stream up', () => events.some((event) => event.kind === 'stream' && event.status === 'up'));
    const request = order();
    await venue.submit(request, 'open');
    await until('fill', () => events.some((event) => event.kind === 'fill'));
    await until('order', () => events.some((event) => event.kind === 'order' && event.order.status === 'filled'));
    const fill = events.find((event) => event.kind === 'fill')?.fill;
    const found = await venue.lookup(request, 'open');
    if (found.kind !== 'found') throw new Error(JSON.stringify(found));
    const plain = (each: typeof fill) =>
      each && { ...each, quantity: text(each.quantity), price: text(each.price), fee: text(each.fee) };
    // The stream's fill is the same fact as the one read by REST, fee sign included.
    expect(plain(fill)).toEqual(plain(found.fills[0]));
  });

  it('stream-lost: reports down, connects again, and delivers what comes afterwards', async () => {
    const events: AccountEvent[] = [];
    venue.subscribe((event) => events.push(event));
    const ups = () => events.filter((event) => event.kind === 'stream' && event.status === 'up').length;
    await until('stream up', () => ups() === 1);
    world.server.dropStreams();
    await until('stream up again', () => ups() === 2);
    expect(events.some((event) => event.kind === 'stream' && event.status === 'down')).toBe(true);
    await venue.submit(order(), 'open');
    await until('fill', () => events.some((event) => event.kind === 'fill'));
  });
});
