/** What a process remembers of an order until its end is known. */
import { type AbsenceProof, NO_PROOF, type VenueTerms, type Waited } from '../execution/absence.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Core } from './core.ts';

export interface LookupWatch {
  readonly account: string;
  inFlight: boolean;
  /** Monotonic ms of the newest request. */
  askedMs: number;
  tries: number;
  proof: AbsenceProof;
  /** Monotonic ms when the request was stamped, or began to be looked for, and its age then by the wall clock. */
  sinceMs: number;
  ageThenMs: number;
  /** Monotonic: since when complete lists of open orders lack it, and no lookup finds it. */
  unlistedMs?: number | undefined;
}

/** A cancel of one order: requests are repeated with growing pauses until a lookup knows the order's end. */
export interface CancelWatch {
  inFlight: boolean;
  tries: number;
  /** No request before. */
  notBefore: Instant;
}

/** Of an account that is not traded on any more: nothing it says proves anything. */
const NO_TERMS: VenueTerms = { orderMemoryMs: 0, requestValidityMs: Number.POSITIVE_INFINITY };

export const termsOf = (core: Core, watch: LookupWatch): VenueTerms => core.accounts.get(watch.account) ?? NO_TERMS;

/** The request was stamped then, monotonic ms: what was looked up before says nothing. */
export function countFrom(watch: LookupWatch, stampedMs: number): void {
  watch.ageThenMs = Math.max(0, watch.ageThenMs + stampedMs - watch.sinceMs);
  watch.sinceMs = stampedMs;
  watch.proof = NO_PROOF;
}

/** At an instant, monotonic ms. */
export function waitedUntil({ sinceMs, ageThenMs }: LookupWatch, atMs: number): Waited {
  const watchedMs = atMs - sinceMs;
  return { watchedMs, ageMs: ageThenMs + watchedMs };
}
