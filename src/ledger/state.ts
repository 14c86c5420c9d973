/** The ledger in memory: what folding all facts gives. Read-only for every stage; only `fold.ts` changes it. */
import { type Base, type Quote, ZERO_BASE, ZERO_QUOTE } from '../kernel/decimal.ts';
import type { ClientOrderId, HedgeId, InstrumentKey, LegName, Route, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Direction } from '../market/order.ts';
import type {
  AttemptIntended,
  AttemptStatus,
  BaselineTaken,
  BreakerName,
  BreakerSwitched,
  DayOpened,
  DiscrepancyNoted,
  HedgePlanned,
  HedgeState,
  PeakReached,
} from './facts.ts';
import type { Holding } from './holding.ts';
import type { QuantityChange } from './past-quantity.ts';

export interface AttemptRecord {
  readonly intent: AttemptIntended;
  /** `intended`: durable, its fate not yet recorded. */
  status: AttemptStatus | 'intended';
  venueOrderId: string | undefined;
  /** Sum of booked fills, and their cash. */
  filled: Base;
  filledQuote: Quote;
  /** When its newest fill was booked. */
  filledAt: Instant | undefined;
  code: string | undefined;
  /** When the newest outcome was recorded; the intent's instant until then. */
  changedAt: Instant;
}

export interface LegRecord {
  readonly name: LegName;
  readonly key: InstrumentKey;
  /** `accountKey` of where it stands. */
  readonly account: string;
  readonly direction: Direction;
  /** Signed quantity and exact cost, from fills. */
  holding: Holding;
  /** The newest changes of its quantity. */
  readonly changes: QuantityChange[];
  /** Cash paid and received by fills, both positive. */
  boughtQuote: Quote;
  soldQuote: Quote;
  boughtBase: Base;
  soldBase: Base;
  /** Part of that cash which traded as maker. */
  makerQuote: Quote;
  /** Positive = paid. */
  fees: Quote;
  /** Positive = received. */
  funding: Quote;
  /** Base that trades of no recorded order of ours have taken from it, as far as no fill of ours showed it to be theirs. Positive. */
  takenBase: Base;
  /** Of its first fill, by the venue's clock; absent without any. */
  firstFillAt: Instant | undefined;
  /** Of its newest fill, by the venue's clock; absent without any. */
  lastFillAt: Instant | undefined;
  readonly attempts: AttemptRecord[];
}

export interface HedgeRecord {
  readonly id: HedgeId;
  readonly plan: HedgePlanned;
  state: HedgeState;
  /** Why and since when it is in this state. */
  reason: string;
  detail: string;
  stateSince: Instant;
  readonly long: LegRecord;
  readonly short: LegRecord;
  /** First fill. */
  openedAt: Instant | undefined;
  /** Reached `closed` or `aborted`. */
  endedAt: Instant | undefined;
  /** Was unwound or quarantined at some time. */
  hadTrouble: boolean;
}

/** One account on one venue, all hedges together. */
export interface AccountRecord {
  readonly route: Route;
  readonly venue: VenueId;
  baseline: BaselineTaken | undefined;
  /** Price PnL of closed quantity, average-cost, as venues credit wallets. */
  realised: Quote;
  fees: Quote;
  funding: Quote;
  readonly holdings: Map<InstrumentKey, Holding>;
  /** The newest changes of each holding's quantity. */
  readonly changes: Map<InstrumentKey, QuantityChange[]>;
  lastFillAt: Instant | undefined;
  lastPaymentAt: Instant | undefined;
  /**
   * Per instrument, when its holding last changed (by a fill or an accepted difference; every holding has one) and when
   * it was last paid: one that has been paid says nothing about another at the same settlement.
   */
  readonly newest: Map<InstrumentKey, { readonly changedAt?: Instant; readonly paymentAt?: Instant }>;
}

export interface LedgerState {
  epoch: number;
  /** When the newest processes began, oldest first; the newest hundred. */
  starts: readonly Instant[];
  /** Number of the next hedge. */
  nextHedge: number;
  readonly hedges: Map<HedgeId, HedgeRecord>;
  /**
   * Those that are not over, or were within the last eight days: what happens at every event looks at these, or it would
   * slow down with every hedge that ever was.
   */
  readonly recent: Map<HedgeId, HedgeRecord>;
  readonly attempts: Map<ClientOrderId, AttemptRecord>;
  /** By `accountKey(route, venue)`. */
  readonly accounts: Map<string, AccountRecord>;
  /** Booked fills: identity -> content digest, to tell a duplicate from a conflict. */
  readonly fills: Map<string, string>;
  /** Booked payments: identity -> content digest. */
  readonly payments: Map<string, string>;
  /** Open ones only. */
  readonly discrepancies: Map<string, DiscrepancyNoted>;
  /** Discrepancy id -> what the venue said when it was accepted, for those that would be found again and again. */
  readonly accepted: Map<string, string>;
  /** Instant of the newest fact. */
  newestAt: Instant;
  paused: boolean;
  killed: boolean;
  /** By `dayKey`: every UTC day that was opened, also by a clock that was wrong. */
  readonly days: Map<string, DayOpened>;
  /** By `breakerId`: the newest word on each breaker that ever tripped. */
  readonly breakers: Map<string, BreakerSwitched>;
  readonly peaks: Map<Route, PeakReached>;
}

/** How one account is found in maps: `live|okx`. */
export function accountKey(route: Route, venue: VenueId): string {
  const known = accountKeys[route].get(venue);
  if (known !== undefined) return known;
  const key = `${route}|${venue}`;
  accountKeys[route].set(venue, key);
  return key;
}

/** As many as there are venues: every event asks for some of them again. */
const accountKeys: Readonly<Record<Route, Map<VenueId, string>>> = { live: new Map(), paper: new Map() };

/** `error_rate/live/okx`, `churn/live/BTC`, `drawdown/live`: how people name one breaker. */
export const dayKey = (route: Route, day: Instant): string => `${route}|${day}`;

export const breakerId = (breaker: { name: BreakerName; route: Route; subject: string }): string =>
  breaker.subject === '' ? `${breaker.name}/${breaker.route}` : `${breaker.name}/${breaker.route}/${breaker.subject}`;

export const isFinal = (state: HedgeState): boolean => state === 'closed' || state === 'aborted';

/** An order whose fate nothing has told yet. */
export const newAttempt = (intent: AttemptIntended): AttemptRecord => ({
  intent,
  status: 'intended',
  venueOrderId: undefined,
  filled: ZERO_BASE,
  filledQuote: ZERO_QUOTE,
  filledAt: undefined,
  code: undefined,
  changedAt: intent.at,
});

/** Neither refused nor final: its order may still fill. */
export const isUnresolved = (attempt: AttemptRecord): boolean =>
  attempt.status === 'intended' || attempt.status === 'open' || attempt.status === 'unknown';

/** Long position plus short position in base units: zero when hedged. */
export const legsOf = (hedge: HedgeRecord): readonly [LegRecord, LegRecord] => [hedge.long, hedge.short];

/** Of the discrepancy about an order whose fate nothing tells any more. */
export const orderFateId = (route: Route, venue: VenueId, clientOrderId: ClientOrderId): string =>
  `${route}|${venue}|order_fate|${clientOrderId}`;
