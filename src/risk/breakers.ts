/**
 * Breakers: what stops opening on a venue, on an asset or on a whole route when something keeps going wrong. Pure: a
 * measure of evidence is a `Reading`, and `nextSwitch` says from it whether a breaker trips or resets. A tripped
 * breaker is a rule like any other (`rules.ts`): it refuses entries and knows nothing of exits.
 */
import type { Route } from '../kernel/ids.ts';
import { DAY_MS, type Instant, iso, MINUTE_MS, utcDayStart } from '../kernel/instant.ts';
import type { BreakerName, BreakerSwitched } from '../ledger/facts.ts';
import { breakerId, type LedgerState } from '../ledger/state.ts';
import type { Opportunity } from '../signal/opportunity.ts';
import type { RuleBreach } from './limits.ts';

/** How a tripped breaker ends: by itself when this time is over and nothing is wrong any more, or by a command. */
interface Policy {
  readonly reset: 'cooldown' | 'human';
  readonly cooldownMinutes: number;
}

/** Each trips when the value that its section names first is reached. */
export interface BreakerLimits {
  /** Share of the calls to a venue that failed, once there were `minCalls` of them. */
  readonly errorRate: Policy & { readonly rate: number; readonly minCalls: number; readonly windowMinutes: number };
  /** 90th percentile of order round trips. */
  readonly latency: Policy & { readonly p90Ms: number; readonly minOrders: number; readonly windowMinutes: number };
  /** Opening orders refused among the last `ofLast`. */
  readonly rejectedOrders: Policy & {
    readonly rejected: number;
    readonly ofLast: number;
    readonly windowMinutes: number;
  };
  readonly clockSkew: Policy & { readonly skewMs: number };
  /** Market data or account stream without a connection. */
  readonly staleStreams: Policy & { readonly staleMs: number };
  /** Hedges of an asset that failed one after the other. */
  readonly consecutiveFailures: Policy & { readonly failures: number };
  /** Hedges of an asset that were over within `cycleMinutes`. */
  readonly churn: Policy & { readonly cycles: number; readonly windowHours: number; readonly cycleMinutes: number };
  /** Its limit is `loss.maxDailyLossUsd`; its cooldown ends with the UTC day. */
  readonly dailyLoss: Pick<Policy, 'reset'>;
  /** Equity below its highest. */
  readonly drawdown: Policy & { readonly lossUsd: number };
  /** Orders of any kind. */
  readonly orderRate: Policy & { readonly orders: number; readonly windowMinutes: number };
  /** Starts of the bot: one that keeps dying must not go on opening. */
  readonly restarts: Policy & { readonly starts: number; readonly windowMinutes: number };
}

interface BreakerKind {
  readonly section: keyof BreakerLimits;
  /** What one of them guards. */
  readonly scope: 'venue' | 'asset' | 'route';
  readonly unit: string;
  /**
   * `events`: counted since the breaker last switched. `level`: as it stands now, so no reset while it is too high.
   * `loss`: a level that only a new beginning ends.
   */
  readonly evidence: 'events' | 'level' | 'loss';
}

export const BREAKERS: Readonly<Record<BreakerName, BreakerKind>> = {
  error_rate: { section: 'errorRate', scope: 'venue', unit: 'fraction of calls', evidence: 'events' },
  latency: { section: 'latency', scope: 'venue', unit: 'ms, p90', evidence: 'events' },
  rejected_orders: { section: 'rejectedOrders', scope: 'venue', unit: 'orders', evidence: 'events' },
  clock_skew: { section: 'clockSkew', scope: 'venue', unit: 'ms', evidence: 'level' },
  stale_streams: { section: 'staleStreams', scope: 'venue', unit: 'ms', evidence: 'level' },
  consecutive_failures: { section: 'consecutiveFailures', scope: 'asset', unit: 'hedges', evidence: 'events' },
  churn: { section: 'churn', scope: 'asset', unit: 'cycles', evidence: 'events' },
  daily_loss: { section: 'dailyLoss', scope: 'route', unit: 'USD', evidence: 'level' },
  drawdown: { section: 'drawdown', scope: 'route', unit: 'USD', evidence: 'loss' },
  order_rate: { section: 'orderRate', scope: 'route', unit: 'orders', evidence: 'events' },
  restarts: { section: 'restarts', scope: 'route', unit: 'starts', evidence: 'events' },
};

export const BREAKER_NAMES = Object.keys(BREAKERS) as readonly BreakerName[];

