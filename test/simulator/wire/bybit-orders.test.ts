/** Orders on the simulated Bybit through unmodified ccxt: what is sent, what comes back, what it means. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contracts, px } from '../../../src/kernel/decimal.ts';
import { DAY_MS, MINUTE_MS } from '../../../src/kernel/instant.ts';
import { ACCOUNT, BTC, type BybitWorld, ETH, levels, refusal, START, startBybit } from './bybit-world.ts';

let world: BybitWorld;
beforeEach(async () => {
  world = await startBybit();
});
afterEach(() => world.close());

type Params = Record<string, unknown>;
const limit = (side: 'buy' | 'sell', amount: number, price: number, params: Params = {}) =>
  world.ccxt.createOrder(BTC, 'limit', side, amount, price, params);
const ioc = (side: 'buy' | 'sell', amount: number, price: number, clientOrderId: string, params: Params = {}) =>
  limit(side, amount, price, { timeInForce: 'IOC', clientOrderId, ...params });
/** The order as ccxt finds it by client id. */
const byLinkId = (orderLinkId: string) =>
  world.ccxt.fetchOrder(undefined as unknown as string, BTC, { orderLinkId, acknowledged: true });

describe('immediate-or-cancel', () => {
  it('full fill: the acknowledgement has ids only, the lookup has everything', async () => {
    const ack = await ioc('buy', 0.5, 50_010, 'full1');
    expect(ack.clientOrderId).toBe('full1');
    expect([ack.status, ack.filled, ack.side]).toEqual([undefined, undefined, undefined]);
    const order = await byLinkId('full1');
    // 0.5 x 50010 = 25005; fee 25005 x 0.00055 = 13.75275.
    expect(order).toMatchObject({
      id: ack.id,
      clientOrderId: 'full1',
      status: 'closed',
      side: 'buy',
      timeInForce: 'IOC',
      price: 50_010,
      amount: 0.5,
      filled: 0.5,
      average: 50_010,
      cost: 25_005,
      reduceOnly: false,
      timestamp: START,
    });
    expect(order.fee).toMatchObject({ cost: 13.75275, currency: 'USDT' });
  });

  it('partial fill ends as Cancelled with an executed quantity, never PartiallyFilledCanceled', async () => {
    await ioc('buy', 2.5, 50_010, 'part1');
    const order = await byLinkId('part1');
    expect(order.info).toMatchObject({
      orderStatus: 'Cancelled',
      rejectReason: 'EC_CancelForNoFullFill',
      cumExecQty: '1',
      leavesQty: '0',
      qty: '2.5',
      avgPrice: '50010',
    });
    expect([order.status, order.filled, order.amount]).toEqual(['canceled', 1, 2.5]);
  });

  it('sweeps several levels at their own prices', async () => {
    await ioc('sell', 2, 49_980, 'sweep1');
    const order = await byLinkId('sweep1');
    // 1 at 49990 and 1 at 49980: mean 49985.
    expect([order.average, order.cost, order.filled]).toEqual([49_985, 99_970, 2]);
  });

  it('no fill ends as Cancelled without any', async () => {
    await ioc('buy', 1, 50_000, 'none1');
    const order = await byLinkId('none1');
    expect([order.status, order.filled, order.info.rejectReason]).toEqual(['canceled', 0, 'EC_NoImmediateQtyToFill']);
  });
});

describe('post-only and fill-or-kill', () => {
  it('post-only that would cross is acknowledged and then cancelled', async () => {
    const ack = await limit('buy', 1, 50_010, { postOnly: true, clientOrderId: 'maker1' });
    expect(ack.id).toMatch(/^\d+$/);
    const order = await byLinkId('maker1');
    expect([order.status, order.filled]).toEqual(['canceled', 0]);
    expect(order.info).toMatchObject({ rejectReason: 'EC_PostOnlyWillTakeLiquidity', timeInForce: 'PostOnly' });
    expect(world.exchange.positions(ACCOUNT)).toEqual([]);
  });

  it('post-only rests, shows as open, and is cancelled by client id', async () => {
    const ack = await limit('buy', 1, 49_900, { postOnly: true, clientOrderId: 'maker2' });
    const open = await world.ccxt.fetchOpenOrders(BTC);
    expect(open.map((order) => [order.id, order.clientOrderId, order.status, order.remaining])).toEqual([
      [ack.id, 'maker2', 'open', 1],
    ]);
    const cancelled = await world.ccxt.cancelOrder(undefined as unknown as string, BTC, { orderLinkId: 'maker2' });
    expect(cancelled.id).toBe(ack.id);
    expect(await world.ccxt.fetchOpenOrders(BTC)).toEqual([]);
    const order = await byLinkId('maker2');
    expect([order.status, order.info.cancelType]).toEqual(['canceled', 'CancelByUser']);
  });

  it('fill-or-kill that cannot fill is acknowledged and then cancelled', async () => {
    await limit('buy', 5, 50_020, { timeInForce: 'FOK', clientOrderId: 'fok1' });
    const order = await byLinkId('fok1');
    expect([order.status, order.filled, order.info.rejectReason]).toEqual(['canceled', 0, 'EC_CancelForNoFullFill']);
  });
});

