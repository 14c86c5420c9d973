/** A `src` folder imports only what stands above it: decisions stay pure, the oracle stays independent of the bot. */
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, importsOf, type SourceFile } from './tree.ts';

const LAYERS: readonly string[] = [
  'kernel',
  'market',
  'ledger',
  'signal',
  'risk',
  'execution',
  'ports',
  'engine',
  'venues',
  'feeds',
  'simulator',
  'platform',
  'config',
  'research',
  'operator',
  'cli',
];
/** They meet only through ports and in the composition root. */
const ISLANDS: readonly string[] = ['venues', 'feeds', 'simulator', 'platform'];
const DECISIONS: readonly string[] = ['signal', 'risk', 'execution', 'engine'];
/** Types that a lower layer owns and a decision reads. Values would still be refused. */
const TYPES_FROM_BELOW: ReadonlyMap<string, string> = new Map([
  // What a lookup can say is part of the Venue port; how it resolves an order is a decision.
  ['src/execution/resolve.ts', 'src/ports/venue.ts'],
]);
/** A library and the only folder that may know it. */
const OWNED_LIBRARIES: readonly (readonly [library: string, folder: string])[] = [
  ['ccxt', 'venues'],
  ['bottleneck', 'venues'],
  ['better-sqlite3', 'platform'],
  ['pino', 'platform'],
  ['ws', 'simulator'],
  ['commander', 'cli'],
  ['big.js', 'kernel'],
];

const folderOf = (path: string): string => path.split('/')[1] ?? '';

function broken({ path, text }: SourceFile): readonly string[] {
  const own = folderOf(path);
  return importsOf(text).flatMap(({ from, typeOnly }) => {
    if (!from.startsWith('.')) {
      const owner = OWNED_LIBRARIES.find(([library]) => from === library || from.startsWith(`${library}/`));
      return owner && owner[1] !== own ? [`${path}: ${from} belongs to ${owner[1]}`] : [];
    }
    const target = posix.normalize(posix.join(posix.dirname(path), from));
    const other = folderOf(target);
    if (!target.startsWith('src/')) return [`${path}: imports ${target} from outside src`];
    if (own === other || (typeOnly && TYPES_FROM_BELOW.get(path) === target)) return [];
    if (ISLANDS.includes(own) && (ISLANDS.includes(other) || DECISIONS.includes(other)))
      return [`${path}: ${own} must not know ${other}`];
    const isAbove = LAYERS.indexOf(other) < LAYERS.indexOf(own);
    return isAbove ? [] : [`${path}: ${own} stands above ${other}`];
  });
}

const sample = (path: string, text: string): readonly string[] => broken({ path: `src/${path}`, text });

describe('layers', () => {
  const files = filesBelow('src');

  it('every folder of src has its place', () => {
    expect(
      [...new Set(files.map(({ path }) => folderOf(path)))].filter((name) => !LAYERS.some((l) => l === name)),
    ).toEqual([]);
  });

  it('nothing imports what stands below it', () => {
    expect(files.flatMap(broken)).toEqual([]);
  });

  it('finds what it is there to find', () => {
    expect(sample('signal/a.ts', "import { b } from '../engine/b.ts';")).toHaveLength(1);
    expect(sample('signal/a.ts', "import type { Clock } from '../ports/clock.ts';")).toHaveLength(1);
    expect(sample('simulator/wire/a.ts', "import type { B } from '../../execution/b.ts';")).toHaveLength(1);
    expect(sample('feeds/a.ts', "import { b } from '../venues/b.ts';")).toHaveLength(1);
    expect(sample('platform/a.ts', "export { b } from '../feeds/b.ts';")).toHaveLength(1);
    expect(sample('engine/a.ts', "const b = await import('../venues/b.ts');")).toHaveLength(1);
    expect(sample('cli/a.ts', "import ccxt from 'ccxt';")).toHaveLength(1);
    expect(sample('execution/resolve.ts', "import { x } from '../ports/venue.ts';")).toHaveLength(1);
    expect(sample('kernel/a.ts', "import { x } from '../../test/x.ts';")).toHaveLength(1);
    expect(sample('kernel/a.ts', "// import { x } from '../cli/x.ts';\nimport Big from 'big.js';")).toEqual([]);
    expect(sample('venues/a.ts', "import type {\n  A,\n  B,\n} from '../market/order.ts';")).toEqual([]);
  });

  it('an approval comes from risk alone', () => {
    const makers = files.filter(({ text }) => /\bapprove\b[^;]*from '\.{1,2}\/(?:risk\/)?approved\.ts'/.test(text));
    expect(makers.map(({ path }) => path)).toEqual(['src/risk/assess.ts']);
  });
});
