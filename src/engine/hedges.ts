/** Drives every hedge through the state machine until it has nothing more to do, and watches what waits. */
import { advance } from '../execution/advance.ts';
import type { AdvanceContext, EntryStop } from '../execution/next.ts';
import { flat } from '../execution/shape.ts';
import type { Base } from '../kernel/decimal.ts';
import type { HedgeId, InstrumentKey } from '../kernel/ids.ts';
import { type Instant, MINUTE_MS } from '../kernel/instant.ts';
import { type HedgeRecord, isFinal, type LegRecord } from '../ledger/state.ts';
import type { InstrumentView } from '../market/view.ts';
import { cancelAttempt } from './cancels.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';
import { awaitsReading } from './emergency.ts';
import { entryStop } from './entry.ts';
import { watchHalt } from './halts.ts';
import { watchMargin } from './margin.ts';
import { isReachable, tellNaked, watchNaked } from './naked.ts';
import { doubtOf, reducibleOnVenue, standingOnVenue, watchPositions } from './positions.ts';
import { sendAttempts } from './submit.ts';

/** More moves than any hedge can make in one instant: beyond it the machine would be looping. */
const MAX_MOVES = 12;

export function advanceHedges(core: Core): void {
  const awaited = hedgesAwaited(core);
  for (const hedge of core.ledger.recent.values()) {
    if (isFinal(hedge.state) && flat(hedge) && !awaited.has(hedge.id)) continue;
    if (awaitsReading(core, hedge)) {
      // Nothing is done on the ledger's word yet. That it says naked is told, from when it can be written again.
      if (core.storeFailure === undefined) tellNaked(core, hedge);
      else core.naked.delete(hedge.id);
      continue;
    }
    advanceHedge(core, hedge);
    if (watchNaked(core, hedge)) advanceHedge(core, hedge);
    if (watchMargin(core, hedge, () => contextOf(core, hedge))) advanceHedge(core, hedge);
    if (watchHalt(core, hedge)) advanceHedge(core, hedge);
    watchWaiting(core, hedge);
    watchPositions(core, hedge);
    if (isFinal(hedge.state)) forget(core, hedge.id);
  }
}

/** Hedges with an order whose end is not known: one that ended may have an order that has risen again. */
function hedgesAwaited({ lookups, ledger }: Core): ReadonlySet<HedgeId> {
  const awaited = new Set<HedgeId>();
  for (const clientOrderId of lookups.keys()) {
    const attempt = ledger.attempts.get(clientOrderId);
    if (attempt) awaited.add(attempt.intent.hedge);
  }
  return awaited;
}

/** What is remembered about a standing hedge only. */
function forget(core: Core, hedge: HedgeId): void {
  core.exitMemory.delete(hedge);
  core.forwardApr.delete(hedge);
  core.naked.delete(hedge);
  core.halts.delete(hedge);
}

function advanceHedge(core: Core, hedge: HedgeRecord): void {
  const wake = `hedge:${hedge.id}`;
  core.wakes.delete(wake);
  for (let moves = 0; moves < MAX_MOVES; moves++) {
    const next = advance(hedge, contextOf(core, hedge));
    // A cancel needs nothing durable: the intent of its order is.
    for (const attempt of next.cancels ?? []) cancelAttempt(core, attempt);
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

/** Everything that the machine may look at now. */
export const contextOf = (core: Core, hedge: HedgeRecord): AdvanceContext => new Context(core, hedge);

/** Worked out when it is looked at: most states look at little, and every event looks at every hedge. */
class Context implements AdvanceContext {
  readonly now: Instant;
  readonly settings: AdvanceContext['settings'];
  readonly ids: AdvanceContext['ids'];
  readonly reduceOnly: boolean;
  readonly #core: Core;
  readonly #hedge: HedgeRecord;

  constructor(core: Core, hedge: HedgeRecord) {
    this.now = core.clock.now();
    this.settings = core.settings.execution;
    this.ids = core.ids;
    this.reduceOnly = core.ledger.killed;
    this.#core = core;
    this.#hedge = hedge;
  }

  get maxBookAgeMs(): number {
    return this.#core.settings.risk.data.maxBookAgeMs;
  }

  get reachable(): boolean {
    return isReachable(this.#core, this.#hedge);
  }

  get doubt(): AdvanceContext['doubt'] {
    return doubtOf(this.#core, this.#hedge);
  }

  get stop(): EntryStop | undefined {
    return entryStop(this.#core, this.#hedge, this.reachable);
  }

  readonly market = (key: InstrumentKey): InstrumentView | undefined => this.#core.market.get(key);

  readonly standing = (leg: LegRecord): Base => standingOnVenue(this.#core, this.#hedge, leg);

  readonly reducible = (leg: LegRecord): Base => reducibleOnVenue(this.#core, this.#hedge, leg);
}

/** What waits for people: told again once a minute. */
function watchWaiting(core: Core, hedge: HedgeRecord): void {
  const now = core.clock.now();
  watchEntry(core, hedge, now);
  if (hedge.state !== 'quarantined') return;
  alarm(core, 'critical', 'quarantined', hedge.id, `${hedge.reason}: ${hedge.detail}`);
  wakeAt(core, `quarantine:${hedge.id}`, now + MINUTE_MS);
}

/** An entry order whose fate stays unknown is held, never guessed at; people are told. */
function watchEntry(core: Core, hedge: HedgeRecord, now: Instant): void {
  if (hedge.state !== 'entering') return;
  const { entry } = hedge.plan;
  const spreadMs = entry.style === 'taker' ? 0 : entry.deadlineMs;
  const overdueAt = hedge.plan.at + spreadMs + core.settings.execution.enterDeadlineMs;
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
