/**
 * Limits below what stands, after they were lowered: hedges become smaller, or are closed, in an orderly way. One hedge
 * at a time, both legs together, a part of it at a time, with pauses, at the prices of an ordinary exit, and only where
 * both venues answer. Level-triggered: nothing but the limits and what stands decides, so a restart goes on.
 */
import { haltedLeg } from '../execution/flatten.ts';
import { moveTo } from '../execution/next.ts';
import { reduceBoth } from '../execution/reduce-both.ts';
import { matched, unresolved } from '../execution/shape.ts';
import { isZero, text } from '../kernel/decimal.ts';
import type { Route } from '../kernel/ids.ts';
import { MINUTE_MS, SECOND_MS } from '../kernel/instant.ts';
import type { DecisionMade, Fact } from '../ledger/facts.ts';
import { type AttemptRecord, type HedgeRecord, isFinal, isUnresolved, legsOf } from '../ledger/state.ts';
import { bookDefect } from '../market/book.ts';
import { byAttraction, concerns, type Excess, excesses, type ShrinkableHedge, shrinkStep } from '../risk/shrink.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';
import { awaitsReading } from './emergency.ts';
import { contextOf } from './hedges.ts';
import { leastClosable } from './margin.ts';
import { isReachable } from './naked.ts';
import { sendAttempts } from './submit.ts';
import { exposureOn, markOf } from './valuation.ts';

/** From the last change of any hedge of the route to the next step. */
const PAUSE_MS = 30 * SECOND_MS;
/** Frames come by the hundred, limits do not. */
const LOOK_EVERY_MS = SECOND_MS;
/** A hedge whose venue is away, or an order of which has no known fate, holds the others up for no longer. */
const WAITS_AFTER_MS = MINUTE_MS;
/** Of a hedge's moves and orders, and of the decision. */
const LIMIT_LOWERED = 'exposure';

interface Candidate extends ShrinkableHedge {
  readonly hedge: HedgeRecord;
}

/** With every decision: one step at most. */
export function watchExposure(core: Core): void {
  const nowMs = core.clock.monotonicMs();
  if (nowMs - core.exposureSeenMs < LOOK_EVERY_MS || core.ledger.killed || core.storeFailure !== undefined) return;
  core.exposureSeenMs = nowMs;
  const standing = [...core.ledger.recent.values()].filter(({ state }) => !isFinal(state));
  for (const route of new Set(standing.map(({ plan }) => plan.route))) watchRoute(core, route, standing);
}

function watchRoute(core: Core, route: Route, standing: readonly HedgeRecord[]): void {
  const found = excesses(exposureOn(core, route), core.settings.risk.exposure);
  const own = standing.filter(({ plan }) => plan.route === route);
  if (found.length === 0 || own.some((hedge) => isMoving(core, hedge))) return;
  if (isTooSoon(core, route)) return;
  const candidates = own.flatMap((hedge) => candidateOf(core, hedge)).sort(byAttraction);
  for (const excess of found) {
    const candidate = candidates.find((each) => concerns(excess, each));
    if (candidate) return shrink(core, excess, candidate);
    tellWaiting(core, excess);
  }
}

/**
 * A quarantined one is no longer the machine's, and one whose market or venue is away waits; any other that is not held
 * moves.
 */
const isMoving = (core: Core, hedge: HedgeRecord): boolean =>
  hedge.state !== 'held' && hedge.state !== 'quarantined' && !isHalted(core, hedge) && !isWaiting(core, hedge);

/** For its venue, or for the fate of an order. */
function isWaiting(core: Core, hedge: HedgeRecord): boolean {
  const before = core.clock.now() - WAITS_AFTER_MS;
  if (hedge.stateSince > before) return false;
  const isOld = (attempt: AttemptRecord): boolean => isUnresolved(attempt) && attempt.intent.at <= before;
  return !isReachable(core, hedge) || legsOf(hedge).some(({ attempts }) => attempts.some(isOld));
}

const isHalted = (core: Core, hedge: HedgeRecord): boolean =>
  haltedLeg(hedge, { market: (key) => core.market.get(key) }) !== undefined;

