/** Numbers about standing hedges: worst-case exposure, equity and daily PnL per route. Estimates, never booked. */
import {
  add,
  isZero,
  notional,
  type Px,
  px,
  type Quote,
  sub,
  sum,
  text,
  toNumber,
  ZERO_QUOTE,
} from '../kernel/decimal.ts';
import { type InstrumentKey, type Route, splitKey } from '../kernel/ids.ts';
import { type Instant, MINUTE_MS, utcDayStart } from '../kernel/instant.ts';
import type { DayOpened } from '../ledger/facts.ts';
import { unrealised } from '../ledger/holding.ts';
import { ownersOf, positionGaps } from '../ledger/position-gaps.ts';
import { bookedChange } from '../ledger/reconcile.ts';
import {
  accountKey,
  dayKey,
  type HedgeRecord,
  isFinal,
  isUnresolved,
  type LegRecord,
  legsOf,
} from '../ledger/state.ts';
import { mid } from '../market/book.ts';
import type { InstrumentView, MarketView } from '../market/view.ts';
import { hasFailed } from '../risk/breaker-record.ts';
import { type TrippedBreaker, trippedBreakers } from '../risk/breakers.ts';
import { type Exposure, exposureOf, type HedgeExposure, isOpen } from '../risk/exposure.ts';
import type { RiskState } from '../risk/limits.ts';
import type { AccountWatch } from './account-watch.ts';
import { venueNow } from './clock-skew.ts';
import type { Core } from './core.ts';

/** Marks of one asset further apart than this are no picture of one moment. OKX repeats an unchanged mark every 10 s. */
const MARKS_APART_MS = 15_000;

/** Everything that the limits are held against on one route. `equityUsd`: its equity, where that is known already. */
export function riskStateOf(core: Core, route: Route, equityUsd?: Quote): RiskState {
  const now = core.clock.now();
  const { openHedges, totalNotionalUsd, venueNotionalUsd, assetNotionalUsd, busyAssets } = exposureOn(core, route);
  return {
    openHedges,
    totalNotionalUsd,
    venueNotionalUsd,
    assetNotionalUsd,
    busyAssets,
    paused: core.ledger.paused || core.settings.paused,
    killed: core.ledger.killed || core.emergency.killedBy !== undefined,
    tripped: trippedOn(core, route),
    cooldowns: cooldowns(core, route, now),
    blockedVenues: blockedVenues(core, route),
    dayPnlUsd: dayPnlUsd(core, route, equityUsd),
    availableUsd: new Map(
      accountsOf(core, route).flatMap((watch) =>
        watch.availableUsd === undefined ? [] : [[watch.venue, watch.availableUsd - committedUsd(core, watch)]],
      ),
    ),
  };
}

export const trippedOn = ({ ledger, settings }: Core, route: Route): TrippedBreaker[] =>
  trippedBreakers(ledger, settings.risk.breakers).filter((each) => each.route === route);
/** What stands on a route, worst case. */
export const exposureOn = (core: Core, route: Route): Exposure =>
  exposureOf(
    [...core.ledger.recent.values()]
      .filter(({ state }) => isOpen(state))
      .map((hedge) => exposureOfHedge(hedge, core.market)),
    route,
  );

/** Margin of entries sent since the venue last told what is free: two openings must not spend the same cash. */
function committedUsd(core: Core, watch: AccountWatch): number {
  // After a clock that went back nobody can say which came first: then all count.
  const lastAt = watch.lastReconciledAt ?? 0;
  const toldAt = lastAt <= core.clock.now() ? lastAt : 0;
  let usd = 0;
  for (const hedge of core.ledger.recent.values()) {
    if (isFinal(hedge.state) || hedge.plan.route !== watch.route) continue;
    for (const leg of legsOf(hedge)) {
      if (leg.account !== watch.key) continue;
      for (const attempt of leg.attempts) {
        const { intent, filled } = attempt;
        if (intent.reduceOnly || intent.at < toldAt) continue;
        const quantity = isUnresolved(attempt) ? intent.quantity : filled;
        usd += toNumber(notional(quantity, intent.limitPrice)) / hedge.plan.leverage;
      }
      const later = notYetSent(hedge, leg);
      if (later > 0)
        usd += (later * (markOf(core.market.get(leg.key)) ?? Number.POSITIVE_INFINITY)) / hedge.plan.leverage;
    }
  }
  return usd;
}

