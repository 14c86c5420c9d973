/** A position that a list lacks has not gone for that: one empty answer must not open an account that differs. */
import { base, isZero } from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import type { Fact } from '../ledger/facts.ts';
import { positionDiscrepancyId } from '../ledger/position-gaps.ts';
import type { VenuePosition } from '../market/order.ts';
import type { AccountWatch } from './account-watch.ts';
import { CONFIRM_MS } from './agreed.ts';
import type { Core } from './core.ts';

/**
 * `differences` without the ends of those whose position the venue no longer lists, until lists that lie `CONFIRM_MS` or
 * more apart have said so. `waits`: some were held back, the account is to be read again soon.
 */
export function confirmedEnds(
  core: Core,
  watch: AccountWatch,
  differences: readonly Fact[],
  positions: readonly VenuePosition[],
): { readonly facts: readonly Fact[]; readonly waits: boolean } {
  const own = core.positions.get(watch.key);
  if (!own) return { facts: differences, waits: false };
  const nowMs = core.clock.monotonicMs();
  const idOf = (key: InstrumentKey): string => positionDiscrepancyId(watch.route, watch.venue, key);
  const listed = new Set(positions.flatMap(({ key, quantity }) => (isZero(quantity) ? [] : [idOf(key)])));
  const waiting = new Map<string, number>();
  const facts = differences.filter((fact) => {
    if (fact.kind !== 'discrepancy' || fact.what !== 'position' || fact.status !== 'explained') return true;
    if (isZero(base(fact.venueSays)) || listed.has(fact.id)) return true;
    const sinceMs = own.vanished.get(fact.id) ?? nowMs;
    if (nowMs - sinceMs >= CONFIRM_MS) return true;
    waiting.set(fact.id, sinceMs);
    return false;
  });
  own.vanished = waiting;
  return { facts, waits: waiting.size > 0 };
}
