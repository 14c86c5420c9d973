/**
 * Evidence for breakers as it comes by: calls and round trips of the venues, streams, clocks, orders. What the ledger
 * proves is read from there when it is weighed; the rest is remembered here, bounded, and lost with the process.
 * Entry points: `newBreakerEvidence`, `noteFact`, `noteEvent`.
 */
import type { Quote } from '../kernel/decimal.ts';
import { type Route, splitKey, type VenueId } from '../kernel/ids.ts';
import type { Read } from '../kernel/outcome.ts';
import type { BreakerName, Fact } from '../ledger/facts.ts';
import { accountKey, breakerId, isFinal, type LedgerState } from '../ledger/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { SubmitOutcome } from '../ports/venue.ts';
import type { BreakerRef } from '../risk/breakers.ts';
import type { Core } from './core.ts';
import type { EngineEvent } from './events.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface AccountEvidence {
  readonly route: Route;
  readonly venue: VenueId;
  /** Of each call: whether it failed. */
  readonly calls: SlidingWindow<boolean>;
  readonly roundTripsMs: SlidingWindow<number>;
  /** Monotonic; absent while connected. */
  marketDownSinceMs: number | undefined;
  accountDownSinceMs: number | undefined;
}

export interface BreakerEvidence {
  /** By account key. */
  readonly accounts: ReadonlyMap<string, AccountEvidence>;
  readonly orders: ReadonlyMap<Route, SlidingWindow<true>>;
  /** Highest equity since the newest stored peak, which is stored in steps. */
  readonly peaks: Map<Route, Quote>;
  /** By id: breakers whose evidence has changed since they were weighed. */
  readonly due: Map<string, BreakerRef>;
}

const MAX_CALLS = 2_000;
const MAX_ROUND_TRIPS = 1_000;
/** As many as the configuration may allow. */
const MAX_ORDERS = 5_000;

export function newBreakerEvidence(
  clock: Clock,
  ledger: LedgerState,
  venues: readonly { readonly id: VenueId; readonly route: Route }[],
): BreakerEvidence {
  const nowMs = clock.monotonicMs();
  const accounts = venues.map(({ id, route }): [string, AccountEvidence] => [
    accountKey(route, id),
    {
      route,
      venue: id,
      calls: new SlidingWindow(MAX_CALLS),
      roundTripsMs: new SlidingWindow(MAX_ROUND_TRIPS),
      // Not connected until something says so.
      marketDownSinceMs: nowMs,
      accountDownSinceMs: nowMs,
    },
  ]);
  const orders = new Map(venues.map(({ route }) => [route, new SlidingWindow<true>(MAX_ORDERS)]));
  // A process that restarts in an order storm goes on counting.
  // The wall clock that stamped them may have gone back.
  const intents = [...ledger.attempts.values()].map(({ intent }) => intent).sort((a, b) => a.at - b.at);
  for (const { route, at } of intents) {
    const last = ledger.breakers.get(breakerId({ name: 'order_rate', route, subject: '' }));
    if (at > (last?.at ?? 0)) orders.get(route)?.add(nowMs - Math.max(0, clock.now() - at), true);
  }
  return { accounts: new Map(accounts), orders, peaks: new Map(), due: new Map() };
}

/** Of a fact that has just been folded. */
export function noteFact({ breakers, clock, ledger }: Core, fact: Fact): void {
  switch (fact.kind) {
    case 'attempt':
      breakers.orders.get(fact.route)?.add(clock.monotonicMs(), true);
      return due(breakers, 'order_rate', fact.route, '');
    case 'outcome': {
      const intent = ledger.attempts.get(fact.clientOrderId)?.intent;
      if (!intent || intent.reduceOnly || fact.status !== 'rejected') return;
      return due(breakers, 'rejected_orders', intent.route, splitKey(intent.key).venue);
    }
    case 'hedge_moved': {
      const hedge = ledger.hedges.get(fact.hedge);
      if (!hedge || (!isFinal(fact.to) && fact.to !== 'quarantined')) return;
      due(breakers, 'consecutive_failures', hedge.plan.route, hedge.plan.asset);
      return due(breakers, 'churn', hedge.plan.route, hedge.plan.asset);
    }
    default:
      return;
  }
}

