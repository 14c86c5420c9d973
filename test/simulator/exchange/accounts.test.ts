import { describe, expect, it } from 'vitest';
import { base, contracts, px, quote } from '../../../src/kernel/decimal.ts';
import type { ExchangeEvent, PlaceRequest } from '../../../src/simulator/exchange/api.ts';
import { createExchange } from '../../../src/simulator/exchange/exchange.ts';
import { BTC, instrumentOf, worldOf } from './world.ts';

/** Account `a` long (or short) 10 at 100 with 10x: margin 100, entry fee 0.5. */
function tenAt100(side: 'buy' | 'sell' = 'buy') {
  const world = worldOf();
  world.exchange.setLeverage('a', BTC, 10);
  world.book(side === 'sell' ? [['100', '10']] : [], side === 'buy' ? [['100', '10']] : []);
  world.place({ side, contracts: contracts('10') });
  return world;
}

describe('margin', () => {
  it('locks notional over leverage, and equity moves with the mark', () => {
    const world = tenAt100();
    world.exchange.setMark(BTC, px('103'), px('103'));
    const balance = world.exchange.balance('a');
    expect(balance.wallet.toFixed()).toBe('9999.5');
    expect(balance.locked.toFixed()).toBe('100');
    expect(balance.available.toFixed()).toBe('9899.5');
    expect(balance.equity.toFixed()).toBe('10029.5');
    const position = world.exchange.positions('a')[0];
    expect(position?.unrealizedPnl.toFixed()).toBe('30');
    expect(position?.maintenanceMargin.toFixed()).toBe('10.3');
    // (1000 - 100) / (10 x 0.99)
    expect(position?.liquidationPrice?.toFixed(6)).toBe('90.909091');
  });

  it('refuses what margin and fee together cannot carry, to the last cent', () => {
    // At 1x, 99 contracts at 100 need 9900 + 4.95 fee; 100 need 10000 + 5 > 10000.
    const world = worldOf();
    world.exchange.setLeverage('a', BTC, 1);
    world.book([], [['100', '500']]);
    expect(world.refusal({ contracts: contracts('100') })).toBe('insufficient_margin');
    expect(world.refusal({ contracts: contracts('99') })).toBe('accepted');
    // A full close needs nothing although almost no cash is free.
    world.book([['100', '500']], []);
    expect(world.refusal({ side: 'sell', contracts: contracts('99') })).toBe('accepted');
  });

  it('a sell that will fill above its limit is margined at the bid', () => {
    const world = worldOf();
    world.exchange.setLeverage('a', BTC, 1);
    world.book([['120', '500']], []);
    // 90 x 100 would fit into 10000, 90 x 120 does not.
    expect(world.refusal({ side: 'sell', contracts: contracts('90') })).toBe('insufficient_margin');
  });

  it('resting orders lock cash; the part that closes a position does not', () => {
    const world = tenAt100();
    world.book([['90', '1']], [['110', '1']]);
    const sell = { side: 'sell', tif: 'GTC', price: px('105') } as const;
    world.place({ ...sell, contracts: contracts('6') });
    expect(world.exchange.balance('a').locked.toFixed()).toBe('100');
    world.place({ ...sell, contracts: contracts('6') });
    // 2 of the 12 open a short: 210 / 10 margin, and the second order's fee 630 x 0.0005.
    expect(world.exchange.balance('a').locked.toFixed()).toBe('121.315');
  });

  it('older resting orders use up what a position lets close for free', () => {
    const world = worldOf();
    world.exchange.setLeverage('a', BTC, 1);
    world.book([['90', '1']], [['100', '40']]);
    // Long 40 for 4000 + 2; 5998 stays free.
    world.place({ contracts: contracts('40') });
    const sell = { side: 'sell', tif: 'GTC', price: px('105') } as const;
    expect(world.refusal({ ...sell, contracts: contracts('40') })).toBe('accepted');
    // Nothing is left to close: 60 x 105 = 6300 would have to be margined.
    expect(world.refusal({ ...sell, contracts: contracts('60') })).toBe('insufficient_margin');
  });
});

