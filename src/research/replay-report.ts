/**
 * The report of a replay: each hedge, totals, annualised return on the margin used, and whether the ledger equals the
 * venues' own books to the cent. A pure function of ledger and books: the same run gives the same report.
 */
import {
  abs,
  add,
  type Base,
  eq,
  isZero,
  lt,
  type Quote,
  quote,
  ratio,
  round,
  sub,
  sum,
  text,
  toNumber,
  ZERO_BASE,
  ZERO_QUOTE,
} from '../kernel/decimal.ts';
import { instrumentKey, type VenueId } from '../kernel/ids.ts';
import { DAY_MS, type Instant, iso } from '../kernel/instant.ts';
import type { PaymentBooked } from '../ledger/facts.ts';
import { bookedChange } from '../ledger/reconcile.ts';
import { accountKey, type LedgerState } from '../ledger/state.ts';
import { type HedgeSummary, type LegSummary, summarizeHedge } from '../ledger/summary.ts';
import { type Flow, type Flows, flowOf, flowsOf } from './funding-flows.ts';

/** A venue's own books, read outside the bot. */
export interface VenueBooks {
  readonly venue: VenueId;
  /** Wallet when the run began. */
  readonly deposit: Quote;
  readonly wallet: Quote;
  readonly funding: Quote;
  readonly fees: Quote;
  readonly pricePnl: Quote;
  /** Base units by symbol, signed; flat ones left out. */
  readonly positions: ReadonlyMap<string, Base>;
}

export interface ReportInput {
  readonly ledger: LedgerState;
  /** Those that the ledger holds; of these it keeps only what they come to. */
  readonly payments: Iterable<PaymentBooked>;
  /** The recording, as configured. */
  readonly file: string;
  readonly fromAt: Instant;
  readonly toAt: Instant;
  readonly venues: readonly VenueBooks[];
  /** What of the recording makes figures that nobody could have earned. */
  readonly warnings: readonly string[];
}

export interface LegReport {
  readonly venue: string;
  readonly symbol: string;
  readonly entryPrice: string | null;
  readonly exitPrice: string | null;
  /** What settlements brought, and what they cost (not positive); together `funding`. */
  readonly fundingReceived: string;
  readonly fundingPaid: string;
  readonly funding: string;
  readonly fees: string;
  readonly pricePnl: string;
  /** Of its turnover, fraction that traded as maker; null without any. */
  readonly makerShare: number | null;
}

export interface HedgeReport {
  readonly id: string;
  readonly route: string;
  readonly asset: string;
  /** How it was entered; exits take on both legs. */
  readonly style: string;
  readonly state: string;
  readonly reason: string;
  /** Base units of each leg. */
  readonly planned: string;
  readonly openedAt: string | null;
  readonly closedAt: string | null;
  readonly daysHeld: number;
  readonly long: LegReport;
  readonly short: LegReport;
  /** Both legs, as theirs. */
  readonly fundingReceived: string;
  readonly fundingPaid: string;
  readonly funding: string;
  readonly fees: string;
  readonly pricePnl: string;
  readonly net: string;
}

export interface VenueReport {
  readonly venue: string;
  readonly venueChange: string;
  readonly ledgerChange: string;
  readonly difference: string;
  readonly positionsEqual: boolean;
  readonly equal: boolean;
}

export interface ReplayReport {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly warnings: readonly string[];
  readonly hedges: readonly HedgeReport[];
  readonly totals: {
    readonly hedges: number;
    readonly open: number;
    readonly funding: string;
    readonly fees: string;
    readonly pricePnl: string;
    readonly net: string;
    /** Time-weighted margin over the days that any was used. */
    readonly averageMargin: string;
    readonly daysInMarket: number;
    /** Net per year on the margin used, fraction; null when none was used. */
    readonly annualisedReturn: number | null;
  };
  readonly venues: readonly VenueReport[];
  readonly ledgerEqualsVenues: boolean;
}

const CENT = quote('0.01');

