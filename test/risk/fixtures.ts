/** A market with one good opportunity, limits that it passes and a state with nothing open. */

import type { MarketView } from '../../src/market/view.ts';
import type { RiskLimits, RiskSettings, RiskState } from '../../src/risk/limits.ts';
import { rankAsset } from '../../src/signal/carry.ts';
import type { Opportunity } from '../../src/signal/opportunity.ts';
import type { SignalSettings } from '../../src/signal/settings.ts';
import { NOW, type Perp, steady } from '../signal/market.ts';
import { BREAKER_DEFAULTS } from './breaker-limits.ts';

export const SIGNAL: SignalSettings = {
  horizonHours: 24,
  notionalUsd: 1000,
  basisAllowanceRate: 0.0002,
  reversionHalfLifeHours: 12,
};
export const SETTINGS: RiskSettings = { leverage: 2, maxSlippageRate: 0.002, marginReserveRate: 0.1 };

export const LIMITS: RiskLimits = {
  entry: { minNetApr: 0.1, minSpreadPer8h: 0.0005, minConfidence: 0.6, maxBreakEvenHours: 48 },
  exit: { minForwardApr: 0.03, confirmMinutes: 60, maxHoldHours: 0 },
  size: { hedgeNotionalUsd: 1000, minHedgeNotionalUsd: 100, maxDepthShare: 0.2 },
  exposure: {
    maxOpenHedges: 3,
    maxTotalNotionalUsd: 10_000,
    maxVenueNotionalUsd: 5_000,
    maxAssetNotionalUsd: 2_000,
    maxLeverage: 3,
  },
  data: { maxBookAgeMs: 5_000, maxFundingAgeMs: 120_000 },
  cooldown: { afterExitMinutes: 30, afterFailureMinutes: 120 },
  loss: { maxDailyLossUsd: 50 },
  margin: { warnDistanceRate: 0.2, reduceDistanceRate: 0.1 },
  breakers: BREAKER_DEFAULTS,
  allow: { assets: [], venues: [] },
  deny: { assets: [], venues: [] },
};

export const STATE: RiskState = {
  paused: false,
  killed: false,
  tripped: [],
  openHedges: 0,
  totalNotionalUsd: 0,
  venueNotionalUsd: new Map(),
  assetNotionalUsd: new Map(),
  busyAssets: new Set(),
  cooldowns: new Map(),
  blockedVenues: new Map(),
  dayPnlUsd: 0,
  availableUsd: new Map([
    ['low', 10_000],
    ['high', 10_000],
  ]),
};

/** 0.01 % against 0.2 % per 8 h, settled so for a week. */
export const LOW: Perp = { venue: 'low', rate: 0.0001, settled: steady(0.0001, 8, 21) };
export const HIGH: Perp = { venue: 'high', rate: 0.002, settled: steady(0.002, 8, 21) };

export function opportunityIn(view: MarketView, settings = SIGNAL, now = NOW): Opportunity {
  const [best] = rankAsset(view, 'BTC', settings, now).opportunities;
  if (!best) throw new Error('the market must hold an opportunity');
  return best;
}
