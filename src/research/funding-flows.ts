/** What settlements brought each leg of each hedge, and what they cost it. Entry points: `flowsOf`, `flowOf`. */
import { add, lt, type Quote, ZERO_QUOTE } from '../kernel/decimal.ts';
import type { HedgeId } from '../kernel/ids.ts';
import type { PaymentBooked } from '../ledger/facts.ts';
import { legAmountOf } from '../ledger/fold.ts';

export interface Flow {
  readonly received: Quote;
  /** Not positive. */
  readonly paid: Quote;
}

export type Flows = ReadonlyMap<string, Flow>;

const NONE: Flow = { received: ZERO_QUOTE, paid: ZERO_QUOTE };

export function flowsOf(payments: Iterable<PaymentBooked>): Flows {
  const flows = new Map<string, Flow>();
  for (const booked of payments) {
    const { hedge, leg } = booked;
    if (hedge === undefined || leg === undefined) continue;
    const { received, paid } = flowOf(flows, hedge, leg);
    const amount = legAmountOf(booked);
    const isPaid = lt(amount, ZERO_QUOTE);
    const flow = isPaid ? { received, paid: add(paid, amount) } : { received: add(received, amount), paid };
    flows.set(`${hedge} ${leg}`, flow);
  }
  return flows;
}

export const flowOf = (flows: Flows, hedge: HedgeId, leg: 'long' | 'short'): Flow =>
  flows.get(`${hedge} ${leg}`) ?? NONE;
