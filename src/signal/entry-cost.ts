/**
 * What one leg costs to enter and to leave, by order style. Exits always take on both legs at full size.
 *
 * - `taker`: taker fee and a walk through the book, in and out.
 * - `maker_taker`: the resting leg pays its maker fee and no slippage on the way in. That it may buy below mid is never
 *   counted as a gain: the market moves before it fills. The other leg is as in `taker`.
 * - `sliced`: taker fees; the way in walks the book at the size of one slice, the way out at the whole.
 */
import { commonStep, toNumber } from '../kernel/decimal.ts';
import type { LegName } from '../kernel/ids.ts';
import { walkLevels } from '../market/book.ts';
import type { Instrument } from '../market/instrument.ts';
import type { LegQuote } from './leg-quote.ts';
import type { OpportunityEntry, OpportunityLeg } from './opportunity.ts';
import type { SignalSettings } from './settings.ts';

/** A slice must be above a minimum notional after the price has lost this share. */
const SLICE_DROP_RATE = 0.2;

/** The leg that rests: the one with the wider book, in relation to its mid. Equal books: the long one. */
export const makerLeg = (long: LegQuote, short: LegQuote): LegName =>
  (short.ask - short.bid) / short.mid > (long.ask - long.bid) / long.mid ? 'short' : 'long';

/** The style that this pair will be entered with. */
export function entryOf(long: LegQuote, short: LegQuote, { entry, notionalUsd }: SignalSettings): OpportunityEntry {
  switch (entry?.style) {
    case undefined:
    case 'taker':
      return { style: 'taker' };
    case 'maker_taker':
      return { style: 'maker_taker', maker: entry.maker ?? makerLeg(long, short) };
    case 'sliced':
      return { style: 'sliced', sliceUsd: Math.min(notionalUsd, Math.max(entry.sliceUsd, leastSliceUsd(long, short))) };
  }
}

export function legCost(
  leg: LegQuote,
  name: LegName,
  entry: OpportunityEntry,
  notionalUsd: number,
): Pick<OpportunityLeg, 'feesUsd' | 'slippageUsd' | 'entryPrice'> {
  const { takerFeeRate, makerFeeRate } = leg.instrument;
  const size = notionalUsd / leg.mid;
  const feesUsd = 2 * takerFeeRate * notionalUsd;
  const { slippageUsd } = leg;
  const entryPrice = name === 'long' ? leg.buyPrice : leg.sellPrice;
  const exitUsd = size * (name === 'long' ? leg.mid - leg.sellPrice : leg.buyPrice - leg.mid);
  switch (entry.style) {
    case 'taker':
      return { feesUsd, slippageUsd, entryPrice };
    case 'maker_taker':
      if (entry.maker !== name) return { feesUsd, slippageUsd, entryPrice };
      return {
        feesUsd: (makerFeeRate + takerFeeRate) * notionalUsd,
        slippageUsd: exitUsd,
        entryPrice: name === 'long' ? leg.bid : leg.ask,
      };
    case 'sliced': {
      const levels = name === 'long' ? leg.book.asks : leg.book.bids;
      const { averagePrice } = walkLevels(levels, entry.sliceUsd / leg.mid);
      return { feesUsd, slippageUsd: size * Math.abs(averagePrice - leg.mid) + exitUsd, entryPrice: averagePrice };
    }
  }
}

/** What both venues take in one order, rounded up to a quantity of both, in USD at the dearer mid. */
function leastSliceUsd(long: LegQuote, short: LegQuote): number {
  const lot = toNumber(commonStep(long.instrument.lot, short.instrument.lot));
  const least = Math.max(lot, leastOf(long.instrument, long.mid), leastOf(short.instrument, short.mid));
  return Math.ceil(least / lot - 1e-9) * lot * Math.max(long.mid, short.mid);
}

const leastOf = ({ minQuantity, minNotional }: Instrument, mid: number): number =>
  Math.max(toNumber(minQuantity), minNotional ? toNumber(minNotional) / (mid * (1 - SLICE_DROP_RATE)) : 0);