/** Counted from any hedge's last move. One that lies ahead means that the clock went back: the pause is over. */
function isTooSoon(core: Core, route: Route): boolean {
  const now = core.clock.now();
  let newest = 0;
  for (const { plan, stateSince } of core.ledger.recent.values())
    if (plan.route === route && stateSince <= now) newest = Math.max(newest, stateSince);
  if (now - newest >= PAUSE_MS) return false;
  wakeAt(core, 'exposure', newest + PAUSE_MS);
  return true;
}

function candidateOf(core: Core, hedge: HedgeRecord): Candidate[] {
  const { reachable, doubt } = contextOf(core, hedge);
  if (hedge.state !== 'held' || !reachable || doubt.kind !== 'none' || legsOf(hedge).some(unresolved)) return [];
  if (isZero(matched(hedge)) || isHalted(core, hedge) || awaitsReading(core, hedge)) return [];
  const { asset, longKey, shortKey, quantity, commonLot } = hedge.plan;
  const longMark = markOf(core.market.get(longKey));
  const shortMark = markOf(core.market.get(shortKey));
  const forwardApr = core.forwardApr.get(hedge.id);
  if (longMark === undefined || shortMark === undefined) return [];
  const size = { matched: matched(hedge), planned: quantity, commonLot, least: leastClosable(core, hedge) };
  const room = roomOf(core, hedge);
  const known = forwardApr === undefined ? {} : { forwardApr };
  return [{ hedge, asset, longKey, shortKey, ...size, room, longMark, shortMark, ...known }];
}

function shrink(core: Core, excess: Excess, candidate: Candidate): void {
  const { hedge } = candidate;
  const context = contextOf(core, hedge);
  const step = shrinkStep(excess, candidate);
  if (step === undefined) return tellWaiting(core, excess);
  const apr = candidate.forwardApr === undefined ? 'unknown' : `${(candidate.forwardApr * 100).toFixed(1)} %`;
  const what = step === 'all' ? 'closed' : `made smaller by ${text(step)} of ${text(candidate.matched)}`;
  const detail = `${describe(excess)}: ${hedge.id} (${hedge.plan.asset}, forward APR ${apr}) is ${what}`;
  const next =
    step === 'all'
      ? moveTo(hedge, 'exiting', LIMIT_LOWERED, detail, context)
      : reduceBoth(hedge, step, LIMIT_LOWERED, detail, context);
  if (next.facts.length === 0) return;
  const facts: Fact[] = [decided(core, hedge, excess, detail), ...next.facts];
  if (!record(core, facts)) return;
  alarm(core, 'warning', 'exposure_over', hedge.id, detail);
  sendAttempts(core, next.attempts);
}

const tellWaiting = (core: Core, excess: Excess): void =>
  alarm(core, 'warning', 'exposure_over', excess.rule, `${describe(excess)}: nothing can be made smaller now`);

/** What both books take within the first price cap of an exit, at the share of the depth that an entry may take. */
function roomOf(core: Core, hedge: HedgeRecord): number {
  const { exitPriceCapRate } = core.settings.execution;
  const rooms = legsOf(hedge).map(({ key, direction }) => {
    const book = core.market.get(key)?.book;
    if (!book || bookDefect(book) !== undefined) return 0;
    const levels = direction === 'long' ? book.bids : book.asks;
    const best = levels[0]?.price ?? Number.NaN;
    const within = levels.filter(({ price }) => Math.abs(price - best) <= best * exitPriceCapRate);
    return within.reduce((total, { size }) => total + size, 0);
  });
  return Math.min(...rooms) * core.settings.risk.size.maxDepthShare;
}

const decided = (core: Core, { id, plan }: HedgeRecord, excess: Excess, detail: string): DecisionMade => {
  const { rule, limit, actual } = excess;
  const reasons = JSON.stringify([{ rule, limit, actual, shortfall: actual - limit, detail }]);
  const at = core.clock.now();
  return { kind: 'decision', subject: id, asset: plan.asset, verdict: 'exit', rules: [rule], reasons, at };
};

function describe({ rule, subject, limit, actual }: Excess): string {
  const where = subject === '' ? rule : `${rule} of ${subject}`;
  return rule === 'max_open_hedges'
    ? `${actual} hedges are open, the limit is ${limit}`
    : `${where} is ${actual.toFixed(0)} USD, the limit is ${limit.toFixed(0)}`;
}
