/** Delta debugging of a failing seed: the fewest faults with which the same rule is still broken. */
import type { Fault } from './faults.ts';
import type { PlanOptions } from './plan.ts';
import { runWorld, type WorldResult } from './world.ts';

const MAX_RUNS = 120;

export interface Shrunk {
  readonly faults: readonly Fault[];
  /** The run with them, traced. */
  readonly result: WorldResult;
  readonly runs: number;
}

/** Takes classes away first, then halves, quarters and single faults. Undefined when the seed does not fail. */
export async function shrink(
  seed: number | string,
  options: Omit<PlanOptions, 'faults'>,
  run = runWorld,
): Promise<Shrunk | undefined> {
  const first = await run(seed, options);
  if (!first.violation) return undefined;
  const { rule, atMs } = first.violation;
  let runs = 1;
  const breaks = async (faults: readonly Fault[]): Promise<boolean> => {
    runs += 1;
    return (await run(seed, { ...options, faults })).violation?.rule === rule;
  };
  // What was planned for later cannot matter.
  const before = first.plan.faults.filter((fault) => fault.atMs <= atMs);
  let faults = (await breaks(before)) ? before : first.plan.faults;
  for (const kind of new Set(faults.map((fault) => fault.kind))) {
    if (runs >= MAX_RUNS) break;
    const rest = faults.filter((fault) => fault.kind !== kind);
    if (await breaks(rest)) faults = rest;
  }
  for (
    let size = Math.ceil(faults.length / 2);
    size >= 1 && runs < MAX_RUNS;
    size = size > 1 ? Math.ceil(size / 2) : 0
  ) {
    for (let at = 0; at < faults.length && runs < MAX_RUNS; ) {
      const rest = [...faults.slice(0, at), ...faults.slice(at + size)];
      if (await breaks(rest)) faults = rest;
      else at += size;
    }
  }
  return { faults, result: await run(seed, { ...options, faults, trace: true }), runs };
}
