/**
 * What it means to take the venue's word: the facts that end the open discrepancies of one account. Positions are
 * corrected at the mark (larger ones at the venue's entry), the wallet gets a new baseline, conflicts and foreign trades stand as they were booked.
 */
import {
  abs,
  add,
  averagePrice,
  type Base,
  base,
  gt,
  isPositive,
  isZero,
  notional,
  type Px,
  px,
  type Quote,
  quote,
  sub,
  ZERO_BASE,
} from '../kernel/decimal.ts';
import { type ClientOrderId, type HedgeId, type InstrumentKey, instrumentKey, splitKey } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { DifferenceAccepted, DiscrepancyNoted, Fact, PositionAdjusted } from '../ledger/facts.ts';
import { applyFill, FLAT } from '../ledger/holding.ts';
import { sharesOf } from '../ledger/position-gaps.ts';
import { bookedChange } from '../ledger/reconcile.ts';
import { type AccountRecord, accountKey } from '../ledger/state.ts';
import { hasUnresolved } from './accounts.ts';
import { type Core, resync } from './core.ts';
import type { AcceptCommand } from './events.ts';
import { markOf, strangersMark } from './valuation.ts';

type Accepted =
  | {
      readonly ok: true;
      readonly facts: readonly Fact[];
      readonly hedges: readonly HedgeId[];
      /** Whose fate is known by it. */
      readonly orders?: readonly ClientOrderId[];
      readonly detail: string;
    }
  | { readonly ok: false; readonly detail: string };

const no = (detail: string): Accepted => ({ ok: false, detail });

/** Refused while it would accept something unseen, old, or still moving. */
export function acceptanceOf(core: Core, command: AcceptCommand, by: string): Accepted {
  const { route, venue, note, seenAt } = command;
  const name = accountKey(route, venue);
  const watch = core.accounts.get(name);
  const account = core.ledger.accounts.get(name);
  if (!watch) return no(`there is no account ${name}`);
  const open = [...core.ledger.discrepancies.values()].filter((each) => each.route === route && each.venue === venue);
  if (open.length === 0) return { ok: true, facts: [], hedges: [], detail: `nothing is open on ${name}` };
  if (note.trim() === '') return no('a note must say why the venue is believed');
  if (open.some(({ at }) => at > seenAt)) return no('a newer difference has been found meanwhile; look again first');
  const fates = open.filter(({ what }) => what === 'order_fate');
  if (fates.length > 0) return fatesAccepted(core, fates, note, by);
  if (!account?.baseline || watch.agreedAt === undefined || watch.status !== 'ready')
    return no(`${name} has not been compared since the start: ${watch.reason}`);
  if (hasUnresolved(core, watch)) return no(`an order on ${name} has no known end yet; try again when it has`);
  if (watch.comparedChanges !== watch.changes) {
    resync(core, name);
    return no(`something has changed on ${name} since it was compared; it is read again: look, and try again`);
  }
  const at = core.clock.now();
  const corrected: PositionAdjusted[] = [];
  for (const discrepancy of open) {
    if (discrepancy.what !== 'position') continue;
    const key = discrepancy.id.slice(`${name}|position|`.length);
    const known = markOf(core.market.get(key));
    const mark = known === undefined ? strangersMark(core, route, key) : px(known);
    if (!mark) return no(`${key} has no price to correct its position at`);
    corrected.push(...correctionOf(core, key, discrepancy, mark, by, at));
  }
  const wallet = walletSaid(account, open);
  const change = add(bookedChange(account), realisedBy(account, corrected));
  const baseline: Fact = {
    kind: 'baseline',
    venue,
    route,
    currency: account.baseline.currency,
    wallet: sub(wallet, change),
    // What happened before that comparison is in the wallet that is accepted here, and is not booked any more.
    at: watch.agreedAt,
  };
  const isMoney = corrected.length > 0 || open.some(({ what }) => what === 'wallet');
  const facts = [...open.map((each) => acceptance(each, note, by, at)), ...corrected, ...(isMoney ? [baseline] : [])];
  const hedges = [...new Set(corrected.flatMap(({ hedge }) => (hedge === undefined ? [] : [hedge])))];
  const lines = open.map(({ detail, venueSays }) => `accepted: ${detail} -> ${venueSays}`);
  return { ok: true, facts, hedges, detail: lines.join('\n') };
}

/** Nobody has said what became of the order. */
const UNTOLD: ReadonlySet<string> = new Set(['intended', 'unknown']);

/**
 * Orders first: nothing of the account is compared while one of them has no known end. They count as never accepted; one
 * that turns up all the same is taken then, like every late fill.
 */
