/** What a new user is told when the machine lacks something: one line with the reason and the fix, never a stack. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../tidy/tree.ts';

const COPIED = ['scripts/setup.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];
const OLD_NODE = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.19.1' } })";

/** A clone without dependencies, and the only folder on its PATH. */
function clone(): { readonly root: string; readonly bin: string } {
  const root = mkdtempSync(join(tmpdir(), 'tandem-setup-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const file of COPIED) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(root, file));
  }
  mkdirSync(join(root, 'src'));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  return { root, bin };
}

function tool(bin: string, name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

function setUp({ root, bin }: { root: string; bin: string }, ...flags: string[]) {
  const result = spawnSync(process.execPath, [...flags, 'scripts/setup.mjs'], {
    cwd: root,
    env: { PATH: bin },
    encoding: 'utf8',
  });
  return { status: result.status, said: result.stderr };
}

test('an old Node is told its version, what is needed and how to get it', () => {
  const { status, said } = setUp(clone(), '--import', `data:text/javascript,${encodeURIComponent(OLD_NODE)}`);
  expect(status).toBe(1);
  expect(said).toBe('tandem: Node 18.19.1 is too old; tandem needs 20 or later. Fix: nvm install 22\n');
});

test.runIf(process.platform === 'linux')(
  'without a compiler: names what is missing and the command that adds it',
  () => {
    const machine = clone();
    tool(machine.bin, 'npm', 'echo "gyp ERR! stack Error: not found: make" >&2; exit 1');
    tool(machine.bin, 'python3', 'exit 0');
    const { status, said } = setUp(machine);
    expect(status).toBe(1);
    expect(said).toMatch(
      /SQLite binding cannot be compiled: a C\+\+ compiler and make missing\. Fix: sudo apt-get install/,
    );
    expect(said).not.toMatch(/gyp|Python missing/);
  },
);

test('an installation that fails for another reason shows what npm said', () => {
  const machine = clone();
  for (const name of ['c++', 'make', 'python3']) tool(machine.bin, name, 'exit 0');
  tool(machine.bin, 'npm', 'echo "npm error network no route to host" >&2; exit 1');
  const { status, said } = setUp(machine);
  expect(status).toBe(1);
  expect(said).toMatch(/npm ci failed\.\nnpm error network no route to host/);
});

test('a lockfile that was lost is named with the command that brings it back', () => {
  const machine = clone();
  rmSync(join(machine.root, 'package-lock.json'));
  const { status, said } = setUp(machine);
  expect(status).toBe(1);
  expect(said).toMatch(/package-lock\.json is missing or unreadable\. Fix: git checkout package-lock\.json/);
});

test('npx finds the command before the first build, and runs what is built afterwards', () => {
  const { root } = clone();
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly bin: { tandem: string } };
  copyFileSync(join(ROOT, bin.tandem), join(root, bin.tandem));
  const tandem = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(join(root, bin.tandem), args, { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  expect(tandem('status')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'tandem: not built yet. Fix: npm start, or npm run build\n',
  });
  mkdirSync(join(root, 'src/cli'));
  writeFileSync(
    join(root, 'src/cli/main.ts'),
    "#!/usr/bin/env node\nprocess.stdout.write(process.argv.slice(2).join(' '));\n",
  );
  expect(setUp({ root, bin: dirname(process.execPath) })).toEqual({ status: 0, said: 'tandem: building\n' });
  expect(tandem('close', 'h1')).toEqual({ status: 0, stdout: 'close h1', stderr: '' });
  // Where npx may remember it from before.
  expect(spawnSync(join(root, 'dist/cli/main.js'), ['status'], { encoding: 'utf8' }).stdout).toBe('status');
}, 60_000);
