/**
 * Facts: what the ledger stores, append-only. Everything the bot knows about its own trading is a fold over these
 * (`fold.ts`), so startup is the same code as running. Decimals are stored as plain text, instants as epoch ms.
 */
import type { Base, Px, Quote } from '../kernel/decimal.ts';
import type {
  ClientOrderId,
  HedgeId,
  InstrumentKey,
  LegName,
  Mode,
  Route,
  UnifiedSymbol,
  VenueId,
} from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Fill, FundingPayment, Side } from '../market/order.ts';
import type { EntryPlan } from './entry-plan.ts';

/** A process start: epochs rise by one, so that no client order id is ever made twice. */
export interface EpochStarted {
  readonly kind: 'epoch';
  readonly epoch: number;
  readonly mode: Mode;
  readonly pid: number;
  readonly at: Instant;
}

/** The hedge, as approved and routed. Of style `taker`, committed together with its two attempts. */
export interface HedgePlanned {
  readonly kind: 'hedge_planned';
  readonly hedge: HedgeId;
  readonly route: Route;
  readonly asset: string;
  readonly longKey: InstrumentKey;
  readonly shortKey: InstrumentKey;
  /** Per leg, base units. */
  readonly quantity: Base;
  /** A quantity both venues accept; a difference below it is dust. */
  readonly commonLot: Base;
  readonly leverage: number;
  readonly entry: EntryPlan;
  /** The opportunity's numbers as they were believed, JSON. */
  readonly expectation: string;
  readonly epoch: number;
  readonly at: Instant;
}

export type HedgeState =
  | 'planned'
  | 'entering'
  | 'balancing'
  | 'held'
  | 'exiting'
  | 'unwinding'
  | 'quarantined'
  | 'closed'
  | 'aborted';

export interface HedgeMoved {
  readonly kind: 'hedge_moved';
  readonly hedge: HedgeId;
  readonly from: HedgeState;
  readonly to: HedgeState;
  /** Stable code: `filled`, `imbalance`, `carry_gone`, `operator_close`, `kill`, `attempts_exhausted`, ... */
  readonly reason: string;
  readonly detail: string;
  readonly at: Instant;
}

/** `emergency`: sent while no ledger could be written, recorded afterwards. */
export type AttemptPurpose = 'enter' | 'complete' | 'trim' | 'exit' | 'unwind' | 'emergency';

/** A durable intent: exists before a byte leaves. */
export interface AttemptIntended {
  readonly kind: 'attempt';
  readonly clientOrderId: ClientOrderId;
  readonly hedge: HedgeId;
  readonly leg: LegName;
  readonly purpose: AttemptPurpose;
  /** 1, 2, ... per hedge and leg. */
  readonly number: number;
  readonly route: Route;
  readonly key: InstrumentKey;
  readonly side: Side;
  readonly quantity: Base;
  readonly limitPrice: Px;
  readonly style: 'ioc' | 'post_only';
  readonly reduceOnly: boolean;
  /** Mid or mark when it was planned, for slippage reports. */
  readonly referencePrice: Px;
  readonly epoch: number;
  readonly at: Instant;
}

/** `open` and `unknown` are unresolved; the rest are final. */
export type AttemptStatus = 'open' | 'unknown' | 'filled' | 'canceled' | 'expired' | 'rejected' | 'proven_absent';

export interface AttemptOutcome {
  readonly kind: 'outcome';
  readonly clientOrderId: ClientOrderId;
  readonly status: AttemptStatus;
  readonly venueOrderId?: string;
  /** Cumulative, as the venue said. */
  readonly filled?: Base;
  readonly code?: string;
  readonly detail?: string;
  readonly at: Instant;
}

/** Whose something is. Absent: of nobody's hedge (liquidation, ADL, a human). */
interface Owned {
  readonly hedge?: HedgeId;
  readonly leg?: LegName;
}

export interface FillBooked extends Owned {
  readonly kind: 'fill';
  readonly fill: Fill;
  /** How much of the fill is the leg's, when that is not all: a human's trade that closed it and went on. */
  readonly legQuantity?: Base;
  readonly bookedAt: Instant;
}

export interface PaymentBooked extends Owned {
  readonly kind: 'payment';
  readonly payment: FundingPayment;
  /** How much of the payment is the leg's, when that is not all: a human held some of what was settled. */
  readonly legAmount?: Quote;
  readonly bookedAt: Instant;
}

/** Stored when the verdict or the set of failing rules of a pair changes, not on every frame. */
export interface DecisionMade {
  readonly kind: 'decision';
  /** Pair key, or hedge id for exits. */
  readonly subject: string;
  readonly asset: string;
  readonly verdict: 'approved' | 'refused' | 'exit';
  /** Stable rule codes, sorted. */
  readonly rules: readonly string[];
  /** Full reasons with limits and actual values, JSON. */
  readonly reasons: string;
  readonly at: Instant;
}

