import { expect, it } from 'vitest';
import { base, px, quote } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import { createPaperAccount } from '../../src/simulator/paper-account.ts';

const SYMBOL = 'BTC/USDT:USDT';
const instrument: Instrument = {
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

it('nothing-listed: an account whose venue lists none of its assets is not there yet, and opens once it does', async () => {
  const clock = { now: () => 1, monotonicMs: () => 1, after: () => () => undefined };
  const account = createPaperAccount({ venue: 'okx', clock, depositUsd: quote('10000'), assets: new Set(['BTC']) });
  account.onMarket({ kind: 'instruments', venue: 'okx', instruments: [] });
  account.onMarket({ kind: 'instruments', venue: 'okx', instruments: [{ ...instrument, asset: 'ETH' }] });
  expect(await account.venue.instruments()).toMatchObject({ ok: false, code: 'venue_unreachable' });
  account.onMarket({ kind: 'instruments', venue: 'okx', instruments: [instrument] });
  expect(await account.venue.instruments()).toMatchObject({ ok: true, value: [{ asset: 'BTC' }] });
});
