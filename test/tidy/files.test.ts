/** Small rules about files that keep the project readable and its installation reproducible. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf, commentsOf, filesBelow, ROOT } from './tree.ts';

const MAX_LINES = 300;
/** Longer files and why they stay whole. */
const LONG_FILES: ReadonlyMap<string, string> = new Map([
  ['src/simulator/exchange/api.ts', 'one contract, types and their docstrings, read as one page'],
]);
const FORBIDDEN_FOLDER = /(?:^|\/)(?:utils?|common|helpers?|types|misc|lib)\//;
const CODE = /\.(?:[cm]?[jt]s)$/;
const PROSE = /\.(?:md|ya?ml)$/;

/** Words that would say where the project was made instead of what it does. */
const PLACES = [/(?<![\w.])\/work\//, /registry\.npmjs\.org|\bregistry host/i];
const PEOPLE = /\b(?:coding |AI )?agents?\b/i;

const source = filesBelow('src');
const tests = filesBelow('test');
const everything = filesBelow('.').filter(
  ({ path }) => path !== 'package-lock.json' && path !== 'test/tidy/files.test.ts',
);

describe('source files', () => {
  it('have no default exports', () => {
    const found = source.filter(({ text }) => /\bexport default\b|\bas default\b/.test(codeOf(text)));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('have no barrels', () => {
    const found = source.filter(({ path, text }) => /\/index\.ts$/.test(path) || /\bexport \*/.test(codeOf(text)));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('stand in folders that say what is in them', () => {
    const found = [...source, ...tests].filter(({ path }) => FORBIDDEN_FOLDER.test(path));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it(`have at most ${MAX_LINES} lines`, () => {
    const lines = (text: string): number => text.split('\n').length - 1;
    const long = source.filter(({ path, text }) => lines(text) > MAX_LINES && !LONG_FILES.has(path));
    expect(long.map(({ path, text }) => `${path}: ${lines(text)} lines`)).toEqual([]);
    const known = source.filter(({ path }) => LONG_FILES.has(path));
    expect(known.filter(({ text }) => lines(text) <= MAX_LINES).map(({ path }) => `${path} is short now`)).toEqual([]);
  });

  it('begin by saying what they are for, unless they are so short that it shows', () => {
    const found = source.filter(({ text }) => text.split('\n').length > 20 && !/^(?:#!.*\n)?\/\*\*/.test(text));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('suppress no checks', () => {
    const found = [...source, ...tests].filter(({ path, text }) =>
      path.startsWith('test/tidy/') ? false : /@ts-(?:ignore|nocheck)|biome-ignore-all/.test(text),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});

describe('tests', () => {
  it('are neither skipped nor singled out', () => {
    const found = tests.filter(({ text }) =>
      /\b(?:it|test|describe)(?:\.\w+)*\.(?:only|skip|todo)\b/.test(codeOf(text)),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});

describe('the repository', () => {
  it('speaks of itself alone', () => {
    const found = everything.flatMap(({ path, text }) => {
      const said = PROSE.test(path) ? text : CODE.test(path) ? commentsOf(text) : '';
      const words = [...PLACES.map((pattern) => pattern.exec(text)), PEOPLE.exec(said)];
      return words.flatMap((match) => (match ? [`${path}: ${match[0]}`] : []));
    });
    expect(found).toEqual([]);
  });

  it('has a schema line in every configuration file', () => {
    const files = filesBelow('config').filter(({ path }) => path.endsWith('.yaml'));
    expect(files.length).toBeGreaterThanOrEqual(5);
    const bare = files.filter(({ text }) => !text.startsWith('# yaml-language-server: $schema=./schema.json\n'));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it('pins every dependency to one version', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const wanted = Object.entries<string>({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('locks the packages of every platform: npm ci refuses a lockfile that lacks one', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
    const missing = Object.values<{ optionalDependencies?: object }>(packages).flatMap(
      ({ optionalDependencies = {} }) => Object.keys(optionalDependencies).filter((name) => !names.has(name)),
    );
    expect(missing).toEqual([]);
  });

  it('judges install scripts of packages that are in the tree, and of all of them', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    const scripted = Object.entries<{ hasInstallScript?: boolean; optional?: boolean }>(packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.split('node_modules/').at(-1));
    const judged = Object.keys(manifest.allowScripts);
    expect(judged.filter((name) => !scripted.includes(name))).toEqual([]);
    expect(scripted.filter((name) => name !== 'fsevents' && !judged.includes(name ?? ''))).toEqual([]);
  });
});
