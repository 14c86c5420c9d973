/** What a campaign has reached: every class of faults and every move of hedges and orders, counted. */
import { MOVES } from '../../src/cli/ledger-checks.ts';
import type { HedgeState } from '../../src/ledger/facts.ts';
import { BREAKERS } from '../../src/risk/breakers.ts';
import { FAULT_KINDS } from './faults.ts';

/** Counts by name; what crosses from a worker to its campaign. */
export interface Tally {
  readonly faults: Record<string, number>;
  readonly transitions: Record<string, number>;
  readonly counters: Record<string, number>;
}

/** Moves of one order attempt that facts can make. */
const ORDER_MOVES: Readonly<Record<string, readonly string[]>> = {
  intended: ['open', 'rejected', 'unknown', 'filled', 'canceled', 'expired', 'proven_absent'],
  open: ['filled', 'canceled', 'expired'],
  unknown: ['open', 'filled', 'canceled', 'expired', 'proven_absent'],
  // Delivered twice: a second order under the same id, after the end of the first.
  filled: ['open'],
  canceled: ['open'],
  expired: ['open'],
  // Accepted after absence was proven.
  proven_absent: ['open', 'filled', 'canceled', 'expired'],
};

/** Moves that the ledger allows, and every breaker both ways. */
export const TRANSITIONS: readonly string[] = [
  ...(Object.keys(MOVES) as HedgeState[]).flatMap((from) => MOVES[from].map((to) => `hedge ${from} -> ${to}`)),
  ...Object.entries(ORDER_MOVES).flatMap(([from, tos]) => tos.map((to) => `order ${from} -> ${to}`)),
  ...Object.keys(BREAKERS).flatMap((name) => ['tripped', 'reset'].map((state) => `breaker ${name} ${state}`)),
];

export const newTally = (): Tally => ({ faults: {}, transitions: {}, counters: {} });

export function addTo(total: Tally, more: Tally): void {
  for (const part of ['faults', 'transitions', 'counters'] as const) {
    for (const [name, count] of Object.entries(more[part])) total[part][name] = (total[part][name] ?? 0) + count;
  }
}

/** Names that a campaign never reached, and moves that no list knows. */
export function gapsOf({ faults, transitions }: Tally): { readonly missed: string[]; readonly unlisted: string[] } {
  return {
    missed: [...FAULT_KINDS.filter((kind) => !faults[kind]), ...TRANSITIONS.filter((name) => !transitions[name])],
    unlisted: Object.keys(transitions).filter((name) => !TRANSITIONS.includes(name)),
  };
}
