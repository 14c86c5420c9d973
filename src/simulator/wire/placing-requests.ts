/**
 * Which requests place orders, single or in bulk, and what clients named those orders: read off the request, before any
 * venue judged it. Entry points: `isPlacing`, `placedClientIds`.
 */
import type { VenueId } from '../../kernel/ids.ts';
import type { WireRequest } from './dialect.ts';

/** Unmodified ccxt sends every OKX order to the bulk path (4.5.84, okx.js, `options.createOrder`). */
const PATHS: Readonly<Record<VenueId, readonly string[]>> = {
  binance: ['/fapi/v1/order', '/fapi/v1/batchOrders'],
  bybit: ['/v5/order/create', '/v5/order/create-batch'],
  okx: ['/api/v5/trade/order', '/api/v5/trade/batch-orders'],
};
const CLIENT_ID_NAMES = ['newClientOrderId', 'orderLinkId', 'clOrdId'];

type Fields = Readonly<Record<string, unknown>>;

export const isPlacing = (venue: VenueId, { method, path }: WireRequest): boolean =>
  method === 'POST' && PATHS[venue]?.includes(path) === true;

/** One for each order that the request brings, in its order; empty text for an order without one. */
export function placedClientIds(request: WireRequest): readonly string[] {
  return ordersIn(request).map((order) => {
    const name = CLIENT_ID_NAMES.find((candidate) => typeof order[candidate] === 'string');
    return name === undefined ? '' : String(order[name]);
  });
}

/** A JSON array, an object or its `request` list; a form or its `batchOrders`. */
function ordersIn({ query, body }: WireRequest): readonly Fields[] {
  const json = parsed(body);
  if (Array.isArray(json)) return json.filter(isFields);
  if (isFields(json)) return Array.isArray(json.request) ? json.request.filter(isFields) : [json];
  const form = Object.fromEntries([...new URLSearchParams(query), ...new URLSearchParams(body)]);
  const batch = parsed(form.batchOrders ?? '');
  return Array.isArray(batch) ? batch.filter(isFields) : [form];
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
