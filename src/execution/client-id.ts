/**
 * Client order ids: `<mode><database tag:4><era:5><hedge:4><leg><attempt:3>`, base 36, 18 characters of [a-z0-9].
 * Unique by construction: the database tag separates ledgers on one account, the era separates processes, and an
 * attempt number is used once. The era follows the clock, so that a ledger that was restored from a backup does not make
 * the ids again that its lost processes made. Within every venue's limit (VENUES: Gate's 28, OKX's 32 alphanumerics
 * without hyphens).
 *
 * The ids of emergency orders, which no ledger could record before they left, have letters of their own for the leg, and
 * the instant of their sending for era and attempt: `engine/emergency.ts`.
 */
import { invariant } from '../kernel/assert.ts';
import type { ClientOrderId, HedgeId, LegName, Mode } from '../kernel/ids.ts';
import { type Instant, SECOND_MS } from '../kernel/instant.ts';

/** One leg's attempts that ids can number; a quarantined leg is retried for years before it gets there. */
export const MAX_ATTEMPTS = 36 ** 3 - 1;

export interface IdStamp {
  readonly mode: Mode;
  /** Four characters [a-z0-9]. */
  readonly tag: string;
  readonly epoch: number;
  /** Of this process: above every era that the ledger or a venue has shown. */
  readonly era: number;
}

/** A process takes longer than this to make its first order, live and die. */
const ERA_MS = 10 * SECOND_MS;
/** Five digits last until 2043. */
const ERAS_BEGAN_AT: Instant = Date.UTC(2024, 0, 1);

/** Above every era in `known`, and not below the clock's own. */
export function eraAfter(known: Iterable<number>, now: Instant): number {
  let era = Math.max(0, Math.floor((now - ERAS_BEGAN_AT) / ERA_MS));
  for (const each of known) if (each >= era) era = each + 1;
  return era;
}

/** Mode and database tag. */
const LEDGER_LENGTH = 5;
const DURABLE = /^[a-z0-9]{14}[ls][a-z0-9]{3}$/;
const EMERGENCY = /^([a-z0-9]{5})[a-z0-9]{5}([a-z0-9]{4})([xy])[a-z0-9]{3}$/;
const EMERGENCY_LETTERS: Readonly<Record<LegName, string>> = { long: 'x', short: 'y' };

/**
 * The era of an id that this ledger recorded before its order left; undefined for anybody else's, and for an emergency's:
 * that the ledger does not know one is no sign that it has lost anything.
 */
export function eraOf(id: string, { mode, tag }: Pick<IdStamp, 'mode' | 'tag'>): number | undefined {
  if (!id.startsWith(`${mode[0]}${tag}`) || !DURABLE.test(id)) return undefined;
  return Number.parseInt(id.slice(5, 10), 36);
}

export function clientOrderId(stamp: IdStamp, hedge: HedgeId, leg: LegName, attempt: number): ClientOrderId {
  const id = `${stamp.mode[0]}${stamp.tag}${field(stamp.era, 5)}${field(Number(hedge.slice(1)), 4)}${leg[0]}${field(attempt, 3)}`;
  invariant(/^[a-z0-9]{18}$/.test(id), `malformed client order id ${id}`);
  return id;
}

/**
 * The id of an emergency order. No ledger can count those, so the clock does: two of one leg would have to be sent within
 * the same millisecond.
 */
export function emergencyOrderId({ mode, tag }: IdStamp, hedge: HedgeId, leg: LegName, now: Instant): ClientOrderId {
  const sinceMs = Math.max(0, now - ERAS_BEGAN_AT);
  const id = `${mode[0]}${tag}${field(Math.floor(sinceMs / ERA_MS), 5)}${field(Number(hedge.slice(1)), 4)}${EMERGENCY_LETTERS[leg]}${field(sinceMs % ERA_MS, 3)}`;
  invariant(EMERGENCY.test(id), `malformed client order id ${id}`);
  return id;
}

/** Whether one ledger recorded both before their orders left; an emergency's id is nobody's. */
export const isSameLedger = (a: string, b: string): boolean =>
  DURABLE.test(a) && DURABLE.test(b) && a.slice(0, LEDGER_LENGTH) === b.slice(0, LEDGER_LENGTH);

/** Whose emergency an order was; undefined for any other id. `ledger`: what the ids of that ledger begin with. */
export function emergencyOf(
  id: string,
): { readonly ledger: string; readonly hedge: HedgeId; readonly leg: LegName } | undefined {
  const [, ledger, hedge, letter] = EMERGENCY.exec(id) ?? [];
  if (ledger === undefined || hedge === undefined) return undefined;
  return { ledger, hedge: `h${Number.parseInt(hedge, 36)}`, leg: letter === EMERGENCY_LETTERS.long ? 'long' : 'short' };
}

function field(value: number, width: number): string {
  invariant(
    Number.isSafeInteger(value) && value >= 0 && value < 36 ** width,
    `id field ${value} exceeds ${width} digits`,
  );
  return value.toString(36).padStart(width, '0');
}
