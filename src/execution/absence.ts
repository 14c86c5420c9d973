/**
 * Proof that an order never existed. One empty answer proves nothing: the request's validity must be over, at least
 * `minLookups` good lookups spaced by `spacingMs` must all be empty, the venue must still remember orders that old,
 * and its position must equal the ledger's. Not durable: a restart starts the proof again. Every duration here is of
 * the monotonic clock: a wall clock that jumps shortens no proof.
 */
import type { ExecutionSettings } from './settings.ts';

export interface AbsenceProof {
  /** Monotonic ms of good, empty lookups that count. */
  readonly emptyAtMs: readonly number[];
}

/** How long an order's fate has been unknown, in ms that really passed. */
export interface Waited {
  /** Since this process stamped its request, or began to look for what an earlier one had sent. */
  readonly watchedMs: number;
  /** Since it was intended, as far as is known: longer than `watchedMs` when an earlier process sent it. */
  readonly ageMs: number;
}

export const NO_PROOF: AbsenceProof = { emptyAtMs: [] };

/** Counts one good empty lookup, unless it came too soon after the one before. */
export function countEmpty(proof: AbsenceProof, nowMs: number, settings: ExecutionSettings['lookup']): AbsenceProof {
  const last = proof.emptyAtMs.at(-1);
  if (last !== undefined && nowMs - last < settings.spacingMs) return proof;
  return { emptyAtMs: [...proof.emptyAtMs, nowMs].slice(-settings.minLookups) };
}

/** What a venue says of itself; see the `Venue` port. */
export interface VenueTerms {
  readonly orderMemoryMs: number;
  readonly requestValidityMs: number;
}

/** How long silence about an order means anything: as configured, never longer than its venue remembers orders. */
export const horizonMs = (settings: ExecutionSettings['lookup'], orderMemoryMs: number): number =>
  Math.min(settings.horizonMs, orderMemoryMs);

/**
 * `ask_position`: lookups suffice, compare the venue's position next. `too_old`: the venue may have forgotten the
 * order, so that its silence proves nothing; a human must look.
 */
export function absenceStep(
  proof: AbsenceProof,
  waited: Waited,
  settings: ExecutionSettings['lookup'],
  { orderMemoryMs, requestValidityMs }: VenueTerms,
): 'keep_looking' | 'ask_position' | 'too_old' {
  if (waited.ageMs > horizonMs(settings, orderMemoryMs)) return 'too_old';
  if (waited.watchedMs < Math.max(settings.minValidityMs, requestValidityMs)) return 'keep_looking';
  return proof.emptyAtMs.length >= settings.minLookups ? 'ask_position' : 'keep_looking';
}
