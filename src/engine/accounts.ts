/** Accounts: boot and reconciliation. An account that is not reconciled opens nothing. */
import { toNumber } from '../kernel/decimal.ts';
import type { Route, VenueId } from '../kernel/ids.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { Read } from '../kernel/outcome.ts';
import type { DiscrepancyNoted } from '../ledger/facts.ts';
import { reconcile } from '../ledger/reconcile.ts';
import { accountKey, isUnresolved, legsOf } from '../ledger/state.ts';
import type { Instrument } from '../market/instrument.ts';
import type { AccountWatch } from './account-watch.ts';
import { CONFIRM_MS, endAgreed } from './agreed.ts';
import { venueNow } from './clock-skew.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';
import type { AccountReads, EngineEvent } from './events.ts';
import { noteFills, recordFills } from './fills.ts';
import { onListedOpen } from './orders.ts';
import { paymentFacts } from './payments.ts';
import { judgePositions, notePositions, pollAgain } from './positions.ts';
import { behindFacts } from './restored.ts';
import { endUnlisted } from './unlisted-orders.ts';
import { confirmedEnds } from './vanished.ts';

/** A venue that comes back must be read well within the half minute in which its naked legs must end. */
const MAX_RETRY_MS = 15_000;
/** Reads reach back this far beyond the newest record, so that nothing booked late is missed. */
const OVERLAP_MS = 10 * MINUTE_MS;
/** How far reads reach back while something is unexplained; venues keep at least as much. */
const DEEP_READ_MS = 7 * DAY_MS;
/** Before the next try when orders in flight made a comparison impossible. */
const UNSETTLED_RETRY_MS = 2_000;
/** Before a difference is looked at again: most are a matter of moments. */
const DIFFERENCE_RETRY_MS = 5_000;
/** Most differences are explained by late facts well within this time. */
const STAYS_MS = 10 * MINUTE_MS;
const MAY_BE_OURS: ReadonlySet<DiscrepancyNoted['what']> = new Set(['position', 'wallet', 'open_order']);
/** Venues list fills and payments for 90 days or more; a margin for the read itself. */
const REMEMBERED_MS = 85 * DAY_MS;
const LATE_PAYMENTS_MS = 12 * HOUR_MS;

export function bootAccounts(core: Core): void {
  for (const watch of core.accounts.values()) core.send({ kind: 'boot', account: watch.key });
}

export function onListed(core: Core, { venue, route, read }: EngineEvent & { kind: 'listed' }): void {
  if (!read.ok) return;
  core.market.apply({ kind: 'instruments', venue, instruments: withAccountFees(core, venue, read.value, route) });
}

export function onBooted(core: Core, watch: AccountWatch, event: EngineEvent & { kind: 'booted' }): void {
  if (!event.result.ok) {
    watch.failures += 1;
    watch.reason = `${event.result.code}: ${event.result.detail}`;
    const fields = { account: watch.key, code: event.result.code, detail: event.result.detail };
    // Once at start is ordinary: a paper account knows its instruments only when the feed has connected.
    if (watch.failures === 1) core.log.debug(fields, 'account is not ready yet');
    else core.log.warn(fields, 'account is not ready');
    if (watch.failures >= 3) alarm(core, 'warning', 'venue_down', watch.key, watch.reason);
    wakeAt(core, `boot:${watch.key}`, core.clock.now() + backoff(watch.failures));
    return;
  }
  const instruments = withAccountFees(core, watch.venue, event.result.value, watch.route);
  core.market.apply({ kind: 'instruments', venue: watch.venue, instruments });
  watch.status = 'unreconciled';
  watch.reason = 'not reconciled yet';
  watch.failures = 0;
  startReconcile(core, watch);
}

/**
 * Listings with the fees of whoever knows best: the live account's own, else the paper account's, else the public ones.
 * Both routes are priced by them, so real money is never priced by paper's or the public's.
 */
export function withAccountFees(
  { accounts, market }: Pick<Core, 'accounts' | 'market'>,
  venue: VenueId,
  instruments: readonly Instrument[],
  source: Route | 'feed',
): readonly Instrument[] {
  const isBooted = (route: Route): boolean =>
    (accounts.get(accountKey(route, venue))?.status ?? 'booting') !== 'booting';
  const isOutranked = source !== 'live' && (isBooted('live') || (source === 'feed' && isBooted('paper')));
  if (!isOutranked) return instruments;
  return instruments.map((instrument) => {
    const known = market.get(instrument.key)?.instrument;
    if (!known) return instrument;
    const { takerFeeRate, makerFeeRate } = known;
    if (takerFeeRate === instrument.takerFeeRate && makerFeeRate === instrument.makerFeeRate) return instrument;
    return { ...instrument, takerFeeRate, makerFeeRate };
  });
}

