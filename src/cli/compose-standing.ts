/** What the hedges that stand in the ledger demand of a composition, whatever the configuration turns off. */
import type { Config } from '../config/schema.ts';
import { splitKey } from '../kernel/ids.ts';
import { type HedgeRecord, isFinal, type LedgerState, legsOf } from '../ledger/state.ts';
import { StartRefused } from './start-refused.ts';

/**
 * Assets to connect to; empty: all. An asset that is allowed no more but has a hedge is among them: without its market
 * data that hedge could be neither judged nor closed. The limits see to it that nothing new opens there.
 */
export function assetsToTrade(allowed: readonly string[], ledger: LedgerState): ReadonlySet<string> {
  if (allowed.length === 0) return new Set();
  return new Set([...allowed, ...standing(ledger).map((hedge) => hedge.plan.asset)]);
}

/**
 * The assets of a changed allow list that this process reads no market data of, because it connected to fewer (`read`;
 * empty: all). 'others' for an emptied list, which allows every asset. undefined when all of them can open at once.
 */
export function unreadAssets(
  allowed: readonly string[],
  read: ReadonlySet<string>,
): readonly string[] | 'others' | undefined {
  if (read.size === 0) return undefined;
  if (allowed.length === 0) return 'others';
  const unread = allowed.filter((asset) => !read.has(asset));
  return unread.length > 0 ? unread : undefined;
}

/** Throws StartRefused when a hedge stands on a venue that the configuration leaves out: nobody could reduce it. */
export function refuseMissingVenues(venues: Config['venues'], ledger: LedgerState): void {
  const configured = new Set(Object.keys(venues));
  for (const hedge of standing(ledger)) {
    for (const { key } of legsOf(hedge)) {
      const { venue } = splitKey(key);
      if (configured.has(venue)) continue;
      throw new StartRefused(
        'venue_missing',
        `hedge ${hedge.id} stands on ${venue}, which the configuration leaves out: to only stop entries there, keep it with \`venues.${venue}.enabled: false\``,
      );
    }
  }
}

const standing = (ledger: LedgerState): readonly HedgeRecord[] =>
  [...ledger.hedges.values()].filter((hedge) => !isFinal(hedge.state));
