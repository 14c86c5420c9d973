/**
 * The venues' own positions while the ledger cannot be written: read again and again, and believed once two readings
 * that were asked for well apart say the same. A list that lacks what should be there is believed only when the margin in
 * use agrees with it. Nothing here is ever durable: it is forgotten when the ledger can be written again.
 */
import { mostOf, type Unwritten } from '../execution/emergency.ts';
import { abs, add, type Base, eq, isZero, lt, min, neg, sub, sum, ZERO_BASE } from '../kernel/decimal.ts';
import { type InstrumentKey, instrumentKey, type Route, splitKey, type VenueId } from '../kernel/ids.ts';
import { SECOND_MS } from '../kernel/instant.ts';
import { fillIdentity } from '../ledger/fold.ts';
import { marginExcludes, unownedOf } from '../ledger/position-gaps.ts';
import { accountKey, type HedgeRecord, legsOf } from '../ledger/state.ts';
import type { AccountWatch } from './account-watch.ts';
import { CONFIRM_MS } from './agreed.ts';
import { type Core, wakeAt } from './core.ts';
import type { EngineEvent } from './events.ts';
import { marginTerms } from './margin-terms.ts';

/** An answer that has come back longer ago says nothing about now. */
const FRESH_MS = 3 * SECOND_MS;

/** One list. Every duration of this file is monotonic ms. */
interface Reading {
  readonly askedMs: number;
  readonly answeredMs: number;
  /** Of every instrument on which a leg may stand; undefined: nobody can tell. */
  readonly quantities: ReadonlyMap<InstrumentKey, Base | undefined>;
}

export interface VenueTruth {
  asking: boolean;
  askedMs: number;
  /** Lists asked for earlier tell of a time before an order of ours. */
  notBeforeMs: number;
  /** Of an unbroken row of lists that say the same. */
  first?: Reading;
  newest?: Reading;
}

/** A list of positions that was asked for before such a fill was told may not know of it. */
export function hearDropped(core: Core): void {
  const { unbooked, dropped } = core.emergency;
  for (const booked of dropped.splice(0)) {
    const { fill } = booked;
    const identity = fillIdentity(fill);
    const truth = truthOf(core, accountKey(fill.route, fill.venue));
    if (!unbooked.has(identity)) forgetTruth(truth, Math.max(truth.notBeforeMs, core.clock.monotonicMs()));
    unbooked.set(identity, booked);
  }
}

/** Hedges that may hold something, by route and asset. */
export function standing(core: Core): Map<string, HedgeRecord[]> {
  const unwritten = unwrittenOf(core);
  const found = new Map<string, HedgeRecord[]>();
  for (const hedge of core.ledger.recent.values()) {
    if (legsOf(hedge).every((leg) => isZero(mostOf(leg, unwritten)))) continue;
    const name = `${hedge.plan.route}|${hedge.plan.asset}`;
    found.set(name, [...(found.get(name) ?? []), hedge]);
  }
  return found;
}

/** Asks the accounts of these hedges again, each as soon as a list of its could confirm the one before. */
export function askTruth(core: Core, hedges: readonly HedgeRecord[]): void {
  const nowMs = core.clock.monotonicMs();
  for (const account of accountsOf(hedges)) {
    if ((core.accounts.get(account)?.status ?? 'booting') === 'booting') continue;
    const truth = truthOf(core, account);
    const waitMs = truth.askedMs + CONFIRM_MS - nowMs;
    if (truth.asking || nowMs < truth.notBeforeMs) continue;
    if (waitMs > 0) {
      wakeAt(core, 'emergency', core.clock.now() + waitMs);
      continue;
    }
    truth.asking = true;
    truth.askedMs = nowMs;
    core.send({ kind: 'truth', account, askedMs: nowMs });
  }
}

export function onTruthRead(core: Core, watch: AccountWatch, event: EngineEvent & { kind: 'truth_read' }): void {
  // Asked for in a failure that is over: it is no first word of the next.
  if (core.emergency.sinceMs === undefined) return;
  const truth = truthOf(core, watch.key);
  truth.asking = false;
  const { askedMs, positions } = event;
  if (askedMs < truth.notBeforeMs) return;
  if (!positions.ok) return forgetTruth(truth, truth.notBeforeMs);
  const reading = { askedMs, answeredMs: core.clock.monotonicMs(), quantities: quantitiesOf(core, watch, event) };
  if (!truth.newest || !isSame(truth.newest, reading)) truth.first = reading;
  truth.newest = reading;
}

/** What the venue is known to hold of an instrument now, long positive; undefined: unknown, which is never flat. */
export function saidOf(core: Core, account: string, key: InstrumentKey): Base | undefined {
  const { first, newest } = core.emergency.truths.get(account) ?? {};
  if (!first || !newest || newest.askedMs - first.askedMs < CONFIRM_MS) return undefined;
  if (core.clock.monotonicMs() - newest.answeredMs > FRESH_MS) return undefined;
  return newest.quantities.get(key);
}

/** Since when everything that these hedges' accounts say has been said. */
export const saidSinceMs = (core: Core, hedges: readonly HedgeRecord[]): number =>
  Math.max(...[...accountsOf(hedges)].map((account) => core.emergency.truths.get(account)?.first?.askedMs ?? 0));

/** Only lists asked for from then on count. */
export function forgetTruth(truth: VenueTruth, notBeforeMs: number): void {
  truth.notBeforeMs = notBeforeMs;
  delete truth.first;
  delete truth.newest;
}

