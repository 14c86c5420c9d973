/**
 * What a failed call means. The verdict comes from what went over the wire (venue code, status, whether bytes left),
 * never from ccxt's error classes or messages: those map duplicates to refusals and put signed URLs into texts.
 */
import * as z from 'zod';
import { InvariantError } from '../kernel/assert.ts';
import { DecimalError } from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Clock } from '../ports/clock.ts';
import { judge, type Refusal, type Verdict } from './answers.ts';
import { SetupError, type VenueFacts } from './facts.ts';
import { IncompleteRead } from './pages.ts';
import { type CallNotes, type Exchanged, type Transport, TransportError } from './transport.ts';

export type CallResult<T> =
  | { readonly ok: true; readonly value: T; readonly at: number; readonly notes: CallNotes }
  | { readonly ok: false; readonly code: string; readonly detail: string; readonly notes: CallNotes };

/** The request budget did not let a request out. */
export class BudgetRefusal extends Error {
  override readonly name = 'BudgetRefusal';
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

const MAX_DETAIL = 300;
/** Error answers are short; market lists are not worth parsing twice. */
const MAX_ERROR_BODY = 10_000;

/** Runs ccxt code with notes of what goes over the wire; expected failures come back as values. */
export async function run<T>(
  facts: VenueFacts,
  transport: Transport,
  clock: Clock,
  terms: Pick<CallNotes, 'urgency' | 'askedMs' | 'timeoutMs'>,
  act: () => Promise<T>,
): Promise<CallResult<T>> {
  const notes: CallNotes = { ...terms, requests: [] };
  try {
    const value = await transport.noting(notes, act);
    return { ok: true, value, at: clock.now(), notes };
  } catch (error) {
    return failed(facts, transport, error, notes);
  } finally {
    notes.endedMs = clock.monotonicMs();
  }
}

/** A failure value; rethrows bugs of this project. */
function failed(facts: VenueFacts, transport: Transport, error: unknown, notes: CallNotes): CallResult<never> {
  if (error instanceof InvariantError) throw error;
  const { code, detail } = explain(facts, error, notes);
  return { ok: false, code, detail: transport.withoutKeys(detail).slice(0, MAX_DETAIL), notes };
}

function explain(facts: VenueFacts, error: unknown, notes: CallNotes): { code: string; detail: string } {
  if (error instanceof BudgetRefusal || error instanceof SetupError || error instanceof IncompleteRead)
    return { code: error.code, detail: error.message };
  if (error instanceof z.ZodError || error instanceof DecimalError) {
    return { code: 'malformed', detail: error instanceof z.ZodError ? z.prettifyError(error) : error.message };
  }
  // Of several at once the last may have no end yet.
  const last =
    notes.requests.findLast(({ status, errorCode }) => status !== undefined || errorCode !== undefined) ??
    notes.requests.at(-1);
  // ccxt refused before sending anything; its texts carry no URL then.
  if (last === undefined) return { code: 'not_sent', detail: error instanceof Error ? error.message : String(error) };
  const what = describe(last);
  if (last.errorCode !== undefined) {
    const detail = error instanceof TransportError ? `${what}: ${error.message}` : what;
    return { code: last.errorCode === 'timeout' ? 'timeout' : `network_${last.errorCode}`, detail };
  }
  const verdict = verdictOf(facts, last);
  const pause = verdict.kind === 'refused' ? PAUSES[verdict.why] : undefined;
  if (pause !== undefined) return { code: pause, detail: `${what}: ${last.body ?? ''}` };
  const code = codeOf(facts, last);
  if (code !== undefined) return { code: `venue_${code}`, detail: `${what}: ${last.body ?? ''}` };
  if ((last.status ?? 0) >= 400) return { code: `http_${last.status}`, detail: `${what}: ${last.body ?? ''}` };
  // A 200 that ccxt could not make sense of.
  return { code: 'malformed', detail: `${what}: ${last.body ?? ''}` };
}

/** Method, path and status; never the query, which is signed. */
function describe(exchanged: Exchanged): string {
  const { pathname } = new URL(exchanged.url);
  return `${exchanged.method} ${pathname}${exchanged.status === undefined ? '' : ` ${exchanged.status}`}`;
}

/** The venue's error code of the last request; undefined without one. */
export function lastCode(facts: VenueFacts, notes: CallNotes): string | undefined {
  const last = notes.requests.at(-1);
  return last === undefined ? undefined : codeOf(facts, last);
}

/** The venue's error code in an answer. */
export function codeOf(facts: VenueFacts, exchanged: Exchanged): string | undefined {
  if (exchanged.body === undefined || exchanged.body.length > MAX_ERROR_BODY) return undefined;
  try {
    return facts.errorCode(JSON.parse(exchanged.body));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What an answer proves, by the venue's table. */
export const verdictOf = (facts: VenueFacts, exchanged: Exchanged): Verdict =>
  judge(facts.answers, exchanged, codeOf(facts, exchanged));

/** Names of the refusals that are about the rate of requests and not about the request. */
export const PAUSES: Readonly<Partial<Record<Refusal, string>>> = {
  throttled: 'rate_limited',
  banned: 'venue_banned',
};

/** How long the answer says to wait: its Retry-After header (whole seconds), or the instant in its body. */
export function retryAfterMs(facts: VenueFacts, exchanged: Exchanged, venueNow: Instant): number | undefined {
  const seconds = Number(exchanged.headers?.['retry-after']);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  const until = facts.answers.bannedUntil?.(exchanged.body ?? '');
  return until === undefined || until <= venueNow ? undefined : until - venueNow;
}
