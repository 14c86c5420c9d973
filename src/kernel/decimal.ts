/**
 * Exact decimals with unit brands. Quantities, prices, fees and cash are never `number`; rates, statistics and
 * scores always are. A value of one unit becomes another only through a named conversion in this file.
 *
 * big.js runs in strict mode: a `number` operand or an implicit conversion to a primitive throws.
 */
import Big from 'big.js';

const Exact = Big();
Exact.strict = true;
Exact.DP = 24;
Exact.RM = Exact.roundHalfEven;
const ZERO = new Exact('0');
const ONE = new Exact('1');
const MINUS_ONE = new Exact('-1');

declare const unit: unique symbol;
/** An exact decimal of unit `U`. Immutable. */
export type Dec<U extends string> = Big & { readonly [unit]: U };
/** Quantity of the base asset (BTC of BTC/USDT). */
export type Base = Dec<'base'>;
/** Cash in the quote or settle currency (USDT). */
export type Quote = Dec<'quote'>;
/** Quote per base. */
export type Px = Dec<'quote/base'>;
/** Venue contracts; only `venues/` and `simulator/` may use it. */
export type Contracts = Dec<'contracts'>;
type AnyDec = Dec<string>;

/** Thrown when text is not a plain finite decimal. */
export class DecimalError extends Error {
  override readonly name = 'DecimalError';
}

function parse<U extends string>(value: string | number): Dec<U> {
  // A finite number's shortest decimal text is what a venue wrote for it (up to 15 significant digits).
  const text = typeof value === 'number' ? String(value) : value.trim();
  try {
    return new Exact(text.startsWith('+') && !text.startsWith('+-') ? text.slice(1) : text) as Dec<U>;
  } catch {
    throw new DecimalError(`not a decimal: ${JSON.stringify(value)}`);
  }
}

export const base = (value: string | number): Base => parse<'base'>(value);
export const quote = (value: string | number): Quote => parse<'quote'>(value);
export const px = (value: string | number): Px => parse<'quote/base'>(value);
export const contracts = (value: string | number): Contracts => parse<'contracts'>(value);

export const ZERO_BASE: Base = base('0');
export const ZERO_QUOTE: Quote = quote('0');

/** Most sums have a zero in them (a flat leg, nothing of others): values are immutable, so the other one is the result. */
export const add = <T extends AnyDec>(a: T, b: T): T => {
  if (isZero(b) && (!isZero(a) || a.s === b.s)) return a;
  if (isZero(a) && !isZero(b)) return b;
  return isOpposite(a, b) ? (ZERO as unknown as T) : (a.plus(b) as T);
};
export const sub = <T extends AnyDec>(a: T, b: T): T => (isZero(b) && !isZero(a) ? a : (a.minus(b) as T));
export const neg = <T extends AnyDec>(a: T): T => a.times(MINUS_ONE) as T;
export const abs = <T extends AnyDec>(a: T): T => (a.s < 0 ? (a.abs() as T) : a);
export const cmp = <T extends AnyDec>(a: T, b: T): -1 | 0 | 1 => a.cmp(b);
export const eq = <T extends AnyDec>(a: T, b: T): boolean => a.eq(b);
export const lt = <T extends AnyDec>(a: T, b: T): boolean => a.lt(b);
export const lte = <T extends AnyDec>(a: T, b: T): boolean => a.lte(b);
export const gt = <T extends AnyDec>(a: T, b: T): boolean => a.gt(b);
export const gte = <T extends AnyDec>(a: T, b: T): boolean => a.gte(b);
export const min = <T extends AnyDec>(a: T, b: T): T => (a.lte(b) ? a : b);
export const max = <T extends AnyDec>(a: T, b: T): T => (a.gte(b) ? a : b);
/** As the two legs of a hedge are. */
function isOpposite(a: AnyDec, b: AnyDec): boolean {
  if (a.s === b.s || a.e !== b.e || a.c.length !== b.c.length) return false;
  for (let i = a.c.length - 1; i >= 0; i -= 1) if (a.c[i] !== b.c[i]) return false;
  return true;
}
/** Only zero begins with the digit zero. */
export const isZero = (a: AnyDec): boolean => a.c[0] === 0;
export const isPositive = (a: AnyDec): boolean => a.s > 0 && !isZero(a);
export const isNegative = (a: AnyDec): boolean => a.s < 0 && !isZero(a);
export const sum = <T extends AnyDec>(zero: T, values: Iterable<T>): T => {
  let total = zero;
  for (const value of values) total = add(total, value);
  return total;
};

