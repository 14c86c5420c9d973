/** "Last price" follows the book on every venue, whether or not the account itself has traded. */
import { afterEach, describe, expect, it } from 'vitest';
import { contracts, px, text } from '../../../src/kernel/decimal.ts';
import type { Exchange } from '../../../src/simulator/exchange/api.ts';
import { lastPrice } from '../../../src/simulator/wire/last-price.ts';
import * as binance from './binance-world.ts';
import * as bybit from './bybit-world.ts';
import * as okx from './okx-world.ts';

const BTC = 'BTC/USDT:USDT';
type Field = (row: Record<string, unknown>) => unknown;

async function binanceSite() {
  const world = await binance.startWorld();
  const read = async () => [
    ((await world.raw('GET', '/fapi/v1/ticker/price?symbol=BTCUSDT')).body as { price: string }).price,
  ];
  return { exchange: world.exchange, read, close: world.close };
}

async function bybitSite() {
  const world = await bybit.startBybit();
  const fields: Field[] = [(row) => row.lastPrice, (row) => row.highPrice24h, (row) => row.lowPrice24h];
  const read = async () => {
    const { result } = await world.open('/v5/market/tickers', 'category=linear&symbol=BTCUSDT');
    return fields.map((field) => field(result.list[0] ?? {}));
  };
  return { exchange: world.exchange, read, close: () => world.close() };
}

async function okxSite() {
  const world = await okx.okxWorld();
  const read = async () => {
    const tickers = await world.plain(`market/ticker?instId=${okx.BTC_ID}`);
    const positions = await world.signed('GET', 'account/positions');
    return [tickers.data[0]?.last, ...positions.data.map((row) => row.last)];
  };
  return { exchange: world.exchange, read, close: () => world.close() };
}

/** A book one tick of 0.1 wide on either side of the middle. */
function book(exchange: Exchange, middle: number): void {
  const at = (price: number) => [{ price: px(price.toFixed(1)), contracts: contracts('10') }];
  exchange.setMark(BTC, px(middle.toFixed(1)), px(middle.toFixed(1)));
  exchange.setBook(BTC, at(middle - 0.1), at(middle + 0.1));
}

describe.each([
  ['binance', binanceSite],
  ['bybit', bybitSite],
  ['okx', okxSite],
])('the last price of %s', (_name, open) => {
  let site: Awaited<ReturnType<typeof open>>;
  afterEach(() => site.close());

  it('is in the middle of the book before any trade, and within the book ever after', async () => {
    site = await open();
    const { exchange, read } = site;
    const all = async () => [...new Set((await read()).map(Number))];
    book(exchange, 30_000);
    expect(await all()).toEqual([30_000]);
    const order = { symbol: BTC, side: 'buy', type: 'market', tif: 'IOC', reduceOnly: false } as const;
    exchange.setLeverage('main', BTC, 10);
    expect(exchange.place('main', { ...order, contracts: contracts('1') }).ok).toBe(true);
    expect(await all()).toEqual([30_000.1]);
    book(exchange, 30_600);
    expect(await all()).toEqual([30_599.9]);
    book(exchange, 29_700);
    expect(await all()).toEqual([29_700.1]);
  });
});

describe('without half of a book', () => {
  it('is that of the side that there is, or of the last trade', async () => {
    const world = await okx.okxWorld();
    const market = world.exchange.market(BTC);
    await world.close();
    if (!market) throw new Error('no market');
    const told = (change: object) => {
      const last = lastPrice({ ...market, ...change });
      return last && text(last);
    };
    expect(told({})).toBe('50000');
    expect(told({ asks: [] })).toBe('49990');
    expect(told({ bids: [] })).toBe('50010');
    expect(told({ bids: [], last: px('50000') })).toBe('50010');
    expect(told({ bids: [], asks: [], last: px('50000') })).toBe('50000');
    expect(told({ bids: [], asks: [] })).toBeUndefined();
  });
});
