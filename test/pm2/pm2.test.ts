/**
 * The real pm2 runs the real build against venues in another process: a worker that is killed in the middle of an
 * entry is restarted, reconciles, and ends held or flat; a graceful stop leaves every position as it is.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Judge, openJudge } from '../../scripts/rounds/judge.ts';
import { MAIN, ROOT, startVenues, type VenuesProcess } from '../../scripts/rounds/venues.ts';

const run = promisify(execFile);
const PM2 = join(ROOT, 'node_modules/pm2/bin/pm2');
const ASSET = 'NEAR';
/** Orders take effect this long after they arrive: the worker is gone by then, and nobody hears the answer. */
const ORDER_DELAY_MS = 4_000;
const KILL_TIMEOUT_MS = 15_000;

interface Pm2Process {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number; readonly exit_code?: number };
}

const home = mkdtempSync(join(tmpdir(), 'tandem-pm2-'));
const files = {
  config: join(home, 'bot.yaml'),
  ledger: join(home, 'bot.db'),
  ecosystem: join(home, 'ecosystem.config.cjs'),
  log: join(home, 'bot.log'),
};
let venues: VenuesProcess;
let judge: Judge | undefined;
let environment: NodeJS.ProcessEnv;
/** A shell may have keys exported; pm2 must not learn them. */
const CANARY = 'canary-7d1f';
const KEYS_OF_A_SHELL = { TANDEM_OKX_SECRET: CANARY, TANDEM_BINANCE_KEY: CANARY };

beforeAll(async () => {
  venues = await startVenues(['--assets', ASSET, '--order-delay-ms', `${ORDER_DELAY_MS}`]);
  writeFileSync(files.config, stringify(configuration()));
  environment = { PM2_HOME: join(home, 'pm2'), PATH: process.env.PATH, HOME: home, ...KEYS_OF_A_SHELL };
  const keys = Object.entries(venues.keys).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(home, '.env'), keys.join(''), { mode: 0o600 });
  mkdirSync(join(home, 'pm2'));
  writeFileSync(files.ecosystem, ecosystem());
});

afterAll(async () => {
  await pm2('kill').catch(() => undefined);
  judge?.close();
  venues?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}, 30_000);

describe('pm2', () => {
  it('killed-mid-entry: restarts, reconciles, is never left naked, and stops without touching a position', async () => {
    await pm2('start', files.ecosystem);
    const first = await worker();
    await pm2('save');
    const known = (await pm2('jlist')).stdout + readFileSync(join(home, 'pm2/dump.pm2'), 'utf8');
    expect(known).toContain('TANDEM_CONFIG');
    expect(known).not.toContain(CANARY);
    expect(first.pm2_env).toMatchObject({ status: 'online', restart_time: 0 });

    await until('an entry has begun', () => count('attempts') > 0, 60_000, 5);
    process.kill(first.pid, 'SIGKILL');
    const begun = count('attempts');
    const answered = count("outcomes WHERE status = 'filled'");
    expect(answered, 'the kill must come before the fills').toBeLessThan(begun);

    await until('pm2 has restarted it', async () => {
      const { pid, pm2_env } = await worker();
      return pm2_env.status === 'online' && pid !== first.pid && pid > 0;
    });
    await until('the hedge is held or gone', () => settled(), 90_000);
    expect((await worker()).pm2_env.restart_time).toBe(1);
    await expectWhole();
    const status = JSON.parse((await tandem('status', '--json')).stdout);
    expect(status).toMatchObject({ mode: 'testnet', epoch: 2 });

    const before = await venues.books();
    const stoppingAt = performance.now();
    await pm2('stop', 'tandem');
    expect(performance.now() - stoppingAt).toBeLessThan(KILL_TIMEOUT_MS);
    expect((await worker()).pm2_env).toMatchObject({ status: 'stopped', exit_code: 0 });
    expect((await venues.books()).venues).toEqual(before.venues);
    await tandem('ledger', 'verify');
  }, 240_000);
});

/** Positions cancel out over the venues, the ledger agrees with them, no id came twice or unintended. */
async function expectWhole(): Promise<void> {
  judge ??= openJudge(files.ledger, venues);
  const { wrongs, moving } = await judge.judge();
  expect([...wrongs, ...moving]).toEqual([]);
}

function settled(): boolean {
  const states = read<{ state: string }>('SELECT state FROM v_hedges').map(({ state }) => state);
  const isAtRest = states.length > 0 && states.every((state) => ['held', 'closed', 'aborted'].includes(state));
  return isAtRest && count('v_unresolved_orders') === 0;
}

function configuration() {
  return {
    mode: 'testnet',
    ledger: { path: files.ledger },
    log: { file: files.log, level: 'debug' },
    venues: venues.section,
    risk: {
      entry: { minConfidence: 0.3 },
      exposure: { maxOpenHedges: 1 },
      data: { maxBookAgeMs: 10_000 },
      allow: { assets: [ASSET] },
    },
    routing: { liveShare: 1 },
  };
}

/** The project's own, with this test's configuration and folder. */
function ecosystem(): string {
  return `const { apps: [app] } = require(${JSON.stringify(join(ROOT, 'ecosystem.config.cjs'))});
module.exports = { apps: [{
  ...app,
  cwd: ${JSON.stringify(home)},
  script: ${JSON.stringify(MAIN)},
  out_file: ${JSON.stringify(join(home, 'out.log'))},
  error_file: ${JSON.stringify(join(home, 'out.log'))},
  env: { TANDEM_CONFIG: ${JSON.stringify(files.config)} },
}] };
`;
}

const pm2 = (...args: string[]) =>
  run(process.execPath, [PM2, ...args], { env: environment, cwd: home, timeout: 90_000, maxBuffer: 16_777_216 });

const tandem = (...args: string[]) =>
  run(process.execPath, [MAIN, ...args, '--config', files.config], { env: environment, cwd: home, timeout: 30_000 });

async function worker(): Promise<Pm2Process> {
  const { stdout } = await pm2('jlist');
  const [only, ...others]: Pm2Process[] = JSON.parse(stdout.slice(stdout.indexOf('[{')));
  if (!only || others.length > 0) throw new Error('there should be one process');
  return only;
}

function read<T>(sql: string): T[] {
  const database = new Database(files.ledger, { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
}

const count = (from: string): number => read<{ n: number }>(`SELECT count(*) AS n FROM ${from}`)[0]?.n ?? 0;

async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs = 30_000,
  everyMs = 100,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`never happened: ${what}\n${tail(files.log)}\n${tail(join(home, 'out.log'))}`);
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-30).join('\n');
  } catch {
    return `${file} is not there`;
  }
}
