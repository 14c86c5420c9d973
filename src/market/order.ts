/** Orders, fills and account facts as venues report them, in base units and settle currency. */
import type { Base, Px, Quote } from '../kernel/decimal.ts';
import type { ClientOrderId, InstrumentKey, Route, UnifiedSymbol, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

export type Side = 'buy' | 'sell';
/** Of a position. */
export type Direction = 'long' | 'short';

/**
 * How a hedge is entered. `taker`: both legs at once. `maker_taker`: one leg rests as maker, each of its fills is hedged on
 * the other at once. `sliced`: both legs at once, in parts over time.
 */
export type EntryStyle = 'taker' | 'maker_taker' | 'sliced';

/** A venue's refusal of a post-only order that would have traded at once: not wrong, only too late at its price. */
export const WOULD_CROSS = 'post_only_would_cross';

/** A venue's refusal for want of margin: a smaller order may still be taken. */
export const INSUFFICIENT_MARGIN = 'insufficient_margin';

/** One order as the executor wants it. The limit caps the price: a buy never pays more, a sell never takes less. */
export interface OrderRequest {
  readonly clientOrderId: ClientOrderId;
  readonly key: InstrumentKey;
  readonly side: Side;
  /** Positive, a multiple of the instrument's lot. */
  readonly quantity: Base;
  /** A multiple of the tick. */
  readonly limitPrice: Px;
  /** `ioc`: fills at once or is cancelled. `post_only`: rests as maker or is refused. */
  readonly style: 'ioc' | 'post_only';
  readonly reduceOnly: boolean;
}

export interface OrderRef {
  readonly clientOrderId: ClientOrderId;
  readonly key: InstrumentKey;
  /** Present once the venue has told it. */
  readonly venueOrderId?: string;
}

/** `open` rests; the rest are final. `expired` covers IOC remainders that a venue calls expired. */
export type OrderStatus = 'open' | 'filled' | 'canceled' | 'expired' | 'rejected';

export interface OrderState {
  readonly clientOrderId: ClientOrderId;
  readonly venueOrderId: string;
  readonly key: InstrumentKey;
  readonly side: Side;
  readonly status: OrderStatus;
  readonly quantity: Base;
  /** Cumulative. */
  readonly filled: Base;
  readonly updatedAt: Instant;
}

export interface Fill {
  readonly venue: VenueId;
  readonly route: Route;
  /** Unique with venue, route and symbol. */
  readonly tradeId: string;
  readonly venueOrderId: string;
  /**
   * Absent when the venue's rows name no order (a join is needed); empty when they do and this one has none: a liquidation,
   * ADL, or a human's order.
   */
  readonly clientOrderId?: ClientOrderId;
  readonly symbol: UnifiedSymbol;
  readonly side: Side;
  /** Positive. */
  readonly quantity: Base;
  readonly price: Px;
  /** Positive = paid, negative = rebate, in `feeCurrency`. */
  readonly fee: Quote;
  readonly feeCurrency: string;
  readonly liquidity: 'taker' | 'maker';
  readonly at: Instant;
}

/** One funding payment as the venue booked it. */
export interface FundingPayment {
  readonly venue: VenueId;
  readonly route: Route;
  /** The venue's own record id, unique with venue, route and symbol. */
  readonly paymentId: string;
  readonly symbol: UnifiedSymbol;
  /** Positive = received. */
  readonly amount: Quote;
  readonly currency: string;
  readonly at: Instant;
}

export interface VenuePosition {
  readonly key: InstrumentKey;
  /** Base units, long positive, short negative; a flat position is not listed or zero. */
  readonly quantity: Base;
  readonly entryPrice?: Px;
  readonly mark?: Px;
  readonly liquidationPrice?: Px;
  readonly leverage?: number;
}

export interface VenueBalance {
  readonly currency: string;
  /** Wallet balance: deposits + realised PnL + funding - fees, without unrealised PnL. */
  readonly wallet: Quote;
  /** What can margin new positions. */
  readonly available: Quote;
}
