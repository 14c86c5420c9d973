/**
 * Watches the distance to liquidation of every standing leg, from the venue's own figure and the newest mark: warns,
 * then makes both legs smaller together, step by step, until the distance is healthy again or nothing is left.
 */
import type { AdvanceContext } from '../execution/next.ts';
import { moveTo } from '../execution/next.ts';
import { reduceBoth } from '../execution/reduce-both.ts';
import { matched, unresolved } from '../execution/shape.ts';
import { type Base, isZero, max, px, quantityFor, toNumber, ZERO_BASE } from '../kernel/decimal.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import { type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import { judgeDistance, liquidationDistance, reductionStep } from '../risk/margin.ts';
import { alarm, type Core, record } from './core.ts';
import type { PositionWatch } from './positions.ts';
import { sendAttempts } from './submit.ts';
import { markOf } from './valuation.ts';

/** A venue's list older than this many polls says nothing about now. */
const POLLS_VALID = 3;

/** Distance to liquidation of a leg as a fraction of the mark; undefined when it is not known now. */
export function distanceOf(core: Core, leg: LegRecord): number | undefined {
  const read = readOf(core, leg);
  const position = read?.positions.get(leg.key);
  if (!read || !position || isZero(position.quantity)) return undefined;
  const validMs = Math.max(MINUTE_MS, POLLS_VALID * core.settings.positionsEveryMs);
  if (core.clock.monotonicMs() - read.heardMs > validMs) return undefined;
  const view = core.market.get(leg.key);
  // One instrument's marks can stop while everything else goes on: then the venue's own list is newer.
  const isOlder = (view?.mark?.receivedAt ?? 0) < read.at;
  const mark = isOlder && position.mark ? toNumber(position.mark) : markOf(view);
  const direction = position.quantity.s > 0 ? 'long' : 'short';
  return liquidationDistance(direction, read.liquidationPrices.get(leg.key), mark);
}

/** True when it moved the hedge. */
export function watchMargin(core: Core, hedge: HedgeRecord, contextNow: () => AdvanceContext): boolean {
  const legs = legsOf(hedge).filter((leg) => !isZero(leg.holding.quantity));
  if (legs.length === 0) return false;
  const distances = legs.map((leg) => distanceOf(core, leg));
  const verdict = judgeDistance(distances, core.settings.risk.margin);
  if (verdict === 'healthy' || verdict === 'unknown') return false;
  const detail = legs.map((leg, i) => `${leg.key} ${percentText(distances[i])} from liquidation`).join(', ');
  const isCritical = verdict === 'reduce';
  alarm(core, isCritical ? 'critical' : 'warning', isCritical ? 'margin_critical' : 'margin_low', hedge.id, detail);
  if (!isCritical) return false;
  const context = contextNow();
  return mayReduce(core, hedge, context) && reduce(core, hedge, detail, context);
}

/** A figure from before the last step says nothing about what it did. Which came first, a clock that went back hides. */
function mayReduce(core: Core, hedge: HedgeRecord, { reachable }: AdvanceContext): boolean {
  if (hedge.state !== 'held' || !reachable || legsOf(hedge).some(unresolved)) return false;
  if (hedge.stateSince > core.clock.now()) return true;
  return legsOf(hedge).every((leg) => {
    const read = readOf(core, leg);
    if (read === undefined) return false;
    // By both clocks: a wall clock that went back since leaves the list's stamp ahead of whatever was done after it.
    const { clock } = core;
    const askedAt = Math.min(read.at - read.heardMs, clock.now() - clock.monotonicMs()) + read.askedMs;
    return askedAt > hedge.stateSince;
  });
}

function reduce(core: Core, hedge: HedgeRecord, detail: string, context: AdvanceContext): boolean {
  const step = reductionStep(matched(hedge), hedge.plan.commonLot, leastClosable(core, hedge));
  if (step === 'all') return record(core, moveTo(hedge, 'exiting', 'margin', detail, context).facts);
  const next = reduceBoth(hedge, step, 'margin', detail, context);
  if (next.attempts.length === 0 || !record(core, next.facts)) return false;
  sendAttempts(core, next.attempts);
  return true;
}

/** Smallest quantity that both venues still take. */
export function leastClosable(core: Core, hedge: HedgeRecord): Base {
  return legsOf(hedge)
    .map(({ key }) => {
      const view = core.market.get(key);
      const mark = markOf(view);
      if (!view || mark === undefined) return ZERO_BASE;
      const { minQuantity, minNotional } = view.instrument;
      return minNotional ? max(minQuantity, quantityFor(minNotional, px(mark))) : minQuantity;
    })
    .reduce((a, b) => max(a, b));
}

const readOf = (core: Core, leg: LegRecord): PositionWatch['read'] => core.positions.get(leg.account)?.read;

const percentText = (rate: number | undefined): string =>
  rate === undefined ? 'an unknown distance' : `${(rate * 100).toFixed(1)} %`;