describe('liquidation', () => {
  it('a bankruptcy price between ticks is rounded so that the loss stays within the margin', () => {
    const third = (side: 'buy' | 'sell') => {
      const world = worldOf();
      world.exchange.setLeverage('a', BTC, 7);
      world.book(side === 'sell' ? [['100', '3']] : [], side === 'buy' ? [['100', '3']] : []);
      world.place({ side, contracts: contracts('3') });
      return world;
    };
    // Margin 300 / 7 = 42.857143: bankrupt at 85.714286 and 114.285714.
    const long = third('buy');
    long.exchange.setMark(BTC, px('70'), px('70'));
    expect(long.exchange.trades('a').at(-1)?.price.toFixed()).toBe('85.72');
    const short = third('sell');
    short.exchange.setMark(BTC, px('130'), px('130'));
    expect(short.exchange.trades('a').at(-1)?.price.toFixed()).toBe('114.28');
    // 10000 - 0.15 entry fee - 42.84 loss - 0.01714286 left for the fee
    expect(short.wallet()).toBe('9956.99285714');
    expect(long.wallet()).toBe('9956.99285714');
  });

  it('long: holds above the maintenance margin, then closes at the mark', () => {
    const world = tenAt100();
    // 100 - 90.9 = 9.1 > 9.091
    world.exchange.setMark(BTC, px('90.91'), px('90.91'));
    expect(world.held()).toBe('10');
    // 100 - 91 = 9 <= 9.09
    world.exchange.setMark(BTC, px('90.9'), px('90.9'));
    expect(world.held()).toBe('0');
    const trade = world.exchange.trades('a').at(-1);
    expect(trade).toMatchObject({ cause: 'liquidation', clientOrderId: '', side: 'sell' });
    expect(trade?.price.toFixed()).toBe('90.9');
    expect(trade?.realizedPnl.toFixed()).toBe('-91');
    // 909 x 0.0005
    expect(trade?.fee.toFixed()).toBe('0.4545');
    expect(world.wallet()).toBe('9908.0455');
    expect(world.exchange.balance('a').locked.toFixed()).toBe('0');
  });

  it('gap-through-bankruptcy: the loss ends at the isolated margin and the fee at what is left of it', () => {
    const long = tenAt100('buy');
    long.exchange.setMark(BTC, px('70'), px('70'));
    expect(long.exchange.trades('a').at(-1)?.price.toFixed()).toBe('90');
    expect(long.wallet()).toBe('9899.5');
    const short = tenAt100('sell');
    short.exchange.setMark(BTC, px('140'), px('140'));
    expect(short.exchange.trades('a').at(-1)?.price.toFixed()).toBe('110');
    expect(short.wallet()).toBe('9899.5');
    // At 90.01 one tenth of margin is left, less than the taker fee of 0.45005.
    const near = tenAt100('buy');
    near.exchange.setMark(BTC, px('90.01'), px('90.01'));
    expect(near.exchange.trades('a').at(-1)?.fee.toFixed()).toBe('0.1');
    expect(near.wallet()).toBe('9899.5');
  });

  it('short: liquidation price is above the entry', () => {
    const world = tenAt100('sell');
    // (1000 + 100) / (10 x 1.01)
    expect(world.exchange.positions('a')[0]?.liquidationPrice?.toFixed(6)).toBe('108.910891');
    world.exchange.setMark(BTC, px('108.91'), px('108.91'));
    expect(world.held()).toBe('-10');
    world.exchange.setMark(BTC, px('108.92'), px('108.92'));
    expect(world.held()).toBe('0');
  });

  it('a bar extreme liquidates without becoming the mark, and cancels the resting orders', () => {
    const world = tenAt100();
    world.place({ side: 'sell', tif: 'GTC', price: px('130'), contracts: contracts('10'), reduceOnly: true });
    world.place({ side: 'buy', tif: 'GTC', price: px('80') });
    world.events.length = 0;
    world.exchange.stressMark(BTC, px('90'));
    expect(world.held()).toBe('0');
    expect(world.exchange.market(BTC)?.mark.toFixed()).toBe('100');
    expect(world.exchange.openOrders('a')).toEqual([]);
    expect(world.events.map((event) => event.kind)).toEqual([...Array(4).fill('order'), 'position', 'balance']);
  });

  it('other accounts on the venue are left alone', () => {
    const world = tenAt100();
    world.exchange.openAccount('b', quote('10000'));
    world.book([], [['100', '1']]);
    expect(world.exchange.setLeverage('b', BTC, 2)).toEqual({ ok: true });
    const request: PlaceRequest = {
      symbol: BTC,
      side: 'buy',
      type: 'limit',
      tif: 'IOC',
      price: px('100'),
      contracts: contracts('1'),
      reduceOnly: false,
    };
    world.exchange.place('b', request);
    world.exchange.setMark(BTC, px('70'), px('70'));
    expect(world.held()).toBe('0');
    expect(world.exchange.positions('b')).toHaveLength(1);
  });

  it('ADL takes a part at the mark, free of fees', () => {
    const world = tenAt100();
    world.exchange.setMark(BTC, px('105'), px('105'));
    const trade = world.exchange.forceReduce('a', BTC, contracts('4'), 'adl');
    expect([trade?.cause, trade?.side, trade?.price.toFixed()]).toEqual(['adl', 'sell', '105']);
    expect(trade?.realizedPnl.toFixed()).toBe('20');
    expect(world.wallet()).toBe('10019.5');
    expect(world.held()).toBe('6');
    expect(world.exchange.forceReduce('a', BTC, contracts('99'), 'adl')?.contracts.toFixed()).toBe('6');
    expect(world.exchange.forceReduce('a', BTC, contracts('1'), 'adl')).toBeUndefined();
  });
});

