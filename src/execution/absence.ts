/**
 * Proof that an order never existed. One empty answer proves nothing: the request's validity must be over, at least
 * `minLookups` good lookups spaced by `spacingMs` must all be empty, the venue must still remember orders that old,
 * and its position must equal the ledger's. Not durable: a restart starts the proof again.
 */
import type { Instant } from '../kernel/instant.ts';
import type { ExecutionSettings } from './settings.ts';

export interface AbsenceProof {
  /** Good, empty lookups that count. */
  readonly emptyAt: readonly Instant[];
}

export const NO_PROOF: AbsenceProof = { emptyAt: [] };

/** Counts one good empty lookup, unless it came too soon after the one before. */
export function countEmpty(proof: AbsenceProof, now: Instant, settings: ExecutionSettings['lookup']): AbsenceProof {
  const last = proof.emptyAt.at(-1);
  if (last !== undefined && now - last < settings.spacingMs) return proof;
  return { emptyAt: [...proof.emptyAt, now].slice(-settings.minLookups) };
}

/**
 * `ask_position`: lookups suffice, compare the venue's position next. `too_old`: the venue may have forgotten the
 * order, so that its silence proves nothing; a human must look.
 */
export function absenceStep(
  proof: AbsenceProof,
  intendedAt: Instant,
  now: Instant,
  settings: ExecutionSettings['lookup'],
): 'keep_looking' | 'ask_position' | 'too_old' {
  if (now - intendedAt > settings.horizonMs) return 'too_old';
  if (now - intendedAt < settings.minValidityMs) return 'keep_looking';
  return proof.emptyAt.length >= settings.minLookups ? 'ask_position' : 'keep_looking';
}
