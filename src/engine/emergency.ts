/**
 * While the ledger cannot be written nothing leaves, but for this: when an asset stays naked beyond the naked limit by
 * the venues' own positions (at once after a kill, or near liquidation), a reduce-only order makes the larger side
 * smaller. The one exception to "no order leaves before its intent is durable", and a narrow one:
 *
 * - never on the ledger's word, nor on one list: two lists, asked for after the failure began and after the last such
 *   order was answered, must say the same, of every venue of the asset; otherwise nothing is sent, and that is told;
 * - never more than the net excess, nor than what the venue says stands (`execution/emergency.ts`);
 * - one at a time per asset, a bounded number per failure, each told as critical;
 * - the first commit that works records it, with its outcome, before anything else may be written: whatever was decided
 *   meanwhile was decided without it. From then on it is an order like any other.
 *
 * A process that ends before that leaves an order that no ledger knows; its id says what it was (`client-id.ts`).
 */
import { emergencyOrderId, MAX_ATTEMPTS } from '../execution/client-id.ts';
import { beyondOurs, type EmergencyReduction, toldBeyond, type VenueWord, venueDelta } from '../execution/emergency.ts';
import { intend } from '../execution/plan.ts';
import { capPrice, fairPrice, reduceReference } from '../execution/price-cap.ts';
import { afterSubmit } from '../execution/resolve.ts';
import { abs, add, type Base, eq, isZero, lt, sub, text, ZERO_BASE } from '../kernel/decimal.ts';
import { type ClientOrderId, splitKey } from '../kernel/ids.ts';
import { type Instant, SECOND_MS } from '../kernel/instant.ts';
import type { AttemptIntended, AttemptOutcome, DecisionMade } from '../ledger/facts.ts';
import { accountKey, type HedgeRecord, isUnresolved, legsOf, newAttempt } from '../ledger/state.ts';
import type { SubmitOutcome } from '../ports/venue.ts';
import { judgeDistance } from '../risk/margin.ts';
import { startReconcile } from './accounts.ts';
import { CONFIRM_MS } from './agreed.ts';
import { alarm, type Core, recordLater, wakeAt } from './core.ts';
import { type AssetEmergency, newAsset } from './emergency-watch.ts';
import { retryLedger } from './ledger-retry.ts';
import { distanceOf } from './margin.ts';
import { lookupSoon } from './orders.ts';
import { sendAttempts } from './submit.ts';
import {
  accountsOf,
  askTruth,
  forgetTruth,
  hearDropped,
  saidOf,
  saidSinceMs,
  standing,
  strangersHeard,
  truthOf,
  unwrittenOf,
} from './venue-truth.ts';

/** Of one asset on one route, in one failure. */
const MAX_ORDERS = 20;
const FIRST_PAUSE_MS = SECOND_MS;
/** So that they last for minutes: a halted market refuses them all, and must find some left when it opens. */
const MAX_PAUSE_MS = 20 * SECOND_MS;
const LOOK_EVERY_MS = SECOND_MS;
/** Positions that are unknown for this long are told. */
const BLIND_AFTER_MS = 5 * SECOND_MS;
/** A hedge waits no longer for its accounts to be read after the failure. */
const MAX_HOLD_MS = 10 * SECOND_MS;

/** After every event. Does nothing while the ledger can be written. */
export function watchEmergency(core: Core): void {
  const own = core.emergency;
  if (core.storeFailure === undefined) {
    own.dropped.length = 0;
    if (own.sinceMs !== undefined) end(core);
    return;
  }
  own.sinceMs ??= core.clock.monotonicMs();
  hearDropped(core);
  for (const [name, hedges] of standing(core)) {
    askTruth(core, hedges);
    judge(core, name, hedges);
  }
  wakeAt(core, 'emergency', core.clock.now() + LOOK_EVERY_MS);
}

