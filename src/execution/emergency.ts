/**
 * The one order that may leave before it is durable, because nothing can be: it makes the legs of an asset equal by what
 * the venues' own positions say, and only ever smaller. When it may leave is `engine/emergency.ts`'s to say.
 */
import {
  abs,
  add,
  type Base,
  floorTo,
  gte,
  isNegative,
  isPositive,
  isZero,
  lt,
  max,
  min,
  sub,
  sum,
  ZERO_BASE,
} from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import { type Instant, MINUTE_MS } from '../kernel/instant.ts';
import { type AttemptRecord, type HedgeRecord, isUnresolved, type LegRecord, legsOf } from '../ledger/state.ts';
import type { Instrument } from '../market/instrument.ts';

export interface EmergencyReduction {
  readonly hedge: HedgeRecord;
  readonly leg: LegRecord;
  /** Positive, in lots of the leg's instrument. */
  readonly quantity: Base;
}

/** `naked`: `net` is the asset's net base delta, positive when long; without `next` no venue takes an order that helps. */
export type VenueDelta =
  | { readonly kind: 'equal' }
  | { readonly kind: 'naked'; readonly net: Base; readonly next: EmergencyReduction | undefined };

/** An order that was called absent may still turn up for so long. */
const LATE_MS = 10 * MINUTE_MS;

/** What a ledger that cannot be written does not know. */
export interface Unwritten {
  readonly now: Instant;
  /** What of a leg fills have closed that were told and could not be booked. Positive. */
  readonly closedSince: (leg: LegRecord) => Base;
  /** What fills of an opening order were told and could not be booked. Positive. */
  readonly openedSince: (attempt: AttemptRecord) => Base;
}

/**
 * What a leg can hold at most: what is booked and not closed since, and what orders that open it may have filled, or were
 * told to have filled: a request that was taken twice fills more than it asked for. More than that at the venue is
 * somebody else's. Positive.
 */
export function mostOf(leg: LegRecord, unwritten: Unwritten): Base {
  const opened = sum(
    abs(leg.holding.quantity),
    openingsOf(leg).map((attempt) => max(leftOf(attempt, unwritten), unwritten.openedSince(attempt))),
  );
  return sub(opened, min(opened, unwritten.closedSince(leg)));
}

/** What fills of ours were told to have opened on an instrument beyond all that their orders had left. Positive. */
export function toldBeyond(hedges: readonly HedgeRecord[], key: InstrumentKey, unwritten: Unwritten): Base {
  const attempts = hedges.flatMap(legsOf).flatMap((leg) => (leg.key === key ? openingsOf(leg) : []));
  const parts = attempts.map((attempt) => sub(unwritten.openedSince(attempt), leftOf(attempt, unwritten)));
  return sum(ZERO_BASE, parts.filter(isPositive));
}

const openingsOf = ({ attempts }: LegRecord): AttemptRecord[] => attempts.filter(({ intent }) => !intent.reduceOnly);

const leftOf = (attempt: AttemptRecord, { now }: Unwritten): Base =>
  mayHaveFilled(attempt, now) ? sub(attempt.intent.quantity, attempt.filled) : ZERO_BASE;

const mayHaveFilled = (attempt: AttemptRecord, now: Instant): boolean =>
  isUnresolved(attempt) || (attempt.status === 'proven_absent' && attempt.changedAt >= now - LATE_MS);

export interface VenueWord extends Unwritten {
  /** Signed base units, of every instrument of the hedges that are judged. */
  readonly venueSays: (key: InstrumentKey) => Base;
  readonly instrumentOf: (key: InstrumentKey) => Instrument | undefined;
}

/**
 * Judges all hedges of one asset on one route, in the order in which they were planned. The reduction is never more than
 * the net excess, than its leg, or than what the venue holds of it, so that it can neither open nor flip anything.
 */
export function venueDelta(hedges: readonly HedgeRecord[], word: VenueWord): VenueDelta {
  const parts = partsOf(hedges, word);
  const partOf = (leg: LegRecord): Base => parts.get(leg) ?? ZERO_BASE;
  const deltas = hedges.map((hedge) => ({ hedge, delta: sub(partOf(hedge.long), partOf(hedge.short)) }));
  const net = sum(
    ZERO_BASE,
    deltas.map(({ delta }) => delta),
  );
  const excess = abs(net);
  const sameWay = deltas.filter(({ delta }) => !isZero(delta) && delta.s === net.s);
  const naked = sameWay.filter(({ hedge }) => gte(excess, hedge.plan.commonLot));
  if (isZero(net) || naked.length === 0) return { kind: 'equal' };
  const [next] = naked
    .sort((a, b) => abs(b.delta).cmp(abs(a.delta)))
    .flatMap(({ hedge, delta }): EmergencyReduction[] => {
      const leg = net.s > 0 ? hedge.long : hedge.short;
      const quantity = orderable(min(min(excess, abs(delta)), partOf(leg)), word.instrumentOf(leg.key));
      return quantity ? [{ hedge, leg, quantity }] : [];
    });
  return { kind: 'naked', net, next };
}

/** What the venues say beyond anything that orders of these hedges can have made: somebody else's. Signed, never zero. */
export function beyondOurs(hedges: readonly HedgeRecord[], word: VenueWord): ReadonlyMap<InstrumentKey, Base> {
  const left = new Map<InstrumentKey, Base>();
  for (const [leg, part] of partsOf(hedges, word)) {
    const rest = left.get(leg.key) ?? word.venueSays(leg.key);
    left.set(leg.key, leg.direction === 'long' ? sub(rest, part) : add(rest, part));
  }
  return new Map([...left].filter(([, rest]) => !isZero(rest)));
}

/** What of the venues' positions is each leg's, the oldest hedge's first. Positive. */
function partsOf(hedges: readonly HedgeRecord[], word: VenueWord): ReadonlyMap<LegRecord, Base> {
  const left = new Map<InstrumentKey, Base>();
  const parts = new Map<LegRecord, Base>();
  for (const leg of hedges.flatMap(legsOf)) {
    const rest = left.get(leg.key) ?? word.venueSays(leg.key);
    const isOurs = leg.direction === 'long' ? isPositive(rest) : isNegative(rest);
    const part = isOurs ? min(abs(rest), mostOf(leg, word)) : ZERO_BASE;
    parts.set(leg, part);
    left.set(leg.key, leg.direction === 'long' ? sub(rest, part) : add(rest, part));
  }
  return parts;
}

/** In lots, as much as one order takes; undefined when that is too little for any. */
function orderable(wanted: Base, instrument: Instrument | undefined): Base | undefined {
  if (!instrument) return undefined;
  const { lot, minQuantity, maxQuantity } = instrument;
  const quantity = floorTo(maxQuantity === undefined ? wanted : min(wanted, maxQuantity), lot);
  return isZero(quantity) || lt(quantity, minQuantity) ? undefined : quantity;
}
