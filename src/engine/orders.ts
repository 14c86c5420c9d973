/** The fate of order attempts: submit results, lookups with backoff, proof of absence. */
import { absenceStep, countEmpty, horizonMs, NO_PROOF } from '../execution/absence.ts';
import { afterFound, afterSubmit } from '../execution/resolve.ts';
import { eq, isPositive, notional, ZERO_BASE } from '../kernel/decimal.ts';
import { splitKey } from '../kernel/ids.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import { fillIdentity } from '../ledger/fold.ts';
import { hasPaidUntold } from '../ledger/reconcile.ts';
import { type AttemptRecord, accountKey, isUnresolved } from '../ledger/state.ts';
import type { Fill, OrderRef, OrderState } from '../market/order.ts';
import { DUPLICATE_ID, type LookupOutcome, type SubmitOutcome } from '../ports/venue.ts';
import { askAgain, mayRise } from './absent-orders.ts';
import { venueNow } from './clock-skew.ts';
import { alarm, type Core, record, resync, wakeAt } from './core.ts';
import type { EngineEvent } from './events.ts';
import { recordFills } from './fills.ts';
import { noteLost } from './lost-orders.ts';
import { countFrom, type LookupWatch, termsOf, waitedUntil } from './order-watch.ts';
import { notePositions, pollOften } from './positions.ts';

const FIRST_RETRY_MS = 250;
/** Short: a leg with an order of unknown fate may be naked. */
const MAX_RETRY_MS = 5_000;
/** For so long a wallet alone can keep an order from being called absent. */
const WALLET_HEARD_MS = 5 * MINUTE_MS;
/** How long a trade that may be an unknown entry's waits for it; while every lookup finds nothing. */
const FILLS_WAIT_MS = 10 * MINUTE_MS;

/** Startup: what an earlier process left without a known end may be live at the venue. */
export function resumeUnresolved(core: Core): void {
  for (const attempt of core.ledger.attempts.values()) {
    askAgain(core, attempt);
    if (!isUnresolved(attempt)) continue;
    const clientOrderId = attempt.intent.clientOrderId;
    if (attempt.status === 'intended') {
      record(core, [
        {
          kind: 'outcome',
          clientOrderId,
          status: 'unknown',
          code: 'restart',
          detail: 'the process ended before its fate was known',
          at: core.clock.now(),
        },
      ]);
    }
    lookup(core, attempt);
  }
}

export function onSubmitted(core: Core, clientOrderId: string, outcome: SubmitOutcome): void {
  const attempt = core.ledger.attempts.get(clientOrderId);
  if (!attempt) return;
  const fact = afterSubmit(attempt, outcome, core.clock.now());
  if (fact && !record(core, [fact])) return retryLookup(core, attempt, watchOf(core, attempt));
  // Whatever a cancel found before it had come says nothing now.
  if (outcome.kind !== 'rejected') core.cancels.delete(clientOrderId);
  // The venue may not hold what the ledger says: nothing has told of a human's trade.
  else if (attempt.intent.reduceOnly) wakeAt(core, `positions:${orderRef(attempt).account}`, core.clock.now());
  // Called absent while it was under way, and accepted: only its being found is news.
  if (!isUnresolved(attempt) && !(outcome.kind === 'acked' && attempt.status === 'proven_absent')) return;
  if (outcome.kind === 'unknown') {
    alarm(core, 'warning', 'order_unknown', attempt.intent.hedge, `${outcome.code}: ${outcome.detail}`);
    countFrom(watchOf(core, attempt), core.clock.monotonicMs() - (outcome.stampedAgoMs ?? 0));
  }
  lookup(core, attempt);
}