const accountsOf = (core: Core, route: Route): AccountWatch[] =>
  [...core.accounts.values()].filter((watch) => watch.route === route);

function exposureOfHedge(hedge: HedgeRecord, market: MarketView): HedgeExposure {
  const { route, asset, longKey, shortKey } = hedge.plan;
  return {
    route,
    state: hedge.state,
    asset,
    longKey,
    shortKey,
    longNotionalUsd: worstNotionalUsd(hedge, hedge.long, market),
    shortNotionalUsd: worstNotionalUsd(hedge, hedge.short, market),
  };
}

/** Position plus every unresolved order that would enlarge it, plus what the entry has yet to send. */
function worstNotionalUsd(hedge: HedgeRecord, leg: LegRecord, market: MarketView): number | undefined {
  const quantity = Math.abs(toNumber(leg.holding.quantity)) + inFlight(leg) + notYetSent(hedge, leg);
  if (quantity === 0) return 0;
  const price = markOf(market.get(leg.key));
  return price === undefined ? undefined : quantity * price;
}

/** Base units that open orders may still add. */
const inFlight = (leg: LegRecord): number =>
  leg.attempts
    .filter((attempt) => isUnresolved(attempt) && !attempt.intent.reduceOnly)
    .reduce((total, attempt) => total + toNumber(sub(attempt.intent.quantity, attempt.filled)), 0);

/** Base units of the plan that an entry spread over time has no order for yet. */
function notYetSent({ plan, state }: HedgeRecord, leg: LegRecord): number {
  const isEntering = state === 'planned' || state === 'entering' || state === 'balancing';
  if (plan.entry.style === 'taker' || !isEntering) return 0;
  const sent = Math.abs(toNumber(leg.holding.quantity)) + inFlight(leg);
  return Math.max(0, toNumber(plan.quantity) - sent);
}

/** Mark, or mid while there is none. */
export function markOf(view: InstrumentView | undefined): number | undefined {
  if (view?.mark) return view.mark.mark;
  const middle = view?.book ? mid(view.book) : Number.NaN;
  return Number.isFinite(middle) ? middle : undefined;
}

/** Unrealised price PnL of a leg at the mark; absent without one. */
export function legUnrealised(leg: LegRecord, market: MarketView): Quote | undefined {
  const mark = markOf(market.get(leg.key));
  return mark === undefined ? undefined : unrealised(leg.holding, px(mark));
}

/** Of both legs; absent without a mark of one that stands: one leg alone is a profit or a loss that does not exist. */
export function hedgeUnrealised(hedge: HedgeRecord, market: MarketView): Quote | undefined {
  const parts = legsOf(hedge)
    .filter(({ holding }) => !isZero(holding.quantity))
    .map((leg) => legUnrealised(leg, market));
  return parts.reduce<Quote | undefined>((total, part) => total && part && add(total, part), ZERO_QUOTE);
}

/**
 * Booked change since the ledger began plus unrealised PnL of what is open; deposits and withdrawals are no part of it.
 * Undefined while something open cannot be valued: one leg of a hedge without the other, or with a mark from another
 * time than the other's, is a profit or a loss that does not exist.
 */
export function equityChange(core: Core, route: Route): Quote | undefined {
  const { ledger, market } = core;
  const accounts = [...ledger.accounts.values()].filter((account) => account.route === route);
  let equity = sum(ZERO_QUOTE, accounts.map(bookedChange));
  const markedAt = new Map<string, Instant>();
  for (const [key, holding] of accounts.flatMap((account) => [...account.holdings])) {
    if (isZero(holding.quantity)) continue;
    const view = market.get(key);
    const mark = markOf(view);
    const strangers = mark === undefined ? strangersMark(core, route, key) : undefined;
    if (strangers) {
      equity = add(equity, unrealised(holding, strangers));
      continue;
    }
    if (!view || mark === undefined) return undefined;
    const at = (view.mark ?? view.book)?.receivedAt ?? 0;
    const other = markedAt.get(view.instrument.asset) ?? at;
    if (Math.abs(at - other) > MARKS_APART_MS) return undefined;
    markedAt.set(view.instrument.asset, other);
    equity = add(equity, unrealised(holding, px(mark)));
  }
  return equity;
}

/** Of what no hedge holds and no feed tells about, a human's own on an asset that is not configured: the venue's word. */
export function strangersMark({ ledger, positions }: Core, route: Route, key: InstrumentKey): Px | undefined {
  if (ownersOf(ledger, route, key).length > 0) return undefined;
  const said = positions.get(accountKey(route, splitKey(key).venue))?.read?.positions.get(key);
  return said?.mark ?? said?.entryPrice;
}

