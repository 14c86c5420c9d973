/** `pm2 start --env ...` with the project's own file: each environment starts its own mode, or says why it does not. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../tidy/tree.ts';

const run = promisify(execFile);
const home = mkdtempSync(join(tmpdir(), 'tandem-pm2-env-'));
const log = join(home, 'out.log');

beforeAll(() => {
  cpSync(join(ROOT, 'config'), join(home, 'config'), { recursive: true });
  cpSync(join(ROOT, 'config/live.example.yaml'), join(home, 'config/live.yaml'));
  mkdirSync(join(home, 'pm2'));
  // The project's own, in a folder where it can write.
  writeFileSync(
    join(home, 'ecosystem.config.cjs'),
    `const { apps: [app] } = require(${JSON.stringify(join(ROOT, 'ecosystem.config.cjs'))});
module.exports = { apps: [{
  ...app,
  cwd: ${JSON.stringify(home)},
  script: ${JSON.stringify(join(ROOT, 'dist/cli/main.js'))},
  out_file: ${JSON.stringify(log)},
  error_file: ${JSON.stringify(log)},
}] };
`,
  );
});

afterAll(async () => {
  await pm2('kill').catch(() => undefined);
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}, 30_000);

it.each([
  ['testnet', 4, /mode testnet needs credentials/],
  ['live', 4, /mode live also needs TANDEM_ARM=live/],
])(
  '--env %s without what it needs: refused once with the reason, not started again and again',
  async (name, code, reason) => {
    await pm2('start', 'ecosystem.config.cjs', '--env', name).catch(() => undefined);
    expect(await worker(name, (now) => now.exit_code !== undefined)).toMatchObject({
      exit_code: code,
      restart_time: 0,
    });
    // Ten times the first backoff: whoever wants to restart it would have. pm2 calls it `waiting restart`, and waits.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const later = await worker(name, () => true);
    expect(later.restart_time).toBe(0);
    expect(later.status).not.toBe('online');
    expect(readFileSync(log, 'utf8')).toMatch(reason);
  },
  60_000,
);

it('--env paper runs with real market data or waits for it, and stops cleanly', async () => {
  await pm2('start', 'ecosystem.config.cjs', '--env', 'paper');
  expect(await worker('paper', ({ status }) => status === 'online')).toMatchObject({ restart_time: 0 });
  const main = join(ROOT, 'dist/cli/main.js');
  const status = await run(process.execPath, [main, 'status', '--json', '--config', 'config/paper.yaml'], {
    cwd: home,
  });
  expect(JSON.parse(status.stdout)).toMatchObject({ mode: 'paper' });
  // Another mode starts beside it, not in its place.
  await pm2('start', 'ecosystem.config.cjs', '--env', 'testnet').catch(() => undefined);
  expect(await worker('testnet', (now) => now.exit_code !== undefined)).toMatchObject({ exit_code: 4 });
  expect(await worker('paper', () => true)).toMatchObject({ status: 'online', restart_time: 0 });
  await pm2('stop', 'tandem-paper');
  expect(await worker('paper', (now) => now.status === 'stopped')).toMatchObject({ exit_code: 0 });
}, 90_000);

interface Worker {
  readonly status: string;
  readonly restart_time: number;
  readonly exit_code?: number;
}

/** The process of one mode, once it is as wanted or ten seconds are over. */
async function worker(mode: string, isSo: (now: Worker) => boolean): Promise<Worker> {
  for (let tries = 0; ; tries++) {
    const { stdout } = await pm2('jlist');
    const all: { readonly name: string; readonly pm2_env: Worker }[] = JSON.parse(stdout.slice(stdout.indexOf('[{')));
    const only = all.find(({ name }) => name === `tandem-${mode}`);
    if (!only) throw new Error(`pm2 knows no tandem-${mode}`);
    if (isSo(only.pm2_env) || tries >= 20) return only.pm2_env;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function pm2(...args: string[]) {
  const env = { PM2_HOME: join(home, 'pm2'), PATH: process.env.PATH, HOME: home };
  const options = { env, cwd: home, timeout: 60_000, maxBuffer: 16_777_216 };
  return run(process.execPath, [join(ROOT, 'node_modules/pm2/bin/pm2'), ...args], options);
}
