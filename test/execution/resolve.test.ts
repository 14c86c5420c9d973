/** Answers of venues become facts: nothing is counted twice, nothing unproven is refused, nothing of ours is foreign. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absentOrders, bookFills } from '../../src/execution/booking.ts';
import { afterFound, afterSubmit } from '../../src/execution/resolve.ts';
import { base } from '../../src/kernel/decimal.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { AttemptStatus, Fact } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import type { LedgerState } from '../../src/ledger/state.ts';
import type { OrderState, OrderStatus } from '../../src/market/order.ts';
import { AT, attempt, booked, fill, LONG, plan } from '../ledger/samples.ts';

function ledger(...facts: Fact[]): LedgerState {
  const state = emptyLedger();
  for (const fact of [plan(), attempt('a', 'long'), attempt('b', 'short'), ...facts]) foldFact(state, fact);
  return state;
}
const outcome = (clientOrderId: string, status: AttemptStatus, venueOrderId?: string): Fact => ({
  kind: 'outcome',
  clientOrderId,
  status,
  ...(venueOrderId && { venueOrderId }),
  at: AT,
});
const attemptOf = (state: LedgerState, id = 'a') => {
  const found = state.attempts.get(id);
  if (!found) throw new Error(`no attempt ${id}`);
  return found;
};
const order = (status: OrderStatus, filled = '0'): OrderState => ({
  clientOrderId: 'a',
  venueOrderId: 'o1',
  key: LONG,
  side: 'buy',
  status,
  quantity: base('10'),
  filled: base(filled),
  updatedAt: AT,
});
const said = (facts: readonly Fact[]) =>
  facts.map((fact) => {
    if (fact.kind === 'fill') return `fill ${fact.fill.tradeId} ${fact.hedge ?? '-'} ${fact.leg ?? '-'}`;
    if (fact.kind === 'outcome') return `${fact.clientOrderId} ${fact.status}`;
    return fact.kind === 'discrepancy' ? `${fact.what}` : fact.kind;
  });

describe('after a submit', () => {
  it('acked is open, rejected and unknown are what they are', () => {
    const state = ledger();
    const submitted = (kind: 'rejected' | 'unknown') =>
      afterSubmit(attemptOf(state), { kind, code: 'c', detail: 'd' }, AT);
    expect(afterSubmit(attemptOf(state), { kind: 'acked', venueOrderId: 'o1' }, AT)).toMatchObject({
      status: 'open',
      venueOrderId: 'o1',
    });
    expect(submitted('rejected')).toMatchObject({ status: 'rejected', code: 'c' });
    expect(submitted('unknown')).toMatchObject({ status: 'unknown', code: 'c' });
  });

  it('ack-after-lookup: a settled attempt does not go back to open', () => {
    const state = ledger(outcome('a', 'filled', 'o1'));
    expect(afterSubmit(attemptOf(state), { kind: 'acked', venueOrderId: 'o1' }, AT)).toBeUndefined();
  });
});

describe('after a lookup', () => {
  it('fills come before the status, and belong to the order whatever their row says', () => {
    const state = ledger();
    const facts = afterFound(
      state,
      attemptOf(state),
      order('expired', '4'),
      [fill('1', 'alpha', 'buy', '4', '100')],
      AT,
    );
    expect(said(facts)).toEqual(['fill 1 h1 long', 'a expired']);
  });

  it('the same answer twice gives nothing twice', () => {
    const state = ledger();
    const fills = [fill('1', 'alpha', 'buy', '10', '100')];
    for (const fact of afterFound(state, attemptOf(state), order('filled', '10'), fills, AT)) foldFact(state, fact);
    expect(afterFound(state, attemptOf(state), order('filled', '10'), fills, AT)).toEqual([]);
  });

  it('rejected-but-traded: an order with fills was not refused', () => {
    const state = ledger();
    expect(said(afterFound(state, attemptOf(state), order('rejected'), [], AT))).toEqual(['a rejected']);
    expect(said(afterFound(state, attemptOf(state), order('rejected', '1'), [], AT))).toEqual(['a canceled']);
  });
});

describe('booking fills', () => {
  it('fault-12-duplicate: known ones, and the same one twice in a batch, count once', () => {
    const each = fill('1', 'alpha', 'buy', '4', '100', { clientOrderId: 'a' });
    const state = ledger();
    expect(said(bookFills(state, [each, each], AT))).toEqual(['fill 1 h1 long']);
    expect(bookFills(ledger(booked(each, 'long')), [each], AT)).toEqual([]);
  });

  it('fault-13-same-trade-other-data: the first stands and a discrepancy is raised', () => {
    const state = ledger(booked(fill('1', 'alpha', 'buy', '4', '100', { clientOrderId: 'a' }), 'long'));
    expect(said(bookFills(state, [fill('1', 'alpha', 'buy', '5', '100')], AT))).toEqual(['fill_conflict']);
    // A fee that is told later, or another way to write a number, is the same trade.
    expect(bookFills(state, [fill('1', 'alpha', 'buy', '4.0', '100.00')], AT)).toEqual([]);
  });

  it('a late fill of a final attempt still belongs to it, by either id', () => {
    const state = ledger(outcome('a', 'canceled', 'o1'), outcome('b', 'proven_absent'));
    expect(said(bookFills(state, [fill('1', 'alpha', 'buy', '4', '100')], AT))).toEqual(['fill 1 h1 long']);
    expect(said(bookFills(state, [fill('2', 'beta', 'sell', '4', '100', { clientOrderId: 'b' })], AT))).toEqual([
      'fill 2 h1 short',
    ]);
  });

  it('our client id on the other route is not our order', () => {
    const state = ledger(outcome('a', 'filled', 'o9'));
    const paper = fill('1', 'alpha', 'buy', '4', '100', { clientOrderId: 'a', route: 'paper' });
    expect(said(bookFills(state, [paper], AT))).toEqual(['fill 1 - -', 'foreign_fill']);
  });

  it('ack-lost-and-no-client-id: a fill that may be an unknown entry is left for its lookup', () => {
    const state = ledger(outcome('a', 'unknown'), outcome('b', 'unknown'));
    expect(bookFills(state, [fill('1', 'alpha', 'buy', '4', '100')], AT)).toEqual([]);
    // With somebody else's id it is theirs.
    const theirs = fill('2', 'alpha', 'buy', '4', '100', { clientOrderId: 'web' });
    expect(said(bookFills(state, [theirs], AT))).toEqual(['fill 2 - -', 'foreign_fill']);
  });

  it('liquidation-before-entry-is-known: what must have been opened first waits', () => {
    const state = ledger(outcome('a', 'unknown'), outcome('b', 'unknown'));
    expect(bookFills(state, [fill('9', 'alpha', 'sell', '4', '90')], AT)).toEqual([]);
    const settled = ledger(
      outcome('b', 'unknown'),
      booked(fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' }), 'long'),
      outcome('a', 'filled', 'o1'),
    );
    expect(said(bookFills(settled, [fill('9', 'alpha', 'sell', '4', '90')], AT))).toEqual([
      'fill 9 h1 long',
      'foreign_fill',
    ]);
  });

  it('fault-23-manual-trade: one that closes nothing of ours belongs to nobody', () => {
    const state = ledger(outcome('a', 'filled', 'o1'), outcome('b', 'filled', 'o2'));
    expect(said(bookFills(state, [fill('9', 'alpha', 'sell', '4', '90')], AT))).toEqual(['fill 9 - -', 'foreign_fill']);
  });

  it('fault-20-one-list: what one fill changes decides whose the next is', () => {
    // Entered, deleveraged and closed by a human: one read tells all three, in any order.
    const entered = fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' });
    const all = [fill('3', 'alpha', 'sell', '4', '89'), entered, fill('2', 'alpha', 'sell', '6', '90')];
    const orders = fc.shuffledSubarray(all, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(orders, (fills) => {
        const state = ledger(outcome('a', 'proven_absent'));
        const passes: string[][] = [];
        for (let facts = bookFills(state, fills, AT); facts.length > 0; facts = bookFills(state, fills, AT)) {
          for (const fact of facts) foldFact(state, fact);
          passes.push(said(facts));
        }
        const owners = new Set(passes.flat().filter((each) => each.startsWith('fill')));
        if (fills[0] === entered)
          expect(owners).toEqual(new Set(['fill 1 h1 long', 'fill 2 h1 long', 'fill 3 h1 long']));
        expect(state.accounts.get('live|alpha')?.holdings.get(LONG)?.quantity).toEqual(base('0'));
        expect(passes.length).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('fault-23-traded-before-the-hedge: a trade told late, from before a leg was entered, has not shrunk it', () => {
    const state = ledger(
      booked({ ...fill('2', 'alpha', 'buy', '5', '100', { clientOrderId: 'a' }), at: AT }, 'long'),
      outcome('a', 'filled', 'o1'),
    );
    const trade = fill('1', 'alpha', 'sell', '4', '99', { clientOrderId: 'web', venueOrderId: 'theirs' });
    const earlier = { ...trade, at: AT - 1 };
    expect(said(bookFills(state, [earlier], AT))).toEqual(['fill 1 - -', 'foreign_fill']);
    expect(said(bookFills(state, [{ ...earlier, at: AT }], AT))).toEqual(['fill 1 h1 long', 'foreign_fill']);
  });

  const twoHedges = () => {
    const second = { hedge: 'h2' } as const;
    return ledger(
      booked(fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' }), 'long'),
      outcome('a', 'filled', 'o1'),
      attempt('x', 'long', { purpose: 'exit', side: 'sell', reduceOnly: true, number: 2 }),
      attempt('y', 'long', { purpose: 'exit', side: 'sell', reduceOnly: true, number: 3 }),
      booked(fill('2', 'alpha', 'sell', '10', '100', { clientOrderId: 'y' }), 'long'),
      { ...plan('h2') },
      attempt('c', 'long', second),
      { ...booked(fill('3', 'alpha', 'buy', '10', '100', { clientOrderId: 'c' })), ...second, leg: 'long' },
    );
  };

  it('fault-03-reduced-late: a reducing order whose leg is gone has shrunk the other hedge on its instrument', () => {
    const state = twoHedges();
    const late = bookFills(state, [fill('4', 'alpha', 'sell', '6', '99', { clientOrderId: 'x' })], AT);
    expect(said(late)).toEqual(['fill 4 h2 long']);
    for (const fact of late) foldFact(state, fact);
    expect(state.hedges.get('h1')?.long.holding.quantity).toEqual(base('0'));
    expect(state.hedges.get('h2')?.long.holding.quantity).toEqual(base('4'));
    // The order itself keeps its fill.
    expect(state.attempts.get('x')?.filled).toEqual(base('6'));
  });

  it('several fills of one reducing order belong to its leg until that is gone', () => {
    const state = ledger(
      booked(fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' }), 'long'),
      attempt('x', 'long', { purpose: 'exit', side: 'sell', reduceOnly: true, number: 2 }),
    );
    const parts = ['4', '6'].map((size, at) => fill(`${at + 2}`, 'alpha', 'sell', size, '99', { clientOrderId: 'x' }));
    expect(said(bookFills(state, parts, AT))).toEqual(['fill 2 h1 long', 'fill 3 h1 long']);
  });

  it('fault-42-reduced-before-entered: what an entry of unknown fate filled is reduced before it is known', () => {
    const state = ledger(
      outcome('a', 'unknown'),
      attempt('x', 'long', { purpose: 'emergency', side: 'sell', reduceOnly: true, number: 2 }),
    );
    const told = bookFills(state, [fill('2', 'alpha', 'sell', '10', '99', { clientOrderId: 'x' })], AT);
    expect(said(told)).toEqual(['fill 2 h1 long']);
    for (const fact of told) foldFact(state, fact);
    const entered = bookFills(state, [fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' })], AT);
    for (const fact of entered) foldFact(state, fact);
    expect(state.hedges.get('h1')?.long.holding.quantity).toEqual(base('0'));
  });

  it('fault-42-reduced-what-was-absent: a reduction waits for the entry that it closed, though that was called absent', () => {
    const state = ledger(
      outcome('a', 'proven_absent'),
      attempt('x', 'long', { purpose: 'emergency', side: 'sell', reduceOnly: true, number: 2 }),
    );
    const reduced = fill('2', 'alpha', 'sell', '6', '99', { clientOrderId: 'x' });
    expect(bookFills(state, [reduced], AT)).toEqual([]);
    expect(absentOrders(state, reduced).map(({ intent }) => intent.clientOrderId)).toEqual(['a']);
    // Asked for again, and absent all the same: it shrank somebody else's, who is not told yet. Not for ever.
    expect(bookFills(state, [reduced], AT, () => true)).toEqual([]);
    expect(said(bookFills(state, [reduced], AT + 16 * MINUTE_MS, () => true))).toEqual(['fill 2 - -']);
    const entered = fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' });
    for (const fact of bookFills(state, [entered], AT)) foldFact(state, fact);
    expect(said(bookFills(state, [reduced], AT))).toEqual(['fill 2 h1 long']);
  });

  it('fault-19-both-delivered-twice: what the second exit closed waits for the fill of the second entry', () => {
    const state = ledger(
      booked(fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' }), 'long'),
      outcome('a', 'filled', 'o1'),
      attempt('x', 'long', { purpose: 'exit', side: 'sell', reduceOnly: true, number: 2 }),
      booked(fill('2', 'alpha', 'sell', '10', '100', { clientOrderId: 'x' }), 'long'),
    );
    const again = fill('4', 'alpha', 'sell', '10', '99', { clientOrderId: 'x', venueOrderId: 'o4' });
    expect(bookFills(state, [again], AT)).toEqual([]);
    const entered = fill('3', 'alpha', 'buy', '10', '100', { clientOrderId: 'a', venueOrderId: 'o3' });
    for (const fact of bookFills(state, [entered], AT)) foldFact(state, fact);
    expect(said(bookFills(state, [again], AT))).toEqual(['fill 4 h1 long']);
  });

  it('fault-42-closed-anothers-entry: a reduction waits for an entry of unknown fate of any hedge on its instrument', () => {
    const state = ledger(
      booked(fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'a' }), 'long'),
      outcome('a', 'filled', 'o1'),
      attempt('x', 'long', { purpose: 'emergency', side: 'sell', reduceOnly: true, number: 2 }),
      attempt('y', 'long', { purpose: 'exit', side: 'sell', reduceOnly: true, number: 3 }),
      booked(fill('2', 'alpha', 'sell', '10', '100', { clientOrderId: 'y' }), 'long'),
      { ...plan('h2') },
      { ...attempt('c', 'long'), hedge: 'h2' },
    );
    const reduced = fill('4', 'alpha', 'sell', '6', '99', { clientOrderId: 'x', venueOrderId: 'o4' });
    expect(bookFills(state, [reduced], AT)).toEqual([]);
    const entered = fill('3', 'alpha', 'buy', '10', '100', { clientOrderId: 'c', venueOrderId: 'o3' });
    for (const fact of bookFills(state, [entered], AT)) foldFact(state, fact);
    expect(said(bookFills(state, [reduced], AT))).toEqual(['fill 4 h2 long']);
  });

  it("a reducing order that shrank what a human holds is nobody's leg", () => {
    const state = ledger(
      booked(fill('1', 'alpha', 'buy', '10', '100', { clientOrderId: 'web' })),
      outcome('a', 'rejected'),
      attempt('x', 'long', { purpose: 'exit', side: 'sell', reduceOnly: true, number: 2 }),
    );
    expect(said(bookFills(state, [fill('2', 'alpha', 'sell', '6', '99', { clientOrderId: 'x' })], AT))).toEqual([
      'fill 2 - -',
    ]);
  });
});
