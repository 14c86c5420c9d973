/** The command as a process whose output goes into a pipe: what is cut off there is no valid JSON any more. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../tidy/tree.ts';
import { place } from './fake-bot.ts';

const MAIN = ['--import', 'tsx', join(ROOT, 'src/cli/main.ts')];
const KEYS = 3_000;

/** A configuration with so many problems that telling them takes more than any pipe holds. */
function longAnswer(): readonly string[] {
  const where = place(Array.from({ length: KEYS }, (_, i) => `no${i}such${i}key: 1\n`).join(''));
  return [...MAIN, '--config', where.config, '--json', 'config', 'check'];
}

test('a slow reader gets all of it, and the exit code comes after', () => {
  const where = place();
  const script = join(where.folder, 'pipe.sh');
  const command = [process.execPath, ...longAnswer()].map((part) => `'${part}'`).join(' ');
  writeFileSync(script, `{ ${command}; echo "code $?" >&2; } | { sleep 1; cat; }\n`);
  const { stdout, stderr } = spawnSync('sh', [script], { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1_048_576 });
  expect((JSON.parse(stdout) as { problems: unknown[] }).problems).toHaveLength(KEYS);
  expect(stderr).toContain('code 2');
}, 60_000);

test('a reader that leaves early keeps nobody waiting', async () => {
  const child = spawn(process.execPath, longAnswer(), { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(2);
}, 60_000);
