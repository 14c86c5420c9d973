/** How many simulated worlds of 24 hours a core lives through in a second, beside what it does with plain arithmetic. */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { add, quote, ZERO_QUOTE } from '../../src/kernel/decimal.ts';
import { ROOT } from './bot-process.ts';
import { type Bench, check, num, verdict } from './result.ts';

const TARGET_PER_CORE = 10;
/** Those of `npm run sim:many`: room for what is short-lived, and machine code from the first call. */
const FLAGS = ['--max-semi-space-size=64', '--always-sparkplug'];
const CLOSING = /(\d+) worlds of 24 h in [\d.]+ s: ([\d.]+) a second, ([\d.]+) a second and core \((\d+)\)/;

/** Waits for a program; what it wrote. */
function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(told) : reject(new Error(`${args.join(' ')}: ${code}\n${told}`)),
    );
  });
}

/** Millions of exact additions a second on one core: how quick this machine is just now. */
function additions(): number {
  const step = quote('0.123456789012');
  const from = performance.now();
  let count = 0;
  for (let total = ZERO_QUOTE; performance.now() - from < 1_000; total = ZERO_QUOTE) {
    for (let i = 0; i < 10_000; i += 1) total = add(total, step);
    count += 10_000;
  }
  return count / 1_000 / (performance.now() - from);
}

export const simulation: Bench = {
  name: 'simulation',
  run: async ({ smoke, log }) => {
    // Enough that the compiler's first half minute does not count for much.
    const worlds = smoke ? 40 : 10_000;
    await output('npx', ['tsc', '-p', 'tsconfig.sim.json']);
    additions();
    const before = additions();
    log(`simulation: ${worlds} worlds`);
    const script = [...FLAGS, 'dist.sim/scripts/sim-many.js', '--seeds', `1..${worlds}`];
    const told = await output(process.execPath, script);
    const [, done, , perCore, cores] = CLOSING.exec(told) ?? [];
    check(Number(done) === worlds && told.includes('0 violations'), `sim:many said\n${told}`);
    const yardstick = (before + additions()) / 2;
    return {
      name: 'simulation',
      about:
        `npm run sim:many -- --seeds 1..${worlds} from its start, warm-up of the compiler included, ${cores} processes; beside ` +
        'exact additions of one process before and after, which tell how quick the machine was meanwhile.',
      figures: [
        {
          what: 'worlds of 24 h a second and core',
          measured: `${perCore}`,
          against: `${num(yardstick)} million additions a second`,
          ratio: num(Number(perCore) / yardstick),
          target: `>= ${TARGET_PER_CORE}`,
          verdict: verdict(Number(perCore) >= TARGET_PER_CORE),
        },
      ],
    };
  },
};
