/** The one output of every opportunity model. Rates are fractions, cash is USD as `number` (an estimate, never booked). */
import type { InstrumentKey, LegName, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Direction } from '../market/order.ts';

/** The order style that an opportunity is priced at, and will be entered with. */
export type OpportunityEntry =
  | { readonly style: 'taker' }
  | { readonly style: 'maker_taker'; readonly maker: LegName }
  /** Largest part, USD per leg. */
  | { readonly style: 'sliced'; readonly sliceUsd: number };

export interface OpportunityLeg {
  readonly key: InstrumentKey;
  readonly venue: VenueId;
  readonly direction: Direction;
  /** Predicted rate of the coming settlement, per hour. */
  readonly hourlyRate: number;
  readonly intervalHours: number;
  readonly nextSettlementAt: Instant;
  /** Settlements that this leg meets within the horizon. */
  readonly settlements: number;
  /** Expected funding over the horizon; positive = received. */
  readonly fundingUsd: number;
  /** Entry and exit fees at the planned order style. */
  readonly feesUsd: number;
  /** Entry and exit slippage against mid, walked from the book at the planned size; a resting entry has none. */
  readonly slippageUsd: number;
  /** Mid of the book that priced it. */
  readonly mid: number;
  /** Mean entry price at the planned size; the touch of a resting leg. */
  readonly entryPrice: number;
}

export interface Opportunity {
  readonly model: 'cross_venue_carry';
  /** `<long key>~<short key>`: the pair, whatever the size. */
  readonly pair: string;
  readonly asset: string;
  readonly long: OpportunityLeg;
  readonly short: OpportunityLeg;
  readonly entry: OpportunityEntry;
  /** Per leg, at which it was priced. */
  readonly notionalUsd: number;
  readonly horizonHours: number;
  /** short hourly rate - long hourly rate, fraction per hour; positive in the carrying direction. */
  readonly spreadHourlyRate: number;
  /** Funding of both legs over the horizon. */
  readonly grossUsd: number;
  /** Fees + slippage + basis allowance + borrow. */
  readonly costUsd: number;
  readonly netUsd: number;
  /** netUsd / notionalUsd scaled to 365 days, simple. */
  readonly netApr: number;
  /** Hours until expected funding has paid all costs (see `breakEvenHours`); Infinity when it does not within 60 days. */
  readonly breakEvenHours: number;
  /** 0..1, from how settled the spread is. */
  readonly confidence: number;
  /** Hourly spread over the last 24 h of settlements; absent without history. */
  readonly spread24h: { readonly mean: number; readonly deviation: number; readonly samples: number } | undefined;
  readonly at: Instant;
  /** Short sentences for people: what drives the number. */
  readonly reasons: readonly string[];
}

/** A pair that could not be priced: why, and of which instrument. */
export interface Unpriced {
  readonly pair: string;
  readonly asset: string;
  readonly code:
    | 'no_book'
    | 'bad_book'
    | 'no_funding'
    /** Zero, not finite or absurd rate, an unknown interval, or a clock that contradicts its interval. */
    | 'bad_funding'
    | 'settlement_passed'
    | 'no_depth'
    | 'not_trading'
    /** Fees of this instrument are not usable numbers. */
    | 'bad_instrument'
    /** Spot, inverse or dated: the carry model pairs linear perpetuals only. */
    | 'not_linear'
    /** Both legs on one venue: positions are one-way, so the legs would only net. */
    | 'same_venue'
    | 'settle_differs';
  readonly key: InstrumentKey;
  readonly detail: string;
}