export function buildReport(input: ReportInput): ReplayReport {
  const hedges = [...input.ledger.hedges.values()].map((hedge) => summarizeHedge(hedge, input.toAt));
  const flows = flowsOf(input.payments);
  const venues = input.venues.map((books) => compare(input.ledger, books));
  return {
    file: input.file,
    from: iso(input.fromAt),
    to: iso(input.toAt),
    days: (input.toAt - input.fromAt) / DAY_MS,
    warnings: input.warnings,
    hedges: hedges.map((hedge) => hedgeReport(hedge, flows)),
    totals: totalsOf(hedges),
    venues,
    ledgerEqualsVenues: venues.every((venue) => venue.equal),
  };
}

/** The simulated accounts trade over the wire, so their route is `live`. */
function compare(ledger: LedgerState, books: VenueBooks): VenueReport {
  const account = ledger.accounts.get(accountKey('live', books.venue));
  const venueChange = sub(books.wallet, books.deposit);
  const ledgerChange = account ? bookedChange(account) : ZERO_QUOTE;
  const difference = sub(venueChange, ledgerChange);
  const parts: [Quote, Quote][] = [
    [books.funding, account?.funding ?? ZERO_QUOTE],
    [books.fees, account?.fees ?? ZERO_QUOTE],
    [books.pricePnl, account?.realised ?? ZERO_QUOTE],
  ];
  const keys = new Set([...books.positions.keys()].map((symbol) => instrumentKey(books.venue, symbol)));
  for (const key of account?.holdings.keys() ?? []) keys.add(key);
  const positionsEqual = [...keys].every((key) => {
    const symbol = key.slice(key.indexOf('|') + 1);
    return eq(books.positions.get(symbol) ?? ZERO_BASE, account?.holdings.get(key)?.quantity ?? ZERO_BASE);
  });
  const moneyEqual = lt(abs(difference), CENT) && parts.every(([theirs, ours]) => lt(abs(sub(theirs, ours)), CENT));
  return {
    venue: books.venue,
    venueChange: money(venueChange),
    ledgerChange: money(ledgerChange),
    difference: text(round(difference, 8)),
    positionsEqual,
    equal: moneyEqual && positionsEqual,
  };
}

function hedgeReport(hedge: HedgeSummary, flows: Flows): HedgeReport {
  const long = flowOf(flows, hedge.id, 'long');
  const short = flowOf(flows, hedge.id, 'short');
  return {
    id: hedge.id,
    route: hedge.route,
    asset: hedge.asset,
    style: hedge.style,
    state: hedge.state,
    reason: hedge.reason,
    planned: text(hedge.planned),
    openedAt: hedge.openedAt === undefined ? null : iso(hedge.openedAt),
    closedAt: hedge.endedAt === undefined ? null : iso(hedge.endedAt),
    daysHeld: Number(hedge.daysHeld.toFixed(3)),
    long: legReport(hedge.long, long),
    short: legReport(hedge.short, short),
    fundingReceived: money(add(long.received, short.received)),
    fundingPaid: money(add(long.paid, short.paid)),
    funding: money(hedge.funding),
    fees: money(hedge.fees),
    pricePnl: money(hedge.pricePnl),
    net: money(hedge.net),
  };
}

function legReport(leg: LegSummary, flow: Flow): LegReport {
  const bar = leg.key.indexOf('|');
  return {
    venue: leg.key.slice(0, bar),
    symbol: leg.key.slice(bar + 1),
    entryPrice: leg.entryPrice ? text(round(leg.entryPrice, 4)) : null,
    exitPrice: leg.exitPrice ? text(round(leg.exitPrice, 4)) : null,
    fundingReceived: money(flow.received),
    fundingPaid: money(flow.paid),
    funding: money(leg.funding),
    fees: money(leg.fees),
    pricePnl: money(leg.pricePnl),
    makerShare: isZero(leg.turnover) ? null : Number(ratio(leg.makerTurnover, leg.turnover).toFixed(4)),
  };
}

