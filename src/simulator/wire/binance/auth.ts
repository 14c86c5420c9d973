/**
 * Who is asking: API key, receive window and HMAC signature over the raw query and body. Entry point: `Gatekeeper`.
 * Source: "General Info" of the USDS-margined futures documentation, endpoint security and timing security.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Instant, MINUTE_MS, SECOND_MS } from '../../../kernel/instant.ts';
import type { ApiCredentials, WireRequest } from '../dialect.ts';
import { hmacSha256, sameText } from '../signature.ts';
import { defaulting, integer, type Params, readParams, required } from './params.ts';
import { missing, ok, type Refused, type Result, refuse } from './reply.ts';

const DEFAULT_RECV_WINDOW_MS = 5000;
const MAX_RECV_WINDOW_MS = MINUTE_MS;
/** A timestamp this far ahead of the server is still taken. */
const AHEAD_TOLERANCE_MS = SECOND_MS;
const KEY_SHAPE = /^[A-Za-z0-9_-]{1,128}$/;

export class Gatekeeper {
  readonly #byKey = new Map<string, ApiCredentials>();

  constructor(credentials: readonly ApiCredentials[]) {
    for (const entry of credentials) this.#byKey.set(entry.apiKey, entry);
  }

  /** The owner of the request's API key. */
  identify(headers: IncomingHttpHeaders): Result<ApiCredentials> {
    const key = headers['x-mbx-apikey'];
    if (typeof key !== 'string' || !KEY_SHAPE.test(key)) return refuse(-2014, 'API-key format invalid.', 401);
    const owner = this.#byKey.get(key);
    return owner ? ok(owner) : refuse(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
  }

  /** The owner of a request whose timestamp is inside its receive window and whose signature is right. */
  authenticate(request: WireRequest, params: Params, now: Instant): Result<ApiCredentials> {
    const owner = this.identify(request.headers);
    if (!owner.ok) return owner;
    if (!params.get('signature')) return missing('signature');
    const timing = readParams(params, {
      timestamp: required(integer),
      recvWindow: defaulting(integer, DEFAULT_RECV_WINDOW_MS),
    });
    if (!timing.ok) return timing;
    const late = outsideWindow(timing.value.timestamp, timing.value.recvWindow, now);
    if (late) return late;
    return isSigned(request, owner.value.secret) ? owner : refuse(-1022, 'Signature for this request is not valid.');
  }
}

function outsideWindow(timestamp: Instant, recvWindowMs: number, now: Instant): Refused | undefined {
  if (recvWindowMs > MAX_RECV_WINDOW_MS) return refuse(-1131, 'recvWindow must be less than 60000');
  if (timestamp >= now + AHEAD_TOLERANCE_MS) {
    return refuse(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  }
  return now - timestamp > recvWindowMs
    ? refuse(-1021, 'Timestamp for this request is outside of the recvWindow.')
    : undefined;
}

/** The signature is the last parameter; it covers everything before it, query and body joined without `&`. */
function isSigned({ query, body }: WireRequest, secret: string): boolean {
  const parts = /^(.*)&signature=([0-9A-Fa-f]{64})$/s.exec(query + body);
  if (parts?.[1] === undefined || parts[2] === undefined) return false;
  return sameText(hmacSha256(secret, parts[1], 'hex'), parts[2].toLowerCase());
}
