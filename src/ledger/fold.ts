/**
 * Folds facts into `LedgerState`. Entry point: `foldFact`. Replaying all facts of a database gives the
 * state that the running process had; `tandem ledger verify` compares both.
 */

import { invariant } from '../kernel/assert.ts';
import { add, isZero, min, notional, type Quote, sub, text, ZERO_QUOTE } from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import { instrumentKey } from '../kernel/ids.ts';
import { DAY_MS, type Instant } from '../kernel/instant.ts';
import type { Fill, FundingPayment } from '../market/order.ts';
import { emptyAccount, emptyLeg } from './empty.ts';
import type { AttemptOutcome, Fact, FillBooked, HedgePlanned, PaymentBooked, PositionAdjusted } from './facts.ts';
import { applyFill, FLAT } from './holding.ts';
import { noteTrade } from './past-quantity.ts';
import {
  type AccountRecord,
  accountKey,
  breakerId,
  dayKey,
  type HedgeRecord,
  isFinal,
  isUnresolved,
  type LedgerState,
  type LegRecord,
  legsOf,
  newAttempt,
} from './state.ts';

const REMEMBERED_STARTS = 100;
/** Longer than any cooldown and any window of a breaker. */
const RECENT_MS = 8 * DAY_MS;

type Trade = Pick<Fill, 'side' | 'quantity' | 'at'>;

/** Identity of a fill: a venue never reuses a trade id on one symbol. */
export const fillIdentity = (fill: Fill): string => `${fill.route}|${fill.venue}|${fill.symbol}|${fill.tradeId}`;
/** What must agree when the same trade is seen twice. */
export const fillDigest = (fill: Fill): string => `${fill.side}|${text(fill.quantity)}|${text(fill.price)}`;
export const paymentIdentity = (payment: FundingPayment): string =>
  `${payment.route}|${payment.venue}|${payment.symbol}|${payment.paymentId}`;

/** What must agree when the same payment is seen twice. */
export const paymentDigest = (payment: FundingPayment): string => `${text(payment.amount)} ${payment.currency}`;

/** What of it went to the hedge that it names. Positive = received. */
export const legAmountOf = ({ payment, legAmount }: PaymentBooked): Quote => legAmount ?? payment.amount;

/** Folds one fact in place. Throws InvariantError when the fact cannot follow what is there: an edited database. */
export function foldFact(state: LedgerState, fact: Fact): void {
  state.newestAt = Math.max(state.newestAt, 'bookedAt' in fact ? fact.bookedAt : fact.at);
  switch (fact.kind) {
    case 'epoch':
      invariant(fact.epoch > state.epoch, `epoch ${fact.epoch} follows epoch ${state.epoch}`);
      state.epoch = fact.epoch;
      state.starts = [...state.starts, fact.at].slice(-REMEMBERED_STARTS);
      return;
    case 'hedge_planned':
      return foldPlan(state, fact);
    case 'hedge_moved': {
      const hedge = need(state, fact.hedge);
      invariant(hedge.state === fact.from, `hedge ${fact.hedge} is ${hedge.state}, a move says ${fact.from}`);
      hedge.state = fact.to;
      hedge.reason = fact.reason;
      hedge.detail = fact.detail;
      hedge.stateSince = fact.at;
      if (fact.to === 'unwinding' || fact.to === 'quarantined') hedge.hadTrouble = true;
      hedge.endedAt = isFinal(fact.to) ? fact.at : undefined;
      return;
    }
    case 'attempt': {
      const hedge = need(state, fact.hedge);
      invariant(!state.attempts.has(fact.clientOrderId), `client order id ${fact.clientOrderId} appears twice`);
      const record = newAttempt(fact);
      hedge[fact.leg].attempts.push(record);
      state.attempts.set(fact.clientOrderId, record);
      return;
    }
    case 'outcome':
      return foldOutcome(state, fact);
    case 'fill':
      return foldFill(state, fact);
    case 'payment':
      return foldPayment(state, fact);
    case 'baseline':
      account(state, fact.route, fact.venue).baseline = fact;
      return;
    case 'discrepancy':
      if (fact.status === 'open') state.discrepancies.set(fact.id, fact);
      else state.discrepancies.delete(fact.id);
      return;
    case 'acceptance':
      state.discrepancies.delete(fact.id);
      state.accepted.set(fact.id, fact.venueSays);
      return;
    case 'adjustment':
      return foldAdjustment(state, fact);
    case 'control':
      if (fact.action === 'pause') state.paused = true;
      if (fact.action === 'resume') state.paused = false;
      if (fact.action === 'kill') state.killed = true;
      if (fact.action === 'kill_reset') state.killed = false;
      return;
    case 'day':
      state.days.set(dayKey(fact.route, fact.day), fact);
      return;
    case 'breaker':
      state.breakers.set(breakerId(fact), fact);
      if (fact.name === 'drawdown' && fact.state === 'reset') state.peaks.delete(fact.route);
      return;
    case 'peak':
      state.peaks.set(fact.route, fact);
      return;
    case 'decision':
    case 'config':
      return;
  }
}

