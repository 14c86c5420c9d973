/** A paper account knows from the ledger what its venue still owes it. */
import { expect, it } from 'vitest';
import { restored } from '../../src/cli/compose-venues.ts';
import { base, px } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { AT, fill, payment, planned } from '../platform/facts.ts';

it('fault-27-restart-between-two-payments: one instrument paid at a settlement does not cancel the other’s', () => {
  const ledger = emptyLedger();
  const at = AT + 3_600_000;
  foldFact(ledger, fill('1', { venue: 'binance' }));
  foldFact(ledger, fill('2', { venue: 'binance', symbol: 'ETH/USDT:USDT' }));
  const paid = payment('p1', '1.25');
  if (paid.kind !== 'payment') throw new Error('not a payment');
  foldFact(ledger, { ...paid, payment: { ...paid.payment, at } });
  const account = ledger.accounts.get('live|binance');
  if (!account) throw new Error('no account');
  const [btc, eth] = restored(ledger, account, 2).positions;
  expect(btc).toMatchObject({ symbol: 'BTC/USDT:USDT', lastFillAt: AT, lastPaymentAt: at });
  expect(eth).toMatchObject({ symbol: 'ETH/USDT:USDT', lastFillAt: AT });
  expect(eth).not.toHaveProperty('lastPaymentAt');
});

it('fault-55-leverage-changed: what stands keeps the leverage that it was opened at', () => {
  const ledger = emptyLedger();
  const plan = planned('h1', { route: 'paper' });
  if (plan.kind !== 'hedge_planned') throw new Error('not a plan');
  foldFact(ledger, plan);
  foldFact(ledger, fill('1', { route: 'paper', venue: 'binance', hedge: 'h1', leg: 'short', side: 'sell' }));
  const account = ledger.accounts.get('paper|binance');
  if (!account) throw new Error('no account');
  expect(restored(ledger, account, plan.leverage * 5).positions).toMatchObject([{ leverage: plan.leverage }]);
});

it('fault-27-accepted-position: settlements before it was accepted are not owed', () => {
  const ledger = emptyLedger();
  foldFact(ledger, {
    kind: 'adjustment',
    venue: 'binance',
    route: 'paper',
    symbol: 'BTC/USDT:USDT',
    side: 'buy',
    quantity: base('0.25'),
    price: px('30000'),
    by: 'operator',
    at: AT,
  });
  const account = ledger.accounts.get('paper|binance');
  if (!account) throw new Error('no account');
  expect(restored(ledger, account, 2).positions).toMatchObject([{ symbol: 'BTC/USDT:USDT', lastFillAt: AT }]);
});
