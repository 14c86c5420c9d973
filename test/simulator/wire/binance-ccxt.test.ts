/** What unmodified ccxt makes of the simulated Binance: market data, account, settings, history. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contracts, px } from '../../../src/kernel/decimal.ts';
import { ACCOUNT, BTC, btcBook, DOGE, ETH, startWorld, T0, type World } from './binance-world.ts';

const HOUR = 3_600_000;
let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(async () => {
  await world.close();
  expect(world.errors).toEqual([]);
});

/** Straight into the model, so that these tests depend on no order route. */
function trade(symbol: string, side: 'buy' | 'sell', count: string): void {
  const placed = world.exchange.place(ACCOUNT, {
    symbol,
    side,
    type: 'market',
    tif: 'IOC',
    contracts: contracts(count),
    reduceOnly: false,
  });
  expect(placed.ok).toBe(true);
}

describe('market data', () => {
  test('loadMarkets reads ticks, lots, limits and status; the contract size is one base unit', async () => {
    world.exchange.setTrading(DOGE, false);
    const ex = await world.ccxt();
    const markets = await ex.loadMarkets();
    expect(Object.keys(markets).sort()).toEqual([BTC, DOGE, ETH]);
    expect(markets[BTC]).toMatchObject({
      id: 'BTCUSDT',
      swap: true,
      linear: true,
      active: true,
      settle: 'USDT',
      contractSize: 1,
      precision: { amount: 0.001, price: 0.1 },
      limits: { amount: { min: 0.002, max: 100 }, cost: { min: 100 } },
    });
    // One model contract is 0.01 ETH: the lot of one contract is 0.01 ETH on the wire.
    expect(markets[ETH]).toMatchObject({
      contractSize: 1,
      precision: { amount: 0.01, price: 0.01 },
      limits: { amount: { min: 0.01, max: 1000 } },
    });
    expect(markets[DOGE]?.active).toBe(false);
  });

  test('fetchFundingRates gives rate, settlement, mark and index of every market in one call', async () => {
    const ex = await world.ccxt();
    const rates = await ex.fetchFundingRates();
    expect(rates[BTC]).toMatchObject({
      fundingRate: 0.0001,
      fundingTimestamp: T0 + 8 * HOUR,
      markPrice: 100_000,
      indexPrice: 99_990,
      timestamp: T0,
    });
    expect(rates[ETH]?.fundingRate).toBe(-0.00005);
    const one = await ex.fetchFundingRate(DOGE);
    expect([one.fundingRate, one.fundingTimestamp]).toEqual([0.0003, T0 + 4 * HOUR]);
  });

  test('fetchFundingIntervals lists only what is not on eight hours; absent means eight', async () => {
    const ex = await world.ccxt();
    const intervals = await ex.fetchFundingIntervals();
    expect(Object.keys(intervals)).toEqual([DOGE]);
    expect(intervals[DOGE]?.interval).toBe('4h');
  });

  test('fetchFundingRateHistory: ascending, inclusive, first rows from a start, newest without one', async () => {
    for (let i = 0; i < 5; i += 1) {
      world.exchange.recordSettled({ symbol: BTC, rate: `0.000${i}`, mark: px('90000'), at: T0 - (5 - i) * 8 * HOUR });
    }
    const ex = await world.ccxt();
    const rates = async (since?: number, limit?: number, params = {}) =>
      (await ex.fetchFundingRateHistory(BTC, since, limit, params)).map((row) => row.fundingRate);
    expect(await rates()).toEqual([0, 0.0001, 0.0002, 0.0003, 0.0004]);
    expect(await rates(T0 - 32 * HOUR, 2)).toEqual([0.0001, 0.0002]);
    expect(await rates(undefined, 2)).toEqual([0.0003, 0.0004]);
    expect(await rates(T0 - 32 * HOUR, undefined, { until: T0 - 16 * HOUR })).toEqual([0.0001, 0.0002, 0.0003]);
    const [first] = await ex.fetchFundingRateHistory(BTC);
    expect(first).toMatchObject({ symbol: BTC, timestamp: T0 - 40 * HOUR, info: { markPrice: '90000.00000000' } });
  });

  test('fetchOrderBook speaks base units and carries the book sequence', async () => {
    const ex = await world.ccxt();
    const btc = await ex.fetchOrderBook(BTC, 5);
    expect([btc.bids[0], btc.asks[1]]).toEqual([
      [99_999.9, 1],
      [100_001, 2],
    ]);
    expect(btc.nonce).toBe(world.exchange.market(BTC)?.bookSequence);
    // 1000 contracts of 0.01 ETH.
    expect((await ex.fetchOrderBook(ETH)).asks[0]).toEqual([4000.01, 10]);
    const best = await ex.fetchBidsAsks([BTC]);
    expect(best[BTC]).toMatchObject({ bid: 99_999.9, ask: 100_000.1, bidVolume: 1, askVolume: 1 });
  });

  test('fetchTicker and fetchTickers tell the last price; of the day the model knows nothing else', async () => {
    const ex = await world.ccxt();
    expect(await ex.fetchTicker(BTC)).toMatchObject({ last: 100_000, open: 100_000, baseVolume: 0, timestamp: T0 });
    const all = await ex.fetchTickers();
    expect(Object.keys(all).sort()).toEqual([BTC, DOGE, ETH]);
    expect((await world.raw('GET', '/fapi/v1/ticker/24hr?symbol=FOOUSDT')).body).toMatchObject({ code: -1121 });
  });

  test('fetchTime and fetchLastPrices', async () => {
    const ex = await world.ccxt();
    expect(await ex.fetchTime()).toBe(T0);
    trade(BTC, 'buy', '0.01');
    expect((await ex.fetchLastPrices([BTC]))[BTC]?.price).toBe(100_000.1);
  });
});

