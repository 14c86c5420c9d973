/**
 * Arithmetic of one netted linear position (pure).
 *
 * The entry is kept as its exact cost, not as an average price: a partial close takes a rounded share of the cost
 * and leaves the exact remainder, so over a round trip the realised PnL sums to (sold - bought) without losing a unit.
 */
import {
  abs,
  add,
  averagePrice,
  type Base,
  type Contracts,
  ceilTo,
  contracts,
  contractsToBase,
  isNegative,
  isPositive,
  isZero,
  min,
  neg,
  notional,
  type Px,
  type Quote,
  quote,
  round,
  scale,
  sub,
  ZERO_QUOTE,
} from '../../kernel/decimal.ts';

export const ZERO_CONTRACTS: Contracts = contracts('0');
/** Decimals of a partial close's share of the cost, and of displayed average prices. */
const SHARE_DIGITS = 12;
const MARGIN_STEP = quote('0.00000001');

export interface Position {
  /** Signed, long positive. */
  readonly contracts: Contracts;
  /** Entry notional with the sign of `contracts`. */
  readonly cost: Quote;
  /** Wallet cash set aside for this position. */
  readonly margin: Quote;
}

export const FLAT: Position = { contracts: ZERO_CONTRACTS, cost: ZERO_QUOTE, margin: ZERO_QUOTE };

/** contracts x contract size x price; keeps the sign. */
export const cashValue = (count: Contracts, size: Base, price: Px): Quote =>
  notional(contractsToBase(count, size), price);

/** Initial margin: |notional| / leverage, rounded up to 8 decimals. */
export function initialMargin(value: Quote, leverage: number): Quote {
  return ceilTo(abs(value).div(String(leverage)) as Quote, MARGIN_STEP);
}

/** What a signed fill does to a position: the next position and the PnL it realises (before fees). */
export function applyFill(
  position: Position,
  signed: Contracts,
  price: Px,
  size: Base,
  leverage: number,
): { readonly position: Position; readonly realized: Quote } {
  const reduces = isPositive(position.contracts) ? isNegative(signed) : isPositive(signed);
  if (isZero(position.contracts) || !reduces) {
    return { position: increase(position, signed, price, size, leverage), realized: ZERO_QUOTE };
  }
  const held = abs(position.contracts);
  const closing = min(held, abs(signed));
  const signedClosing = isPositive(signed) ? closing : neg(closing);
  const closesAll = closing.eq(held);
  const closedCost = closesAll ? position.cost : shareOf(position.cost, closing, held, size);
  const closedMargin = closesAll ? position.margin : shareOf(position.margin, closing, held, size);
  // A close of a long has negative signed value: proceeds are its negation; a short's cost is negative likewise.
  const realized = sub(neg(cashValue(signedClosing, size, price)), closedCost);
  const rest: Position = {
    contracts: add(position.contracts, signedClosing),
    cost: sub(position.cost, closedCost),
    margin: sub(position.margin, closedMargin),
  };
  const flip = sub(signed, signedClosing);
  return { position: isZero(flip) ? rest : increase(rest, flip, price, size, leverage), realized };
}

function increase(position: Position, signed: Contracts, price: Px, size: Base, leverage: number): Position {
  const value = cashValue(signed, size, price);
  return {
    contracts: add(position.contracts, signed),
    cost: add(position.cost, value),
    margin: add(position.margin, initialMargin(value, leverage)),
  };
}

function shareOf(amount: Quote, closing: Contracts, held: Contracts, size: Base): Quote {
  const perBase = averagePrice(amount, contractsToBase(held, size));
  return round(notional(contractsToBase(closing, size), perBase), SHARE_DIGITS);
}

/** Average entry price, rounded for display; zero when flat. */
export function entryPrice(position: Position, size: Base): Px {
  if (isZero(position.contracts)) return averagePrice(ZERO_QUOTE, size);
  return round(averagePrice(position.cost, contractsToBase(position.contracts, size)), SHARE_DIGITS);
}

/** Value at `mark` minus cost. */
export const unrealized = (position: Position, mark: Px, size: Base): Quote =>
  sub(cashValue(position.contracts, size, mark), position.cost);

/** |notional at the mark| x maintenance rate. */
export const maintenance = (position: Position, mark: Px, size: Base, rate: string): Quote =>
  scale(abs(cashValue(position.contracts, size, mark)), rate);

/** Isolated margin plus unrealised PnL no longer exceeds the maintenance margin. */
export function mustLiquidate(position: Position, mark: Px, size: Base, rate: string): boolean {
  if (isZero(position.contracts)) return false;
  return add(position.margin, unrealized(position, mark, size)).lte(maintenance(position, mark, size, rate));
}

/**
 * Mark at which `margin + contracts x (P - entry) = rate x |contracts| x P`, solved for P:
 * `(cost - margin) / (contracts x (1 -+ rate))`, minus for a long and plus for a short. Undefined when flat or when
 * no positive price gets there.
 */
export function liquidationPrice(position: Position, size: Base, rate: string): Px | undefined {
  return priceWhere(position, size, isPositive(position.contracts) ? quote('1').minus(rate) : quote('1').plus(rate));
}

/** Price at which the loss eats the whole isolated margin: `(cost - margin) / contracts`. */
export const bankruptcyPrice = (position: Position, size: Base): Px | undefined =>
  priceWhere(position, size, quote('1'));

function priceWhere(position: Position, size: Base, factor: { toFixed(): string }): Px | undefined {
  if (isZero(position.contracts)) return undefined;
  const price = averagePrice(
    sub(position.cost, position.margin),
    scale(contractsToBase(position.contracts, size), factor.toFixed()),
  );
  return isPositive(price) ? round(price, SHARE_DIGITS) : undefined;
}
