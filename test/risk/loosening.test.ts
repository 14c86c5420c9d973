import { describe, expect, it } from 'vitest';
import type { RiskLimits } from '../../src/risk/limits.ts';
import { loosens } from '../../src/risk/loosening.ts';
import { LIMITS } from './fixtures.ts';

/** Every numeric limit: the change that takes on more risk. */
const LOOSER: readonly [keyof RiskLimits, string, number][] = [
  ['entry', 'minNetApr', -0.01],
  ['entry', 'minSpreadPer8h', -0.0001],
  ['entry', 'minConfidence', -0.1],
  ['entry', 'maxBreakEvenHours', 1],
  ['exit', 'minForwardApr', -0.01],
  ['exit', 'confirmMinutes', 1],
  ['size', 'hedgeNotionalUsd', 1],
  ['size', 'minHedgeNotionalUsd', -1],
  ['size', 'maxDepthShare', 0.1],
  ['exposure', 'maxOpenHedges', 1],
  ['exposure', 'maxTotalNotionalUsd', 1],
  ['exposure', 'maxVenueNotionalUsd', 1],
  ['exposure', 'maxAssetNotionalUsd', 1],
  ['exposure', 'maxLeverage', 1],
  ['data', 'maxBookAgeMs', 1],
  ['data', 'maxFundingAgeMs', 1],
  ['cooldown', 'afterExitMinutes', -1],
  ['cooldown', 'afterFailureMinutes', -1],
  ['loss', 'maxDailyLossUsd', 1],
  ['margin', 'warnDistanceRate', -0.01],
  ['margin', 'reduceDistanceRate', -0.01],
];

const changed = (group: keyof RiskLimits, key: string, by: number): RiskLimits => ({
  ...LIMITS,
  [group]: { ...LIMITS[group], [key]: Number(Reflect.get(LIMITS[group], key)) + by },
});
const lists = (allow: string[], deny: string[] = []): RiskLimits => ({
  ...LIMITS,
  allow: { assets: allow, venues: [] },
  deny: { assets: [], venues: deny },
});
const hold = (maxHoldHours: number): RiskLimits => ({ ...LIMITS, exit: { ...LIMITS.exit, maxHoldHours } });

describe('a change that takes on more risk is named', () => {
  it.each(LOOSER)('%s.%s', (group, key, by) => {
    expect(loosens(LIMITS, changed(group, key, by))).toEqual([`${group}.${key}`]);
    expect(loosens(changed(group, key, by), LIMITS)).toEqual([]);
  });

  it('nothing changed, nothing loosened', () => {
    expect(loosens(LIMITS, structuredClone(LIMITS))).toEqual([]);
  });

  it('allow lists: one more name, or an empty list, which allows everything', () => {
    expect(loosens(lists(['BTC']), lists(['BTC', 'ETH']))).toEqual(['allow.assets']);
    expect(loosens(lists(['BTC']), lists([]))).toEqual(['allow.assets']);
    expect(loosens(lists(['BTC', 'ETH']), lists(['ETH']))).toEqual([]);
    expect(loosens(lists([]), lists(['BTC']))).toEqual([]);
  });

  it('deny lists: one name less', () => {
    expect(loosens(lists([], ['okx']), lists([]))).toEqual(['deny.venues']);
    expect(loosens(lists([]), lists([], ['okx']))).toEqual([]);
  });

  it('maximum holding time: zero is for ever', () => {
    expect(loosens(hold(10), hold(0))).toEqual(['exit.maxHoldHours']);
    expect(loosens(hold(10), hold(11))).toEqual(['exit.maxHoldHours']);
    expect(loosens(hold(0), hold(10))).toEqual([]);
  });

  it('breakers: limits by their section, and an end without a human', () => {
    const { breakers } = LIMITS;
    const looser: RiskLimits = {
      ...LIMITS,
      breakers: {
        ...breakers,
        errorRate: { ...breakers.errorRate, rate: breakers.errorRate.rate + 0.1 },
        churn: { ...breakers.churn, cooldownMinutes: breakers.churn.cooldownMinutes - 1 },
        drawdown: { ...breakers.drawdown, reset: 'cooldown' },
      },
    };
    const keys = ['breakers.errorRate.rate', 'breakers.churn.cooldownMinutes', 'breakers.drawdown.reset'];
    expect(loosens(LIMITS, looser).sort()).toEqual([...keys].sort());
    expect(loosens(looser, LIMITS)).toEqual([]);
  });

  it('breakers: every key of theirs is judged', () => {
    const keys = Object.entries(LIMITS.breakers).flatMap(([section, limits]) =>
      Object.entries<number | string>(limits).map(([key, value]) => ({ section, key, value })),
    );
    for (const { section, key, value } of keys) {
      const others = typeof value === 'number' ? [value + 1, value - 1] : ['human', 'cooldown'];
      const changes = others.flatMap((other) => {
        const breakers = { ...LIMITS.breakers, [section]: { ...Reflect.get(LIMITS.breakers, section), [key]: other } };
        return [loosens({ ...LIMITS, breakers }, LIMITS), loosens(LIMITS, { ...LIMITS, breakers })];
      });
      expect(changes.flat(), `${section}.${key}`).toContain(`breakers.${section}.${key}`);
    }
  });

  it('all at once', () => {
    const before = { ...lists(['BTC']), loss: { maxDailyLossUsd: 10 } };
    expect(loosens(before, { ...lists([]), loss: { maxDailyLossUsd: 20 } })).toEqual([
      'loss.maxDailyLossUsd',
      'allow.assets',
    ]);
  });
});