describe('funding', () => {
  it('funding-sign: with a positive rate the short receives and the long pays', () => {
    const world = worldOf({ contractSize: base('0.01'), minNotional: quote('1') });
    world.exchange.openAccount('b', quote('10000'));
    world.exchange.setMark(BTC, px('50000'), px('50000'));
    world.book([['50000', '10']], [['50001', '10']]);
    world.place({ side: 'sell', price: px('50000'), contracts: contracts('10') });
    const buy: PlaceRequest = {
      symbol: BTC,
      side: 'buy',
      type: 'limit',
      tif: 'IOC',
      price: px('50001'),
      contracts: contracts('10'),
      reduceOnly: false,
    };
    world.exchange.place('b', buy);
    const before = [world.wallet(), world.exchange.balance('b').wallet.toFixed()];
    // 2.5 and 2.50005 were the taker fees of 5000 and 5000.1
    expect(before).toEqual(['9997.5', '9997.49995']);
    world.clock.at += 1;
    world.exchange.settleFunding(BTC, '0.0001');
    // 10 x 0.01 x 50000 x 0.0001 = 0.5
    expect(world.wallet()).toBe('9998');
    expect(world.exchange.balance('b').wallet.toFixed()).toBe('9996.99995');
    const [payment] = world.exchange.payments('a');
    expect(payment?.amount.toFixed()).toBe('0.5');
    expect([payment?.contracts.toFixed(), payment?.mark.toFixed(), payment?.rate]).toEqual(['-10', '50000', '0.0001']);
    world.clock.at += 1;
    world.exchange.settleFunding(BTC, '-0.0001');
    expect(world.wallet()).toBe('9997.5');
    expect(world.exchange.fundingHistory(BTC).map((s) => s.rate)).toEqual(['0.0001', '-0.0001']);
  });

  it('pays once per instant, and nothing to the flat', () => {
    const world = worldOf();
    world.exchange.settleFunding(BTC, '0.01');
    expect(world.exchange.payments('a')).toEqual([]);
    expect(() => world.exchange.settleFunding(BTC, '0.01')).toThrow('already settled');
  });

  it('late-known-rate: pays what was held at the instant, not what is held now', () => {
    const world = tenAt100();
    world.exchange.snapshotSettlement(BTC, world.clock.at);
    const instant = world.clock.at;
    world.clock.at += 5_000;
    world.exchange.setMark(BTC, px('120'), px('120'));
    world.book([['100', '10']], []);
    world.place({ side: 'sell', price: px('100'), contracts: contracts('10'), reduceOnly: true });
    expect(world.exchange.payFunding(BTC, instant, '0.001')).toBe(true);
    const [payment] = world.exchange.payments('a');
    // 10 x 100 x 0.001
    expect([payment?.amount.toFixed(), payment?.at]).toEqual(['-1', instant]);
    expect(world.exchange.payFunding(BTC, instant, '0.001')).toBe(false);
  });

  it('start-up history pays no one', () => {
    const world = tenAt100();
    world.exchange.recordSettled({ symbol: BTC, rate: '0.01', mark: px('90'), at: 5 });
    expect(world.wallet()).toBe('9999.5');
    expect(world.exchange.fundingHistory(BTC)).toHaveLength(1);
  });

  it('a payment beyond the free cash comes out of the margin, and can liquidate', () => {
    const world = worldOf();
    world.exchange.setLeverage('a', BTC, 1);
    world.book([], [['100', '99']]);
    world.place({ contracts: contracts('99') });
    // wallet 9995.05, margin 9900, free 95.05; the long pays 990
    world.clock.at += 1;
    world.exchange.settleFunding(BTC, '0.1');
    expect(world.wallet()).toBe('9005.05');
    expect(world.exchange.positions('a')[0]?.isolatedMargin.toFixed()).toBe('9005.05');
    expect(world.exchange.balance('a').available.toFixed()).toBe('0');
  });

  it('a payment beyond everything leaves a debt, never a negative margin', () => {
    const world = worldOf();
    world.exchange.setLeverage('a', BTC, 1);
    world.book([], [['100', '99']]);
    world.place({ contracts: contracts('99') });
    world.clock.at += 1;
    world.events.length = 0;
    world.exchange.settleFunding(BTC, '2');
    // 9995.05 - 19800; with no margin left the position is closed at its entry price.
    expect(world.wallet()).toBe('-9804.95');
    expect(world.held()).toBe('0');
    const margins = world.events.flatMap((event) => (event.kind === 'position' ? [event.position.isolatedMargin] : []));
    expect(margins.map((margin) => margin.toFixed())).toEqual(['0', '0']);
  });
});

