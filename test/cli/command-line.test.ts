import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { tandemFor } from '../../src/cli/command-line.ts';

test.each(['config/sim.yaml', '/home/a b/c.yaml', "it's.yaml", '$(echo x).yaml', '-x;y', 'ü/ß.yaml'])(
  'a shell takes %s for one word, as it is',
  (file) => {
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${tandemFor(file)} status`], { encoding: 'utf8' });
    expect(words.split('\n')).toEqual(['npx', 'tandem', '--config', file, 'status', '']);
  },
);

test('what needs no quotes has none', () => {
  expect(tandemFor('config/live.yaml')).toBe('npx tandem --config config/live.yaml');
});
