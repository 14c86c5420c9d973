/** May an entry that is spread over time go on? Asked anew at every look, of what opening anything asks. */
import { pricedAs } from '../execution/entry-plan.ts';
import type { EntryStop } from '../execution/next.ts';
import { type InstrumentKey, splitKey } from '../kernel/ids.ts';
import type { HedgeRecord } from '../ledger/state.ts';
import { ageMs, type InstrumentView } from '../market/view.ts';
import { assessPair, isPriced } from '../signal/carry.ts';
import type { Core } from './core.ts';
import { blockedVenues, exposureOn, markOf } from './valuation.ts';

/** `reachable`: both venues' feeds answer. Undefined: nothing stops it, or nothing is being entered over time. */
export function entryStop(core: Core, hedge: HedgeRecord, reachable: boolean): EntryStop | undefined {
  const { entry, route, longKey, shortKey } = hedge.plan;
  if (entry.style === 'taker' || (hedge.state !== 'entering' && hedge.state !== 'balancing')) return undefined;
  if (core.ledger.killed) return { kind: 'end', reason: 'killed' };
  if (core.ledger.paused || core.settings.paused) return { kind: 'end', reason: 'paused' };
  if (!reachable) return { kind: 'wait', reason: 'venue_unreachable' };
  const blocked = blockedVenues(core, route);
  if ([longKey, shortKey].some((key) => blocked.has(splitKey(key).venue)))
    return { kind: 'wait', reason: 'venue_blocked' };
  const long = core.market.get(longKey);
  const short = core.market.get(shortKey);
  if (!long || !short || isStale(core, long) || isStale(core, short)) return { kind: 'wait', reason: 'stale_data' };
  if (isOverLimits(core, hedge)) return { kind: 'end', reason: 'over_limits' };
  const signal = pricedAs(core.settings.signal, entry, markOf(long) ?? Number.NaN);
  const priced = assessPair(long, short, signal, core.clock.now());
  if (!isPriced(priced)) return { kind: 'wait', reason: priced.code };
  // What is still to be entered would cost more than it is expected to earn.
  return priced.netUsd > 0 ? undefined : { kind: 'end', reason: 'edge_gone' };
}

/** Limits may have been lowered, and prices risen, since the whole was approved: what is still to be entered counts. */
function isOverLimits(core: Core, { plan }: HedgeRecord): boolean {
  const { openHedges, totalNotionalUsd, venueNotionalUsd, assetNotionalUsd } = exposureOn(core, plan.route);
  const { exposure } = core.settings.risk;
  const onVenue = (key: InstrumentKey): number => venueNotionalUsd.get(splitKey(key).venue) ?? 0;
  return (
    openHedges > exposure.maxOpenHedges ||
    totalNotionalUsd > exposure.maxTotalNotionalUsd ||
    Math.max(onVenue(plan.longKey), onVenue(plan.shortKey)) > exposure.maxVenueNotionalUsd ||
    (assetNotionalUsd.get(plan.asset) ?? 0) > exposure.maxAssetNotionalUsd
  );
}

function isStale(core: Core, { book, funding }: InstrumentView): boolean {
  const now = core.clock.now();
  const { maxBookAgeMs, maxFundingAgeMs } = core.settings.risk.data;
  const isOld = (age: number | undefined, most: number): boolean => age === undefined || age < 0 || age > most;
  return isOld(ageMs(book, now), maxBookAgeMs) || isOld(ageMs(funding, now), maxFundingAgeMs);
}
