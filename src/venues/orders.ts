/** Order entry, cancel and lookup of one ccxt account. Entry points: `submitOrder`, `cancelOrder`, `lookupOrder`. */
import * as z from 'zod';
import { add, eq, gt, isMultipleOf, isPositive, text } from '../kernel/decimal.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import {
  type Fill,
  INSUFFICIENT_MARGIN,
  type OrderRef,
  type OrderRequest,
  type OrderState,
  WOULD_CROSS,
} from '../market/order.ts';
import {
  type CancelOutcome,
  DUPLICATE_ID,
  type LookupOutcome,
  type SubmitOutcome,
  type Urgency,
} from '../ports/venue.ts';
import { type Account, fillOf, NOTHING, orderState, windowEnd } from './account.ts';
import { type CallResult, lastCode, PAUSES, verdictOf } from './call.ts';
import type { CcxtClient } from './client.ts';
import { closedWhy } from './closed.ts';
import type { FillQuery, RawFill, RawOrder, VenueFacts } from './facts.ts';
import { ORDER_ANSWERED_WITHIN_MS } from './order-deadline.ts';
import { readWindow } from './pages.ts';
import { type Listing, toVenueUnits } from './units.ts';

/** Never retried: what cannot be proven refused is unknown. */
export async function submitOrder(account: Account, order: OrderRequest, urgency: Urgency): Promise<SubmitOutcome> {
  const { connection, listings } = account;
  const missing = await listings.ensure();
  if (missing !== undefined && !missing.ok) return { kind: 'rejected', code: 'not_sent', detail: missing.detail };
  const listing = listings.get(order.key);
  const defect = listing === undefined ? undefined : stepDefect(order, listing);
  if (listing === undefined || defect !== undefined) {
    account.relist();
    if (defect !== undefined) return { kind: 'rejected', code: 'bad_step', detail: defect };
    return { kind: 'rejected', code: 'unknown_instrument', detail: order.key };
  }
  const closed = order.reduceOnly ? undefined : closedWhy(account, order.key);
  if (closed !== undefined) return { kind: 'rejected', code: 'not_prepared', detail: closed };
  const quantity = toVenueUnits(order.quantity, listing);
  const result = await connection.call(
    urgency,
    (client) =>
      client.createOrder(
        listing.symbol,
        'limit',
        order.side,
        quantity,
        text(order.limitPrice),
        connection.facts.orderParams(order),
      ),
    ANSWERED_WITHIN,
  );
  const last = result.notes.requests.at(-1);
  const verdict = last === undefined ? undefined : verdictOf(connection.facts, last);
  if (verdict?.kind === 'refused' && verdict.why === 'instrument') account.relist();
  const outcome = submitOutcome(connection.facts, result, order.clientOrderId);
  const { grantedMs, endedMs } = result.notes;
  if (outcome.kind !== 'unknown' || grantedMs === undefined || endedMs === undefined) return outcome;
  return { ...outcome, stampedAgoMs: endedMs - grantedMs };
}

const ANSWERED_WITHIN = { timeoutMs: ORDER_ANSWERED_WITHIN_MS };

/** ccxt would cut a quantity and round a price to their steps; sent is only what was asked for. */
function stepDefect(order: OrderRequest, { instrument }: Listing): string | undefined {
  const { quantity, limitPrice } = order;
  if (!isPositive(quantity) || !isMultipleOf(quantity, instrument.lot)) {
    return `quantity ${text(quantity)} is no positive multiple of the lot ${text(instrument.lot)}`;
  }
  if (!isPositive(limitPrice) || !isMultipleOf(limitPrice, instrument.tick)) {
    return `price ${text(limitPrice)} is no positive multiple of the tick ${text(instrument.tick)}`;
  }
  return undefined;
}

/** Refusals that mean the same on every venue; the others go by the venue's own code. */
const REFUSED_AS: typeof PAUSES = { ...PAUSES, would_cross: WOULD_CROSS, margin: INSUFFICIENT_MARGIN };

const acknowledgement = z.object({ id: z.string().min(1), clientOrderId: z.string().nullish() });

