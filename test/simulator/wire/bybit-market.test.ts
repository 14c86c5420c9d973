/** Public REST data of the simulated Bybit, through unmodified ccxt and raw requests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { px } from '../../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../../src/kernel/instant.ts';
import { BTC, type BybitWorld, ETH, levels, NEXT_SETTLEMENT, START, startBybit } from './bybit-world.ts';

let world: BybitWorld;
beforeEach(async () => {
  world = await startBybit();
});
afterEach(() => world.close());

describe('instruments', () => {
  it('are loaded by ccxt with steps, limits and base-unit contracts', async () => {
    await world.ccxt.loadMarkets();
    expect(Object.keys(world.ccxt.markets ?? {}).sort()).toEqual([BTC, ETH]);
    const market = world.ccxt.market(BTC);
    expect(market).toMatchObject({
      id: 'BTCUSDT',
      swap: true,
      linear: true,
      settle: 'USDT',
      active: true,
      contractSize: 1,
      precision: { amount: 0.001, price: 0.1 },
      limits: { amount: { min: 0.001, max: 100 }, cost: { min: 5 }, leverage: { min: 1, max: 100 } },
    });
    expect(market.info.fundingInterval).toBe(480);
    expect(world.ccxt.market(ETH).info.fundingInterval).toBe(240);
    expect([...world.requests].sort()).toEqual([
      'GET /v5/market/instruments-info?category=linear&limit=1000',
      'GET /v5/market/instruments-info?category=linear&limit=1000&status=PreLaunch',
    ]);
  });

  it('come in pages whose cursor ends, and other products are empty', async () => {
    const first = await world.open('/v5/market/instruments-info', 'category=linear&limit=1');
    expect(first.result.list.map((row) => row.symbol)).toEqual(['BTCUSDT']);
    expect(first.result.nextPageCursor).not.toBe('');
    const query = `category=linear&limit=1&cursor=${first.result.nextPageCursor}`;
    const second = await world.open('/v5/market/instruments-info', query);
    expect(second.result.list.map((row) => row.symbol)).toEqual(['ETHUSDT']);
    expect(second.result.nextPageCursor).toBe('');
    expect((await world.open('/v5/market/instruments-info', 'category=spot')).result.list).toEqual([]);
  });

  it('a halted instrument leaves the default list and is found by its status', async () => {
    world.exchange.setTrading(ETH, false);
    const ids = async (query: string): Promise<(string | undefined)[]> =>
      (await world.open('/v5/market/instruments-info', `category=linear${query}`)).result.list.map((row) => row.symbol);
    expect(await ids('')).toEqual(['BTCUSDT']);
    expect(await ids('&status=Closed')).toEqual(['ETHUSDT']);
    expect(await ids('&symbol=ETHUSDT')).toEqual(['ETHUSDT']);
  });
});

describe('funding', () => {
  it('current rates carry settlement time, mark, index and the interval of the instrument', async () => {
    const rates = await world.ccxt.fetchFundingRates();
    expect(rates[BTC]).toMatchObject({
      fundingRate: 0.0001,
      fundingTimestamp: NEXT_SETTLEMENT,
      markPrice: 50_000,
      indexPrice: 49_995,
      interval: '8h',
      timestamp: START,
    });
    expect(rates[ETH]).toMatchObject({ fundingRate: -0.00005, interval: '4h' });
    expect(world.requests.at(-1)).toBe('GET /v5/market/tickers?category=linear');
  });

  it('interval-changed: ccxt keeps the old interval until markets reload, the ticker row has the new one', async () => {
    await world.ccxt.loadMarkets();
    world.exchange.setFunding(BTC, { predictedRate: '0.0002', intervalHours: 1, nextSettlementAt: START + HOUR_MS });
    const stale = await world.ccxt.fetchFundingRates([BTC]);
    expect(stale[BTC]?.interval).toBe('8h');
    expect(stale[BTC]?.info.fundingIntervalHour).toBe('1');
    await world.ccxt.loadMarkets(true);
    expect((await world.ccxt.fetchFundingRates([BTC]))[BTC]?.interval).toBe('1h');
  });

  it('history is newest first on the wire, at most 200 rows, within the asked window', async () => {
    const first = START - 240 * 8 * HOUR_MS;
    for (let index = 0; index < 240; index += 1) {
      const at = first + index * 8 * HOUR_MS;
      world.exchange.recordSettled({ symbol: BTC, rate: `0.000${100 + index}`, mark: px('50000'), at });
    }
    const raw = await world.open('/v5/market/funding/history', 'category=linear&symbol=BTCUSDT');
    expect(raw.result.list).toHaveLength(200);
    expect(raw.result.list[0]).toEqual({
      symbol: 'BTCUSDT',
      fundingRate: '0.000339',
      fundingRateTimestamp: String(START - 8 * HOUR_MS),
    });
    const since = first + 10 * 8 * HOUR_MS;
    const parsed = await world.ccxt.fetchFundingRateHistory(BTC, since + 1, 5);
    expect(parsed.map((row) => row.timestamp)).toEqual([1, 2, 3, 4, 5].map((step) => since + step * 8 * HOUR_MS));
    expect(parsed[0]?.fundingRate).toBe(0.000111);
    expect(world.requests.at(-1)).toBe(
      `GET /v5/market/funding/history?limit=5&symbol=BTCUSDT&category=linear&startTime=${since + 1}&endTime=${since + 1 + 40 * HOUR_MS}`,
    );
  });

  it('history-row-lost: a `since` exactly on a settlement makes ccxt ask for one row too many and lose the first', async () => {
    const first = START - 80 * HOUR_MS;
    for (let at = first; at < START; at += 8 * HOUR_MS) {
      world.exchange.recordSettled({ symbol: BTC, rate: '0.0001', mark: px('50000'), at });
    }
    // startTime to startTime + 2 intervals holds three settlements; the venue keeps the newest two.
    const parsed = await world.ccxt.fetchFundingRateHistory(BTC, first, 2);
    expect(parsed.map((row) => row.timestamp)).toEqual([first + 8 * HOUR_MS, first + 16 * HOUR_MS]);
  });

  it('history refuses a start without an end and more than 200 rows', async () => {
    const query = 'category=linear&symbol=BTCUSDT';
    const alone = await world.open('/v5/market/funding/history', `${query}&startTime=1`);
    expect([alone.status, alone.retCode, alone.retMsg]).toEqual([200, 10_001, expect.stringContaining('endTime')]);
    const many = await world.open('/v5/market/funding/history', `${query}&limit=201`);
    expect([many.retCode, many.retMsg]).toEqual([10_001, expect.stringContaining('limit')]);
  });
});

describe('books, tickers and time', () => {
  it('the order book equals the model, cut at the asked depth, stamped with its own age', async () => {
    world.clock.at += 5_000;
    const book = await world.ccxt.fetchOrderBook(BTC, 2);
    expect(book.bids).toEqual([
      [49_990, 1],
      [49_980, 2],
    ]);
    expect(book.asks).toEqual([
      [50_010, 1],
      [50_020, 2],
    ]);
    expect(book.timestamp).toBe(START);
  });

  it('tickers are parsed as contracts and show the best levels', async () => {
    const tickers = await world.ccxt.fetchTickers([BTC, ETH]);
    expect(tickers[ETH]).toMatchObject({
      bid: 2_499.9,
      bidVolume: 40,
      ask: 2_500.1,
      markPrice: 2_500,
      indexPrice: 2_500.5,
    });
    expect(tickers[BTC]?.bid).toBe(49_990);
  });

  it('risk limits: one tier for each market, 15 markets to a page', async () => {
    const tiers = await world.ccxt.fetchLeverageTiers();
    expect(Object.keys(tiers).sort()).toEqual([BTC, ETH]);
    // 100 BTC at 50 000.
    expect(tiers[BTC]).toMatchObject([
      { tier: 1, minNotional: 0, maxNotional: 5_000_000, maintenanceMarginRate: 0.005, maxLeverage: 100 },
    ]);
    expect((await world.ccxt.fetchMarketLeverageTiers(ETH))[0]?.maxNotional).toBe(250_000);
    const inverse = await world.open('/v5/market/risk-limit', 'category=inverse');
    expect([inverse.retCode, inverse.result.list, inverse.result.nextPageCursor]).toEqual([0, [], '']);
    expect((await world.open('/v5/market/risk-limit', 'category=spot')).retCode).toBe(10_001);
  });

  it('the time is the exchange clock', async () => {
    world.clock.at += 123;
    expect(await world.ccxt.fetchTime()).toBe(START + 123);
  });

  it('an unknown symbol and a missing category name the parameter', async () => {
    const symbol = await world.open('/v5/market/orderbook', 'category=linear&symbol=NOPEUSDT');
    expect([symbol.status, symbol.retCode, symbol.retMsg]).toEqual([200, 10_001, 'params error: symbol invalid']);
    const category = await world.open('/v5/market/tickers', 'symbol=BTCUSDT');
    expect([category.retCode, category.retMsg]).toEqual([10_001, 'params error: category is required']);
  });

  it('an empty side is an empty list and an empty best price', async () => {
    world.exchange.setBook(ETH, [], levels(['2501', '1']));
    expect((await world.ccxt.fetchOrderBook(ETH)).bids).toEqual([]);
    const raw = await world.open('/v5/market/tickers', 'category=linear&symbol=ETHUSDT');
    expect(raw.result.list[0]).toMatchObject({ bid1Price: '', bid1Size: '', ask1Price: '2501', ask1Size: '1' });
  });
});
