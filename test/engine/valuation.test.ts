import { describe, expect, it } from 'vitest';
import { hedgeUnrealised } from '../../src/engine/valuation.ts';
import { text } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import type { HedgeRecord } from '../../src/ledger/state.ts';
import { FoldedMarket } from '../../src/market/view.ts';
import { AT, attempt, booked, fill, LONG, plan, SHORT } from '../ledger/samples.ts';
import { instrumentOf } from '../signal/market.ts';

/** Ten bought at 100; `sold` of the other leg sold at 101. */
function hedge(sold: string): HedgeRecord {
  const state = emptyLedger();
  const facts = [
    plan(),
    attempt('a', 'long'),
    attempt('b', 'short'),
    booked(fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' }), 'long'),
    ...(sold === '0' ? [] : [booked(fill('2', 'beta', 'sell', sold, '101', { clientOrderId: 'b' }), 'short')]),
  ];
  for (const fact of facts) foldFact(state, fact);
  const record = state.hedges.get('h1');
  if (!record) throw new Error('planned');
  return record;
}

function marketWith(...marks: (readonly [key: string, mark: number])[]): FoldedMarket {
  const market = new FoldedMarket();
  for (const key of [LONG, SHORT]) {
    const venue = key.split('|')[0] ?? '';
    const instrument = { ...instrumentOf({ venue }), key, venue, asset: 'SOL', symbol: 'SOL/USDT:USDT' };
    market.apply({ kind: 'instruments', venue, instruments: [instrument] });
  }
  for (const [key, mark] of marks) market.apply({ kind: 'mark', mark: { key, mark, venueAt: AT, receivedAt: AT } });
  return market;
}

const value = (record: HedgeRecord, market: FoldedMarket): string | undefined => {
  const open = hedgeUnrealised(record, market);
  return open && text(open);
};

describe('what is open, at the mark', () => {
  it('both legs, each at its own', () => {
    // 10 x (103 - 100) + 10 x (101 - 103.5)
    expect(value(hedge('10'), marketWith([LONG, 103], [SHORT, 103.5]))).toBe('5');
  });

  it('is unknown while one standing leg has no mark: half of a hedge is no profit', () => {
    expect(value(hedge('10'), marketWith([LONG, 103]))).toBeUndefined();
  });

  it('a leg that holds nothing needs none', () => {
    expect(value(hedge('0'), marketWith([LONG, 103]))).toBe('30');
  });
});