export interface ConfigChanged {
  readonly kind: 'config';
  /** Dotted key. */
  readonly key: string;
  /** JSON texts; `before` is empty at first start. */
  readonly before: string;
  readonly after: string;
  readonly loosens: boolean;
  readonly at: Instant;
}

export interface ControlGiven {
  readonly kind: 'control';
  readonly action: 'pause' | 'resume' | 'kill' | 'kill_reset' | 'close' | 'flatten' | 'accept';
  /** Hedge id for `close`, `<route>|<venue>` for `accept`, else empty. */
  readonly subject: string;
  /** Who: `cli`, `signal`, `config`, `breaker:<name>`. */
  readonly by: string;
  readonly detail: string;
  readonly at: Instant;
}

/** The venue's wallet when the ledger first met the account: later changes must all be explained. */
export interface BaselineTaken {
  readonly kind: 'baseline';
  readonly venue: VenueId;
  readonly route: Route;
  readonly currency: string;
  readonly wallet: Quote;
  readonly at: Instant;
}

export interface DiscrepancyNoted {
  readonly kind: 'discrepancy';
  /** `<route>|<venue>|<what>|<key>`; one open discrepancy per id. */
  readonly id: string;
  readonly venue: VenueId;
  readonly route: Route;
  readonly what:
    | 'position'
    | 'wallet'
    | 'foreign_fill'
    | 'open_order'
    | 'order_fate'
    | 'fill_conflict'
    | 'payment_conflict'
    | 'ledger_behind';
  readonly status: 'open' | 'explained';
  readonly ledger: string;
  readonly venueSays: string;
  readonly detail: string;
  readonly at: Instant;
}

/** An operator has looked at a discrepancy and takes the venue's word for it. It ends there, and is not noted again. */
export interface DifferenceAccepted {
  readonly kind: 'acceptance';
  /** Of the discrepancy. */
  readonly id: string;
  readonly venue: VenueId;
  readonly route: Route;
  /** As the discrepancy had them. */
  readonly ledger: string;
  readonly venueSays: string;
  /** Why, in the operator's words. */
  readonly note: string;
  readonly by: string;
  readonly at: Instant;
}

/**
 * A correction of a position that no fill explains, accepted by an operator: counted like a trade without a fee at the
 * mark of that moment. The baseline taken with it keeps the wallet right.
 */
export interface PositionAdjusted extends Owned {
  readonly kind: 'adjustment';
  readonly venue: VenueId;
  readonly route: Route;
  readonly symbol: UnifiedSymbol;
  readonly side: Side;
  /** Positive. */
  readonly quantity: Base;
  readonly price: Px;
  readonly by: string;
  readonly at: Instant;
}

/** Equity of one route as a UTC day was first seen, for the daily loss limit. */
export interface DayOpened {
  readonly kind: 'day';
  readonly route: Route;
  /** UTC day start. */
  readonly day: Instant;
  readonly equityUsd: Quote;
  readonly at: Instant;
}

export type BreakerName =
  | 'error_rate'
  | 'latency'
  | 'rejected_orders'
  | 'clock_skew'
  | 'stale_streams'
  | 'consecutive_failures'
  | 'churn'
  | 'daily_loss'
  | 'drawdown'
  | 'order_rate'
  | 'restarts';

/** A breaker tripped, or was reset. Evidence from before does not count again. */
export interface BreakerSwitched {
  readonly kind: 'breaker';
  readonly name: BreakerName;
  readonly route: Route;
  /** Venue or asset; empty for the whole route. */
  readonly subject: string;
  readonly state: 'tripped' | 'reset';
  /** In the breaker's own unit. `actual` is what was measured now; absent when that is unknown. */
  readonly limit: number;
  readonly actual?: number;
  readonly detail: string;
  /** `evidence`, `cooldown`, or who gave the command. */
  readonly by: string;
  readonly at: Instant;
}

/** The highest equity of a route, for the drawdown: stored in steps, and anew when its breaker was reset. */
export interface PeakReached {
  readonly kind: 'peak';
  readonly route: Route;
  /** Change since the ledger began, as in `DayOpened`: deposits and withdrawals do not move it. */
  readonly equityUsd: Quote;
  readonly at: Instant;
}

export type Fact =
  | EpochStarted
  | HedgePlanned
  | HedgeMoved
  | AttemptIntended
  | AttemptOutcome
  | FillBooked
  | PaymentBooked
  | DecisionMade
  | ConfigChanged
  | ControlGiven
  | BaselineTaken
  | DiscrepancyNoted
  | DifferenceAccepted
  | PositionAdjusted
  | DayOpened
  | BreakerSwitched
  | PeakReached;
