import { describe, expect, it } from 'vitest';
import { contracts, px } from '../../../src/kernel/decimal.ts';
import { BTC, level, worldOf } from './world.ts';

const rows = (levels: readonly { price: { toFixed(): string }; contracts: { toFixed(): string } }[]) =>
  levels.map((each) => [each.price.toFixed(), each.contracts.toFixed()]);

describe('taking liquidity', () => {
  it('walks the book within the limit, pays the exact fee, and expires the IOC remainder', () => {
    const world = worldOf();
    world.book(
      [],
      [
        ['100', '1'],
        ['101', '2'],
        ['102', '9'],
      ],
    );
    const { order, trades } = world.place({ contracts: contracts('5'), price: px('101'), clientOrderId: 'x1' });
    expect(order.status).toBe('expired');
    expect(order.filled.toFixed()).toBe('3');
    // 1 x 100 + 2 x 101
    expect(order.cumQuote.toFixed()).toBe('302');
    // 302 x 0.0005
    expect(order.cumFee.toFixed()).toBe('0.151');
    expect(trades.map((t) => [t.price.toFixed(), t.contracts.toFixed(), t.maker, t.clientOrderId])).toEqual([
      ['100', '1', false, 'x1'],
      ['101', '2', false, 'x1'],
    ]);
    expect(world.wallet()).toBe('9999.849');
    expect(world.held()).toBe('3');
  });

  it('level-filled-twice: liquidity that was taken is gone until the next book', () => {
    const world = worldOf();
    world.book(
      [['99', '5']],
      [
        ['100', '4'],
        ['101', '4'],
      ],
    );
    const before = world.exchange.market(BTC)?.bookSequence ?? 0;
    world.place({ contracts: contracts('3') });
    expect(rows(world.exchange.market(BTC)?.asks ?? [])).toEqual([
      ['100', '1'],
      ['101', '4'],
    ]);
    expect(world.exchange.market(BTC)?.bookSequence).toBe(before + 1);
    expect(world.place({ contracts: contracts('3') }).order.filled.toFixed()).toBe('1');
    expect(world.place({ contracts: contracts('3') }).order.filled.toFixed()).toBe('0');
    world.book([['99', '5']], [['100', '4']]);
    expect(world.place({ contracts: contracts('3') }).order.filled.toFixed()).toBe('3');
  });

  it('an IOC that meets nothing is accepted and expires unfilled', () => {
    const world = worldOf();
    world.book([['99', '5']], [['101', '5']]);
    const { order, trades } = world.place({});
    expect([order.status, order.filled.toFixed(), trades.length]).toEqual(['expired', '0', 0]);
    expect(world.wallet()).toBe('10000');
  });

  it('FOK fills all or is refused without a trace', () => {
    const world = worldOf();
    world.book(
      [],
      [
        ['100', '2'],
        ['101', '2'],
      ],
    );
    expect(world.refusal({ tif: 'FOK', contracts: contracts('3') })).toBe('fok_not_filled');
    expect(world.exchange.orderHistory('a')).toEqual([]);
    expect(world.place({ tif: 'FOK', contracts: contracts('3'), price: px('101') }).order.status).toBe('filled');
  });

  it('a market order stops at the price band', () => {
    const world = worldOf({ priceBand: '0.05' });
    world.book(
      [],
      [
        ['104', '1'],
        ['105', '1'],
        ['105.01', '9'],
      ],
    );
    const { order } = world.place({ type: 'market', contracts: contracts('9') });
    expect([order.status, order.filled.toFixed(), order.price]).toEqual(['expired', '2', undefined]);
    world.book(
      [
        ['96', '1'],
        ['95', '1'],
        ['94.99', '9'],
      ],
      [],
    );
    expect(world.place({ type: 'market', side: 'sell', contracts: contracts('9') }).order.filled.toFixed()).toBe('2');
  });
});