function foldPlan(state: LedgerState, plan: HedgePlanned): void {
  invariant(!state.hedges.has(plan.hedge), `hedge ${plan.hedge} is planned twice`);
  const hedge: HedgeRecord = {
    id: plan.hedge,
    plan,
    state: 'planned',
    reason: 'approved',
    detail: '',
    stateSince: plan.at,
    long: emptyLeg('long', plan.longKey, plan.route),
    short: emptyLeg('short', plan.shortKey, plan.route),
    openedAt: undefined,
    endedAt: undefined,
    hadTrouble: false,
  };
  for (const each of state.recent.values()) if (isLongOver(each, plan.at)) state.recent.delete(each.id);
  state.hedges.set(plan.hedge, hedge);
  state.recent.set(plan.hedge, hedge);
  const number = Number(plan.hedge.slice(1));
  state.nextHedge = Math.max(state.nextHedge, number + 1);
}

function foldOutcome(state: LedgerState, fact: AttemptOutcome): void {
  const attempt = state.attempts.get(fact.clientOrderId);
  invariant(attempt, `outcome of unknown client order id ${fact.clientOrderId}`);
  need(state, attempt.intent.hedge);
  attempt.status = fact.status;
  attempt.changedAt = fact.at;
  if (fact.venueOrderId !== undefined) attempt.venueOrderId = fact.venueOrderId;
  if (fact.code !== undefined) attempt.code = fact.code;
}

function foldFill(state: LedgerState, booked: FillBooked): void {
  const { fill } = booked;
  const identity = fillIdentity(fill);
  invariant(!state.fills.has(identity), `fill ${identity} is booked twice`);
  state.fills.set(identity, fillDigest(fill));
  const key = instrumentKey(fill.venue, fill.symbol);
  const book = account(state, fill.route, fill.venue);
  const applied = applyFill(book.holdings.get(key) ?? FLAT, fill.side, fill.quantity, fill.price);
  book.holdings.set(key, applied.holding);
  book.realised = add(book.realised, applied.realised);
  book.fees = add(book.fees, fill.fee);
  book.lastFillAt = Math.max(book.lastFillAt ?? 0, fill.at);
  noteChange(book, key, fill);
  const attempt = fill.clientOrderId === undefined ? undefined : state.attempts.get(fill.clientOrderId);
  if (attempt) {
    attempt.filled = add(attempt.filled, fill.quantity);
    attempt.filledQuote = add(attempt.filledQuote, notional(fill.quantity, fill.price));
    attempt.filledAt = booked.bookedAt;
  }
  if (booked.hedge === undefined || booked.leg === undefined) return;
  const hedge = need(state, booked.hedge);
  const leg = hedge[booked.leg];
  leg.firstFillAt = Math.min(leg.firstFillAt ?? fill.at, fill.at);
  leg.lastFillAt = Math.max(leg.lastFillAt ?? fill.at, fill.at);
  const part = booked.legQuantity ?? fill.quantity;
  foldLegTrade(leg, { ...fill, quantity: part });
  const given = min(leg.takenBase, sub(fill.quantity, part));
  leg.takenBase = attempt ? sub(leg.takenBase, given) : add(leg.takenBase, part);
  hedge.openedAt ??= fill.at;
}

