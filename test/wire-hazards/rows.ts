/** Where each venue keeps its rows and its account's events, for faults that change them. */
import type { WireRequest, WireResponse } from '../../src/simulator/wire/dialect.ts';
import type { FrameRule, RequestRule } from '../../src/simulator/wire/fault-proxy.ts';
import type { VenueName } from '../venues/world.ts';

type What = 'positions' | 'fills' | 'lookup' | 'open_orders';
const ROUTES: Readonly<Record<VenueName, Readonly<Record<What, RegExp>>>> = {
  binance: {
    positions: /^\/fapi\/v\d\/positionRisk$/,
    fills: /^\/fapi\/v1\/userTrades$/,
    lookup: /^\/fapi\/v1\/order$/,
    open_orders: /^\/fapi\/v1\/openOrders$/,
  },
  bybit: {
    positions: /^\/v5\/position\/list$/,
    fills: /^\/v5\/execution\/list$/,
    lookup: /^\/v5\/order\/(realtime|history)$/,
    open_orders: /^\/v5\/order\/realtime$/,
  },
  okx: {
    positions: /^\/api\/v5\/account\/positions$/,
    fills: /^\/api\/v5\/trade\/fills(-history)?$/,
    lookup: /^\/api\/v5\/trade\/order$/,
    open_orders: /^\/api\/v5\/trade\/orders-pending$/,
  },
};

export const isReadOf =
  (venue: VenueName, ...what: readonly What[]): RequestRule['matches'] =>
  ({ method, path }) =>
    method === 'GET' && what.some((each) => ROUTES[venue][each].test(path));

const SIGNED = ['x-mbx-apikey', 'x-bapi-api-key', 'ok-access-key'];
/** Whatever needs the key, to whichever venue. */
export const isSigned = ({ headers }: WireRequest): boolean => SIGNED.some((name) => headers[name] !== undefined);

/** The answer with `edit` applied to its rows; an answer without rows stays as it is. */
export function withRows(reply: WireResponse, edit: (rows: readonly unknown[]) => readonly unknown[]): WireResponse {
  const body: unknown = JSON.parse(reply.body);
  return { ...reply, body: JSON.stringify(editRows(body, edit)) };
}

function editRows(body: unknown, edit: (rows: readonly unknown[]) => readonly unknown[]): unknown {
  if (Array.isArray(body)) return edit(body);
  if (typeof body !== 'object' || body === null) return body;
  if ('data' in body && Array.isArray(body.data)) return { ...body, data: edit(body.data) };
  if ('list' in body && Array.isArray(body.list)) return { ...body, list: edit(body.list) };
  if ('result' in body) return { ...body, result: editRows(body.result, edit) };
  return body;
}

/** Events of the account's orders and fills, not subscriptions or keep-alives. */
export const isAccountFrame: FrameRule['matches'] = ({ frame }) =>
  /"e":"ORDER_TRADE_UPDATE"|"topic":"(order|execution)[".]/.test(frame) || /"channel":"orders".*"data"/.test(frame);

/** Market data of any kind. */
export const isMarketFrame: FrameRule['matches'] = ({ path }) => !/private|listenKey/.test(path);

/** The same trade at another price. */
export const repriced = (frame: string): string =>
  frame.replace(/"(L|execPrice|fillPx)":"[\d.]+"/g, (_text, name: string) => `"${name}":"93.17"`);
