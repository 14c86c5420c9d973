/** Which changes of limits take on more risk, for the config change log. Entry point: `loosens`. */
import type { RiskLimits } from './limits.ts';

type DottedKey = { [G in keyof RiskLimits]: `${G}.${keyof RiskLimits[G] & string}` }[keyof RiskLimits];

/**
 * What loosens: raising it, lowering it, a name more, a name less; `allow` and `hold` have a value (empty, zero) that
 * means "no limit". The mapped type makes a new limit fail the type check until it is judged here.
 */
const LOOSENS_BY: Readonly<Record<DottedKey, 'raise' | 'lower' | 'allow' | 'deny' | 'hold'>> = {
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
  const [group = '', key = ''] = dotted.split('.');
  const section: unknown = Reflect.get(limits, group);
  return typeof section === 'object' && section !== null ? Reflect.get(section, key) : undefined;
}

function isLooser(by: (typeof LOOSENS_BY)[DottedKey], before: unknown, after: unknown): boolean {
  if (Array.isArray(before) && Array.isArray(after)) {
    if (by === 'deny') return before.some((name) => !after.includes(name));
    if (before.length === 0) return false;
    return after.length === 0 || after.some((name) => !before.includes(name));
  }
  if (typeof before !== 'number' || typeof after !== 'number') return false;
  if (by === 'lower') return after < before;
  if (by === 'hold') return unlimitedAtZero(after) > unlimitedAtZero(before);
  return after > before;
}

const unlimitedAtZero = (hours: number): number => (hours === 0 ? Number.POSITIVE_INFINITY : hours);
