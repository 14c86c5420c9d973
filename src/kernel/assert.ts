/** Programming errors: these throw and fail fast; expected failures are values (see outcome.ts). */

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws InvariantError unless `condition`; `detail` says what was believed and what was found. */
export function invariant(condition: unknown, detail: string): asserts condition {
  if (!condition) throw new InvariantError(detail);
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
