/**
 * `npm run mutants [-- --simulation] [-- names...]`: puts one deliberate bug at a time into a copy of the sources and runs
 * what should notice: the tests it names, or simulated worlds alone. Prints a table; exits with 1 when a mutant lives or
 * a killer fails without any bug.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS, type Mutant } from '../test/mutants/list.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const COPIED = [
  'src',
  'test',
  'scripts',
  'config',
  'package.json',
  'tsconfig.json',
  'tsconfig.sim.json',
  'vitest.config.ts',
];
const SEEDS = '1..2000';
/** Without any bug; a short campaign suffices to see that worlds run. */
const SOUND_SEEDS = '1..100';
const AT_ONCE = 2;

interface Verdict {
  readonly mutant: Mutant;
  /** The first test that failed, or the seed; undefined: it lives. */
  readonly killer: string | undefined;
  readonly seconds: number;
}

const { values, positionals: wanted } = parseArgs({
  options: { simulation: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = wanted.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such mutant: ${unknown.join(', ')}\n`);
  process.exit(2);
}
const queue = MUTANTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const workers = Array.from({ length: AT_ONCE }, copyOfTheSources);
try {
  await withoutAnyBug();
  const verdicts: Verdict[] = [];
  const waiting = [...queue];
  await Promise.all(
    workers.map(async (folder) => {
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) verdicts.push(await judge(mutant, folder));
    }),
  );
  report(verdicts);
} finally {
  for (const folder of workers) rmSync(folder, { recursive: true, force: true });
}

function copyOfTheSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-mutant-'));
  for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  mkdirSync(join(folder, 'out'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A killer that fails anyway would kill everything. */
async function withoutAnyBug(): Promise<void> {
  const files = [...new Set(queue.flatMap(({ killedBy }) => killedBy))];
  const [folder] = workers;
  if (!folder) return;
  const failed = await (values.simulation ? firstViolation(folder, SOUND_SEEDS) : firstFailure(folder, files));
  if (failed === undefined) return;
  process.stderr.write(`fails without any bug: ${failed}\n`);
  process.exit(1);
}

async function judge(mutant: Mutant, folder: string): Promise<Verdict> {
  const path = join(folder, mutant.file);
  const sound = readFileSync(path, 'utf8');
  const from = performance.now();
  writeFileSync(
    path,
    sound.replace(mutant.find, () => mutant.replace),
  );
  try {
    const killer = await (values.simulation ? firstViolation(folder, SEEDS) : firstFailure(folder, mutant.killedBy));
    return { mutant, killer, seconds: (performance.now() - from) / 1_000 };
  } finally {
    writeFileSync(path, sound);
  }
}

interface TestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

async function firstFailure(folder: string, files: readonly string[]): Promise<string | undefined> {
  const out = join(folder, 'out/report.json');
  rmSync(out, { force: true });
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const flags = ['run', '--bail=1', '--maxWorkers=1', '--reporter=json', `--outputFile=${out}`];
  const { code, output } = await run([vitest, ...flags, ...files], folder);
  if (code === 0) return undefined;
  try {
    const report: TestReport = JSON.parse(readFileSync(out, 'utf8'));
    const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = tests.find(({ status }) => status === 'failed');
    return failed?.fullName ?? report.testResults.find(({ message }) => message !== '')?.message.split('\n')[0] ?? '?';
  } catch {
    throw new Error(`the tests did not run:\n${output}`);
  }
}

async function firstViolation(folder: string, seeds: string): Promise<string | undefined> {
  const compiled = await run([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.sim.json'], folder);
  if (compiled.code !== 0) throw new Error(`it does not compile:\n${compiled.output}`);
  const { code, output } = await run(['dist.sim/scripts/sim-many.js', '--seeds', seeds, '--no-shrink'], folder);
  if (code === 0) return undefined;
  const [, seed, rule] = /seed (\d+) VIOLATION (\w+)/.exec(output) ?? [];
  if (seed === undefined) throw new Error(`the simulation did not run:\n${output}`);
  return `seed ${seed}: ${rule}`;
}

function run(args: readonly string[], cwd: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = `${output}${chunk.toString()}`.slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function report(verdicts: readonly Verdict[]): void {
  const order = (verdict: Verdict): number => MUTANTS.indexOf(verdict.mutant);
  for (const { mutant, killer, seconds } of [...verdicts].sort((a, b) => order(a) - order(b))) {
    const fate = killer === undefined ? 'LIVES ' : 'killed';
    process.stdout.write(`${fate}  ${mutant.name.padEnd(34)} ${seconds.toFixed(1).padStart(6)} s  ${killer ?? ''}\n`);
  }
  const alive = verdicts.filter(({ killer }) => killer === undefined);
  process.stdout.write(`${verdicts.length - alive.length} of ${verdicts.length} mutants killed\n`);
  if (alive.length > 0) process.exitCode = 1;
}
