/**
 * The real pm2 runs the real build against venues in another process: a worker that is killed in the middle of an
 * entry is restarted, reconciles, and ends held or flat; a graceful stop leaves every position as it is.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ROOT } from '../tidy/tree.ts';

const run = promisify(execFile);
const PM2 = join(ROOT, 'node_modules/pm2/bin/pm2');
const MAIN = join(ROOT, 'dist/cli/main.js');
const ASSET = 'NEAR';
/** Orders take effect this long after they arrive: the worker is gone by then, and nobody hears the answer. */
const ORDER_DELAY_MS = 4_000;
const KILL_TIMEOUT_MS = 15_000;

interface Introduction {
  readonly control: string;
  readonly venues: Readonly<Record<string, Keys & { readonly hosts: Readonly<Record<string, string>> }>>;
}
interface Keys {
  readonly apiKey: string;
  readonly secret: string;
  readonly passphrase: string;
}
interface Books {
  readonly sent: readonly { readonly venue: string; readonly clientOrderId: string }[];
  readonly venues: Readonly<
    Record<
      string,
      {
        readonly positions: readonly { readonly symbol: string; readonly quantity: string }[];
        readonly orders: readonly { readonly clientOrderId: string; readonly status: string }[];
      }
    >
  >;
}
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
let venues: ChildProcess;
let control: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  venues = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      join(ROOT, 'scripts/sim-venues.ts'),
      '--assets',
      ASSET,
      '--order-delay-ms',
      `${ORDER_DELAY_MS}`,
    ],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  if (!venues.stdout) throw new Error('no output');
  const [line] = await once(createInterface({ input: venues.stdout }), 'line');
  const introduction: Introduction = JSON.parse(line);
  control = introduction.control;
  writeFileSync(files.config, stringify(configFor(introduction)));
  environment = { PM2_HOME: join(home, 'pm2'), PATH: process.env.PATH, HOME: home, ...keysOf(introduction) };
  mkdirSync(join(home, 'pm2'));
  writeFileSync(files.ecosystem, ecosystem());
});

afterAll(async () => {
  await pm2('kill').catch(() => undefined);
  venues?.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}, 30_000);

describe('pm2', () => {
  it('killed-mid-entry: restarts, reconciles, is never left naked, and stops without touching a position', async () => {
    await pm2('start', files.ecosystem);
    const first = await worker();
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

    const before = await books();
    const stoppingAt = performance.now();
    await pm2('stop', 'tandem');
    expect(performance.now() - stoppingAt).toBeLessThan(KILL_TIMEOUT_MS);
    expect((await worker()).pm2_env).toMatchObject({ status: 'stopped', exit_code: 0 });
    expect((await books()).venues).toEqual(before.venues);
    await tandem('ledger', 'verify');
  }, 240_000);
});

/** Every asset's positions cancel over the venues, the ledger agrees with them, and no id was sent twice. */
async function expectWhole(): Promise<void> {
  const { sent, venues: accounts } = await books();
  const positions = Object.entries(accounts).flatMap(([venue, account]) =>
    account.positions.map(({ symbol, quantity }) => ({ venue, symbol, quantity: Number(quantity) })),
  );
  const net = positions.reduce((total, { quantity }) => total + quantity, 0);
  expect(Math.abs(net), JSON.stringify(positions)).toBeLessThan(1e-9);
  const ids = sent.map(({ clientOrderId }) => clientOrderId);
  expect(ids).not.toContain('');
  expect(new Set(ids).size, 'a client order id was sent twice').toBe(ids.length);
  // Whatever a venue was sent had been written down before.
  const intended = new Set(read<{ id: string }>('SELECT client_order_id AS id FROM attempts').map(({ id }) => id));
  expect(ids.filter((id) => !intended.has(id))).toEqual([]);
  const held = read<{ venue: string; symbol: string; quantity: number }>(
    "SELECT venue, symbol, quantity FROM v_positions WHERE route = 'live' AND abs(quantity) > 1e-9 ORDER BY venue",
  );
  expect(held.length).toBe(positions.length);
  for (const [i, position] of positions.entries()) {
    expect(held[i]).toMatchObject({ venue: position.venue, symbol: position.symbol });
    expect(held[i]?.quantity).toBeCloseTo(position.quantity, 9);
  }
}

function settled(): boolean {
  const states = read<{ state: string }>('SELECT state FROM v_hedges').map(({ state }) => state);
  const isAtRest = states.length > 0 && states.every((state) => ['held', 'closed', 'aborted'].includes(state));
  return isAtRest && count('v_unresolved_orders') === 0;
}

function configFor({ venues: simulated }: Introduction) {
  return {
    mode: 'testnet',
    ledger: { path: files.ledger },
    log: { file: files.log, level: 'debug' },
    venues: Object.fromEntries(Object.entries(simulated).map(([id, { hosts }]) => [id, { hosts }])),
    risk: {
      entry: { minConfidence: 0.3 },
      exposure: { maxOpenHedges: 1 },
      data: { maxBookAgeMs: 10_000 },
      allow: { assets: [ASSET] },
    },
    routing: { liveShare: 1 },
  };
}

function keysOf({ venues: simulated }: Introduction): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(simulated).flatMap(([id, { apiKey, secret, passphrase }]) => {
      const name = `TANDEM_${id.toUpperCase()}`;
      return [
        [`${name}_KEY`, apiKey],
        [`${name}_SECRET`, secret],
        ...(id === 'okx' ? [[`${name}_PASSPHRASE`, passphrase]] : []),
      ];
    }),
  );
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

async function books(): Promise<Books> {
  return (await (await fetch(`${control}/books`)).json()) as Books;
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
