/**
 * Where a venue's positions differ from the ledger's, and which of these differences a single reading may be believed
 * about. A list that lacks a position is not yet a closed position: an empty answer is an everyday fault. Pure.
 */
import {
  abs,
  add,
  type Base,
  eq,
  gt,
  isNegative,
  isPositive,
  isZero,
  lt,
  lte,
  min,
  notional,
  type Px,
  type Quote,
  quote,
  scale,
  sub,
  sum,
  ZERO_BASE,
  ZERO_QUOTE,
} from '../kernel/decimal.ts';
import { type InstrumentKey, type Route, splitKey, type VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Side, VenueBalance, VenuePosition } from '../market/order.ts';
import {
  type AccountRecord,
  accountKey,
  type HedgeRecord,
  isFinal,
  type LedgerState,
  type LegRecord,
  legsOf,
} from './state.ts';

export interface PositionGap {
  readonly key: InstrumentKey;
  /** Long positive. */
  readonly ledger: Base;
  readonly venue: Base;
  /** The venue listed the position, with a quantity. Otherwise its list lacks what the ledger holds. */
  readonly listed: boolean;
}

/** In key order; nothing where both agree. */
export function positionGaps(account: AccountRecord | undefined, positions: readonly VenuePosition[]): PositionGap[] {
  const said = new Map(positions.map((position) => [position.key, position.quantity]));
  const keys = new Set<InstrumentKey>([...said.keys(), ...(account?.holdings.keys() ?? [])]);
  return [...keys].sort().flatMap((key) => {
    const ledger = account?.holdings.get(key)?.quantity ?? ZERO_BASE;
    const venue = said.get(key) ?? ZERO_BASE;
    return eq(ledger, venue) ? [] : [{ key, ledger, venue, listed: !isZero(venue) }];
  });
}

export interface MarginEvidence {
  readonly account: AccountRecord | undefined;
  readonly positions: readonly VenuePosition[];
  readonly balance: VenueBalance;
  /** Undefined when it is not known, or differs between the legs that hold the instrument: then nobody can tell. */
  readonly leverageOf: (key: InstrumentKey) => number | undefined;
  readonly markOf: (key: InstrumentKey) => Px | undefined;
}

const CENT = quote('0.01');

/**
 * Whether the margin in use (wallet - available) speaks for the venue's list of positions rather than for the ledger's:
 * it is nearer to what the listed ones tie up at the leverage than to what the ledger's would. An independent figure of
 * the same venue. False when it cannot tell: a price is missing, or more is available than is in the wallet.
 */
export function marginConfirms({ account, positions, balance, leverageOf, markOf }: MarginEvidence): boolean {
  const used = sub(balance.wallet, balance.available);
  const listed = marginOf(positions, leverageOf, markOf);
  const held = [...(account?.holdings ?? [])].map(([key, { quantity }]) => ({ key, quantity }));
  const booked = marginOf(held, leverageOf, markOf);
  if (!listed || !booked || lt(add(used, CENT), ZERO_QUOTE)) return false;
  return lt(abs(sub(used, listed)), abs(sub(used, booked)));
}

/** Of the margin that a missing position would tie up: so much may be in use beyond the listed ones, for other reasons. */
const UNEXPLAINED_SHARE = 0.25;

/**
 * Whether the margin in use is that of the listed positions, with no room for a missing one of |`quantity`|. More careful
 * than `marginConfirms`: it stays right when several are in doubt at once. False when it cannot tell.
 */
export function marginExcludes(
  missing: Pick<VenuePosition, 'key' | 'quantity'>,
  { positions, balance, leverageOf, markOf }: Omit<MarginEvidence, 'account'>,
): boolean {
  const wouldBe = marginOf([missing], leverageOf, markOf);
  if (!wouldBe) return false;
  const used = sub(balance.wallet, balance.available);
  // Some venues count margin at the entry price, some at the mark.
  const entries = new Map(positions.map(({ key, entryPrice }) => [key, entryPrice]));
  return [markOf, (key: InstrumentKey) => entries.get(key)].some((priceOf) => {
    const listed = marginOf(positions, leverageOf, priceOf);
    return listed !== undefined && lt(abs(sub(used, listed)), scale(wouldBe, UNEXPLAINED_SHARE));
  });
}

function marginOf(
  positions: readonly Pick<VenuePosition, 'key' | 'quantity'>[],
  leverageOf: MarginEvidence['leverageOf'],
  markOf: MarginEvidence['markOf'],
): Quote | undefined {
  let total = ZERO_QUOTE;
  for (const { key, quantity } of positions) {
    if (isZero(quantity)) continue;
    const mark = markOf(key);
    const leverage = leverageOf(key);
    if (!mark || leverage === undefined) return undefined;
    total = add(total, scale(abs(notional(quantity, mark)), 1 / leverage));
  }
  return total;
}

