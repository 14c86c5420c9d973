/**
 * Funding payments of Deribit, which has no list of them: read from the transaction log. Entry point: `deribitPayments`,
 * for the `reads` of a Deribit account; no such account is built yet.
 */
import type { PublishedLimit } from '../bucket.ts';
import type { CcxtClient } from '../client.ts';
import type { AccountReads, Window } from '../facts.ts';
import { IncompleteRead } from '../pages.ts';
import { type LogRow, logPage } from './rows.ts';

/** ccxt's `privateGetGetTransactionLog`. */
export const TRANSACTION_LOG = 'get_transaction_log';
/** The method has a limit of its own, one request a second sustained: each page costs 1 of it. */
export const transactionLogLimit: PublishedLimit = { name: 'transaction_log', limit: 5, windowMs: 5_000 };
/** The most that the venue returns at once. */
const PAGE_ROWS = 250;
/** 25,000 rows, minutes at one request a second: whoever needs more asks for less time. */
const MAX_PAGES = 100;

/**
 * The payments of one settlement currency. Each is a row of the log, trades as well as settlements, and has that row's
 * id and time. The log is read whole or not at all: throws IncompleteRead when its pages do not lead to an end, and zod
 * errors that name each malformed row.
 */
export function deribitPayments(currency: string): AccountReads['payments'] {
  return async (client, window) => {
    const rows = await readLog(client, currency, window);
    // The venue lists the newest first; ids rise within an instant.
    const payments = rows.toReversed().flatMap(({ payment }) => payment ?? []);
    return { rows: payments.sort((a, b) => a.at - b.at), full: false };
  };
}

async function readLog(client: CcxtClient, currency: string, window: Window): Promise<readonly LogRow[]> {
  // No `query`: it searches texts, and a row that it misses is a payment that never was.
  const scope = { currency, start_timestamp: window.from, end_timestamp: window.to, count: PAGE_ROWS };
  const byId = new Map<string, LogRow>();
  const followed = new Set<string>();
  let next: Readonly<Record<string, string>> = {};
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const { rows, continuation } = logPage.parse(
      await client.request(TRANSACTION_LOG, 'private', 'GET', { ...scope, ...next }),
    );
    const known = byId.size;
    for (const row of rows) keep(byId, row);
    if (continuation === null) return [...byId.values()];
    if (followed.has(continuation) || byId.size === known) {
      throw new IncompleteRead(`the transaction log does not go on after ${byId.size} rows`);
    }
    followed.add(continuation);
    next = { continuation };
  }
  throw new IncompleteRead(`the transaction log has more than ${MAX_PAGES} pages`);
}

/** Pages may overlap; two versions of one row are no answer. */
function keep(byId: Map<string, LogRow>, row: LogRow): void {
  const before = byId.get(row.id);
  if (before !== undefined && before.payment?.amount !== row.payment?.amount) {
    throw new IncompleteRead(`row ${row.id} of the transaction log changed while it was read`);
  }
  byId.set(row.id, row);
}
