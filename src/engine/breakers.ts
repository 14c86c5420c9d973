/**
 * Breakers at work: weighs the evidence, makes every trip and reset durable and tells it once. It has no say in
 * anything but openings: tripped breakers reach the entry rules through `riskStateOf`, and nothing else reads them.
 * Entry points: `watchBreakers`, `watchMoney`, `resetBreakers`.
 */
import { gt, gte, type Quote, quote, sub, ZERO_QUOTE } from '../kernel/decimal.ts';
import type { Route } from '../kernel/ids.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import type { BreakerSwitched, Fact, PeakReached } from '../ledger/facts.ts';
import { accountKey, breakerId } from '../ledger/state.ts';
import * as readings from '../risk/breaker-readings.ts';
import {
  BREAKER_NAMES,
  BREAKERS,
  type BreakerRef,
  isCooledDown,
  nextSwitch,
  type Reading,
  resetsAt,
  trippedBreakers,
  trippedText,
} from '../risk/breakers.ts';
import { allBreakers, belowPeakUsd, peakOf, readingOf } from './breaker-view.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';
import { dayPnlUsd, equityChange, openDay } from './valuation.ts';

/** How soon a breaker whose cooldown is over is weighed again: its evidence grows old, clocks are put right. */
const RECHECK_MS = MINUTE_MS;
/** A new peak is stored when it is this part of the drawdown limit above the stored one. */
const PEAK_STEP = 0.02;

/** Weighs what has changed. */
export function watchBreakers(core: Core): void {
  const { due: changed } = core.breakers;
  // What cannot be stored would be forgotten; nothing opens meanwhile.
  if (changed.size === 0 || core.storeFailure !== undefined) return;
  const refs = [...changed.values()];
  changed.clear();
  for (const ref of refs) weigh(core, ref, readingOf(core, ref));
  arm(core);
}

/** Everything is weighed anew: at start, when a cooldown is over, when the limits have changed. */
export function recheckBreakers(core: Core): void {
  for (const ref of allBreakers(core)) core.breakers.due.set(breakerId(ref), ref);
}

/**
 * Before entries are decided on: weighs what has changed, opens the UTC day, follows the peak, weighs what was lost.
 * Returns the equity of the routes that it could value.
 */
export function watchMoney(core: Core): ReadonlyMap<Route, Quote> {
  watchBreakers(core);
  const equities = new Map<Route, Quote>();
  if (core.storeFailure !== undefined) return equities;
  for (const route of new Set([...core.ledger.accounts.values()].map((account) => account.route))) {
    const equityUsd = equityChange(core, route);
    if (!equityUsd) continue;
    equities.set(route, equityUsd);
    const facts: Fact[] = [openDay(core, route), risenPeak(core, route, equityUsd)].filter(
      (fact) => fact !== undefined,
    );
    if (!record(core, facts)) return equities;
    const { loss, breakers } = core.settings.risk;
    const dayLoss = readings.dailyLoss(dayPnlUsd(core, route, equityUsd), loss.maxDailyLossUsd);
    weigh(core, { name: 'daily_loss', route, subject: '' }, dayLoss);
    const fallen = readings.drawdown(belowPeakUsd(core, route, equityUsd), breakers.drawdown);
    weigh(core, { name: 'drawdown', route, subject: '' }, fallen);
  }
  return equities;
}

/** At a start: whoever tripped it may have ended before anybody was told. */
export function tellTripped(core: Core): void {
  for (const trip of trippedBreakers(core.ledger, core.settings.risk.breakers))
    alarm(core, 'critical', 'breaker_tripped', trip.id, trippedText(trip));
}

/** By id, or by the part of it that several share. The message says what became of each. */
export function resetBreakers(core: Core, wanted: string, by: string): { ok: boolean; message: string } {
  const tripped = trippedBreakers(core.ledger, core.settings.risk.breakers);
  const meant = tripped.filter(({ id }) => id === wanted || id.startsWith(`${wanted}/`));
  const [name = ''] = wanted.split('/');
  if (!BREAKER_NAMES.some((each) => each === name))
    return { ok: false, message: `there is no breaker ${name}; tandem breakers lists them` };
  if (meant.length === 0) return { ok: true, message: `no breaker ${wanted} is tripped` };
  const fates = meant.map((breaker) => {
    const reading = readingOf(core, breaker);
    if (BREAKERS[breaker.name].evidence === 'level' && reading.over)
      return { ok: false, message: `${breaker.id} is not reset: ${reading.detail}, which still is beyond its limit` };
    if (flip(core, breaker, 'reset', reading, by)) return { ok: true, message: `${breaker.id} is reset` };
    return { ok: false, message: `${breaker.id} is not reset: the ledger cannot be written: ${core.storeFailure}` };
  });
  return { ok: fates.every(({ ok }) => ok), message: fates.map(({ message }) => message).join('; ') };
}