/** Whatever an answer was, positions are read anew before another order. */
export function onEmergencyAnswered(core: Core, clientOrderId: ClientOrderId, outcome: SubmitOutcome): void {
  const state = [...core.emergency.assets.values()].find(({ inFlight }) => inFlight?.clientOrderId === clientOrderId);
  const intent = state?.inFlight;
  if (!state || !intent) return;
  const nowMs = core.clock.monotonicMs();
  delete state.inFlight;
  state.notBeforeMs = nowMs + Math.min(FIRST_PAUSE_MS * 2 ** (state.orders - 1), MAX_PAUSE_MS);
  forgetTruth(truthOf(core, accountKey(intent.route, splitKey(intent.key).venue)), nowMs);
  const said = outcome.kind === 'acked' ? 'accepted' : `${outcome.kind}, ${outcome.code}: ${outcome.detail}`;
  alarm(core, 'critical', 'emergency_answered', clientOrderId, `emergency order of ${intent.hedge}: ${said}`);
  // Recorded already, while it was under way: then it is an order like any other.
  if (core.ledger.attempts.has(clientOrderId)) return;
  const fact = afterSubmit(newAttempt(intent), outcome, core.clock.now());
  if (fact) core.emergency.owed.push(fact);
}

/**
 * From an emergency order on, the ledger's word about its hedge is not what the venues hold, until it can be written again
 * and both accounts were read: nothing is done on it.
 */
export function awaitsReading(core: Core, hedge: HedgeRecord): boolean {
  const hold = core.emergency.held.get(hedge.id);
  if (!hold) return false;
  if (core.storeFailure !== undefined) {
    delete hold.writableSinceMs;
    return true;
  }
  const nowMs = core.clock.monotonicMs();
  hold.writableSinceMs ??= nowMs;
  const isRead = [...accountsOf([hedge])].every(
    (account) => (core.accounts.get(account)?.lastReadAt ?? 0) >= hold.sentAt,
  );
  if (!isRead && nowMs - hold.writableSinceMs < MAX_HOLD_MS) {
    wakeAt(core, `hedge:${hedge.id}`, core.clock.now() + LOOK_EVERY_MS);
    return true;
  }
  core.emergency.held.delete(hedge.id);
  return false;
}

function judge(core: Core, name: string, hedges: readonly HedgeRecord[]): void {
  const state: AssetEmergency = core.emergency.assets.get(name) ?? newAsset();
  core.emergency.assets.set(name, state);
  if (state.inFlight) return;
  const said = new Map<string, Base>();
  const unwritten = unwrittenOf(core);
  for (const { plan, long, short } of hedges) {
    for (const { key } of [long, short]) {
      const quantity = saidOf(core, accountKey(plan.route, splitKey(key).venue), key);
      const heard = strangersHeard(core, plan.route, key);
      if (quantity === undefined || heard === undefined) return tellBlind(core, name, state, key);
      said.set(key, quantity);
      // Once an order of this kind has left, the lists and what was told of ours may be of different times.
      const beyond = state.orders === 0 ? toldBeyond(hedges, key, unwritten) : state.beyond.get(key);
      if (isAsKnown(state.heard, key, heard) && isAsKnown(state.beyond, key, beyond)) continue;
      state.heard.set(key, heard);
      state.beyond.set(key, beyond ?? ZERO_BASE);
      state.strangers.set(key, heard);
    }
  }
  const word: VenueWord = {
    ...unwritten,
    venueSays: (key) => oursOf(said.get(key) ?? ZERO_BASE, state.strangers.get(key) ?? ZERO_BASE),
    instrumentOf: (key) => core.market.get(key)?.instrument,
  };
  const [route] = hedges.map(({ plan }) => plan.route);
  for (const [key, beyond] of beyondOurs(hedges, word)) {
    state.strangers.set(key, add(state.strangers.get(key) ?? ZERO_BASE, beyond));
    if (route !== undefined) state.moreSinceMs.set(accountKey(route, splitKey(key).venue), core.clock.monotonicMs());
  }
  tellStrangers(core, state);
  const delta = venueDelta(hedges, word);
  if (delta.kind === 'equal') {
    delete state.nakedSinceMs;
    return;
  }
  state.nakedSinceMs ??= nakedSinceMs(core, hedges);
  const nowMs = core.clock.monotonicMs();
  const forMs = nowMs - state.nakedSinceMs;
  const what = `net ${text(delta.net)} ${name} by the venues’ own positions for ${Math.round(forMs / 1000)} s, and the ledger cannot be written`;
  alarm(core, 'critical', 'naked_leg', delta.next?.hedge.id ?? name, what);
  // Asked for while the naked limit runs, so that they are known when it is over.
  for (const [account, sinceMs] of state.moreSinceMs) askFills(core, account, sinceMs);
  if (!isUrgent(core, hedges) && forMs < core.settings.execution.nakedLimitMs) return;
  if (state.orders >= MAX_ORDERS)
    return alarm(core, 'critical', 'emergency_given_up', name, `${what}: too many orders`);
  if (!delta.next) return alarm(core, 'critical', 'emergency_impossible', name, `${what}: no venue takes an order`);
  const unread = [...state.moreSinceMs].find(([account, sinceMs]) => !askFills(core, account, sinceMs));
  if (unread) return tellBlind(core, name, state, unread[0]);
  if (nowMs >= state.notBeforeMs) sendEmergency(core, state, delta.next, what);
}

