/** The one instrument of the paper tests. */
import { base, px } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import type { Instrument } from '../../src/market/instrument.ts';

export const SYMBOL = 'BTC/USDT:USDT';
export const instrument: Instrument = {
  key: instrumentKey('okx', SYMBOL),
  venue: 'okx',
  symbol: SYMBOL,
  asset: 'BTC',
  kind: 'perpetual',
  settle: 'USDT',
  lot: base('0.01'),
  minQuantity: base('0.01'),
  tick: px('0.1'),
  takerFeeRate: 0.0005,
  makerFeeRate: 0.0002,
  trading: true,
};
