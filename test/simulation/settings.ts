/** The engine's settings in a simulated world: the one place that must follow when settings grow. */
import type { EngineSettings } from '../../src/engine/settings.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import type { RiskLimits } from '../../src/risk/limits.ts';
import { BREAKER_DEFAULTS, NEVER_TRIPPING } from '../risk/breaker-limits.ts';
import type { Dice } from './dice.ts';

/** No answer by then: the sender gives up, and cannot know. */
export const REQUEST_TIMEOUT_MS = 1_500;

/** Venues and assets must be watched anyway; what they are watched by, and how closely, differs. */
export interface Watch {
  readonly limits: Pick<RiskLimits, 'breakers' | 'loss'>;
  /** Between two readings of all positions. Costly: few worlds read them as often as the default configuration. */
  readonly positionsEveryMs: number | undefined;
}

const CLOSE_WATCH_MS = 5_000;

/** In most worlds no breaker trips, so that there is more to break; in the others they are as configured, or tighter. */
export function watchOf(dice: Dice): Watch {
  const positionsEveryMs = dice.chance(0.01) ? CLOSE_WATCH_MS : undefined;
  const loss = { maxDailyLossUsd: dice.pick([10, 50, 500]) };
  const lossUsd = dice.pick([20, 100, 1_000]);
  const reset = dice.pick(['cooldown', 'human'] as const);
  const cooldownMinutes = dice.pick([5, 30, 180]);
  if (dice.chance(0.75))
    return { positionsEveryMs, limits: { breakers: NEVER_TRIPPING, loss: { maxDailyLossUsd: 100_000 } } };
  const policy = { reset, cooldownMinutes };
  const defaults = BREAKER_DEFAULTS;
  const breakers = {
    errorRate: { ...defaults.errorRate, ...policy },
    latency: { ...defaults.latency, ...policy, p90Ms: 1_000 },
    rejectedOrders: { ...defaults.rejectedOrders, ...policy, rejected: 2, ofLast: 3, windowMinutes: 60 },
    clockSkew: defaults.clockSkew,
    staleStreams: { ...defaults.staleStreams, cooldownMinutes },
    consecutiveFailures: { ...defaults.consecutiveFailures, ...policy },
    churn: { ...defaults.churn, ...policy },
    dailyLoss: { reset },
    drawdown: { ...defaults.drawdown, ...policy, lossUsd },
    orderRate: { ...defaults.orderRate, ...policy, orders: 12 },
    restarts: { ...defaults.restarts, ...policy, starts: 3 },
  };
  return { positionsEveryMs, limits: { breakers, loss } };
}

/** `clockJumps`: the clock may be wrong by an hour. */
export function settingsOf(dice: Dice, venues: readonly string[], clockJumps: boolean, watch: Watch): EngineSettings {
  const hedgeNotionalUsd = dice.whole(3, 15) * 100;
  const settings: EngineSettings = {
    mode: 'sim',
    paused: false,
    enabledVenues: new Set(venues),
    liveShare: 1,
    signal: { horizonHours: 24, notionalUsd: hedgeNotionalUsd, basisAllowanceRate: 0, reversionHalfLifeHours: 12 },
    risk: {
      entry: { minNetApr: 0.1, minSpreadPer8h: 0.0003, minConfidence: 0, maxBreakEvenHours: 48 },
      exit: { minForwardApr: 0.02, confirmMinutes: dice.pick([0, 5, 30]), maxHoldHours: dice.pick([0, 0, 6]) },
      size: { hedgeNotionalUsd, minHedgeNotionalUsd: 100, maxDepthShare: dice.pick([0.3, 0.6, 1]) },
      exposure: {
        maxOpenHedges: dice.whole(1, 4),
        maxTotalNotionalUsd: dice.pick([3_000, 8_000, 20_000]),
        maxVenueNotionalUsd: dice.pick([1_500, 5_000]),
        maxAssetNotionalUsd: 2_000,
        maxLeverage: 10,
      },
      data: { maxBookAgeMs: 5_000, maxFundingAgeMs: 120_000 },
      cooldown: { afterExitMinutes: dice.pick([1, 30, 90]), afterFailureMinutes: dice.pick([1, 15, 120]) },
      // Leverage goes up to 8, which leaves an eighth at the start.
      margin: { warnDistanceRate: 0.05, reduceDistanceRate: 0.03 },
      ...watch.limits,
      allow: { assets: [], venues: [] },
      deny: { assets: [], venues: [] },
    },
    execution: {
      style: dice.pick(['taker', 'taker', 'taker', 'maker_taker', 'sliced'] as const),
      maker: { deadlineMs: 30_000, repriceMs: 2_000, maxReprices: 5 },
      sliced: { notionalUsd: 250, intervalMs: 2_000, deadlineMs: 60_000 },
      leverage: dice.pick([1, 2, 3, 8]),
      marginReserveRate: 0.1,
      entryPriceCapRate: 0.002,
      exitPriceCapRate: 0.002,
      exitPriceCapMaxRate: 0.05,
      enterDeadlineMs: 15_000,
      balanceDeadlineMs: dice.pick([5_000, 30_000]),
      retryDelayMs: 500,
      maxCompletions: dice.whole(0, 2),
      maxReduceAttempts: dice.pick([3, 8]),
      nakedLimitMs: 8_000,
      lookup: { minValidityMs: 4_000, minLookups: 3, spacingMs: 800, horizonMs: 90 * MINUTE_MS },
    },
    reconcileEveryMs: dice.pick([30, 60, 120]) * MINUTE_MS,
    positionsEveryMs: dice.pick([5, 15, 30]) * MINUTE_MS,
    paymentDelayMs: 5_000,
  };
  // In some worlds silence about an order soon proves nothing any more; never as soon as a wrong clock makes it old.
  const horizonMs = (clockJumps ? 90 : dice.pick([10, 90, 90])) * MINUTE_MS;
  const lookup = { ...settings.execution.lookup, horizonMs };
  const positionsEveryMs = watch.positionsEveryMs ?? settings.positionsEveryMs;
  return { ...settings, positionsEveryMs, execution: { ...settings.execution, lookup } };
}

/** What an operator may save into the configuration while the bot runs. */
export function editedSettings(
  now: EngineSettings,
  dice: readonly number[],
  venues: readonly string[],
  asset: string,
): EngineSettings {
  const [kind = 0, size = 0] = dice;
  const { exposure } = now.risk;
  const off = venues.slice(Math.floor(size * venues.length)).slice(0, 1);
  if (kind < 0.4) {
    const lowered =
      kind < 0.2
        ? { ...exposure, maxAssetNotionalUsd: 100 + 900 * size, maxVenueNotionalUsd: 200 + 1_500 * size }
        : { ...exposure, maxOpenHedges: Math.floor(size * 2), maxTotalNotionalUsd: 500 + 1_000 * size };
    return { ...now, risk: { ...now.risk, exposure: lowered } };
  }
  if (kind < 0.6) return { ...now, enabledVenues: new Set(venues.filter((venue) => !off.includes(venue))) };
  if (kind < 0.75) return { ...now, liveShare: size < 0.5 ? 0 : 0.5 };
  if (kind < 0.83) return { ...now, paused: true };
  if (kind < 0.93) {
    const deny = kind < 0.88 ? { assets: [asset], venues: [] } : { assets: [], venues: off };
    return { ...now, risk: { ...now.risk, deny } };
  }
  return { ...now, execution: { ...now.execution, retryDelayMs: 1_000, maxReduceAttempts: 2, maxCompletions: 0 } };
}