describe('account', () => {
  test('fetchBalance separates free, used and equity; the wallet is in info', async () => {
    const ex = await world.ccxt();
    expect(await ex.fetchBalance()).toMatchObject({ USDT: { free: 10_000, used: 0, total: 10_000 } });
    trade(ETH, 'sell', '100');
    const balance = await ex.fetchBalance();
    // 1 ETH sold at 3999.99: fee 1.999995, margin 3999.99/20, loss to the mark 0.01.
    expect(balance.info.assets[0]).toMatchObject({
      asset: 'USDT',
      walletBalance: '9998.00000500',
      initialMargin: '199.99950000',
    });
    expect(balance.USDT).toMatchObject({ free: 9798.000505, used: 199.9995, total: 9997.990005 });
    expect(balance.info.positions).toHaveLength(1);
  });

  test('fetchPositions shows a short in base units with signed amount in info', async () => {
    const ex = await world.ccxt();
    expect(await ex.fetchPositions()).toEqual([]);
    expect(await ex.setMarginMode('isolated', ETH)).toMatchObject({ code: 200 });
    trade(ETH, 'sell', '250');
    const [position] = await ex.fetchPositions([ETH]);
    expect(position).toMatchObject({
      symbol: ETH,
      side: 'short',
      contracts: 2.5,
      contractSize: 1,
      entryPrice: 3999.99,
      markPrice: 4000,
      notional: 10_000,
      unrealizedPnl: -0.025,
      marginMode: 'isolated',
      hedged: false,
    });
    // Margin 2.5 x 3999.99 / 20 plus the unrealised loss.
    expect(position?.collateral).toBeCloseTo(499.97375, 8);
    expect(position?.info.positionAmt).toBe('-2.50');
    // v3 does not tell the leverage; symbolConfig does.
    expect(position?.leverage).toBeUndefined();
    expect((await ex.fetchLeverage(ETH)).shortLeverage).toBe(20);
  });

  test('the cross wallet is what no isolated position holds, and is the collateral of a cross one', async () => {
    const ex = await world.ccxt();
    await ex.setMarginMode('isolated', ETH);
    trade(ETH, 'sell', '100');
    trade(BTC, 'buy', '0.05');
    // 10 000 less the fees 1.999995 and 2.5000025, less ETH's margin 199.9995; BTC is 0.1 beneath its entry.
    const cross = { crossWalletBalance: '9795.50050250', crossUnPnl: '-0.00500000' };
    const { info } = await ex.fetchBalance();
    expect(info).toMatchObject({
      totalCrossWalletBalance: cross.crossWalletBalance,
      totalCrossUnPnl: cross.crossUnPnl,
    });
    expect(info.assets).toMatchObject([cross]);
    expect((await world.signed('GET', '/fapi/v3/balance')).body).toMatchObject([cross]);
    const [position] = await ex.fetchPositions([BTC], { method: 'account' });
    expect(position).toMatchObject({ marginMode: 'cross', collateral: 9_795.4955025 });
  });

  test('setLeverage, setMarginMode and setPositionMode, and what they say when there is nothing to change', async () => {
    const ex = await world.ccxt({ config: { options: { setMarginMode: { throwMarginModeAlreadySet: true } } } });
    await ex.loadMarkets();
    expect(await ex.setLeverage(5, BTC)).toMatchObject({ leverage: 5, symbol: 'BTCUSDT' });
    expect(await ex.setLeverage(5, BTC)).toMatchObject({ leverage: 5 });
    expect(world.exchange.leverage(ACCOUNT, BTC)).toBe(5);
    await expect(ex.setLeverage(51, BTC)).rejects.toThrow('-4028');
    await ex.setMarginMode('isolated', BTC);
    expect((await ex.fetchMarginMode(BTC)).marginMode).toBe('isolated');
    await expect(ex.setMarginMode('isolated', BTC)).rejects.toThrow('-4046');
    await expect(ex.setPositionMode(false)).rejects.toThrow('-4059');
    await ex.setPositionMode(true);
    expect((await ex.fetchPositionMode()).hedged).toBe(true);
  });

  test('with something open, margin mode and position mode cannot change, nor leverage beyond the cash', async () => {
    const ex = await world.ccxt();
    await ex.loadMarkets();
    trade(BTC, 'buy', '1');
    await expect(ex.setMarginMode('isolated', BTC)).rejects.toThrow('-4048');
    await expect(ex.setPositionMode(true)).rejects.toThrow('-4068');
    // 1 BTC at 2x needs 50 000 of 10 000.
    await expect(ex.setLeverage(2, BTC)).rejects.toThrow('-2028');
  });

  test('in isolated margin leverage is never reduced while a position is open; none is set on a closed market', async () => {
    const ex = await world.ccxt();
    await ex.loadMarkets();
    await ex.setMarginMode('isolated', BTC);
    trade(BTC, 'buy', '0.01');
    await expect(ex.setLeverage(19, BTC)).rejects.toThrow('-4161');
    await ex.setLeverage(21, BTC);
    expect(world.exchange.leverage(ACCOUNT, BTC)).toBe(21);
    world.exchange.setTrading(BTC, false);
    await expect(ex.setLeverage(22, BTC)).rejects.toThrow('-4141');
  });

  test('fetchTradingFee is the account rate, not ccxt’s stale table', async () => {
    const ex = await world.ccxt();
    expect(await ex.fetchTradingFee(BTC)).toMatchObject({ maker: 0.0002, taker: 0.0005 });
  });

  test('fetchFundingHistory: a long pays a positive rate and a short receives it, newest last', async () => {
    const ex = await world.ccxt();
    trade(BTC, 'buy', '0.1');
    trade(DOGE, 'sell', '1000');
    world.clock.at = T0 + 4 * HOUR;
    world.exchange.settleFunding(DOGE, '0.0003');
    world.clock.at = T0 + 8 * HOUR;
    world.exchange.settleFunding(BTC, '0.0001');
    world.exchange.settleFunding(DOGE, '-0.0002');
    const all = await ex.fetchFundingHistory(undefined, T0);
    // 0.1 BTC x 100 000 x 0.0001 = 1; 1000 DOGE x 0.3 x 0.0003 = 0.09 and x 0.0002 = 0.06.
    expect(all.map(({ symbol, amount, timestamp }) => [symbol, amount, timestamp])).toEqual([
      [DOGE, 0.09, T0 + 4 * HOUR],
      [BTC, -1, T0 + 8 * HOUR],
      [DOGE, -0.06, T0 + 8 * HOUR],
    ]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(await ex.fetchFundingHistory(DOGE, T0 + 5 * HOUR)).toHaveLength(1);
    expect((await ex.fetchFundingHistory(DOGE, undefined, 1))[0]?.amount).toBe(-0.06);
    expect((await ex.fetchFundingHistory(DOGE, T0, 1))[0]?.amount).toBe(0.09);
  });

  test('income without a range is the last seven days; after three months it is gone', async () => {
    const ex = await world.ccxt();
    trade(BTC, 'buy', '0.1');
    world.exchange.settleFunding(BTC, '0.0001');
    world.clock.at = T0 + 8 * 24 * HOUR;
    expect(await ex.fetchFundingHistory(BTC)).toEqual([]);
    expect(await ex.fetchFundingHistory(BTC, T0)).toHaveLength(1);
    world.clock.at = T0 + 91 * 24 * HOUR;
    expect(await ex.fetchFundingHistory(BTC, T0)).toEqual([]);
  });

  test('income pages follow one another from the start of a range, and back from the newest without one', async () => {
    trade(BTC, 'buy', '0.1');
    for (let hour = 1; hour <= 3; hour += 1) {
      world.clock.at = T0 + hour * HOUR;
      world.exchange.settleFunding(BTC, '0.0001');
    }
    const hours = async (query: Record<string, number>) => {
      const asked = { incomeType: 'FUNDING_FEE', limit: 2, ...query };
      const { body } = await world.signed('GET', '/fapi/v1/income', asked);
      return (body as { time: number }[]).map(({ time }) => (time - T0) / HOUR);
    };
    expect([await hours({ startTime: T0 }), await hours({ startTime: T0, page: 2 })]).toEqual([[1, 2], [3]]);
    expect([await hours({ page: 1 }), await hours({ page: 2 }), await hours({ page: 3 })]).toEqual([[2, 3], [1], []]);
  });

  test('income tells fees and realised profit apart from funding', async () => {
    trade(BTC, 'buy', '0.1');
    btcBook(world.exchange);
    trade(BTC, 'sell', '0.1');
    const { body } = await world.signed('GET', '/fapi/v1/income', { startTime: T0 });
    const rows = body as { incomeType: string; income: string; tradeId: string }[];
    // Fees 0.0005 x 0.1 x 100 000.1 and 99 999.9; sold 0.2 lower than bought.
    expect(rows.map(({ incomeType, income }) => [incomeType, income])).toEqual([
      ['COMMISSION', '-5.00000500'],
      ['COMMISSION', '-4.99999500'],
      ['REALIZED_PNL', '-0.02000000'],
    ]);
  });
});
