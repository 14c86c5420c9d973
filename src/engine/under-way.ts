/** What a clean stop waits for, and what it had to leave. */
import { describe, flat, hedged } from '../execution/shape.ts';
import type { HedgeState } from '../ledger/facts.ts';
import { type HedgeRecord, isUnresolved, type LedgerState, legsOf } from '../ledger/state.ts';

/** Hedges that are neither equal and at rest nor over: a line each. */
export const underWay = (ledger: LedgerState): string[] =>
  [...ledger.recent.values()].flatMap((hedge) => {
    const open = legsOf(hedge).flatMap(({ attempts }) => attempts.filter(isUnresolved));
    if (open.length === 0 && isAtRest(hedge)) return [];
    const orders = open.map(({ intent }) => `, the end of order ${intent.clientOrderId} is not known`).join('');
    return [`${hedge.id} is ${hedge.state}: ${describe(hedge)}${orders}`];
  });

const AT_REST: ReadonlySet<HedgeState> = new Set(['held', 'quarantined', 'closed', 'aborted']);

/** An entry spread over time, too, while what it has is equal: the next start goes on with it. */
const isAtRest = (hedge: HedgeRecord): boolean =>
  AT_REST.has(hedge.state) ||
  (hedge.state === 'entering' && hedge.plan.entry.style !== 'taker' && (flat(hedge) || hedged(hedge)));
