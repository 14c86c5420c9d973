/**
 * `/fapi/v1/batchOrders`: up to five orders placed or ten cancelled, each judged on its own, with its row or its refusal in
 * the request's order. Source: "Place Multiple Orders", "Cancel Multiple Orders" and "Error Codes" of the USDS-margined futures documentation.
 */
import { optional, type Params, type Parse, readParams, required } from './params.ts';
import { placeOrder } from './place.ts';
import { ok, type Result, refuse } from './reply.ts';
import type { PrivateCall } from './route.ts';

const MAX_BATCH = 5;

/** The orders' parameters; numbers and flags may come as JSON has them. */
const orderList: Parse<readonly Params[]> = (raw, name) => {
  const list = listIn(raw);
  if (list === undefined) return refuse(-1130, `Data sent for parameter '${name}' is not valid.`);
  return list.length < 1 || list.length > MAX_BATCH
    ? refuse(-4082, 'Invalid number of batch place orders.')
    : ok(list.map(paramsOf));
};

export function placeBatch(call: PrivateCall, newClientOrderId: () => string): Result<unknown> {
  const read = readParams(call.params, { batchOrders: required(orderList) });
  if (!read.ok) return read;
  return ok(
    read.value.batchOrders.map((params) => {
      const placed = placeOrder({ ...call, params }, newClientOrderId);
      return placed.ok ? placed.value : { code: placed.code, msg: placed.msg };
    }),
  );
}

/** `orderIdList` or `origClientOrderIdList`: up to ten orders of one symbol; a cancellation stands or falls alone. */
export function cancelBatch(call: PrivateCall, cancelOne: (call: PrivateCall) => Result<unknown>): Result<unknown> {
  const read = readParams(call.params, {
    symbol: required(call.markets.parse),
    orderIdList: optional(idList),
    // As ccxt writes it.
    orderidlist: optional(idList),
    origClientOrderIdList: optional(idList),
    origclientorderidlist: optional(idList),
  });
  if (!read.ok) return read;
  const { symbol, orderIdList, orderidlist, origClientOrderIdList, origclientorderidlist } = read.value;
  const byId = orderIdList ?? orderidlist;
  const ids = byId ?? origClientOrderIdList ?? origclientorderidlist;
  const name = byId ? 'orderId' : 'origClientOrderId';
  if (!ids)
    return refuse(-1102, "Param 'orderIdList' or 'origClientOrderIdList' must be sent, but both were empty/null!");
  return ok(
    ids.map((id) => {
      const params = new Map([
        ['symbol', symbol.id],
        [name, id],
      ]);
      const canceled = cancelOne({ ...call, params });
      return canceled.ok ? canceled.value : { code: canceled.code, msg: canceled.msg };
    }),
  );
}

const MAX_CANCELED = 10;

const idList: Parse<readonly string[]> = (raw, name) => {
  const ids = idsIn(raw);
  return ids && ids.length > 0 && ids.length <= MAX_CANCELED
    ? ok(ids)
    : refuse(-1130, `Data sent for parameter '${name}' is not valid.`);
};

function idsIn(raw: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(raw);
    const isIds = Array.isArray(list) && list.every((id) => typeof id === 'string' || typeof id === 'number');
    return isIds ? list.map(String) : undefined;
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function listIn(raw: string): readonly Fields[] | undefined {
  try {
    const list: unknown = JSON.parse(raw);
    return Array.isArray(list) && list.every(isFields) ? list : undefined;
  } catch {
    return undefined;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const paramsOf = (fields: Fields): Params =>
  new Map(
    Object.entries(fields)
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([name, value]) => [name, String(value)]),
  );
