/**
 * Who sent a request: Bybit header signatures and the stream's `auth` operation. Entry point: `BybitAuth`.
 *
 * REST signs timestamp + key + receive window + (raw query | raw body) with HMAC-SHA256, hex. A timestamp holds while
 * `server - window <= timestamp < server + 1000` (bybit-exchange.github.io/docs/v5/guide#authentication).
 */
import type { Instant } from '../../../kernel/instant.ts';
import type { ApiCredentials, WireRequest } from '../dialect.ts';
import { hmacSha256, sameText } from '../signature.ts';
import { type Answer, PARAMETER_ERROR, refusal } from './answer.ts';

const DEFAULT_WINDOW = '5000';
const LEAD_MS = 1_000;
const DIGITS = /^\d{1,15}$/;

export class BybitAuth {
  readonly #byKey: ReadonlyMap<string, ApiCredentials>;

  constructor(credentials: readonly ApiCredentials[]) {
    this.#byKey = new Map(credentials.map((item) => [item.apiKey, item]));
  }

  /** The credentials that signed `request`, which reached the venue at `now`. */
  request(request: WireRequest, now: Instant): ApiCredentials | Answer {
    const key = header(request, 'x-bapi-api-key');
    const sign = header(request, 'x-bapi-sign');
    const timestamp = header(request, 'x-bapi-timestamp');
    const window = header(request, 'x-bapi-recv-window') || DEFAULT_WINDOW;
    if (key === '' || sign === '' || timestamp === '') {
      const message = `empty value: apiTimestamp[${timestamp}] apiKey[${key}] apiSignature[${sign}]`;
      return refusal(PARAMETER_ERROR, message, 401);
    }
    if (!DIGITS.test(timestamp)) return refusal(PARAMETER_ERROR, 'params error: X-BAPI-TIMESTAMP invalid');
    if (!DIGITS.test(window)) return refusal(PARAMETER_ERROR, 'params error: X-BAPI-RECV-WINDOW invalid');
    const credentials = this.#byKey.get(key);
    if (credentials === undefined) return refusal(10_003, 'API key is invalid.');
    if (Number(timestamp) < now - Number(window) || Number(timestamp) >= now + LEAD_MS) {
      const facts = `req_timestamp[${timestamp}],server_timestamp[${now}],recv_window[${window}]`;
      return refusal(10_002, `invalid request, please check your server timestamp or recv_window param. ${facts}`);
    }
    const payload = request.method === 'GET' ? request.query : request.body;
    const signed = timestamp + key + window + payload;
    if (sameText(hmacSha256(credentials.secret, signed, 'hex'), sign)) return credentials;
    return refusal(10_004, `error sign! origin_string[${signed}]`);
  }

  /** The credentials behind the stream's `auth` arguments `[key, expires, signature]`, or what is wrong with them. */
  login(args: readonly unknown[], now: Instant): ApiCredentials | string {
    const [key, expires, sign] = args;
    if (typeof key !== 'string' || typeof sign !== 'string' || !DIGITS.test(String(expires))) return 'Params Error';
    const credentials = this.#byKey.get(key);
    if (credentials === undefined) return 'API key is invalid.';
    if (Number(expires) <= now) return 'Params Error: expires is in the past';
    return sameText(hmacSha256(credentials.secret, `GET/realtime${String(expires)}`, 'hex'), sign)
      ? credentials
      : 'error sign!';
  }
}

function header(request: WireRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
