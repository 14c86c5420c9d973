/** Every fault has a proof, every reference names a fault, and the page about them is what they generate. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../tidy/tree.ts';
import { AWAITED, FAULTS } from './catalogue.ts';
import { faultsPage, findProofs } from './page.ts';

const proofs = findProofs();
const numbers = FAULTS.map(({ number }) => number);

describe('the catalogue of faults', () => {
  it('has 64 faults, each with a slug of its own', () => {
    expect(numbers).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
    expect(new Set(FAULTS.map(({ slug }) => slug)).size).toBe(64);
    for (const { slug } of FAULTS) expect(slug).toMatch(/^[a-z][a-z0-9-]+$/);
  });

  it('every fault has a test or a class of simulated faults', () => {
    const proven = new Set(proofs.map(({ number }) => number));
    const missing = FAULTS.filter(({ number }) => !proven.has(number)).map(({ number, slug }) => `${number} ${slug}`);
    expect(missing).toEqual(AWAITED.map((number) => `${number} ${FAULTS[number - 1]?.slug}`));
  });

  it('every reference names a fault', () => {
    const known = new Set(numbers);
    expect(proofs.filter(({ number }) => !known.has(number))).toEqual([]);
  });

  it('docs/faults.md is what it generates', () => {
    const page = readFileSync(join(ROOT, 'docs/faults.md'), 'utf8');
    expect(page, 'stale: run npm run generate').toBe(faultsPage());
  });

  it('finds titles in tests and definitions of simulated faults, and nothing else', () => {
    const found = findProofs([
      { path: 'test/a/b.test.ts', text: "it('fault-07-x fault-08-y: z', () => {}); // fault-09" },
      { path: 'test/a/helper.ts', text: "'fault-10'" },
      { path: 'test/simulation/faults.ts', text: '/** fault-11 */\nstall: {},' },
      { path: 'test/faults/faults.test.ts', text: "'fault-12'" },
    ]);
    expect(found.map(({ number, path }) => `${number} ${path}`)).toEqual([
      '7 test/a/b.test.ts',
      '8 test/a/b.test.ts',
      '11 test/simulation/faults.ts',
    ]);
  });
});
