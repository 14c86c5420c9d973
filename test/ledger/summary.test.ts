import { describe, expect, it } from 'vitest';
import { text } from '../../src/kernel/decimal.ts';
import { DAY_MS } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { summarizeHedge, summarizeRoute } from '../../src/ledger/summary.ts';
import { AT, attempt, booked, fill, payment, plan } from './samples.ts';

/** Long 10 at 100 and 101 (mean 100.6), short 10 at 100.8; out at 110 and 110.5; every fill costs 0.1. */
const FACTS: Fact[] = [
  plan(),
  attempt('l1', 'long'),
  attempt('s1', 'short'),
  booked(fill('1', 'alpha', 'buy', '4', '100', { clientOrderId: 'l1' }), 'long'),
  booked(fill('2', 'alpha', 'buy', '6', '101', { clientOrderId: 'l1' }), 'long'),
  booked(fill('3', 'beta', 'sell', '10', '100.8', { clientOrderId: 's1' }), 'short'),
  payment('p1', 'beta', '2.5', 'short'),
  payment('p2', 'alpha', '-0.7', 'long'),
];
const OUT: Fact[] = [
  booked(fill('4', 'alpha', 'sell', '10', '110'), 'long'),
  booked(fill('5', 'beta', 'buy', '10', '110.5'), 'short'),
];
const ledger = (facts: readonly Fact[]) => {
  const state = emptyLedger();
  for (const fact of facts) foldFact(state, fact);
  return state;
};
const hedgeOf = (facts: readonly Fact[]) => {
  const hedge = ledger(facts).hedges.get('h1');
  if (!hedge) throw new Error('no hedge');
  return summarizeHedge(hedge, AT + 2 * DAY_MS);
};

describe('summary', () => {
  it('a closed hedge, by hand', () => {
    const summary = hedgeOf([...FACTS, ...OUT]);
    expect(text(summary.long.entryPrice ?? summary.net)).toBe('100.6');
    expect(text(summary.long.exitPrice ?? summary.net)).toBe('110');
    // Long: 1100 - 1006 = 94. Short: 1008 - 1105 = -97.
    expect(text(summary.long.pricePnl)).toBe('94');
    expect(text(summary.short.pricePnl)).toBe('-97');
    expect(text(summary.funding)).toBe('1.8');
    expect(text(summary.fees)).toBe('0.5');
    expect(text(summary.net)).toBe('-1.7');
    expect(text(summary.short.turnover)).toBe('2113');
    // (1006 + 1008) / 2.
    expect(text(summary.margin)).toBe('1007');
    expect(summary.daysHeld).toBe(2);
  });

  it('an open hedge has no price PnL yet, and its net is what both wallets changed by', () => {
    const summary = hedgeOf(FACTS);
    expect(text(summary.pricePnl)).toBe('0');
    expect(text(summary.net)).toBe('1.5');
    expect(summary.long.exitPrice).toBeUndefined();
  });

  it('slippage is against the reference of each plan, weighted by notional; adverse is positive', () => {
    const route = summarizeRoute(ledger(FACTS), 'live', AT);
    // Reference 100: the long paid 6 too much of 1000, the short got 8 more of 1000.
    expect(route.slippageRate).toBeCloseTo((6 - 8) / 2000, 12);
    expect(text(route.turnover)).toBe('2014');
    expect([route.hedges, route.open, route.fills]).toEqual([1, 1, 2]);
    expect(summarizeRoute(ledger(FACTS), 'paper', AT).slippageRate).toBeUndefined();
  });
});
