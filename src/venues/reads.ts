/** Account reads of one ccxt account. A page that may be incomplete fails; it is never passed on as if it were all. */
import { contracts, isZero, quote } from '../kernel/decimal.ts';
import { DAY_MS, type Instant, iso, MINUTE_MS } from '../kernel/instant.ts';
import { failure, type Read, success } from '../kernel/outcome.ts';
import type { Fill, FundingPayment, OrderState, VenueBalance, VenuePosition } from '../market/order.ts';
import type { Urgency } from '../ports/venue.ts';
import { type Account, fillOf, orderState, paymentOf, positionOf, read, windowEnd } from './account.ts';
import type { CcxtClient } from './client.ts';
import type { Window } from './facts.ts';
import { fillsWithin } from './orders.ts';
import { readWindow } from './pages.ts';

export async function readOpenOrders(account: Account): Promise<Read<readonly OrderState[]>> {
  const page = await read(account, 'poll', (client) => account.connection.facts.reads.openOrders(client));
  if (!page.ok) return page;
  if (page.value.full) return failure('incomplete', 'more open orders than one page');
  return known(account, page.value.rows, page.at, (row) => orderState(account, row));
}

export async function readFills(account: Account, sinceAt: Instant): Promise<Read<readonly Fill[]>> {
  const { facts } = account.connection;
  const window = historyWindow(account, sinceAt, facts.fillHorizonMs);
  if (window === undefined) return beyondHorizon(sinceAt);
  const result = await read(account, 'poll', async (client) => {
    if (!facts.fillsPerMarket) return fillsWithin(facts, client, { marketId: undefined, ...window });
    const rows = [];
    for (const marketId of account.prepared) rows.push(...(await fillsOn(account, client, marketId, window)));
    return rows.sort((a, b) => a.at - b.at);
  });
  if (!result.ok) return result;
  const rows = result.value.filter((row) => row.at >= sinceAt);
  return known(account, rows, result.at, (row) =>
    account.prepared.has(row.marketId) ? fillOf(account, row) : undefined,
  );
}

/** A market that has been removed from the venue has no fills to tell: its refusal must not hide everybody else's. */
async function fillsOn(account: Account, client: CcxtClient, marketId: string, window: Window) {
  const { attempt, facts } = account.connection;
  if (account.listings.byMarketId(marketId)?.instrument.trading === false) {
    const moment = { marketId, from: window.to - MINUTE_MS, to: window.to };
    const refused = await attempt(() => facts.reads.fills(client, moment)).catch(() => undefined);
    if (refused !== undefined && facts.answers.refusals.get(refused) === 'instrument') return [];
  }
  return fillsWithin(facts, client, { marketId, ...window });
}

export async function readPayments(account: Account, sinceAt: Instant): Promise<Read<readonly FundingPayment[]>> {
  const { facts } = account.connection;
  const window = historyWindow(account, sinceAt, facts.paymentHorizonMs);
  if (window === undefined) return beyondHorizon(sinceAt);
  const result = await read(account, 'poll', (client) =>
    readWindow(window, facts.paymentWindowMs, (part) => facts.reads.payments(client, part)),
  );
  if (!result.ok) return result;
  const byId = new Map(result.value.map((row) => [`${row.marketId} ${row.paymentId}`, row]));
  const rows = [...byId.values()].filter((row) => row.at >= sinceAt).sort((a, b) => a.at - b.at);
  return known(account, rows, result.at, (row) => paymentOf(account, row));
}

export async function readPositions(account: Account, urgency: Urgency): Promise<Read<readonly VenuePosition[]>> {
  const page = await read(account, urgency, (client) => account.connection.facts.reads.positions(client));
  if (!page.ok) return page;
  if (page.value.full) return failure('incomplete', 'more positions than one page');
  // A position elsewhere is somebody else's business, however it is held.
  const held = page.value.rows.filter(({ quantity }) => !isZero(contracts(quantity)));
  const ours = held.filter(({ marketId }) => account.prepared.has(marketId));
  const hedged = ours.find((row) => row.hedged);
  if (hedged !== undefined) return failure('position_mode', `${hedged.marketId} is held in hedge mode`);
  const cross = ours.find((row) => row.cross === true);
  if (cross !== undefined) return failure('margin_mode', `${cross.marketId} is held in cross margin`);
  const twice = ours.find(({ marketId }, i) => ours.findIndex((row) => row.marketId === marketId) !== i);
  if (twice !== undefined) return failure('duplicate_position', `${twice.marketId} is listed more than once`);
  return known(account, held, page.at, (row) => positionOf(account, row));
}

export async function readBalance(account: Account, urgency: Urgency = 'poll'): Promise<Read<VenueBalance>> {
  const { facts } = account.connection;
  const result = await read(account, urgency, (client) => facts.reads.balance(client, facts.settle));
  if (!result.ok) return result;
  const { wallet, available } = result.value;
  return success({ currency: facts.settle, wallet: quote(wallet), available: quote(available) }, result.at);
}

export const readServerTime = async (account: Account): Promise<Read<Instant>> => {
  const result = await account.connection.call('poll', (client) => account.connection.facts.reads.serverTime(client));
  return result.ok ? success(result.value, result.at) : failure(result.code, result.detail);
};

/** What instant 0 ("whatever there is") asks for: every venue keeps this much. */
const RECENT_HISTORY_MS = 90 * DAY_MS;

/** From `sinceAt` to just after now; an instant beyond the venue's horizon cannot be read completely. */
function historyWindow(account: Account, sinceAt: Instant, horizonMs: number): Window | undefined {
  const to = windowEnd(account.clock);
  const now = account.clock.now();
  if (sinceAt === 0) return { from: now - RECENT_HISTORY_MS, to };
  return sinceAt < now - horizonMs ? undefined : { from: sinceAt, to };
}

const beyondHorizon = (sinceAt: Instant) =>
  failure('horizon', `the venue's history does not go back to ${iso(sinceAt)}`);

/**
 * Rows in the market's types. One that has none is of a market that is none of this bot's; but one of a market that may
 * be this bot's fails the read: left out, what stands there would read as flat.
 */
function known<Raw extends { readonly marketId: string }, T>(
  account: Account,
  rows: readonly Raw[],
  at: number,
  of: (row: Raw) => T | undefined,
): Read<readonly T[]> {
  const missing = rows.find(({ marketId }) => account.listings.isMissing(marketId));
  if (missing !== undefined)
    return failure(
      'unlisted_market',
      `${missing.marketId} is not listed: what the account has there cannot be counted`,
    );
  return success(
    rows.map(of).filter((item) => item !== undefined),
    at,
  );
}