/** Multiply by a dimensionless factor; a `number` factor is taken at its shortest decimal text. */
export const scale = <T extends AnyDec>(a: T, factor: string | number): T => a.times(parse<'1'>(factor)) as T;
/** a / b as a `number`; b must not be zero. For shares and statistics only, never for money. */
export const ratio = <T extends AnyDec>(a: T, b: T): number => Number(a.div(b).toString());
/** Largest multiple of `step` (positive) not above |a|, with a's sign. */
export const floorTo = <T extends AnyDec>(a: T, step: T): T => {
  const floored = step.times(wholeSteps(a.abs(), step));
  return (a.s < 0 ? floored.times(MINUS_ONE) : floored) as T;
};
/** Smallest multiple of `step` (positive) not below |a|, with a's sign. */
export const ceilTo = <T extends AnyDec>(a: T, step: T): T => {
  const floored = floorTo(a, step);
  if (eq(floored, a)) return floored;
  return (a.s < 0 ? floored.minus(step) : floored.plus(step)) as T;
};
export const isMultipleOf = <T extends AnyDec>(a: T, step: T): boolean => eq(floorTo(a, step), a);

/**
 * How often `step` fits into `a`, neither negative: exact. Counting from the quotient of doubles costs a tenth of a
 * division to 24 decimals; near a whole number, or when it is too long for a double, it is checked exactly.
 */
function wholeSteps(a: Big, step: Big): Big {
  const quotient = nearest(a) / nearest(step);
  const near = Math.floor(quotient);
  // Two roundings and a division are off by less than three parts in 2^53.
  const doubt = quotient * 1e-15;
  if (near < 1e12 && quotient - near > doubt && near + 1 - quotient > doubt) return new Exact(String(near));
  let count = near < 1e12 ? new Exact(String(near)) : a.minus(a.mod(step)).div(step);
  while (step.times(count).gt(a)) count = count.minus(ONE);
  while (step.times(count.plus(ONE)).lte(a)) count = count.plus(ONE);
  return count;
}

/** quantity x price: cash value of a linear position. Keeps the sign of the quantity. */
export const notional = (quantity: Base, price: Px): Quote => quantity.times(price) as unknown as Quote;
/** cash / price: the base quantity that `cash` buys, 24 decimals, half-even. */
export const quantityFor = (cash: Quote, price: Px): Base => cash.div(price) as unknown as Base;
/** Largest multiple of `lot` whose notional at `price` is at most `cash`; none is negative. */
export const mostLots = (cash: Quote, price: Px, lot: Base): Base =>
  lot.times(wholeSteps(cash, notional(lot, price))) as Base;

/** Smallest multiple of `lot` whose notional at `price` is at least `cash`; none is negative. */
export function fewestLots(cash: Quote, price: Px, lot: Base): Base {
  const most = mostLots(cash, price, lot);
  return notional(most, price).gte(cash) ? most : add(most, lot);
}

/** cash / quantity: average price, 24 decimals, half-even. */
export const averagePrice = (cash: Quote, quantity: Base): Px => cash.div(quantity) as unknown as Px;
/** cash x part / whole, 24 decimals, half-even; opposite signs turn it round. `whole` is not zero. */
export const shareOfCash = (cash: Quote, part: Base, whole: Base): Quote =>
  cash.times(part).div(whole) as unknown as Quote;
/** contracts x base per contract. */
export const contractsToBase = (count: Contracts, contractSize: Base): Base =>
  count.times(contractSize) as unknown as Base;
/** base / base per contract; exact only if `quantity` is a multiple of what 24 decimals hold. */
export const baseToContracts = (quantity: Base, contractSize: Base): Contracts =>
  quantity.div(contractSize) as unknown as Contracts;

/** Plain text without exponent or trailing zeros beyond the value; the only form that is stored or sent. */
export const text = (a: AnyDec): string => a.toFixed();
/** Nearest double, for statistics and display. */
export const toNumber = (a: AnyDec): number => nearest(a);
/** Up to 15 digits and 22 places are one exact division or product of doubles, which rounds correctly; else by text. */
function nearest({ s, e, c }: Big): number {
  const places = c.length - 1 - e;
  if (c.length > 15 || places > 22 || places < -22) return Number(`${s < 0 ? '-' : ''}${c.join('')}e${-places}`);
  let digits = 0;
  for (const digit of c) digits = digits * 10 + digit;
  const value = places < 0 ? digits * (POWERS[-places] ?? Number.NaN) : digits / (POWERS[places] ?? Number.NaN);
  return s < 0 ? -value : value;
}

/** Powers of ten that doubles hold exactly. */
const POWERS: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Rounded to `digits` decimals, half-even, for display and cent comparisons. */
export const round = <T extends AnyDec>(a: T, digits: number): T => a.round(digits, Exact.roundHalfEven) as T;

/** Least common multiple of two positive steps: a quantity both venues accept. */
export function commonStep<T extends AnyDec>(a: T, b: T): T {
  if (eq(a, b)) return a;
  if (isMultipleOf(a, b)) return a;
  if (isMultipleOf(b, a)) return b;
  const digits = Math.max(decimals(a), decimals(b));
  const unitPower = new Exact('10').pow(digits);
  let x = BigInt(a.times(unitPower).toFixed(0));
  let y = BigInt(b.times(unitPower).toFixed(0));
  const product = x * y;
  while (y !== 0n) [x, y] = [y, x % y];
  return new Exact((product / x).toString()).div(unitPower) as unknown as T;
}

function decimals(a: AnyDec): number {
  return a.toFixed().split('.')[1]?.length ?? 0;
}
