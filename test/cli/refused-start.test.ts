/** A start that is refused leaves nothing behind. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startBot } from '../../src/cli/compose.ts';
import { parseConfig } from '../../src/config/load.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { systemClock } from '../../src/platform/system-clock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-refused-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['live', {}, 'not_armed'],
  ['live', { TANDEM_ARM: 'live' }, 'credentials'],
  ['testnet', {}, 'credentials'],
])('mode %s with %j is refused as %s before a ledger is made', async (mode, env, code) => {
  const configFile = join(folder, 'config.yaml');
  const ledger = join(folder, 'ledger.db');
  const configText = `mode: ${mode}\nledger: { path: ${ledger} }\nrouting: { liveShare: 0.1 }\nrisk: { allow: { assets: [BTC] } }\n`;
  const loaded = parseConfig(configText, configFile);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const log = openLogger({ level: 'error', clock: systemClock(), write: () => undefined });
  await expect(startBot({ config: loaded.config, configFile, configText, log, env })).rejects.toMatchObject({ code });
  expect(existsSync(ledger)).toBe(false);
});
