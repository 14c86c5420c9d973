/**
 * What nothing is opened on, and why: what could not be prepared, and what its listing or fees speak against. Reductions
 * never ask. Entry points: `closedWhy` judges one instrument, `tellClosed` tells the subscriber of all.
 */
import type { InstrumentKey } from '../kernel/ids.ts';
import type { Account } from './account.ts';

/** Undefined when an order may open there. */
export const closedWhy = ({ unprepared, listings }: Account, key: InstrumentKey): string | undefined =>
  unprepared.get(key) ??
  (listings.isPriced(key) ? undefined : `the account's fees are not known: ${listings.unreadFees}`);

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
