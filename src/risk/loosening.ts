/** Which changes of limits take on more risk, for the config change log. Entry point: `loosens`. */
import type { RiskLimits } from './limits.ts';

type Leaves<T> = {
  [K in keyof T & string]: T[K] extends number | string | readonly unknown[] ? K : `${K}.${Leaves<T[K]>}`;
}[keyof T & string];
type DottedKey = Leaves<RiskLimits>;

/**
 * What loosens: raising it, lowering it, a name more, a name less; `allow` and `hold` have a value (empty, zero) that
 * means "no limit"; `reset` loosens when no human is needed any more. The mapped type makes a new limit fail the type check until it is judged here.
 */
const LOOSENS_BY: Readonly<Record<DottedKey, 'raise' | 'lower' | 'allow' | 'deny' | 'hold' | 'reset'>> = {
  'entry.minNetApr': 'lower',
  'entry.minSpreadPer8h': 'lower',
  'entry.minConfidence': 'lower',
  'entry.maxBreakEvenHours': 'raise',
  'exit.minForwardApr': 'lower',
  'exit.confirmMinutes': 'raise',
  'exit.maxHoldHours': 'hold',
  'size.hedgeNotionalUsd': 'raise',
  'size.minHedgeNotionalUsd': 'lower',
  'size.maxDepthShare': 'raise',
  'exposure.maxOpenHedges': 'raise',
  'exposure.maxTotalNotionalUsd': 'raise',
  'exposure.maxVenueNotionalUsd': 'raise',
  'exposure.maxAssetNotionalUsd': 'raise',
  'exposure.maxLeverage': 'raise',
  'data.maxBookAgeMs': 'raise',
  'data.maxFundingAgeMs': 'raise',
  'cooldown.afterExitMinutes': 'lower',
  'cooldown.afterFailureMinutes': 'lower',
  'loss.maxDailyLossUsd': 'raise',
  'margin.warnDistanceRate': 'lower',
  'margin.reduceDistanceRate': 'lower',
  'breakers.errorRate.rate': 'raise',
  'breakers.errorRate.minCalls': 'raise',
  'breakers.errorRate.windowMinutes': 'lower',
  'breakers.errorRate.reset': 'reset',
  'breakers.errorRate.cooldownMinutes': 'lower',
  'breakers.latency.p90Ms': 'raise',
  'breakers.latency.minOrders': 'raise',
  'breakers.latency.windowMinutes': 'lower',
  'breakers.latency.reset': 'reset',
  'breakers.latency.cooldownMinutes': 'lower',
  'breakers.rejectedOrders.rejected': 'raise',
  'breakers.rejectedOrders.ofLast': 'lower',
  'breakers.rejectedOrders.windowMinutes': 'lower',
  'breakers.rejectedOrders.reset': 'reset',
  'breakers.rejectedOrders.cooldownMinutes': 'lower',
  'breakers.clockSkew.skewMs': 'raise',
  'breakers.clockSkew.reset': 'reset',
  'breakers.clockSkew.cooldownMinutes': 'lower',
  'breakers.staleStreams.staleMs': 'raise',
  'breakers.staleStreams.reset': 'reset',
  'breakers.staleStreams.cooldownMinutes': 'lower',
  'breakers.consecutiveFailures.failures': 'raise',
  'breakers.consecutiveFailures.reset': 'reset',
  'breakers.consecutiveFailures.cooldownMinutes': 'lower',
  'breakers.churn.cycles': 'raise',
  'breakers.churn.windowHours': 'lower',
  'breakers.churn.cycleMinutes': 'lower',
  'breakers.churn.reset': 'reset',
  'breakers.churn.cooldownMinutes': 'lower',
  'breakers.dailyLoss.reset': 'reset',
  'breakers.drawdown.lossUsd': 'raise',
  'breakers.drawdown.reset': 'reset',
  'breakers.drawdown.cooldownMinutes': 'lower',
  'breakers.orderRate.orders': 'raise',
  'breakers.orderRate.windowMinutes': 'lower',
  'breakers.orderRate.reset': 'reset',
  'breakers.orderRate.cooldownMinutes': 'lower',
  'breakers.restarts.starts': 'raise',
  'breakers.restarts.windowMinutes': 'lower',
  'breakers.restarts.reset': 'reset',
  'breakers.restarts.cooldownMinutes': 'lower',
  'allow.assets': 'allow',
  'allow.venues': 'allow',
  'deny.assets': 'deny',
  'deny.venues': 'deny',
};

/** Dotted keys (`exposure.maxLeverage`) whose change takes on more risk. */
export function loosens(before: RiskLimits, after: RiskLimits): string[] {
  return Object.entries(LOOSENS_BY)
    .filter(([key, by]) => isLooser(by, valueAt(before, key), valueAt(after, key)))
    .map(([key]) => key);
}

function valueAt(limits: RiskLimits, dotted: string): unknown {
  let value: unknown = limits;
  for (const part of dotted.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function isLooser(by: (typeof LOOSENS_BY)[DottedKey], before: unknown, after: unknown): boolean {
  if (Array.isArray(before) && Array.isArray(after)) {
    if (by === 'deny') return before.some((name) => !after.includes(name));
    if (before.length === 0) return false;
    return after.length === 0 || after.some((name) => !before.includes(name));
  }
  if (by === 'reset') return before === 'human' && after !== 'human';
  if (typeof before !== 'number' || typeof after !== 'number') return false;
  if (by === 'lower') return after < before;
  if (by === 'hold') return unlimitedAtZero(after) > unlimitedAtZero(before);
  return after > before;
}

const unlimitedAtZero = (hours: number): number => (hours === 0 ? Number.POSITIVE_INFINITY : hours);