function submitOutcome(facts: VenueFacts, result: CallResult<unknown>, clientOrderId: string): SubmitOutcome {
  const sent = result.notes.requests.findLast(
    ({ method, url }) => method === 'POST' && new URL(url).pathname === facts.orderPath,
  );
  const code = result.ok ? 'malformed' : result.code;
  const detail = result.ok ? 'the acknowledgement has no usable order id' : result.detail;
  if (sent === undefined || !sent.sent) {
    return result.ok ? { kind: 'unknown', code, detail } : { kind: 'rejected', code, detail };
  }
  if (sent.status === undefined) return { kind: 'unknown', code, detail };
  const verdict = verdictOf(facts, sent);
  const named = 'code' in verdict && verdict.code !== undefined ? `venue_${verdict.code}` : code;
  switch (verdict.kind) {
    case 'refused':
      return { kind: verdict.proves ? 'rejected' : 'unknown', code: REFUSED_AS[verdict.why] ?? named, detail };
    case 'duplicate':
      return { kind: 'unknown', code: DUPLICATE_ID, detail };
    case 'unproven':
      return { kind: 'unknown', code: named, detail };
    case 'answered':
      return result.ok ? acknowledged(result.value, clientOrderId) : { kind: 'unknown', code, detail };
  }
}

/** An acknowledgement counts when it names an order and no other client id than ours. */
function acknowledged(value: unknown, clientOrderId: string): SubmitOutcome {
  const detail = 'the acknowledgement has no usable order id';
  const ack = acknowledgement.safeParse(value);
  if (!ack.success) return { kind: 'unknown', code: 'malformed', detail };
  const echoed = ack.data.clientOrderId ?? clientOrderId;
  if (echoed !== clientOrderId) {
    return { kind: 'unknown', code: 'id_mismatch', detail: `sent ${clientOrderId}, acknowledged ${echoed}` };
  }
  return { kind: 'acked', venueOrderId: ack.data.id };
}

export async function cancelOrder(account: Account, ref: OrderRef): Promise<CancelOutcome> {
  const { connection, listings } = account;
  const missing = await listings.ensure();
  if (missing !== undefined && !missing.ok) return { kind: 'failed', code: missing.code, detail: missing.detail };
  const listing = listings.get(ref.key);
  if (listing === undefined) return { kind: 'failed', code: 'unknown_instrument', detail: ref.key };
  const result = await connection.call('reduce', (client) =>
    client.cancelOrder(undefined, listing.symbol, connection.facts.cancelParams(ref.clientOrderId)),
  );
  const code = lastCode(connection.facts, result.notes);
  if (code !== undefined && connection.facts.notOpenCodes.has(code)) return { kind: 'not_open' };
  return result.ok ? { kind: 'accepted' } : { kind: 'failed', code: result.code, detail: result.detail };
}

export async function lookupOrder(account: Account, ref: OrderRef, urgency: Urgency): Promise<LookupOutcome> {
  const { connection, listings } = account;
  const missing = await listings.ensure();
  if (missing !== undefined && !missing.ok) return { kind: 'failed', code: missing.code, detail: missing.detail };
  const listing = listings.get(ref.key);
  if (listing === undefined) return { kind: 'failed', code: 'unknown_instrument', detail: ref.key };
  const byId = await connection.call(urgency, (client) =>
    connection.facts.reads.order(client, listing.marketId, ref.clientOrderId),
  );
  const code = lastCode(connection.facts, byId.notes);
  const unknownToVenue = code !== undefined && connection.facts.notFoundCodes.has(code);
  if (!byId.ok && !unknownToVenue) return { kind: 'failed', code: byId.code, detail: byId.detail };
  const raw = byId.ok ? byId.value : undefined;
  return raw === undefined
    ? searchElsewhere(account, ref, listing, urgency)
    : withFills(account, ref, listing, raw, urgency);
}

