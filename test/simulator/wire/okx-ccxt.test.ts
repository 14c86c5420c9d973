/** Unmodified ccxt over the OKX dialect: markets, funding, books, orders, account. Expectations are worked by hand. */
import type { Exchange as Ccxt } from 'ccxt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { px } from '../../../src/kernel/decimal.ts';
import { BTC, ETH, HOUR, type OkxWorld, okxWorld, START } from './okx-world.ts';

let world: OkxWorld;
let okx: Ccxt;
beforeEach(async () => {
  world = await okxWorld();
  okx = await world.ccxt();
  await okx.loadMarkets();
  world.requests.length = 0;
});
afterEach(() => world.close());

const ISOLATED = { tdMode: 'isolated' };
const isolate = (leverage = 5) => okx.setLeverage(leverage, BTC, { marginMode: 'isolated' });

describe('market data', () => {
  it('markets carry contract sizes, lots and ticks', async () => {
    const fresh = await world.ccxt();
    await fresh.loadMarkets();
    expect(world.requests).toEqual(['GET public/instruments?instType=SWAP']);
    expect(fresh.symbols).toEqual([BTC, ETH]);
    expect(fresh.market(BTC)).toMatchObject({
      id: 'BTC-USDT-SWAP',
      swap: true,
      linear: true,
      active: true,
      contractSize: 0.01,
      precision: { amount: 0.1, price: 0.1 },
      limits: { amount: { min: 0.2, max: 500 }, leverage: { max: 100 } },
    });
    expect(fresh.market(ETH)).toMatchObject({ contractSize: 0.1, precision: { amount: 0.01, price: 0.01 } });
  });

  it('fundingRate belongs to fundingTimestamp, the coming settlement', async () => {
    const next = START + 8 * HOUR;
    world.exchange.setFunding(BTC, { predictedRate: '0.00012', intervalHours: 8, nextSettlementAt: next });
    world.exchange.setFunding(ETH, { predictedRate: '-0.00003', intervalHours: 1, nextSettlementAt: START + HOUR });
    const rates = await okx.fetchFundingRates();
    expect(world.requests).toEqual(['GET public/funding-rate?instId=ANY']);
    expect(rates[BTC]).toMatchObject({
      fundingRate: 0.00012,
      fundingTimestamp: next,
      nextFundingTimestamp: next + 8 * HOUR,
      nextFundingRate: undefined,
      interval: '8h',
    });
    expect(rates[ETH]).toMatchObject({ fundingRate: -0.00003, fundingTimestamp: START + HOUR, interval: '1h' });
    expect(await okx.fetchFundingRate(ETH)).toMatchObject({ symbol: ETH, fundingRate: -0.00003 });
  });

  it('says nothing about funding before the source did', async () => {
    expect(await okx.fetchFundingRates()).toEqual({});
  });

  it('funding history: since gives the newest 100 only, params.after walks back through all', async () => {
    for (let hour = 1; hour <= 250; hour += 1) {
      world.exchange.recordSettled({
        symbol: BTC,
        rate: String(hour / 1e6),
        mark: px('50000'),
        at: START - (251 - hour) * HOUR,
      });
    }
    const since = START - 250 * HOUR;
    const trap = await okx.fetchFundingRateHistory(BTC, since, 100);
    expect(trap).toHaveLength(100);
    expect(trap[0]?.timestamp).toBe(START - 100 * HOUR);
    const all: number[] = [];
    let after: number | undefined;
    for (let call = 0; call < 5; call += 1) {
      const rows = await okx.fetchFundingRateHistory(BTC, undefined, 100, after === undefined ? {} : { after });
      if (rows.length === 0) break;
      all.unshift(...rows.map((row) => Number(row.fundingRate)));
      after = rows[0]?.timestamp;
    }
    expect(all).toEqual(Array.from({ length: 250 }, (_, i) => (i + 1) / 1e6));
  });

  it('order book in contracts, best first', async () => {
    const book = await okx.fetchOrderBook(BTC, 1);
    // ccxt keeps OKX's third, deprecated field.
    expect(book.bids).toEqual([[49990, 5, 0]]);
    expect(book.asks).toEqual([[50010, 5, 0]]);
    expect((await okx.fetchOrderBook(BTC)).asks).toHaveLength(2);
    expect(world.requests).toContain('GET market/books?instId=BTC-USDT-SWAP&sz=100');
  });

  it('one leverage tier, in contracts', async () => {
    expect(await okx.fetchMarketLeverageTiers(ETH)).toMatchObject([
      { tier: 1, symbol: ETH, minNotional: 0, maxNotional: 1_000, maintenanceMarginRate: 0.005, maxLeverage: 75 },
    ]);
    const both = await world.plain('public/position-tiers?instType=SWAP&tdMode=cross&uly=BTC-USDT,ETH-USDT');
    expect(both.data.map(({ uly, imr }) => [uly, imr])).toEqual([
      ['BTC-USDT', '0.01'],
      ['ETH-USDT', '0.013333'],
    ]);
  });

  it('marks, tickers, time', async () => {
    expect((await okx.fetchMarkPrice(BTC)).markPrice).toBe(50000);
    const marks = await okx.fetchMarkPrices([BTC, ETH]);
    expect([marks[BTC]?.markPrice, marks[ETH]?.markPrice]).toEqual([50000, 3000]);
    const tickers = await okx.fetchTickers([BTC]);
    expect(tickers[BTC]).toMatchObject({ bid: 49990, ask: 50010, bidVolume: 5, timestamp: START });
    expect((await okx.fetchTicker(BTC)).last).toBe(50000);
    expect(await okx.fetchTime()).toBe(START);
  });
});

