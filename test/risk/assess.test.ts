import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { base, text } from '../../src/kernel/decimal.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { Approved, approve } from '../../src/risk/approved.ts';
import { assess, type Verdict } from '../../src/risk/assess.ts';
import type { RiskLimits, RiskState } from '../../src/risk/limits.ts';
import type { Opportunity } from '../../src/signal/opportunity.ts';
import { marketOf, NOW, type Perp } from '../signal/market.ts';
import { HIGH, LIMITS, LOW, opportunityIn, SETTINGS, STATE } from './fixtures.ts';

interface Case {
  readonly low?: Partial<Perp>;
  readonly high?: Partial<Perp>;
  readonly limits?: { readonly [G in keyof RiskLimits]?: Partial<RiskLimits[G]> };
  readonly state?: Partial<RiskState>;
  readonly settings?: Partial<typeof SETTINGS>;
  readonly opportunity?: Partial<Opportunity>;
  readonly now?: number;
}

/** The opportunity is taken from the good market; `low` and `high` change the market that it is assessed in. */
function verdict({
  low = {},
  high = {},
  limits = {},
  state = {},
  settings = {},
  opportunity = {},
  now = NOW,
}: Case): Verdict {
  const found = { ...opportunityIn(marketOf(LOW, HIGH)), ...opportunity };
  const changed: RiskLimits = {
    entry: { ...LIMITS.entry, ...limits.entry },
    exit: { ...LIMITS.exit, ...limits.exit },
    size: { ...LIMITS.size, ...limits.size },
    exposure: { ...LIMITS.exposure, ...limits.exposure },
    data: { ...LIMITS.data, ...limits.data },
    cooldown: { ...LIMITS.cooldown, ...limits.cooldown },
    loss: { ...LIMITS.loss, ...limits.loss },
    margin: { ...LIMITS.margin, ...limits.margin },
    breakers: LIMITS.breakers,
    allow: { ...LIMITS.allow, ...limits.allow },
    deny: { ...LIMITS.deny, ...limits.deny },
  };
  const view = marketOf({ ...LOW, ...low }, { ...HIGH, ...high });
  return assess(found, view, changed, { ...STATE, ...state }, { ...SETTINGS, ...settings }, now);
}

function breaches(input: Case) {
  const result = verdict(input);
  return result.kind === 'refused' ? result.breaches : [];
}
const rules = (input: Case): string[] => [...new Set(breaches(input).map((breach) => breach.rule))];

it('approves a good opportunity, sized, with both entry limits', () => {
  const result = verdict({});
  if (result.kind !== 'approved') throw new Error(JSON.stringify(result.breaches));
  const { approved } = result;
  expect(Approved.is(approved)).toBe(true);
  // 1000 / 100.2 floored to 0.001.
  expect(text(approved.quantity)).toBe('9.98');
  expect([approved.long.instrument.venue, approved.short.instrument.venue]).toEqual(['low', 'high']);
  expect([text(approved.long.entryLimit), text(approved.short.entryLimit)]).toEqual(['100.2', '99.8']);
  expect(approved.leverage).toBe(2);
});

