/**
 * Who sent a request: OKX header signatures and the stream's login. Entry points: `OkxAuth.request`, `OkxAuth.login`.
 *
 * A REST signature is base64 HMAC-SHA256 of timestamp + METHOD + path with query + body; the stream signs
 * seconds + `GET/users/self/verify`. Both expire 30 s away from the venue's clock, in either direction.
 */
import type { Instant } from '../../../kernel/instant.ts';
import type { ApiCredentials, WireRequest } from '../dialect.ts';
import { hmacSha256, sameText } from '../signature.ts';
import { Refused } from './reply.ts';

const VALIDITY_MS = 30_000;
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;
const KEY_SHAPE = /^[0-9A-Za-z_-]{1,64}$/;

/** Code and text of a stream error frame. */
export interface LoginRefusal {
  readonly code: string;
  readonly msg: string;
}

export class OkxAuth {
  readonly #byKey: ReadonlyMap<string, ApiCredentials>;

  constructor(credentials: readonly ApiCredentials[]) {
    this.#byKey = new Map(credentials.map((item) => [item.apiKey, item]));
  }

  /** The credentials that signed `request`, which reached the venue at `now`. */
  request(request: WireRequest, now: Instant): ApiCredentials | Refused {
    const key = header(request, 'ok-access-key');
    const sign = header(request, 'ok-access-sign');
    const timestamp = header(request, 'ok-access-timestamp');
    const passphrase = header(request, 'ok-access-passphrase');
    if (key === '') return new Refused('50103');
    if (passphrase === '') return new Refused('50104');
    if (sign === '') return new Refused('50106');
    if (timestamp === '') return new Refused('50107');
    const sentAt = ISO_INSTANT.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
    if (Number.isNaN(sentAt)) return new Refused('50112');
    if (Math.abs(now - sentAt) > VALIDITY_MS) return new Refused('50102');
    if (!KEY_SHAPE.test(key)) return new Refused('50111');
    const credentials = this.#byKey.get(key);
    if (credentials === undefined) return new Refused('50119');
    if (!sameText(credentials.passphrase ?? '', passphrase)) return new Refused('50105');
    const target = request.query === '' ? request.path : `${request.path}?${request.query}`;
    const expected = hmacSha256(credentials.secret, timestamp + request.method + target + request.body, 'base64');
    return sameText(expected, sign) ? credentials : new Refused('50113');
  }

  /** The credentials behind a stream's login argument. */
  login(argument: Readonly<Record<string, unknown>>, now: Instant): ApiCredentials | LoginRefusal {
    const key = argument.apiKey;
    const sign = argument.sign;
    const passphrase = argument.passphrase;
    const timestamp = String(argument.timestamp ?? '');
    if (typeof key !== 'string' || key === '') return { code: '60001', msg: '"OK_ACCESS_KEY" cannot be empty' };
    if (typeof sign !== 'string' || sign === '') return { code: '60002', msg: '"OK_ACCESS_SIGN" cannot be empty' };
    if (typeof passphrase !== 'string' || passphrase === '') {
      return { code: '60003', msg: '"OK_ACCESS_PASSPHRASE" cannot be empty' };
    }
    if (!/^\d{10}(\.\d+)?$/.test(timestamp)) return { code: '60004', msg: 'Invalid OK_ACCESS_TIMESTAMP' };
    if (Math.abs(now - Number(timestamp) * 1_000) > VALIDITY_MS) {
      return { code: '60006', msg: 'Timestamp request expired' };
    }
    if (!KEY_SHAPE.test(key)) return { code: '60005', msg: 'Invalid OK_ACCESS_KEY' };
    const credentials = this.#byKey.get(key);
    if (credentials === undefined) return { code: '60032', msg: "API key doesn't exist" };
    if (!sameText(credentials.passphrase ?? '', passphrase)) return { code: '60024', msg: 'Wrong passphrase' };
    const expected = hmacSha256(credentials.secret, `${timestamp}GET/users/self/verify`, 'base64');
    return sameText(expected, sign) ? credentials : { code: '60007', msg: 'Invalid sign' };
  }
}

function header(request: WireRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