function totalsOf(hedges: readonly HedgeSummary[]): ReplayReport['totals'] {
  const total = (pick: (hedge: HedgeSummary) => Quote): Quote => sum(ZERO_QUOTE, hedges.map(pick));
  const net = total((hedge) => hedge.net);
  // Margin x days, and the days on which any hedge was open (overlaps count once).
  const marginDays = hedges.reduce((days, hedge) => days + toNumber(hedge.margin) * hedge.daysHeld, 0);
  const daysInMarket = unionDays(hedges);
  const averageMargin = daysInMarket > 0 ? marginDays / daysInMarket : 0;
  return {
    hedges: hedges.length,
    open: hedges.filter((hedge) => hedge.endedAt === undefined).length,
    funding: money(total((hedge) => hedge.funding)),
    fees: money(total((hedge) => hedge.fees)),
    pricePnl: money(total((hedge) => hedge.pricePnl)),
    net: money(net),
    averageMargin: averageMargin.toFixed(2),
    daysInMarket: Number(daysInMarket.toFixed(3)),
    annualisedReturn: marginDays > 0 ? (toNumber(net) / marginDays) * 365 : null,
  };
}

function unionDays(hedges: readonly HedgeSummary[]): number {
  const spans = hedges
    .filter((hedge) => hedge.openedAt !== undefined)
    .map((hedge) => [hedge.openedAt ?? 0, (hedge.openedAt ?? 0) + hedge.daysHeld * DAY_MS] as const)
    .sort((a, b) => a[0] - b[0]);
  let days = 0;
  let reached = 0;
  for (const [from, to] of spans) {
    days += Math.max(0, to - Math.max(from, reached)) / DAY_MS;
    reached = Math.max(reached, to);
  }
  return days;
}

const money = (value: Quote): string => add(round(value, 2), ZERO_QUOTE).toFixed(2);

/** The report for people. */
export function renderReport(report: ReplayReport): string {
  const { totals } = report;
  const percent = (value: number | null): string => (value === null ? 'n/a' : `${(value * 100).toFixed(2)} %`);
  const lines = [
    `replay of ${report.file}: ${report.from} to ${report.to} (${report.days.toFixed(0)} days)`,
    '',
    ...report.hedges.flatMap(renderHedge),
    ...report.warnings.map((warning) => `WARNING ${warning}`),
    `total of ${totals.hedges} hedge(s), ${totals.open} still open: funding ${totals.funding}, fees ${totals.fees}, price PnL ${totals.pricePnl}, net ${totals.net} USDT`,
    `annualised return on margin used: ${percent(totals.annualisedReturn)} (average margin ${totals.averageMargin} USDT over ${totals.daysInMarket.toFixed(1)} days in the market)`,
    '',
    ...report.venues.map(
      (venue) =>
        `${venue.venue}: balance changed by ${venue.venueChange}, ledger says ${venue.ledgerChange}, difference ${venue.difference}${venue.positionsEqual ? '' : ', positions differ'}`,
    ),
    report.ledgerEqualsVenues ? 'ledger = venues' : 'ledger and venues DIFFER',
  ];
  return lines.join('\n');
}

function renderHedge(hedge: HedgeReport): string[] {
  const leg = (name: string, each: LegReport): string =>
    `    ${name.padEnd(5)} ${each.venue.padEnd(8)} entry ${each.entryPrice ?? '-'} exit ${each.exitPrice ?? '-'} funding ${flowText(each)} fees ${each.fees} price PnL ${each.pricePnl}${each.makerShare ? ` maker ${(each.makerShare * 100).toFixed(0)} %` : ''}`;
  return [
    `${hedge.id} ${hedge.asset} ${hedge.planned}${hedge.style === 'taker' ? '' : ` ${hedge.style}`} ${hedge.state} (${hedge.reason}) ${hedge.openedAt ?? '-'} to ${hedge.closedAt ?? 'open'}, ${hedge.daysHeld.toFixed(1)} days`,
    leg('long', hedge.long),
    leg('short', hedge.short),
    `    funding ${flowText(hedge)}, fees ${hedge.fees}, price PnL ${hedge.pricePnl}, net ${hedge.net}`,
  ];
}

/** `60.00 (received 100.00, paid 40.00)` */
const flowText = ({ funding, fundingReceived, fundingPaid }: LegReport | HedgeReport): string =>
  `${funding} (received ${fundingReceived}, paid ${fundingPaid.replace('-', '')})`;