export function truthOf({ emergency }: Core, account: string): VenueTruth {
  const known = emergency.truths.get(account);
  if (known) return known;
  const fresh = { asking: false, askedMs: Number.NEGATIVE_INFINITY, notBeforeMs: emergency.sinceMs ?? 0 };
  emergency.truths.set(account, fresh);
  return fresh;
}

export const accountsOf = (hedges: readonly HedgeRecord[]): ReadonlySet<string> =>
  new Set(hedges.flatMap((hedge) => legsOf(hedge).map(({ account }) => account)));

function quantitiesOf(
  core: Core,
  { route, venue }: AccountWatch,
  { positions, balance }: EngineEvent & { kind: 'truth_read' },
): Reading['quantities'] {
  const quantities = new Map<InstrumentKey, Base | undefined>();
  const listed = new Map(positions.ok ? positions.value.map((each) => [each.key, each.quantity]) : []);
  for (const [key, quantity] of expectedOn(core, route, venue)) {
    // A human's position beside ours: nobody can say whose is left.
    const isMixed = !isZero(unownedOf(core.ledger, route, key));
    const said = listed.get(key);
    const isGone = (): boolean =>
      isZero(quantity) ||
      (positions.ok &&
        balance.ok &&
        marginExcludes(
          { key, quantity },
          {
            positions: positions.value,
            balance: balance.value,
            ...marginTerms(core, route, positions.value),
          },
        ));
    quantities.set(key, isMixed ? undefined : (said ?? (isGone() ? ZERO_BASE : undefined)));
  }
  return quantities;
}

/** Of our own orders only: whom another trade has made smaller, the positions tell better. */
export function unwrittenOf({ emergency, ledger, clock }: Core): Unwritten {
  const told = [...emergency.unbooked].flatMap(([identity, { hedge, leg, fill, legQuantity }]) => {
    const id = fill.clientOrderId ?? '';
    const attempt = ledger.attempts.get(id);
    const isOwn = attempt !== undefined || emergency.sent.includes(id);
    if (!isOwn || hedge === undefined || leg === undefined || ledger.fills.has(identity)) return [];
    const opened = attempt?.intent.reduceOnly === false ? attempt : undefined;
    return [{ leg: ledger.hedges.get(hedge)?.[leg], opened, quantity: legQuantity ?? fill.quantity }];
  });
  const total = (parts: typeof told): Base =>
    sum(
      ZERO_BASE,
      parts.map(({ quantity }) => quantity),
    );
  return {
    now: clock.now(),
    closedSince: (leg) => total(told.filter((each) => each.leg === leg && each.opened === undefined)),
    openedSince: (attempt) => total(told.filter(({ opened }) => opened === attempt)),
  };
}

/**
 * What trades of somebody else's have made of an instrument, of those that could not be booked: their rows name no order
 * of ours. As in the ledger, what is theirs goes first when they trade the other way, then our legs. Long positive;
 * undefined when one was told that may be ours as well.
 */
export function strangersHeard({ emergency, ledger }: Core, route: Route, key: InstrumentKey): Base | undefined {
  const told = [...emergency.unbooked].flatMap(([identity, booked]) => {
    const { clientOrderId: id, ...fill } = booked.fill;
    if (fill.route !== route || instrumentKey(fill.venue, fill.symbol) !== key || ledger.fills.has(identity)) return [];
    return id === undefined || ledger.attempts.has(id) || emergency.sent.includes(id) ? [] : [booked];
  });
  let theirs = ZERO_BASE;
  for (const { hedge, fill, legQuantity } of told.sort((a, b) => a.fill.at - b.fill.at)) {
    const sign = fill.side === 'buy' ? 1 : -1;
    const closes = theirs.s === sign ? ZERO_BASE : min(abs(theirs), fill.quantity);
    const rest = sub(fill.quantity, closes);
    const ofLeg = hedge === undefined ? ZERO_BASE : min(rest, legQuantity ?? rest);
    const change = sub(fill.quantity, ofLeg);
    theirs = add(theirs, sign > 0 ? change : neg(change));
  }
  return isZero(theirs) || !emergency.unclear.has(`${route}|${key}`) ? theirs : undefined;
}

/** What should stand on the instruments of a venue's hedges, or else may. Positive; of several legs the smallest. */
function expectedOn(core: Core, route: Route, venue: VenueId): Map<InstrumentKey, Base> {
  const unwritten = unwrittenOf(core);
  const expected = new Map<InstrumentKey, Base>();
  for (const hedge of core.ledger.recent.values()) {
    if (hedge.plan.route !== route) continue;
    for (const leg of legsOf(hedge)) {
      if (splitKey(leg.key).venue !== venue) continue;
      const held = abs(leg.holding.quantity);
      const booked = sub(held, min(held, unwritten.closedSince(leg)));
      const quantity = isZero(booked) ? mostOf(leg, unwritten) : booked;
      const known = expected.get(leg.key) ?? ZERO_BASE;
      expected.set(leg.key, isZero(known) || (!isZero(quantity) && lt(quantity, known)) ? quantity : known);
    }
  }
  return expected;
}

const isSame = (a: Reading, b: Reading): boolean =>
  [...b.quantities].every(([key, quantity]) => {
    const before = a.quantities.get(key);
    return quantity === undefined || before === undefined ? quantity === before : eq(quantity, before);
  });
