/** Account reads of one ccxt account. A page that may be incomplete fails; it is never passed on as if it were all. */
import { quote } from '../kernel/decimal.ts';
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
  return success(present(page.value.rows.map((row) => orderState(account, row))), page.at);
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
  const scope = result.value.filter((row) => account.prepared.has(row.marketId) && row.at >= sinceAt);
  return success(present(scope.map((row) => fillOf(account, row))), result.at);
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
  return success(present(rows.map((row) => paymentOf(account, row))), result.at);
}

export async function readPositions(account: Account, urgency: Urgency): Promise<Read<readonly VenuePosition[]>> {
  const page = await read(account, urgency, (client) => account.connection.facts.reads.positions(client));
  if (!page.ok) return page;
  if (page.value.full) return failure('incomplete', 'more positions than one page');
  // A position elsewhere is somebody else's business, however it is held.
  const held = page.value.rows.filter((row) => positionOf(account, row) !== undefined);
  const ours = held.filter(({ marketId }) => account.prepared.has(marketId));
  const hedged = ours.find((row) => row.hedged);
  if (hedged !== undefined) return failure('position_mode', `${hedged.marketId} is held in hedge mode`);
  const cross = ours.find((row) => row.cross === true);
  if (cross !== undefined) return failure('margin_mode', `${cross.marketId} is held in cross margin`);
  const twice = ours.find(({ marketId }, i) => ours.findIndex((row) => row.marketId === marketId) !== i);
  if (twice !== undefined) return failure('duplicate_position', `${twice.marketId} is listed more than once`);
  return success(present(held.map((row) => positionOf(account, row))), page.at);
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

const present = <T>(items: readonly (T | undefined)[]): readonly T[] => items.filter((item) => item !== undefined);
