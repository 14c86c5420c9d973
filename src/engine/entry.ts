/** May an entry that is spread over time go on? Asked anew at every look, of what opening anything asks. */
import { pricedAs } from '../execution/entry-plan.ts';
import type { EntryStop } from '../execution/next.ts';
import { routeOf } from '../execution/route.ts';
import { splitKey, type VenueId } from '../kernel/ids.ts';
import { type HedgeRecord, legsOf } from '../ledger/state.ts';
import { type InstrumentView, isFresh } from '../market/view.ts';
import { guards } from '../risk/breakers.ts';
import { overLimit } from '../risk/exposure.ts';
import { judgeDistance } from '../risk/margin.ts';
import { allows } from '../risk/rules.ts';
import { excesses } from '../risk/shrink.ts';
import { assessPair, isPriced } from '../signal/carry.ts';
import type { Core } from './core.ts';
import { distanceOf } from './margin.ts';
import { blockedVenues, exposureOn, markOf, trippedOn } from './valuation.ts';

/** `reachable`: both venues' feeds answer. Undefined: nothing stops it, or nothing is being entered over time. */
export function entryStop(core: Core, hedge: HedgeRecord, reachable: boolean): EntryStop | undefined {
  const { entry, route, asset, longKey, shortKey } = hedge.plan;
  if (entry.style === 'taker' || (hedge.state !== 'entering' && hedge.state !== 'balancing')) return undefined;
  // A restart changes no position: the next process goes on, or ends it at its deadline.
  if (core.stopping) return { kind: 'wait', reason: 'stopping' };
  if (core.ledger.killed) return { kind: 'end', reason: 'killed' };
  if (core.ledger.paused || core.settings.paused) return { kind: 'end', reason: 'paused' };
  const venues = [longKey, shortKey].map((key) => splitKey(key).venue);
  const [trip] = trippedOn(core, route).filter((each) => guards(each, { asset, venues }));
  if (trip) return { kind: 'end', reason: `breaker_${trip.name}` };
  if (!mayGoOn(core, hedge, venues)) return { kind: 'end', reason: 'not_allowed' };
  // What has been entered is then held, and reduced with both legs together.
  const distances = legsOf(hedge).map((leg) => distanceOf(core, leg));
  if (judgeDistance(distances, core.settings.risk.margin) === 'reduce') return { kind: 'end', reason: 'margin' };
  if (!reachable) return { kind: 'wait', reason: 'venue_unreachable' };
  // A degraded feed may be closed on, not opened on.
  if (venues.some((venue) => core.market.health(venue)?.status !== 'up')) return { kind: 'wait', reason: 'feed_down' };
  const blocked = blockedVenues(core, route);
  if ([...venues, longKey, shortKey].some((each) => blocked.has(each)))
    return { kind: 'wait', reason: 'venue_blocked' };
  // Waiting would keep what stands from becoming smaller.
  if (excesses(exposureOn(core, route), core.settings.risk.exposure).length > 0)
    return { kind: 'end', reason: 'limits_exceeded' };
  const over = overLimit(exposureOn(core, route), core.settings.risk.exposure, asset, venues);
  if (over !== undefined) return { kind: 'wait', reason: over };
  const long = core.market.get(longKey);
  const short = core.market.get(shortKey);
  if (!long || !short || isStale(core, long) || isStale(core, short)) return { kind: 'wait', reason: 'stale_data' };
  const signal = pricedAs(core.settings.signal, entry, markOf(long) ?? Number.NaN);
  const priced = assessPair(long, short, signal, core.clock.now());
  if (!isPriced(priced)) return { kind: 'wait', reason: priced.code };
  // What is still to be entered would cost more than it is expected to earn.
  return priced.netUsd > 0 ? undefined : { kind: 'end', reason: 'edge_gone' };
}

/** By lists and by the traffic split as they are now; they were other when the hedge was planned. */
function mayGoOn({ settings }: Core, { plan }: HedgeRecord, venues: readonly VenueId[]): boolean {
  const { allow, deny } = settings.risk;
  if (deny.assets.includes(plan.asset) || !allows(allow.assets, plan.asset)) return false;
  if (venues.some((venue) => deny.venues.includes(venue) || !allows(allow.venues, venue))) return false;
  return plan.route !== 'live' || routeOf(plan.longKey, plan.shortKey, settings.liveShare) === 'live';
}

function isStale(core: Core, { book, funding }: InstrumentView): boolean {
  const now = core.clock.now();
  const { maxBookAgeMs, maxFundingAgeMs } = core.settings.risk.data;
  return !isFresh(book, now, maxBookAgeMs) || !isFresh(funding, now, maxFundingAgeMs);
}
