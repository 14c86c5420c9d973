/**
 * How much of an opportunity may be opened: the smallest of the wanted size and everything that caps it, floored to a
 * quantity both venues accept. Refused when that is less than what is worth opening or can be closed again.
 * Entry point: `sizeHedge`.
 */
import {
  type Base,
  ceilTo,
  commonStep,
  fewestLots,
  floorTo,
  gte,
  max,
  min,
  type Px,
  px,
  quote,
  scale,
  toNumber,
} from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import { type Book, bookDefect, type Level, mid } from '../market/book.ts';
import type { Instrument } from '../market/instrument.ts';
import type { InstrumentView } from '../market/view.ts';
import { breachOf, exposureCeilings, type Leg, legCeilings } from './ceilings.ts';
import type { RiskLimits, RiskSettings, RiskState, RuleBreach } from './limits.ts';

/** A hedge must still be above the venue's minimum notional after the price has lost this share. */
export const CLOSABLE_AFTER_DROP_RATE = 0.2;
const CLOSABLE_PRICE_SHARE = String(1 - CLOSABLE_AFTER_DROP_RATE);

export interface SizingRequest {
  readonly asset: string;
  readonly long: InstrumentView;
  readonly short: InstrumentView;
  /** The size whose fees and slippage the opportunity counted: never exceeded. */
  readonly pricedUsd: number;
}

export interface Sized {
  readonly kind: 'sized';
  readonly quantity: Base;
  readonly commonLot: Base;
  /** Smallest quantity that would have been worth opening. */
  readonly least: Base;
  /** Highest price of the long leg's entry, on the tick. */
  readonly longLimit: Px;
  /** Lowest price of the short leg's entry, on the tick. */
  readonly shortLimit: Px;
  readonly longMid: number;
  readonly shortMid: number;
}

export type Sizing = Sized | { readonly kind: 'refused'; readonly breaches: readonly RuleBreach[] };

export function sizeHedge(
  request: SizingRequest,
  limits: RiskLimits,
  state: RiskState,
  settings: RiskSettings,
): Sizing {
  const long = legOf(request.long, 'long', settings);
  const short = legOf(request.short, 'short', settings);
  if ('rule' in long) return { kind: 'refused', breaches: 'rule' in short ? [long, short] : [long] };
  if ('rule' in short) return { kind: 'refused', breaches: [short] };
  const unknown = [long, short].flatMap((leg) => marginUnknown(leg, state));
  const commonLot = commonStep(long.instrument.lot, short.instrument.lot);
  const needed = smallestUseful(long, short, limits, commonLot);
  const ceilings = exposureCeilings(request, long, short, limits, state);
  for (const leg of [long, short]) ceilings.push(...legCeilings(leg, limits, state, settings));
  const breaches = ceilings.flatMap((ceiling) => (ceiling.allows(needed) ? [] : [breachOf(ceiling, needed)]));
  if (unknown.length > 0 || breaches.length > 0) return { kind: 'refused', breaches: [...unknown, ...breaches] };
  const quantity = ceilings.map((ceiling) => ceiling.most(commonLot)).reduce((a, b) => min(a, b));
  return {
    kind: 'sized',
    quantity,
    commonLot,
    least: needed,
    longLimit: long.entryLimit,
    shortLimit: short.entryLimit,
    longMid: long.mid,
    shortMid: short.mid,
  };
}

function legOf(view: InstrumentView, direction: 'long' | 'short', settings: RiskSettings): Leg | RuleBreach {
  const { instrument, book } = view;
  const edges = book && edgesOf(book, instrument, settings.maxSlippageRate);
  if (!edges || typeof edges === 'string') {
    const defect = edges ?? 'missing';
    return { rule: 'book_unsound', limit: 'sound', actual: defect, detail: `book of ${instrument.key}: ${defect}` };
  }
  const { highest, lowest, middle, midPrice, worstBuy, depth } = edges;
  return {
    instrument,
    mid: middle,
    midPrice,
    entryLimit: direction === 'long' ? highest : lowest,
    price: direction === 'long' ? worstBuy : midPrice,
    depth,
  };
}

/** How far an entry may go on either side of a sound book. */
interface Edges {
  readonly highest: Px;
  readonly lowest: Px;
  readonly middle: number;
  readonly midPrice: Px;
  /** What a buy is counted at. */
  readonly worstBuy: Px;
  readonly depth: number;
}

/**
 * An instrument stands in many pairs and its book is the same in all of them: worked out once per frame. One entry per
 * instrument, found again only for the very same book, tick and rate.
 */
const measured = new Map<InstrumentKey, { book: Book; tick: Px; rate: number; edges: Edges | string }>();

function edgesOf(book: Book, { key, tick }: Instrument, rate: number): Edges | string {
  const known = measured.get(key);
  if (known?.book === book && known.tick === tick && known.rate === rate) return known.edges;
  const edges = bookDefect(book) ?? measure(book, tick, rate);
  measured.set(key, { book, tick, rate, edges });
  return edges;
}

function measure(book: Book, tick: Px, rate: number): Edges {
  const middle = mid(book);
  const midPrice = px(middle);
  const highest = floorTo(px(middle * (1 + rate)), tick);
  const lowest = ceilTo(px(middle * (1 - rate)), tick);
  const depth = Math.min(depthTo(book, 'asks', toNumber(highest)), depthTo(book, 'bids', toNumber(lowest)));
  return { highest, lowest, middle, midPrice, worstBuy: max(highest, midPrice), depth };
}

function depthTo(book: Book, side: 'bids' | 'asks', limit: number): number {
  const inside = ({ price }: Level) => (side === 'asks' ? price <= limit : price >= limit);
  return book[side].reduce((total, level) => (inside(level) ? total + level.size : total), 0);
}

function marginUnknown({ instrument }: Leg, state: RiskState): RuleBreach[] {
  if (Number.isFinite(state.availableUsd.get(instrument.venue))) return [];
  const detail = `free margin on ${instrument.venue} is not known`;
  return [{ rule: 'margin_unknown', limit: 'known', actual: 'unknown', detail }];
}

/** Smallest quantity that both venues take, that is worth opening, and that can be closed after a fall in price. */
function smallestUseful(long: Leg, short: Leg, limits: RiskLimits, commonLot: Base): Base {
  // What is worth it at the lower price is so at the other.
  const cheaper = min(long.midPrice, short.midPrice);
  let least = max(commonLot, fewestLots(quote(limits.size.minHedgeNotionalUsd), cheaper, commonLot));
  for (const { instrument, midPrice } of [long, short]) {
    const floor = instrument.minNotional;
    if (floor) least = max(least, fewestLots(floor, scale(midPrice, CLOSABLE_PRICE_SHARE), commonLot));
  }
  const accepted = max(long.instrument.minQuantity, short.instrument.minQuantity);
  return gte(least, accepted) ? least : ceilTo(accepted, commonLot);
}