describe('reduce-only', () => {
  it('closes at most the position and never opens', async () => {
    await ioc('buy', 0.3, 50_010, 'open1');
    await ioc('sell', 1, 49_990, 'close1', { reduceOnly: true });
    const order = await byLinkId('close1');
    expect([order.status, order.filled, order.reduceOnly]).toEqual(['closed', 0.3, true]);
    expect(world.exchange.positions(ACCOUNT)).toEqual([]);
    const [name, message] = await refusal(ioc('sell', 1, 49_990, 'close2', { reduceOnly: true }));
    expect([name, message]).toEqual(['InvalidOrder', expect.stringContaining('"retCode":110017')]);
  });

  it('close-on-trigger reduces only: without a position it is refused, beyond one it is cut', async () => {
    const close = (amount: number) =>
      world.ccxt.createOrder(BTC, 'market', 'sell', amount, undefined, { closeOnTrigger: true });
    const [name, message] = await refusal(close(0.1));
    expect([name, message]).toEqual(['InvalidOrder', expect.stringContaining('"retCode":110017')]);
    await ioc('buy', 0.3, 50_010, 'open1');
    await close(0.5);
    expect(world.exchange.positions(ACCOUNT)).toEqual([]);
  });

  it('those that rest count: what they leave of the position is cut off, and nothing left is refused', async () => {
    await ioc('buy', 0.3, 50_010, 'open1');
    await limit('sell', 0.2, 51_000, { reduceOnly: true, clientOrderId: 'rest1' });
    await limit('sell', 0.2, 52_000, { reduceOnly: true, clientOrderId: 'rest2' });
    expect((await byLinkId('rest2')).amount).toBe(0.1);
    const [name, message] = await refusal(ioc('sell', 0.3, 49_990, 'close1', { reduceOnly: true }));
    expect([name, message]).toEqual(['InvalidOrder', expect.stringContaining('orderQty will be truncated to zero.')]);
    expect(world.exchange.positions(ACCOUNT)).toMatchObject([{ contracts: contracts('0.3') }]);
  });

  it('a repeated id and a wrong size are told as such, not as nothing left to reduce', async () => {
    await ioc('buy', 0.3, 50_010, 'open1');
    await ioc('sell', 0.1, 49_990, 'close1', { reduceOnly: true });
    await limit('sell', 0.2, 51_000, { reduceOnly: true, clientOrderId: 'rest1' });
    for (const used of ['close1', 'rest1']) {
      const [, message] = await refusal(ioc('sell', 0.1, 49_990, used, { reduceOnly: true }));
      expect(message).toContain('"retCode":110072');
    }
    const body = { category: 'linear', symbol: 'BTCUSDT', side: 'Sell', orderType: 'Market', reduceOnly: true };
    expect((await world.post('/v5/order/create', { ...body, qty: '0.0015' })).retCode).toBe(10_001);
    expect((await world.post('/v5/order/create', { ...body, qty: '101' })).retCode).toBe(10_001);
  });
});

