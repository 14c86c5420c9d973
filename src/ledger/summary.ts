/** What a hedge did, in exact money: both legs' entry and exit, funding, fees, price PnL, slippage. */
import {
  add,
  averagePrice,
  type Base,
  isZero,
  notional,
  type Px,
  type Quote,
  sub,
  sum,
  toNumber,
  ZERO_QUOTE,
} from '../kernel/decimal.ts';
import type { HedgeId, InstrumentKey, LegName, Route } from '../kernel/ids.ts';
import { DAY_MS, type Instant } from '../kernel/instant.ts';
import type { EntryStyle } from '../market/order.ts';
import type { HedgeState } from './facts.ts';
import { type AttemptRecord, type HedgeRecord, type LedgerState, type LegRecord, legsOf } from './state.ts';

export interface LegSummary {
  readonly name: LegName;
  readonly key: InstrumentKey;
  /** Signed, long positive. */
  readonly position: Base;
  /** Mean price of the fills that opened and that closed it; absent without any. */
  readonly entryPrice?: Px;
  readonly exitPrice?: Px;
  /** Positive = received. */
  readonly funding: Quote;
  /** Positive = paid. */
  readonly fees: Quote;
  /** Cash of closed quantity: sold - bought + cost of what is still open. */
  readonly pricePnl: Quote;
  /** Bought plus sold notional. */
  readonly turnover: Quote;
  /** Part of it that traded as maker. */
  readonly makerTurnover: Quote;
}

export interface HedgeSummary {
  readonly id: HedgeId;
  readonly route: Route;
  readonly asset: string;
  readonly state: HedgeState;
  readonly reason: string;
  readonly style: EntryStyle;
  /** Of each leg; what they hold is their `position`. */
  readonly planned: Base;
  readonly long: LegSummary;
  readonly short: LegSummary;
  readonly openedAt?: Instant;
  readonly endedAt?: Instant;
  /** From first fill to the end, or to `now` while open. */
  readonly daysHeld: number;
  readonly funding: Quote;
  readonly fees: Quote;
  readonly pricePnl: Quote;
  /** funding - fees + price PnL. */
  readonly net: Quote;
  /** Entry notional of the larger leg / leverage, both legs: the margin it ties up. */
  readonly margin: Quote;
}

export function summarizeHedge(hedge: HedgeRecord, now: Instant): HedgeSummary {
  const long = summarizeLeg(hedge.long);
  const short = summarizeLeg(hedge.short);
  const funding = add(long.funding, short.funding);
  const fees = add(long.fees, short.fees);
  const pricePnl = add(long.pricePnl, short.pricePnl);
  const until = hedge.endedAt ?? now;
  return {
    id: hedge.id,
    route: hedge.plan.route,
    asset: hedge.plan.asset,
    state: hedge.state,
    reason: hedge.reason,
    style: hedge.plan.entry.style,
    planned: hedge.plan.quantity,
    long,
    short,
    ...(hedge.openedAt === undefined ? {} : { openedAt: hedge.openedAt }),
    ...(hedge.endedAt === undefined ? {} : { endedAt: hedge.endedAt }),
    daysHeld: hedge.openedAt === undefined ? 0 : (until - hedge.openedAt) / DAY_MS,
    funding,
    fees,
    pricePnl,
    net: add(sub(funding, fees), pricePnl),
    margin: marginOf(hedge),
  };
}

function summarizeLeg(leg: LegRecord): LegSummary {
  const opens =
    leg.name === 'long' ? { base: leg.boughtBase, cash: leg.boughtQuote } : { base: leg.soldBase, cash: leg.soldQuote };
  const closes =
    leg.name === 'long' ? { base: leg.soldBase, cash: leg.soldQuote } : { base: leg.boughtBase, cash: leg.boughtQuote };
  return {
    name: leg.name,
    key: leg.key,
    position: leg.holding.quantity,
    ...(isZero(opens.base) ? {} : { entryPrice: averagePrice(opens.cash, opens.base) }),
    ...(isZero(closes.base) ? {} : { exitPrice: averagePrice(closes.cash, closes.base) }),
    funding: leg.funding,
    fees: leg.fees,
    pricePnl: add(sub(leg.soldQuote, leg.boughtQuote), leg.holding.cost),
    turnover: add(leg.soldQuote, leg.boughtQuote),
    makerTurnover: leg.makerQuote,
  };
}

function marginOf(hedge: HedgeRecord): Quote {
  const entries = legsOf(hedge).map((leg) => (leg.name === 'long' ? leg.boughtQuote : leg.soldQuote));
  return sum(ZERO_QUOTE, entries).div(String(hedge.plan.leverage)) as unknown as Quote;
}

/** One route's record, for the side-by-side view that an operator reads before raising the live share. */
export interface RouteSummary {
  readonly route: Route;
  readonly hedges: number;
  readonly open: number;
  readonly fills: number;
  readonly turnover: Quote;
  readonly fees: Quote;
  readonly funding: Quote;
  readonly pricePnl: Quote;
  readonly net: Quote;
  /** Mean adverse distance of fills from the reference when the order was planned, fraction of notional; positive = cost. */
  readonly slippageRate?: number;
}

export function summarizeRoute(ledger: LedgerState, route: Route, now: Instant): RouteSummary {
  const hedges = [...ledger.hedges.values()].filter((hedge) => hedge.plan.route === route);
  const summaries = hedges.map((hedge) => summarizeHedge(hedge, now));
  const total = (pick: (summary: HedgeSummary) => Quote): Quote => sum(ZERO_QUOTE, summaries.map(pick));
  const attempts = hedges.flatMap((hedge) => legsOf(hedge).flatMap((leg) => leg.attempts));
  const slip = slippage(attempts);
  return {
    route,
    hedges: hedges.length,
    open: hedges.filter((hedge) => hedge.endedAt === undefined).length,
    fills: attempts.filter((attempt) => !isZero(attempt.filled)).length,
    turnover: total((summary) => add(summary.long.turnover, summary.short.turnover)),
    fees: total((summary) => summary.fees),
    funding: total((summary) => summary.funding),
    pricePnl: total((summary) => summary.pricePnl),
    net: total((summary) => summary.net),
    ...(slip === undefined ? {} : { slippageRate: slip }),
  };
}

/** Notional-weighted, over attempts that filled. */
function slippage(attempts: readonly AttemptRecord[]): number | undefined {
  let cost = 0;
  let volume = 0;
  for (const { intent, filled, filledQuote } of attempts) {
    if (isZero(filled)) continue;
    const reference = toNumber(notional(filled, intent.referencePrice));
    const paid = toNumber(filledQuote);
    cost += intent.side === 'buy' ? paid - reference : reference - paid;
    volume += reference;
  }
  return volume > 0 ? cost / volume : undefined;
}