/** Reads everything. While an order of the account is in flight only as often as usual: it cannot be compared then. */
export function startReconcile(core: Core, watch: AccountWatch): void {
  if (watch.reconciling || watch.status === 'booting') return;
  const now = core.clock.now();
  const sinceMs = now - (watch.lastReadAt ?? Number.NEGATIVE_INFINITY);
  // Negative: the clock has gone back, and nobody knows how long ago that was.
  const isRead = sinceMs >= 0 && sinceMs < core.settings.reconcileEveryMs;
  if (isRead && hasUnresolved(core, watch)) {
    wakeAt(core, `reconcile:${watch.key}`, now + UNSETTLED_RETRY_MS);
    return;
  }
  watch.reconciling = true;
  watch.readAskedMs = core.clock.monotonicMs();
  const account = core.ledger.accounts.get(watch.key);
  core.send({
    kind: 'reconcile',
    account: watch.key,
    changes: watch.changes,
    fillsSince: readSince(core, watch, account?.lastFillAt),
    paymentsSince: paymentsSince(core, watch),
  });
}

/**
 * From a little before the last agreement, or without one the newest record, but never before what venues remember: what
 * an account lost sight of earlier shows in its wallet. A newer record says nothing of what came before it: an order's own
 * answer may tell of it while the stream is silent. While venue and ledger disagree, from long before.
 */
function readSince(core: Core, watch: AccountWatch, newestAt: Instant | undefined): Instant {
  const now = venueNow(watch, core.clock);
  const began = core.ledger.accounts.get(watch.key)?.baseline?.at ?? now;
  const knownTo = watch.agreedAt ?? newestAt ?? 0;
  for (const { route, venue, what } of core.ledger.discrepancies.values()) {
    if (route === watch.route && venue === watch.venue && (what === 'position' || what === 'wallet'))
      return Math.max(began, Math.min(knownTo - OVERLAP_MS, now - DEEP_READ_MS), now - REMEMBERED_MS);
  }
  return Math.max(began, knownTo - OVERLAP_MS, now - REMEMBERED_MS);
}

/**
 * A payment carries the instant of its settlement, however late it is listed, and one of less than a cent does not even
 * show in the wallet: so they are read for half a day back, always. They are few.
 */
export function paymentsSince(core: Core, watch: AccountWatch): Instant {
  const account = core.ledger.accounts.get(watch.key);
  const since = readSince(core, watch, account?.lastPaymentAt);
  const now = venueNow(watch, core.clock);
  return Math.min(since, Math.max(account?.baseline?.at ?? now, now - LATE_PAYMENTS_MS));
}