/**
 * The first known equity of a UTC day is stored, so that the daily loss survives restarts. A day that a venue's clock does
 * not have is not opened: once stored, it would be counted from when it really comes.
 */
export function openDay(core: Core, route: Route): DayOpened | undefined {
  const day = utcDayStart(core.clock.now());
  if (core.ledger.days.has(dayKey(route, day))) return undefined;
  if (accountsOf(core, route).some((watch) => utcDayStart(venueNow(watch, core.clock)) !== day)) return undefined;
  const equityUsd = equityChange(core, route);
  return equityUsd && { kind: 'day', route, day, equityUsd, at: core.clock.now() };
}

/** Undefined while something open cannot be valued. */
export function dayPnlUsd(core: Core, route: Route, equityUsd = equityChange(core, route)): number | undefined {
  const day = core.ledger.days.get(dayKey(route, utcDayStart(core.clock.now())));
  if (!equityUsd) return undefined;
  // Until this day is opened, what was lost before it is not today's.
  return day ? toNumber(sub(equityUsd, day.equityUsd)) : 0;
}

/** After an exit or a failure an asset rests on its route; counted from the ledger, so restarts do not forget it. */
function cooldowns(core: Core, route: Route, now: Instant): Map<string, { until: Instant; reason: string }> {
  const { afterExitMinutes, afterFailureMinutes } = core.settings.risk.cooldown;
  const result = new Map<string, { until: Instant; reason: string }>();
  for (const hedge of core.ledger.recent.values()) {
    if (hedge.plan.route !== route || hedge.endedAt === undefined || !isFinal(hedge.state)) continue;
    const restMs = (hasFailed(hedge) ? afterFailureMinutes : afterExitMinutes) * MINUTE_MS;
    const until = hedge.endedAt + restMs;
    // Further ahead than the rest is long: the clock has gone back, and nobody knows how much of it is over.
    if (until <= now || hedge.endedAt - now > restMs || until <= (result.get(hedge.plan.asset)?.until ?? 0)) continue;
    result.set(hedge.plan.asset, { until, reason: `${hedge.id} ${hedge.state}: ${hedge.reason}` });
  }
  return result;
}

/** Venue or instrument -> why nothing opens there on this route. */
export function blockedVenues(core: Core, route: Route): Map<string, string> {
  const blocked = new Map<string, string>();
  for (const watch of accountsOf(core, route)) {
    if (!core.settings.enabledVenues.has(watch.venue)) blocked.set(watch.venue, 'disabled in the configuration');
    else if (watch.status !== 'ready') blocked.set(watch.venue, watch.reason);
    // What it holds by now is not known: an order that was called absent may have been accepted.
    else if (core.positions.get(watch.key)?.unread) blocked.set(watch.venue, 'positions cannot be read');
    for (const [key, why] of unexplained(core, watch)) blocked.set(key, why);
    for (const [key, why] of watch.closed) blocked.set(key, why);
  }
  for (const discrepancy of core.ledger.discrepancies.values()) {
    if (discrepancy.route === route) blocked.set(discrepancy.venue, `discrepancy: ${discrepancy.detail}`);
  }
  if (core.storeFailure !== undefined) {
    for (const watch of accountsOf(core, route)) blocked.set(watch.venue, `ledger: ${core.storeFailure}`);
  }
  return blocked;
}

/**
 * What a venue that cannot be reconciled lists beyond the ledger may be an order of ours that was called absent: until
 * that is known, every instrument of its asset is closed for openings, on the other venues too.
 */
function unexplained(core: Core, watch: AccountWatch): [key: InstrumentKey, why: string][] {
  const read = core.positions.get(watch.key)?.read;
  if (watch.status !== 'unreconciled' || !read) return [];
  const gaps = positionGaps(core.ledger.accounts.get(watch.key), [...read.positions.values()]);
  return gaps.flatMap(({ key, ledger, venue, listed }) => {
    const asset = core.market.get(key)?.instrument.asset;
    if (!listed || asset === undefined) return [];
    const why = `${key} is ${text(venue)} at the venue and ${text(ledger)} in the ledger, and cannot be reconciled`;
    return core.market.ofAsset(asset).map(({ instrument }): [InstrumentKey, string] => [instrument.key, why]);
  });
}
