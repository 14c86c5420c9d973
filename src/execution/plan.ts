/** Approved + route -> the facts that must be durable before the first byte leaves, and the two orders. */
import { type Base, type Px, px } from '../kernel/decimal.ts';
import type { HedgeId, InstrumentKey, LegName, Route } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { EntryPlan } from '../ledger/entry-plan.ts';
import type { AttemptIntended, AttemptPurpose, Fact, HedgePlanned } from '../ledger/facts.ts';
import type { OrderRequest, Side } from '../market/order.ts';
import type { Approved } from '../risk/approved.ts';
import { clientOrderId, type IdStamp } from './client-id.ts';
import { expectationOf } from './expectation.ts';

export interface PlannedEntry {
  readonly hedge: HedgeId;
  readonly facts: readonly Fact[];
  /** Least liquid leg first; both are sent at once. None of an entry that is spread over time: `advance` makes those. */
  readonly attempts: readonly AttemptIntended[];
}

export interface PlanContext {
  readonly ids: IdStamp;
  readonly hedge: HedgeId;
  readonly route: Route;
  readonly entry: EntryPlan;
  readonly now: Instant;
}

/** Plans the hedge; of style `taker`, with both legs as capped IOC limits at the approved quantity. */
export function planEntry(approved: Approved, context: PlanContext): PlannedEntry {
  const { opportunity } = approved;
  const plan: HedgePlanned = {
    kind: 'hedge_planned',
    hedge: context.hedge,
    route: context.route,
    asset: opportunity.asset,
    longKey: approved.long.instrument.key,
    shortKey: approved.short.instrument.key,
    quantity: approved.quantity,
    commonLot: approved.commonLot,
    leverage: approved.leverage,
    entry: context.entry,
    expectation: JSON.stringify(expectationOf(approved)),
    epoch: context.ids.epoch,
    at: context.now,
  };
  const attempts = context.entry.style === 'taker' ? takeBoth(plan, approved, context) : [];
  return {
    hedge: context.hedge,
    facts: [
      plan,
      {
        kind: 'hedge_moved',
        hedge: context.hedge,
        from: 'planned',
        to: 'entering',
        reason: 'approved',
        detail: opportunity.reasons.join('; '),
        at: context.now,
      },
      ...attempts,
    ],
    attempts,
  };
}

function takeBoth(plan: HedgePlanned, approved: Approved, context: PlanContext): AttemptIntended[] {
  const { opportunity } = approved;
  // The leg that costs more slippage at equal size is the less liquid one.
  const longFirst = opportunity.long.slippageUsd >= opportunity.short.slippageUsd;
  const names: readonly LegName[] = longFirst ? ['long', 'short'] : ['short', 'long'];
  return names.map((leg) =>
    intend(plan, {
      leg,
      purpose: 'enter',
      side: leg === 'long' ? 'buy' : 'sell',
      quantity: approved.quantity,
      limitPrice: approved[leg].entryLimit,
      reference: approved[leg].mid,
      number: 1,
      ids: context.ids,
      now: context.now,
    }),
  );
}

export interface Intent {
  readonly leg: LegName;
  readonly purpose: AttemptPurpose;
  readonly side: Side;
  readonly quantity: Base;
  readonly limitPrice: Px;
  /** Left out: `ioc`. */
  readonly style?: OrderRequest['style'];
  /** What the fill's slippage is measured from. */
  readonly reference: number;
  /** Attempt number of this hedge and leg, from 1. */
  readonly number: number;
  readonly ids: IdStamp;
  readonly now: Instant;
}

/** The durable intent of one order attempt. Everything but `enter` and `complete` is reduce-only. */
export function intend(plan: HedgePlanned, intent: Intent): AttemptIntended {
  return {
    kind: 'attempt',
    clientOrderId: clientOrderId(intent.ids, plan.hedge, intent.leg, intent.number),
    hedge: plan.hedge,
    leg: intent.leg,
    purpose: intent.purpose,
    number: intent.number,
    route: plan.route,
    key: keyOf(plan, intent.leg),
    side: intent.side,
    quantity: intent.quantity,
    limitPrice: intent.limitPrice,
    style: intent.style ?? 'ioc',
    reduceOnly: intent.purpose !== 'enter' && intent.purpose !== 'complete',
    referencePrice: px(intent.reference),
    epoch: intent.ids.epoch,
    at: intent.now,
  };
}

const keyOf = (plan: HedgePlanned, leg: LegName): InstrumentKey => (leg === 'long' ? plan.longKey : plan.shortKey);
