/** The built bot in mode testnet on simulated venues, in a process that is killed and stopped at will. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { MAIN, type VenuesProcess } from './venues.ts';

const run = promisify(execFile);

export interface BotFiles {
  readonly folder: string;
  readonly config: string;
  readonly ledger: string;
  readonly log: string;
}

/** Hedges that open whenever the legs differ at all and close seconds later: something is always on its way. */
export function writeRestlessConfig(folder: string, venues: VenuesProcess, assets: readonly string[]): BotFiles {
  mkdirSync(folder, { recursive: true });
  const files = {
    folder,
    config: join(folder, 'bot.yaml'),
    ledger: join(folder, 'bot.db'),
    log: join(folder, 'bot.log'),
  };
  const config = {
    mode: 'testnet',
    ledger: { path: files.ledger },
    log: { file: files.log, level: 'info' },
    venues: Object.fromEntries(
      Object.entries(venues.section).map(([id, section]) => [id, { ...section, requestDeadlineMs: 2_000 }]),
    ),
    signal: { horizonHours: 8_760, reversionHalfLifeHours: 8_760, basisAllowanceRate: 0 },
    risk: {
      entry: { minNetApr: 0, minSpreadPer8h: 0, minConfidence: 0, maxBreakEvenHours: 8_760 },
      exit: { minForwardApr: -100, confirmMinutes: 0, maxHoldHours: 0.0002 },
      size: { hedgeNotionalUsd: 500, minHedgeNotionalUsd: 50 },
      exposure: { maxOpenHedges: assets.length },
      data: { maxBookAgeMs: 10_000 },
      cooldown: { afterExitMinutes: 0, afterFailureMinutes: 0 },
      loss: { maxDailyLossUsd: 1_000_000 },
      allow: { assets },
      // Hedges that live for a second and a bot that dies all the time are what this is about.
      breakers: {
        errorRate: { minCalls: 1_000 },
        // A frozen process takes its own pause for the venues' latency, and would open nothing for half an hour.
        latency: { minOrders: 1_000 },
        rejectedOrders: { rejected: 1_000, ofLast: 1_000 },
        consecutiveFailures: { failures: 1_000 },
        churn: { cycles: 1_000 },
        drawdown: { lossUsd: 1_000_000 },
        orderRate: { orders: 5_000 },
        restarts: { starts: 100, windowMinutes: 1 },
      },
    },
    execution: { lookup: { minValidityMs: 3_000, spacingMs: 500 } },
    reconcile: { everyMinutes: 0.25 },
    routing: { liveShare: 1 },
  };
  writeFileSync(files.config, stringify(config));
  return files;
}

/** Starts the bot; `wrap` goes before the command, as a tracer does. */
export function startBot(files: BotFiles, venues: VenuesProcess, wrap: readonly string[] = []): ChildProcess {
  const [command = '', ...args] = [...wrap, process.execPath, MAIN, 'run', '--config', files.config];
  const output = openSync(join(files.folder, 'out.log'), 'a');
  return spawn(command, args, {
    cwd: files.folder,
    env: { PATH: process.env.PATH, HOME: files.folder, ...venues.keys },
    stdio: ['ignore', output, output],
  });
}

/** SIGKILL, and returns when the system has taken the process away. */
export async function kill(bot: ChildProcess): Promise<void> {
  if (bot.exitCode !== null || bot.signalCode !== null) return;
  const gone = once(bot, 'exit');
  bot.kill('SIGKILL');
  await gone;
}

/** A command of `tandem`; its standard output. */
export async function tandem(files: BotFiles, venues: VenuesProcess, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, ...args, '--config', files.config], {
    cwd: files.folder,
    env: { PATH: process.env.PATH, HOME: files.folder, ...venues.keys },
    // A proof takes readings of every account after the wait, each with its own deadline.
    timeout: 90_000,
  });
  return stdout;
}

/** The last lines of what the bot wrote, for the message of a failure. */
export function lastWords(files: BotFiles, lines = 25): string {
  return [files.log, join(files.folder, 'out.log')]
    .map((file) => {
      try {
        return readFileSync(file, 'utf8').split('\n').slice(-lines).join('\n');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `${file} is not there`;
        throw error;
      }
    })
    .join('\n');
}
