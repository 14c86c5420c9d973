/**
 * What every breaker reads now, from the ledger, the market and the evidence of this process. Entry points:
 * `readingOf`, `breakerStatuses`.
 */
import { gt, type Quote, sub, toNumber, ZERO_QUOTE } from '../kernel/decimal.ts';
import type { Route, VenueId } from '../kernel/ids.ts';
import { HOUR_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts';
import { accountKey, breakerId } from '../ledger/state.ts';
import * as readings from '../risk/breaker-readings.ts';
import { failuresInARow, isWithin, openingFates, type Span, shortCycles } from '../risk/breaker-record.ts';
import { BREAKER_NAMES, BREAKERS, type BreakerRef, type Reading, trippedBreakers } from '../risk/breakers.ts';
import { certainSkewMs } from './clock-skew.ts';
import type { Core } from './core.ts';
import { dayPnlUsd, equityChange } from './valuation.ts';

/** Clocks are put back by less every day: what happened a moment ago still counts. */
const STEP_BACK_MS = MINUTE_MS;

/** Every breaker that there is, for people and programs. */
export interface BreakerStatus extends BreakerRef {
  readonly id: string;
  readonly state: 'armed' | 'tripped';
  readonly reset: 'cooldown' | 'human';
  readonly unit: string;
  /** Of a tripped one as they were when it tripped, else now. `actual` is absent while unknown. */
  readonly limit: number;
  readonly actual?: number;
  readonly detail: string;
  readonly since?: Instant;
  /** The earliest end of a tripped one; absent when it needs a human. */
  readonly resetsAt?: Instant;
}

export function breakerStatuses(core: Core): BreakerStatus[] {
  const limits = core.settings.risk.breakers;
  const tripped = new Map(trippedBreakers(core.ledger, limits).map((each) => [each.id, each]));
  return allBreakers(core).map((ref) => {
    const id = breakerId(ref);
    const { section, unit } = BREAKERS[ref.name];
    const common = { id, ...ref, unit, reset: limits[section].reset };
    const trip = tripped.get(id);
    if (trip) return { ...common, ...trip, state: 'tripped' };
    const { limit, actual, detail } = readingOf(core, ref);
    return { ...common, state: 'armed', limit, ...(actual === undefined ? {} : { actual }), detail };
  });
}

export function readingOf(core: Core, ref: BreakerRef): Reading {
  const { ledger, breakers, clock, settings } = core;
  const { name, route, subject } = ref;
  const limits = settings.risk.breakers;
  const account = breakers.accounts.get(accountKey(route, subject));
  const watch = core.accounts.get(accountKey(route, subject));
  const sinceMs = (windowMinutes: number): number => clock.monotonicMs() - windowMinutes * MINUTE_MS;
  switch (name) {
    case 'error_rate':
      return readings.errorRate(account?.calls.since(sinceMs(limits.errorRate.windowMinutes)) ?? [], limits.errorRate);
    case 'latency':
      return readings.latency(account?.roundTripsMs.since(sinceMs(limits.latency.windowMinutes)) ?? [], limits.latency);
    case 'rejected_orders': {
      const span = countedIn(core, ref, limits.rejectedOrders.windowMinutes * MINUTE_MS);
      return readings.rejectedOrders(openingFates(ledger, route, subject, span), limits.rejectedOrders);
    }
    case 'clock_skew':
      // Of a venue that is not traded on any more, nothing is wrong.
      return readings.clockSkew(watch ? certainSkewMs(watch, clock) : 0, limits.clockSkew);
    case 'stale_streams':
      return readings.staleStreams(downFor(core, route, subject), limits.staleStreams);
    case 'consecutive_failures': {
      const inARow = failuresInARow(ledger, route, subject, countedIn(core, ref));
      return readings.consecutiveFailures(inARow, limits.consecutiveFailures);
    }
    case 'churn': {
      const span = countedIn(core, ref, limits.churn.windowHours * HOUR_MS);
      const cycles = shortCycles(ledger, route, subject, span, limits.churn.cycleMinutes * MINUTE_MS);
      return readings.churn(cycles, limits.churn);
    }
    case 'daily_loss':
      return readings.dailyLoss(dayPnlUsd(core, route), settings.risk.loss.maxDailyLossUsd);
    case 'drawdown': {
      const equityUsd = equityChange(core, route);
      return readings.drawdown(equityUsd && belowPeakUsd(core, route, equityUsd), limits.drawdown);
    }
    case 'order_rate': {
      const sent = breakers.orders.get(route)?.since(sinceMs(limits.orderRate.windowMinutes)) ?? [];
      return readings.orderRate(sent.length, limits.orderRate);
    }
    case 'restarts': {
      const span = countedIn(core, ref, limits.restarts.windowMinutes * MINUTE_MS);
      return readings.restarts(ledger.starts.filter((at) => isWithin(at, span)).length, limits.restarts);
    }
  }
}

/** What happened before the breaker last switched has had its effect; a switch that lies ahead tells that the clock went back. */
function countedIn({ ledger, clock }: Core, ref: BreakerRef, windowMs = Number.POSITIVE_INFINITY): Span {
  const now = clock.now();
  const lastAt = ledger.breakers.get(breakerId(ref))?.at ?? 0;
  return { after: Math.max(lastAt > now ? 0 : lastAt, now - windowMs), until: now + STEP_BACK_MS };
}

function downFor({ breakers, clock }: Core, route: Route, venue: VenueId): { marketMs: number; accountMs: number } {
  const account = breakers.accounts.get(accountKey(route, venue));
  const nowMs = clock.monotonicMs();
  return {
    marketMs: nowMs - (account?.marketDownSinceMs ?? nowMs),
    accountMs: nowMs - (account?.accountDownSinceMs ?? nowMs),
  };
}

/** Undefined after a reset: the next known equity is the new peak. Without any, the ledger's beginning counts. */
export function peakOf({ ledger, breakers }: Core, route: Route): Quote | undefined {
  const stored = ledger.peaks.get(route);
  const last = ledger.breakers.get(breakerId({ name: 'drawdown', route, subject: '' }));
  if (last?.state === 'reset' && !stored) return undefined;
  const known = stored?.equityUsd ?? ZERO_QUOTE;
  const seen = breakers.peaks.get(route);
  return seen && gt(seen, known) ? seen : known;
}

export const belowPeakUsd = (core: Core, route: Route, equityUsd: Quote): number =>
  Math.max(0, toNumber(sub(peakOf(core, route) ?? equityUsd, equityUsd)));

/** Per account, per asset that had a hedge lately, per route; and whatever is tripped. */
export function allBreakers(core: Core): BreakerRef[] {
  const all = new Map<string, BreakerRef>();
  const put = (scope: 'venue' | 'asset' | 'route', route: Route, subject: string): void => {
    for (const name of BREAKER_NAMES) {
      const ref = { name, route, subject };
      if (BREAKERS[name].scope === scope) all.set(breakerId(ref), ref);
    }
  };
  for (const { route } of core.accounts.values()) put('route', route, '');
  for (const { route, venue } of core.accounts.values()) put('venue', route, venue);
  for (const { plan } of core.ledger.recent.values()) put('asset', plan.route, plan.asset);
  for (const { name, route, subject, state } of core.ledger.breakers.values()) {
    const ref = { name, route, subject };
    if (state === 'tripped') all.set(breakerId(ref), ref);
  }
  return [...all.values()];
}