export function onReconciled(core: Core, watch: AccountWatch, event: EngineEvent & { kind: 'reconciled' }): void {
  const { changes, positionsAskedMs, reads } = event;
  watch.reconciling = false;
  pollAgain(core, watch);
  const now = core.clock.now();
  const { positions, openOrders, balance, fills, payments } = reads;
  const own = core.positions.get(watch.key);
  if (positions.ok) notePositions(core, watch, positions, positionsAskedMs);
  else if (own) own.unread = true;
  if (fills.ok) watch.fillsAskedMs = watch.readAskedMs;
  // Facts, whatever else could not be read.
  const isBooked = bookTold(core, watch, reads);
  if (!positions.ok || !openOrders.ok || !balance.ok || !fills.ok || !payments.ok) {
    const failed = [positions, openOrders, balance, fills, payments].find((read) => !read.ok);
    watch.failures += 1;
    if (watch.status !== 'ready' || watch.failures >= 3) {
      watch.status = 'unreconciled';
      watch.reason = `cannot be reconciled: ${failed && !failed.ok ? `${failed.code}: ${failed.detail}` : 'read failed'}`;
      alarm(core, 'warning', 'venue_down', watch.key, watch.reason);
    }
    // What cannot be read of the rest says nothing against a list of positions.
    if (positions.ok && isBooked && changes === watch.changes && !hasUnresolved(core, watch))
      endAgreed(core, watch, positions.value);
    wakeAt(core, `reconcile:${watch.key}`, now + backoff(watch.failures));
    return;
  }
  // It answers, whether or not what it says can be compared already.
  watch.failures = 0;
  // A ledger that cannot be written has its own wake, which reads everything again.
  if (!isBooked) return;
  watch.lastReadAt = now;
  // Whatever else is under way there: it may be what nobody is looking for any more.
  for (const order of openOrders.value) onListedOpen(core, order);
  endUnlisted(core, watch.key, watch.readAskedMs ?? 0, openOrders.value);
  if (changes !== watch.changes || hasUnresolved(core, watch)) {
    // Orders moved while we read: the picture is not one instant's.
    wakeAt(core, `reconcile:${watch.key}`, now + UNSETTLED_RETRY_MS);
    wakeAt(core, `positions:${watch.key}`, now + UNSETTLED_RETRY_MS);
    return;
  }
  const agreedAt = venueNow(watch, core.clock);
  const truth = { positions: positions.value, openOrders: openOrders.value, balance: balance.value, at: agreedAt };
  const differences = reconcile(core.ledger, watch.route, watch.venue, truth, now);
  const ends = confirmedEnds(core, watch, differences, positions.value);
  if (!record(core, ends.facts)) return;
  watch.status = 'ready';
  watch.reason = '';
  watch.lastReconciledAt = now;
  watch.comparedChanges = changes;
  watch.agreedAt = agreedAt;
  watch.availableUsd = toNumber(balance.value.available);
  watch.walletUsd = toNumber(balance.value.wallet);
  tellWhatStays(core, watch, now);
  const isNewlyOpen = differences.some((fact) => fact.kind === 'discrepancy' && fact.status === 'open');
  const isYoung = differsLately(core, watch, isNewlyOpen);
  const isAgain = judgePositions(core, watch, truth) || ends.waits;
  const soonMs = isAgain ? CONFIRM_MS : isNewlyOpen ? DIFFERENCE_RETRY_MS : MAX_RETRY_MS;
  const isSoon = isAgain || isNewlyOpen || isYoung;
  const waitMs = isSoon ? soonMs : core.settings.reconcileEveryMs;
  wakeAt(core, `reconcile:${watch.key}`, now + Math.min(waitMs, core.settings.reconcileEveryMs));
}

/** False when the ledger cannot be written. */
function bookTold(core: Core, watch: AccountWatch, { fills, openOrders, payments }: AccountReads): boolean {
  const told = <T>(read: Read<readonly T[]>): readonly T[] => (read.ok ? read.value : []);
  const late = [
    ...behindFacts(core, watch, [...told(fills), ...told(openOrders)]),
    ...paymentFacts(core, told(payments)),
  ];
  if (record(core, late)) return recordFills(core, told(fills)) !== undefined;
  noteFills(core, told(fills));
  return false;
}

/**
 * A venue that tells less than it knows tells the rest when it is well again: an order of ours may be in it. Counted by
 * the monotonic clock: what a clock that was wrong has stamped is not old for that.
 */
function differsLately(core: Core, watch: AccountWatch, isNewlyOpen: boolean): boolean {
  const nowMs = core.clock.monotonicMs();
  const differs = [...core.ledger.discrepancies.values()].some(
    ({ route, venue, what }) => route === watch.route && venue === watch.venue && MAY_BE_OURS.has(what),
  );
  if (!differs) watch.differsSinceMs = undefined;
  else if (isNewlyOpen) watch.differsSinceMs = nowMs;
  else watch.differsSinceMs ??= nowMs;
  return watch.differsSinceMs !== undefined && nowMs - watch.differsSinceMs <= STAYS_MS;
}

/** Told again with every comparison: late facts have had their time, a human must look. */
function tellWhatStays(core: Core, watch: AccountWatch, now: Instant): void {
  for (const { id, route, venue, detail, at } of core.ledger.discrepancies.values()) {
    // One that lies ahead was found before the clock went back.
    if (route !== watch.route || venue !== watch.venue || (at <= now && now - at < STAYS_MS)) continue;
    const minutes = Math.max(0, Math.round((now - at) / MINUTE_MS));
    const hint = `tandem accept ${venue} --route ${route}`;
    alarm(core, 'critical', 'discrepancy_stays', id, `unexplained for ${minutes} min: ${detail}; see ${hint}`);
  }
}

export function hasUnresolved(core: Core, watch: AccountWatch): boolean {
  for (const lookup of core.lookups.values()) if (lookup.account === watch.key) return true;
  for (const hedge of core.ledger.recent.values()) {
    if (hedge.plan.route !== watch.route || hedge.endedAt !== undefined) continue;
    for (const leg of legsOf(hedge)) {
      if (leg.account === watch.key && leg.attempts.some(isUnresolved)) return true;
    }
  }
  return false;
}

/** Ms until the next try. */
export const backoff = (failures: number): number => Math.min(1_000 * 2 ** Math.min(failures - 1, 10), MAX_RETRY_MS);
