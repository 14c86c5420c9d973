/** Whose a fill is, where a leg's remainder decides it. */
import { expect, it } from 'vitest';
import { bookFills } from '../../src/execution/booking.ts';
import { base, text } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import type { LedgerState } from '../../src/ledger/state.ts';
import { AT, attempt, fill, planned } from '../platform/facts.ts';

const enter = attempt('e1', 'h1', { quantity: base('8') });
const exit = attempt('x1', 'h1', { purpose: 'exit', side: 'sell', quantity: base('5'), reduceOnly: true, number: 2 });
const ended = (clientOrderId: string, filled: string): Fact => ({
  kind: 'outcome',
  clientOrderId,
  status: 'filled',
  venueOrderId: clientOrderId,
  filled: base(filled),
  at: AT,
});

/** A leg of 5 whose entry is over, and an exit of 5 under way. */
function exiting(): LedgerState {
  const state = emptyLedger();
  const facts: readonly Fact[] = [
    planned('h1', { quantity: base('8') }),
    enter,
    fill('1', { hedge: 'h1', leg: 'long', clientOrderId: 'e1', quantity: base('5') }),
    ended('e1', '5'),
    exit,
  ];
  for (const fact of facts) foldFact(state, fact);
  return state;
}

const heldAfter = (state: LedgerState, facts: readonly Fact[]): string => {
  for (const fact of facts) foldFact(state, fact);
  return text(state.hedges.get('h1')?.long.holding.quantity ?? base('99'));
};
const told = (tradeId: string, clientOrderId: string, side: 'buy' | 'sell', quantity: string) =>
  fill(tradeId, { clientOrderId, venueOrderId: clientOrderId, side, quantity: base(quantity) }).fill;

it('an opening fill told late, with the exit, is there for the exit to close', () => {
  const state = exiting();
  expect(heldAfter(state, bookFills(state, [told('2', 'e1', 'buy', '3'), told('3', 'x1', 'sell', '5')], AT))).toBe('3');
});

it('an exit larger than its leg, and no stranger’s trade: an opening fill is still to be told', () => {
  const state = exiting();
  const facts = [exit].map((each) => ({ ...each, clientOrderId: 'x2', quantity: base('7'), number: 3 }));
  for (const fact of facts) foldFact(state, fact);
  expect(heldAfter(state, bookFills(state, [told('2', 'x2', 'sell', '7')], AT))).toBe('-2');
  expect(heldAfter(state, bookFills(state, [told('3', 'e1', 'buy', '3')], AT))).toBe('1');
});

it('a stranger’s trade told before the exit takes from the leg, the exit takes the rest, and no leg goes through zero', () => {
  const state = exiting();
  expect(heldAfter(state, bookFills(state, [told('2', '', 'sell', '2')], AT))).toBe('3');
  const booked = bookFills(state, [told('3', 'x1', 'sell', '5')], AT);
  expect(booked).toMatchObject([{ kind: 'fill', hedge: 'h1', leg: 'long', legQuantity: base('3') }]);
  expect(heldAfter(state, booked)).toBe('0');
  expect(text(state.accounts.get('live|okx')?.holdings.get('okx|BTC/USDT:USDT')?.quantity ?? base('99'))).toBe('-2');
});