function fatesAccepted(core: Core, fates: readonly DiscrepancyNoted[], note: string, by: string): Accepted {
  const at = core.clock.now();
  // One that was found meanwhile is what was found.
  const orderOf = ({ id }: DiscrepancyNoted): ClientOrderId => id.slice(id.lastIndexOf('|') + 1);
  const statusOf = (id: ClientOrderId) => core.ledger.attempts.get(id)?.status;
  // Acknowledged once, and no lookup finds it any more: nobody will say what became of it.
  const isForgotten = (id: ClientOrderId): boolean =>
    statusOf(id) === 'open' &&
    (core.lookups.get(id)?.proof.emptyAtMs.length ?? 0) >= core.settings.execution.lookup.minLookups;
  const isUntold = (id: ClientOrderId): boolean => UNTOLD.has(statusOf(id) ?? 'unknown') || isForgotten(id);
  const ids = fates.map(orderOf).filter(isUntold);
  const outcomes = ids.map(
    (clientOrderId): Fact => ({
      kind: 'outcome',
      clientOrderId,
      status: 'proven_absent',
      code: 'accepted',
      detail: note,
      at,
    }),
  );
  const hedges = ids.flatMap((id) => core.ledger.attempts.get(id)?.intent.hedge ?? []);
  const lines = fates.map((fate) => {
    const id = orderOf(fate);
    return isUntold(id) ? `accepted as never placed: ${fate.detail}` : `found as ${statusOf(id)}: ${id}`;
  });
  const facts = [...fates.map((each) => acceptance(each, note, by, at)), ...outcomes];
  return { ok: true, facts, hedges: [...new Set(hedges)], orders: ids, detail: lines.join('\n') };
}

const acceptance = (
  { id, venue, route, ledger, venueSays }: DiscrepancyNoted,
  note: string,
  by: string,
  at: Instant,
): DifferenceAccepted => ({ kind: 'acceptance', id, venue, route, ledger, venueSays, note, by, at });

/** The difference as a trade, divided like one that nobody here ordered. */
function correctionOf(
  core: Core,
  key: InstrumentKey,
  discrepancy: DiscrepancyNoted,
  mark: Px,
  by: string,
  at: Instant,
): PositionAdjusted[] {
  const { route, venue, venueSays } = discrepancy;
  const ledger = core.ledger.accounts.get(accountKey(route, venue))?.holdings.get(key)?.quantity ?? ZERO_BASE;
  const change = sub(base(venueSays), ledger);
  if (isZero(change)) return [];
  const side = gt(change, ZERO_BASE) ? 'buy' : 'sell';
  const { symbol } = splitKey(key);
  const opened = openingPrice(core, key, discrepancy, change) ?? mark;
  return sharesOf(core.ledger, route, key, side, abs(change)).map(({ owner, quantity }) => ({
    kind: 'adjustment',
    venue,
    route,
    symbol,
    side,
    quantity,
    price: owner ? mark : opened,
    ...(owner && { hedge: owner.hedge.id, leg: owner.leg.name }),
    by,
    at,
  }));
}

/**
 * At what the venue counts a position that became larger, so that it realises the same later as the ledger will:
 * entry x quantity is the venue's cost, what the ledger lacks of it is the price of the change. Undefined when the
 * position did not become larger, or the venue does not say.
 */
function openingPrice(
  core: Core,
  key: InstrumentKey,
  { route, venue, venueSays }: DiscrepancyNoted,
  change: Base,
): Px | undefined {
  const account = accountKey(route, venue);
  const entry = core.positions.get(account)?.read?.positions.get(key)?.entryPrice;
  const said = base(venueSays);
  if (!entry || isZero(said) || said.s !== change.s) return undefined;
  const held = core.ledger.accounts.get(account)?.holdings.get(key) ?? FLAT;
  if (!isZero(held.quantity) && held.quantity.s !== change.s) return entry;
  const price = averagePrice(sub(notional(said, entry), held.cost), change);
  return isPositive(price) ? price : undefined;
}

/** Price PnL that folding the corrections will book. */
function realisedBy(account: AccountRecord, corrections: readonly PositionAdjusted[]): Quote {
  const holdings = new Map(account.holdings);
  let realised = quote('0');
  for (const { venue, symbol, side, quantity, price } of corrections) {
    const key = instrumentKey(venue, symbol);
    const applied = applyFill(holdings.get(key) ?? FLAT, side, quantity, price);
    holdings.set(key, applied.holding);
    realised = add(realised, applied.realised);
  }
  return realised;
}

/** As the venue said; where nothing was wrong with it, as the ledger expects it. */
function walletSaid(account: AccountRecord, open: readonly DiscrepancyNoted[]): Quote {
  const noted = open.find(({ what }) => what === 'wallet');
  return noted ? quote(noted.venueSays) : add(account.baseline?.wallet ?? quote('0'), bookedChange(account));
}