/**
 * How much of a leg's quantity the venue's position of `venue` base units covers. Hedges that hold the same instrument
 * in the same direction are covered in the order in which they were planned. Positive, at most |quantity|.
 */
export function coveredOf(state: LedgerState, route: Route, leg: LegRecord, venue: Base): Base {
  const { quantity } = leg.holding;
  let left = isSameSign(venue, quantity) ? abs(venue) : ZERO_BASE;
  for (const { leg: owner } of ownersOf(state, route, leg.key)) {
    if (owner === leg) return lt(left, abs(quantity)) ? left : abs(quantity);
    if (!isSameSign(owner.holding.quantity, quantity)) continue;
    const taken = abs(owner.holding.quantity);
    left = gt(left, taken) ? sub(left, taken) : ZERO_BASE;
  }
  return lte(abs(quantity), left) ? abs(quantity) : left;
}

/** Legs that hold some of an instrument, of hedges that are not over, oldest first. */
export function ownersOf(
  state: LedgerState,
  route: Route,
  key: InstrumentKey,
): { readonly hedge: HedgeRecord; readonly leg: LegRecord }[] {
  const owners = [];
  // All that hold anything are among the recent ones.
  for (const hedge of [...state.recent.values()].sort(byNumber)) {
    if (hedge.plan.route !== route || (isFinal(hedge.state) && legsOf(hedge).every(isEmpty))) continue;
    for (const leg of legsOf(hedge)) if (leg.key === key && !isEmpty(leg)) owners.push({ hedge, leg });
  }
  return owners;
}

const byNumber = (a: HedgeRecord, b: HedgeRecord): number => Number(a.id.slice(1)) - Number(b.id.slice(1));

/** What an account holds beyond its hedges: a human's. Long positive. */
export function unownedOf(state: LedgerState, route: Route, key: InstrumentKey): Base {
  const owned = sum(
    ZERO_BASE,
    ownersOf(state, route, key).map(({ leg }) => leg.holding.quantity),
  );
  const account = state.accounts.get(accountKey(route, splitKey(key).venue));
  return sub(account?.holdings.get(key)?.quantity ?? ZERO_BASE, owned);
}

/** A part of a trade that nobody here ordered, and whose it is; without an owner it is a human's own. */
export interface TradeShare {
  readonly owner?: { readonly hedge: HedgeRecord; readonly leg: LegRecord };
  /** Positive. */
  readonly quantity: Base;
}

/**
 * Divides such a trade. What the account holds beyond its hedges is a human's and goes first, then the legs in the order
 * in which their hedges were planned; what is left is nobody's: a leg never changes its direction. A trade from before a
 * leg's first fill (both by the venue's clock) cannot have shrunk it. Sums to `quantity`.
 */
export function sharesOf(
  state: LedgerState,
  route: Route,
  key: InstrumentKey,
  side: Side,
  quantity: Base,
  at?: Instant,
): TradeShare[] {
  const closes = (held: Base): boolean => (side === 'sell' ? isPositive(held) : isNegative(held));
  const unowned = unownedOf(state, route, key);
  const own = closes(unowned) ? min(abs(unowned), quantity) : ZERO_BASE;
  let left = sub(quantity, own);
  const shares: TradeShare[] = [];
  for (const owner of ownersOf(state, route, key)) {
    const isBefore = at !== undefined && at < (owner.leg.firstFillAt ?? at);
    if (isZero(left) || isBefore || !closes(owner.leg.holding.quantity)) continue;
    const taken = min(left, abs(owner.leg.holding.quantity));
    shares.push({ owner, quantity: taken });
    left = sub(left, taken);
  }
  const foreign = add(own, left);
  return isZero(foreign) ? shares : [...shares, { quantity: foreign }];
}

/** Of the discrepancy about an instrument's position. */
export const positionDiscrepancyId = (route: Route, venue: VenueId, key: InstrumentKey): string =>
  `${route}|${venue}|position|${key}`;

/** Whether a hedge has an open discrepancy about a position of its own. */
export function positionDiscrepancies(state: LedgerState, hedge: HedgeRecord): string[] {
  // Asked of every hedge at every event, and there is hardly ever one.
  if (state.discrepancies.size === 0) return [];
  return legsOf(hedge).flatMap(({ key }) => {
    const known = state.discrepancies.get(positionDiscrepancyId(hedge.plan.route, splitKey(key).venue, key));
    return known ? [known.detail] : [];
  });
}

const isEmpty = (leg: LegRecord): boolean => isZero(leg.holding.quantity);
const isSameSign = (a: Base, b: Base): boolean => !isZero(a) && !isZero(b) && a.s === b.s;
