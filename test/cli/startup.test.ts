/** Help must be instant: what is loaded for it is decided by static imports, which this walks. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EXIT_MEANINGS } from '../../src/cli/exit-codes.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { place, tandem, terminal } from './fake-bot.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Value imports and re-exports; `import type` is erased, `import()` is lazy. */
const STATIC = /^\s*(?:import|export)\s+(?!type\b)(?:[\s\S]*?\sfrom\s+)?'([^']+)'/gm;

function reached(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(STATIC)) {
      if (name.startsWith('.')) visit(join(dirname(file), name));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  visit(join(ROOT, entry));
  return { files, packages };
}

test('the entry point loads commander and four small files, nothing else', () => {
  const { files, packages } = reached('src/cli/main.ts');
  expect([...packages]).toEqual(['commander']);
  expect([...files].map((file) => relative(ROOT, file)).sort()).toEqual([
    'src/cli/exit-codes.ts',
    'src/cli/main.ts',
    'src/cli/program.ts',
    'src/cli/terminal.ts',
  ]);
});

test.each([
  'status',
  'why',
  'hedges',
  'hedge',
  'close',
  'kill',
  'pause',
  'ledger',
  'config',
  'opportunities',
  'doctor',
])('no static import leads from `%s` to ccxt', (command) => {
  expect([...reached(`src/cli/commands/${command}.ts`).packages]).not.toContain('ccxt');
});

test('the walker sees what a static import loads', () => {
  expect([...reached('src/cli/settings.ts').packages].sort()).toEqual(['node-cron', 'yaml', 'zod']);
});

test('docs/cli.md has every exit code and every command', () => {
  const page = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8');
  for (const [code, meaning] of Object.entries(EXIT_MEANINGS)) expect(page).toContain(`| ${code} | ${meaning} |`);
  const program = buildProgram(terminal(), () => {});
  const names = program.commands.flatMap((command) => {
    const inner = command.commands.map((each) => `${command.name()} ${each.name()}`);
    return inner.length > 0 ? inner : [command.name()];
  });
  for (const name of names) expect(page, name).toMatch(new RegExp(`^\\| \`tandem ${name}[\` ]`, 'm'));
});

test('help and version say what they should and are no failure', async () => {
  const help = await tandem(place(), '--help');
  expect(help.exit).toBe(0);
  for (const meaning of Object.values(EXIT_MEANINGS)) expect(help.out).toContain(meaning);
  expect((await tandem(place(), 'close', '--help')).out).toContain('--wait <seconds>');
  expect(await tandem(place(), '--version')).toMatchObject({ exit: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});
