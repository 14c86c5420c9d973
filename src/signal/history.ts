/**
 * Settled funding as a step function of time. A settlement's rate is spread evenly over the interval that it closed, so
 * instruments on different clocks can be subtracted. Time that no settlement covers is left out, never filled.
 *
 * Answers are memoised on the identity of the settled arrays, which the market view replaces and never changes: a book
 * frame costs a lookup, a settlement costs one pass.
 */
import { HOUR_MS, type Instant } from '../kernel/instant.ts';
import type { SettledRate } from '../market/funding.ts';
import { MAX_HOURLY_RATE } from './funding-check.ts';

/** Beyond this age the newest settlement says nothing about today. Longest interval (24 h) plus a late publication. */
const HISTORY_MAX_AGE_MS = 36 * HOUR_MS;
const DAY_HOURS = 24;
const WEEK_HOURS = 7 * 24;

/** Hourly rate over (fromAt, toAt]. */
interface Step {
  readonly fromAt: Instant;
  readonly toAt: Instant;
  readonly hourlyRate: number;
}

export interface SpreadStats {
  /** Time-weighted mean of short minus long hourly rate over the last 24 h that both legs have settled. */
  readonly mean: number;
  /** Time-weighted population deviation over the same time. */
  readonly deviation: number;
  /** Settlements of the leg that has fewer, within those 24 h. */
  readonly samples: number;
  /** Hours with a positive spread / 24: time without history counts as not carrying. */
  readonly carryingShare24h: number;
  /** Hours with a positive spread / 168. */
  readonly carryingShare7d: number;
  /** Newest instant that both legs cover. */
  readonly endAt: Instant;
}

interface Folded {
  readonly intervalHours: number;
  readonly steps: readonly Step[];
  readonly meanHourlyRate: number | undefined;
}

type History = readonly SettledRate[];
const folded = new WeakMap<History, Folded>();
const spreads = new WeakMap<readonly Step[], WeakMap<readonly Step[], { readonly stats: SpreadStats | undefined }>>();

/** Time-weighted hourly mean of the last 24 h of settlements; undefined without history or when it is stale. */
export function settledMean24h(history: History, intervalHours: number, now: Instant): number | undefined {
  const newest = history.at(-1);
  if (!newest || now - newest.settledAt > HISTORY_MAX_AGE_MS) return undefined;
  return fold(history, intervalHours).meanHourlyRate;
}

/** Statistics of short minus long; undefined when the two histories do not overlap or are stale. */
export function spreadStats(
  long: { readonly settled: History; readonly intervalHours: number },
  short: { readonly settled: History; readonly intervalHours: number },
  now: Instant,
): SpreadStats | undefined {
  const longSteps = fold(long.settled, long.intervalHours).steps;
  const shortSteps = fold(short.settled, short.intervalHours).steps;
  let row = spreads.get(longSteps);
  if (!row) {
    row = new WeakMap();
    spreads.set(longSteps, row);
  }
  let known = row.get(shortSteps);
  if (!known) {
    known = { stats: measure(longSteps, shortSteps) };
    row.set(shortSteps, known);
  }
  return known.stats && now - known.stats.endAt <= HISTORY_MAX_AGE_MS ? known.stats : undefined;
}

function fold(history: History, intervalHours: number): Folded {
  const known = folded.get(history);
  if (known && known.intervalHours === intervalHours) return known;
  const steps = toSteps(history, intervalHours);
  const made = { intervalHours, steps, meanHourlyRate: meanOf(steps) };
  folded.set(history, made);
  return made;
}

/** `nominalHours`: the instrument's interval today, which stands in for the unknown gaps at both ends. */
function toSteps(history: History, nominalHours: number): Step[] {
  const steps: Step[] = [];
  for (let k = 0; k < history.length; k++) {
    const rate = history[k];
    if (!rate) continue;
    const intervalMs = closedIntervalMs(history, k, nominalHours * HOUR_MS);
    const hourlyRate = (rate.settledRate / intervalMs) * HOUR_MS;
    if (!(Math.abs(hourlyRate) <= MAX_HOURLY_RATE)) continue;
    steps.push({ fromAt: rate.settledAt - intervalMs, toAt: rate.settledAt, hourlyRate });
  }
  return steps;
}