describe('resting orders', () => {
  it('a GTC remainder rests and fills later as maker at its own limit, up to what crosses', () => {
    const world = worldOf();
    world.book([['99', '5']], [['100', '2']]);
    const { order } = world.place({ tif: 'GTC', contracts: contracts('6') });
    expect([order.status, order.filled.toFixed()]).toEqual(['open', '2']);
    world.book([['99', '5']], [['100.5', '9']]);
    expect(world.held()).toBe('2');
    // 3 contracts cross at 98: filled at our 100, and consumed; the rest of the order stays.
    world.book(
      [['97', '5']],
      [
        ['98', '3'],
        ['101', '9'],
      ],
    );
    expect(world.held()).toBe('5');
    const trade = world.exchange.trades('a').at(-1);
    expect([trade?.price.toFixed(), trade?.contracts.toFixed(), trade?.maker]).toEqual(['100', '3', true]);
    // 300 x 0.0002
    expect(trade?.fee.toFixed()).toBe('0.06');
    expect(rows(world.exchange.market(BTC)?.asks ?? [])).toEqual([['101', '9']]);
    expect(world.exchange.openOrders('a').map((o) => o.filled.toFixed())).toEqual(['5']);
    world.book([], [['100', '1']]);
    expect(world.exchange.openOrders('a')).toEqual([]);
    expect(world.exchange.order('a', BTC, { orderId: order.orderId })?.status).toBe('filled');
  });

  it('better price first, then older order', () => {
    const world = worldOf();
    world.book([['90', '1']], [['110', '1']]);
    const ids = ['99', '100', '100'].map((price) => world.place({ tif: 'POST_ONLY', price: px(price) }).order.orderId);
    world.book([], [['98', '2']]);
    expect(world.exchange.trades('a').map((t) => t.orderId)).toEqual([ids[1], ids[2]]);
    world.book([], [['98', '2']]);
    expect(world.exchange.trades('a').at(-1)?.orderId).toBe(ids[0]);
  });

  it('post-only is refused when it would cross and rests otherwise; a sell mirrors a buy', () => {
    const world = worldOf();
    world.book([['99', '5']], [['101', '5']]);
    expect(world.refusal({ tif: 'POST_ONLY', price: px('101') })).toBe('post_only_would_cross');
    expect(world.refusal({ tif: 'POST_ONLY', side: 'sell', price: px('99') })).toBe('post_only_would_cross');
    expect(world.place({ tif: 'POST_ONLY', side: 'sell', price: px('99.01') }).order.status).toBe('open');
    world.book([['100', '5']], []);
    expect(world.held()).toBe('-1');
    expect(world.exchange.trades('a').at(-1)?.price.toFixed()).toBe('99.01');
  });

  it('cancel ends an open order once, keeps it findable, and frees its cash', () => {
    const world = worldOf();
    world.book([['99', '5']], [['101', '5']]);
    const { order } = world.place({ tif: 'GTC', clientOrderId: 'c1', contracts: contracts('2') });
    // 200 / 20 + 200 x 0.0005
    expect(world.exchange.balance('a').locked.toFixed()).toBe('10.1');
    expect(world.exchange.cancel('a', BTC, { clientOrderId: 'c1' })).toMatchObject({ ok: true });
    expect(world.exchange.cancel('a', BTC, { orderId: order.orderId })).toEqual({
      ok: false,
      reason: 'order_not_open',
    });
    expect(world.exchange.cancel('a', BTC, { clientOrderId: 'no' })).toEqual({ ok: false, reason: 'order_not_found' });
    expect(world.exchange.order('a', BTC, { clientOrderId: 'c1' })?.status).toBe('canceled');
    expect(world.exchange.order('a', 'ETH/USDT:USDT', { clientOrderId: 'c1' })).toBeUndefined();
    expect(world.exchange.balance('a').locked.toFixed()).toBe('0');
    expect(world.exchange.cancel('a', BTC, {})).toEqual({ ok: false, reason: 'order_not_found' });
  });

  it('nothing trades while the market is halted', () => {
    const world = worldOf();
    world.book([['99', '5']], [['101', '5']]);
    world.place({ tif: 'GTC' });
    world.exchange.setTrading(BTC, false);
    world.book([], [['98', '5']]);
    expect(world.held()).toBe('0');
    expect(world.refusal({})).toBe('not_trading');
    expect(world.exchange.openOrders('a')).toHaveLength(1);
  });
});

