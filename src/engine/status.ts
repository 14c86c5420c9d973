/** A picture of the running bot for people and programs: plain JSON, decimals as text, rates as fractions. */
import { add, quote, round, text, toNumber, ZERO_QUOTE } from '../kernel/decimal.ts';
import type { Mode, Route } from '../kernel/ids.ts';
import { isFinal } from '../ledger/state.ts';
import { type HedgeSummary, summarizeHedge, summarizeRoute } from '../ledger/summary.ts';
import type { RuleBreach } from '../risk/limits.ts';
import { allows } from '../risk/rules.ts';
import type { Unpriced } from '../signal/opportunity.ts';
import { type BreakerStatus, breakerStatuses } from './breaker-view.ts';
import type { Core } from './core.ts';
import { distanceOf } from './margin.ts';
import { blockedVenues, dayPnlUsd, hedgeUnrealised } from './valuation.ts';

export interface StatusSnapshot {
  readonly mode: Mode;
  readonly account: string;
  readonly epoch: number;
  /** The bot's clock, epoch ms; simulated time in sim and replay. */
  readonly at: number;
  readonly paused: boolean;
  readonly killed: boolean;
  readonly liveShare: number;
  /** Why the ledger cannot be written, when it cannot. */
  readonly ledgerFailure?: string;
  /** The configuration file differs from what runs. Absent when it does not. */
  readonly config?:
    | {
        /** Why it, or a part of it, is not used: a restart would refuse it, or apply the rest. */
        readonly problems: readonly string[];
        /** Dotted keys that a restart applies. */
        readonly waiting: readonly string[];
      }
    | undefined;
  readonly venues: readonly VenueStatus[];
  /** Priced when their market last changed; best first. */
  readonly opportunities: readonly OpportunityStatus[];
  /** Pairs that could not be priced then, and why. */
  readonly unpriced: readonly Unpriced[];
  /** Of what was seen, what the configuration keeps closed: turned off, denied, or not allowed. */
  readonly leftOut: { readonly assets: readonly string[]; readonly venues: readonly string[] };
  /** Not final. */
  readonly hedges: readonly HedgeStatus[];
  readonly routes: readonly RouteStatus[];
  readonly discrepancies: readonly DiscrepancyStatus[];
  readonly breakers: readonly BreakerStatus[];
}

/** Between ledger and venue, not explained yet: nothing opens there. */
export interface DiscrepancyStatus {
  readonly id: string;
  readonly route: Route;
  readonly venue: string;
  readonly what: string;
  readonly ledger: string;
  readonly venueSays: string;
  readonly detail: string;
  /** Since when it is as it is. */
  readonly at: number;
}

export interface VenueStatus {
  readonly venue: string;
  readonly feed: 'connecting' | 'up' | 'degraded' | 'down';
  readonly feedReason: string;
  readonly malformed: number;
  readonly accounts: readonly {
    readonly route: Route;
    readonly status: string;
    /** Why nothing opens there; empty when it may. */
    readonly blocked: string;
    readonly walletUsd?: number;
    readonly availableUsd?: number;
    readonly lastReconciledAt?: number;
  }[];
}

export interface OpportunityStatus {
  readonly pair: string;
  readonly asset: string;
  readonly long: string;
  readonly short: string;
  readonly route: Route;
  readonly spreadPer8h: number;
  readonly netApr: number;
  readonly netUsd: number;
  /** Absent when it never breaks even. */
  readonly breakEvenHours?: number;
  readonly confidence: number;
  readonly verdict: 'approved' | 'refused';
  readonly breaches: readonly RuleBreach[];
  readonly reasons: readonly string[];
  readonly at: number;
}

export interface HedgeStatus {
  readonly id: string;
  readonly route: Route;
  readonly asset: string;
  readonly state: string;
  readonly reason: string;
  readonly detail: string;
  readonly long: string;
  readonly short: string;
  /** Base units of each leg. */
  readonly planned: string;
  /** Base units that the ledger has on each leg, long positive. */
  readonly position: { readonly long: string; readonly short: string };
  readonly openedAt?: number;
  readonly daysHeld: number;
  readonly funding: string;
  readonly fees: string;
  /** Closed and open quantity, the open part at the mark: an estimate. Both absent while a leg cannot be valued. */
  readonly pricePnl?: string;
  readonly net?: string;
  /** Expected funding from now on, per year of the notional. */
  readonly forwardApr?: number;
  /**
   * Move of the mark that would liquidate each leg, as a fraction of it, by the venue's figure. Absent for a leg that
   * stands: unknown, never safe.
   */
  readonly liquidationDistance: { readonly long?: number; readonly short?: number };
}

export interface RouteStatus {
  readonly route: Route;
  readonly hedges: number;
  readonly open: number;
  readonly fees: string;
  readonly funding: string;
  readonly pricePnl: string;
  readonly net: string;
  readonly turnover: string;
  readonly slippageRate?: number;
  /** Absent while something open cannot be valued. */
  readonly dayPnlUsd?: number;
}