/**
 * The interval that settlement k closed. Intervals change, so it is the gap before it; but a gap that neither
 * neighbouring gap shares is a missing row, and the settlement then covers only the shorter neighbour's length.
 */
function closedIntervalMs(history: History, k: number, nominalMs: number): number {
  const before = gapMs(history, k - 1) ?? nominalMs;
  const own = gapMs(history, k) ?? gapMs(history, k + 1) ?? nominalMs;
  const after = gapMs(history, k + 1) ?? nominalMs;
  return alike(own, before) || alike(own, after) ? own : Math.min(before, own, after);
}

function gapMs(history: History, k: number): number | undefined {
  const previous = history[k - 1];
  const current = history[k];
  return previous && current ? current.settledAt - previous.settledAt : undefined;
}

/** Venues stamp settlements some seconds late. */
const alike = (a: number, b: number): boolean => Math.abs(a - b) <= 0.05 * Math.min(a, b);

function meanOf(steps: readonly Step[]): number | undefined {
  const endAt = steps.at(-1)?.toAt ?? 0;
  const startAt = endAt - DAY_HOURS * HOUR_MS;
  let hours = 0;
  let total = 0;
  for (let k = steps.length - 1; k >= 0; k--) {
    const step = steps[k];
    if (!step || step.toAt <= startAt) break;
    const covered = (step.toAt - Math.max(step.fromAt, startAt)) / HOUR_MS;
    hours += covered;
    total += covered * step.hourlyRate;
  }
  return hours > 0 ? total / hours : undefined;
}

function measure(long: readonly Step[], short: readonly Step[]): SpreadStats | undefined {
  const endAt = Math.min(long.at(-1)?.toAt ?? 0, short.at(-1)?.toAt ?? 0);
  const dayAt = endAt - DAY_HOURS * HOUR_MS;
  const weekAt = endAt - WEEK_HOURS * HOUR_MS;
  let hours = 0;
  let sum = 0;
  let squares = 0;
  let carrying24h = 0;
  let carrying7d = 0;
  overlaps(long, short, weekAt, endAt, (fromAt, toAt, spread) => {
    if (spread > 0) carrying7d += (toAt - fromAt) / HOUR_MS;
    const inDay = (toAt - Math.max(fromAt, dayAt)) / HOUR_MS;
    if (inDay <= 0) return;
    if (spread > 0) carrying24h += inDay;
    hours += inDay;
    sum += inDay * spread;
    squares += inDay * spread * spread;
  });
  if (hours <= 0) return undefined;
  const mean = sum / hours;
  const samples = Math.min(countWithin(long, dayAt, endAt), countWithin(short, dayAt, endAt));
  return {
    mean,
    deviation: Math.sqrt(Math.max(0, squares / hours - mean * mean)),
    samples,
    carryingShare24h: carrying24h / DAY_HOURS,
    carryingShare7d: carrying7d / WEEK_HOURS,
    endAt,
  };
}

const countWithin = (steps: readonly Step[], fromAt: Instant, toAt: Instant): number =>
  steps.reduce((count, step) => count + (step.toAt > fromAt && step.toAt <= toAt ? 1 : 0), 0);

/** Calls `visit` for every stretch of (fromAt, toAt] that both step functions cover. */
function overlaps(
  long: readonly Step[],
  short: readonly Step[],
  fromAt: Instant,
  toAt: Instant,
  visit: (fromAt: Instant, toAt: Instant, spread: number) => void,
): void {
  let i = 0;
  let j = 0;
  for (;;) {
    const a = long[i];
    const b = short[j];
    if (!a || !b) return;
    const start = Math.max(a.fromAt, b.fromAt, fromAt);
    const end = Math.min(a.toAt, b.toAt, toAt);
    if (end > start) visit(start, end, b.hourlyRate - a.hourlyRate);
    if (a.toAt <= b.toAt) i++;
    else j++;
  }
}
