/** A difference of a position that lists have taken back. */
import { SECOND_MS } from '../kernel/instant.ts';
import type { Fact } from '../ledger/facts.ts';
import { positionDiscrepancyId, positionGaps } from '../ledger/position-gaps.ts';
import type { VenuePosition } from '../market/order.ts';
import type { AccountWatch } from './account-watch.ts';
import { type Core, record, wakeAt } from './core.ts';

/** The two readings that confirm a difference, or its end, lie at least this far apart. */
export const CONFIRM_MS = 2 * SECOND_MS;

/**
 * Two lists that lie `CONFIRM_MS` or more apart and show what the ledger says end a difference of a position, whatever else
 * of the account cannot be read: what was confirmed by lists must not keep a leg standing when lists take it back.
 */
export function endAgreed(core: Core, watch: AccountWatch, positions: readonly VenuePosition[]): void {
  const own = core.positions.get(watch.key);
  if (!own) return;
  const nowMs = core.clock.monotonicMs();
  const differing = new Set(
    positionGaps(core.ledger.accounts.get(watch.key), positions).map(({ key }) =>
      positionDiscrepancyId(watch.route, watch.venue, key),
    ),
  );
  const agreed = new Map<string, number>();
  const ended: Fact[] = [];
  for (const known of core.ledger.discrepancies.values()) {
    const { id, route, venue, what } = known;
    if (what !== 'position' || route !== watch.route || venue !== watch.venue || differing.has(id)) continue;
    const sinceMs = own.agreed.get(id) ?? nowMs;
    if (nowMs - sinceMs < CONFIRM_MS) agreed.set(id, sinceMs);
    else
      ended.push({
        ...known,
        status: 'explained',
        detail: 'the venue lists what the ledger says, read twice',
        at: core.clock.now(),
      });
  }
  own.agreed = agreed;
  if (agreed.size > 0) wakeAt(core, `positions:${watch.key}`, core.clock.now() + CONFIRM_MS);
  if (ended.length === 0 || !record(core, ended)) return;
  for (const key of [...own.suspects.keys(), ...own.confirmed.keys()]) {
    if (differing.has(positionDiscrepancyId(watch.route, watch.venue, key))) continue;
    own.suspects.delete(key);
    own.confirmed.delete(key);
  }
}
