/** Funding payments: asked for after each settlement that a position met, booked once, each given to its hedge. */
import { isNews } from '../execution/booking.ts';
import { paymentConflict } from '../execution/resolve.ts';
import { eq, isZero, round, shareOfCash, ZERO_BASE } from '../kernel/decimal.ts';
import { type InstrumentKey, instrumentKey, splitKey } from '../kernel/ids.ts';
import { HOUR_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts';
import type { Read } from '../kernel/outcome.ts';
import type { DiscrepancyNoted, PaymentBooked } from '../ledger/facts.ts';
import { paymentDigest, paymentIdentity } from '../ledger/fold.ts';
import { quantityAt } from '../ledger/past-quantity.ts';
import { accountKey, type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import type { FundingQuote } from '../market/funding.ts';
import type { FundingPayment } from '../market/order.ts';
import type { AccountWatch } from './account-watch.ts';
import { backoff, paymentsSince, startReconcile } from './accounts.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';

/** Polls for one settlement's payments until they are called missing; then more rarely, for about two hours. */
const MAX_PAYMENT_POLLS = 8;
const LATE_PAYMENT_MS = 5 * MINUTE_MS;
const LATE_PAYMENT_POLLS = MAX_PAYMENT_POLLS + 24;
/** Venues list a payment within minutes of its settlement. */
const LATE_LISTING_MS = 10 * MINUTE_MS;
/** No venue credits a finer amount. */
const AMOUNT_DIGITS = 8;

/**
 * A newer `nextSettlementAt` means that the old one has passed: whoever held the instrument gets or owes a payment. The
 * first quote after a start tells of one that may have passed while nobody watched.
 */
export function onSettlementPassed(core: Core, before: FundingQuote | undefined, quote: FundingQuote): void {
  const passedAt = before ? before.nextSettlementAt : quote.nextSettlementAt - quote.intervalHours * HOUR_MS;
  if (quote.nextSettlementAt <= passedAt) return;
  // It was put off: the venue has made the interval longer.
  if (passedAt > quote.venueAt + MINUTE_MS) return;
  // What is older, the first reconciliation has read.
  if (!before && core.clock.now() - passedAt > LATE_LISTING_MS) return;
  for (const hedge of core.ledger.hedges.values()) {
    const ends = hedge.endedAt ?? Number.POSITIVE_INFINITY;
    if ((hedge.openedAt ?? Number.POSITIVE_INFINITY) > passedAt || ends < passedAt) continue;
    for (const leg of legsOf(hedge)) {
      if (leg.key !== quote.key || !mayHaveStood(core, hedge, leg.key, passedAt)) continue;
      const watch = core.accounts.get(leg.account);
      if (watch) awaitPayment(core, watch, passedAt, leg.key);
    }
  }
}

/** Not when the account, a human's share included, held none of it then: nothing was due. */
function mayHaveStood({ ledger }: Core, { plan }: HedgeRecord, key: InstrumentKey, at: Instant): boolean {
  const account = ledger.accounts.get(accountKey(plan.route, splitKey(key).venue));
  const quantity = account?.holdings.get(key)?.quantity ?? ZERO_BASE;
  return !isZero(quantity) || (account?.newest.get(key)?.changedAt ?? 0) > at;
}

/** All instruments that settle at one instant are awaited together. */
function awaitPayment(core: Core, watch: AccountWatch, settlementAt: Instant, key: InstrumentKey): void {
  const awaited = watch.awaitedSettlement;
  if ((awaited?.at ?? 0) > settlementAt) return;
  const keys = awaited?.at === settlementAt ? awaited.keys : [];
  watch.awaitedSettlement = { at: settlementAt, keys: new Set([...keys, key]), polls: 0 };
  wakeAt(core, `payments:${watch.key}`, core.clock.now() + core.settings.paymentDelayMs);
}

export function pollPayments(core: Core, watch: AccountWatch): void {
  core.send({ kind: 'payments', account: watch.key, sinceAt: paymentsSince(core, watch) });
}

export function onPayments(core: Core, watch: AccountWatch, read: Read<readonly FundingPayment[]>): void {
  const awaited = watch.awaitedSettlement;
  const facts = read.ok ? paymentFacts(core, read.value) : [];
  if (facts.length > 0) watch.changes += 1;
  const isRecorded = record(core, facts);
  if (!awaited) return;
  const newest = core.ledger.accounts.get(watch.key)?.newest;
  // A venue stamps its payment at the settlement or moments after.
  const isBooked = [...awaited.keys].every((key) => (newest?.get(key)?.paymentAt ?? 0) >= awaited.at);
  const polls = awaited.polls + 1;
  if ((read.ok && isRecorded && isBooked) || polls >= LATE_PAYMENT_POLLS) {
    watch.awaitedSettlement = undefined;
    startReconcile(core, watch);
    return;
  }
  watch.awaitedSettlement = { ...awaited, polls };
  const isLate = polls >= MAX_PAYMENT_POLLS;
  wakeAt(core, `payments:${watch.key}`, core.clock.now() + (isLate ? LATE_PAYMENT_MS : backoff(polls)));
  if (!isLate) return;
  const detail = `no funding payment was listed for a settlement that ${[...awaited.keys].join(', ')} met`;
  alarm(core, 'warning', 'payment_missing', watch.key, detail);
}

/**
 * Facts for payments not yet booked, each given to the hedge that held the instrument at that instant. One that comes
 * back with another amount keeps its first version and is noted: what was booked is never changed in silence.
 */
export function paymentFacts(core: Core, payments: readonly FundingPayment[]): (PaymentBooked | DiscrepancyNoted)[] {
  const bookedAt = core.clock.now();
  const facts = new Map<string, PaymentBooked | DiscrepancyNoted>();
  for (const payment of payments) {
    const identity = paymentIdentity(payment);
    const known = core.ledger.payments.get(identity);
    if (known === undefined) {
      if (!facts.has(identity)) facts.set(identity, { kind: 'payment', payment, ...ownerOf(core, payment), bookedAt });
    } else if (known !== paymentDigest(payment)) {
      const noted = paymentConflict(payment, known, bookedAt);
      if (isNews(core.ledger, noted)) facts.set(noted.id, noted);
    }
  }
  return [...facts.values()];
}

type Owner = Pick<PaymentBooked, 'hedge' | 'leg' | 'legAmount'>;

/** Settlements are on whole hours; a venue stamps its payments then or, like OKX, some seconds later. */
function settlementOf({ at }: FundingPayment): Instant {
  const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
  return at - hour <= LATE_LISTING_MS ? hour : at;
}

/**
 * Who held the instrument when it settled, also when that hedge had ended by the stamp; else who held it then: Binance
 * settles positions that are opened within the minute, too.
 */
const ownerOf = (core: Core, payment: FundingPayment): Owner | undefined =>
  holderAt(core, payment, settlementOf(payment)) ?? holderAt(core, payment, payment.at);

function holderAt(core: Core, payment: FundingPayment, at: Instant): Owner | undefined {
  const key = instrumentKey(payment.venue, payment.symbol);
  for (const hedge of core.ledger.hedges.values()) {
    if (hedge.plan.route !== payment.route) continue;
    const leg = legsOf(hedge).find((candidate) => candidate.key === key);
    if (!leg || at < (leg.firstFillAt ?? Number.POSITIVE_INFINITY)) continue;
    // By the venue's clock, as the payment is; an adjustment that emptied it has ours only.
    const to = isZero(leg.holding.quantity) ? (leg.lastFillAt ?? 0) : Number.POSITIVE_INFINITY;
    if (at <= to) return { hedge: hedge.id, leg: leg.name, ...shareOf(core, payment, leg, at) };
  }
  return undefined;
}

/** A settlement pays the whole position. Where a human held some of it, or the opposite, only the leg's share is the leg's. */
function shareOf(
  { ledger }: Core,
  { route, venue, amount }: FundingPayment,
  { key, holding, changes }: LegRecord,
  at: Instant,
): Pick<Owner, 'legAmount'> {
  const account = ledger.accounts.get(accountKey(route, venue));
  const ofLeg = quantityAt(holding.quantity, changes, at);
  const ofAll = quantityAt(account?.holdings.get(key)?.quantity ?? ZERO_BASE, account?.changes.get(key) ?? [], at);
  // What nobody is known to have held tells nothing of shares.
  if (isZero(ofLeg) || isZero(ofAll) || eq(ofLeg, ofAll)) return {};
  return { legAmount: round(shareOfCash(amount, ofLeg, ofAll), AMOUNT_DIGITS) };
}