describe('lookups', () => {
  it('an order is found by its venue id and by its client id, and another id is not', async () => {
    const ack = await ioc('buy', 0.1, 50_010, 'find1');
    expect((await world.ccxt.fetchOrder(String(ack.id), BTC, { acknowledged: true })).clientOrderId).toBe('find1');
    expect((await byLinkId('find1')).id).toBe(ack.id);
    const missing = await world.get('/v5/order/realtime', 'category=linear&symbol=BTCUSDT&orderLinkId=nope');
    expect([missing.retCode, missing.result.list]).toEqual([0, []]);
  });

  it('clientOrderId is no parameter of the venue: the lookup returns some other open order', async () => {
    const ack = await limit('buy', 1, 49_900, { clientOrderId: 'mine1' });
    const found = await world.ccxt.fetchOrder(undefined as unknown as string, BTC, {
      clientOrderId: 'somebody-else',
      acknowledged: true,
    });
    expect(found.id).toBe(ack.id);
  });

  it('realtime forgets what is older than the last 500 closed orders, history still has it', async () => {
    await ioc('buy', 0.001, 50_010, 'oldest');
    const request = {
      category: 'linear',
      symbol: 'BTCUSDT',
      side: 'Buy',
      orderType: 'Limit',
      qty: '0.001',
      price: '50000',
    };
    for (let index = 0; index < 500; index += 1) {
      world.clock.at += 200;
      const reply = await world.post('/v5/order/create', { ...request, timeInForce: 'IOC' });
      expect(reply.retCode).toBe(0);
    }
    const query = 'category=linear&symbol=BTCUSDT&orderLinkId=oldest';
    expect((await world.get('/v5/order/realtime', query)).result.list).toEqual([]);
    expect((await world.get('/v5/order/history', query)).result.list).toHaveLength(1);
  });

  it('history: newest first, pages without gap or repeat, unfilled orders vanish after a day', async () => {
    for (const id of ['h1', 'h2', 'h3', 'h4', 'h5']) {
      world.clock.at += MINUTE_MS;
      await ioc('buy', 0.01, id === 'h3' ? 50_000 : 50_010, id);
    }
    const linkIds = (rows: readonly Readonly<Record<string, string>>[]): (string | undefined)[] =>
      rows.map((row) => row.orderLinkId);
    const base = 'category=linear&symbol=BTCUSDT&limit=2';
    const one = await world.get('/v5/order/history', base);
    const two = await world.get('/v5/order/history', `${base}&cursor=${one.result.nextPageCursor}`);
    const three = await world.get('/v5/order/history', `${base}&cursor=${two.result.nextPageCursor}`);
    expect([one, two, three].map((page) => linkIds(page.result.list))).toEqual([['h5', 'h4'], ['h3', 'h2'], ['h1']]);
    const end = await world.get('/v5/order/history', `${base}&cursor=${three.result.nextPageCursor}`);
    expect([end.result.list, end.result.nextPageCursor]).toEqual([[], '']);
    world.clock.at += DAY_MS;
    const later = await world.get('/v5/order/history', 'category=linear&symbol=BTCUSDT');
    expect(linkIds(later.result.list)).toEqual(['h5', 'h4', 'h2', 'h1']);
    const closed = await world.ccxt.fetchClosedOrders(BTC);
    expect(closed.map((order) => order.clientOrderId)).toEqual(['h1', 'h2', 'h4', 'h5']);
  });

  it('open orders come 20 to a page unless asked otherwise', async () => {
    for (let index = 0; index < 25; index += 1) {
      world.clock.at += 150;
      await limit('buy', 0.01, 49_000 + index, { clientOrderId: `o${index}` });
    }
    expect(await world.ccxt.fetchOpenOrders(BTC)).toHaveLength(20);
    expect(await world.ccxt.fetchOpenOrders()).toHaveLength(20);
    expect(world.requests.at(-1)).toBe('GET /v5/order/realtime?settleCoin=USDT&category=linear');
    expect(await world.ccxt.fetchOpenOrders(BTC, undefined, 50)).toHaveLength(25);
    expect(world.requests.at(-1)).toBe('GET /v5/order/realtime?symbol=BTCUSDT&category=linear&limit=50');
  });
});

