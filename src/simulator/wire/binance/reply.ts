/**
 * What a Binance route answers: a value or one of Binance's coded errors.
 * Codes and texts: "Error Codes" of the USDS-margined futures documentation.
 */
import type { WireResponse } from '../dialect.ts';

export interface Refused {
  readonly ok: false;
  readonly status: number;
  /** Binance's negative error code. */
  readonly code: number;
  readonly msg: string;
  readonly retryAfterMs?: number;
}

export type Result<T> = { readonly ok: true; readonly value: T } | Refused;

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const refuse = (code: number, msg: string, status = 400): Refused => ({ ok: false, status, code, msg });

export const MISSING_PARAMETER = -1102;
export const ILLEGAL_CHARACTERS = -1100;
export const BAD_COMBINATION = -1128;

export const missing = (name: string): Refused =>
  refuse(MISSING_PARAMETER, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
export const badCombination = (): Refused => refuse(BAD_COMBINATION, 'Combination of optional parameters invalid.');
export const unknownSymbol = (): Refused => refuse(-1121, 'Invalid symbol.');

/** The body of a settings call that succeeded. */
export const SUCCESS = { code: 200, msg: 'success' };

/** The HTTP answer of a result; `headers` go onto every answer. */
export function toResponse(result: Result<unknown>, headers: Readonly<Record<string, string>>): WireResponse {
  if (result.ok) return { status: 200, body: JSON.stringify(result.value), headers };
  const { status, code, msg, retryAfterMs } = result;
  const wait = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return { status, body: JSON.stringify({ code, msg }), headers: { ...headers, ...wait } };
}