/** Of an event, before it is acted on. */
export function noteEvent(core: Core, event: EngineEvent): void {
  const { breakers, ledger } = core;
  const of = (id: string): AccountEvidence | undefined => {
    const intent = ledger.attempts.get(id)?.intent;
    return intent && breakers.accounts.get(accountKey(intent.route, splitKey(intent.key).venue));
  };
  switch (event.kind) {
    case 'submitted': {
      const evidence = of(event.clientOrderId);
      // A refusal's time would hide slow answers: some never leave this process.
      if (event.outcome.kind !== 'rejected') noteRoundTrip(core, evidence, event.tookMs);
      return noteCalls(core, evidence, [isFailedSubmit(event.outcome)]);
    }
    case 'looked_up':
      return noteCalls(core, of(event.clientOrderId), [
        event.outcome.kind === 'failed' && isTrouble(event.outcome.code),
      ]);
    case 'proof_read':
      return noteCalls(core, of(event.clientOrderId), [isFailed(event.positions)]);
    case 'reconciled':
      return noteCalls(core, accountOf(core, event), Object.values(event.reads).map(isFailed));
    case 'cancel_answered':
      return noteCalls(core, of(event.clientOrderId), [
        event.outcome.kind === 'failed' && isTrouble(event.outcome.code),
      ]);
    case 'payments':
    case 'positions_read':
      return noteCalls(core, accountOf(core, event), [isFailed(event.read)]);
    case 'account':
      if (event.event.kind === 'clock') return due(breakers, 'clock_skew', event.route, event.venue);
      if (event.event.kind !== 'stream') return;
      return noteStream(core, accountOf(core, event), 'accountDownSinceMs', event.event.status === 'up');
    case 'market':
      if (event.event.kind !== 'health') return;
      for (const evidence of breakers.accounts.values()) {
        const { venue, status } = event.event.health;
        const connected = status === 'up' || status === 'degraded';
        if (evidence.venue === venue) noteStream(core, evidence, 'marketDownSinceMs', connected);
      }
      return;
    default:
      return;
  }
}

const accountOf = (core: Core, { route, venue }: { readonly route: Route; readonly venue: VenueId }) =>
  core.breakers.accounts.get(accountKey(route, venue));

function noteCalls({ breakers, clock }: Core, evidence: AccountEvidence | undefined, failed: readonly boolean[]): void {
  if (!evidence) return;
  for (const each of failed) evidence.calls.add(clock.monotonicMs(), each);
  due(breakers, 'error_rate', evidence.route, evidence.venue);
}

function noteRoundTrip({ breakers, clock }: Core, evidence: AccountEvidence | undefined, tookMs: number): void {
  if (!evidence) return;
  evidence.roundTripsMs.add(clock.monotonicMs(), tookMs);
  due(breakers, 'latency', evidence.route, evidence.venue);
}

function noteStream(
  { breakers, clock }: Core,
  evidence: AccountEvidence | undefined,
  which: 'marketDownSinceMs' | 'accountDownSinceMs',
  connected: boolean,
): void {
  if (!evidence || connected === (evidence[which] === undefined)) return;
  evidence[which] = connected ? undefined : clock.monotonicMs();
  due(breakers, 'stale_streams', evidence.route, evidence.venue);
}

export function due({ due: all }: BreakerEvidence, name: BreakerName, route: Route, subject: string): void {
  const ref = { name, route, subject };
  all.set(breakerId(ref), ref);
}

/** What the venue did answer, though not with what was asked for, and what this process itself held back. */
const NO_TROUBLE: ReadonlySet<string> = new Set([
  ...['fills_lag', 'order_lag', 'id_mismatch', 'incomplete', 'horizon', 'unknown_instrument', 'position_mode'],
  ...['margin_mode', 'duplicate_position', 'budget_full', 'budget_wait'],
]);
const isTrouble = (code: string): boolean => !NO_TROUBLE.has(code);
const isFailed = (read: Read<unknown>): boolean => !read.ok && isTrouble(read.code);

/** Refusals are answers, but for the throttle's and those that stand for a connection that could not be made. */
const isFailedSubmit = (outcome: SubmitOutcome): boolean =>
  outcome.kind === 'unknown' ||
  (outcome.kind === 'rejected' && /^(rate_limited|timeout|network_|http_5)/.test(outcome.code));
