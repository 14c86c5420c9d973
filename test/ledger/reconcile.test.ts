import { describe, expect, it } from 'vitest';
import { base, px, quote } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { reconcile, type VenueTruth } from '../../src/ledger/reconcile.ts';
import type { LedgerState } from '../../src/ledger/state.ts';
import { AT, booked, fill, LONG, payment, plan } from './samples.ts';

const truth = (over: Partial<VenueTruth> = {}, wallet = '1000'): VenueTruth => ({
  positions: [],
  openOrders: [],
  at: AT,
  balance: { currency: 'USDT', wallet: quote(wallet), available: quote(wallet) },
  ...over,
});
function met(state: LedgerState, said: VenueTruth): Fact[] {
  const facts = reconcile(state, 'live', 'alpha', said, AT);
  for (const fact of facts) foldFact(state, fact);
  return facts;
}
const ledger = (): LedgerState => {
  const state = emptyLedger();
  met(state, truth());
  return state;
};
const kinds = (facts: readonly Fact[]) =>
  facts.map((fact) => (fact.kind === 'discrepancy' ? `${fact.what} ${fact.status}` : fact.kind));

describe('reconciliation', () => {
  it('takes the baseline once', () => {
    const state = emptyLedger();
    expect(kinds(met(state, truth()))).toEqual(['baseline']);
    expect(met(state, truth())).toEqual([]);
  });

  it('a position of ours that the venue shares is no news; each difference is noted once and explained once', () => {
    const state = ledger();
    foldFact(state, plan());
    foldFact(state, booked(fill('1', 'alpha', 'buy', '4', '100'), 'long'));
    const position = (quantity: string) => ({ positions: [{ key: LONG, quantity: base(quantity) }] });
    expect(met(state, truth(position('4'), '999.9'))).toEqual([]);
    expect(kinds(met(state, truth(position('3'), '999.9')))).toEqual(['position open']);
    expect(met(state, truth(position('3'), '999.9'))).toEqual([]);
    expect(kinds(met(state, truth(position('2'), '999.9')))).toEqual(['position open']);
    expect(kinds(met(state, truth(position('4'), '999.9')))).toEqual(['position explained']);
    expect(state.discrepancies.size).toBe(0);
  });

  it('a listed position of zero is flat', () => {
    expect(met(ledger(), truth({ positions: [{ key: LONG, quantity: base('0') }] }))).toEqual([]);
  });

  it.each([
    ['1000.25', []],
    ['1000.26', []],
    ['1000.27', ['wallet open']],
    ['1000.23', ['wallet open']],
  ])('wallet of %s against 1000 + 0.35 funding - 0.10 fee: a cent is tolerated', (wallet, expected) => {
    const state = ledger();
    foldFact(state, booked(fill('1', 'alpha', 'buy', '1', '100')));
    foldFact(state, payment('p', 'alpha', '0.35'));
    expect(kinds(met(state, truth({ positions: [{ key: LONG, quantity: base('1') }] }, wallet)))).toEqual(expected);
  });

  // Traded: sell at 93, 101, buy at 112, sell at 93. Told: the first sale last.
  it.each([
    ['the venue averaged in the order of the trades', '984.6', '95', '-2', []],
    ['and still differs', '984.62', '95', '-2', ['wallet open']],
    ['the venue does not tell what was paid', '984.6', undefined, '-2', ['wallet open']],
    ['another position than the ledger has', '984.6', '95', '-3', ['position open', 'wallet open']],
  ] as const)(
    'fault-03-averaged-late: a fill known late while a position stands, %s',
    (_, wallet, entry, quantity, expected) => {
      const state = ledger();
      const trades = [
        ['2', 'sell', '101'],
        ['3', 'buy', '112'],
        ['4', 'sell', '93'],
        ['1', 'sell', '93'],
      ] as const;
      for (const [id, side, price] of trades) foldFact(state, booked(fill(id, 'alpha', side, '1', price)));
      const position = { key: LONG, quantity: base(quantity), ...(entry && { entryPrice: px(entry) }) };
      expect(kinds(met(state, truth({ positions: [position] }, wallet)))).toEqual(expected);
    },
  );

  it('an open order that the ledger never placed is noted', () => {
    const order = {
      clientOrderId: '',
      venueOrderId: '9',
      key: LONG,
      side: 'buy',
      status: 'open',
      quantity: base('1'),
      filled: base('0'),
      updatedAt: AT,
    } as const;
    const state = ledger();
    expect(kinds(met(state, truth({ openOrders: [order] })))).toEqual(['open_order open']);
    expect(kinds(met(state, truth()))).toEqual(['open_order explained']);
  });

  it('another venue and another route keep their discrepancies', () => {
    const state = ledger();
    met(state, truth({ positions: [{ key: LONG, quantity: base('1') }] }));
    for (const fact of reconcile(state, 'live', 'beta', truth(), AT)) foldFact(state, fact);
    for (const fact of reconcile(state, 'paper', 'alpha', truth(), AT)) foldFact(state, fact);
    expect([...state.discrepancies.keys()]).toEqual([`live|alpha|position|${LONG}`]);
  });
});
