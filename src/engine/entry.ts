/** May an entry that is spread over time go on? Asked anew at every look, of what opening anything asks. */
import { pricedAs } from '../execution/entry-plan.ts';
import type { EntryStop } from '../execution/next.ts';
import { splitKey } from '../kernel/ids.ts';
import type { HedgeRecord } from '../ledger/state.ts';
import { type InstrumentView, isFresh } from '../market/view.ts';
import { guards } from '../risk/breakers.ts';
import { overLimit } from '../risk/exposure.ts';
import { assessPair, isPriced } from '../signal/carry.ts';
import type { Core } from './core.ts';
import { blockedVenues, exposureOn, markOf, trippedOn } from './valuation.ts';

/** `reachable`: both venues' feeds answer. Undefined: nothing stops it, or nothing is being entered over time. */
export function entryStop(core: Core, hedge: HedgeRecord, reachable: boolean): EntryStop | undefined {
  const { entry, route, asset, longKey, shortKey } = hedge.plan;
  if (entry.style === 'taker' || (hedge.state !== 'entering' && hedge.state !== 'balancing')) return undefined;
  if (core.ledger.killed) return { kind: 'end', reason: 'killed' };
  if (core.ledger.paused || core.settings.paused) return { kind: 'end', reason: 'paused' };
  const venues = [longKey, shortKey].map((key) => splitKey(key).venue);
  const [trip] = trippedOn(core, route).filter((each) => guards(each, { asset, venues }));
  if (trip) return { kind: 'end', reason: `breaker_${trip.name}` };
  if (!reachable) return { kind: 'wait', reason: 'venue_unreachable' };
  const blocked = blockedVenues(core, route);
  if ([...venues, longKey, shortKey].some((each) => blocked.has(each)))
    return { kind: 'wait', reason: 'venue_blocked' };
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

function isStale(core: Core, { book, funding }: InstrumentView): boolean {
  const now = core.clock.now();
  const { maxBookAgeMs, maxFundingAgeMs } = core.settings.risk.data;
  return !isFresh(book, now, maxBookAgeMs) || !isFresh(funding, now, maxFundingAgeMs);
}