describe('reduce-only', () => {
  const held = () => {
    const world = worldOf();
    world.book([['99', '50']], [['100', '3']]);
    world.place({ contracts: contracts('3') });
    return world;
  };

  it('exit-flips-position: a larger reduce-only order is capped at the position', () => {
    const world = held();
    const { order } = world.place({ side: 'sell', price: px('99'), contracts: contracts('10'), reduceOnly: true });
    expect([order.status, order.contracts.toFixed(), order.filled.toFixed()]).toEqual(['filled', '3', '3']);
    expect(world.held()).toBe('0');
  });

  it('is refused without an opposite position', () => {
    const world = held();
    expect(world.refusal({ reduceOnly: true })).toBe('reduce_only_rejected');
    expect(worldOf().refusal({ reduceOnly: true, side: 'sell' })).toBe('reduce_only_rejected');
  });

  it('needs no margin and no minimum notional', () => {
    const small = worldOf();
    small.exchange.setLeverage('a', BTC, 1);
    small.book([], [['100', '99']]);
    // 9900 + 4.95 of 10000: nothing more could be opened.
    small.place({ contracts: contracts('99') });
    small.exchange.setMark(BTC, px('60'), px('60'));
    small.book([['40', '9']], []);
    // 40 is below the minimum notional of 50; only the exit may be so small.
    expect(small.refusal({ side: 'sell', price: px('40') })).toBe('below_min_notional');
    expect(small.place({ side: 'sell', price: px('40'), reduceOnly: true }).order.status).toBe('filled');
  });

  it('stale-exit-opens: resting reduce-only orders shrink with the position and die with it', () => {
    const world = held();
    const exit = { tif: 'GTC', side: 'sell', reduceOnly: true } as const;
    const big = world.place({ ...exit, price: px('105'), contracts: contracts('3') }).order;
    const small = world.place({ ...exit, price: px('106'), contracts: contracts('1') }).order;
    world.place({ side: 'sell', price: px('99'), contracts: contracts('2') });
    const open = () => world.exchange.openOrders('a').map((o) => [o.orderId, o.contracts.toFixed()]);
    expect(open()).toEqual([
      [big.orderId, '1'],
      [small.orderId, '1'],
    ]);
    world.book([['110', '9']], []);
    expect(world.held()).toBe('0');
    expect(open()).toEqual([]);
    expect(world.exchange.order('a', BTC, { orderId: big.orderId })?.status).toBe('filled');
    expect(world.exchange.order('a', BTC, { orderId: small.orderId })?.status).toBe('canceled');
  });

  it('an order that is not reduce-only may flip, and realises only the closed part', () => {
    const world = held();
    const { trades } = world.place({ side: 'sell', price: px('99'), contracts: contracts('5') });
    // 3 closed at 99 against 100
    expect(trades[0]?.realizedPnl.toFixed()).toBe('-3');
    expect(world.held()).toBe('-2');
    expect(world.exchange.positions('a')[0]?.entryPrice.toFixed()).toBe('99');
  });
});

describe('books', () => {
  it('refuses impossible books from the market source', () => {
    const { exchange } = worldOf();
    const set = (bids: [string, string][], asks: [string, string][]) => () =>
      exchange.setBook(
        BTC,
        bids.map(([p, c]) => level(p, c)),
        asks.map(([p, c]) => level(p, c)),
      );
    expect(set([['100', '1']], [['100', '1']])).toThrow('crossed');
    expect(
      set(
        [
          ['99', '1'],
          ['99', '1'],
        ],
        [],
      ),
    ).toThrow('sorted');
    expect(set([], [['100', '0']])).toThrow('positive');
    expect(set([], [])).not.toThrow();
  });
});