function weigh(core: Core, ref: BreakerRef, reading: Reading): void {
  const last = core.ledger.breakers.get(breakerId(ref));
  const to = nextSwitch(last, ref, reading, core.settings.risk.breakers, core.clock.now());
  if (to === undefined) return;
  if (!flip(core, ref, to, reading, to === 'tripped' ? 'evidence' : 'cooldown'))
    core.breakers.due.set(breakerId(ref), ref);
}

/** False when the ledger cannot be written: then nothing has changed. */
function flip(core: Core, ref: BreakerRef, state: BreakerSwitched['state'], reading: Reading, by: string): boolean {
  const { name, route, subject } = ref;
  const { limit, actual, detail } = reading;
  const at = core.clock.now();
  const known = actual === undefined ? {} : { actual };
  const fact: BreakerSwitched = { kind: 'breaker', name, route, subject, state, limit, ...known, detail, by, at };
  const equityUsd = name === 'drawdown' && state === 'reset' ? equityChange(core, route) : undefined;
  if (!record(core, equityUsd ? [fact, { kind: 'peak', route, equityUsd, at }] : [fact])) return false;
  forget(core, ref);
  const id = breakerId(ref);
  const [trip] = trippedBreakers(core.ledger, core.settings.risk.breakers).filter((each) => each.id === id);
  if (trip) alarm(core, 'critical', 'breaker_tripped', id, trippedText(trip));
  else alarm(core, 'info', 'breaker_reset', id, `${id} is reset by ${by}: ${detail}; hedges may open again`);
  arm(core);
  return true;
}

/** Evidence that led to a switch does not count again. What the ledger holds is counted from the switch on. */
function forget({ breakers }: Core, { name, route, subject }: BreakerRef): void {
  const account = breakers.accounts.get(accountKey(route, subject));
  if (name === 'error_rate') account?.calls.clear();
  if (name === 'latency') account?.roundTripsMs.clear();
  if (name === 'order_rate') breakers.orders.get(route)?.clear();
  if (name === 'drawdown') breakers.peaks.delete(route);
}

/** When time alone changes something: a cooldown ends, a stream has been down for too long. */
function arm(core: Core): void {
  const now = core.clock.now();
  const limits = core.settings.risk.breakers;
  for (const last of core.ledger.breakers.values()) {
    const endsAt = last.state === 'tripped' ? resetsAt(last, limits) : undefined;
    if (endsAt === undefined) continue;
    if (!isCooledDown(last, endsAt, now)) wakeAt(core, 'breakers', endsAt);
    else if (BREAKERS[last.name].scope !== 'route' || last.name === 'order_rate' || last.name === 'restarts')
      wakeAt(core, 'breakers', now + RECHECK_MS);
  }
  const { staleMs } = limits.staleStreams;
  for (const { marketDownSinceMs, accountDownSinceMs } of core.breakers.accounts.values()) {
    for (const sinceMs of [marketDownSinceMs, accountDownSinceMs]) {
      const leftMs = sinceMs === undefined ? 0 : sinceMs + staleMs - core.clock.monotonicMs();
      if (leftMs > 0) wakeAt(core, 'breakers', now + leftMs);
    }
  }
}

/** Follows a new peak; the fact when it is worth storing. */
function risenPeak(core: Core, route: Route, equityUsd: Quote): PeakReached | undefined {
  const peak = peakOf(core, route);
  const fact: PeakReached = { kind: 'peak', route, equityUsd, at: core.clock.now() };
  if (!peak) return fact;
  if (!gt(equityUsd, peak)) return undefined;
  core.breakers.peaks.set(route, equityUsd);
  const step = quote(String(core.settings.risk.breakers.drawdown.lossUsd * PEAK_STEP));
  const stored = core.ledger.peaks.get(route)?.equityUsd ?? ZERO_QUOTE;
  return gte(sub(equityUsd, stored), step) ? fact : undefined;
}
