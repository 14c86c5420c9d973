/**
 * What the engine knows, and the one way its knowledge becomes durable. `Core` is shared by the small modules of this
 * folder; only `step.ts` and what it calls change it, one event at a time.
 */

import type { IdStamp } from '../execution/client-id.ts';
import type { ClientOrderId, HedgeId, Route } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { ConfigChanged, DecisionMade, Fact } from '../ledger/facts.ts';
import { foldFact } from '../ledger/fold.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { OrderRef, OrderRequest } from '../market/order.ts';
import type { FoldedMarket } from '../market/view.ts';
import type { Clock } from '../ports/clock.ts';
import { type LedgerStore, LedgerWriteError } from '../ports/ledger-store.ts';
import type { Log } from '../ports/log.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Urgency } from '../ports/venue.ts';
import type { ExitMemory } from '../risk/exits.ts';
import type { RuleBreach } from '../risk/limits.ts';
import type { Ranking } from '../signal/carry.ts';
import type { Opportunity } from '../signal/opportunity.ts';
import type { AccountWatch } from './account-watch.ts';
import { type BreakerEvidence, noteFact } from './breaker-evidence.ts';
import type { EmergencyWatch } from './emergency-watch.ts';
import type { HaltWatch } from './halts.ts';
import type { NakedWatch } from './naked.ts';
import type { CancelWatch, LookupWatch } from './order-watch.ts';
import type { PositionWatch } from './positions.ts';
import type { EngineSettings } from './settings.ts';

/** Effects that `perform.ts` carries out; results come back through the inbox. */
export type Command =
  | { readonly kind: 'boot' | 'list'; readonly account: string }
  | { readonly kind: 'submit'; readonly account: string; readonly order: OrderRequest; readonly urgency: Urgency }
  | { readonly kind: 'cancel'; readonly account: string; readonly ref: OrderRef }
  | { readonly kind: 'lookup'; readonly account: string; readonly ref: OrderRef; readonly urgency: Urgency }
  /** `opens`: with the balance. */
  | {
      readonly kind: 'proof';
      readonly account: string;
      readonly clientOrderId: ClientOrderId;
      readonly opens: boolean;
    }
  | {
      readonly kind: 'reconcile';
      readonly account: string;
      readonly changes: number;
      readonly fillsSince: Instant;
      readonly paymentsSince: Instant;
    }
  | { readonly kind: 'payments'; readonly account: string; readonly sinceAt: Instant }
  | { readonly kind: 'positions'; readonly account: string; readonly changes: number }
  /** Positions and margin while the ledger cannot be written. */
  | { readonly kind: 'truth'; readonly account: string; readonly askedMs: number };

/** The newest verdict on each pair, for `why` and the status screen. */
export interface PairVerdict {
  readonly opportunity: Opportunity;
  readonly route: Route;
  readonly verdict: 'approved' | 'refused';
  readonly breaches: readonly RuleBreach[];
  readonly at: Instant;
}

export interface Core {
  readonly clock: Clock;
  readonly store: LedgerStore;
  readonly notifier: Notifier;
  readonly log: Log;
  /** Its era rises when a venue shows ids that the ledger has lost. */
  ids: IdStamp;
  readonly ledger: LedgerState;
  readonly market: FoldedMarket;
  readonly accounts: ReadonlyMap<string, AccountWatch>;
  /** By account. */
  readonly positions: ReadonlyMap<string, PositionWatch>;
  readonly send: (command: Command) => void;
  settings: EngineSettings;
  /** Assets whose market changed since they were last ranked. */
  readonly dirtyAssets: Set<string>;
  readonly rankings: Map<string, Ranking>;
  readonly verdicts: Map<string, PairVerdict>;
  readonly exitMemory: Map<HedgeId, ExitMemory>;
  readonly forwardApr: Map<HedgeId, number>;
  readonly lookups: Map<ClientOrderId, LookupWatch>;
  /** Orders called absent, or entries long unknown, that were asked for once more and not found: when, by the venue's clock. */
  readonly absentAgain: Map<ClientOrderId, Instant>;
  readonly cancels: Map<ClientOrderId, CancelWatch>;
  readonly naked: Map<HedgeId, NakedWatch>;
  readonly halts: Map<HedgeId, HaltWatch>;
  readonly breakers: BreakerEvidence;
  readonly emergency: EmergencyWatch;
  /** The process is ending: nothing is added to any hedge. */
  stopping: boolean;
  /** Monotonic ms: when the limits were last held against what stands. */
  exposureSeenMs: number;
  /** Named instants to look again at: one clock timer serves them all. */
  readonly wakes: Map<string, Instant>;
  /** Decisions, and changes of the configuration that could not be stored, waiting for the next commit. */
  pending: (DecisionMade | ConfigChanged)[];
  pendingSince: Instant;
  /** Set when the ledger cannot be written: nothing opens until a commit works again. */
  storeFailure: string | undefined;
}

const STORE_RETRY_MS = 5_000;
const MAX_PENDING = 1_000;

/**
 * Makes facts durable, with what waited for a commit, then folds them. False when the ledger could not be written: then
 * nothing happened and nothing of the batch may be sent.
 */
