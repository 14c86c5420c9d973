/** What the risk stage is told: the limits, how orders are placed, what stands; and what it answers. */
import type { BreakerLimits, TrippedBreaker } from './breakers.ts';

/** Risk limits. All are live-reloadable. USD figures are notional per leg unless said otherwise. */
export interface RiskLimits {
  readonly entry: {
    /** Smallest net APR (fraction) that opens. */
    readonly minNetApr: number;
    /** Smallest short minus long rate per 8 h (fraction). */
    readonly minSpreadPer8h: number;
    readonly minConfidence: number;
    readonly maxBreakEvenHours: number;
  };
  readonly exit: {
    /** Closes when the expected forward funding of the hedge, exit costs ignored because they are due anyway, falls under this APR (fraction). Must not exceed entry.minNetApr. */
    readonly minForwardApr: number;
    /** The condition must hold this long without interruption. */
    readonly confirmMinutes: number;
    /** Closes whatever it earns; 0 = never. */
    readonly maxHoldHours: number;
  };
  readonly size: {
    /** Wanted notional per leg. */
    readonly hedgeNotionalUsd: number;
    /** Smallest that is worth opening. */
    readonly minHedgeNotionalUsd: number;
    /** Order size as a share of visible depth within the slippage cap, per leg (0..1). */
    readonly maxDepthShare: number;
  };
  readonly exposure: {
    readonly maxOpenHedges: number;
    /** Sum over both legs of all hedges. */
    readonly maxTotalNotionalUsd: number;
    /** Sum over the legs on one venue. */
    readonly maxVenueNotionalUsd: number;
    /** Larger leg of the asset's hedges. */
    readonly maxAssetNotionalUsd: number;
    readonly maxLeverage: number;
  };
  readonly data: {
    readonly maxBookAgeMs: number;
    readonly maxFundingAgeMs: number;
  };
  readonly cooldown: {
    /** After a hedge closed, for its pair's asset. */
    readonly afterExitMinutes: number;
    /** After a hedge was aborted, unwound or quarantined. */
    readonly afterFailureMinutes: number;
  };
  readonly loss: {
    /** Per UTC day and route, positive figure; opening stops beyond it. */
    readonly maxDailyLossUsd: number;
  };
  readonly margin: {
    /** A leg whose mark may move no further than this fraction before its liquidation is told. */
    readonly warnDistanceRate: number;
    /** From here on both legs are made smaller together. Not above `warnDistanceRate`. */
    readonly reduceDistanceRate: number;
  };
  readonly breakers: BreakerLimits;
  /** An empty allow list allows everything. */
  readonly allow: { readonly assets: readonly string[]; readonly venues: readonly string[] };
  /** Wins over `allow`. */
  readonly deny: { readonly assets: readonly string[]; readonly venues: readonly string[] };
}

/** How orders of a hedge are placed, as far as sizing must know. */
export interface RiskSettings {
  readonly leverage: number;
  /** Entry limits cap the price this fraction from mid; depth beyond it does not count. */
  readonly maxSlippageRate: number;
  /** Share of each venue's free margin that an opening leaves untouched (0..1). */
  readonly marginReserveRate: number;
}

/** One rule's verdict; all failing rules are reported, each with limit and actual value. */
export interface RuleBreach {
  /** Stable code: `net_apr`, `spread`, `confidence`, `break_even`, `book_stale`, `cooldown`, ... */
  readonly rule: string;
  readonly limit: number | string;
  readonly actual: number | string;
  /** How much is missing, in the rule's unit; absent where it makes no sense. */
  readonly shortfall?: number;
  readonly detail: string;
}

/** What already stands on one route (live or paper), worst case: everything in flight fills. */
export interface RiskState {
  readonly paused: boolean;
  /** Latched kill switch: nothing opens until a human resets it. */
  readonly killed: boolean;
  /** On this route. */
  readonly tripped: readonly TrippedBreaker[];
  readonly openHedges: number;
  readonly totalNotionalUsd: number;
  readonly venueNotionalUsd: ReadonlyMap<string, number>;
  readonly assetNotionalUsd: ReadonlyMap<string, number>;
  /** Assets with a non-final hedge: one hedge per asset and route. */
  readonly busyAssets: ReadonlySet<string>;
  /** Asset -> instant until which nothing opens, with the reason. */
  readonly cooldowns: ReadonlyMap<string, { readonly until: number; readonly reason: string }>;
  /** Venue or instrument key -> why nothing opens there: unreconciled, down, skewed clock, setup refused. */
  readonly blockedVenues: ReadonlyMap<string, string>;
  /** Realised and unrealised change since the UTC day began, this route; undefined when unknown, which blocks opening. */
  readonly dayPnlUsd: number | undefined;
  /** Free margin per venue in USD; absent when unknown, which blocks opening. */
  readonly availableUsd: ReadonlyMap<string, number>;
}
