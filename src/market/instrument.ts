/** What a venue lists and what it accepts, in base units. Contracts never appear here. */
import type { Base, Px, Quote } from '../kernel/decimal.ts';
import type { InstrumentKey, UnifiedSymbol, VenueId } from '../kernel/ids.ts';
import { DAY_MS, type Instant } from '../kernel/instant.ts';

/** Nothing is opened in the last day of a market: it hardly earns its fees, and what is left is settled by the venue. */
export const LAST_OPENING_MS = DAY_MS;

export interface Instrument {
  readonly key: InstrumentKey;
  readonly venue: VenueId;
  readonly symbol: UnifiedSymbol;
  /** Base asset: `BTC`. Hedges pair instruments of one asset. */
  readonly asset: string;
  readonly kind: 'perpetual' | 'spot';
  /** Currency of margin, fees and PnL: `USDT`. */
  readonly settle: string;
  /** Quantity step in base units (OKX: lot size x contract size). */
  readonly lot: Base;
  readonly minQuantity: Base;
  /** Absent when the venue has no such rule. */
  readonly minNotional?: Quote;
  /** Largest quantity of one order, when the venue says. */
  readonly maxQuantity?: Base;
  /** Price step. */
  readonly tick: Px;
  /** Fraction of notional, positive = paid. */
  readonly takerFeeRate: number;
  readonly makerFeeRate: number;
  /** False: halted, delisting or not yet open. Opens nothing. */
  readonly trading: boolean;
  /** When the venue ends the market and settles what is left, as announced; absent, or far ahead, while it has not. */
  readonly endsAt?: Instant;
}