/**
 * More than orders of ours can have made is a stranger's only when fills that were asked for since do not name an order of
 * ours: a venue that took one twice tells so there, though its stream may be silent. True once they were read.
 */
function askFills(core: Core, account: string, sinceMs: number): boolean {
  const watch = core.accounts.get(account);
  if (!watch || (watch.fillsAskedMs ?? Number.NEGATIVE_INFINITY) >= sinceMs) return true;
  if (core.clock.monotonicMs() - (watch.readAskedMs ?? Number.NEGATIVE_INFINITY) >= CONFIRM_MS) {
    watch.lastReadAt = undefined;
    startReconcile(core, watch);
  }
  return false;
}

const isAsKnown = (known: ReadonlyMap<string, Base>, key: string, now: Base = ZERO_BASE): boolean =>
  eq(now, known.get(key) ?? ZERO_BASE);

/** Without what is somebody else's; never more than there is. */
function oursOf(said: Base, stranger: Base): Base {
  const ours = sub(said, stranger);
  return isZero(ours) || (ours.s === said.s && lt(abs(ours), abs(said))) ? ours : said;
}

function tellStrangers(core: Core, { strangers }: AssetEmergency): void {
  for (const [key, quantity] of strangers) {
    if (isZero(quantity)) continue;
    const detail = `the ledger cannot be written, and ${text(quantity)} of what stands on ${key} is not what orders of ours have made: it is left alone`;
    alarm(core, 'critical', 'emergency_beyond', key, detail);
  }
}

/** Known before the ledger failed, or since the lists say so. */
function nakedSinceMs(core: Core, hedges: readonly HedgeRecord[]): number {
  const known = hedges.flatMap(({ id }) => core.naked.get(id)?.sinceMs ?? []);
  return Math.min(...known, saidSinceMs(core, hedges));
}

/** What does not wait for the naked limit. */
function isUrgent(core: Core, hedges: readonly HedgeRecord[]): boolean {
  if (core.ledger.killed || core.emergency.killedBy !== undefined) return true;
  return hedges.some((hedge) => {
    const distances = legsOf(hedge).map((leg) => distanceOf(core, leg));
    return judgeDistance(distances, core.settings.risk.margin) === 'reduce';
  });
}

