/**
 * A ledger older than the venues' history: an old backup was put back. What its lost processes did comes back as trades
 * and orders of its own ids that it does not know. Nothing of it is adopted, no id is made a second time, and nothing
 * opens there until a human has looked.
 */

import { isNews } from '../execution/booking.ts';
import { eraAfter, eraOf, type IdStamp } from '../execution/client-id.ts';
import type { Instant } from '../kernel/instant.ts';
import type { DiscrepancyNoted } from '../ledger/facts.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { LedgerStamp } from '../ports/ledger-store.ts';
import type { AccountWatch } from './account-watch.ts';
import type { Core } from './core.ts';

const idOf = (account: string): string => `${account}|ledger_behind|era`;

/** What a new process makes its order ids with: above everything that the ledger remembers of its own and of lost ones. */
export function firstIds(
  { mode, tag }: Pick<LedgerStamp, 'mode' | 'tag'>,
  ledger: LedgerState,
  epoch: number,
  now: Instant,
): IdStamp {
  const made = [...ledger.attempts.keys()].flatMap((id) => eraOf(id, { mode, tag }) ?? []);
  const lost = [...ledger.accounts.keys()].flatMap((account) => {
    const id = idOf(account);
    const said = ledger.discrepancies.get(id)?.venueSays ?? ledger.accepted.get(id);
    return said === undefined ? [] : [Number(said)];
  });
  return { mode, tag, epoch, era: eraAfter([...made, ...lost], now) };
}

/** The venue shows ids of this ledger's tag that it does not know: noted once per era, and never made again. */
export function behindFacts(
  core: Core,
  { key, route, venue }: AccountWatch,
  seen: readonly { readonly clientOrderId?: string }[],
): DiscrepancyNoted[] {
  let newest = -1;
  for (const { clientOrderId: id } of seen) {
    if (id === undefined || core.ledger.attempts.has(id)) continue;
    newest = Math.max(newest, eraOf(id, core.ids) ?? -1);
  }
  if (newest < 0) return [];
  if (newest >= core.ids.era) core.ids = { ...core.ids, era: newest + 1 };
  const id = idOf(key);
  const known = Number(core.ledger.discrepancies.get(id)?.venueSays ?? core.ledger.accepted.get(id) ?? -1);
  const noted: DiscrepancyNoted = {
    kind: 'discrepancy',
    id,
    venue,
    route,
    what: 'ledger_behind',
    status: 'open',
    ledger: 'does not know these orders',
    venueSays: String(newest),
    detail: 'orders of this ledger that it has no record of: it is older than the venue, as after restoring a backup',
    at: core.clock.now(),
  };
  return newest > known && isNews(core.ledger, noted) ? [noted] : [];
}
