/** What every event looks at must not grow with every hedge that ever was, and must never lose one that matters. */
import { describe, expect, it } from 'vitest';
import { base } from '../../src/kernel/decimal.ts';
import { DAY_MS } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact, HedgeMoved } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import type { LedgerState } from '../../src/ledger/state.ts';
import { AT, attempt, booked, fill, plan } from './samples.ts';

const move = (hedge: string, from: HedgeMoved['from'], to: HedgeMoved['to'], at: number): Fact => ({
  kind: 'hedge_moved',
  hedge,
  from,
  to,
  reason: 'r',
  detail: '',
  at,
});
const aborted = (hedge: string, at: number): Fact[] => [
  { ...plan(hedge), at },
  { ...attempt(`${hedge}a`, 'long'), hedge, at },
  move(hedge, 'planned', 'entering', at),
  { kind: 'outcome', clientOrderId: `${hedge}a`, status: 'rejected', at },
  move(hedge, 'entering', 'aborted', at),
];
function folded(facts: readonly Fact[]): LedgerState {
  const state = emptyLedger();
  for (const fact of facts) foldFact(state, fact);
  return state;
}
const recent = (state: LedgerState): string[] => [...state.recent.keys()];

describe('recent hedges', () => {
  it('are as many as began in the last days, however many there ever were', () => {
    const all = Array.from({ length: 400 }, (_, i) => aborted(`h${i + 1}`, AT + i * 0.1 * DAY_MS)).flat();
    const state = folded(all);
    expect(state.hedges.size).toBe(400);
    // Eight days of ten a day, and the newest.
    expect(recent(state)).toHaveLength(81);
    expect(recent(state).at(0)).toBe('h320');
  });

  it.each([
    ['one that stands', [booked(fill('1', 'alpha', 'buy', '4', '100', { clientOrderId: 'h1a' }), 'long')]],
    [
      'one with an order of unknown fate',
      [{ kind: 'outcome', clientOrderId: 'h1a', status: 'unknown', at: AT } as Fact],
    ],
  ])('never loses %s', (_, more) => {
    const state = folded([...aborted('h1', AT), ...more, ...aborted('h2', AT + 30 * DAY_MS)]);
    expect(recent(state)).toEqual(['h1', 'h2']);
  });

  it('a late fill brings back what was long over', () => {
    const gone = [...aborted('h1', AT), ...aborted('h2', AT + 30 * DAY_MS)];
    expect(recent(folded(gone))).toEqual(['h2']);
    const late = booked(fill('1', 'alpha', 'buy', '4', '100', { clientOrderId: 'h1a' }), 'long');
    const state = folded([...gone, late]);
    expect(recent(state)).toEqual(['h2', 'h1']);
    expect(state.recent.get('h1')?.long.holding.quantity).toEqual(base('4'));
  });
});
