/** Settlements: who held what at the instant, and the cash that moves once the rate is known. */
import { invariant } from '../../kernel/assert.ts';
import { add, isZero, neg, scale } from '../../kernel/decimal.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { ExchangePayment, SettledFunding } from './api.ts';
import type { ChangeLog } from './change-log.ts';
import type { Clearing } from './clearing.ts';
import type { EventQueue } from './event-queue.ts';
import { coverShortfall } from './margin.ts';
import { cashValue } from './position.ts';
import { holdersOf, MAX_PENDING_SETTLEMENTS, type Market, type Slot } from './state.ts';

/** Adds a settlement to the public history, once per instant. */
export function recordSettled(market: Market, settled: SettledFunding): void {
  invariant(!market.settledInstants.has(settled.at), `${settled.symbol} is already settled at ${settled.at}`);
  market.settledInstants.add(settled.at);
  market.settled.push(settled);
}

/** Remembers every holder and the mark for a settlement whose rate is not known yet. */
export function snapshot(market: Market, at: Instant): void {
  const known = market.pending.has(at) || market.settledInstants.has(at);
  invariant(!known, `${market.instrument.symbol} is already settled at ${at}, or about to be`);
  const held = holdersOf(market).map((slot) => ({ slot, contracts: slot.position.contracts }));
  market.pending.set(at, { mark: market.mark, held });
  if (market.pending.size <= MAX_PENDING_SETTLEMENTS) return;
  const oldest = market.pending.keys().next().value;
  if (oldest !== undefined) market.pending.delete(oldest);
}

/**
 * Pays a snapshot at `rate`: each holder gets -(signed contracts x contract size x mark) x rate, so with a positive
 * rate longs pay and shorts receive. Returns the slots that paid or received; false when there is no snapshot.
 */
export function payPending(
  market: Market,
  at: Instant,
  rate: string,
  nextId: () => string,
  events: EventQueue,
  clearing: Clearing,
  changes: ChangeLog,
): readonly Slot[] | undefined {
  const pending = market.pending.get(at);
  if (!pending) return undefined;
  market.pending.delete(at);
  const settled: SettledFunding = { symbol: market.instrument.symbol, rate, mark: pending.mark, at };
  recordSettled(market, settled);
  events.publish({ kind: 'settled', settled });
  for (const { slot, contracts } of pending.held) {
    const amount = neg(scale(cashValue(contracts, slot.market.instrument.contractSize, pending.mark), rate));
    // Nothing changes: an id taken here would be in no change, and given again after a restart.
    if (isZero(amount)) continue;
    const payment: ExchangePayment = {
      paymentId: nextId(),
      symbol: market.instrument.symbol,
      amount,
      rate,
      contracts,
      mark: pending.mark,
      at,
    };
    slot.account.wallet = add(slot.account.wallet, payment.amount);
    slot.account.paid = add(slot.account.paid, payment.amount);
    slot.account.payments.push(payment);
    changes.payment(slot, payment);
    clearing.touch(slot);
    for (const paying of coverShortfall(slot.account, slot)) clearing.touch(paying);
    events.publish({ kind: 'payment', account: slot.account.name, payment });
  }
  return pending.held.map(({ slot }) => slot);
}
