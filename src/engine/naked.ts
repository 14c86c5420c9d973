/**
 * The naked timer: a hedge whose net delta is a common lot or more is told within seconds, and flattened when it stays
 * so, whatever state it is in. While a venue of it does not answer it is held, told every minute, and looked at again
 * with every event.
 */
import { NAKED_TOO_LONG } from '../execution/doubt.ts';
import { moveTo } from '../execution/next.ts';
import { describe, unresolved } from '../execution/shape.ts';
import { abs, add, type Base, gte, sub, sum, text, ZERO_BASE } from '../kernel/decimal.ts';
import { splitKey } from '../kernel/ids.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import { type HedgeRecord, isUnresolved, legsOf } from '../ledger/state.ts';
import { ageMs } from '../market/view.ts';
import { alarm, type Core, record, resync, wakeAt } from './core.ts';
import { deltaOnVenues } from './positions.ts';

/** Fills of both legs arrive within moments of each other; later than this it is told. */
const TOLD_AFTER_MS = 3_000;
/** A degraded feed answers, though something in it was malformed: it may be closed on, not opened on. */
const CONNECTED: ReadonlySet<string> = new Set(['up', 'degraded']);

export interface NakedWatch {
  /** Monotonic: a jump of the wall clock neither hides nor ends it. */
  readonly sinceMs: number;
  isTold: boolean;
}

/**
 * Market data of both of the hedge's venues arrives. A stream can be silent and open for long before its feed calls it
 * down: a book too old to open on does not count as an answer.
 */
export function isReachable(core: Core, hedge: HedgeRecord): boolean {
  const { maxBookAgeMs } = core.settings.risk.data;
  return legsOf(hedge).every(({ key }) => {
    if (!CONNECTED.has(core.market.health(splitKey(key).venue)?.status ?? 'down')) return false;
    const age = ageMs(core.market.get(key)?.book, core.clock.now());
    return age !== undefined && age <= maxBookAgeMs;
  });
}

/** True when it moved the hedge, which then has something to do. */
export function watchNaked(core: Core, hedge: HedgeRecord): boolean {
  if (!tellNaked(core, hedge) || !mayFlatten(hedge) || !isAnswering(core, hedge)) return false;
  const seen = add(deltaOnVenues(core, hedge), unexplained(core, hedge));
  return gte(abs(seen), hedge.plan.commonLot) && flattenNow(core, hedge);
}

/** Times it and tells people. True when it has lasted for too long. */
export function tellNaked(core: Core, hedge: HedgeRecord): boolean {
  const delta = deltaOnVenues(core, hedge);
  if (!gte(abs(delta), hedge.plan.commonLot)) {
    core.naked.delete(hedge.id);
    return false;
  }
  const nowMs = core.clock.monotonicMs();
  const watch = core.naked.get(hedge.id) ?? { sinceMs: nowMs, isTold: false };
  core.naked.set(hedge.id, watch);
  const { nakedLimitMs } = core.settings.execution;
  const forMs = nowMs - watch.sinceMs;
  const milestones = [TOLD_AFTER_MS, nakedLimitMs, forMs + MINUTE_MS];
  wakeAt(core, `naked:${hedge.id}`, core.clock.now() + Math.min(...milestones.filter((each) => each > forMs)) - forMs);
  if (forMs < TOLD_AFTER_MS) return false;
  if (!watch.isTold) readWhatIsUnknown(core, hedge);
  watch.isTold = true;
  // A code of its own: notifiers hold back what repeats a code within a minute.
  const isTooLong = forMs >= nakedLimitMs;
  alarm(
    core,
    isTooLong ? 'critical' : 'warning',
    isTooLong ? 'naked_too_long' : 'naked_leg',
    hedge.id,
    `net ${text(delta)} ${hedge.plan.asset} for ${Math.round(forMs / 1000)} s in state ${hedge.state}`,
  );
  return isTooLong;
}

/**
 * What the venues hold beyond the ledger where an order's fate is unknown: it may well have hedged the other leg, and
 * only its fill cannot be told apart yet.
 */
function unexplained(core: Core, hedge: HedgeRecord): Base {
  const parts = legsOf(hedge)
    .filter(unresolved)
    .map(({ key, account }) => {
      const read = core.positions.get(account)?.read;
      if (!read) return ZERO_BASE;
      const ledger = core.ledger.accounts.get(account)?.holdings.get(key)?.quantity ?? ZERO_BASE;
      return sub(read.positions.get(key)?.quantity ?? ZERO_BASE, ledger);
    });
  return sum(ZERO_BASE, parts);
}

/** Whether a fill of it is known to the venue though nobody told: its fills are read at once. */
function readWhatIsUnknown(core: Core, hedge: HedgeRecord): void {
  for (const leg of legsOf(hedge)) {
    if (unresolved(leg)) resync(core, leg.account);
  }
}

/** Everything else reduces already, or waits for a position to be explained. */
function mayFlatten(hedge: HedgeRecord): boolean {
  switch (hedge.state) {
    case 'planned':
    case 'entering':
    case 'balancing':
    case 'held':
      return true;
    case 'quarantined':
      return hedge.reason === 'order_unresolvable';
    default:
      return false;
  }
}

/**
 * Market data of both venues, and their positions: an order of unknown fate may have hedged it long ago, so they were
 * asked for after it had left. One that has not been answered for yet may still wait for its turn.
 */
function isAnswering(core: Core, hedge: HedgeRecord): boolean {
  if (!isReachable(core, hedge)) return false;
  return legsOf(hedge).every(({ account, attempts }) => {
    const own = core.positions.get(account);
    const leftMs = attempts
      .filter(isUnresolved)
      .map(({ intent }) => core.lookups.get(intent.clientOrderId)?.sinceMs ?? Number.NEGATIVE_INFINITY);
    return own?.failures === 0 && leftMs.every((ms) => (own.read?.askedMs ?? 0) > ms);
  });
}

function flattenNow(core: Core, hedge: HedgeRecord): boolean {
  return record(core, moveTo(hedge, 'unwinding', NAKED_TOO_LONG, describe(hedge), { now: core.clock.now() }).facts);
}