describe('each rule refuses on its own', () => {
  const staleAt = NOW - 5_001;
  it.each<[string, Case]>([
    ['killed', { state: { killed: true } }],
    ['paused', { state: { paused: true } }],
    ['daily_loss', { state: { dayPnlUsd: -50 } }],
    ['daily_loss', { state: { dayPnlUsd: Number.NaN } }],
    ['daily_loss', { state: { dayPnlUsd: undefined } }],
    ['not_trading', { high: { instrument: { trading: false } } }],
    ['market_ends', { low: { instrument: { endsAt: NOW + 24 * HOUR_MS - 1 } } }],
    ['market_ends', { high: { instrument: { endsAt: NOW - HOUR_MS } } }],
    ['feed_down', { low: { without: ['health'] } }],
    ['venue_blocked', { state: { blockedVenues: new Map([['high', 'not reconciled']]) } }],
    ['venue_blocked', { state: { blockedVenues: new Map([['high|BTC/USDT:USDT', 'leverage refused']]) } }],
    ['book_stale', { low: { receivedAt: staleAt } }],
    ['book_stale', { low: { receivedAt: NOW + 1 } }],
    // Neither its way nor its rest here is too long alone.
    ['book_stale', { low: { receivedAt: NOW - 3_000, bookLateMs: 2_001 } }],
    // fault-24 and fault-49: told just now about a market of long ago, or a clock that is not the venue's.
    ['book_late', { low: { bookLateMs: 5_001 } }],
    ['book_late', { low: { bookLateMs: -5_001 } }],
    ['funding_stale', { limits: { data: { maxFundingAgeMs: -1 } } }],
    [
      'settlement_passed',
      { opportunity: { long: { ...opportunityIn(marketOf(LOW, HIGH)).long, nextSettlementAt: NOW } } },
    ],
    // Over before the orders are filled.
    [
      'settlement_passed',
      { opportunity: { short: { ...opportunityIn(marketOf(LOW, HIGH)).short, nextSettlementAt: NOW + 10_000 } } },
    ],
    ['opportunity_stale', { opportunity: { at: staleAt } }],
    ['net_apr', { limits: { entry: { minNetApr: 99 } } }],
    ['net_apr', { opportunity: { netApr: Number.NaN } }],
    ['spread', { limits: { entry: { minSpreadPer8h: 0.0021 } } }],
    ['break_even', { limits: { entry: { maxBreakEvenHours: 1 } } }],
    ['break_even', { opportunity: { breakEvenHours: Number.POSITIVE_INFINITY } }],
    ['confidence', { opportunity: { confidence: 0.59 } }],
    ['asset_denied', { limits: { deny: { assets: ['BTC'] } } }],
    ['asset_not_allowed', { limits: { allow: { assets: ['ETH'] } } }],
    ['venue_denied', { limits: { deny: { venues: ['high'] } } }],
    ['venue_not_allowed', { limits: { allow: { venues: ['low'] } } }],
    ['busy_asset', { state: { busyAssets: new Set(['BTC']) } }],
    ['cooldown', { state: { cooldowns: new Map([['BTC', { until: NOW + 1, reason: 'closed' }]]) } }],
    ['max_open_hedges', { state: { openHedges: 3 } }],
    ['leverage', { settings: { leverage: 4 } }],
    ['margin_unknown', { state: { availableUsd: new Map([['low', 1e4]]) } }],
    ['depth', { high: { depth: 4 } }],
    ['asset_notional', { state: { assetNotionalUsd: new Map([['BTC', 2_000]]) } }],
    ['venue_notional', { state: { venueNotionalUsd: new Map([['low', 5_000]]) } }],
    ['total_notional', { state: { totalNotionalUsd: 10_000 } }],
    [
      'margin',
      {
        state: {
          availableUsd: new Map([
            ['low', 1],
            ['high', 1e4],
          ]),
        },
      },
    ],
    ['min_size', { limits: { size: { minHedgeNotionalUsd: 1_001 } } }],
  ])('%s', (rule, change) => {
    // A frame from the future or the past is stale for both of its kinds; nothing else may fail.
    const companions = rule === 'book_stale' ? ['book_stale', 'funding_stale'] : [rule];
    expect(companions).toEqual(expect.arrayContaining(rules(change)));
    expect(rules(change)).toContain(rule);
  });

  it('not_listed: an instrument that the view does not know', () => {
    const found = opportunityIn(marketOf(LOW, HIGH));
    const result = assess(found, marketOf(LOW), LIMITS, STATE, SETTINGS, NOW);
    const names = result.kind === 'refused' ? result.breaches.map((breach) => breach.rule) : [];
    expect(names).toEqual(expect.arrayContaining(['not_listed', 'feed_down', 'book_stale', 'funding_stale']));
  });

  it.each(['connecting', 'degraded', 'down'] as const)('feed_down: a feed that is %s opens nothing', (status) => {
    const view = marketOf(LOW, HIGH);
    view.apply({ kind: 'health', health: { venue: 'low', status, reason: 'silent', malformed: 0, at: NOW } });
    const result = assess(opportunityIn(view), view, LIMITS, STATE, SETTINGS, NOW);
    expect(result).toMatchObject({ kind: 'refused', breaches: [{ rule: 'feed_down', actual: status }] });
  });
});

