/** The prose names files, scripts and configuration keys: what it names must be there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './tree.ts';

const PAGES = ['README.md', 'ARCHITECTURE.md'];
const pageOf = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const paths = filesBelow('.').map(({ path }) => path);
/** Made by the user or at run time, or outside the project. */
const MADE_LATER: readonly string[] = ['config/live.yaml', 'data/sim.db'];

describe.each(PAGES)('%s', (name) => {
  const text = pageOf(name);
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, inside]) => inside ?? '');

  it('names files that exist', () => {
    const named = quoted.filter((word) => /^[\w./-]+\.(?:ts|mjs|cjs|yaml|json|md)$/.test(word));
    expect(named.length).toBeGreaterThan(3);
    const missing = named.filter(
      (word) => !MADE_LATER.includes(word) && !paths.some((path) => `/${path}`.endsWith(`/${word}`)),
    );
    expect(missing).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target ?? '');
    expect(links.filter((target) => !paths.includes(target))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(pageOf('package.json'));
    const named = [...text.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)].map(([, script]) => script ?? '');
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  it('names configuration keys that exist', () => {
    const reference = pageOf('docs/configuration.md');
    const keys = quoted.flatMap(
      (word) => /^(?:risk|routing|ledger|signal|execution|operator)(?:\.\w+)+/.exec(word) ?? [],
    );
    expect(keys.filter((key) => !reference.includes(key))).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('justifies every dependency that is used', () => {
    const { dependencies } = JSON.parse(pageOf('package.json'));
    const used = Object.keys(dependencies).filter((library) =>
      filesBelow('src').some(({ text }) => text.includes(`'${library}'`)),
    );
    const page = pageOf('ARCHITECTURE.md');
    expect(used.filter((library) => !page.includes(`| ${library} |`))).toEqual([]);
  });
});
