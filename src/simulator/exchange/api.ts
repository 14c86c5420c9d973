/**
 * The exchange model's surface: what a venue does, independent of any wire. One instance is one venue. Dialects
 * translate it to a venue's protocol, `model-venue.ts` to the Venue port, and tests read its books as the oracle.
 * It never imports decision code.
 *
 * Quantities are in the venue's own contracts (`contractSize` base units each; 1 on base-denominated venues).
 * Every call is synchronous and atomic; listeners run after the state has changed, in order.
 */
import type { Base, Contracts, Px, Quote } from '../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { ExchangeChange } from './saved.ts';

export interface ExchangeInstrument {
  readonly symbol: UnifiedSymbol;
  readonly asset: string;
  readonly settle: string;
  /** Base units per contract. */
  readonly contractSize: Base;
  /** Quantity step and minimum, in contracts. */
  readonly lot: Contracts;
  readonly minContracts: Contracts;
  readonly maxContracts: Contracts;
  readonly minNotional: Quote;
  readonly tick: Px;
  readonly takerFeeRate: string;
  readonly makerFeeRate: string;
  readonly maxLeverage: number;
  /** Fraction of notional, e.g. `0.004`. */
  readonly maintenanceRate: string;
  /** A buy above the mark by more than this fraction, or a sell below it, is refused, e.g. `0.05`. */
  readonly priceBand: string;
}

export type Tif = 'GTC' | 'IOC' | 'FOK' | 'POST_ONLY';

export interface PlaceRequest {
  readonly symbol: UnifiedSymbol;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market';
  readonly tif: Tif;
  /** Required for limit. */
  readonly price?: Px;
  readonly contracts: Contracts;
  readonly reduceOnly: boolean;
  readonly clientOrderId?: string;
  /**
   * A post-only order that would cross, or a FOK order that the book cannot fill: refused (default), or accepted and
   * ended at once as `expired`, on venues that find out only after their acknowledgement.
   */
  readonly unfillable?: 'refuse' | 'expire';
}

/** Reasons the model refuses; each dialect maps every one of them to its venue's error code. */
export type RefuseReason =
  | 'unknown_symbol'
  | 'not_trading'
  | 'bad_quantity_step'
  | 'below_min_quantity'
  | 'above_max_quantity'
  | 'below_min_notional'
  | 'bad_price_tick'
  | 'price_out_of_band'
  | 'insufficient_margin'
  | 'duplicate_client_id'
  | 'reduce_only_rejected'
  | 'post_only_would_cross'
  | 'fok_not_filled'
  | 'order_not_found'
  | 'order_not_open'
  | 'bad_leverage'
  | 'position_open'
  /** The account is in hedge mode, whose two-sided positions the model does not hold. */
  | 'position_mode_mismatch'
  | 'no_change';

export type Refusal = { readonly ok: false; readonly reason: RefuseReason };

