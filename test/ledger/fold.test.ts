import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/kernel/assert.ts';
import { quote, text } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { AT, attempt, booked, fill, payment, plan } from './samples.ts';

const folded = (...facts: Fact[]) => {
  const state = emptyLedger();
  for (const fact of facts) foldFact(state, fact);
  return state;
};
const moved = (from: 'planned' | 'entering', to: 'entering' | 'aborted', at = AT): Fact => ({
  kind: 'hedge_moved',
  hedge: 'h1',
  from,
  to,
  reason: 'r',
  detail: '',
  at,
});

describe('fold', () => {
  it('counts a fill for the leg, the attempt and the account alike', () => {
    const state = folded(
      plan(),
      attempt('a', 'long'),
      booked(fill('1', 'alpha', 'buy', '4', '100', { clientOrderId: 'a' }), 'long'),
    );
    expect(text(state.hedges.get('h1')?.long.holding.quantity ?? quote('0'))).toBe('4');
    expect(text(state.attempts.get('a')?.filledQuote ?? quote('0'))).toBe('400');
    expect(text(state.accounts.get('live|alpha')?.fees ?? quote('0'))).toBe('0.1');
    expect(state.hedges.get('h1')?.openedAt).toBe(AT);
  });

  const edited: [string, Fact[]][] = [
    ['a fill twice', [booked(fill('1', 'alpha', 'buy', '1', '1')), booked(fill('1', 'alpha', 'buy', '1', '1'))]],
    ['a payment twice', [payment('1', 'alpha', '1'), payment('1', 'alpha', '1')]],
    ['a client order id twice', [plan(), attempt('a', 'long'), attempt('a', 'long')]],
    ['a hedge twice', [plan(), plan()]],
    ['a move from a state that it is not in', [plan(), moved('entering', 'aborted')]],
    ['an outcome of no attempt', [{ kind: 'outcome', clientOrderId: 'x', status: 'filled', at: AT }]],
    ['a fill of no hedge', [booked(fill('1', 'alpha', 'buy', '1', '1'), 'long')]],
    ['an epoch that does not rise', [epoch(2), epoch(2)]],
  ];
  it.each(edited)('edited-database: %s throws', (_, facts) => {
    expect(() => folded(...facts)).toThrow(InvariantError);
  });

  it('same trade id on another venue, symbol or route is another fill', () => {
    const state = folded(
      booked(fill('1', 'alpha', 'buy', '1', '1')),
      booked(fill('1', 'beta', 'buy', '1', '1')),
      booked(fill('1', 'alpha', 'buy', '1', '1', { symbol: 'ETH/USDT:USDT' })),
      booked(fill('1', 'alpha', 'buy', '1', '1', { route: 'paper' })),
    );
    expect(state.fills.size).toBe(4);
  });

  it('hedge numbers go on after the highest, and a hedge that opens again has no end', () => {
    const state = folded(plan('h7'), plan('h1'), moved('planned', 'entering'), moved('entering', 'aborted', AT + 5));
    expect(state.nextHedge).toBe(8);
    expect(state.hedges.get('h1')?.endedAt).toBe(AT + 5);
    foldFact(state, {
      kind: 'hedge_moved',
      hedge: 'h1',
      from: 'aborted',
      to: 'unwinding',
      reason: 'late_fill',
      detail: '',
      at: AT + 6,
    });
    expect(state.hedges.get('h1')?.endedAt).toBeUndefined();
  });
});

function epoch(n: number): Fact {
  return { kind: 'epoch', epoch: n, mode: 'sim', pid: 1, at: AT };
}
