/**
 * Client order ids: `t<mode><database tag:4><epoch:4><hedge:4><leg><attempt:3>`, base 36, 18 characters of [a-z0-9].
 * Unique by construction: the database tag separates ledgers on one account, the epoch separates processes, and an
 * attempt number is used once. Within every venue's limit (VENUES: Gate's 28, OKX's 32 alphanumerics without hyphens).
 */
import { invariant } from '../kernel/assert.ts';
import type { ClientOrderId, HedgeId, LegName, Mode } from '../kernel/ids.ts';

/** One leg's attempts that ids can number; a quarantined leg is retried for years before it gets there. */
export const MAX_ATTEMPTS = 36 ** 3 - 1;

export interface IdStamp {
  readonly mode: Mode;
  /** Four characters [a-z0-9]. */
  readonly tag: string;
  readonly epoch: number;
}

export function clientOrderId(stamp: IdStamp, hedge: HedgeId, leg: LegName, attempt: number): ClientOrderId {
  const id = `t${stamp.mode[0]}${stamp.tag}${field(stamp.epoch, 4)}${field(Number(hedge.slice(1)), 4)}${leg[0]}${field(attempt, 3)}`;
  invariant(/^[a-z0-9]{18}$/.test(id), `malformed client order id ${id}`);
  return id;
}

function field(value: number, width: number): string {
  invariant(
    Number.isSafeInteger(value) && value >= 0 && value < 36 ** width,
    `id field ${value} exceeds ${width} digits`,
  );
  return value.toString(36).padStart(width, '0');
}