export interface ExchangeOrder {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly symbol: UnifiedSymbol;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market';
  readonly tif: Tif;
  readonly price: Px | undefined;
  readonly contracts: Contracts;
  readonly filled: Contracts;
  /** Sum of fill notional in settle currency. */
  readonly cumQuote: Quote;
  /** Sum of fees paid in settle currency. */
  readonly cumFee: Quote;
  readonly reduceOnly: boolean;
  /** `expired`: IOC or FOK remainder, or post-only that would cross on venues that accept and then cancel. */
  readonly status: 'open' | 'filled' | 'canceled' | 'expired';
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export interface ExchangeTrade {
  readonly tradeId: string;
  readonly orderId: string;
  /** Empty for liquidation and ADL. */
  readonly clientOrderId: string;
  readonly symbol: UnifiedSymbol;
  readonly side: 'buy' | 'sell';
  readonly price: Px;
  readonly contracts: Contracts;
  readonly quote: Quote;
  /** Positive = paid. */
  readonly fee: Quote;
  readonly maker: boolean;
  readonly realizedPnl: Quote;
  readonly cause: 'order' | 'liquidation' | 'adl';
  readonly at: Instant;
}

export interface ExchangePosition {
  readonly symbol: UnifiedSymbol;
  /** Signed, long positive. */
  readonly contracts: Contracts;
  readonly entryPrice: Px;
  readonly mark: Px;
  readonly leverage: number;
  readonly isolatedMargin: Quote;
  readonly maintenanceMargin: Quote;
  readonly liquidationPrice: Px | undefined;
  readonly unrealizedPnl: Quote;
  readonly updatedAt: Instant;
}

/** A position that an account is reopened with. */
export interface HeldPosition {
  readonly symbol: UnifiedSymbol;
  /** Signed, long positive, not zero. */
  readonly contracts: Contracts;
  readonly entryPrice: Px;
  /** What it is margined at: too high, and the first mark liquidates what was never near it. */
  readonly leverage: number;
}

export interface ExchangeBalance {
  readonly currency: string;
  /** Deposits + realised PnL + funding - fees; exact. */
  readonly wallet: Quote;
  /** Locked in positions and open orders. */
  readonly locked: Quote;
  /** wallet - locked, what can margin new positions. */
  readonly available: Quote;
  /** wallet + unrealised PnL. */
  readonly equity: Quote;
}

export interface ExchangePayment {
  readonly paymentId: string;
  readonly symbol: UnifiedSymbol;
  /** Positive = received by the account. */
  readonly amount: Quote;
  readonly rate: string;
  /** Signed contracts held at the settlement. */
  readonly contracts: Contracts;
  readonly mark: Px;
  readonly at: Instant;
}

/** Every cause of a wallet change since the account was opened; `wallet` must be their exact sum. */
export interface ExchangeAudit {
  readonly deposits: Quote;
  readonly realizedPnl: Quote;
  /** Funding, positive = received. */
  readonly payments: Quote;
  /** Positive = paid. */
  readonly fees: Quote;
  readonly wallet: Quote;
  /** wallet - (deposits + realizedPnl + payments - fees); anything but zero is a defect of the model. */
  readonly discrepancy: Quote;
}

/**
 * Public market state of one instrument. `bookAt`, `markAt` and `funding.at` are 0 (and the values meaningless)
 * until the market source has spoken for the first time; until the first mark every order is refused.
 */
export interface ExchangeMarket {
  readonly instrument: ExchangeInstrument;
  readonly trading: boolean;
  /** Levels in contracts, best first. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
  readonly bookAt: Instant;
  /** Rises by one with every book change. */
  readonly bookSequence: number;
  readonly mark: Px;
  readonly index: Px;
  readonly last: Px;
  readonly markAt: Instant;
  readonly funding: FundingState;
}

export interface BookLevel {
  readonly price: Px;
  readonly contracts: Contracts;
}

export interface FundingState {
  /** Predicted rate for the coming settlement, fraction per interval as plain text. */
  readonly predictedRate: string;
  readonly intervalHours: number;
  readonly nextSettlementAt: Instant;
  readonly at: Instant;
}

export interface SettledFunding {
  readonly symbol: UnifiedSymbol;
  readonly rate: string;
  readonly mark: Px;
  readonly at: Instant;
}

/** After the fact; dialects turn these into stream frames. */
export type ExchangeEvent =
  | { readonly kind: 'book' | 'mark' | 'funding' | 'status'; readonly symbol: UnifiedSymbol }
  | { readonly kind: 'settled'; readonly settled: SettledFunding }
  | { readonly kind: 'order'; readonly account: string; readonly order: ExchangeOrder; readonly trade?: ExchangeTrade }
  | { readonly kind: 'position'; readonly account: string; readonly position: ExchangePosition }
  | {
      readonly kind: 'balance';
      readonly account: string;
      readonly balance: ExchangeBalance;
      readonly cause: 'order' | 'funding' | 'transfer';
    }
  | { readonly kind: 'payment'; readonly account: string; readonly payment: ExchangePayment };

export interface Exchange {
  readonly venue: string;
  now(): Instant;