export function statusOf(core: Core): StatusSnapshot {
  const now = core.clock.now();
  const open = [...core.ledger.hedges.values()].filter((hedge) => !isFinal(hedge.state));
  const routes = [...new Set([...core.accounts.values()].map((watch) => watch.route))].sort();
  return {
    mode: core.settings.mode,
    account: core.store.stamp.account,
    epoch: core.ids.epoch,
    at: now,
    paused: core.ledger.paused || core.settings.paused,
    killed: core.ledger.killed,
    liveShare: core.settings.liveShare,
    ...(core.storeFailure === undefined ? {} : { ledgerFailure: core.storeFailure }),
    venues: venuesOf(core, routes),
    opportunities: opportunitiesOf(core),
    unpriced: [...core.rankings.values()].flatMap(({ unpriced }) => unpriced),
    leftOut: leftOut(core),
    hedges: open.map((hedge) => hedgeStatus(core, summarizeHedge(hedge, now), hedge.detail)),
    routes: routes.map((route) => routeStatus(core, route)),
    discrepancies: [...core.ledger.discrepancies.values()].map(
      ({ id, route, venue, what, ledger, venueSays, detail, at }) => ({
        id,
        route,
        venue,
        what,
        ledger,
        venueSays,
        detail,
        at,
      }),
    ),
    breakers: breakerStatuses(core),
  };
}

function leftOut({ rankings, accounts, settings: { enabledVenues, risk } }: Core): StatusSnapshot['leftOut'] {
  const { allow, deny } = risk;
  const assets = [...rankings].flatMap(([asset, { opportunities, unpriced }]) =>
    opportunities.length + unpriced.length > 0 ? [asset] : [],
  );
  const venues = [...new Set([...accounts.values()].map(({ venue }) => venue))];
  return {
    assets: assets.filter((asset) => deny.assets.includes(asset) || !allows(allow.assets, asset)),
    venues: venues.filter(
      (venue) => !enabledVenues.has(venue) || deny.venues.includes(venue) || !allows(allow.venues, venue),
    ),
  };
}

function venuesOf(core: Core, routes: readonly Route[]): VenueStatus[] {
  const blocked = new Map(routes.map((route) => [route, blockedVenues(core, route)]));
  const names = [...new Set([...core.accounts.values()].map((watch) => watch.venue))].sort();
  return names.map((venue) => {
    const health = core.market.health(venue);
    return {
      venue,
      feed: health?.status ?? 'connecting',
      feedReason: health?.reason ?? '',
      malformed: health?.malformed ?? 0,
      accounts: [...core.accounts.values()]
        .filter((watch) => watch.venue === venue)
        .map((watch) => ({
          route: watch.route,
          status: watch.status,
          blocked: blocked.get(watch.route)?.get(venue) ?? '',
          ...(watch.walletUsd === undefined ? {} : { walletUsd: watch.walletUsd }),
          ...(watch.availableUsd === undefined ? {} : { availableUsd: watch.availableUsd }),
          ...(watch.lastReconciledAt === undefined ? {} : { lastReconciledAt: watch.lastReconciledAt }),
        })),
    };
  });
}

/** What was said of a pair ends when it can no longer be priced. */
function opportunitiesOf(core: Core): OpportunityStatus[] {
  const priced = new Set([...core.rankings.values()].flatMap((each) => each.opportunities.map(({ pair }) => pair)));
  const verdicts = [...core.verdicts.values()].filter(({ opportunity }) => priced.has(opportunity.pair));
  verdicts.sort((a, b) => b.opportunity.netApr - a.opportunity.netApr);
  return verdicts.map(({ opportunity, route, verdict, breaches, at }) => ({
    pair: opportunity.pair,
    asset: opportunity.asset,
    long: opportunity.long.key,
    short: opportunity.short.key,
    route,
    spreadPer8h: opportunity.spreadHourlyRate * 8,
    netApr: opportunity.netApr,
    netUsd: opportunity.netUsd,
    ...(Number.isFinite(opportunity.breakEvenHours) ? { breakEvenHours: opportunity.breakEvenHours } : {}),
    confidence: opportunity.confidence,
    verdict,
    breaches,
    reasons: opportunity.reasons,
    at,
  }));
}

function hedgeStatus(core: Core, summary: HedgeSummary, detail: string): HedgeStatus {
  const hedge = core.ledger.hedges.get(summary.id);
  const openPnl = hedge ? hedgeUnrealised(hedge, core.market) : ZERO_QUOTE;
  const forwardApr = core.forwardApr.get(summary.id);
  const long = hedge && distanceOf(core, hedge.long);
  const short = hedge && distanceOf(core, hedge.short);
  return {
    id: summary.id,
    route: summary.route,
    asset: summary.asset,
    state: summary.state,
    reason: summary.reason,
    detail,
    long: summary.long.key,
    short: summary.short.key,
    planned: text(summary.planned),
    position: { long: text(summary.long.position), short: text(summary.short.position) },
    ...(summary.openedAt === undefined ? {} : { openedAt: summary.openedAt }),
    daysHeld: summary.daysHeld,
    funding: cents(summary.funding),
    fees: cents(summary.fees),
    ...(openPnl && { pricePnl: cents(add(summary.pricePnl, openPnl)), net: cents(add(summary.net, openPnl)) }),
    ...(forwardApr === undefined ? {} : { forwardApr }),
    liquidationDistance: {
      ...(long === undefined ? {} : { long }),
      ...(short === undefined ? {} : { short }),
    },
  };
}

function routeStatus(core: Core, route: Route): RouteStatus {
  const summary = summarizeRoute(core.ledger, route, core.clock.now());
  const dayPnl = dayPnlUsd(core, route);
  return {
    route,
    hedges: summary.hedges,
    open: summary.open,
    fees: cents(summary.fees),
    funding: cents(summary.funding),
    pricePnl: cents(summary.pricePnl),
    net: cents(summary.net),
    turnover: cents(summary.turnover),
    ...(summary.slippageRate === undefined ? {} : { slippageRate: summary.slippageRate }),
    ...(dayPnl === undefined ? {} : { dayPnlUsd: toNumber(round(quote(dayPnl), 2)) }),
  };
}

const cents = (value: Parameters<typeof round>[0]): string => round(value, 2).toFixed(2);
