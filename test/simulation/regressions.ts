/** Seeds that once failed, each with what it found. They are run for as long as they mean the same worlds. */
export interface Regression {
  readonly seed: number;
  readonly found: string;
}

export const REGRESSIONS: readonly Regression[] = [
  {
    seed: 22,
    found: 'fault-39: a book that waited while the process was stopped counted as fresh for the next resting order',
  },
];