describe('refusals', () => {
  const cases: readonly (readonly [what: string, attempt: () => Promise<unknown>, name: string, code: number])[] = [
    ['price beyond the band', () => limit('buy', 1, 60_000), 'InvalidOrder', 110_003],
    ['more than the balance carries', () => limit('buy', 100, 50_000), 'InsufficientFunds', 110_007],
    [
      'below the minimum value',
      () => world.ccxt.createOrder(ETH, 'limit', 'buy', 0.001, 2_500),
      'InvalidOrder',
      110_094,
    ],
    ['unknown order', () => world.ccxt.cancelOrder('999', BTC), 'OrderNotFound', 110_001],
  ];
  for (const [what, attempt, name, code] of cases) {
    it(`${what}: ${code} is ${name}`, async () => {
      expect(await refusal(attempt())).toEqual([name, expect.stringContaining(`"retCode":${code}`)]);
    });
  }

  it.each(['1e0', '+1', ' 1', '1.', '.5', '-1', '0', '1'.repeat(21), `1.${'0'.repeat(21)}`])(
    'a size is plain decimal text of bounded length: %s',
    async (qty) => {
      const order = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty, price: '49000' };
      expect(await world.post('/v5/order/create', order)).toMatchObject({
        retCode: 10_001,
        retMsg: expect.stringContaining('qty'),
      });
      expect(world.exchange.openOrders(ACCOUNT)).toEqual([]);
    },
  );

  it.each([
    ['orderFilter', 'StopOrder'],
    ['triggerDirection', 1],
    ['bboSideType', 'Queue'],
    ['bboLevel', '1'],
    ['slippageToleranceType', 'Percent'],
    ['slippageTolerance', '0.5'],
    ['tpLimitPrice', '51000'],
    ['slLimitPrice', '48000'],
  ])('what would make it another order is not ignored: %s', async (name, value) => {
    const order = {
      category: 'linear',
      symbol: 'BTCUSDT',
      side: 'Buy',
      orderType: 'Limit',
      qty: '0.1',
      price: '49000',
    };
    const reply = await world.post('/v5/order/create', { ...order, [name]: value });
    expect([reply.retCode, reply.retMsg]).toEqual([10_001, expect.stringContaining(name)]);
    expect((await world.post('/v5/order/create', { ...order, orderFilter: 'Order' })).retCode).toBe(0);
  });

  it('a position is limited at the value that its risk limit tells, with all that would open it', async () => {
    world.exchange.setLeverage(ACCOUNT, ETH, 50);
    const send = async (side: string, qty: string, more: Record<string, unknown> = {}) => {
      const price = side === 'Buy' ? '2400' : '2600';
      const order = { category: 'linear', symbol: 'ETHUSDT', orderType: 'Limit', side, qty, price, ...more };
      return (await world.post('/v5/order/create', order)).retCode;
    };
    const tiers = await world.open('/v5/market/risk-limit', 'category=linear&symbol=ETHUSDT');
    expect(tiers.result.list).toMatchObject([{ riskLimitValue: '250000' }]);
    expect(await send('Buy', '40', { orderType: 'Market', orderLinkId: 'held' })).toBe(0);
    expect(await send('Buy', '50')).toBe(0);
    expect(await send('Buy', '10.001')).toBe(110_016);
    expect(await send('Buy', '10.001', { orderLinkId: 'held' })).toBe(110_072);
    expect(await send('Buy', '10')).toBe(0);
    // The other way the position goes first.
    expect(await send('Sell', '100')).toBe(0);
    expect(await send('Sell', '40.001')).toBe(110_016);
    expect(await send('Sell', '40.001', { reduceOnly: true })).toBe(0);
    expect(await send('Buy', '100.001')).toBe(10_001);
  });

  it('the 501st resting order of a symbol is refused', async () => {
    const order = {
      category: 'linear',
      symbol: 'BTCUSDT',
      side: 'Buy',
      orderType: 'Limit',
      qty: '0.001',
      price: '48000',
    };
    const rest = { symbol: BTC, side: 'buy', type: 'limit', tif: 'GTC', reduceOnly: false } as const;
    for (let i = 0; i < 500; i += 1) {
      world.exchange.place(ACCOUNT, {
        ...rest,
        contracts: contracts('0.001'),
        price: px('48000'),
        unfillable: 'expire',
      });
    }
    expect((await world.post('/v5/order/create', order)).retCode).toBe(110_020);
    // What never rests, and another symbol.
    expect((await world.post('/v5/order/create', { ...order, timeInForce: 'IOC' })).retCode).toBe(0);
    const other = { ...order, symbol: 'ETHUSDT', qty: '1', price: '2400' };
    expect((await world.post('/v5/order/create', other)).retCode).toBe(0);
  });

  it('duplicate-id: a client order id is refused for ever, even after its order has ended', async () => {
    await ioc('buy', 0.1, 50_010, 'once');
    const [name, message] = await refusal(ioc('buy', 0.1, 50_010, 'once'));
    expect([name, message]).toEqual(['InvalidOrder', expect.stringContaining('"retCode":110072')]);
    expect(world.exchange.trades(ACCOUNT)).toHaveLength(1);
  });

  it('an order that has ended can not be cancelled', async () => {
    const ack = await ioc('buy', 0.1, 50_010, 'done1');
    const [name, message] = await refusal(world.ccxt.cancelOrder(String(ack.id), BTC));
    expect([name, message]).toEqual(['OrderNotFound', expect.stringContaining('"retCode":110001')]);
  });

  it('a halted market refuses orders and still cancels', async () => {
    const ack = await limit('buy', 0.1, 49_900);
    world.exchange.setTrading(BTC, false);
    const [name, message] = await refusal(limit('buy', 0.1, 49_900));
    expect([name, message]).toEqual(['ExchangeError', expect.stringContaining('"retCode":110066')]);
    expect((await world.ccxt.cancelOrder(String(ack.id), BTC)).id).toBe(ack.id);
  });
});

