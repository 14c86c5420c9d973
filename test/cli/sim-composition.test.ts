/** A simulated bot as `tandem run` composes it: its file edited while it runs, and its ledger beside a replay. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type RunningBot, startBot } from '../../src/cli/compose.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { type Place, place } from './fake-bot.ts';

async function started(where: Place, env: NodeJS.ProcessEnv = {}): Promise<RunningBot> {
  const loaded = loadConfig(where.config);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const log = openLogger({ level: 'error', clock: systemClock(), write: () => undefined });
  const bot = await startBot({ config: loaded.config, configFile: where.config, configText: loaded.text, log, env });
  onTestFinished(async () => {
    await bot.stop();
  });
  return bot;
}

test('an edit of a simulation that names no assets leaves none waiting for a restart: all that exist are read', async () => {
  const where = place();
  const bot = await started(where);
  writeFileSync(where.config, `${readFileSync(where.config, 'utf8')}paused: true\n`);
  await expect.poll(() => bot.status().paused, { timeout: 20_000 }).toBe(true);
  expect(bot.status().config).toBeUndefined();
}, 40_000);

const START = Date.UTC(2024, 0, 1);

test.each([
  ['is a folder', (where: Place) => where.folder],
  ['is in no folder', (where: Place) => join(where.config, 'report.json')],
])('a replay whose report %s is refused before it begins', async (_, report) => {
  const where = place();
  const head = 'time_ms,venue,market,open,high,low,close,volume,funding_rate';
  const bars = ['binance', 'okx'].map((venue) => `${START},${venue},BTC/USDT:USDT,100,101,99,100,5000,0.0001`);
  writeFileSync(join(where.folder, 'bars.csv'), `${[head, ...bars].join('\n')}\n`);
  writeFileSync(
    where.config,
    `mode: sim\nreplay: { file: bars.csv, report: ${report(where)} }\nledger:\n  path: ${where.ledger}\n`,
  );
  await expect(started(where, { TANDEM_DATA: where.folder })).rejects.toThrow('(replay.report)');
  expect(existsSync(where.ledger)).toBe(false);
});

test('a replay does not take away the ledger of a simulation that goes on', async () => {
  const where = place();
  await (await started(where)).stop();
  writeFileSync(where.config, `mode: sim\nreplay: { file: bars.csv }\nledger:\n  path: ${where.ledger}\n`);
  const replayed = started(where, { TANDEM_DATA: where.folder });
  await expect(replayed).rejects.toThrow(`${where.ledger} is the ledger of a simulation that goes on`);
  expect(existsSync(where.ledger)).toBe(true);
  expect(existsSync(`${where.ledger}.previous`)).toBe(false);
}, 40_000);