/** Not known by id: open orders, and recent orders or fills, must agree before the answer is "not found". */
async function searchElsewhere(
  account: Account,
  ref: OrderRef,
  listing: Listing,
  urgency: Urgency,
): Promise<LookupOutcome> {
  const { connection } = account;
  const { reads } = connection.facts;
  const open = await connection.call(urgency, (client) => reads.openOrders(client, listing.marketId));
  if (!open.ok) return { kind: 'failed', code: open.code, detail: open.detail };
  const raw = open.value.rows.find(({ clientOrderId }) => clientOrderId === ref.clientOrderId);
  if (raw !== undefined) return withFills(account, ref, listing, raw, urgency);
  if (open.value.full) return { kind: 'failed', code: 'incomplete', detail: 'more open orders than one page' };
  const to = windowEnd(account.clock);
  const window = { from: to - RECENT_MS, to };
  if (reads.orders) {
    const { orders } = reads;
    const recent = await connection.call(urgency, (client) => orders(client, listing.marketId, window));
    if (!recent.ok) return { kind: 'failed', code: recent.code, detail: recent.detail };
    const listed = recent.value.rows.find(({ clientOrderId }) => clientOrderId === ref.clientOrderId);
    if (listed !== undefined) return withFills(account, ref, listing, listed, urgency);
    if (recent.value.full) return { kind: 'failed', code: 'incomplete', detail: 'more recent orders than one page' };
    return { kind: 'not_found' };
  }
  const recent = await connection.call(urgency, (client) =>
    fillsWithin(connection.facts, client, { marketId: listing.marketId, ...window }),
  );
  if (!recent.ok) return { kind: 'failed', code: recent.code, detail: recent.detail };
  const filled = recent.value.find(({ clientOrderId }) => clientOrderId === ref.clientOrderId);
  if (filled === undefined) return { kind: 'not_found' };
  return { kind: 'failed', code: 'order_lag', detail: `fill ${filled.tradeId} names an order that is not listed yet` };
}

/** How far back fills are searched for an order that is not known by id; an IOC fills at once. */
const RECENT_MS = 20 * MINUTE_MS;

async function withFills(
  account: Account,
  ref: OrderRef,
  listing: Listing,
  raw: RawOrder,
  urgency: Urgency,
): Promise<LookupOutcome> {
  if (raw.clientOrderId !== ref.clientOrderId || raw.marketId !== listing.marketId) {
    const detail = `asked for ${ref.clientOrderId}, got ${raw.clientOrderId} on ${raw.marketId}`;
    return { kind: 'failed', code: 'id_mismatch', detail };
  }
  const order = orderState(account, raw);
  if (order === undefined) return { kind: 'failed', code: 'unknown_instrument', detail: raw.marketId };
  if (!isPositive(order.filled)) return { kind: 'found', order, fills: [] };
  const { connection } = account;
  const trades = await connection.call(urgency, (client) => fillsOfOrder(account, client, listing, raw));
  if (!trades.ok) return { kind: 'failed', code: trades.code, detail: trades.detail };
  const fills = trades.value
    .map((each) => fillOf(account, { ...each, clientOrderId: ref.clientOrderId }))
    .filter((fill) => fill !== undefined);
  return settled(order, fills);
}

function settled(order: OrderState, fills: readonly Fill[]): LookupOutcome {
  const total = fills.reduce((sum, fill) => add(sum, fill.quantity), NOTHING);
  if (eq(total, order.filled)) return { kind: 'found', order, fills };
  // More fills than the order row knows of: the row is the one that lags.
  const code = gt(total, order.filled) ? 'order_lag' : 'fills_lag';
  return { kind: 'failed', code, detail: `order says ${text(order.filled)} filled, its trades ${text(total)}` };
}

async function fillsOfOrder(
  account: Account,
  client: CcxtClient,
  listing: Listing,
  order: RawOrder,
): Promise<readonly RawFill[]> {
  const { facts } = account.connection;
  const { marketId } = listing;
  const to = windowEnd(account.clock);
  const query: FillQuery = { marketId, from: 0, to, venueOrderId: order.venueOrderId };
  const page = await facts.reads.fills(client, query);
  // More trades than a page holds: read the time around the order instead.
  const rows = page.full
    ? await fillsWithin(facts, client, { marketId, from: order.updatedAt - RECENT_MS, to })
    : page.rows;
  return unique(rows.filter(({ venueOrderId }) => venueOrderId === order.venueOrderId));
}

/** Every fill of a window, oldest first, each once. */
export async function fillsWithin(
  facts: VenueFacts,
  client: CcxtClient,
  query: FillQuery,
): Promise<readonly RawFill[]> {
  const rows = await readWindow(query, facts.fillWindowMs, (window) =>
    facts.reads.fills(client, { ...window, marketId: query.marketId }),
  );
  return unique(rows);
}

function unique(rows: readonly RawFill[]): readonly RawFill[] {
  const byId = new Map(rows.map((row) => [`${row.marketId} ${row.tradeId}`, row]));
  return [...byId.values()].sort((a, b) => a.at - b.at);
}
