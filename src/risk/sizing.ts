/**
 * How much of an opportunity may be opened: the smallest of the wanted size and everything that caps it, floored to a
 * quantity both venues accept. Refused when that is less than what is worth opening or can be closed again.
 * Entry point: `sizeHedge`.
 */
import {
  add,
  type Base,
  base,
  ceilTo,
  commonStep,
  fewestLots,
  floorTo,
  lt,
  max,
  min,
  mostLots,
  notional,
  type Px,
  px,
  quote,
  scale,
  toNumber,
  ZERO_BASE,
} from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import { type Book, bookDefect, type Level, mid } from '../market/book.ts';
import type { Instrument } from '../market/instrument.ts';
import type { InstrumentView } from '../market/view.ts';
import type { RiskLimits, RiskSettings, RiskState, RuleBreach } from './limits.ts';

/** A hedge must still be above the venue's minimum notional after the price has lost this share. */
export const CLOSABLE_AFTER_DROP_RATE = 0.2;

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

interface Leg {
  readonly instrument: Instrument;
  readonly mid: number;
  readonly entryLimit: Px;
  /** What exposure and margin are counted at: the worst price for a buy, mid for a sale. */
  readonly price: Px;
  /** Base units within the slippage cap on the thinner side: what can be entered and left again. */
  readonly depth: number;
}

/** Something that caps the quantity. */
interface Ceiling {
  readonly rule: string;
  readonly quantity: Base;
  readonly limit: number;
  /** The figure to hold against `limit` if this quantity were opened. */
  readonly actualAt: (quantity: Base) => number;
  readonly detail: string;
}

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
  const ceilings = [
    ...exposureCeilings(request, long, short, limits, state, commonLot),
    ...[long, short].flatMap((leg) => legCeilings(leg, limits, state, settings, commonLot)),
  ];
  const breaches = ceilings.flatMap((ceiling) => (lt(ceiling.quantity, needed) ? [breachOf(ceiling, needed)] : []));
  if (unknown.length > 0 || breaches.length > 0) return { kind: 'refused', breaches: [...unknown, ...breaches] };
  const quantity = ceilings.map((ceiling) => ceiling.quantity).reduce((a, b) => min(a, b));
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
  let least = commonLot;
  for (const { instrument, mid: middle } of [long, short]) {
    least = max(least, instrument.minQuantity);
    least = max(least, fewestLots(quote(limits.size.minHedgeNotionalUsd), px(middle), commonLot));
    const floor = instrument.minNotional;
    if (floor)
      least = max(least, fewestLots(floor, scale(px(middle), String(1 - CLOSABLE_AFTER_DROP_RATE)), commonLot));
  }
  return ceilTo(least, commonLot);
}

function exposureCeilings(
  request: SizingRequest,
  long: Leg,
  short: Leg,
  limits: RiskLimits,
  state: RiskState,
  lot: Base,
): Ceiling[] {
  const { size, exposure } = limits;
  const dearer = max(long.price, short.price);
  const both = add(long.price, short.price);
  const wanted = Math.min(size.hedgeNotionalUsd, request.pricedUsd);
  return [
    headroom('min_size', wanted, 0, dearer, lot, 'wanted and priced notional per leg'),
    headroom(
      'asset_notional',
      exposure.maxAssetNotionalUsd,
      state.assetNotionalUsd.get(request.asset) ?? 0,
      dearer,
      lot,
      `notional in ${request.asset}`,
    ),
    headroom(
      'total_notional',
      exposure.maxTotalNotionalUsd,
      state.totalNotionalUsd,
      both,
      lot,
      'both legs of all hedges',
    ),
    ...[long, short].map(({ instrument: { venue }, price }) =>
      headroom(
        'venue_notional',
        exposure.maxVenueNotionalUsd,
        state.venueNotionalUsd.get(venue) ?? 0,
        price,
        lot,
        `notional on ${venue}`,
      ),
    ),
  ];
}

function legCeilings(leg: Leg, limits: RiskLimits, state: RiskState, settings: RiskSettings, lot: Base): Ceiling[] {
  const { instrument, price } = leg;
  const available = state.availableUsd.get(instrument.venue);
  const ceilings: Ceiling[] = [depthCeiling(leg, limits.size.maxDepthShare, lot)];
  if (available !== undefined && Number.isFinite(available)) {
    // Initial margin, plus the taker fees of entering and of leaving again.
    const perUsd = 1 / settings.leverage + 2 * Math.max(0, instrument.takerFeeRate);
    const usable = available * (1 - settings.marginReserveRate);
    const cost = perUsd > 0 && Number.isFinite(perUsd) ? scale(price, perUsd) : undefined;
    ceilings.push(
      cost
        ? headroom('margin', usable, 0, cost, lot, `free margin on ${instrument.venue}`)
        : {
            rule: 'margin',
            quantity: ZERO_BASE,
            limit: usable,
            actualAt: () => Number.NaN,
            detail: 'leverage unusable',
          },
    );
  }
  const most = instrument.maxQuantity;
  if (most) {
    const detail = `largest order of ${instrument.key}, base units`;
    ceilings.push({
      rule: 'max_quantity',
      quantity: floorTo(most, lot),
      limit: toNumber(most),
      actualAt: toNumber,
      detail,
    });
  }
  return ceilings;
}

function depthCeiling(leg: Leg, share: number, lot: Base): Ceiling {
  const size = leg.depth * share;
  return {
    rule: 'depth',
    quantity: Number.isFinite(size) ? floorTo(base(size), lot) : ZERO_BASE,
    limit: size * leg.mid,
    actualAt: (quantity) => toNumber(quantity) * leg.mid,
    detail: `USD within the slippage cap on the thinner side of ${leg.instrument.key}, times the depth share`,
  };
}

/** What `limit - used` buys at `price` per unit. Anything that is not a finite number leaves no room. */
function headroom(rule: string, limit: number, used: number, price: Px, lot: Base, detail: string): Ceiling {
  const room = limit - used;
  const actualAt = (quantity: Base) => used + toNumber(notional(quantity, price));
  if (!Number.isFinite(room) || room <= 0) return { rule, quantity: ZERO_BASE, limit, actualAt, detail };
  return { rule, quantity: mostLots(quote(room), price, lot), limit, actualAt, detail };
}

function breachOf({ rule, limit, actualAt, detail }: Ceiling, needed: Base): RuleBreach {
  const actual = actualAt(needed);
  return { rule, limit, actual, shortfall: actual - limit, detail: `${detail}: the smallest useful size needs more` };
}
