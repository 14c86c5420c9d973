import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abs,
  add,
  type Base,
  base,
  ceilTo,
  commonStep,
  DecimalError,
  eq,
  fewestLots,
  floorTo,
  gte,
  isMultipleOf,
  isNegative,
  isPositive,
  isZero,
  lt,
  lte,
  mostLots,
  neg,
  notional,
  px,
  quantityFor,
  quote,
  scale,
  sub,
  text,
  toNumber,
} from '../../src/kernel/decimal.ts';

/** `units x 10^-digits` as plain text, built from integers only. */
const decimalText = (units: bigint, digits: number): string => {
  const sign = units < 0n ? '-' : '';
  const padded = (units < 0n ? -units : units).toString().padStart(digits + 1, '0');
  return digits === 0 ? sign + padded : `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
};
const exact = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 18 }));
const stepArb = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 6n }), fc.integer({ min: 0, max: 10 }))
  .map(([units, digits]) => base(decimalText(units, digits)));
const valueArb = exact.map(([units, digits]) => base(decimalText(units, digits)));

describe('number', () => {
  it('is the double nearest to the text, whatever the length', () => {
    fc.assert(fc.property(valueArb, (value) => toNumber(value) === Number(text(value))));
    const short = fc.tuple(fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }), fc.integer({ min: 0, max: 24 }));
    fc.assert(
      fc.property(short, ([units, digits]) => {
        const value = base(decimalText(units, digits));
        return toNumber(value) === Number(text(value));
      }),
    );
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (value) => toNumber(base(value)) === value || value === 0,
      ),
    );
  });
});

describe('a sum', () => {
  it('is what integers make of it, and of opposite values a zero without a sign', () => {
    const units = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(
      fc.property(units, units, fc.integer({ min: 0, max: 18 }), (a, b, digits) => {
        const [x, y] = [base(decimalText(a, digits)), base(decimalText(b, digits))];
        expect(text(add(x, y))).toBe(text(base(decimalText(a + b, digits))));
        for (const sum of [add(x, neg(x)), add(neg(x), x)]) expect([text(sum), sum.s]).toEqual(['0', 1]);
      }),
    );
  });
});

describe('text', () => {
  it('round-trips every value exactly', () => {
    fc.assert(fc.property(valueArb, (value) => eq(base(text(value)), value)));
  });

  it('is plain: no exponent, whatever the size', () => {
    expect(text(base('1e-18'))).toBe('0.000000000000000001');
    expect(text(base('1e21'))).toBe('1000000000000000000000');
    expect(text(base(1e-7))).toBe('0.0000001');
    expect(text(sub(base('1'), base('1')))).toBe('0');
    expect(text(base('-0'))).toBe('0');
  });

  it('a finite double survives the way through', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(toNumber(base(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it.each(['', ' ', 'NaN', 'Infinity', '0x10', '1,5', '1 2', '--1', '.', 'e5', '1e'])('refuses %j', (bad) => {
    expect(() => base(bad)).toThrow(DecimalError);
  });

  it('refuses doubles that are no number', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => base(bad)).toThrow(DecimalError);
    }
  });
});

describe('floorTo and ceilTo', () => {
  it('bracket the value within one step, towards and away from zero', () => {
    fc.assert(
      fc.property(valueArb, stepArb, (value, step) => {
        const floor = floorTo(value, step);
        const ceil = ceilTo(value, step);
        expect(isMultipleOf(floor, step) && isMultipleOf(ceil, step)).toBe(true);
        expect(lte(abs(floor), abs(value)) && gte(abs(ceil), abs(value))).toBe(true);
        expect(lt(sub(abs(value), abs(floor)), step) && lt(sub(abs(ceil), abs(value)), step)).toBe(true);
        expect(isNegative(floor)).toBe(isNegative(value) && !isZero(floor));
      }),
    );
  });

  it('agree with integer division', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.bigInt({ min: 1n, max: 10n ** 9n }), (units, step) => {
        const floored = floorTo(base(decimalText(units, 9)), base(decimalText(step, 9)));
        expect(text(floored)).toBe(text(base(decimalText(units - (units % step), 9))));
      }),
    );
  });

  it('a value a hair under a multiple never rounds up to it', () => {
    // 27 nines after division: a quotient rounded to 24 decimals would be exactly 1.
    expect(text(floorTo(base('999.999999999999999999999999'), base('1000')))).toBe('0');
    expect(text(ceilTo(base('1000.000000000000000000000001'), base('1000')))).toBe('2000');
  });
});

describe('commonStep', () => {
  it('is the least quantity that both steps divide', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 8 }),
        (a, b, digits) => {
          let least = Math.max(a, b);
          while (least % a !== 0 || least % b !== 0) least += 1;
          const step = commonStep(base(decimalText(BigInt(a), digits)), base(decimalText(BigInt(b), digits)));
          expect(text(step)).toBe(text(base(decimalText(BigInt(least), digits))));
        },
      ),
    );
  });

  it('works across different decimals and is symmetric', () => {
    fc.assert(
      fc.property(stepArb, stepArb, (a, b) => {
        const step = commonStep(a, b);
        expect(isPositive(step) && isMultipleOf(step, a) && isMultipleOf(step, b)).toBe(true);
        expect(eq(step, commonStep(b, a))).toBe(true);
      }),
    );
    expect(text(commonStep(base('0.001'), base('0.01')))).toBe('0.01');
    expect(text(commonStep(base('0.4'), base('0.006')))).toBe('1.2');
    expect(text(commonStep(base('10'), base('0.25')))).toBe('10');
  });
});

describe('cash', () => {
  it('a quantity bought for cash costs that cash to within 24 decimals of the quantity', () => {
    const positive = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((units) => decimalText(units, 4));
    fc.assert(
      fc.property(positive, positive, (cash, price) => {
        const quantity: Base = quantityFor(quote(cash), px(price));
        const error = abs(sub(notional(quantity, px(price)), quote(cash)));
        expect(lte(error, scale(quote(price), '1e-24'))).toBe(true);
      }),
    );
  });

  it('one-lot-too-many: the most lots cost at most the cash and one more costs more; the fewest cost at least as much', () => {
    const positive = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((units) => decimalText(units, 4));
    const lots = fc.bigInt({ min: 1n, max: 10n ** 8n }).map((units) => decimalText(units, 6));
    fc.assert(
      fc.property(positive, positive, lots, (cashText, priceText, lotText) => {
        const [cash, price, lot] = [quote(cashText), px(priceText), base(lotText)];
        const most = mostLots(cash, price, lot);
        const fewest = fewestLots(cash, price, lot);
        expect(isMultipleOf(most, lot) && isMultipleOf(fewest, lot)).toBe(true);
        expect(lte(notional(most, price), cash) && lt(cash, notional(add(most, lot), price))).toBe(true);
        expect(gte(notional(fewest, price), cash)).toBe(true);
        expect(isZero(fewest) || lt(notional(sub(fewest, lot), price), cash)).toBe(true);
      }),
    );
  });

  it('a number where a decimal belongs throws instead of losing digits', () => {
    // Strict mode: the type check forbids it, this holds for untyped callers.
    expect(() => Reflect.apply(base('1').plus, base('1'), [0.1])).toThrow();
    expect(() => Number(base('1'))).toThrow();
  });
});
