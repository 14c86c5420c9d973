/** Expected failures are values with a code. */

export interface Failure {
  /** Stable, machine-readable: `timeout`, `venue_unreachable`, `malformed`, `rate_limited`, ... */
  readonly code: string;
  /** For people; may carry hostile venue text, render inert. */
  readonly detail: string;
}

/**
 * What a read returned. A failed, partial or stale read is unknown: it is never zero and never "flat".
 * `at` is the instant the answer was complete.
 */
export type Read<T> =
  | { readonly ok: true; readonly value: T; readonly at: number }
  | ({ readonly ok: false } & Failure);

export const failure = (code: string, detail: string): { ok: false } & Failure => ({ ok: false, code, detail });
export const success = <T>(value: T, at: number): Read<T> => ({ ok: true, value, at });
