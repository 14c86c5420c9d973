/**
 * What one venue is, as data and row readers: everything that differs between venues and nothing that does not. One
 * folder per venue (`binance/`, `bybit/`, `okx/`), listed in `registry.ts`. Quantities here are in the venue's own
 * order unit (contracts on OKX); only `units.ts` turns them into base units.
 */
import type { VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { OrderRequest, OrderStatus, Side } from '../market/order.ts';
import type { AnswerTable } from './answers.ts';
import type { Cost, PublishedLimit } from './bucket.ts';
import type { CcxtClient } from './client.ts';

export interface RawOrder {
  readonly marketId: string;
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly side: Side;
  readonly status: OrderStatus;
  readonly quantity: string;
  readonly filled: string;
  readonly updatedAt: Instant;
}

export interface RawFill {
  readonly marketId: string;
  readonly tradeId: string;
  readonly venueOrderId: string;
  readonly clientOrderId: string | undefined;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  /** Positive = paid, whatever the venue's sign is. */
  readonly fee: string;
  readonly feeCurrency: string;
  readonly maker: boolean;
  readonly at: Instant;
}

export interface RawPayment {
  readonly marketId: string;
  readonly paymentId: string;
  /** Positive = received, whatever the venue's sign is. */
  readonly amount: string;
  readonly currency: string;
  readonly at: Instant;
}

export interface RawPosition {
  readonly marketId: string;
  /** Signed, long positive. */
  readonly quantity: string;
  readonly entryPrice: string | undefined;
  readonly mark: string | undefined;
  readonly liquidationPrice: string | undefined;
  readonly leverage: string | undefined;
  /** A position of hedge mode, which this bot never holds. */
  readonly hedged: boolean;
  /** In cross margin, which this bot never holds; told where one market can be held in both modes at once. */
  readonly cross?: boolean;
}

export interface RawBalance {
  /** Without unrealised PnL. */
  readonly wallet: string;
  readonly available: string;
}

/** One page, oldest first; `full` when the venue may hold more rows in the window than it returned. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly full: boolean;
}

export interface Window {
  readonly from: Instant;
  /** Inclusive. */
  readonly to: Instant;
}

export interface FillQuery extends Window {
  /** Venues that list fills per market need it. */
  readonly marketId: string | undefined;
  readonly venueOrderId?: string;
}

/** Reads of the account; each may throw ccxt, transport or zod errors. */
export interface AccountReads {
  /** Fills and orders by client id: `undefined` when the venue answered that it knows no such order. */
  order(client: CcxtClient, marketId: string, clientOrderId: string): Promise<RawOrder | undefined>;
  /** Of one market, or of all: a lookup asks for the one, which costs less and is never a full page. */
  openOrders(client: CcxtClient, marketId?: string): Promise<Page<RawOrder>>;
  /** Of one market, whatever became of them; only where fills do not say which order they are of. */
  orders?(client: CcxtClient, marketId: string, window: Window): Promise<Page<RawOrder>>;
  fills(client: CcxtClient, query: FillQuery): Promise<Page<RawFill>>;
  payments(client: CcxtClient, window: Window): Promise<Page<RawPayment>>;
  positions(client: CcxtClient): Promise<Page<RawPosition>>;
  balance(client: CcxtClient, currency: string): Promise<RawBalance>;
  /** Taker and maker rates of this account by market id, fraction, positive = paid. */
  fees(client: CcxtClient, marketIds: readonly string[]): Promise<ReadonlyMap<string, FeeRates>>;
  serverTime(client: CcxtClient): Promise<Instant>;
}

export interface FeeRates {
  readonly taker: string;
  readonly maker: string;
}

export type RawAccountEvent =
  | { readonly kind: 'order'; readonly order: RawOrder }
  | { readonly kind: 'fill'; readonly fill: RawFill };

export interface AccountStream {
  /** ccxt watch calls that keep the subscriptions open; their results are not used. */
  watches(client: CcxtClient): readonly (() => Promise<unknown>)[];
  /** Whether this shows that one of the watches is subscribed: a frame, or undefined for a connection just opened. */
  subscribed(url: string, frame: unknown): boolean;
  /** Events in one frame; none when it is not about orders. Throws zod errors for a frame that should be and is not. */
  parse(frame: unknown): readonly RawAccountEvent[];
  /** Whether a frame says that nothing more will come over an open connection; ccxt is made to subscribe anew. */
  ended?(client: CcxtClient, frame: unknown): boolean;
}

/**
 * Runs a request and returns the venue's error code, or undefined when it succeeded. Rethrows what has no code. For
 * settings, where "nothing to change" is a refusal with a code.
 */
export type Attempt = (act: () => Promise<unknown>) => Promise<string | undefined>;