  // Trading, per account.
  place(
    account: string,
    request: PlaceRequest,
  ): { readonly ok: true; readonly order: ExchangeOrder; readonly trades: readonly ExchangeTrade[] } | Refusal;
  cancel(
    account: string,
    symbol: UnifiedSymbol,
    ref: { orderId?: string; clientOrderId?: string },
  ): { readonly ok: true; readonly order: ExchangeOrder } | Refusal;
  /** Newest order with that id, open or final. */
  order(
    account: string,
    symbol: UnifiedSymbol,
    ref: { orderId?: string; clientOrderId?: string },
  ): ExchangeOrder | undefined;
  openOrders(account: string, symbol?: UnifiedSymbol): readonly ExchangeOrder[];
  /** Final orders, oldest first. */
  orderHistory(account: string, symbol?: UnifiedSymbol): readonly ExchangeOrder[];
  /** Oldest first. */
  trades(account: string, symbol?: UnifiedSymbol): readonly ExchangeTrade[];
  payments(account: string, symbol?: UnifiedSymbol): readonly ExchangePayment[];
  /** Non-flat positions. */
  positions(account: string): readonly ExchangePosition[];
  balance(account: string): ExchangeBalance;
  leverage(account: string, symbol: UnifiedSymbol): number;
  /** Refused with `position_open` while it would under-margin, `no_change` when equal, `bad_leverage` out of range. */
  setLeverage(account: string, symbol: UnifiedSymbol, leverage: number): { readonly ok: true } | Refusal;
  marginMode(account: string, symbol: UnifiedSymbol): 'isolated' | 'cross';
  setMarginMode(account: string, symbol: UnifiedSymbol, mode: 'isolated' | 'cross'): { readonly ok: true } | Refusal;
  positionMode(account: string): 'one_way' | 'hedge';
  setPositionMode(account: string, mode: 'one_way' | 'hedge'): { readonly ok: true } | Refusal;

  // Public.
  symbols(): readonly UnifiedSymbol[];
  market(symbol: UnifiedSymbol): ExchangeMarket | undefined;
  /** Oldest first. */
  fundingHistory(symbol: UnifiedSymbol): readonly SettledFunding[];

  // The world's side: market sources call these.
  /** `held` reopens an account where it was: positions at their entry prices, isolated. */
  openAccount(account: string, deposit: Quote, held?: readonly HeldPosition[]): void;
  /** A deposit, or a withdrawal when negative; at most what is available. */
  transfer(account: string, amount: Quote): void;
  setBook(symbol: UnifiedSymbol, bids: readonly BookLevel[], asks: readonly BookLevel[]): void;
  setMark(symbol: UnifiedSymbol, mark: Px, index: Px): void;
  setFunding(symbol: UnifiedSymbol, state: Omit<FundingState, 'at'>): void;
  /** Pays every open position -(signed notional at the current mark) x rate, once per (symbol, instant). */
  settleFunding(symbol: UnifiedSymbol, rate: string): void;
  /**
   * For a rate that is known only later: remembers every open position and the mark as of now under the settlement
   * instant `at`. Once per (symbol, instant).
   */
  snapshotSettlement(symbol: UnifiedSymbol, at: Instant): void;
  /** Settles a snapshot at the rate that became known; false when there is none for that instant. */
  payFunding(symbol: UnifiedSymbol, at: Instant, rate: string): boolean;
  /** Records a past settlement in the public history without paying anyone (start-up history). */
  recordSettled(settled: SettledFunding): void;
  /** Checks liquidation at a price that is not published as the mark (a bar's extreme). */
  stressMark(symbol: UnifiedSymbol, mark: Px): void;
  setTrading(symbol: UnifiedSymbol, trading: boolean): void;
  /** New steps and minima, as venues announce them; what is open keeps its size. */
  changeSteps(
    symbol: UnifiedSymbol,
    steps: Partial<Pick<ExchangeInstrument, 'lot' | 'minContracts' | 'tick' | 'minNotional'>>,
  ): void;
  /**
   * The venue takes part of a position away at the mark, as in auto-deleveraging (no fee) or a forced liquidation
   * (taker fee). At most the position; undefined when there is none.
   */
  forceReduce(
    account: string,
    symbol: UnifiedSymbol,
    contracts: Contracts,
    cause: 'liquidation' | 'adl',
  ): ExchangeTrade | undefined;
  /** Adds up why the wallet is what it is: the oracle's conservation check. */
  audit(account: string): ExchangeAudit;
  listen(listener: (event: ExchangeEvent) => void): () => void;

  // Outliving the process.
  /** Names of the open accounts, in the order of opening. */
  accounts(): readonly string[];
  /** Everything that `restore` needs. */
  save(): ExchangeChange;
  /** After every operation that changed something to keep, before its events. The listener must not trade. */
  onChange(listener: (change: ExchangeChange) => void): () => void;
  /**
   * Puts a saved change back, silently; several in the order in which they were made, before any other use. The
   * source must then publish once more the marks and books that were standing; that has no effect on accounts.
   */
  restore(change: ExchangeChange): void;
}
