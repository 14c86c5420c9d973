/**
 * What a venue's answer proves. Each venue has one table (`<venue>/answers.ts`): its codes and statuses, by what they
 * mean. `judge` reads an answer by that table. Whatever the table does not list proves nothing about an order.
 */
import type { Exchanged } from './transport.ts';

/**
 * Why a venue did not take an order. `rule`: position, price and size limits. `margin`: not enough of it for this size. `would_cross`: post-only, and it
 * would have traded at once; Bybit and OKX accept such an order and cancel it. `instrument`: the listing has changed or the market does not trade. `request`: parameters. `key`: keys, signature, permissions. `clock`: outside the
 * receive window. `throttled`: too many requests. `banned`: this address is shut out for a while. `overload`: the venue
 * sheds load; reductions are exempt or cheap to repeat. `maintenance`: closed with a code.
 */
export type Refusal =
  | 'rule'
  | 'margin'
  | 'would_cross'
  | 'instrument'
  | 'request'
  | 'key'
  | 'clock'
  | 'throttled'
  | 'banned'
  | 'overload'
  | 'maintenance';

export interface AnswerTable {
  /** Codes that prove that an order was not accepted. */
  readonly refusals: ReadonlyMap<string, Refusal>;
  /** Codes that prove the opposite: an order with this client id exists. */
  readonly duplicates: ReadonlySet<string>;
  /** Statuses with a meaning of their own, when the body has no code. */
  readonly statuses: ReadonlyMap<number, StatusMeaning>;
  /** What the body says without a code, where the venue documents its text; undefined for any other body. */
  readonly said?: (status: number, body: string) => Refusal | undefined;
  /** How long a ban lasts that does not say so. */
  readonly banMs: number;
  /** When a ban ends by the venue's clock, where the body says so. */
  readonly bannedUntil?: (body: string) => number | undefined;
}

export interface StatusMeaning {
  readonly why: 'throttled' | 'banned';
  /** Whether the gateway that answers so never passes the request on. */
  readonly proves: boolean;
}

export type Verdict =
  /** `proves`: an order in this request was not accepted. */
  | { readonly kind: 'refused'; readonly why: Refusal; readonly proves: boolean; readonly code: string | undefined }
  | { readonly kind: 'duplicate'; readonly code: string }
  /** Neither success nor a listed refusal: nothing is known. */
  | { readonly kind: 'unproven'; readonly code: string | undefined }
  /** A 2xx without an error code; whether it makes sense is for its reader to say. */
  | { readonly kind: 'answered' };

/** Refusals that venues send with a 5xx status; any other code under a 5xx proves nothing. */
const FROM_5XX: ReadonlySet<Refusal> = new Set(['overload', 'maintenance']);

/** `code`: the venue's error code in the body, undefined without one. */
export function judge(table: AnswerTable, { status = 0, body = '' }: Exchanged, code: string | undefined): Verdict {
  if (code !== undefined) {
    if (table.duplicates.has(code)) return { kind: 'duplicate', code };
    const why = table.said?.(status, body) ?? table.refusals.get(code);
    if (why === undefined || (status >= 500 && !FROM_5XX.has(why))) return { kind: 'unproven', code };
    // A ban comes with the code of an ordinary throttle.
    const banned = why === 'throttled' && table.statuses.get(status)?.why === 'banned';
    return { kind: 'refused', why: banned ? 'banned' : why, proves: true, code };
  }
  const said = table.said?.(status, body);
  if (said !== undefined) return { kind: 'refused', why: said, proves: true, code };
  const meaning = table.statuses.get(status);
  if (meaning !== undefined) return { kind: 'refused', ...meaning, code };
  return status >= 200 && status < 300 ? { kind: 'answered' } : { kind: 'unproven', code };
}

/** Space-separated codes per refusal, for the tables. */
export function refusals(lists: Readonly<Partial<Record<Refusal, string>>>): ReadonlyMap<string, Refusal> {
  const table = new Map<string, Refusal>();
  for (const [why, codes] of Object.entries(lists)) {
    for (const code of codes.split(' ')) table.set(code, why as Refusal);
  }
  return table;
}
