/** What the ledger itself proves for breakers: refused orders and failed hedges. Pure folds, so restarts change nothing; of the hedges of the last days. */
import { type Route, splitKey, type VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { type HedgeRecord, isFinal, type LedgerState, legsOf } from '../ledger/state.ts';

/** What counts happened in it. What a clock that was ahead has stamped lies behind it, and counts when its time comes. */
export interface Span {
  /** Exclusive. */
  readonly after: Instant;
  /** Inclusive. */
  readonly until: Instant;
}

export const isWithin = (at: Instant, { after, until }: Span): boolean => at > after && at <= until;

/**
 * Opening orders of one account sent in a span whose fate is known, oldest first; true = refused. Post-only
 * orders are left out: that one is refused because it would have taken is how they work.
 */
export function openingFates(ledger: LedgerState, route: Route, venue: VenueId, span: Span): boolean[] {
  const known = [...ledger.recent.values()]
    .flatMap((hedge) => legsOf(hedge).flatMap(({ attempts }) => attempts))
    .filter(({ intent, status }) => {
      if (intent.reduceOnly || intent.style === 'post_only' || intent.route !== route || !isWithin(intent.at, span))
        return false;
      return status !== 'intended' && status !== 'unknown' && splitKey(intent.key).venue === venue;
    });
  return known.sort((a, b) => a.intent.at - b.intent.at).map(({ status }) => status === 'rejected');
}

/** An operator may open and close as often as he likes. */
const BY_OPERATOR: ReadonlySet<string> = new Set(['operator_close', 'flatten', 'kill']);

/** It ended, or stands, otherwise than it was meant to; also when people had to end what was in trouble. */
export const hasFailed = (hedge: HedgeRecord): boolean =>
  hedge.state === 'aborted' ||
  hedge.state === 'quarantined' ||
  hedge.reason.startsWith('unwound') ||
  (hedge.hadTrouble === true && BY_OPERATOR.has(hedge.reason));

/** When a hedge was over for its breaker: at its end, or at its quarantine; undefined while it goes on. */
const overAt = (hedge: HedgeRecord): Instant | undefined =>
  hedge.state === 'quarantined' ? hedge.stateSince : hedge.endedAt;

/** An entry spread over time that had its time and reached nothing did not fail: that nobody came is no evidence. */
const cameToNothing = ({ state, reason, plan }: HedgeRecord): boolean =>
  state === 'aborted' && plan.entry.style !== 'taker' && !reason.startsWith('rejected');

/** Hedges of an asset that were over in a span, counted back from the newest until one that did not fail. */
export function failuresInARow(ledger: LedgerState, route: Route, asset: string, span: Span): number {
  const over = hedgesOf(ledger, route, asset, span)
    .filter((hedge) => !cameToNothing(hedge))
    .sort((a, b) => (overAt(b) ?? 0) - (overAt(a) ?? 0));
  const firstSound = over.findIndex((hedge) => !hasFailed(hedge));
  return firstSound < 0 ? over.length : firstSound;
}

/** Hedges of an asset that filled and were over within `cycleMs`, ended in a span. */
export function shortCycles(ledger: LedgerState, route: Route, asset: string, span: Span, cycleMs: number): number {
  return hedgesOf(ledger, route, asset, span).filter(
    ({ state, reason, openedAt, endedAt, plan }) =>
      isFinal(state) && openedAt !== undefined && !BY_OPERATOR.has(reason) && (endedAt ?? 0) - plan.at <= cycleMs,
  ).length;
}

function hedgesOf(ledger: LedgerState, route: Route, asset: string, span: Span): HedgeRecord[] {
  return [...ledger.recent.values()].filter(
    (hedge) => hedge.plan.route === route && hedge.plan.asset === asset && isWithin(overAt(hedge) ?? 0, span),
  );
}
