/** A perpetual as a connection lists it. */
import type { MarketListing } from '../../src/feeds/market-connection.ts';
import { base, px } from '../../src/kernel/decimal.ts';

const symbol = 'BTC/USDT:USDT';

export const BTC_LISTING: MarketListing = {
  instrument: {
    key: `binance|${symbol}`,
    venue: 'binance',
    symbol,
    asset: 'BTC',
    kind: 'perpetual',
    settle: 'USDT',
    lot: base('0.001'),
    minQuantity: base('0.001'),
    tick: px('0.1'),
    takerFeeRate: 0.0005,
    makerFeeRate: 0.0002,
    trading: true,
  },
  symbol,
  marketId: 'BTCUSDT',
  unitSize: base('1'),
  info: {},
};
