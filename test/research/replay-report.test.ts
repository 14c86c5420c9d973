/** The report tells what each leg received, what it paid, and what both come to. */
import { expect, test } from 'vitest';
import { px, quote } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact, PaymentBooked } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { buildReport, type ReplayReport, renderReport } from '../../src/research/replay-report.ts';
import { AT, attempt, fill, payment, planned } from '../platform/facts.ts';

const HELD: readonly Fact[] = [
  planned('h1'),
  { kind: 'hedge_moved', hedge: 'h1', from: 'planned', to: 'entering', reason: 'approved', detail: '', at: AT },
  attempt('c1', 'h1'),
  attempt('c2', 'h1', { leg: 'short', side: 'sell', key: 'binance|BTC/USDT:USDT', limitPrice: px('30000') }),
  fill('1', { hedge: 'h1', leg: 'long', clientOrderId: 'c1', fee: quote('3.75') }),
  fill('2', { hedge: 'h1', leg: 'short', clientOrderId: 'c2', venue: 'binance', side: 'sell', fee: quote('3') }),
  { kind: 'hedge_moved', hedge: 'h1', from: 'entering', to: 'held', reason: 'filled', detail: '', at: AT },
];

function reportOf(...payments: readonly PaymentBooked[]): ReplayReport {
  const ledger = emptyLedger();
  for (const fact of [...HELD, ...payments]) foldFact(ledger, fact);
  return buildReport({
    ledger,
    payments,
    file: 'bars.csv',
    fromAt: AT,
    toAt: AT + 86_400_000,
    venues: [],
    warnings: [],
  });
}

test('net-called-received: a leg that received and paid is told with both', () => {
  const report = reportOf(
    payment('p1', '100', { hedge: 'h1', leg: 'short' }),
    payment('p2', '-40', { hedge: 'h1', leg: 'short' }),
    payment('p3', '-7.5', { hedge: 'h1', leg: 'long' }),
  );
  expect(report.hedges).toMatchObject([
    {
      fundingReceived: '100.00',
      fundingPaid: '-47.50',
      funding: '52.50',
      long: { fundingReceived: '0.00', fundingPaid: '-7.50', funding: '-7.50' },
      short: { fundingReceived: '100.00', fundingPaid: '-40.00', funding: '60.00' },
      net: '45.75',
    },
  ]);
  const text = renderReport(report);
  expect(text).toMatch(/short binance .* funding 60\.00 \(received 100\.00, paid 40\.00\) /);
  expect(text).toContain('\n    funding 52.50 (received 100.00, paid 47.50), fees 6.75, price PnL 0.00, net 45.75');
});