export function onLookedUp(core: Core, clientOrderId: string, outcome: LookupOutcome): void {
  const attempt = core.ledger.attempts.get(clientOrderId);
  const watch = core.lookups.get(clientOrderId);
  if (!attempt || !watch) return;
  watch.inFlight = false;
  // Asked because the venue listed it as open or a fill may be its: only its being found would be news.
  if (outcome.kind !== 'found' && !isUnresolved(attempt)) {
    const account = core.accounts.get(watch.account);
    if (outcome.kind === 'not_found' && account) core.absentAgain.set(clientOrderId, venueNow(account, core.clock));
    forgetOrder(core, clientOrderId);
    // This lookup may have been another's, and has taken the place of the next of its own.
    return askAgain(core, attempt);
  }
  const now = core.clock.now();
  if (outcome.kind !== 'found' && hasAllFilled(attempt)) {
    const { venueOrderId, filled } = attempt;
    const ended = { status: 'filled', ...(venueOrderId !== undefined && { venueOrderId }), filled, at: now } as const;
    if (record(core, [{ kind: 'outcome', clientOrderId, ...ended }])) return forgetOrder(core, clientOrderId);
  }
  switch (outcome.kind) {
    case 'found': {
      watch.proof = NO_PROOF;
      watch.unlistedMs = undefined;
      // Asked before a second one was known, it may tell of the first.
      const isOther = attempt.code === SECOND_ORDER && outcome.order.venueOrderId !== attempt.venueOrderId;
      if (!isOther) record(core, afterFound(core.ledger, attempt, outcome.order, outcome.fills, now));
      bookRest(
        core,
        watch,
        outcome.fills.map((fill) => ({ ...fill, clientOrderId })),
      );
      if (!isUnresolved(attempt)) forgetOrder(core, clientOrderId);
      else retryLookup(core, attempt, watch);
      break;
    }
    case 'not_found':
      onNotFound(core, attempt, watch);
      break;
    case 'failed':
      core.log.debug({ order: clientOrderId, code: outcome.code, detail: outcome.detail }, 'lookup failed');
      retryLookup(core, attempt, watch);
  }
  // One that was found rests; its fate is known well enough.
  if (
    outcome.kind !== 'found' &&
    isUnresolved(attempt) &&
    waitedUntil(watch, core.clock.monotonicMs()).ageMs >
      horizonMs(core.settings.execution.lookup, termsOf(core, watch).orderMemoryMs)
  )
    noteLost(core, attempt);
}

/** Fills whose owner depends on another order, which is asked about; the account's reads bring them again. */
function bookRest(core: Core, { account }: LookupWatch, fills: readonly Fill[]): void {
  const isBooked = (fill: Fill): boolean => core.ledger.fills.has(fillIdentity(fill));
  if (fills.every(isBooked)) return;
  recordFills(core, fills);
  if (!fills.every(isBooked)) resync(core, account);
}

const SECOND_ORDER = 'second_order';

/**
 * All that was wanted has traded, as its fills say: that no lookup tells of it keeps its leg from nothing. Of a second
 * order under one id they say nothing: they are the first one's.
 */
const hasAllFilled = ({ venueOrderId, filled, intent, code }: AttemptRecord): boolean =>
  venueOrderId !== undefined && code !== SECOND_ORDER && eq(filled, intent.quantity);

/** An acknowledged order exists, and one that has traded; a venue that does not show it yet is late, not empty. */
const exists = ({ venueOrderId, code, filled }: AttemptRecord): boolean =>
  venueOrderId !== undefined || code === DUPLICATE_ID || isPositive(filled);

function onNotFound(core: Core, attempt: AttemptRecord, watch: LookupWatch): void {
  const { lookup: settings } = core.settings.execution;
  const { clientOrderId, reduceOnly } = attempt.intent;
  const now = core.clock.now();
  watch.proof = countEmpty(watch.proof, core.clock.monotonicMs(), settings);
  if (exists(attempt)) return retryLookup(core, attempt, watch);
  // Of when it was asked: what the venue looked at then is all that the answer tells.
  const waited = waitedUntil(watch, watch.askedMs);
  const account = core.accounts.get(watch.account);
  // What has traded by now is not waited with any longer.
  if (account && waited.watchedMs > FILLS_WAIT_MS) core.absentAgain.set(clientOrderId, venueNow(account, core.clock));
  switch (absenceStep(watch.proof, waited, settings, termsOf(core, watch))) {
    case 'ask_position':
      watch.inFlight = true;
      core.send({ kind: 'proof', account: watch.account, clientOrderId, opens: !reduceOnly });
      return;
    case 'too_old':
      return retryLookup(core, attempt, watch);
    case 'keep_looking':
      wakeAt(core, `lookup:${clientOrderId}`, now + Math.max(settings.spacingMs, FIRST_RETRY_MS));
  }
}

