import { expect, test } from 'vitest';
import { readAccounts } from '../../src/cli/account-reading.ts';
import { base } from '../../src/kernel/decimal.ts';
import { success } from '../../src/kernel/outcome.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { AT } from './fake-bot.ts';

type Account = Parameters<typeof readAccounts>[0][number];

const account = (id: string, over: Partial<Account> = {}): Account => ({
  id,
  route: 'live',
  positions: async () => success([{ key: `${id}|BTC/USDT:USDT`, quantity: base('1') }] as never, AT),
  openOrders: async () => success([], AT),
  ...over,
});
const never: Venue['openOrders'] = () => new Promise(() => undefined);

test('kill-beside-a-ban: a venue that lets requests wait is unknown after eight seconds, the others are told', async () => {
  const clock = createSimClock(AT);
  const reading = readAccounts(
    [
      account('okx'),
      account('binance', { positions: never as never, openOrders: never }),
      account('bybit', { openOrders: never }),
    ],
    clock,
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
  clock.advanceTo(AT + 8_000);
  const [okx, binance, bybit] = await reading;
  expect(okx).toMatchObject({ account: 'live|okx', read: { ok: true }, orders: { ok: true } });
  expect(binance).toMatchObject({ read: { ok: false, code: 'timeout' }, orders: { ok: false, code: 'timeout' } });
  expect(bybit).toMatchObject({ read: { ok: true }, orders: { ok: false, code: 'timeout' } });
});

test('an account whose reading breaks is unknown too', async () => {
  const positions = () => Promise.reject(new Error('a bug'));
  expect(await readAccounts([account('okx', { positions })], createSimClock(AT))).toMatchObject([
    { read: { ok: false, code: 'internal' }, orders: { ok: true } },
  ]);
});
