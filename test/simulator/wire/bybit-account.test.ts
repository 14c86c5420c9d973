/** Settings, wallet, positions, fees and funding payments of the simulated Bybit through unmodified ccxt. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { px } from '../../../src/kernel/decimal.ts';
import { DAY_MS, HOUR_MS } from '../../../src/kernel/instant.ts';
import {
  ACCOUNT,
  BTC,
  type BybitWorld,
  defaultBook,
  ETH,
  levels,
  NEXT_SETTLEMENT,
  refusal,
  startBybit,
} from './bybit-world.ts';

let world: BybitWorld;
beforeEach(async () => {
  world = await startBybit();
});
afterEach(() => world.close());

const buy = (amount: number) => world.ccxt.createOrder(BTC, 'limit', 'buy', amount, 50_010, { timeInForce: 'IOC' });
const sell = (amount: number) => world.ccxt.createOrder(BTC, 'limit', 'sell', amount, 49_990, { timeInForce: 'IOC' });

describe('settings', () => {
  it('leverage: set, read back through the position, 110043 when it is already so, 110013 out of range', async () => {
    await world.ccxt.setLeverage(5, BTC);
    expect(world.exchange.leverage(ACCOUNT, BTC)).toBe(5);
    expect((await world.ccxt.fetchLeverage(BTC)).longLeverage).toBe(5);
    expect(await refusal(world.ccxt.setLeverage(5, BTC))).toEqual([
      'BadRequest',
      expect.stringContaining('"retCode":110043'),
    ]);
    expect(await refusal(world.ccxt.setLeverage(101, BTC))).toEqual([
      'BadRequest',
      expect.stringContaining('"retCode":110013'),
    ]);
  });

  it('margin mode is account-wide and setting it again is accepted', async () => {
    expect((await world.ccxt.fetchMarginMode(BTC)).marginMode).toBe('cross');
    await world.ccxt.setMarginMode('isolated');
    await world.ccxt.setMarginMode('isolated', BTC);
    expect([BTC, ETH].map((symbol) => world.exchange.marginMode(ACCOUNT, symbol))).toEqual(['isolated', 'isolated']);
    expect((await world.ccxt.fetchMarginMode(ETH)).marginMode).toBe('isolated');
    expect(world.requests.filter((line) => line.startsWith('POST'))).toEqual([
      'POST /v5/account/set-margin-mode',
      'POST /v5/account/set-margin-mode',
    ]);
  });

  it('margin mode does not change halfway when a position blocks the second market', async () => {
    await world.ccxt.createOrder(ETH, 'market', 'buy', 1);
    const [name, message] = await refusal(world.ccxt.setMarginMode('isolated'));
    expect([name, message]).toEqual(['ExchangeError', expect.stringContaining('"retCode":3400045')]);
    expect([BTC, ETH].map((symbol) => world.exchange.marginMode(ACCOUNT, symbol))).toEqual(['cross', 'cross']);
  });

  it('position mode: 110025 without change; hedge mode refuses one-way orders; what is open blocks the switch', async () => {
    const unchanged = await refusal(world.ccxt.setPositionMode(false, BTC));
    expect(unchanged).toEqual(['NoChange', expect.stringContaining('"retCode":110025')]);
    await world.ccxt.setPositionMode(true);
    const [name, message] = await refusal(buy(0.1));
    expect([name, message]).toEqual(['BadRequest', expect.stringContaining('position idx not match position mode')]);
    const sided = world.ccxt.createOrder(BTC, 'market', 'buy', 0.1, undefined, { positionIdx: 1 });
    expect((await refusal(sided))[1]).toContain('not simulated');
    await world.ccxt.setPositionMode(false, BTC);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.01, 49_000);
    const ordered = await refusal(world.ccxt.setPositionMode(true, BTC));
    expect(ordered).toEqual(['BadRequest', expect.stringContaining('"retCode":110028')]);
    await buy(0.1);
    const blocked = await refusal(world.ccxt.setPositionMode(true, BTC));
    expect(blocked).toEqual(['BadRequest', expect.stringContaining('"retCode":110024')]);
  });

  it('the account is recognised as unified when ccxt asks', async () => {
    world.ccxt.options.enableUnifiedAccount = undefined;
    world.ccxt.options.enableUnifiedMargin = undefined;
    await world.ccxt.fetchBalance();
    expect(world.ccxt.options).toMatchObject({
      enableUnifiedAccount: true,
      enableUnifiedMargin: false,
      unifiedMarginStatus: 6,
    });
    expect(world.requests.filter((line) => line.includes('v5/user') || line.includes('account/info'))).toEqual([
      'GET /v5/user/query-api?',
      'GET /v5/account/info?',
    ]);
  });
});

describe('wallet, positions and fees', () => {
  it('balance: total is the wallet without unrealised PnL, free is what no margin holds', async () => {
    await world.ccxt.setLeverage(10, BTC);
    await buy(1);
    await world.ccxt.createOrder(BTC, 'limit', 'buy', 0.1, 49_000);
    // Fee 50010 x 0.00055 = 27.5055. Margin 5001. The order: 490 margin + 4900 x 0.00055 = 2.695 for its fee.
    const balance = await world.ccxt.fetchBalance();
    expect(balance.USDT).toMatchObject({ total: 99_972.4945, used: 5_493.695, free: 94_478.7995 });
    // The mark is 10 below the entry price.
    expect(balance.info.result.list[0]).toMatchObject({ totalEquity: '99962.4945', totalPerpUPL: '-10' });
    expect(world.requests.at(-1)).toBe('GET /v5/account/wallet-balance?accountType=UNIFIED');
  });

  it('positions: size is in base units with a side; one that is flat is listed only by symbol', async () => {
    await world.ccxt.setLeverage(10, BTC);
    await sell(0.5);
    const [position, ...others] = await world.ccxt.fetchPositions();
    expect(others).toEqual([]);
    expect(position).toMatchObject({
      symbol: BTC,
      side: 'short',
      contracts: 0.5,
      contractSize: 1,
      entryPrice: 49_990,
      markPrice: 50_000,
      leverage: 10,
      unrealizedPnl: -5,
      initialMargin: 2_499.5,
      notional: 24_995,
      hedged: false,
      maintenanceMargin: undefined,
      marginMode: undefined,
    });
    // -24995 - 2499.5 = -27494.5 over 0.5 x 1.005: at 54715.42 the margin left equals maintenance.
    expect(position?.liquidationPrice).toBeCloseTo(54_715.42289, 4);
    expect(world.requests.at(-1)).toBe('GET /v5/position/list?settleCoin=USDT&limit=200&category=linear');
    const flat = await world.ccxt.fetchPosition(ETH);
    expect([flat.contracts, flat.side]).toEqual([0, undefined]);
  });

  it('fees are those of the instrument, one by one or all together', async () => {
    expect(await world.ccxt.fetchTradingFee(BTC)).toMatchObject({ taker: 0.00055, maker: 0.0002 });
    expect(Object.keys(await world.ccxt.fetchTradingFees()).sort()).toEqual([BTC, ETH]);
  });
});

describe('funding payments', () => {
  it('sign: the amount is positive when the account PAID; the fee rate carries the sign, not the market rate', async () => {
    await buy(1);
    world.clock.at = NEXT_SETTLEMENT;
    world.exchange.settleFunding(BTC, '0.0001');
    await sell(1);
    defaultBook(world.exchange);
    await sell(0.5);
    world.clock.at += 8 * HOUR_MS;
    world.exchange.settleFunding(BTC, '0.0002');
    const payments = await world.ccxt.fetchFundingHistory(BTC);
    // Long 1 at mark 50000 and +0.0001 pays 5. Short 0.5 at +0.0002 receives 5.
    expect(payments.map(({ amount, code, timestamp }) => ({ amount, code, timestamp }))).toEqual([
      { amount: 5, code: 'USDT', timestamp: NEXT_SETTLEMENT },
      { amount: -5, code: 'USDT', timestamp: NEXT_SETTLEMENT + 8 * HOUR_MS },
    ]);
    expect(payments.map(({ info }) => [info.side, info.execQty, info.feeRate, info.execValue])).toEqual([
      ['Buy', '1', '0.0001', '50000'],
      ['Sell', '0.5', '-0.0002', '25000'],
    ]);
    expect(world.exchange.payments(ACCOUNT).map((payment) => payment.amount.toFixed())).toEqual(['-5', '5']);
    expect(world.requests.at(-1)).toBe(
      'GET /v5/execution/list?execType=Funding&symbol=BTCUSDT&category=linear&size=100',
    );
  });

  it('history-truncated: ccxt sends `size`, which the venue ignores, so 50 rows are a page', async () => {
    await buy(0.1);
    for (let index = 0; index < 60; index += 1) {
      world.clock.at += HOUR_MS;
      world.exchange.settleFunding(BTC, '0.0001');
    }
    expect(await world.ccxt.fetchFundingHistory(BTC, undefined, 100)).toHaveLength(50);
    expect(await world.ccxt.fetchFundingHistory(BTC, undefined, 100, { limit: 100 })).toHaveLength(60);
  });

  it('time window: 7 days at most, from `since` on, or the last 7 days', async () => {
    await buy(0.1);
    const begin = world.clock.at;
    for (let day = 1; day <= 20; day += 1) {
      world.clock.at = begin + day * DAY_MS;
      world.exchange.settleFunding(BTC, '0.0001');
    }
    const daysOf = async (since?: number, until?: number): Promise<number[]> => {
      const rows = await world.ccxt.fetchFundingHistory(BTC, since, undefined, until === undefined ? {} : { until });
      return rows.map((row) => ((row.timestamp ?? 0) - begin) / DAY_MS);
    };
    expect(await daysOf()).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect(await daysOf(begin + 2 * DAY_MS)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await daysOf(begin + 2 * DAY_MS, begin + 4 * DAY_MS)).toEqual([2, 3, 4]);
    const query = `category=linear&startTime=${begin}&endTime=${begin + 8 * DAY_MS}`;
    const wide = await world.get('/v5/execution/list', query);
    expect([wide.retCode, wide.retMsg]).toEqual([10_001, expect.stringContaining('endTime')]);
  });

  it('pages of mixed executions neither repeat nor skip, even while new ones arrive', async () => {
    await buy(0.1);
    for (let index = 0; index < 6; index += 1) {
      world.clock.at += HOUR_MS;
      world.exchange.settleFunding(BTC, '0.0001');
    }
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 10; page += 1) {
      const query = `category=linear&symbol=BTCUSDT&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { result } = await world.get('/v5/execution/list', query);
      if (result.list.length === 0) break;
      for (const row of result.list) seen.push(`${row.execType}@${row.execTime}`);
      cursor = result.nextPageCursor;
      world.clock.at += 1_000;
      world.exchange.setBook(BTC, levels(['49990', '1']), levels(['50010', '1']));
      if (page === 1) await buy(0.1);
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
    expect(seen.at(-1)).toMatch(/^Trade@/);
  });

  it('a position closed before the settlement pays nothing', async () => {
    await buy(0.1);
    await sell(0.1);
    world.exchange.setMark(BTC, px('50100'), px('50100'));
    world.exchange.settleFunding(BTC, '0.01');
    expect(await world.ccxt.fetchFundingHistory(BTC)).toEqual([]);
  });
});