it('boundaries: what is exactly at a limit passes', () => {
  const { netApr, breakEvenHours } = opportunityIn(marketOf(LOW, HIGH));
  const entry = { minNetApr: netApr, maxBreakEvenHours: breakEvenHours };
  expect(rules({ limits: { entry } })).toEqual([]);
  expect(rules({ low: { receivedAt: NOW - 5_000 } })).toEqual([]);
  expect(rules({ state: { openHedges: 2, dayPnlUsd: -49.99 } })).toEqual([]);
  expect(rules({ state: { cooldowns: new Map([['BTC', { until: NOW, reason: 'closed' }]]) } })).toEqual([]);
});

it('a breach carries limit, actual and shortfall', () => {
  expect(breaches({ opportunity: { confidence: 0.5 } })).toMatchObject([
    { rule: 'confidence', limit: 0.6, actual: 0.5 },
  ]);
  expect(breaches({ opportunity: { confidence: 0.5 } })[0]?.shortfall).toBeCloseTo(0.1, 12);
  const cooldowns = new Map([['BTC', { until: NOW + 60_000, reason: 'unwound' }]]);
  expect(breaches({ state: { cooldowns } })).toMatchObject([{ limit: NOW + 60_000, actual: NOW, shortfall: 60_000 }]);
});

it('everything that is wrong is reported at once', () => {
  const all = rules({
    low: { receivedAt: NOW - 1e9, instrument: { trading: false }, without: ['health'], depth: 0.1 },
    limits: {
      entry: { minNetApr: 99, minSpreadPer8h: 1, minConfidence: 2, maxBreakEvenHours: 0 },
      allow: { assets: ['ETH'], venues: ['other'] },
      deny: { assets: ['BTC'], venues: ['low'] },
    },
    state: {
      killed: true,
      paused: true,
      dayPnlUsd: -1e6,
      openHedges: 9,
      totalNotionalUsd: 1e6,
      venueNotionalUsd: new Map([['low', 1e6]]),
      assetNotionalUsd: new Map([['BTC', 1e6]]),
      busyAssets: new Set(['BTC']),
      cooldowns: new Map([['BTC', { until: NOW + 1, reason: 'closed' }]]),
      blockedVenues: new Map([['low', 'down']]),
      availableUsd: new Map([['high', 1]]),
    },
    settings: { leverage: 100 },
    opportunity: { at: NOW - 1e9 },
  });
  expect(all.sort()).toEqual(
    [
      ...['killed', 'paused', 'daily_loss', 'not_trading', 'feed_down', 'venue_blocked', 'book_stale', 'funding_stale'],
      ...['opportunity_stale', 'net_apr', 'spread', 'break_even', 'confidence', 'asset_denied', 'asset_not_allowed'],
      ...['venue_denied', 'venue_not_allowed', 'busy_asset', 'cooldown', 'max_open_hedges', 'leverage'],
      ...['margin_unknown', 'asset_notional', 'total_notional', 'venue_notional', 'depth', 'margin'],
    ].sort(),
  );
});

describe('approval cannot be forged', () => {
  const result = verdict({});
  if (result.kind !== 'approved') throw new Error('the fixture must pass');
  const { approved } = result;

  it('a copy, a look-alike and a subclass prototype are not approved', () => {
    expect(Approved.is({ ...approved })).toBe(false);
    expect(Approved.is(Object.create(Approved.prototype))).toBe(false);
    expect(() => Approved.seal(Symbol('approved'), approved)).toThrow('only risk approves');
  });

  it('a size that a venue would refuse is a bug, not an approval', () => {
    expect(() => approve({ ...approved, quantity: base('0') })).toThrow('positive');
    expect(() => approve({ ...approved, quantity: base('0.0005') })).toThrow('lot');
  });

  it('only assess.ts imports approve', () => {
    const root = new URL('../../src', import.meta.url).pathname;
    const importers = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) =>
        /\bapprove\b.*from '.*approved\.ts'|Approved\.seal\(/.test(readFileSync(join(root, file), 'utf8')),
      );
    expect(importers.sort()).toEqual(['risk/approved.ts', 'risk/assess.ts']);
  });
});
