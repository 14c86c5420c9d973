/** Drives every hedge through the state machine until it has nothing more to do, and watches for naked legs. */
import { advance } from '../execution/advance.ts';
import { standingDelta } from '../execution/doubt.ts';
import type { AdvanceContext } from '../execution/next.ts';
import { flat } from '../execution/shape.ts';
import { abs, gte, text } from '../kernel/decimal.ts';
import { type HedgeId, splitKey } from '../kernel/ids.ts';
import { type Instant, MINUTE_MS } from '../kernel/instant.ts';
import { type HedgeRecord, isFinal } from '../ledger/state.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';
import { sendAttempts } from './orders.ts';
import { doubtOf, standingOnVenue, watchPositions } from './positions.ts';

/** More moves than any hedge can make in one instant: beyond it the machine would be looping. */
const MAX_MOVES = 12;
/** A degraded feed answers, though something in it was malformed: it may be closed on, not opened on. */
const CONNECTED: ReadonlySet<string> = new Set(['up', 'degraded']);
/** A naked leg is told after this long; fills of both legs arrive within moments of each other. */
const NAKED_ALARM_MS = 5_000;

export function advanceHedges(core: Core): void {
  for (const hedge of core.ledger.hedges.values()) {
    if (isFinal(hedge.state) && flat(hedge)) continue;
    advanceHedge(core, hedge);
    watchNaked(core, hedge);
    watchPositions(core, hedge);
    if (isFinal(hedge.state)) forget(core, hedge.id);
  }
}

/** What is remembered about a standing hedge only. */
function forget(core: Core, hedge: HedgeId): void {
  core.exitMemory.delete(hedge);
  core.forwardApr.delete(hedge);
  core.nakedSince.delete(hedge);
}

function advanceHedge(core: Core, hedge: HedgeRecord): void {
  const wake = `hedge:${hedge.id}`;
  core.wakes.delete(wake);
  for (let moves = 0; moves < MAX_MOVES; moves++) {
    const next = advance(hedge, contextOf(core, hedge));
    if (next.facts.length === 0) {
      if (next.wakeAt !== undefined) wakeAt(core, wake, next.wakeAt);
      return;
    }
    if (!record(core, next.facts)) {
      wakeAt(core, wake, core.clock.now() + core.settings.execution.retryDelayMs);
      return;
    }
    sendAttempts(core, next.attempts);
    if (next.wakeAt !== undefined) wakeAt(core, wake, next.wakeAt);
    if (hedge.state === 'quarantined')
      alarm(core, 'critical', 'quarantined', hedge.id, `${hedge.reason}: ${hedge.detail}`);
  }
}

function contextOf(core: Core, hedge: HedgeRecord): AdvanceContext {
  const up = (key: string): boolean => CONNECTED.has(core.market.health(splitKey(key).venue)?.status ?? 'down');
  return {
    now: core.clock.now(),
    market: (key) => core.market.get(key),
    settings: core.settings.execution,
    ids: core.ids,
    maxBookAgeMs: core.settings.risk.data.maxBookAgeMs,
    reduceOnly: core.ledger.killed,
    reachable: up(hedge.plan.longKey) && up(hedge.plan.shortKey),
    doubt: doubtOf(core, hedge),
    standing: (leg) => standingOnVenue(core, hedge, leg),
  };
}

/** Alarms while the net delta is a common lot or more, and once a minute for a quarantined hedge. */
function watchNaked(core: Core, hedge: HedgeRecord): void {
  const now = core.clock.now();
  const delta = standingDelta(hedge, { standing: (leg) => standingOnVenue(core, hedge, leg) });
  const naked = gte(abs(delta), hedge.plan.commonLot);
  if (!naked) core.nakedSince.delete(hedge.id);
  else {
    const since = core.nakedSince.get(hedge.id) ?? now;
    core.nakedSince.set(hedge.id, since);
    const forMs = now - since;
    if (forMs >= NAKED_ALARM_MS) {
      // A code of its own: notifiers hold back what repeats a code within a minute.
      const tooLong = forMs >= core.settings.execution.nakedLimitMs;
      alarm(
        core,
        tooLong ? 'critical' : 'warning',
        tooLong ? 'naked_too_long' : 'naked_leg',
        hedge.id,
        `net ${text(delta)} ${hedge.plan.asset} for ${Math.round(forMs / 1000)} s in state ${hedge.state}`,
      );
    }
    const milestones = [since + NAKED_ALARM_MS, since + core.settings.execution.nakedLimitMs, now + MINUTE_MS];
    wakeAt(core, `naked:${hedge.id}`, Math.min(...milestones.filter((at) => at > now)));
  }
  watchEntry(core, hedge, now);
  if (hedge.state === 'quarantined') {
    alarm(core, 'critical', 'quarantined', hedge.id, `${hedge.reason}: ${hedge.detail}`);
    wakeAt(core, `quarantine:${hedge.id}`, now + MINUTE_MS);
  }
}

/** An entry order whose fate stays unknown is held, never guessed at; people are told. */
function watchEntry(core: Core, hedge: HedgeRecord, now: Instant): void {
  if (hedge.state !== 'entering') return;
  const overdueAt = hedge.plan.at + core.settings.execution.enterDeadlineMs;
  if (now >= overdueAt)
    alarm(
      core,
      'warning',
      'entry_overdue',
      hedge.id,
      'an entry order has no known end yet; it is looked up until it has',
    );
  wakeAt(core, `entry:${hedge.id}`, now < overdueAt ? overdueAt : now + MINUTE_MS);
}
