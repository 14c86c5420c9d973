import { describe, expect, it } from 'vitest';
import { base } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { assessExit, type ExitMemory, type ExitVerdict, type HeldHedge } from '../../src/risk/exits.ts';
import type { RiskLimits } from '../../src/risk/limits.ts';
import { keyOf, marketOf, NOW, type Perp } from '../signal/market.ts';
import { LIMITS } from './fixtures.ts';

const LONG: Perp = { venue: 'long' };
const SHORT: Perp = { venue: 'short' };
const HEDGE: HeldHedge = {
  longKey: keyOf(LONG),
  shortKey: keyOf(SHORT),
  quantity: base('10'),
  openedAt: NOW - 10 * HOUR_MS,
};
const SIGNAL = { horizonHours: 24, reversionHalfLifeHours: 12 };

interface Case {
  readonly long?: Partial<Perp>;
  readonly short?: Partial<Perp>;
  readonly exit?: Partial<RiskLimits['exit']>;
  readonly afterMinutes?: number;
  readonly memory?: ExitMemory;
  readonly horizonHours?: number;
}

/** Assesses at NOW + `afterMinutes`, with quotes received then. */
function exit({
  long = {},
  short = {},
  exit: change = {},
  afterMinutes = 0,
  memory = {},
  horizonHours = 24,
}: Case): ExitVerdict {
  const now = NOW + afterMinutes * MINUTE_MS;
  const view = marketOf({ ...LONG, receivedAt: now, ...long }, { ...SHORT, receivedAt: now, ...short });
  const limits = { ...LIMITS, exit: { ...LIMITS.exit, ...change } };
  return assessExit(HEDGE, view, limits, { ...SIGNAL, horizonHours }, now, memory);
}
const rules = (verdict: ExitVerdict): string[] => verdict.reasons.map((reason) => reason.rule);

/** Pays 0.04 % per 8 h net: 43.8 % a year. */
const PAYS: Case = { long: { rate: 0.0001 }, short: { rate: 0.0005 } };
/** Net 0.001 % per 8 h: 1.095 % a year, under the exit threshold of 3 %. */
const FADED: Case = { long: { rate: 0.0001 }, short: { rate: 0.00011 } };

describe('forward carry', () => {
  it('counts both legs on their own clocks, as an APR', () => {
    // Short 24 x 0.0002 hourly, long 3 x 0.0001: (0.0048 - 0.0003) / 24 h x 8760 h.
    const verdict = exit({ long: { rate: 0.0001 }, short: { rate: 0.0002, intervalHours: 1 } });
    expect(verdict.forwardApr).toBeCloseTo(1.6425, 10);
    expect(verdict).toMatchObject({ kind: 'hold', reasons: [], memory: {} });
  });

  it('does not jump as settlements go by: the window holds whole intervals', () => {
    // A horizon of 12 h would hold one or two 8 h settlements, depending on the hour.
    const aprs = [8, 7, 5, 4.5, 3, 1, 0.1].map(
      (nextInHours) =>
        exit({ long: { rate: 0.0001, nextInHours }, short: { rate: 0.0005, nextInHours: 8 }, horizonHours: 12 })
          .forwardApr,
    );
    for (const apr of aprs) expect(apr).toBeCloseTo(((0.0005 - 0.0001) / 8) * 8760, 10);
  });
});

describe('a carry that faded', () => {
  it('closes only after it was too low for the whole confirmation', () => {
    const first = exit(FADED);
    expect(first).toMatchObject({ kind: 'hold', reasons: [], memory: { belowSince: NOW } });
    const almost = exit({ ...FADED, afterMinutes: 59.9, memory: first.memory });
    expect(almost.kind).toBe('hold');
    const confirmed = exit({ ...FADED, afterMinutes: 60, memory: almost.memory });
    expect(confirmed.kind).toBe('close');
    expect(confirmed.reasons).toMatchObject([{ rule: 'carry_gone', limit: 0.03 }]);
    expect(confirmed.reasons[0]?.actual).toBeCloseTo(0.01095, 10);
  });

  it('a moment above the threshold starts the confirmation again', () => {
    const first = exit(FADED);
    const recovered = exit({ ...PAYS, afterMinutes: 59, memory: first.memory });
    expect(recovered.memory).toEqual({});
    expect(exit({ ...FADED, afterMinutes: 61, memory: recovered.memory }).kind).toBe('hold');
  });

  it('between the exit and the entry threshold it neither closes nor counts', () => {
    // 0.005 % per 8 h = 5.475 %: over the exit's 3 %, under the entry's 10 %.
    const verdict = exit({ long: { rate: 0.0001 }, short: { rate: 0.00015 }, memory: { belowSince: NOW - 9e9 } });
    expect(verdict).toMatchObject({ kind: 'hold', reasons: [], memory: {} });
  });

  it('decaying towards zero without flipping does not hold for ever', () => {
    const verdict = exit({
      long: { rate: 0.000001 },
      short: { rate: 0.000002 },
      memory: { belowSince: NOW - HOUR_MS },
    });
    expect(rules(verdict)).toEqual(['carry_gone']);
    expect(verdict.kind).toBe('close');
  });

  it('zero confirmation closes at once', () => {
    expect(exit({ ...FADED, exit: { confirmMinutes: 0 } }).kind).toBe('close');
  });
});

