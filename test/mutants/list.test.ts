/** A mutant that no longer applies would be called killed by nothing at all. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../tidy/tree.ts';
import { MUTANTS } from './list.ts';

test.each(MUTANTS)('$name applies at exactly one place, and its killers exist', ({ file, find, replace, killedBy }) => {
  const source = readFileSync(join(ROOT, file), 'utf8');
  expect(source.split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
  // Without any, the whole suite would be its killer, and something in a mere copy always fails.
  expect(killedBy).not.toEqual([]);
  expect(killedBy.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('at least 25, with names of their own', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
});
