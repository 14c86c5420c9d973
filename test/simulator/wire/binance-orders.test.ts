/** Orders through unmodified ccxt: what Binance accepts, refuses, remembers and forgets. */
import ccxt, { type Exchange as Ccxt } from 'ccxt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contracts, px } from '../../../src/kernel/decimal.ts';
import { ACCOUNT, BTC, btcBook, DOGE, ETH, startWorld, T0, type World } from './binance-world.ts';

const DAY = 86_400_000;
let world: World;
let ex: Ccxt;
beforeEach(async () => {
  world = await startWorld();
  ex = await world.ccxt();
  await ex.loadMarkets();
});
afterEach(async () => {
  await world.close();
  expect(world.errors).toEqual([]);
});

const ioc = (id: string, extra = {}) => ({ timeInForce: 'IOC', clientOrderId: id, ...extra });

describe('placing', () => {
  test('an IOC takes what is there and its remainder expires', async () => {
    const order = await ex.createOrder(BTC, 'limit', 'buy', 1.2, 100_000.1, ioc('h1a'));
    expect(order).toMatchObject({
      clientOrderId: 'h1a',
      status: 'expired',
      amount: 1.2,
      filled: 1,
      remaining: 0.2,
      average: 100_000.1,
      cost: 100_000.1,
      timeInForce: 'IOC',
      reduceOnly: false,
    });
    expect(order.id).toMatch(/^\d+$/);
    const [trade] = await ex.fetchMyTrades(BTC);
    expect(trade).toMatchObject({
      order: order.id,
      side: 'buy',
      price: 100_000.1,
      amount: 1,
      cost: 100_000.1,
      takerOrMaker: 'taker',
      timestamp: T0,
      fee: { cost: 50.00005, currency: 'USDT' },
    });
  });

  test('contract sizes other than one base are converted both ways', async () => {
    const order = await ex.createOrder(ETH, 'limit', 'sell', 2.5, 3999.99, ioc('h2b'));
    expect(order).toMatchObject({ status: 'closed', filled: 2.5, average: 3999.99, cost: 9999.975 });
    expect(world.exchange.positions(ACCOUNT)[0]?.contracts.toFixed()).toBe('-250');
    expect((await ex.fetchMyTrades(ETH))[0]).toMatchObject({ amount: 2.5, side: 'sell' });
  });

  test('a market order walks the book and its average is the true one', async () => {
    const order = await ex.createOrder(BTC, 'market', 'buy', 1.5, undefined, { clientOrderId: 'm1' });
    // (1 x 100 000.1 + 0.5 x 100 001) / 1.5
    expect(order).toMatchObject({ status: 'closed', filled: 1.5, average: 100_000.4, cost: 150_000.6 });
    expect(await ex.fetchMyTrades(BTC)).toHaveLength(2);
  });

  test('post-only rests as GTX when it is passive and is refused when it would cross', async () => {
    const order = await ex.createOrder(BTC, 'limit', 'buy', 0.01, 99_000, { postOnly: true, clientOrderId: 'p1' });
    expect(order).toMatchObject({ status: 'open', filled: 0, postOnly: true });
    expect(order.info.timeInForce).toBe('GTX');
    const crossing = ex.createOrder(BTC, 'limit', 'buy', 0.01, 100_000.1, { postOnly: true, clientOrderId: 'p2' });
    await expect(crossing).rejects.toThrow(ccxt.OrderNotFillable);
    // A refused order leaves no trace.
    await expect(ex.fetchOrder('', BTC, { clientOrderId: 'p2' })).rejects.toThrow(ccxt.OrderNotFound);
  });

  test('a resting order fills as maker when the book comes to it', async () => {
    const order = await ex.createOrder(BTC, 'limit', 'buy', 0.02, 99_000, { clientOrderId: 'g1' });
    world.clock.at += 60_000;
    world.exchange.setBook(
      BTC,
      [{ price: px('98900'), contracts: contracts('1') }],
      [{ price: px('98999'), contracts: contracts('1') }],
    );
    expect(await ex.fetchOrder(String(order.id), BTC)).toMatchObject({
      status: 'closed',
      filled: 0.02,
      average: 99_000,
    });
    const [trade] = await ex.fetchMyTrades(BTC);
    // 0.0002 x 0.02 x 99 000
    expect(trade).toMatchObject({ takerOrMaker: 'maker', fee: { cost: 0.396 }, timestamp: T0 + 60_000 });
  });

  test('reduce-only closes at most the position and is refused without one', async () => {
    const refused = ex.createOrder(BTC, 'limit', 'sell', 0.1, 99_999.9, ioc('r1', { reduceOnly: true }));
    await expect(refused).rejects.toMatchObject({
      constructor: ccxt.InvalidOrder,
      message: expect.stringContaining('-2022'),
    });
    await ex.createOrder(BTC, 'limit', 'buy', 0.1, 100_000.1, ioc('r2'));
    const closed = await ex.createOrder(BTC, 'limit', 'sell', 0.3, 99_999.9, ioc('r3', { reduceOnly: true }));
    expect(closed).toMatchObject({ status: 'closed', filled: 0.1, reduceOnly: true });
    expect(await ex.fetchPositions()).toEqual([]);
  });

  test('resting reduce-only orders count against the position: with none of it left -4118, else what is left', async () => {
    const close = (newClientOrderId: string, quantity: string, price = '100100') =>
      world.signed('POST', '/fapi/v1/order', {
        ...{ symbol: 'BTCUSDT', side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', newOrderRespType: 'RESULT' },
        ...{ reduceOnly: 'true', quantity, price, newClientOrderId },
      });
    await ex.createOrder(BTC, 'limit', 'buy', 0.1, 100_000.1, ioc('p1'));
    expect((await close('p2', '0.06')).body).toMatchObject({ status: 'NEW', origQty: '0.060' });
    // Whatever their price, and never more than is left.
    expect((await close('p3', '0.06', '100050')).body).toMatchObject({ status: 'NEW', origQty: '0.040' });
    const refused = await close('p4', '0.01', '99000');
    expect(refused).toMatchObject({
      status: 400,
      body: { code: -4118, msg: 'ReduceOnly Order Failed. Please check your existing position and open orders.' },
    });
    expect((await close('p3', '0.01')).body).toMatchObject({ code: -4116 });
    expect((await close('p5', '0.0105')).body).toMatchObject({ code: -1111 });
    await ex.cancelOrder('', BTC, { clientOrderId: 'p2' });
    expect((await close('p6', '0.3')).body).toMatchObject({ origQty: '0.060' });
    const open = world.exchange.openOrders(ACCOUNT).map((order) => order.contracts.toFixed());
    expect(open).toEqual(['0.04', '0.06']);
  });

  test('reduce-only is exempt from the minimum notional, so dust can be closed', async () => {
    await ex.setLeverage(1, BTC);
    await ex.createOrder(BTC, 'limit', 'buy', 0.002, 100_000.1, ioc('d1'));
    world.exchange.setMark(BTC, px('40000'), px('40000'));
    world.exchange.setBook(
      BTC,
      [{ price: px('40000'), contracts: contracts('1') }],
      [{ price: px('40001'), contracts: contracts('1') }],
    );
    const opening = ex.createOrder(BTC, 'limit', 'buy', 0.002, 40_001, ioc('d2'));
    await expect(opening).rejects.toThrow('-4164');
    const closing = await ex.createOrder(BTC, 'limit', 'sell', 0.002, 40_000, ioc('d3', { reduceOnly: true }));
    expect(closing.status).toBe('closed');
  });

  test('without a response type an acknowledgement says NEW although the order has filled', async () => {
    const params = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01', newClientOrderId: 'ack1' };
    const ack = await world.signed('POST', '/fapi/v1/order', params);
    expect(ack.status).toBe(200);
    expect(ack.body).toMatchObject({ status: 'NEW', executedQty: '0.000', avgPrice: '0.00', clientOrderId: 'ack1' });
    const later = await world.signed('GET', '/fapi/v1/order', { symbol: 'BTCUSDT', origClientOrderId: 'ack1' });
    expect(later.body).toMatchObject({ status: 'FILLED', executedQty: '0.010', avgPrice: '100000.10000000', time: T0 });
  });

  test('an order without client id gets one from the venue', async () => {
    const params = { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01' };
    const { body } = await world.signed('POST', '/fapi/v1/order', params);
    expect((body as { clientOrderId: string }).clientOrderId).toMatch(/^web_/);
  });
});

describe('finding and cancelling', () => {
  test('orders are found by id and by client id, in base units, with what they were', async () => {
    const placed = await ex.createOrder(DOGE, 'limit', 'sell', 100, 0.31, { clientOrderId: 'q1' });
    for (const order of [
      await ex.fetchOrder(String(placed.id), DOGE),
      await ex.fetchOrder('', DOGE, { clientOrderId: 'q1' }),
      (await ex.fetchOpenOrders(DOGE))[0],
      (await ex.fetchOrders(DOGE))[0],
    ]) {
      expect(order).toMatchObject({
        id: placed.id,
        clientOrderId: 'q1',
        status: 'open',
        price: 0.31,
        amount: 100,
        filled: 0,
      });
    }
    const everywhere = ex.fetchOpenOrders(undefined, undefined, undefined, { warnWithoutSymbol: false });
    expect(await everywhere.catch(() => 'needs the option')).toBe('needs the option');
    ex.options.fetchOpenOrders = { warnWithoutSymbol: false };
    expect(await ex.fetchOpenOrders()).toHaveLength(1);
  });

  test('cancel by client id ends it; cancelling again says it is unknown, as does one that never was', async () => {
    await ex.createOrder(DOGE, 'limit', 'sell', 100, 0.31, { clientOrderId: 'c1' });
    expect(await ex.cancelOrder('', DOGE, { clientOrderId: 'c1' })).toMatchObject({
      status: 'canceled',
      clientOrderId: 'c1',
    });
    for (const clientOrderId of ['c1', 'never']) {
      await expect(ex.cancelOrder('', DOGE, { clientOrderId })).rejects.toMatchObject({
        constructor: ccxt.OrderNotFound,
        message: expect.stringContaining('-2011'),
      });
    }
    await expect(ex.fetchOrder('', DOGE, { clientOrderId: 'never' })).rejects.toThrow('-2013');
    expect((await ex.fetchOrder('', DOGE, { clientOrderId: 'c1' })).status).toBe('canceled');
  });

  test('cancelAllOrders clears one symbol only', async () => {
    await ex.createOrder(DOGE, 'limit', 'sell', 100, 0.31);
    await ex.createOrder(DOGE, 'limit', 'sell', 100, 0.305);
    await ex.createOrder(BTC, 'limit', 'buy', 0.01, 99_000);
    await ex.cancelAllOrders(DOGE);
    expect(world.exchange.openOrders(ACCOUNT).map(({ symbol }) => symbol)).toEqual([BTC]);
  });

  test('a client id is unique among open orders only: a filled one frees its id', async () => {
    await ex.createOrder(DOGE, 'limit', 'sell', 100, 0.31, { clientOrderId: 'u1' });
    const again = ex.createOrder(DOGE, 'limit', 'sell', 100, 0.305, { clientOrderId: 'u1' });
    await expect(again).rejects.toMatchObject({
      constructor: ccxt.InvalidOrder,
      message: expect.stringContaining('-4116'),
    });
    const first = await ex.createOrder(BTC, 'limit', 'buy', 0.01, 100_000.1, ioc('u2'));
    const second = await ex.createOrder(BTC, 'limit', 'buy', 0.01, 100_000.1, ioc('u2'));
    expect(second.id).not.toBe(first.id);
    expect((await ex.fetchOrder('', BTC, { clientOrderId: 'u2' })).id).toBe(second.id);
  });

  test('unfilled cancelled orders are forgotten after 3 days, filled ones after 90', async () => {
    await ex.createOrder(DOGE, 'limit', 'sell', 100, 0.31, { clientOrderId: 'v1' });
    await ex.cancelOrder('', DOGE, { clientOrderId: 'v1' });
    await ex.createOrder(BTC, 'limit', 'buy', 0.01, 100_000.1, ioc('v2'));
    const known = async (symbol: string, clientOrderId: string) =>
      (await ex.fetchOrder('', symbol, { clientOrderId }).catch((error) => error.constructor.name)) !== 'OrderNotFound';
    world.clock.at = T0 + 3 * DAY;
    expect(await known(DOGE, 'v1')).toBe(true);
    world.clock.at = T0 + 3 * DAY + 1;
    expect([await known(DOGE, 'v1'), await known(BTC, 'v2')]).toEqual([false, true]);
    world.clock.at = T0 + 90 * DAY + 1;
    expect(await known(BTC, 'v2')).toBe(false);
  });
});

describe('fills', () => {
  test('userTrades pages: last week by default, a week from a start, by id without times', async () => {
    for (let day = 0; day < 10; day += 1) {
      world.clock.at = T0 + day * DAY;
      btcBook(world.exchange);
      await ex.createOrder(
        BTC,
        'limit',
        day % 2 === 0 ? 'buy' : 'sell',
        0.01,
        day % 2 === 0 ? 100_000.1 : 99_999.9,
        ioc(`f${day}`),
      );
    }
    const days = async (params: Record<string, string | number>) => {
      const { body } = await world.signed('GET', '/fapi/v1/userTrades', { symbol: 'BTCUSDT', ...params });
      return (body as { time: number }[]).map(({ time }) => (time - T0) / DAY);
    };
    expect(await days({})).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await days({ limit: 2 })).toEqual([8, 9]);
    expect(await days({ startTime: T0 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await days({ startTime: T0, limit: 3 })).toEqual([0, 1, 2]);
    expect(await days({ startTime: T0 + DAY, endTime: T0 + 2 * DAY })).toEqual([1, 2]);
    const all = world.exchange.trades(ACCOUNT, BTC);
    expect(await days({ fromId: all[8]?.tradeId ?? '' })).toEqual([8, 9]);
    expect(await days({ fromId: 1, limit: 1 })).toEqual([0]);
    expect(await days({ orderId: all[0]?.orderId ?? '' })).toEqual([0]);
    const tooLong = { symbol: 'BTCUSDT', startTime: T0, endTime: T0 + 7 * DAY + 1 };
    expect((await world.signed('GET', '/fapi/v1/userTrades', tooLong)).body).toMatchObject({ code: -4165 });
    const both = { symbol: 'BTCUSDT', fromId: 1, startTime: T0 };
    expect((await world.signed('GET', '/fapi/v1/userTrades', both)).body).toMatchObject({ code: -1128 });
    expect(await ex.fetchMyTrades(BTC, T0)).toHaveLength(8);
  });

  test('a liquidation is an order of the venue: its client id starts with autoclose-', async () => {
    await ex.createOrder(BTC, 'limit', 'buy', 1, 100_000.1, ioc('l1'));
    world.exchange.setMark(BTC, px('90000'), px('90000'));
    expect(await ex.fetchPositions()).toEqual([]);
    const [, closing] = await ex.fetchOrders(BTC);
    expect(closing).toMatchObject({ side: 'sell', filled: 1, status: 'closed' });
    expect(closing?.clientOrderId).toMatch(/^autoclose-/);
    expect(closing?.info.type).toBe('LIQUIDATION');
  });

  test('auto-deleveraging is told by its client id', async () => {
    await ex.createOrder(BTC, 'limit', 'buy', 1, 100_000.1, ioc('a1'));
    world.exchange.forceReduce(ACCOUNT, BTC, contracts('0.4'), 'adl');
    const [, closing] = await ex.fetchOrders(BTC);
    expect(closing).toMatchObject({ clientOrderId: 'adl_autoclose', filled: 0.4 });
  });
});

describe('refusals carry Binance’s codes', () => {
  const btc = {
    symbol: 'BTCUSDT',
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'IOC',
    quantity: '0.01',
    price: '100000.1',
  };
  const without = (name: string) => Object.fromEntries(Object.entries(btc).filter(([key]) => key !== name));
  const doge = { ...btc, symbol: 'DOGEUSDT', quantity: '100', price: '0.30005' };
  const cases: readonly [string, Record<string, string>, number][] = [
    ['unknown symbol', { ...btc, symbol: 'FOOUSDT' }, -1121],
    ['lower-case symbol', { ...btc, symbol: 'btcusdt' }, -1121],
    ['missing symbol', without('symbol'), -1102],
    ['empty symbol', { ...btc, symbol: '' }, -1102],
    ['missing side', without('side'), -1102],
    ['bad side', { ...btc, side: 'LONG' }, -1117],
    ['bad type', { ...btc, type: 'ICEBERG' }, -1116],
    ['conditional type', { ...btc, type: 'STOP_MARKET' }, -4120],
    ['missing time in force', without('timeInForce'), -1102],
    ['bad time in force', { ...btc, timeInForce: 'DAY' }, -1115],
    ['time in force that every object has', { ...btc, timeInForce: 'constructor' }, -1115],
    ['missing price', without('price'), -1102],
    ['missing quantity', without('quantity'), -1102],
    ['quantity is no number', { ...btc, quantity: 'NaN' }, -1100],
    ['negative quantity', { ...btc, quantity: '-0.01' }, -1100],
    ['exponent', { ...btc, quantity: '1e-2' }, -1100],
    ['zero quantity', { ...btc, quantity: '0.000' }, -4003],
    ['zero price', { ...btc, price: '0' }, -4001],
    ['quantity digits', { ...btc, quantity: '0.0105' }, -1111],
    ['price digits', { ...btc, price: '100000.15' }, -1111],
    ['quantity off the step', { ...doge, quantity: '102' }, -4023],
    ['price off the tick', { ...doge, price: '0.30001' }, -4014],
    ['below the minimum quantity', { ...btc, quantity: '0.001' }, -4004],
    ['above the maximum quantity', { ...btc, quantity: '100.001' }, -4005],
    ['below the minimum notional', { ...doge, quantity: '15' }, -4164],
    ['too high', { ...btc, price: '105000.1' }, -4016],
    ['too low', { ...btc, side: 'SELL', price: '94999.9' }, -4024],
    ['margin', { ...btc, quantity: '3' }, -2019],
    ['reduce-only without position', { ...btc, reduceOnly: 'true' }, -2022],
    ['reduce-only is no flag', { ...btc, reduceOnly: 'yes' }, -1130],
    ['FOK beyond the book', { ...btc, timeInForce: 'FOK', quantity: '1.1' }, -5021],
    ['post-only crossing', { ...btc, timeInForce: 'GTX' }, -5022],
    ['client id too long', { ...btc, newClientOrderId: 'x'.repeat(37) }, -4015],
    ['client id characters', { ...btc, newClientOrderId: 'a b' }, -4015],
    ['hedge side in one-way mode', { ...btc, positionSide: 'LONG' }, -4061],
    ['market with a price', { ...without('timeInForce'), type: 'MARKET' }, -1106],
    ['market with time in force', { ...without('price'), type: 'MARKET' }, -1106],
    ['unsupported trigger', { ...btc, stopPrice: '1' }, -1106],
    ['response type', { ...btc, newOrderRespType: 'FULL' }, -1130],
  ];
  test.each(cases)('%s', async (_name, params, code) => {
    const answer = await world.signed('POST', '/fapi/v1/order', params);
    expect([answer.status, (answer.body as { code: number }).code]).toEqual([400, code]);
    expect(world.exchange.orderHistory(ACCOUNT)).toEqual([]);
    expect(world.exchange.openOrders(ACCOUNT)).toEqual([]);
  });

  test('the good order that the cases vary is accepted', async () => {
    expect((await world.signed('POST', '/fapi/v1/order', btc)).status).toBe(200);
    expect((await world.signed('POST', '/fapi/v1/order', doge)).status).toBe(200);
  });

  test('a halted symbol takes no orders', async () => {
    world.exchange.setTrading(BTC, false);
    expect((await world.signed('POST', '/fapi/v1/order', btc)).body).toMatchObject({ code: -4141 });
  });

  test('hedge mode refuses one-way orders', async () => {
    await world.signed('POST', '/fapi/v1/positionSide/dual', { dualSidePosition: 'true' });
    expect((await world.signed('POST', '/fapi/v1/order', btc)).body).toMatchObject({ code: -4061 });
    // What the real one takes there is refused for what it is.
    expect((await world.signed('POST', '/fapi/v1/order', { ...btc, positionSide: 'LONG' })).body).toMatchObject({
      msg: expect.stringContaining('not simulated'),
    });
  });

  test('margin arrives in ccxt as InsufficientFunds, price band as BadRequest', async () => {
    await expect(ex.createOrder(BTC, 'limit', 'buy', 3, 100_001, ioc('x1'))).rejects.toThrow(ccxt.InsufficientFunds);
    await expect(ex.createOrder(BTC, 'limit', 'buy', 0.01, 106_000, ioc('x2'))).rejects.toThrow(ccxt.BadRequest);
  });

  test('a position is limited at the cap that the leverage brackets tell, with all that would open it', async () => {
    await ex.setLeverage(50, DOGE);
    const send = async (side: string, quantity: string, more: Record<string, string> = {}) => {
      const order = { ...doge, timeInForce: 'GTC', side, quantity, price: side === 'BUY' ? '0.29' : '0.31', ...more };
      const { status, body } = await world.signed('POST', '/fapi/v1/order', order);
      return [status, (body as { code?: number }).code];
    };
    const brackets = await world.signed('GET', '/fapi/v1/leverageBracket', { symbol: 'DOGEUSDT' });
    expect(brackets.body).toMatchObject([{ brackets: [{ notionalCap: 300_000 }] }]);
    expect(await send('BUY', '100000', { timeInForce: 'IOC', price: '0.30005' })).toEqual([200, undefined]);
    expect(await send('BUY', '500000')).toEqual([200, undefined]);
    expect(await send('BUY', '400005')).toEqual([400, -2027]);
    expect(await send('BUY', '400000')).toEqual([200, undefined]);
    // The other way the position goes first.
    expect(await send('SELL', '600000')).toEqual([200, undefined]);
    expect(await send('SELL', '500005')).toEqual([400, -2027]);
    expect(await send('SELL', '500005', { reduceOnly: 'true' })).toEqual([200, undefined]);
    expect(await send('BUY', '1000005')).toEqual([400, -4005]);
  });

  test('the 201st open order of a symbol is refused', async () => {
    const rest = { ...doge, timeInForce: 'GTC', side: 'SELL', quantity: '20', price: '0.305' };
    for (let i = 0; i < 200; i += 1) expect((await world.signed('POST', '/fapi/v1/order', rest)).status).toBe(200);
    expect((await world.signed('POST', '/fapi/v1/order', rest)).body).toMatchObject({ code: -2025 });
  });
});