/** The whole fee goes with the leg, also when only part of the fill is its. */
function foldLegTrade(leg: LegRecord, trade: Trade & Pick<Fill, 'price' | 'fee' | 'liquidity'>): void {
  const { side, quantity, price, fee, liquidity } = trade;
  noteTrade(leg.changes, trade);
  const cash = notional(quantity, price);
  leg.holding = applyFill(leg.holding, side, quantity, price).holding;
  leg.fees = add(leg.fees, fee);
  if (liquidity === 'maker') leg.makerQuote = add(leg.makerQuote, cash);
  if (side === 'buy') {
    leg.boughtQuote = add(leg.boughtQuote, cash);
    leg.boughtBase = add(leg.boughtBase, quantity);
  } else {
    leg.soldQuote = add(leg.soldQuote, cash);
    leg.soldBase = add(leg.soldBase, quantity);
  }
}

function foldAdjustment(state: LedgerState, fact: PositionAdjusted): void {
  const { venue, route, symbol, side, quantity, price } = fact;
  const key = instrumentKey(venue, symbol);
  const book = account(state, route, venue);
  const applied = applyFill(book.holdings.get(key) ?? FLAT, side, quantity, price);
  book.holdings.set(key, applied.holding);
  book.realised = add(book.realised, applied.realised);
  noteChange(book, key, fact);
  if (fact.hedge === undefined || fact.leg === undefined) return;
  const leg = need(state, fact.hedge)[fact.leg];
  // By our clock: when it really was nobody knows.
  leg.lastFillAt = Math.max(leg.lastFillAt ?? fact.at, fact.at);
  foldLegTrade(leg, { side, quantity, price, at: fact.at, fee: ZERO_QUOTE, liquidity: 'taker' });
}

function noteChange(book: AccountRecord, key: InstrumentKey, trade: Trade): void {
  const newest = book.newest.get(key);
  book.newest.set(key, { ...newest, changedAt: Math.max(newest?.changedAt ?? 0, trade.at) });
  const changes = book.changes.get(key) ?? [];
  noteTrade(changes, trade);
  book.changes.set(key, changes);
}

function foldPayment(state: LedgerState, booked: PaymentBooked): void {
  const { payment } = booked;
  const identity = paymentIdentity(payment);
  invariant(!state.payments.has(identity), `payment ${identity} is booked twice`);
  state.payments.set(identity, paymentDigest(payment));
  const book = account(state, payment.route, payment.venue);
  book.funding = add(book.funding, payment.amount);
  book.lastPaymentAt = Math.max(book.lastPaymentAt ?? 0, payment.at);
  const key = instrumentKey(payment.venue, payment.symbol);
  const newest = book.newest.get(key);
  book.newest.set(key, { ...newest, paymentAt: Math.max(newest?.paymentAt ?? 0, payment.at) });
  if (booked.hedge === undefined || booked.leg === undefined) return;
  const leg = need(state, booked.hedge)[booked.leg];
  leg.funding = add(leg.funding, legAmountOf(booked));
}

/** The hedge that a fact is about, which is news of it however long it has been over. */
function need(state: LedgerState, id: string): HedgeRecord {
  const hedge = state.hedges.get(id);
  invariant(hedge, `fact about unknown hedge ${id}`);
  if (!state.recent.has(id)) state.recent.set(id, hedge);
  return hedge;
}

const isLongOver = (hedge: HedgeRecord, now: Instant): boolean =>
  isFinal(hedge.state) &&
  (hedge.endedAt ?? now) < now - RECENT_MS &&
  legsOf(hedge).every(({ holding, attempts }) => isZero(holding.quantity) && !attempts.some(isUnresolved));

function account(state: LedgerState, route: AccountRecord['route'], venue: string): AccountRecord {
  const key = accountKey(route, venue);
  const known = state.accounts.get(key);
  if (known) return known;
  const fresh = emptyAccount(route, venue);
  state.accounts.set(key, fresh);
  return fresh;
}
