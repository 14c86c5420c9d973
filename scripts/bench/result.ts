/** What a benchmark reports, and how figures are rounded. A target that is missed is told, not hidden and not fatal. */

export interface Figure {
  readonly what: string;
  readonly measured: string;
  /** What it is compared with, measured in the same run. */
  readonly against?: string;
  readonly ratio?: string;
  readonly target?: string;
  readonly verdict?: 'PASS' | 'MISS';
}

export interface BenchResult {
  readonly name: string;
  /** What was measured, and how, in one or two sentences. */
  readonly about: string;
  readonly figures: readonly Figure[];
}

export interface BenchOptions {
  /** Seconds instead of minutes: asserts that everything works, the figures mean little. */
  readonly smoke: boolean;
  readonly log: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  run(options: BenchOptions): Promise<BenchResult>;
}

/** The smallest value that at least `share` of the samples do not exceed. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN;
}

export const p50 = (samples: readonly number[]): number => percentile(samples, 0.5);
export const p95 = (samples: readonly number[]): number => percentile(samples, 0.95);

/** `1.24 ms (p95 2.80)` */
export const spread = (samplesMs: readonly number[]): string =>
  `${num(p50(samplesMs))} ms (p95 ${num(p95(samplesMs))})`;

/** Three significant digits. */
export const num = (value: number): string =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

export const verdict = (isMet: boolean): 'PASS' | 'MISS' => (isMet ? 'PASS' : 'MISS');

/** Broken, not slow: ends the run with an error. */
export function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`benchmark broken: ${what}`);
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Polls every few ms; throws after `withinMs`. */
export async function until(what: string, condition: () => boolean, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    check(performance.now() < end, `never happened: ${what}`);
    await sleep(2);
  }
}