/** What an API key may do, as its venue tells. */
export interface KeyPermissions {
  readonly trade: boolean;
  readonly withdraw: boolean;
  /** Whether it works from listed addresses only. */
  readonly bound: boolean;
}

/** Reads decide, not answers: a setting counts as made when the venue says so afterwards. */
export interface AccountSettings {
  permissions(client: CcxtClient): Promise<KeyPermissions>;
  /** Brings the account to one-way mode, isolated margin; throws SetupError when the venue says otherwise afterwards. */
  prepareAccount(client: CcxtClient, attempt: Attempt): Promise<void>;
  marginTerms(client: CcxtClient, marketId: string): Promise<MarginTerms>;
  /** Asks for isolated margin and this leverage where `before` differs; the code of a refusal. */
  setMarginTerms(
    client: CcxtClient,
    attempt: Attempt,
    change: { readonly marketId: string; readonly leverage: number; readonly before: MarginTerms },
  ): Promise<string | undefined>;
}

/** Of one instrument, as the venue has them. */
export interface MarginTerms {
  readonly isIsolated: boolean;
  readonly leverage: number;
}

/**
 * The venue answered and it is not as it must be. Codes: `position_mode`, `margin_mode`, `unknown_instrument`,
 * `fee_currency`, `key_permissions`, `nothing_listed`, `incomplete`.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** What comes later than this after its stamp is refused: told to each venue with each order. */
export const RECV_WINDOW_MS = 5_000;
/** A stamp may lie so far ahead of the venue's clock before the venue refuses it; what is ahead is valid for longer. */
export const CLOCK_AHEAD_MS = 1_000;

export interface VenueFacts {
  readonly id: VenueId;
  readonly ccxtClass: 'binanceusdm' | 'bybit' | 'okx';
  /** Official hosts, for overrides. */
  readonly hosts: { readonly rest: readonly string[]; readonly ws: readonly string[] };
  /** ccxt constructor options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Changes to the constructed client: sandbox hosts when `testnet`, attribution removed. */
  configure(client: CcxtClient, testnet: boolean): void;
  readonly limits: readonly PublishedLimit[];
  cost(method: string, path: string, params: unknown): Cost;
  /** ccxt parameters of a new order besides symbol, side, quantity and price. */
  orderParams(order: OrderRequest): Record<string, unknown>;
  /** ccxt parameters that cancel by client id. */
  cancelParams(clientOrderId: string): Record<string, unknown>;
  /** The venue's own error code in a body; undefined when it reports success or is not the venue's envelope. */
  errorCode(body: unknown): string | undefined;
  /** The path of order entry, to find its request among those of a call. */
  readonly orderPath: string;
  /** Header of an order that says until when it may be accepted, ms, where its stamp alone does not end in time. */
  readonly deadlineHeader?: string;
  /** What the venue's codes and statuses prove. */
  readonly answers: AnswerTable;
  /** Codes of a cancel that found no open order. */
  readonly notOpenCodes: ReadonlySet<string>;
  /** Codes of a lookup that say that the venue knows no such order. */
  readonly notFoundCodes: ReadonlySet<string>;
  /** How long a lookup finds an order that ended without a fill, ms; filled ones are kept longer. */
  readonly orderMemoryMs: number;
  readonly fillsPerMarket: boolean;
  /** Longest span of one history request. */
  readonly fillWindowMs: number;
  readonly paymentWindowMs: number;
  /** How far back the venue's history of fills and payments goes. */
  readonly fillHorizonMs: number;
  readonly paymentHorizonMs: number;
  readonly settle: string;
  /** How the venue names its linear USDT perpetuals, and nothing else: market ids. */
  readonly perpetualId: RegExp;
  /** Of the venue's own market row, the announced end of a market, epoch ms; empty, 0 or far ahead while there is none. */
  readonly endField: 'deliveryDate' | 'deliveryTime' | 'expTime';
  /** Whether a contract of the venue's own market row is more than ccxt takes it for; such a market is left out. */
  readonly isMultiplied?: (info: unknown) => boolean;
  /** Public rates when the account's own are not read; fraction, positive = paid. */
  readonly defaultFees: FeeRates;
  readonly reads: AccountReads;
  readonly stream: AccountStream;
  readonly settings: AccountSettings;
}

/** Headers of a request that leaves at `now` by the venue's clock, or later. */
export function deadlineOf(
  { deadlineHeader, orderPath }: VenueFacts,
  method: string,
  path: string,
  now: Instant,
): Readonly<Record<string, string>> {
  if (deadlineHeader === undefined || method !== 'POST' || path !== orderPath) return {};
  return { [deadlineHeader]: String(now + RECV_WINDOW_MS) };
}
