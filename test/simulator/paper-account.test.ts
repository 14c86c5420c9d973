import { expect, it } from 'vitest';
import { quote } from '../../src/kernel/decimal.ts';
import type { AccountEvent } from '../../src/ports/venue.ts';
import { createPaperAccount } from '../../src/simulator/paper-account.ts';
import { instrument } from './paper-instrument.ts';

it('nothing-listed: an account whose venue lists none of its assets is not there yet, and opens once it does', async () => {
  const clock = { now: () => 1, monotonicMs: () => 1, after: () => () => undefined };
  const account = createPaperAccount({
    venue: 'okx',
    clock,
    maxBookAgeMs: 5_000,
    depositUsd: quote('10000'),
    assets: new Set(['BTC']),
  });
  account.onMarket({ kind: 'instruments', venue: 'okx', instruments: [] });
  account.onMarket({ kind: 'instruments', venue: 'okx', instruments: [{ ...instrument, asset: 'ETH' }] });
  expect(await account.venue.instruments()).toMatchObject({ ok: false, code: 'venue_unreachable' });
  account.onMarket({ kind: 'instruments', venue: 'okx', instruments: [instrument] });
  expect(await account.venue.instruments()).toMatchObject({ ok: true, value: [{ asset: 'BTC' }] });
});

it('listed-later: what the account does not know is told as closed, so that nothing is opened on one side only', async () => {
  const clock = { now: () => 1, monotonicMs: () => 1, after: () => () => undefined };
  const account = createPaperAccount({
    venue: 'okx',
    clock,
    maxBookAgeMs: 5_000,
    depositUsd: quote('10000'),
    assets: new Set(),
  });
  const events: AccountEvent[] = [];
  account.venue.subscribe((event) => events.push(event));
  const told = () => events.flatMap((event) => (event.kind === 'closed' ? [[...event.closed.keys()]] : []));
  account.onMarket({ kind: 'instruments', venue: 'okx', instruments: [instrument] });
  expect(told()).toEqual([]);
  const later = { ...instrument, key: 'okx|NEW/USDT:USDT', symbol: 'NEW/USDT:USDT', asset: 'NEW' } as const;
  const listed = { kind: 'instruments', venue: 'okx', instruments: [instrument, later] } as const;
  account.onMarket(listed);
  account.onMarket(listed);
  account.onMarket({ ...listed, venue: 'bybit' });
  expect(told()).toEqual([['okx|NEW/USDT:USDT']]);
});
