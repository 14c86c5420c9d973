/**
 * A campaign of simulated worlds on all cores.
 * Run: `npm run sim:many -- --seeds 1..2000 [--hours 24] [--dense] [--keep-going] [--no-shrink]`.
 * Prints seeds per second, coverage of fault classes and transitions, and for a failing seed the fewest faults that
 * break the same rule, with the end of the trace, unless told not to. Ends at the first violation unless told to keep
 * going; exits with 1 after any, after a move that no list knows, and when a thousand worlds miss a class of faults; with
 * 2 on a wrong option.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addTo, gapsOf, newTally, type Tally } from '../test/simulation/coverage.ts';
import { FAULTS } from '../test/simulation/faults.ts';
import type { Violation } from '../test/simulation/oracle.ts';
import { shrunkText, tallyText } from '../test/simulation/report.ts';
import { shrink } from '../test/simulation/shrink.ts';
import { clockText } from '../test/simulation/trace.ts';
import { optionsOr, seedRange, wholeNumber } from './sim-options.ts';

export interface SeedReport {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly tally: Tally;
}

const USAGE = 'usage: npm run sim:many -- --seeds A..B [--hours H] [--dense] [--keep-going] [--no-shrink]';
const BATCH = 20;
/** So many worlds of a day have every class of faults. */
const ENOUGH = 1_000;
const PROGRESS_MS = 10_000;

const { values } = optionsOr(USAGE, () =>
  parseArgs({
    options: {
      seeds: { type: 'string' },
      hours: { type: 'string', default: '24' },
      dense: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      'no-shrink': { type: 'boolean', default: false },
    },
  }),
);
const { from, to } = seedRange(USAGE, values.seeds);
const hours = wholeNumber(USAGE, '--hours', values.hours, 1);
const options = { hours, dense: values.dense };
const out = (line: string): void => void process.stdout.write(`${line}\n`);

const tally = newTally();
const failures: SeedReport[] = [];
const startedAt = performance.now();
let next = from;
let done = 0;
let toldAt = startedAt;

const workers = Math.max(1, Math.min(availableParallelism(), Math.ceil((to - from + 1) / BATCH)));
await Promise.all(Array.from({ length: workers }, work));

const seconds = (performance.now() - startedAt) / 1_000;
const rate = done / seconds;
out(
  `${done} worlds of ${hours} h in ${seconds.toFixed(1)} s: ${rate.toFixed(1)} a second, ${(rate / workers).toFixed(1)} a second and core (${workers})`,
);
for (const line of tallyText(tally)) out(line);
out(`${failures.length} violations`);
const { missed, unlisted } = gapsOf(tally);
const isWeak = done >= ENOUGH && hours >= 24 && missed.some((name) => name in FAULTS);
if (unlisted.length > 0 || isWeak) process.exitCode = 1;
const [worst] = failures.sort((a, b) => a.seed - b.seed);
if (worst) process.exitCode = 1;
if (worst)
  out(
    `its whole trace: npm run sim -- --seed ${worst.seed} --minutes ${hours * 60}${values.dense ? ' --dense' : ''} --trace`,
  );
if (worst && !values['no-shrink']) {
  const shrunk = await shrink(worst.seed, options);
  for (const line of [`seed ${worst.seed}`, ...(shrunk ? shrunkText(shrunk) : ['it does not fail again'])]) out(line);
}

/** One process, fed until there is nothing left. */
function work(): Promise<void> {
  const child = fork(fileURLToPath(new URL(`./sim-worker${extname(import.meta.url)}`, import.meta.url)));
  return new Promise((resolve, reject) => {
    child.on('message', (message: SeedReport | 'next') => {
      if (message !== 'next') onReport(message);
      else if (!feed(child)) child.disconnect();
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
  });
}

function feed(child: ChildProcess): boolean {
  if (next > to || (failures.length > 0 && !values['keep-going'])) return false;
  const seeds: number[] = [];
  while (next <= to && seeds.length < BATCH) seeds.push(next++);
  child.send({ seeds, options });
  return true;
}

function onReport(report: SeedReport): void {
  done += 1;
  addTo(tally, report.tally);
  if (report.violation) {
    failures.push(report);
    const { rule, detail, atMs } = report.violation;
    out(`seed ${report.seed} VIOLATION ${rule} at ${clockText(atMs)}: ${detail}`);
  }
  const now = performance.now();
  if (now - toldAt < PROGRESS_MS) return;
  toldAt = now;
  out(`${done} worlds, ${(done / ((now - startedAt) / 1_000)).toFixed(1)} a second, ${failures.length} violations`);
}
