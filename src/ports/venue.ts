/**
 * A trading account on one venue. Implementations: the ccxt adapter (sim, testnet, live), the paper venue, the
 * exchange model. All pass one contract suite (test/ports/venue-contract.ts). No method throws for expected failures.
 */
import type { InstrumentKey, Route, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Read } from '../kernel/outcome.ts';
import type { Instrument } from '../market/instrument.ts';
import type {
  Fill,
  FundingPayment,
  OrderRef,
  OrderRequest,
  OrderState,
  VenueBalance,
  VenuePosition,
} from '../market/order.ts';

/** Code of an `unknown` outcome: the venue says that an order with this client id exists. It is never proven absent. */
export const DUPLICATE_ID = 'duplicate_id';

/** What is known right after an order was sent. */
export type SubmitOutcome =
  | { readonly kind: 'acked'; readonly venueOrderId: string }
  /** A venue code proves that it was not accepted, or it never left this process. */
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string }
  /** Anything else: timeout, reset, 5xx, unreadable body, unmapped code, duplicate id. Resolve by lookup. */
  | {
      readonly kind: 'unknown';
      readonly code: string;
      readonly detail: string;
      /** How long ago the request was stamped, ms; absent: it counts as stamped just now. */
      readonly stampedAgoMs?: number;
    };

export type LookupOutcome =
  /** `fills` sum to `order.filled`; when a venue's trade list lags, the lookup is `failed` with `fills_lag`. */
  | { readonly kind: 'found'; readonly order: OrderState; readonly fills: readonly Fill[] }
  /** The venue answered well and knows no such order in open orders, history and fills. One such answer is no proof. */
  | { readonly kind: 'not_found' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };

export type CancelOutcome =
  | { readonly kind: 'accepted' }
  /** Not open any more: it may have filled. Look it up. */
  | { readonly kind: 'not_open' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };

/** The venue's clock against ours. Tied to our monotonic clock, which neither jumps nor is set. */
export interface ClockReading {
  /** Venue time minus our monotonic clock, ms. */
  readonly offsetMs: number;
  /** The reading is right to within half of this. */
  readonly roundTripMs: number;
}

/** What an account tells by itself. Orders and fills come from the private stream; REST remains the truth. */
export type AccountEvent =
  /** The venue's clock was read: at start, every ten minutes, and after it refused a timestamp. */
  | { readonly kind: 'clock'; readonly reading: ClockReading }
  /** Read again, because the venue refused what its listing allowed. */
  | { readonly kind: 'instruments'; readonly instruments: readonly Instrument[] }
  /** Told when it changes: what `prepare` could not prepare, and why. Openings there are refused, reductions never. */
  | { readonly kind: 'closed'; readonly closed: ReadonlyMap<InstrumentKey, string> }
  | { readonly kind: 'fill'; readonly fill: Fill }
  | { readonly kind: 'order'; readonly order: OrderState }
  | { readonly kind: 'stream'; readonly status: 'up' | 'down'; readonly reason: string };

/** `reduce` may use the reserved part of the request budget and goes first; `open` goes before `poll`. */
export type Urgency = 'reduce' | 'open' | 'poll';

export interface AccountSetup {
  readonly instruments: readonly Instrument[];
  readonly leverage: number;
}

export interface Venue {
  readonly id: VenueId;
  readonly route: Route;
  /** How long the venue tells of an order that ended without a fill, ms. An older one that it does not know proves nothing. */
  readonly orderMemoryMs: number;
  /** How long after it was stamped an order may still be accepted, ms; the venue refuses what comes later. */
  readonly requestValidityMs: number;
  /** Loads and refreshes instruments with this account's fees. */
  instruments(): Promise<Read<readonly Instrument[]>>;
  /**
   * One-way position mode, isolated margin and leverage, read back. Fails with `position_mode` when the account
   * cannot be brought to one-way mode. An instrument that does not trade, or whose margin mode or leverage the venue
   * does not change, fails nothing: it is told as `closed`, before this resolves, and tried again now and then.
   */
  prepare(setup: AccountSetup): Promise<Read<true>>;
  /** The intent must already be durable. Never retried inside. */
  submit(order: OrderRequest, urgency: Urgency): Promise<SubmitOutcome>;
  cancel(ref: OrderRef): Promise<CancelOutcome>;
  lookup(ref: OrderRef, urgency: Urgency): Promise<LookupOutcome>;
  openOrders(): Promise<Read<readonly OrderState[]>>;
  /** All fills of the account on the prepared instruments since an instant, oldest first; a read that cannot be complete fails. */
  fills(sinceAt: Instant): Promise<Read<readonly Fill[]>>;
  positions(urgency: Urgency): Promise<Read<readonly VenuePosition[]>>;
  /** Settle currency only; `poll` unless told otherwise. */
  balance(urgency?: Urgency): Promise<Read<VenueBalance>>;
  /** Funding payments since an instant, oldest first; a read that cannot be complete fails. */
  payments(sinceAt: Instant): Promise<Read<readonly FundingPayment[]>>;
  /** The venue's clock, for skew. */
  serverTime(): Promise<Read<Instant>>;
  /** Opens the private stream and keeps it open with own backoff. One subscriber. */
  subscribe(sink: (event: AccountEvent) => void): void;
  close(): Promise<void>;
}