describe('settings', () => {
  it('leverage: no change, out of range, and too little cash to re-margin', () => {
    const world = worldOf();
    const set = (leverage: number) => world.exchange.setLeverage('a', BTC, leverage);
    expect(set(20)).toEqual({ ok: false, reason: 'no_change' });
    expect(set(51)).toEqual({ ok: false, reason: 'bad_leverage' });
    expect(set(0.5)).toEqual({ ok: false, reason: 'bad_leverage' });
    expect(set(Number.NaN)).toEqual({ ok: false, reason: 'bad_leverage' });
    world.book([], [['100', '900']]);
    world.place({ contracts: contracts('900') });
    // 90000 at 5x needs 18000
    expect(set(5)).toEqual({ ok: false, reason: 'position_open' });
    expect(world.exchange.leverage('a', BTC)).toBe(20);
    expect(set(10)).toEqual({ ok: true });
    expect(world.exchange.balance('a').locked.toFixed()).toBe('9000');
    // 90000 at 50x: margin 1800 carries the position at a mark of 100
    expect(set(50)).toEqual({ ok: true });
    // ... but not at 99.5: 1800 - 450 is above 895.5, at 98.9 it is 810 against 890.1
    set(20);
    world.exchange.setMark(BTC, px('98.9'), px('98.9'));
    expect(set(50)).toEqual({ ok: false, reason: 'position_open' });
  });

  it('margin mode and position mode do not change under a position or order', () => {
    const world = worldOf();
    expect(world.exchange.marginMode('a', BTC)).toBe('cross');
    expect(world.exchange.setMarginMode('a', BTC, 'isolated')).toEqual({ ok: true });
    expect(world.exchange.setMarginMode('a', BTC, 'isolated')).toEqual({ ok: false, reason: 'no_change' });
    world.book([], [['101', '9']]);
    world.place({ tif: 'GTC' });
    expect(world.exchange.setMarginMode('a', BTC, 'cross')).toEqual({ ok: false, reason: 'position_open' });
    expect(world.exchange.setPositionMode('a', 'hedge')).toEqual({ ok: false, reason: 'position_open' });
    expect(world.exchange.setPositionMode('a', 'one_way')).toEqual({ ok: false, reason: 'no_change' });
  });

  it('hedge mode takes no orders', () => {
    const world = worldOf();
    expect(world.exchange.setPositionMode('a', 'hedge')).toEqual({ ok: true });
    expect(world.refusal({})).toBe('position_mode_mismatch');
  });
});

