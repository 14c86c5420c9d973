/** Shrinking, on runs whose failure is planted: which faults break which rule is known beforehand. */
import { describe, expect, it } from 'vitest';
import type { Fault, FaultKind } from './faults.ts';
import { planOf } from './plan.ts';
import { shrink } from './shrink.ts';
import type { RunOptions, WorldResult } from './world.ts';

const HOURS = 24;
const LAST_MS = 12_000;

const faultOf = (number: number, kind: FaultKind): Fault => ({
  id: `${kind}#${number}`,
  kind,
  atMs: number * 1_000,
  forMs: 1,
  venue: 'alpha',
  asset: 'AAA',
  atOrder: false,
  dice: [0, 0, 0],
});

/** Three of each of four classes, mixed. */
const KINDS = ['crash', 'stall', 'halt', 'adl'] as const;
const PLANTED = Array.from({ length: 12 }, (_, at) => faultOf(at + 1, KINDS[at % KINDS.length] ?? 'crash'));

/** The rule that a run with these faults breaks. */
type Judge = (has: (fault: Fault | undefined) => boolean) => string | undefined;

/** As `runWorld`, on the planted faults; remembers every run's options. */
function runner(judge: Judge, planted: readonly Fault[] = PLANTED) {
  const runs: RunOptions[] = [];
  const run = async (seed: number | string, options: RunOptions = {}): Promise<WorldResult> => {
    runs.push(options);
    const plan = planOf(seed, { hours: HOURS, faults: options.faults ?? planted });
    const rule = judge((fault) => plan.faults.some((each) => each === fault));
    return {
      seed: plan.seed,
      hours: plan.hours,
      plan,
      violation: rule === undefined ? undefined : { rule, detail: 'planted', atMs: LAST_MS },
      hash: '',
      trace: [],
      faults: new Map(),
      transitions: new Map(),
      counters: {},
    };
  };
  return { run, runs };
}

const PAIRS = PLANTED.flatMap((one, at) => PLANTED.slice(at + 1).map((other) => [one, other] as const));

describe('shrink', () => {
  it('two that fail only together remain alone, whichever they are', async () => {
    for (const pair of PAIRS) {
      const { run, runs } = runner((has) => (pair.every(has) ? 'naked' : undefined));
      const shrunk = await shrink(1, { hours: HOURS }, run);
      expect(shrunk?.faults).toEqual(pair);
      expect(shrunk?.result.violation?.rule).toBe('naked');
      // The run that is handed out is traced, and of these faults alone.
      expect(runs.at(-1)).toEqual({ hours: HOURS, faults: pair, trace: true });
    }
  });

  it('a single one, and none at all when the seed fails by itself', async () => {
    for (const fault of PLANTED) {
      const { run } = runner((has) => (has(fault) ? 'naked' : undefined));
      expect((await shrink(1, { hours: HOURS }, run))?.faults).toEqual([fault]);
    }
    const { run } = runner(() => 'naked');
    expect((await shrink(1, { hours: HOURS }, run))?.faults).toEqual([]);
  });

  it('a seed that does not fail gives nothing, after one run', async () => {
    const { run, runs } = runner(() => undefined);
    expect(await shrink(1, { hours: HOURS }, run)).toBeUndefined();
    expect(runs).toEqual([{ hours: HOURS }]);
  });

  it('another rule that is broken on the way does not count', async () => {
    for (const pair of PAIRS) {
      const { run } = runner((has) => (pair.every(has) ? 'naked' : 'peace'));
      const shrunk = await shrink(1, { hours: HOURS }, run);
      expect(shrunk?.faults).toEqual(pair);
      expect(shrunk?.result.violation?.rule).toBe('naked');
    }
  });

  it('what was planned for after the failure goes at once, unless the failure goes with it', async () => {
    const late = faultOf(LAST_MS / 1_000 + 1, 'disk_full');
    const planted = [...PLANTED, late];
    const [first] = PLANTED;
    const gone = runner((has) => (has(first) ? 'naked' : undefined), planted);
    expect((await shrink(1, { hours: HOURS }, gone.run))?.faults).toEqual([first]);
    expect(gone.runs[1]?.faults).toEqual(PLANTED);
    const needed = runner((has) => (has(first) && has(late) ? 'naked' : undefined), planted);
    expect((await shrink(1, { hours: HOURS }, needed.run))?.faults).toEqual([first, late]);
  });

  it('many faults cost no more than the runs that are allowed, and what is left still fails', async () => {
    const many = Array.from({ length: 400 }, (_, at) => ({ ...faultOf(at + 1, 'crash'), atMs: 1 }));
    const wanted = many.filter((_, at) => at % 3 === 0);
    const { run, runs } = runner((has) => (wanted.every(has) ? 'naked' : undefined), many);
    const shrunk = await shrink(1, { hours: HOURS }, run);
    expect(shrunk?.runs).toBeLessThanOrEqual(120);
    expect(runs.length).toBeLessThanOrEqual(121);
    expect(shrunk?.result.violation?.rule).toBe('naked');
  });
});