/** One breaker: of a venue's account, of an asset, or of a whole route. */
export interface BreakerRef {
  readonly name: BreakerName;
  readonly route: Route;
  /** Venue or asset; empty for the whole route. */
  readonly subject: string;
}

/** What is measured now, against the limit. */
export interface Reading {
  readonly limit: number;
  /** Absent when it is unknown: that neither trips nor resets. */
  readonly actual?: number;
  /** Enough evidence, and the limit is reached. */
  readonly over: boolean;
  /** A clause for people: what was counted. */
  readonly detail: string;
}

/** What happens to a breaker now: a pure function of its last switch, its reading and the clock. */
export function nextSwitch(
  last: BreakerSwitched | undefined,
  { name }: Pick<BreakerRef, 'name'>,
  reading: Reading,
  limits: BreakerLimits,
  now: Instant,
): BreakerSwitched['state'] | undefined {
  if (last?.state !== 'tripped') return reading.over ? 'tripped' : undefined;
  const endsAt = resetsAt(last, limits);
  if (endsAt === undefined || !isCooledDown(last, endsAt, now)) return undefined;
  if (BREAKERS[name].evidence === 'loss') return 'reset';
  return reading.over || reading.actual === undefined ? undefined : 'reset';
}

/** When the cooldown of a tripped breaker is over; undefined when only a human resets it. */
export function resetsAt(last: BreakerSwitched, limits: BreakerLimits): Instant | undefined {
  const policy = limits[BREAKERS[last.name].section];
  if (policy.reset === 'human') return undefined;
  return 'cooldownMinutes' in policy ? last.at + policy.cooldownMinutes * MINUTE_MS : utcDayStart(last.at) + DAY_MS;
}

/**
 * A trip that lies further ahead than its cooldown lasts is of a clock that was ahead, which may be what tripped it: what it
 * measures decides then. A loss is not measured again, so it waits.
 */
export function isCooledDown({ name, at }: BreakerSwitched, endsAt: Instant, now: Instant): boolean {
  return now >= endsAt || (BREAKERS[name].evidence !== 'loss' && at - now > Math.max(endsAt - at, MINUTE_MS));
}

/** A breaker that is tripped, as the rule and the status show it. */
export interface TrippedBreaker extends BreakerRef {
  readonly id: string;
  readonly limit: number;
  readonly actual: number;
  readonly detail: string;
  readonly since: Instant;
  readonly resetsAt?: Instant;
}

export function trippedBreakers(ledger: LedgerState, limits: BreakerLimits): TrippedBreaker[] {
  return [...ledger.breakers.values()].flatMap((last) => {
    if (last.state !== 'tripped') return [];
    const { name, route, subject, limit, actual = limit, detail, at } = last;
    const endsAt = resetsAt(last, limits);
    return [
      {
        id: breakerId(last),
        name,
        route,
        subject,
        limit,
        actual,
        detail,
        since: at,
        ...(endsAt === undefined ? {} : { resetsAt: endsAt }),
      },
    ];
  });
}

/** Whether a breaker of the same route stands in the way of opening more of an asset on these venues. */
export function guards(
  { name, subject }: Pick<BreakerRef, 'name' | 'subject'>,
  { asset, venues }: { readonly asset: string; readonly venues: readonly string[] },
): boolean {
  return { venue: venues, asset: [asset], route: [''] }[BREAKERS[name].scope].includes(subject);
}

/** For entries only: the tripped breakers that stand in the way of an opportunity of their route. */
export function breakerBreaches(
  tripped: readonly TrippedBreaker[],
  { asset, long, short }: Pick<Opportunity, 'asset' | 'long' | 'short'>,
): RuleBreach[] {
  const wanted = { asset, venues: [long.venue, short.venue] };
  return tripped
    .filter((breaker) => guards(breaker, wanted))
    .map((breaker) => {
      const { name, limit, actual } = breaker;
      return { rule: `breaker_${name}`, limit, actual, shortfall: actual - limit, detail: trippedText(breaker) };
    });
}

/** One sentence: what tripped, why, and what ends it. */
export function trippedText({
  id,
  detail,
  since,
  resetsAt: endsAt,
}: Pick<TrippedBreaker, 'id' | 'detail' | 'since' | 'resetsAt'>): string {
  const end = endsAt === undefined ? `until: tandem breakers reset ${id}` : `at least until ${iso(endsAt)}`;
  return `${id} tripped at ${iso(since)}: ${detail}; nothing opens there ${end}`;
}
