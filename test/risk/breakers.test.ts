import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS, utcDayStart } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { BreakerSwitched } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { breakerId } from '../../src/ledger/state.ts';
import {
  churn,
  clockSkew,
  consecutiveFailures,
  dailyLoss,
  drawdown,
  errorRate,
  latency,
  orderRate,
  rejectedOrders,
  restarts,
  staleStreams,
} from '../../src/risk/breaker-readings.ts';
import {
  BREAKER_NAMES,
  BREAKERS,
  type BreakerLimits,
  breakerBreaches,
  nextSwitch,
  type Reading,
  resetsAt,
  trippedBreakers,
} from '../../src/risk/breakers.ts';
import { marketOf, NOW } from '../signal/market.ts';
import { BREAKER_DEFAULTS } from './breaker-limits.ts';
import { HIGH, LOW, opportunityIn } from './fixtures.ts';

const LIMITS = BREAKER_DEFAULTS;
const flags = (bad: number, good: number): boolean[] => [
  ...Array.from({ length: bad }, () => true),
  ...Array.from({ length: good }, () => false),
];

describe('each breaker trips at its limit and not below', () => {
  const CASES: readonly [string, Reading, Reading][] = [
    ['error rate', errorRate(flags(9, 11), LIMITS.errorRate), errorRate(flags(10, 10), LIMITS.errorRate)],
    ['error rate, too few calls', errorRate(flags(19, 0), LIMITS.errorRate), errorRate(flags(20, 0), LIMITS.errorRate)],
    [
      'latency',
      latency([1, 2, 3, 4, LIMITS.latency.p90Ms - 1], LIMITS.latency),
      latency([1, 2, 3, 4, LIMITS.latency.p90Ms], LIMITS.latency),
    ],
    [
      'latency, too few orders',
      latency([9_000, 9_000, 9_000, 9_000], LIMITS.latency),
      latency([9_000, 1, 1, 1, 1], LIMITS.latency),
    ],
    [
      'rejected orders',
      rejectedOrders(flags(4, 6), LIMITS.rejectedOrders),
      rejectedOrders(flags(5, 0), LIMITS.rejectedOrders),
    ],
    [
      'rejected orders, the newest only',
      rejectedOrders(flags(9, 6), LIMITS.rejectedOrders),
      rejectedOrders([...flags(0, 9), ...flags(5, 5)], LIMITS.rejectedOrders),
    ],
    ['clock skew', clockSkew(-999, LIMITS.clockSkew), clockSkew(-1_000, LIMITS.clockSkew)],
    [
      'stale market data',
      staleStreams({ marketMs: 119_999, accountMs: 0 }, LIMITS.staleStreams),
      staleStreams({ marketMs: 120_000, accountMs: 0 }, LIMITS.staleStreams),
    ],
    [
      'stale account stream',
      staleStreams({ marketMs: 0, accountMs: 119_999 }, LIMITS.staleStreams),
      staleStreams({ marketMs: 0, accountMs: 120_000 }, LIMITS.staleStreams),
    ],
    [
      'consecutive failures',
      consecutiveFailures(2, LIMITS.consecutiveFailures),
      consecutiveFailures(3, LIMITS.consecutiveFailures),
    ],
    ['churn', churn(2, LIMITS.churn), churn(3, LIMITS.churn)],
    ['daily loss', dailyLoss(-199.99, 200), dailyLoss(-200, 200)],
    ['daily loss, a profit is none', dailyLoss(500, 200), dailyLoss(-500, 200)],
    ['drawdown', drawdown(999.99, LIMITS.drawdown), drawdown(1_000, LIMITS.drawdown)],
    ['order rate', orderRate(119, LIMITS.orderRate), orderRate(120, LIMITS.orderRate)],
    ['restarts', restarts(5, LIMITS.restarts), restarts(6, LIMITS.restarts)],
  ];
  it.each(CASES)('%s', (_, below, at) => {
    expect(below.over).toBe(false);
    expect(at.over).toBe(true);
    expect(at.actual).toBeDefined();
  });

  it('missing-is-not-zero: what is unknown neither trips nor reads as fine', () => {
    for (const reading of [
      clockSkew(undefined, LIMITS.clockSkew),
      dailyLoss(undefined, 1),
      drawdown(undefined, LIMITS.drawdown),
    ]) {
      expect(reading.over).toBe(false);
      expect(reading).not.toHaveProperty('actual');
    }
  });
});

const name = fc.constantFrom(...BREAKER_NAMES);
const instant = fc.integer({ min: NOW - 400 * DAY_MS, max: NOW + 400 * DAY_MS });
const reading: fc.Arbitrary<Reading> = fc.oneof(
  fc.record({
    limit: fc.constant(5),
    actual: fc.integer({ min: 5, max: 9 }),
    over: fc.constant(true),
    detail: fc.constant(''),
  }),
  fc.record({
    limit: fc.constant(5),
    actual: fc.integer({ min: 0, max: 4 }),
    over: fc.constant(false),
    detail: fc.constant(''),
  }),
  fc.record({ limit: fc.constant(5), over: fc.constant(false), detail: fc.constant('') }),
);
const policy = fc.record({
  reset: fc.constantFrom<'cooldown' | 'human'>('cooldown', 'human'),
  cooldownMinutes: fc.integer({ min: 0, max: 3_000 }),
});
/** All sections alike: the tests below draw one breaker at a time. */
const limitsOf = (over: { reset: 'cooldown' | 'human'; cooldownMinutes: number }): BreakerLimits => ({
  errorRate: { ...LIMITS.errorRate, ...over },
  latency: { ...LIMITS.latency, ...over },
  rejectedOrders: { ...LIMITS.rejectedOrders, ...over },
  clockSkew: { ...LIMITS.clockSkew, ...over },
  staleStreams: { ...LIMITS.staleStreams, ...over },
  consecutiveFailures: { ...LIMITS.consecutiveFailures, ...over },
  churn: { ...LIMITS.churn, ...over },
  dailyLoss: { reset: over.reset },
  drawdown: { ...LIMITS.drawdown, ...over },
  orderRate: { ...LIMITS.orderRate, ...over },
  restarts: { ...LIMITS.restarts, ...over },
});
const switched = (over: Partial<BreakerSwitched> = {}): BreakerSwitched => ({
  kind: 'breaker',
  name: 'churn',
  route: 'live',
  subject: 'BTC',
  state: 'tripped',
  limit: 3,
  actual: 4,
  detail: '4 hedges were over at once',
  by: 'evidence',
  at: NOW,
  ...over,
});

