/** One function per breaker: evidence -> reading. Pure; every figure is in the unit that `BREAKERS` names. */
import { MINUTE_MS } from '../kernel/instant.ts';
import type { BreakerLimits, Reading } from './breakers.ts';

const count = (limit: number, actual: number, detail: string): Reading => ({
  limit,
  actual,
  over: actual >= limit,
  detail,
});

/** `failed`: of each recent call, whether it failed. */
export function errorRate(
  failed: readonly boolean[],
  { rate, minCalls, windowMinutes }: BreakerLimits['errorRate'],
): Reading {
  const bad = failed.filter((each) => each).length;
  const actual = failed.length === 0 ? 0 : bad / failed.length;
  const detail = `${bad} of ${failed.length} calls to the venue failed within ${windowMinutes} min`;
  return { limit: rate, actual, over: failed.length >= minCalls && actual >= rate, detail };
}

/** `roundTripsMs`: of recent orders. The 90th percentile by nearest rank; 0 without any. */
export function latency(
  roundTripsMs: readonly number[],
  { p90Ms, minOrders, windowMinutes }: BreakerLimits['latency'],
): Reading {
  const sorted = [...roundTripsMs].sort((a, b) => a - b);
  const actual = Math.round(sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0);
  const detail = `one in ten of ${sorted.length} orders took ${actual} ms or more to be answered within ${windowMinutes} min`;
  return { limit: p90Ms, actual, over: sorted.length >= minOrders && actual >= p90Ms, detail };
}

/** `refused`: of each recent opening order with a known fate, oldest first, whether the venue refused it. */
export function rejectedOrders(
  refused: readonly boolean[],
  { rejected, ofLast, windowMinutes }: BreakerLimits['rejectedOrders'],
): Reading {
  const last = refused.slice(-ofLast);
  const actual = last.filter((each) => each).length;
  return count(
    rejected,
    actual,
    `the venue refused ${actual} of the last ${last.length} opening orders within ${windowMinutes} min`,
  );
}

/** `skewMs`: the venue's clock minus ours, as far as the round trip proves it; undefined until it was read. */
export function clockSkew(skewMs: number | undefined, { skewMs: limit }: BreakerLimits['clockSkew']): Reading {
  if (skewMs === undefined) return { limit, over: false, detail: 'the venue has not told its time yet' };
  const ahead = skewMs < 0 ? 'behind' : 'ahead of';
  return count(limit, Math.abs(skewMs), `the venue's clock is ${Math.round(Math.abs(skewMs))} ms ${ahead} ours`);
}

/** For how long each stream has been without a connection; 0 = it has one. */
export function staleStreams(
  { marketMs, accountMs }: { readonly marketMs: number; readonly accountMs: number },
  { staleMs }: BreakerLimits['staleStreams'],
): Reading {
  const actual = Math.max(marketMs, accountMs);
  const which = marketMs >= accountMs ? 'market data' : 'the account stream';
  const detail =
    actual === 0 ? 'all streams are connected' : `${which} has been down for ${Math.round(actual / 1000)} s`;
  return count(staleMs, actual, detail);
}

export const consecutiveFailures = (inARow: number, { failures }: BreakerLimits['consecutiveFailures']): Reading =>
  count(failures, inARow, `${inARow} hedges in a row were aborted, unwound or quarantined`);

export const churn = (done: number, { cycles, windowHours, cycleMinutes }: BreakerLimits['churn']): Reading =>
  count(cycles, done, `${done} hedges were over within ${cycleMinutes} min of opening, in ${windowHours} h`);

/** `pnlUsd`: change since the UTC day began; undefined while something open cannot be valued. */
export function dailyLoss(pnlUsd: number | undefined, limit: number): Reading {
  if (pnlUsd === undefined) return { limit, over: false, detail: 'an open position cannot be valued now' };
  const lossUsd = Math.max(0, -pnlUsd);
  return count(limit, lossUsd, `${lossUsd.toFixed(2)} USD lost since the UTC day began`);
}

/** `lossUsd`: highest equity minus equity; undefined while something open cannot be valued. */
export function drawdown(lossUsd: number | undefined, { lossUsd: limit }: BreakerLimits['drawdown']): Reading {
  if (lossUsd === undefined) return { limit, over: false, detail: 'an open position cannot be valued now' };
  return count(limit, lossUsd, `equity is ${lossUsd.toFixed(2)} USD below its highest`);
}

export const orderRate = (sent: number, { orders, windowMinutes }: BreakerLimits['orderRate']): Reading =>
  count(orders, sent, `${sent} orders were sent within ${windowMinutes} min`);

/** `begun`: processes that began, this one included. */
export const restarts = (begun: number, { starts, windowMinutes }: BreakerLimits['restarts']): Reading =>
  count(starts, begun, `the bot was started ${begun} times within ${windowMinutes} min`);

/** Longest time that any of the windows of volatile evidence looks back. */
export const longestWindowMs = ({ errorRate: calls, latency: orders, orderRate: rate }: BreakerLimits): number =>
  Math.max(calls.windowMinutes, orders.windowMinutes, rate.windowMinutes) * MINUTE_MS;