export function record(core: Core, facts: readonly Fact[]): boolean {
  if (core.emergency.owed.length > 0) {
    if (!recordOwed(core)) return drop(core, facts);
    // Whose it is was judged without those orders; it is read again.
    if (facts.some(({ kind }) => kind === 'fill')) return false;
  }
  const waiting = core.pending.length;
  const batch = waiting > 0 ? [...core.pending, ...facts] : facts;
  if (!write(core, batch.length, () => core.store.commit(batch))) return drop(core, facts);
  core.pending.splice(0, waiting);
  fold(core, facts);
  return true;
}

/** Not recorded. But what was told of fills counts, should a leg be made smaller without the ledger. */
function drop({ emergency }: Core, facts: readonly Fact[]): false {
  emergency.dropped.push(...facts.filter((fact) => fact.kind === 'fill'));
  return false;
}

/** Emergency orders, as soon as anything can be written. What the ledger has missed besides is read next. */
function recordOwed(core: Core): boolean {
  const { owed } = core.emergency;
  if (!write(core, owed.length, () => core.store.commit(owed))) return false;
  fold(core, owed.splice(0));
  wakeAt(core, 'store', core.clock.now());
  return true;
}

/** As `record`, alone and by the shortest way: orders wait for this commit, so it carries nothing but what they need. */
export function recordIntent(core: Core, facts: readonly Fact[]): boolean {
  if (core.emergency.owed.length > 0) return false;
  if (!write(core, facts.length, () => core.store.stage(facts))) return false;
  fold(core, facts);
  return true;
}

function write(core: Core, count: number, commit: () => void): boolean {
  if (count === 0) return true;
  try {
    commit();
  } catch (error) {
    if (!(error instanceof LedgerWriteError)) throw error;
    core.storeFailure = `${error.code}: ${error.message}`;
    core.log.error({ code: error.code, facts: count }, 'the ledger cannot be written; nothing is sent');
    alarm(core, 'critical', 'ledger_write', core.store.stamp.account, core.storeFailure);
    wakeAt(core, 'store', core.clock.now() + STORE_RETRY_MS);
    return false;
  }
  core.storeFailure = undefined;
  return true;
}

function fold(core: Core, facts: readonly Fact[]): void {
  for (const fact of facts) {
    foldFact(core.ledger, fact);
    noteFact(core, fact);
    logFact(core, fact);
  }
}

/** Stored with the next commit. While the ledger cannot be written, decisions beyond what is kept are lost, oldest first. */
export function recordLater(core: Core, facts: readonly (DecisionMade | ConfigChanged)[]): void {
  if (core.pending.length === 0) core.pendingSince = core.clock.now();
  core.pending.push(...facts);
  for (let excess = core.pending.length - MAX_PENDING; excess > 0; excess--) {
    const oldest = core.pending.findIndex((fact) => fact.kind === 'decision');
    core.pending.splice(Math.max(oldest, 0), 1);
  }
}

export function alarm(
  core: Core,
  severity: 'info' | 'warning' | 'critical',
  code: string,
  subject: string,
  detail: string,
): void {
  core.notifier.notify({ at: core.clock.now(), severity, code, subject, detail });
}

/** Something may have been missed: the account opens nothing until it was read and compared again. */
export function resync(core: Core, account: string): void {
  const watch = core.accounts.get(account);
  if (!watch || watch.status === 'booting') return;
  watch.status = 'unreconciled';
  watch.reason = 'must be reconciled again';
  watch.changes += 1;
  watch.lastReadAt = undefined;
  wakeAt(core, `reconcile:${account}`, core.clock.now());
}

/** It answers again: what happened meanwhile was not told, and orders of unknown fate can be asked after. */
export function onVenueBack(core: Core, account: string): void {
  resync(core, account);
  for (const [order, lookup] of core.lookups)
    if (lookup.account === account) wakeAt(core, `lookup:${order}`, core.clock.now());
}

export function wakeAt(core: Core, name: string, at: Instant): void {
  const known = core.wakes.get(name);
  if (known === undefined || at < known) core.wakes.set(name, at);
}

function logFact(core: Core, fact: Fact): void {
  switch (fact.kind) {
    case 'hedge_planned':
      core.log.info(
        {
          hedge: fact.hedge,
          route: fact.route,
          long: fact.longKey,
          short: fact.shortKey,
          quantity: fact.quantity.toFixed(),
        },
        'hedge planned',
      );
      return;
    case 'hedge_moved':
      core.log.info(
        { hedge: fact.hedge, from: fact.from, to: fact.to, reason: fact.reason, detail: fact.detail },
        'hedge moved',
      );
      return;
    case 'payment':
      core.log.info(
        {
          hedge: fact.hedge,
          venue: fact.payment.venue,
          symbol: fact.payment.symbol,
          amount: fact.payment.amount.toFixed(),
        },
        'funding payment',
      );
      return;
    case 'outcome':
      if (fact.status === 'rejected' || fact.status === 'unknown') {
        core.log.warn(
          { order: fact.clientOrderId, status: fact.status, code: fact.code, detail: fact.detail },
          'order outcome',
        );
      }
      return;
    case 'discrepancy':
      core.log.warn({ id: fact.id, status: fact.status, ledger: fact.ledger, venue: fact.venueSays }, fact.detail);
      if (fact.status === 'open') alarm(core, 'critical', `discrepancy_${fact.what}`, fact.id, fact.detail);
      return;
    case 'control':
    case 'config':
      core.log.warn({ ...fact }, fact.kind === 'control' ? 'operator command' : 'configuration changed');
      return;
    default:
      core.log.debug({ fact: fact.kind }, 'recorded');
  }
}
