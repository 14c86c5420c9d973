/** Property: in whatever order trades are told, what was held at any instant is the sum of the trades until then. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { add, base, isPositive, neg, sum, text, ZERO_BASE } from '../../src/kernel/decimal.ts';
import { noteTrade, type QuantityChange, quantityAt } from '../../src/ledger/past-quantity.ts';

const trade = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  quantity: fc.integer({ min: 1, max: 1_000_000 }).map((lots) => base(`${lots}e-3`)),
  at: fc.integer({ min: 0, max: 50 }),
});
const held = (trades: readonly QuantityChange[]) =>
  sum(
    ZERO_BASE,
    trades.map(({ change }) => change),
  );

it('the quantity at an instant is the sum of the trades up to it', () => {
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 60 }), fc.integer({ min: -1, max: 51 }), (trades, at) => {
      const changes: QuantityChange[] = [];
      for (const each of trades) noteTrade(changes, each);
      const before = trades.filter((each) => each.at <= at);
      const expected = before.reduce(
        (to, { side, quantity }) => add(to, side === 'buy' ? quantity : neg(quantity)),
        ZERO_BASE,
      );
      expect(text(quantityAt(held(changes), changes, at))).toBe(text(expected));
    }),
  );
});

it('what is older than the kept changes counts as held since ever', () => {
  const changes: QuantityChange[] = [];
  let total = ZERO_BASE;
  for (let at = 1; at <= 500; at++) {
    noteTrade(changes, { side: 'buy', quantity: base('1'), at });
    total = add(total, base('1'));
  }
  expect(changes.length).toBeLessThan(500);
  expect(text(quantityAt(total, changes, 499))).toBe('499');
  expect(isPositive(quantityAt(total, changes, 0))).toBe(true);
});