describe('a settlement about to pay', () => {
  const memory = { belowSince: NOW - 2 * HOUR_MS };

  it('is waited for, up to 30 minutes', () => {
    // Both settle within 30 min; the short receives more than the long pays.
    const soon = { long: { rate: 0.0001, nextInHours: 0.5 }, short: { rate: 0.00011, nextInHours: 0.5 } };
    const verdict = exit({ ...soon, memory });
    expect(verdict.kind).toBe('hold');
    expect(rules(verdict)).toEqual(['settlement_imminent']);
    const later = { long: { rate: 0.0001, nextInHours: 0.51 }, short: { rate: 0.00011, nextInHours: 0.51 } };
    expect(exit({ ...later, memory }).kind).toBe('close');
  });

  it('is not waited for when it costs', () => {
    // Only the long's settlement is near, and it pays.
    const verdict = exit({ long: { rate: 0.0001, nextInHours: 0.4 }, short: { rate: 0.00011 }, memory });
    expect(verdict.kind).toBe('close');
  });
});

describe('unknown is not zero', () => {
  const memory = { belowSince: NOW - 5 * HOUR_MS };
  it.each<[string, Partial<Perp>]>([
    ['missing', { without: ['funding'] }],
    ['stale', { receivedAt: NOW - 120_001 }],
    ['NaN', { rate: Number.NaN }],
    ['of a passed settlement', { nextInHours: -0.1 }],
  ])('a funding quote that is %s never closes and is reported', (_, short) => {
    const verdict = exit({ long: { rate: 0.0001 }, short, memory });
    expect(verdict.kind).toBe('hold');
    expect(rules(verdict)).toEqual(['funding_unknown']);
    expect(verdict.forwardApr).toBeUndefined();
  });

  it('a rate of exactly zero is a rate: a leg that is paid nothing beside one that pays is left', () => {
    const verdict = exit({ long: { rate: 0.0001 }, short: { rate: 0 }, memory });
    expect([verdict.kind, ...rules(verdict)]).toEqual(['close', 'carry_gone']);
    // 0.01 % per 8 h, three times a day.
    expect(verdict.forwardApr).toBeCloseTo(-0.0001 * 3 * 365, 6);
    const first = exit({ long: { rate: 0.0001 }, short: { rate: 0 } });
    expect([first.kind, first.memory.belowSince]).toEqual(['hold', NOW]);
  });

  it('unknown time neither counts towards the confirmation nor starts it again', () => {
    const first = exit(FADED);
    const blind = exit({ ...FADED, short: { rate: Number.NaN }, afterMinutes: 20, memory: first.memory });
    const stillBlind = exit({ ...FADED, short: { rate: Number.NaN }, afterMinutes: 40, memory: blind.memory });
    // 20 minutes were observed, 30 were unknown: 40 more are needed.
    const seen = exit({ ...FADED, afterMinutes: 50, memory: stillBlind.memory });
    expect(seen.memory).toEqual({ belowSince: NOW + 30 * MINUTE_MS });
    expect(exit({ ...FADED, afterMinutes: 89, memory: seen.memory }).kind).toBe('hold');
    expect(exit({ ...FADED, afterMinutes: 90, memory: seen.memory }).kind).toBe('close');
  });

  it('an instrument that is not listed is unknown', () => {
    const verdict = assessExit(HEDGE, marketOf(LONG), LIMITS, SIGNAL, NOW, {});
    expect([verdict.kind, ...rules(verdict)]).toEqual(['hold', 'funding_unknown']);
  });
});

describe('the announced end of a market', () => {
  const ending = (inHours: number): Case => ({
    ...PAYS,
    long: { ...PAYS.long, instrument: { endsAt: NOW + inHours * HOUR_MS } },
  });

  it('fault-32-announced-exit: closes half a day before it whatever the hedge earns, and even when the carry is unknown', () => {
    const verdict = exit(ending(11.9));
    expect([verdict.kind, ...rules(verdict)]).toEqual(['close', 'market_ends']);
    expect(verdict.reasons[0]?.detail).toContain('long|BTC/USDT:USDT at 2024-01-10T11:54:00.000Z');
    const blind = exit({ ...ending(2), short: { rate: Number.NaN } });
    expect([blind.kind, ...rules(blind)]).toEqual(['close', 'market_ends', 'funding_unknown']);
  });

  it('not earlier, and not for an end that is far ahead', () => {
    expect(exit(ending(12)).kind).toBe('hold');
    // What Binance lists for a perpetual without an end.
    expect(exit({ ...PAYS, long: { ...PAYS.long, instrument: { endsAt: 4_133_404_800_000 } } }).kind).toBe('hold');
  });
});

describe('maximum holding time', () => {
  it('closes whatever it earns, and even when the carry is unknown', () => {
    expect(rules(exit({ ...PAYS, exit: { maxHoldHours: 10 } }))).toEqual(['max_hold']);
    expect(exit({ ...PAYS, exit: { maxHoldHours: 10 } }).kind).toBe('close');
    const blind = exit({ short: { rate: Number.NaN }, exit: { maxHoldHours: 10 } });
    expect([blind.kind, ...rules(blind)]).toEqual(['close', 'max_hold', 'funding_unknown']);
  });

  it('not a minute early, and never at 0', () => {
    expect(exit({ ...PAYS, exit: { maxHoldHours: 10.01 } }).kind).toBe('hold');
    expect(exit({ ...PAYS, exit: { maxHoldHours: 0 } }).kind).toBe('hold');
  });
});