describe('orders', () => {
  beforeEach(async () => {
    await isolate();
    world.requests.length = 0;
  });

  it('IOC that the book covers fills across levels; fees and average by hand', async () => {
    const sent = await okx.createOrder(BTC, 'limit', 'buy', 7, 50020, {
      ...ISOLATED,
      timeInForce: 'IOC',
      clientOrderId: 'h1l1',
    });
    expect(world.requests).toEqual(['POST trade/batch-orders']);
    expect(sent).toMatchObject({ clientOrderId: 'h1l1', status: undefined });
    expect(sent.id).toMatch(/^\d+$/);
    const order = await okx.fetchOrder('', BTC, { clientOrderId: 'h1l1' });
    // 5 x 0.01 x 50,010 + 2 x 0.01 x 50,020 = 2,500.5 + 1,000.4 = 3,500.9; / 0.07 = 50,012.857...; fee 0.05 %.
    expect(order).toMatchObject({
      id: sent.id,
      clientOrderId: 'h1l1',
      status: 'closed',
      side: 'buy',
      timeInForce: 'IOC',
      amount: 7,
      filled: 7,
      remaining: 0,
      price: 50020,
      reduceOnly: false,
      timestamp: START,
    });
    expect(order.average).toBeCloseTo(50012.857142857, 6);
    expect(order.fee).toMatchObject({ cost: 1.75045, currency: 'USDT' });
    const trades = await okx.fetchMyTrades(BTC);
    expect(
      trades.map((trade) => [trade.price, trade.amount, trade.takerOrMaker, trade.fee?.cost, trade.order]),
    ).toEqual([
      [50010, 5, 'taker', 1.25025, sent.id],
      [50020, 2, 'taker', 0.5002, sent.id],
    ]);
    expect(trades.map((trade) => trade.info.clOrdId)).toEqual(['h1l1', 'h1l1']);
  });

  it('IOC remainder is cancelled with what was filled; IOC without liquidity fills nothing', async () => {
    await okx.createOrder(BTC, 'limit', 'buy', 8, 50010, { ...ISOLATED, timeInForce: 'IOC', clientOrderId: 'part' });
    expect(await okx.fetchOrder('', BTC, { clientOrderId: 'part' })).toMatchObject({
      status: 'canceled',
      filled: 5,
      remaining: 3,
      average: 50010,
    });
    await okx.createOrder(BTC, 'limit', 'sell', 2, 49995, { ...ISOLATED, timeInForce: 'IOC', clientOrderId: 'none' });
    expect(await okx.fetchOrder('', BTC, { clientOrderId: 'none' })).toMatchObject({
      status: 'canceled',
      filled: 0,
      average: undefined,
    });
  });

  it('post-only rests as maker, is listed open, and is cancelled by client id', async () => {
    await okx.createOrder(BTC, 'limit', 'buy', 3, 50000, { ...ISOLATED, postOnly: true, clientOrderId: 'rest' });
    const open = await okx.fetchOpenOrders(BTC);
    expect(open.map((order) => [order.clientOrderId, order.status, order.postOnly])).toEqual([['rest', 'open', true]]);
    expect((await okx.fetchBalance()).USDT?.used).toBeGreaterThan(0);
    await okx.cancelOrder('', BTC, { clientOrderId: 'rest' });
    expect(await okx.fetchOpenOrders(BTC)).toEqual([]);
    await expect(okx.cancelOrder('', BTC, { clientOrderId: 'rest' })).rejects.toThrow(/51401/);
    await expect(okx.fetchOrder('', BTC, { clientOrderId: 'absent' })).rejects.toThrow(/51603/);
  });

  it('post-only that would cross: acknowledged, then cancelled', async () => {
    const sent = await okx.createOrder(BTC, 'limit', 'buy', 3, 50010, {
      ...ISOLATED,
      postOnly: true,
      clientOrderId: 'cross',
    });
    expect(sent.id).toMatch(/^\d+$/);
    expect(await okx.fetchOrder(String(sent.id), BTC)).toMatchObject({ status: 'canceled', filled: 0, postOnly: true });
  });

  it('reduce-only closes and never flips; beyond a position it is refused with 51112, without one with 51169', async () => {
    await expect(
      okx.createOrder(BTC, 'limit', 'sell', 2, 49990, { ...ISOLATED, timeInForce: 'IOC', reduceOnly: true }),
    ).rejects.toThrow(/51169/);
    await okx.createOrder(BTC, 'limit', 'buy', 2, 50010, { ...ISOLATED, timeInForce: 'IOC' });
    const closing = { ...ISOLATED, timeInForce: 'IOC', reduceOnly: true, clientOrderId: 'close' };
    await expect(okx.createOrder(BTC, 'limit', 'sell', 4, 49990, closing)).rejects.toThrow(/51112/);
    await okx.createOrder(BTC, 'limit', 'sell', 2, 49990, closing);
    expect(await okx.fetchOrder('', BTC, { clientOrderId: 'close' })).toMatchObject({ filled: 2, reduceOnly: true });
    expect(await okx.fetchPositions()).toEqual([]);
    expect(await okx.fetchPositions([BTC])).toMatchObject([{ symbol: BTC, contracts: 0 }]);
  });

  it('market order, closed and cancelled order lists', async () => {
    await okx.createOrder(BTC, 'market', 'buy', 6, undefined, { ...ISOLATED, clientOrderId: 'mkt' });
    await okx.createOrder(BTC, 'limit', 'buy', 1, 49000, { ...ISOLATED, timeInForce: 'IOC', clientOrderId: 'miss' });
    expect((await okx.fetchClosedOrders(BTC)).map((order) => [order.clientOrderId, order.type])).toEqual([
      ['mkt', 'market'],
    ]);
    expect((await okx.fetchCanceledOrders(BTC)).map((order) => order.clientOrderId)).toEqual(['miss']);
  });

  it.each(['privatePostTradeOrder', 'privatePostTradeBatchOrders'])('through %s', async (createOrder) => {
    const client = await world.ccxt({ options: { createOrder } });
    const sent = await client.createOrder(BTC, 'limit', 'buy', 1, 50010, {
      ...ISOLATED,
      timeInForce: 'IOC',
      clientOrderId: 'one',
    });
    expect(sent.clientOrderId).toBe('one');
    const path = createOrder === 'privatePostTradeOrder' ? 'trade/order' : 'trade/batch-orders';
    expect(world.requests).toContain(`POST ${path}`);
    await expect(client.createOrder(BTC, 'limit', 'buy', 400, 50000, ISOLATED)).rejects.toThrow(/51008/);
  });

  it('tdMode alone opens an isolated position: no setLeverage is needed before', async () => {
    for (const params of [{ tdMode: 'isolated' }, { marginMode: 'isolated' }]) {
      await okx.createOrder(ETH, 'limit', 'buy', 1, 2900, { ...params, postOnly: true });
    }
    expect(world.exchange.marginMode('main', ETH)).toBe('isolated');
    expect((await okx.fetchOpenOrders(ETH)).map((order) => order.info.tdMode)).toEqual(['isolated', 'isolated']);
  });

  it('an attached stop loss is refused instead of dropped', async () => {
    const protectedOrder = okx.createOrder(BTC, 'limit', 'buy', 1, 49000, {
      ...ISOLATED,
      stopLoss: { triggerPrice: 48000 },
    });
    await expect(protectedOrder).rejects.toThrow(/51000.*attachAlgoOrds/);
    expect(world.exchange.openOrders('main')).toEqual([]);
  });

  it('a bulk order with one bad item throws nothing: the item says rejected', async () => {
    const orders = await okx.createOrders([
      {
        symbol: BTC,
        type: 'limit',
        side: 'buy',
        amount: 1,
        price: 49000,
        params: { ...ISOLATED, clientOrderId: 'ok' },
      },
      {
        symbol: BTC,
        type: 'limit',
        side: 'buy',
        amount: 1,
        price: 60000,
        params: { ...ISOLATED, clientOrderId: 'bad' },
      },
    ]);
    expect(orders.map((order) => [order.clientOrderId, order.status, order.info.sCode])).toEqual([
      ['ok', undefined, '0'],
      ['bad', 'rejected', '51006'],
    ]);
    expect(await okx.cancelOrders([String(orders[0]?.id)], BTC)).toHaveLength(1);
  });

  it('ccxt turns codes into its classes', async () => {
    const buy = (amount: number, price: number, change: Record<string, unknown> = {}) =>
      okx.createOrder(BTC, 'limit', 'buy', amount, price, { ...ISOLATED, ...change });
    await expect(buy(400, 50000)).rejects.toThrow(expect.objectContaining({ name: 'InsufficientFunds' }));
    await expect(buy(1, 60000)).rejects.toThrow(expect.objectContaining({ name: 'InvalidOrder' }));
    await buy(1, 49000, { clientOrderId: 'same' });
    await expect(buy(1, 50000, { tdMode: 'cross' })).rejects.toThrow(expect.objectContaining({ name: 'BadRequest' }));
    await expect(buy(1, 49000, { clientOrderId: 'same' })).rejects.toThrow(
      expect.objectContaining({ name: 'InvalidOrder' }),
    );
    const stranger = await world.ccxt({ password: 'nope' });
    await expect(stranger.fetchBalance()).rejects.toThrow(expect.objectContaining({ name: 'AuthenticationError' }));
    const late = await world.ccxt();
    late.milliseconds = () => world.clock.at - 60_000;
    await expect(late.fetchBalance()).rejects.toThrow(expect.objectContaining({ name: 'InvalidNonce' }));
    for (let i = 0; i < 10; i += 1) await okx.fetchPositions();
    await expect(okx.fetchPositions()).rejects.toThrow(expect.objectContaining({ name: 'RateLimitExceeded' }));
  });
});

