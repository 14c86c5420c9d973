/** The report says of money only what the ledger knows: of each leg, and of the hedge, what funding came to. */
import { expect, test } from 'vitest';
import { px, quote } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact } from '../../src/ledger/facts.ts';
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

function reportOf(...payments: readonly Fact[]): ReplayReport {
  const ledger = emptyLedger();
  for (const fact of [...HELD, ...payments]) foldFact(ledger, fact);
  return buildReport({ ledger, file: 'bars.csv', fromAt: AT, toAt: AT + 86_400_000, venues: [] });
}

test('net-called-received: a leg that received and paid is told with what it came to, and nobody is said to have paid nothing', () => {
  const report = reportOf(
    payment('p1', '100', { hedge: 'h1', leg: 'short' }),
    payment('p2', '-40', { hedge: 'h1', leg: 'short' }),
  );
  expect(report.hedges).toMatchObject([
    { funding: '60.00', long: { funding: '0.00' }, short: { funding: '60.00' }, fees: '6.75', net: '53.25' },
  ]);
  const text = renderReport(report);
  expect(text).toMatch(/short binance .* funding 60\.00 /);
  expect(text).toContain('\n    funding 60.00, fees 6.75, price PnL 0.00, net 53.25');
  expect(text).not.toMatch(/received|paid/);
});
