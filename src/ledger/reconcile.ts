/**
 * Reconciliation: one venue's answers against the ledger. Pure; every difference is a stored discrepancy that blocks
 * opening on that venue until a later reconciliation finds it explained. Nothing is adopted silently, nothing is
 * overwritten.
 */
import {
  abs,
  add,
  type Base,
  gt,
  isZero,
  lte,
  notional,
  type Quote,
  quote,
  sub,
  text,
  ZERO_BASE,
  ZERO_QUOTE,
} from '../kernel/decimal.ts';
import type { InstrumentKey, Route, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { OrderState, VenueBalance, VenuePosition } from '../market/order.ts';
import type { DiscrepancyNoted, Fact } from './facts.ts';
import { positionDiscrepancyId, positionGaps } from './position-gaps.ts';
import { type AccountRecord, accountKey, isFinal, type LedgerState, legsOf } from './state.ts';

/** Complete, successful reads of one account, taken while none of its orders was in flight. */
export interface VenueTruth {
  readonly positions: readonly VenuePosition[];
  readonly openOrders: readonly OrderState[];
  readonly balance: VenueBalance;
  /** By the venue's clock, which stamps what is booked from here on. */
  readonly at: Instant;
}

/** Wallets are compared to the cent. */
const CENT = quote('0.01');

/** Baseline at first meeting, new discrepancies, and those that are now explained. */
export function reconcile(state: LedgerState, route: Route, venue: VenueId, truth: VenueTruth, now: Instant): Fact[] {
  const account = state.accounts.get(accountKey(route, venue));
  const found: DiscrepancyNoted[] = [
    ...positionDiffs(account, route, venue, truth.positions, now),
    ...strayOrders(state, route, venue, truth.openOrders, now).filter((each) => !isAccepted(state, each)),
    ...walletDiff(account, route, venue, truth, now),
  ];
  const facts: Fact[] = [];
  if (!account?.baseline) {
    const wallet = account ? sub(truth.balance.wallet, bookedChange(account)) : truth.balance.wallet;
    facts.push({ kind: 'baseline', venue, route, currency: truth.balance.currency, wallet, at: truth.at });
  }
  const foundIds = new Set(found.map((discrepancy) => discrepancy.id));
  for (const discrepancy of found) {
    const known = state.discrepancies.get(discrepancy.id);
    if (!known || known.venueSays !== discrepancy.venueSays || known.ledger !== discrepancy.ledger)
      facts.push(discrepancy);
  }
  for (const known of state.discrepancies.values()) {
    if (known.route !== route || known.venue !== venue || foundIds.has(known.id)) continue;
    if (STAYS.has(known.what)) continue;
    if (known.what === 'foreign_fill' && !holdingsAreOwned(state, account)) continue;
    facts.push({ ...known, status: 'explained', detail: 'venue and ledger agree again', at: now });
  }
  return facts;
}

/** Nothing that is found later explains these: a human must look. */
const STAYS: ReadonlySet<DiscrepancyNoted['what']> = new Set(['fill_conflict', 'payment_conflict', 'ledger_behind']);

const isAccepted = (state: LedgerState, { id, venueSays }: DiscrepancyNoted): boolean =>
  state.accepted.get(id) === venueSays;

/** Realised + funding - fees: what the ledger says the wallet has changed by. */
export const bookedChange = (account: AccountRecord): Quote =>
  sub(add(account.realised, account.funding), account.fees);

function positionDiffs(
  account: AccountRecord | undefined,
  route: Route,
  venue: VenueId,
  positions: readonly VenuePosition[],
  now: Instant,
): DiscrepancyNoted[] {
  return positionGaps(account, positions).map(({ key, ledger, venue: said }) => ({
    kind: 'discrepancy',
    id: positionDiscrepancyId(route, venue, key),
    venue,
    route,
    what: 'position',
    status: 'open',
    ledger: text(ledger),
    venueSays: text(said),
    detail: `position of ${key}: ledger ${text(ledger)}, venue ${text(said)}`,
    at: now,
  }));
}

function strayOrders(
  state: LedgerState,
  route: Route,
  venue: VenueId,
  openOrders: readonly OrderState[],
  now: Instant,
): DiscrepancyNoted[] {
  return openOrders
    .filter((order) => !state.attempts.has(order.clientOrderId))
    .map((order) => ({
      kind: 'discrepancy',
      id: `${route}|${venue}|open_order|${order.venueOrderId}`,
      venue,
      route,
      what: 'open_order',
      status: 'open',
      ledger: 'no such order',
      venueSays: `${order.side} ${text(order.quantity)} on ${order.key}`,
      detail: `order ${order.venueOrderId} is open on the venue and was not placed by this ledger`,
      at: now,
    }));
}

function walletDiff(
  account: AccountRecord | undefined,
  route: Route,
  venue: VenueId,
  { balance, positions }: VenueTruth,
  now: Instant,
): DiscrepancyNoted[] {
  const gap = account && walletGap(account, { balance, positions });
  if (!gap) return [];
  const { expected, difference } = gap;
  return [
    {
      kind: 'discrepancy',
      id: walletId(route, venue, balance.currency),
      venue,
      route,
      what: 'wallet',
      status: 'open',
      ledger: text(expected),
      venueSays: text(balance.wallet),
      detail: `wallet is ${text(difference)} ${balance.currency} away from baseline + realised + funding - fees`,
      at: now,
    },
  ];
}

const walletId = (route: Route, venue: VenueId, currency: string): string => `${route}|${venue}|wallet|${currency}`;

/** Undefined: the wallet is what the ledger says, to the cent, or there is no baseline to say it from. */
function walletGap(
  account: AccountRecord,
  { balance, positions }: Pick<VenueTruth, 'balance' | 'positions'>,
): { readonly expected: Quote; readonly difference: Quote } | undefined {
  if (!account.baseline) return undefined;
  const expected = add(account.baseline.wallet, bookedChange(account));
  const difference = sub(balance.wallet, expected);
  if (!gt(abs(difference), CENT)) return undefined;
  const entered = enteredDearer(account, positions);
  return entered && !gt(abs(sub(difference, entered)), CENT) ? undefined : { expected, difference };
}

/**
 * Whether the wallet is short of what the ledger says, beyond what is known to differ already, by no more than `most`: a
 * fill that nobody tells of has cost a fee at least, and all that it can have lost at most. A venue's lists can all be
 * wrongly empty; its wallet is another witness.
 */
export function hasPaidUntold(
  state: LedgerState,
  route: Route,
  venue: VenueId,
  truth: Pick<VenueTruth, 'balance' | 'positions'>,
  most: Quote,
): boolean {
  const account = state.accounts.get(accountKey(route, venue));
  const gap = account && walletGap(account, truth);
  if (!gap) return false;
  const known = state.discrepancies.get(walletId(route, venue, truth.balance.currency));
  const knownToDiffer = known ? sub(quote(known.venueSays), quote(known.ledger)) : ZERO_QUOTE;
  const short = sub(knownToDiffer, gap.difference);
  return gt(short, CENT) && lte(short, most);
}

/**
 * What the venue says that the standing positions have cost, beyond the ledger. Both sides average alike, but a fill that
 * is known late is averaged late: what it realised is then counted into the cost of what still stands, or out of it, until
 * that is closed. Wallet minus cost depends on no order. Undefined unless the venue tells the cost of all that stands.
 */
function enteredDearer(account: AccountRecord, positions: readonly VenuePosition[]): Quote | undefined {
  if (positionGaps(account, positions).length > 0) return undefined;
  let dearer = ZERO_QUOTE;
  for (const { key, quantity, entryPrice } of positions) {
    if (isZero(quantity)) continue;
    if (!entryPrice) return undefined;
    dearer = add(dearer, sub(notional(quantity, entryPrice), account.holdings.get(key)?.cost ?? ZERO_QUOTE));
  }
  return dearer;
}

/** Whether everything the account holds belongs to a hedge. */
function holdingsAreOwned(state: LedgerState, account: AccountRecord | undefined): boolean {
  if (!account) return true;
  const owned = new Map<InstrumentKey, Base>();
  for (const hedge of state.hedges.values()) {
    if (hedge.plan.route !== account.route || isFinal(hedge.state)) continue;
    for (const leg of legsOf(hedge)) owned.set(leg.key, add(owned.get(leg.key) ?? ZERO_BASE, leg.holding.quantity));
  }
  return [...account.holdings].every(([key, holding]) => {
    return isZero(sub(holding.quantity, owned.get(key) ?? ZERO_BASE));
  });
}
