/** Failing rules and tripped breakers in words. */
import type { BreakerStatus } from '../engine/breaker-view.ts';
import { iso } from '../kernel/instant.ts';
import { trippedText } from '../risk/breakers.ts';
import type { RuleBreach } from '../risk/limits.ts';
import { inert } from './format.ts';

/** `net_apr 0.082, limit 0.1, short by 0.018 (net APR after all costs, fraction)` */
export function breachText({ rule, limit, actual, shortfall, detail }: RuleBreach): string {
  // Its figures are instants; the words tell them.
  if (rule === 'cooldown') return `${rule} (${detail})`;
  const gap = shortfall === undefined ? '' : `, short by ${figure(shortfall)}`;
  return `${rule} ${figure(actual)}, limit ${figure(limit)}${gap} (${detail})`;
}

/** Epoch ms of this century; nothing else that a rule compares is as large. */
const INSTANT = 1e12;

/** Four significant digits at most; instants as such, counts whole. JSON keeps no Infinity, so it arrives as null. */
export function figure(value: number | string | null): string {
  if (typeof value === 'string') return inert(value);
  if (value === null || !Number.isFinite(value)) return 'never';
  if (value >= INSTANT) return iso(value);
  return Math.abs(value) >= 10_000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

/** Breakers told one by one; `tandem breakers` lists all. */
const MAX_TRIPPED = 3;

/** A sentence for each of the first, and how many more there are; `tandem` begins the command that lists all. */
export function trippedTexts(breakers: readonly BreakerStatus[], tandem: string): string[] {
  const tripped = breakers.flatMap(({ state, since, ...rest }) =>
    state === 'tripped' && since !== undefined ? [trippedText({ ...rest, since })] : [],
  );
  const more = tripped.length - MAX_TRIPPED;
  return [...tripped.slice(0, MAX_TRIPPED), ...(more > 0 ? [`${more} more: ${tandem} breakers`] : [])];
}
