/** Time and chance come through ports: whatever reads them on its own cannot be replayed. */
import { describe, expect, it } from 'vitest';
import { codeOf, filesBelow, type SourceFile } from './tree.ts';

const AMBIENT =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\.now\b|\bhrtime\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b|from 'node:timers/g;
const HOME = 'src/platform/';
const EXCEPTIONS: ReadonlyMap<string, { readonly uses: readonly string[]; readonly why: string }> = new Map([
  [
    'src/cli/compose-sim.ts',
    { uses: ['setImmediate'], why: 'the composition root gives the driver its event loop turn' },
  ],
]);

function ambient({ path, text }: SourceFile): readonly string[] {
  if (path.startsWith(HOME)) return [];
  const allowed = EXCEPTIONS.get(path)?.uses ?? [];
  const found = [...codeOf(text).matchAll(AMBIENT)].map(([use]) => use);
  return found.filter((use) => !allowed.includes(use)).map((use) => `${path}: ${use}`);
}

describe('ambient time and chance', () => {
  it('are used in platform only', () => {
    expect(filesBelow('src').flatMap(ambient)).toEqual([]);
  });

  it('no exception outlives its need', () => {
    const files = new Map(filesBelow('src').map(({ path, text }) => [path, codeOf(text)]));
    for (const [path, { uses }] of EXCEPTIONS) {
      for (const use of uses) expect(files.get(path), `${path} and ${use}`).toContain(use);
    }
  });

  it('are found where they hide', () => {
    const uses = ['Date.now()', 'new Date()', 'Math.random()', 'setTimeout(f, 1)', 'performance.now()', 'randomUUID()'];
    for (const use of uses) expect(ambient({ path: 'src/engine/a.ts', text: `const a = ${use};` })).toHaveLength(1);
    expect(ambient({ path: 'src/engine/a.ts', text: '// Date.now() is not for us\nnew Date(at)' })).toEqual([]);
  });
});