describe('when a breaker switches', () => {
  it('trips exactly when its limit is reached, whatever was before', () => {
    fc.assert(
      fc.property(name, reading, policy, fc.option(instant, { nil: undefined }), (each, now, how, resetAt) => {
        const last = resetAt === undefined ? undefined : switched({ name: each, state: 'reset', at: resetAt });
        const to = nextSwitch(last, { name: each }, now, limitsOf(how), NOW);
        expect(to).toBe(now.over ? 'tripped' : undefined);
      }),
    );
  });

  it('a tripped one never trips again, is never reset early, nor ever by time when it needs a human', () => {
    fc.assert(
      fc.property(name, reading, policy, instant, instant, (each, now, how, trippedAt, at) => {
        const last = switched({ name: each, at: trippedAt });
        const limits = limitsOf(how);
        const to = nextSwitch(last, { name: each }, now, limits, at);
        expect(to).not.toBe('tripped');
        const endsAt = resetsAt(last, limits);
        expect(endsAt === undefined).toBe(how.reset === 'human');
        if (to === undefined) return;
        expect(how.reset).toBe('cooldown');
        const lastsMs = (endsAt ?? Number.POSITIVE_INFINITY) - trippedAt;
        const isOfWrongClock = BREAKERS[each].evidence !== 'loss' && trippedAt - at > Math.max(lastsMs, MINUTE_MS);
        if (!isOfWrongClock) expect(at).toBeGreaterThanOrEqual(trippedAt + lastsMs);
        // What is unknown or still wrong keeps it tripped; a loss that was taken does not come back by waiting.
        if (BREAKERS[each].evidence !== 'loss') expect([now.over, now.actual === undefined]).toEqual([false, false]);
      }),
    );
  });

  it('fault-48-tripped-ahead: one that was tripped by a clock far ahead is decided by what it measures now', () => {
    const limits = limitsOf({ reset: 'cooldown', cooldownMinutes: 5 });
    const calm: Reading = { limit: 5, actual: 0, over: false, detail: '' };
    const at = NOW + DAY_MS;
    const skew = switched({ name: 'clock_skew', at });
    expect(nextSwitch(skew, { name: 'clock_skew' }, calm, limits, NOW)).toBe('reset');
    expect(nextSwitch(skew, { name: 'clock_skew' }, { ...calm, over: true }, limits, NOW)).toBeUndefined();
    expect(nextSwitch(switched({ name: 'drawdown', at }), { name: 'drawdown' }, calm, limits, NOW)).toBeUndefined();
  });

  it('is reset at the end of its cooldown when nothing is wrong any more', () => {
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 3_000 }), (each, cooldownMinutes) => {
        const limits = limitsOf({ reset: 'cooldown', cooldownMinutes });
        const endsAt = each === 'daily_loss' ? utcDayStart(NOW) + DAY_MS : NOW + cooldownMinutes * MINUTE_MS;
        const calm: Reading = { limit: 5, actual: 0, over: false, detail: '' };
        expect(nextSwitch(switched({ name: each }), { name: each }, calm, limits, endsAt)).toBe('reset');
        expect(nextSwitch(switched({ name: each }), { name: each }, calm, limits, endsAt - 1)).toBeUndefined();
      }),
    );
  });
});

describe('what a tripped breaker refuses', () => {
  const opportunity = opportunityIn(marketOf(LOW, HIGH));
  const refusals = (over: Partial<BreakerSwitched>) => {
    const ledger = emptyLedger();
    foldFact(ledger, switched(over));
    return breakerBreaches(trippedBreakers(ledger, LIMITS), opportunity);
  };

  it('a venue breaker: pairs with a leg there; an asset breaker: that asset; a route breaker: everything', () => {
    for (const each of BREAKER_NAMES) {
      const matches = { venue: ['low', 'high'], asset: ['BTC'], route: [''] }[BREAKERS[each].scope];
      for (const subject of matches) {
        const [breach, ...more] = refusals({ name: each, subject });
        expect(more).toEqual([]);
        expect(breach).toMatchObject({ rule: `breaker_${each}`, limit: 3, actual: 4, shortfall: 1 });
        expect(breach?.detail).toContain(breakerId({ name: each, route: 'live', subject }));
      }
      if (BREAKERS[each].scope !== 'route') expect(refusals({ name: each, subject: 'other' })).toEqual([]);
    }
  });

  it('says what ends it: the time, or the command', () => {
    expect(refusals({})[0]?.detail).toContain('nothing opens there at least until 20');
    expect(refusals({ name: 'drawdown', subject: '' })[0]?.detail).toContain(
      'until: tandem breakers reset drawdown/live',
    );
  });

  it('a reset one refuses nothing', () => {
    expect(refusals({ state: 'reset' })).toEqual([]);
  });
});
