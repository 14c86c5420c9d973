import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base, px, quote, text } from '../../src/kernel/decimal.ts';
import { applyFill, FLAT, unrealised } from '../../src/ledger/holding.ts';

describe('holding', () => {
  it('round trip: the realised PnL is exactly sold minus bought', () => {
    const opened = applyFill(FLAT, 'buy', base('3'), px('100.01'));
    const closed = applyFill(opened.holding, 'sell', base('3'), px('100.07'));
    expect(text(opened.realised)).toBe('0');
    expect(text(closed.realised)).toBe('0.18');
    expect(closed.holding).toEqual(FLAT);
  });

  it('a short gains when it buys back lower', () => {
    const { holding } = applyFill(FLAT, 'sell', base('2'), px('50'));
    expect(text(unrealised(holding, px('45')))).toBe('10');
    expect(text(applyFill(holding, 'buy', base('1'), px('40')).realised)).toBe('10');
  });

  it('flip: closes all of it, the rest opens at the new price', () => {
    const { holding } = applyFill(FLAT, 'buy', base('2'), px('10'));
    const flipped = applyFill(holding, 'sell', base('5'), px('12'));
    expect(text(flipped.realised)).toBe('4');
    expect([text(flipped.holding.quantity), text(flipped.holding.cost)]).toEqual(['-3', '-36']);
  });

  it('rounding-loses-money: realised and cost always add up to the cash that moved', () => {
    const trade = fc.record({
      buy: fc.boolean(),
      quantity: fc.integer({ min: 1, max: 99 }),
      price: fc.integer({ min: 1, max: 9_999 }),
    });
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 40 }), (trades) => {
        let holding = FLAT;
        let realised = quote('0');
        // The oracle counts in integers: quantities and prices in hundredths, cash in their product.
        let position = 0;
        let cash = 0;
        for (const { buy, quantity, price } of trades) {
          const applied = applyFill(holding, buy ? 'buy' : 'sell', base(quantity / 100), px(price / 100));
          holding = applied.holding;
          realised = realised.plus(applied.realised) as typeof realised;
          position += buy ? quantity : -quantity;
          cash -= (buy ? quantity : -quantity) * price;
          expect(text(holding.quantity)).toBe(text(base(position / 100)));
          if (position === 0) expect(text(holding.cost)).toBe('0');
          else expect(Math.sign(position)).toBe(holding.cost.s);
        }
        // cash = realised - cost of what is open, whatever the order; 24-decimal divisions cancel out of the sum.
        expect(text(realised.minus(holding.cost) as typeof realised)).toBe(
          text(quote(cash).div('10000') as typeof realised),
        );
      }),
    );
  });
});
