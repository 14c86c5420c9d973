/**
 * `POST /fapi/v1/batchOrders`: up to five orders, each judged on its own, with its row or its refusal in the request's
 * order. Source: "Place Multiple Orders" and "Error Codes" of the USDS-margined futures documentation.
 */
import { type Params, type Parse, readParams, required } from './params.ts';
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