/** The last condition of absence: the venue's position, and its wallet, are fully explained by the ledger. */
export function onProofRead(
  core: Core,
  { clientOrderId, askedMs, positions, balance }: Extract<EngineEvent, { kind: 'proof_read' }>,
): void {
  const attempt = core.ledger.attempts.get(clientOrderId);
  const watch = core.lookups.get(clientOrderId);
  if (!attempt || !watch) return;
  watch.inFlight = false;
  const account = core.accounts.get(watch.account);
  if (account && positions.ok) notePositions(core, account, positions, askedMs);
  // A fill may have been told meanwhile.
  if (!positions.ok || exists(attempt)) return retryLookup(core, attempt, watch);
  const { key, route, hedge, quantity, limitPrice } = attempt.intent;
  const { venue } = splitKey(key);
  const venueSays = positions.value.find((position) => position.key === key)?.quantity ?? ZERO_BASE;
  const holding = core.ledger.accounts.get(watch.account)?.holdings.get(key);
  const isMoved = !eq(venueSays, holding?.quantity ?? ZERO_BASE);
  // A balance that cannot be read is one witness less. So is a difference that stays: transfers look the same.
  const isHeard = waitedUntil(watch, core.clock.monotonicMs()).watchedMs < WALLET_HEARD_MS;
  const truth = balance?.ok && isHeard ? { balance: balance.value, positions: positions.value } : undefined;
  if (isMoved || (truth && hasPaidUntold(core.ledger, route, venue, truth, notional(quantity, limitPrice)))) {
    watch.proof = NO_PROOF;
    const what = isMoved ? `${key}: the venue's position` : `${venue}: the wallet`;
    alarm(core, 'critical', 'order_unknown', hedge, `${what} is not what the ledger explains`);
    // What the ledger misses may be a fill of somebody else's order; the reconciliation's reads bring it.
    resync(core, watch.account);
    return retryLookup(core, attempt, watch);
  }
  const absent = { status: 'proven_absent', code: 'proven_absent', at: core.clock.now() } as const;
  if (!record(core, [{ kind: 'outcome', clientOrderId, ...absent }])) return retryLookup(core, attempt, watch);
  forgetOrder(core, clientOrderId);
  if (!attempt.intent.reduceOnly) pollOften(core, watch.account);
  askAgain(core, attempt);
}

/**
 * An order of ours that the venue calls open though the ledger knows its end: accepted long after everything said
 * otherwise, or listed late. A lookup tells, and opens it again in the ledger when it does rest. Under another venue id it
 * is a second order (its request was delivered twice, and the end of the first had set the client id free), which a lookup
 * of the first would never see.
 */
export function onListedOpen(core: Core, { clientOrderId, venueOrderId, status }: OrderState): void {
  const attempt = core.ledger.attempts.get(clientOrderId);
  if (!attempt || status !== 'open' || isUnresolved(attempt)) return;
  if (attempt.venueOrderId !== undefined && attempt.venueOrderId !== venueOrderId)
    record(core, [{ kind: 'outcome', clientOrderId, status, venueOrderId, code: SECOND_ORDER, at: core.clock.now() }]);
  lookup(core, attempt);
}

/** Looks up now unless a lookup is already under way. */
export function lookup(core: Core, attempt: AttemptRecord): void {
  const watch = watchOf(core, attempt);
  if (watch.inFlight) return;
  watch.inFlight = true;
  watch.askedMs = core.clock.monotonicMs();
  core.wakes.delete(`lookup:${attempt.intent.clientOrderId}`);
  // An entry of unknown fate is a position that may stand alone: its lookups have the reserve too.
  core.send({ kind: 'lookup', ...orderRef(attempt), urgency: 'reduce' });
}

/** As `lookup`; when one is under way, which may tell of the moment before, the next follows it at once. */
export function lookupSoon(core: Core, attempt: AttemptRecord): void {
  watchOf(core, attempt).tries = 0;
  lookup(core, attempt);
}

/** The account of an order and its name there. */
export function orderRef({ intent, venueOrderId }: AttemptRecord): {
  readonly account: string;
  readonly ref: OrderRef;
} {
  const { clientOrderId, key, route } = intent;
  const account = accountKey(route, splitKey(key).venue);
  return { account, ref: { clientOrderId, key, ...(venueOrderId === undefined ? {} : { venueOrderId }) } };
}

/** Its end is known. */
export function forgetOrder(core: Core, clientOrderId: string): void {
  core.lookups.delete(clientOrderId);
  core.cancels.delete(clientOrderId);
}

/** Lookups whose time has come. */
export function lookupDue(core: Core, clientOrderId: string): void {
  const attempt = core.ledger.attempts.get(clientOrderId);
  if (!attempt || !(isUnresolved(attempt) || mayRise(attempt))) return;
  lookup(core, attempt);
  askAgain(core, attempt);
}

function retryLookup(core: Core, attempt: AttemptRecord, watch: LookupWatch): void {
  watch.tries += 1;
  const delayMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(watch.tries - 1, 10), MAX_RETRY_MS);
  wakeAt(core, `lookup:${attempt.intent.clientOrderId}`, core.clock.now() + delayMs);
}

function watchOf(core: Core, attempt: AttemptRecord): LookupWatch {
  const { clientOrderId, key, route, at } = attempt.intent;
  const known = core.lookups.get(clientOrderId);
  if (known) return known;
  const fresh: LookupWatch = {
    account: accountKey(route, splitKey(key).venue),
    inFlight: false,
    askedMs: 0,
    tries: 0,
    proof: NO_PROOF,
    sinceMs: core.clock.monotonicMs(),
    ageThenMs: Math.max(0, core.clock.now() - at),
  };
  core.lookups.set(clientOrderId, fresh);
  return fresh;
}