function tellBlind(core: Core, name: string, { nakedSinceMs }: AssetEmergency, key: string): void {
  const forMs = core.clock.monotonicMs() - (core.emergency.sinceMs ?? 0);
  if (nakedSinceMs === undefined && forMs < BLIND_AFTER_MS) return;
  const detail = `the ledger cannot be written, and what stands on ${key} is not known for sure: nothing is sent`;
  alarm(core, 'critical', 'emergency_blind', name, detail);
}

function sendEmergency(core: Core, state: AssetEmergency, next: EmergencyReduction, what: string): void {
  const { hedge, leg, quantity } = next;
  const side = leg.direction === 'long' ? 'sell' : 'buy';
  const view = core.market.get(leg.key);
  const reference = view && reduceReference(view, side, core.settings.risk.data.maxBookAgeMs);
  const number = leg.attempts.length + 1 + core.emergency.owed.filter(isOf(hedge, leg.name)).length;
  if (!view || reference === undefined || number > MAX_ATTEMPTS) return;
  // It may work again by now: then this goes the ordinary way.
  if (retryLedger(core)) return;
  const { exitPriceCapRate, exitPriceCapMaxRate } = core.settings.execution;
  const now = core.clock.now();
  const capRate = Math.min(exitPriceCapRate * 2 ** state.orders, exitPriceCapMaxRate);
  const limitPrice = capPrice(reference, side, capRate, view.instrument.tick);
  const fair = fairPrice(view, core.settings.risk.data.maxBookAgeMs) ?? reference;
  const order = { leg: leg.name, purpose: 'emergency', side, quantity, limitPrice, reference: fair, number } as const;
  const intent = {
    ...intend(hedge.plan, { ...order, ids: core.ids, now }),
    clientOrderId: emergencyOrderId(core.ids, hedge.id, leg.name, now),
  };
  core.emergency.owed.push(intent);
  core.emergency.sent.push(intent.clientOrderId);
  core.emergency.held.set(hedge.id, { sentAt: now });
  state.orders += 1;
  state.inFlight = intent;
  forgetTruth(truthOf(core, accountKey(intent.route, splitKey(intent.key).venue)), Number.POSITIVE_INFINITY);
  const detail = `${what}; ${side} ${text(quantity)} of ${leg.key}, reduce-only, at ${text(limitPrice)} or better, order ${state.orders} of at most ${MAX_ORDERS}`;
  alarm(core, 'critical', 'emergency_order', intent.clientOrderId, detail);
  recordLater(core, [decided(hedge, detail, now)]);
  sendAttempts(core, [intent]);
}

const isOf =
  (hedge: HedgeRecord, leg: AttemptIntended['leg']) =>
  (fact: AttemptIntended | AttemptOutcome): boolean =>
    fact.kind === 'attempt' && fact.hedge === hedge.id && fact.leg === leg;

const decided = ({ id, plan }: HedgeRecord, detail: string, at: Instant): DecisionMade => ({
  kind: 'decision',
  subject: id,
  asset: plan.asset,
  verdict: 'exit',
  rules: ['emergency'],
  reasons: JSON.stringify([{ rule: 'emergency', detail }]),
  at,
});

/** The ledger can be written again, and knows the orders: they are looked up like any other. */
function end(core: Core): void {
  const own = core.emergency;
  delete own.sinceMs;
  own.truths.clear();
  own.unbooked.clear();
  own.unclear.clear();
  for (const [name, { inFlight }] of own.assets) {
    // What is under way is still to be answered; what this failure's lists said is over with it.
    if (inFlight) own.assets.set(name, { ...newAsset(), inFlight });
    else own.assets.delete(name);
  }
  const sent = own.sent.splice(0);
  for (const id of sent) {
    const attempt = core.ledger.attempts.get(id);
    if (attempt && attempt.status !== 'intended' && isUnresolved(attempt)) lookupSoon(core, attempt);
  }
  if (sent.length === 0) return;
  const detail = `the ledger can be written again, and knows the emergency orders ${sent.join(', ')}`;
  alarm(core, 'critical', 'emergency_over', core.store.stamp.account, detail);
}
