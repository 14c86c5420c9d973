/** The file that a running bot was started with, edited: what the bot says about it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { watchConfig } from '../../src/cli/compose-settings.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { place } from './fake-bot.ts';

function watched(read: ReadonlySet<string> = new Set()) {
  const where = place();
  const loaded = loadConfig(where.config);
  if (!loaded.ok) throw new Error('not valid');
  const log = openLogger({ level: 'error', clock: systemClock(), write: () => undefined });
  const pushed: EngineEvent[] = [];
  const { config, text: configText } = loaded;
  const options = { config, configText, configFile: where.config, log, env: {} };
  const watch = watchConfig(options, systemClock(), read, (event) => pushed.push(event));
  onTestFinished(() => watch.stop());
  const good = readFileSync(where.config, 'utf8');
  return { watch, pushed, save: (text: string) => writeFileSync(where.config, text), good };
}

test('an edit that cannot be used is told until it is mended; what waits for a restart is named', async () => {
  const { watch, pushed, save, good } = watched();
  expect(watch.differs()).toBeUndefined();
  save(`${good}riks: {}\n`);
  await expect.poll(() => watch.differs()?.problems, { timeout: 10_000 }).toEqual([expect.stringContaining('riks')]);
  save(`${good}paused: true\nexecution: { leverage: 1 }\n`);
  await expect
    .poll(() => watch.differs(), { timeout: 10_000 })
    .toEqual({ problems: [], waiting: ['execution.leverage'] });
  expect(pushed).toMatchObject([{ kind: 'settings', settings: { paused: true } }]);
  save(`${good}paused: true\n`);
  await expect.poll(() => watch.differs(), { timeout: 10_000 }).toBeUndefined();
}, 40_000);

test('an asset that is allowed while running applies, and waits for its market data until a restart', async () => {
  const { watch, pushed, save, good } = watched(new Set(['BTC']));
  save(`${good}risk: { allow: { assets: [BTC, LINK] } }\n`);
  await expect
    .poll(() => watch.differs(), { timeout: 10_000 })
    .toEqual({ problems: [], waiting: ['risk.allow.assets (LINK)'] });
  expect(pushed).toMatchObject([{ kind: 'settings', settings: { risk: { allow: { assets: ['BTC', 'LINK'] } } } }]);
  save(`${good}risk: { allow: { assets: [BTC] } }\n`);
  await expect.poll(() => watch.differs(), { timeout: 10_000 }).toBeUndefined();
}, 40_000);
