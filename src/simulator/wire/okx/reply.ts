/**
 * OKX v5 envelopes and error codes. Entry points: `success`, `refusal`, `bulk`, `Refused`.
 *
 * Every REST answer is `{code, msg, data}`. Gateway and parameter errors carry a 4xx status; business errors come with
 * HTTP 200, and order endpoints put them into each item as `sCode`/`sMsg` under an outer code 0, 1 or 2. Codes and
 * statuses: www.okx.com/docs-v5/en/#error-code.
 */
import type { Instant } from '../../../kernel/instant.ts';
import type { WireResponse } from '../dialect.ts';

export type Row = Readonly<Record<string, unknown>>;

/** [HTTP status, message]; `{0}` and `{1}` take the parameters of the refusal. */
const CODES = {
  '50000': [400, 'Body for POST request cannot be empty.'],
  '50002': [400, 'JSON syntax error'],
  '50006': [400, 'Invalid Content-Type. Please use "application/JSON".'],
  '50011': [429, 'Rate limit reached. Please refer to API documentation and throttle requests accordingly.'],
  '50014': [400, 'Parameter {0} cannot be empty.'],
  '50036': [200, "The expTime can't be earlier than the current system time. Please adjust the expTime and try again."],
  '50061': [200, "You've reached the maximum order rate limit for this account."],
  '50102': [401, 'Timestamp request expired.'],
  '50103': [401, 'Request header "OK-ACCESS-KEY" cannot be empty.'],
  '50104': [401, 'Request header "OK-ACCESS-PASSPHRASE" cannot be empty.'],
  '50105': [401, 'Request header "OK-ACCESS-PASSPHRASE" incorrect.'],
  '50106': [401, 'Request header "OK-ACCESS-SIGN" cannot be empty.'],
  '50107': [401, 'Request header "OK-ACCESS-TIMESTAMP" cannot be empty.'],
  '50111': [401, 'Invalid OK-ACCESS-KEY.'],
  '50112': [401, 'Invalid OK-ACCESS-TIMESTAMP.'],
  '50113': [401, 'Invalid signature.'],
  '50115': [405, 'Invalid request method.'],
  '50119': [401, "API key doesn't exist."],
  '51000': [400, 'Parameter {0} error.'],
  '51001': [200, "Instrument ID, Instrument ID code, or Spread ID doesn't exist."],
  '51003': [200, 'Either client order ID or order ID is required.'],
  '51004': [200, 'Order amount exceeds the current tier limit. Please lower the leverage.'],
  '51006': [200, 'Order price is not within the price limit (max buy price: {0} min sell price: {1}).'],
  '51008': [200, 'Order failed. Insufficient {0} margin in account.'],
  '51010': [200, 'Request unsupported under current account mode.'],
  '51016': [200, 'Client order ID already exists.'],
  '51020': [200, 'Your order should meet or exceed the minimum order amount.'],
  '51022': [200, 'Contract suspended.'],
  '51101': [200, 'Entered amount exceeds the max pending order amount (Cont) per transaction.'],
  '51111': [200, 'Maximum {0} orders can be placed in bulk.'],
  '51112': [200, 'Close order size exceeds your available size.'],
  '51121': [200, 'Order quantity must be a multiple of the lot size.'],
  '51150': [200, 'The precision of the number of trades or the price exceeds the limit.'],
  '51169': [
    200,
    "Order failed because you don't have any positions in this direction for this contract to reduce or close.",
  ],
  '51174': [200, 'The number of {0} pending orders reached the upper limit of {1} (orders).'],
  '51202': [200, 'Market order amount exceeds the maximum amount.'],
  '51204': [200, 'The price for the limit order cannot be empty.'],
  '51400': [200, 'Cancellation failed as the order does not exist.'],
  '51401': [200, 'Cancellation failed as the order is already canceled.'],
  '51402': [200, 'Cancellation failed as the order is already completed.'],
  '51407': [200, 'Either order ID or client order ID is required.'],
  '51603': [200, 'Order does not exist.'],
  '59000': [200, 'Setting failed. Cancel any open orders, close positions, and stop trading bots first.'],
  '59102': [200, 'Leverage exceeds the maximum limit. Please lower the leverage.'],
  '59108': [200, 'Your account leverage is too low and has insufficient margins. Please increase the leverage.'],
} as const satisfies Record<string, readonly [number, string]>;

export type OkxCode = keyof typeof CODES;

/** A refusal before it is known whether it becomes the envelope or one item of a bulk answer. */
export class Refused {
  readonly code: OkxCode;
  readonly message: string;

  constructor(code: OkxCode, ...params: readonly string[]) {
    this.code = code;
    this.message = CODES[code][1].replace(/\{(\d)\}/g, (_, index: string) => params[Number(index)] ?? '');
  }
}

export const success = (data: readonly Row[]): WireResponse => envelope(200, '0', '', data);

export const refusal = (refused: Refused): WireResponse =>
  envelope(CODES[refused.code][0], refused.code, refused.message, []);

/** The answer for a path that OKX does not serve. */
export const notFound = (): WireResponse => envelope(404, '404', 'Not Found', []);

/** Order endpoints: outer code 0 when every item succeeded, 1 when none did, 2 otherwise. */
export function bulk(items: readonly Row[], now: Instant): WireResponse {
  const failed = items.filter((item) => item.sCode !== '0').length;
  const code = failed === 0 ? '0' : failed === items.length ? '1' : '2';
  const msg = code === '0' ? '' : code === '1' ? 'All operations failed' : 'Bulk operation partially succeeded.';
  // Microseconds at the gateway, as text; the model takes no time.
  const micros = `${now}000`;
  return { status: 200, body: JSON.stringify({ code, data: items, inTime: micros, msg, outTime: micros }) };
}

function envelope(status: number, code: string, msg: string, data: readonly Row[]): WireResponse {
  return { status, body: JSON.stringify({ code, data, msg }) };
}
