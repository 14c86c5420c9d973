/**
 * What nothing is opened on, and why: what could not be prepared, what its venue is about to end, and where the account's
 * fees are not known. Reductions never ask. Entry points: `closedWhy` judges one instrument, `tellClosed` tells of all.
 */
import type { InstrumentKey } from '../kernel/ids.ts';
import { iso } from '../kernel/instant.ts';
import { LAST_OPENING_MS } from '../market/instrument.ts';
import type { Account } from './account.ts';

/** Undefined when an order may open there. */
export function closedWhy(account: Account, key: InstrumentKey): string | undefined {
  const { unprepared, listings, clock } = account;
  const endsAt = listings.get(key)?.instrument.endsAt;
  if (endsAt !== undefined && endsAt - clock.now() < LAST_OPENING_MS) return `the venue ends it at ${iso(endsAt)}`;
  return (
    unprepared.get(key) ??
    (listings.isPriced(key) ? undefined : `the account's fees are not known: ${listings.unreadFees}`)
  );
}

/** Whether something that was told as closed is so no more. */
export const opensAny = (account: Account): boolean =>
  [...account.closed.keys()].some((key) => closedWhy(account, key) === undefined);

/** Told when it changes. */
export function tellClosed(account: Account): void {
  const closed = new Map(account.unprepared);
  for (const { instrument } of account.listings.wanted()) {
    const why = closedWhy(account, instrument.key);
    if (why !== undefined) closed.set(instrument.key, why);
  }
  const isNews = JSON.stringify([...closed]) !== JSON.stringify([...account.closed]);
  account.closed = closed;
  if (isNews) account.tell({ kind: 'closed', closed });
}
