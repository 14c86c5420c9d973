/**
 * Whose a fill is. One is booked once; late ones are taken in any state; a trade id that comes back with other data keeps
 * its first version and raises a discrepancy. Nothing of ours is called foreign, and nothing foreign ours.
 */
import {
  abs,
  type Base,
  eq,
  gte,
  isNegative,
  isPositive,
  isZero,
  max,
  min,
  neg,
  sub,
  sum,
  ZERO_BASE,
} from '../kernel/decimal.ts';
import { type InstrumentKey, instrumentKey } from '../kernel/ids.ts';
import { DAY_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { AttemptOutcome, DiscrepancyNoted, Fact, FillBooked } from '../ledger/facts.ts';
import { fillDigest, fillIdentity } from '../ledger/fold.ts';
import { sharesOf, type TradeShare } from '../ledger/position-gaps.ts';
import {
  type AttemptRecord,
  accountKey,
  isUnresolved,
  type LedgerState,
  type LegRecord,
  legsOf,
} from '../ledger/state.ts';
import type { Fill } from '../market/order.ts';
import { emergencyOf, isSameLedger } from './client-id.ts';
import { conflict, foreign, LOST, OWN, STRANGE } from './fill-notes.ts';

/** How far a fill can lie from an order called absent to be suspected of being its; clocks may differ by hours. */
const ABSENT_FILLS_MS = DAY_MS;

/** How long a fill of ours that closed something waits for whatever had opened it. */
const LATE_FILLS_MS = 15 * MINUTE_MS;

/** Whether an order that was called absent, or an entry long unknown, is not there still, asked for after the fill. */
export type StillAbsent = (attempt: AttemptRecord, fill: Fill) => boolean;

/**
 * Facts for fills not yet booked, each with its owner; duplicates give nothing, conflicts a discrepancy. Left out is a
 * fill that cannot be told apart from an entry of unknown fate, or of one called absent and not asked for again, which
 * reconciliation brings again once that is known, and one whose owner depends on another of these, which a second call
 * books once the first is folded.
 */
export function bookFills(
  state: LedgerState,
  fills: readonly Fill[],
  now: Instant,
  isAbsent: StillAbsent = () => false,
): Fact[] {
  const facts: Fact[] = [];
  const fresh = new Set<string>();
  const touched = new Set<InstrumentKey>();
  for (const fill of fills) {
    const identity = fillIdentity(fill);
    const known = state.fills.get(identity);
    if (known !== undefined) {
      const noted = conflict(fill, known, now);
      if (known !== fillDigest(fill) && isNews(state, noted)) facts.push(noted);
      continue;
    }
    if (fresh.has(identity)) continue;
    fresh.add(identity);
    const key = instrumentKey(fill.venue, fill.symbol);
    const attempt = ownerAttempt(state, fill);
    const left = attempt?.intent.reduceOnly ? leftOf(state, attempt, facts) : undefined;
    if (attempt && (!left || isPositive(left))) facts.push(bookOwn(state, fill, attempt, left, now));
    else if (touched.has(key)) continue;
    else
      facts.push(
        ...(attempt ? bookStray(state, fill, attempt, now, isAbsent) : bookForeign(state, fill, now, isAbsent)),
      );
    touched.add(key);
  }
  return facts;
}

/** Unknown orders whose end `facts`, not folded yet, tell: all that was wanted has been traded, whatever lookups say. */
export function endedByFills(state: LedgerState, facts: readonly Fact[], now: Instant): AttemptOutcome[] {
  const traded = new Map<string, Fill[]>();
  for (const fact of facts) {
    if (fact.kind !== 'fill' || fact.fill.clientOrderId === undefined) continue;
    traded.set(fact.fill.clientOrderId, [...(traded.get(fact.fill.clientOrderId) ?? []), fact.fill]);
  }
  return [...traded].flatMap(([clientOrderId, fills]): AttemptOutcome[] => {
    const attempt = state.attempts.get(clientOrderId);
    const venueOrderId = fills.at(-1)?.venueOrderId;
    if (attempt?.status !== 'unknown' || venueOrderId === undefined) return [];
    const filled = sum(
      attempt.filled,
      fills.map(({ quantity }) => quantity),
    );
    if (!eq(filled, attempt.intent.quantity)) return [];
    return [{ kind: 'outcome', clientOrderId, status: 'filled', venueOrderId, filled, at: now }];
  });
}

/** Neither stored already nor accepted by an operator, as it is. */
export const isNews = (state: LedgerState, { id, venueSays }: DiscrepancyNoted): boolean =>
  state.discrepancies.get(id)?.venueSays !== venueSays && state.accepted.get(id) !== venueSays;

/**
 * A reducing order takes no leg through zero. What its fill has beyond `left` went, as the leg's, to a trade of nobody here
 * that came after it and was told first, and is theirs; without such a trade an opening fill of ours is still to be told.
 */
function bookOwn(
  state: LedgerState,
  fill: Fill,
  { intent: { hedge, leg, clientOrderId } }: AttemptRecord,
  left: Base | undefined,
  now: Instant,
): FillBooked {
  const taken = state.hedges.get(hedge)?.[leg].takenBase ?? ZERO_BASE;
  const beyond = left && isPositive(taken) ? min(max(sub(fill.quantity, left), ZERO_BASE), taken) : ZERO_BASE;
  const isTheirs = !isZero(beyond) && absentOrders(state, fill).length === 0;
  const part = isTheirs ? { legQuantity: sub(fill.quantity, beyond) } : {};
  return { kind: 'fill', fill: { ...fill, clientOrderId }, hedge, leg, ...part, bookedAt: now };
}

/** What a reducing order's leg has left once `facts` are folded; undefined while an entry is still to be told. */
function leftOf(state: LedgerState, { intent }: AttemptRecord, facts: readonly Fact[]): Base | undefined {
  const leg = state.hedges.get(intent.hedge)?.[intent.leg];
  if (!leg) return ZERO_BASE;
  if (leg.attempts.some((each) => isUnresolved(each) && !each.intent.reduceOnly)) return undefined;
  const held = leg.holding.quantity;
  const closed = facts.flatMap((fact) => {
    if (fact.kind !== 'fill' || fact.hedge !== intent.hedge || fact.leg !== intent.leg) return [];
    const quantity = fact.legQuantity ?? fact.fill.quantity;
    return [fact.fill.side === intent.side ? quantity : neg(quantity)];
  });
  const isClosing = intent.side === 'sell' ? isPositive(held) : isNegative(held);
  return isClosing ? sub(abs(held), sum(ZERO_BASE, closed)) : ZERO_BASE;
}

/**
 * A reducing order that fills long after its leg is gone reduces what the venue finds: another hedge's leg on the same
 * instrument, or what a human holds. The fill belongs to what it has shrunk, or two hedges would be wrong. But an entry
 * called absent may have filled all the same, and be what was reduced: then its fill comes first.
 */
function bookStray(
  state: LedgerState,
  fill: Fill,
  attempt: AttemptRecord,
  now: Instant,
  isAbsent: StillAbsent,
): FillBooked[] {
  if (absentOrders(state, fill).some((each) => !isAbsent(each, fill))) return [];
  const { key, clientOrderId } = attempt.intent;
  const owner = ownerOf(sharesOf(state, fill.route, key, fill.side, fill.quantity, fill.at), fill);
  // It may have closed what another hedge's entry has filled, of which nobody has told yet.
  if (!isWhole(owner) && (waitsForEntry(state, fill, isAbsent) || misses(state, fill, now))) return [];
  return [{ kind: 'fill', fill: { ...fill, clientOrderId }, ...owner, bookedAt: now }];
}

/**
 * What the account held has not been told yet: a reducing order takes no position through zero, so what it closed had been
 * opened by a fill that comes late. For a while; a venue may have forgotten it.
 */
function misses(state: LedgerState, { route, venue, symbol, side, quantity, at }: Fill, now: Instant): boolean {
  const held = state.accounts.get(accountKey(route, venue))?.holdings.get(instrumentKey(venue, symbol))?.quantity;
  const isCovered = held !== undefined && held.s === (side === 'sell' ? 1 : -1) && gte(abs(held), quantity);
  return !isCovered && now - at < LATE_FILLS_MS;
}

type Owner = Pick<FillBooked, 'hedge' | 'leg' | 'legQuantity'>;
const isWhole = ({ hedge, legQuantity }: Owner): boolean => hedge !== undefined && legQuantity === undefined;

/** Whose a trade is that shrinks several: the first that has any of it. */
function ownerOf(shares: readonly TradeShare[], fill: Fill): Owner {
  const share = shares.find(({ owner }) => owner !== undefined);
  if (!share?.owner) return {};
  const isAll = eq(share.quantity, fill.quantity);
  return {
    hedge: share.owner.hedge.id,
    leg: share.owner.leg.name,
    ...(!isAll && { legQuantity: share.quantity }),
  };
}

/** Nobody's order of ours: liquidation, ADL or a human. It belongs to the hedge whose leg it shrinks. */
function bookForeign(state: LedgerState, fill: Fill, now: Instant, isAbsent: StillAbsent): Fact[] {
  const key = instrumentKey(fill.venue, fill.symbol);
  const own = emergencyShare(state, fill);
  const shares = own ? [own] : sharesOf(state, fill.route, key, fill.side, fill.quantity, fill.at);
  const owner = ownerOf(shares, fill);
  // Booked now it would be lost to its hedge, or come before the fill that it closes. Whoever asks again gets it again.
  const isDoubtful =
    waitsForEntry(state, fill, isAbsent) || absentOrders(state, fill).some((each) => !isAbsent(each, fill));
  if (!isWhole(owner) && isDoubtful) return [];
  const booked: FillBooked = { kind: 'fill', fill, ...owner, bookedAt: now };
  const cause = own ? OWN : isLost(state, fill) ? LOST : STRANGE;
  return [booked, foreign(fill, shares, cause, now)];
}

/** Made by this ledger as it was before somebody put an older one in its place. */
function isLost(state: LedgerState, { clientOrderId }: Fill): boolean {
  const [known] = state.attempts.keys();
  return clientOrderId !== undefined && known !== undefined && isSameLedger(known, clientOrderId);
}

/**
 * Of an emergency order that no ledger could record before its process ended: its id says whose leg it made smaller. None
 * where the leg does not hold that much.
 */
function emergencyShare(state: LedgerState, { clientOrderId, route, venue, symbol, side, quantity }: Fill) {
  const said = clientOrderId === undefined ? undefined : emergencyOf(clientOrderId);
  const hedge = said && state.hedges.get(said.hedge);
  if (!said || hedge?.plan.route !== route) return undefined;
  const leg = hedge[said.leg];
  const isOurs = legsOf(hedge).some(({ attempts }) =>
    attempts.some(({ intent }) => intent.clientOrderId.startsWith(said.ledger)),
  );
  const closes = side === (leg.direction === 'long' ? 'sell' : 'buy') && gte(abs(leg.holding.quantity), quantity);
  if (!isOurs || !closes || leg.key !== instrumentKey(venue, symbol)) return undefined;
  return { owner: { hedge, leg }, quantity } satisfies TradeShare;
}

function ownerAttempt(state: LedgerState, fill: Fill): AttemptRecord | undefined {
  if (fill.clientOrderId !== undefined) {
    const byClient = state.attempts.get(fill.clientOrderId);
    if (byClient && byClient.intent.route === fill.route) return byClient;
  }
  const key = instrumentKey(fill.venue, fill.symbol);
  for (const leg of openLegs(state, key, fill.route)) {
    const byVenueId = leg.attempts.find((attempt) => attempt.venueOrderId === fill.venueOrderId);
    if (byVenueId) return byVenueId;
  }
  return undefined;
}

/** An entry order of unknown fate that this fill may belong to, or that must have filled before this one could close. */
function waitsForEntry(state: LedgerState, fill: Fill, isAbsent: StillAbsent): boolean {
  const key = instrumentKey(fill.venue, fill.symbol);
  return openLegs(state, key, fill.route).some((leg) => {
    const entries = leg.attempts.filter(
      (attempt) => isUnresolved(attempt) && !attempt.intent.reduceOnly && !isAbsent(attempt, fill),
    );
    const own = entries.some(
      ({ intent, filled, venueOrderId }) =>
        intent.side === fill.side && venueOrderId === undefined && gte(sub(intent.quantity, filled), fill.quantity),
    );
    if (own) return fill.clientOrderId === undefined;
    const pending = entries.map((attempt) => sub(attempt.intent.quantity, attempt.filled));
    return entries.length > 0 && gte(sum(abs(leg.holding.quantity), pending), fill.quantity);
  });
}

/**
 * Orders called absent that a fill is news of: every sign of absence can have been wrong. One without a name may be
 * theirs (Binance lists fills without client order ids), or have closed what such an entry had opened, as one of a
 * reducing order of ours may have.
 */
export function absentOrders(state: LedgerState, fill: Fill): AttemptRecord[] {
  const reduces = reducedLeg(state, fill);
  if (fill.clientOrderId !== undefined && !reduces) return [];
  const key = instrumentKey(fill.venue, fill.symbol);
  const legs = reduces ? [reduces] : openLegs(state, key, fill.route);
  return legs.flatMap((leg) =>
    leg.attempts.filter(({ intent, status }) => {
      if (status !== 'proven_absent' || Math.abs(fill.at - intent.at) >= ABSENT_FILLS_MS) return false;
      if (reduces) return !intent.reduceOnly;
      return (intent.side === fill.side || !intent.reduceOnly) && gte(intent.quantity, fill.quantity);
    }),
  );
}

/** The leg that a reducing order of ours was sent for; undefined when the fill is of no such order. */
function reducedLeg(state: LedgerState, fill: Fill): LegRecord | undefined {
  const attempt = ownerAttempt(state, fill);
  if (attempt)
    return attempt.intent.reduceOnly ? state.hedges.get(attempt.intent.hedge)?.[attempt.intent.leg] : undefined;
  const said = fill.clientOrderId === undefined ? undefined : emergencyOf(fill.clientOrderId);
  return said && state.hedges.get(said.hedge)?.[said.leg];
}

function openLegs(state: LedgerState, key: InstrumentKey, route: Fill['route']): LegRecord[] {
  const legs: LegRecord[] = [];
  for (const hedge of state.hedges.values()) {
    if (hedge.plan.route !== route) continue;
    for (const leg of legsOf(hedge)) if (leg.key === key) legs.push(leg);
  }
  return legs;
}