describe('refusals', () => {
  it.each<[string, Partial<PlaceRequest>]>([
    ['unknown_symbol', { symbol: 'NO/USDT:USDT' }],
    ['bad_quantity_step', { contracts: contracts('1.5') }],
    ['below_min_quantity', { contracts: contracts('0.5') }],
    ['below_min_quantity', { contracts: contracts('0') }],
    ['below_min_quantity', { contracts: contracts('-1') }],
    ['above_max_quantity', { contracts: contracts('1001') }],
    ['below_min_notional', { price: px('51'), contracts: contracts('1'), side: 'buy' }],
    ['bad_price_tick', { price: px('100.001') }],
    ['bad_price_tick', { price: px('0') }],
    ['price_out_of_band', { price: px('151') }],
    ['price_out_of_band', { price: px('49'), side: 'sell' }],
    ['insufficient_margin', { contracts: contracts('1000'), price: px('150') }],
  ])('%s', (reason, change) => {
    const world = worldOf({ minNotional: quote('52'), maxLeverage: 10 });
    world.book([['99', '5']], [['101', '5']]);
    expect(world.refusal(change)).toBe(reason);
    expect(world.exchange.orderHistory('a')).toEqual([]);
    expect(world.wallet()).toBe('10000');
  });

  it('the price band holds only on the side that would trade at a bad price: a distant passive order rests', () => {
    const world = worldOf({ minNotional: quote('0') });
    const resting = { tif: 'GTC', contracts: contracts('1') } as const;
    expect(world.place({ ...resting, side: 'buy', price: px('49') }).order.status).toBe('open');
    expect(world.place({ ...resting, side: 'sell', price: px('151') }).order.status).toBe('open');
    expect(world.refusal({ ...resting, side: 'buy', price: px('150') })).toBe('accepted');
    expect(world.refusal({ ...resting, side: 'buy', price: px('150.01') })).toBe('price_out_of_band');
    expect(world.refusal({ ...resting, side: 'sell', price: px('49.99') })).toBe('price_out_of_band');
  });

  it('no order before the first mark', () => {
    const clock = { now: () => 1 };
    const exchange = createExchange({ venue: 'model', clock, instruments: [instrumentOf()] });
    exchange.openAccount('a', quote('1000'));
    const request = {
      symbol: BTC,
      side: 'buy',
      type: 'market',
      tif: 'IOC',
      contracts: contracts('1'),
      reduceOnly: false,
    } as const;
    expect(exchange.place('a', request)).toEqual({ ok: false, reason: 'not_trading' });
  });

  it('client order ids: free again once final, or never', () => {
    for (const clientIdUniqueness of ['open', 'always'] as const) {
      const world = worldOf({}, { clientIdUniqueness });
      world.book([['99', '5']], [['101', '5']]);
      const { order } = world.place({ tif: 'GTC', clientOrderId: 'same' });
      expect(world.refusal({ clientOrderId: 'same' })).toBe('duplicate_client_id');
      world.exchange.cancel('a', BTC, { orderId: order.orderId });
      const again = world.refusal({ clientOrderId: 'same', tif: 'GTC' });
      expect(again).toBe(clientIdUniqueness === 'open' ? 'accepted' : 'duplicate_client_id');
      const newest = world.exchange.order('a', BTC, { clientOrderId: 'same' });
      expect(newest?.status).toBe(clientIdUniqueness === 'open' ? 'open' : 'canceled');
      expect(world.exchange.order('a', BTC, { orderId: order.orderId })?.status).toBe('canceled');
    }
  });
});

describe('events', () => {
  it('come in order after the state: new, fill, expiry, then position and balance', () => {
    const world = worldOf();
    world.book([], [['100', '1']]);
    world.events.length = 0;
    world.place({ contracts: contracts('2') });
    const told = world.events.map((event) =>
      event.kind === 'order'
        ? `${event.order.status} ${event.order.filled.toFixed()} ${event.trade ? 'trade' : '-'}`
        : event.kind,
    );
    expect(told).toEqual(['open 0 -', 'open 1 trade', 'book', 'expired 1 -', 'position', 'balance']);
  });

  it('re-entrant-listener: an order placed from an event sees whole state and keeps the order of events', () => {
    const world = worldOf();
    world.book([], [['100', '4']]);
    const seen: string[] = [];
    let placed = 0;
    world.exchange.listen((event: ExchangeEvent) => {
      if (event.kind !== 'order' || !event.trade) return;
      seen.push(`${event.trade.tradeId}:${world.held()}`);
      placed += 1;
      if (placed < 4) world.place({});
    });
    world.place({});
    const ids = world.exchange.trades('a').map((trade) => trade.tradeId);
    expect(seen).toEqual(ids.map((id, index) => `${id}:${index + 1}`));
    expect(world.held()).toBe('4');
    const kinds = world.events
      .filter((event) => event.kind === 'balance')
      .map((event) => event.kind === 'balance' && event.balance.wallet.toFixed());
    expect(kinds).toEqual(['9999.95', '9999.9', '9999.85', '9999.8']);
  });

  it('a listener that left hears nothing more', () => {
    const world = worldOf();
    let heard = 0;
    const stop = world.exchange.listen(() => {
      heard += 1;
    });
    world.exchange.setMark(BTC, px('101'), px('101'));
    stop();
    world.exchange.setMark(BTC, px('102'), px('102'));
    expect(heard).toBe(1);
  });
});