describe('market orders and fills', () => {
  it('a market order is immediate-or-cancel and its trades have fees, sides and order ids', async () => {
    const ack = await world.ccxt.createOrder(BTC, 'market', 'sell', 1.5, undefined, { clientOrderId: 'mkt1' });
    const order = await byLinkId('mkt1');
    expect([order.info.orderType, order.info.timeInForce, order.status]).toEqual(['Market', 'IOC', 'closed']);
    const trades = await world.ccxt.fetchMyTrades(BTC);
    // 1 at 49990 and 0.5 at 49980; fees 49990 x 0.00055 = 27.4945 and 24990 x 0.00055 = 13.7445.
    expect(
      trades.map(({ order: id, side, price, amount, fee, takerOrMaker }) => ({
        id,
        side,
        price,
        amount,
        fee,
        takerOrMaker,
      })),
    ).toEqual([
      {
        id: ack.id,
        side: 'sell',
        price: 49_990,
        amount: 1,
        fee: { cost: 27.4945, currency: 'USDT', rate: 0.00055 },
        takerOrMaker: 'taker',
      },
      {
        id: ack.id,
        side: 'sell',
        price: 49_980,
        amount: 0.5,
        fee: { cost: 13.7445, currency: 'USDT', rate: 0.00055 },
        takerOrMaker: 'taker',
      },
    ]);
    expect(trades.map((trade) => [trade.info.orderLinkId, trade.info.leavesQty])).toEqual([
      ['mkt1', '0.5'],
      ['mkt1', '0'],
    ]);
    expect(world.requests.at(-1)).toBe('GET /v5/execution/list?execType=Trade&symbol=BTCUSDT&category=linear');
  });

  it('a resting order fills as maker when the book comes to it', async () => {
    await limit('buy', 1, 49_900, { clientOrderId: 'rest1' });
    world.clock.at += 1_000;
    world.exchange.setBook(BTC, levels(['49880', '1']), levels(['49890', '0.4'], ['49910', '1']));
    const order = await byLinkId('rest1');
    expect(order.info.orderStatus).toBe('PartiallyFilled');
    expect([order.status, order.filled, order.remaining, order.average]).toEqual(['open', 0.4, 0.6, 49_900]);
    const [trade] = await world.ccxt.fetchMyTrades(BTC);
    // 0.4 x 49900 = 19960 at the maker rate 0.0002.
    expect(trade).toMatchObject({ takerOrMaker: 'maker', price: 49_900, amount: 0.4, timestamp: START + 1_000 });
    expect(trade?.fee).toMatchObject({ cost: 3.992, rate: 0.0002 });
  });

  it('liquidation-unseen: ccxt asks for execType Trade only; without it every kind of execution comes', async () => {
    await ioc('buy', 1, 50_010, 'liq1');
    world.exchange.forceReduce(ACCOUNT, BTC, contracts('1'), 'liquidation');
    expect(await world.ccxt.fetchMyTrades(BTC)).toHaveLength(1);
    const all = await world.ccxt.fetchMyTrades(BTC, undefined, undefined, { execType: undefined });
    expect(all.map((trade) => [trade.info.execType, trade.info.orderLinkId, trade.side])).toEqual([
      ['Trade', 'liq1', 'buy'],
      ['BustTrade', '', 'sell'],
    ]);
  });

  it('orders that the venue made say so, and a user’s order without a client id does not', async () => {
    await ioc('buy', 1, 50_010, 'own1');
    await world.ccxt.createOrder(BTC, 'market', 'sell', 0.1, undefined, { reduceOnly: true });
    world.exchange.forceReduce(ACCOUNT, BTC, contracts('0.2'), 'adl');
    world.exchange.forceReduce(ACCOUNT, BTC, contracts('0.7'), 'liquidation');
    const { result } = await world.get('/v5/order/history', 'category=linear&symbol=BTCUSDT');
    expect(result.list.map((row) => [row.orderLinkId, row.createType]).reverse()).toEqual([
      ['own1', 'CreateByUser'],
      ['', 'CreateByUser'],
      ['', 'CreateByAdl_PassThrough'],
      ['', 'CreateByTakeOver_PassThrough'],
    ]);
  });
});