describe('account', () => {
  it('settings: leverage with margin mode, position mode, and setting what already holds', async () => {
    await isolate(7);
    await isolate(7);
    expect(world.exchange.marginMode('main', BTC)).toBe('isolated');
    expect(await okx.fetchLeverage(BTC, { marginMode: 'isolated' })).toMatchObject({
      longLeverage: 7,
      marginMode: 'isolated',
    });
    await okx.setPositionMode(false);
    expect(await okx.fetchPositionMode()).toMatchObject({ hedged: false });
    await okx.setPositionMode(true);
    expect(await okx.fetchPositionMode()).toMatchObject({ hedged: true });
    await expect(okx.setLeverage(101, BTC, { marginMode: 'isolated' })).rejects.toThrow(/59102/);
    await expect(okx.setMarginMode('cross', BTC, { leverage: 3 })).resolves.toBeDefined();
    expect(world.exchange.leverage('main', BTC)).toBe(3);
  });

  it('each margin mode has its own leverage, and an order trades at that of its mode', async () => {
    const leverages = async () => {
      const read = ['cross', 'isolated'].map((marginMode) => okx.fetchLeverage(BTC, { marginMode }));
      return (await Promise.all(read)).map(({ longLeverage }) => longLeverage);
    };
    expect(await leverages()).toEqual([20, 20]);
    await okx.setLeverage(10, BTC, { marginMode: 'cross' });
    expect(await leverages()).toEqual([10, 20]);
    await isolate(3);
    expect(await leverages()).toEqual([10, 3]);
    await okx.createOrder(BTC, 'market', 'buy', 1);
    expect(await okx.fetchPositions([BTC])).toMatchObject([{ marginMode: 'cross', leverage: 10 }]);
    // The other mode may change under a position.
    await isolate(4);
    expect(await leverages()).toEqual([10, 4]);
    expect(await okx.fetchPositions([BTC])).toMatchObject([{ marginMode: 'cross', leverage: 10 }]);
  });

  it('a refused leverage changes neither mode nor leverage', async () => {
    for (const lever of ['101', '0.5']) {
      const body = JSON.stringify({ instId: 'BTC-USDT-SWAP', lever, mgnMode: 'isolated' });
      expect((await world.signed('POST', 'account/set-leverage', { body })).code).toBe('59102');
    }
    expect([world.exchange.marginMode('main', BTC), world.exchange.leverage('main', BTC)]).toEqual(['cross', 20]);
  });

  it('a short position and the balance, by hand', async () => {
    await isolate();
    await okx.createOrder(BTC, 'limit', 'sell', 5, 49990, { ...ISOLATED, timeInForce: 'IOC' });
    world.exchange.setMark(BTC, px('49890'), px('49890'));
    // 5 x 0.01 = 0.05 BTC short at 49,990: upl 5, margin 2,499.5 / 5 = 499.9, mmr 0.05 x 49,890 x 0.004 = 9.978.
    expect(await okx.fetchPositions([BTC])).toMatchObject([
      {
        symbol: BTC,
        side: 'short',
        contracts: 5,
        contractSize: 0.01,
        entryPrice: 49990,
        markPrice: 49890,
        notional: 2494.5,
        unrealizedPnl: 5,
        leverage: 5,
        marginMode: 'isolated',
        collateral: 499.9,
        maintenanceMargin: 9.978,
        hedged: false,
      },
    ]);
    const balance = await okx.fetchBalance();
    // Fee 2,499.5 x 0.0005 = 1.24975.
    expect(balance.USDT).toMatchObject({ total: 10003.75025, free: 9498.85025 });
    expect(balance.info.data[0].details[0]).toMatchObject({ cashBal: '9998.75025', frozenBal: '499.9', upl: '5' });
  });

  it('funding payments: positive = received', async () => {
    await isolate();
    await okx.createOrder(BTC, 'limit', 'sell', 5, 49990, { ...ISOLATED, timeInForce: 'IOC' });
    world.clock.at += 8 * HOUR;
    world.exchange.settleFunding(BTC, '0.0002');
    world.clock.at += 8 * HOUR;
    world.exchange.settleFunding(BTC, '-0.0001');
    const paid = await okx.fetchFundingHistory(BTC);
    // A short of 0.05 x 50,000 = 2,500 notional receives 2,500 x 0.0002 = 0.5, then pays 0.25.
    expect(paid.map((row) => [row.timestamp, row.amount, row.symbol, row.code])).toEqual([
      [START + 8 * HOUR, 0.5, BTC, 'USDT'],
      [START + 16 * HOUR, -0.25, BTC, 'USDT'],
    ]);
    expect(new Set(paid.map((row) => row.id)).size).toBe(2);
    expect(world.requests.at(-1)).toBe('GET account/bills-archive?type=8&ctType=linear&ccy=USDT&instType=SWAP');
  });

  it('fees are the instrument’s', async () => {
    expect(await okx.fetchTradingFee(BTC)).toMatchObject({ maker: 0.0002, taker: 0.0005 });
  });
});
