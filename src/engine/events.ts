/** Everything that can happen to the engine comes through one door, the inbox, as one of these. */
import type { ClientOrderId, HedgeId, Route, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Read } from '../kernel/outcome.ts';
import type { ConfigChanged } from '../ledger/facts.ts';
import type { MarketEvent } from '../market/event.ts';
import type { SettledRate } from '../market/funding.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Fill, FundingPayment, OrderState, VenueBalance, VenuePosition } from '../market/order.ts';
import type { AccountEvent, CancelOutcome, LookupOutcome, SubmitOutcome } from '../ports/venue.ts';
import type { EngineSettings } from './settings.ts';

/** All of one account's reads for a reconciliation. */
export interface AccountReads {
  readonly positions: Read<readonly VenuePosition[]>;
  readonly openOrders: Read<readonly OrderState[]>;
  readonly balance: Read<VenueBalance>;
  readonly fills: Read<readonly Fill[]>;
  readonly payments: Read<readonly FundingPayment[]>;
}

export type OperatorCommand =
  | { readonly action: 'pause' | 'resume' | 'flatten' | 'kill' | 'kill_reset' }
  | { readonly action: 'close'; readonly hedge: HedgeId }
  | AcceptCommand
  /** An id (`churn/live/BTC`), or the part of it that several breakers share (`churn`). */
  | { readonly action: 'breaker_reset'; readonly breaker: string };

/** Takes the venue's word for everything that is open on one account. */
export interface AcceptCommand {
  readonly action: 'accept';
  readonly venue: VenueId;
  readonly route: Route;
  /** Why, in the operator's words. */
  readonly note: string;
  /** Instant of the newest discrepancy that the operator has seen: what is newer is not accepted unseen. */
  readonly seenAt: Instant;
}

export interface OperatorReply {
  readonly ok: boolean;
  readonly message: string;
  /** Hedges the command acts on. */
  readonly hedges: readonly HedgeId[];
}

export type EngineEvent =
  | { readonly kind: 'market'; readonly event: MarketEvent }
  | { readonly kind: 'account'; readonly route: Route; readonly venue: VenueId; readonly event: AccountEvent }
  | {
      readonly kind: 'booted';
      readonly route: Route;
      readonly venue: VenueId;
      readonly result: Read<readonly Instrument[]>;
    }
  | {
      readonly kind: 'listed';
      readonly route: Route;
      readonly venue: VenueId;
      readonly read: Read<readonly Instrument[]>;
    }
  | { readonly kind: 'cancel_answered'; readonly clientOrderId: ClientOrderId; readonly outcome: CancelOutcome }
  | {
      readonly kind: 'submitted';
      readonly clientOrderId: ClientOrderId;
      readonly outcome: SubmitOutcome;
      /** Monotonic, from the call to its outcome. */
      readonly tookMs: number;
    }
  | { readonly kind: 'looked_up'; readonly clientOrderId: ClientOrderId; readonly outcome: LookupOutcome }
  | {
      readonly kind: 'proof_read';
      readonly clientOrderId: ClientOrderId;
      /** Monotonic. */
      readonly askedMs: number;
      readonly positions: Read<readonly VenuePosition[]>;
      /** Of an order that would have opened something. */
      readonly balance?: Read<VenueBalance>;
    }
  | {
      readonly kind: 'reconciled';
      readonly route: Route;
      readonly venue: VenueId;
      readonly changes: number;
      /** Monotonic: the list of positions was not asked for earlier. */
      readonly positionsAskedMs: number;
      readonly reads: AccountReads;
    }
  | {
      readonly kind: 'payments';
      readonly route: Route;
      readonly venue: VenueId;
      readonly read: Read<readonly FundingPayment[]>;
    }
  | {
      readonly kind: 'positions_read';
      readonly route: Route;
      readonly venue: VenueId;
      readonly changes: number;
      /** Monotonic. */
      readonly askedMs: number;
      readonly read: Read<readonly VenuePosition[]>;
    }
  | {
      readonly kind: 'truth_read';
      readonly route: Route;
      readonly venue: VenueId;
      /** Monotonic. */
      readonly askedMs: number;
      readonly positions: Read<readonly VenuePosition[]>;
      readonly balance: Read<VenueBalance>;
    }
  | { readonly kind: 'history'; readonly rates: readonly SettledRate[] }
  | { readonly kind: 'wake' }
  | { readonly kind: 'settings'; readonly settings: EngineSettings; readonly changes: readonly ConfigChanged[] }
  | {
      readonly kind: 'operator';
      readonly command: OperatorCommand;
      readonly by: string;
      readonly reply: (reply: OperatorReply) => void;
    };
