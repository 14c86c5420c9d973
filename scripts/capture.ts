/**
 * Puts a real status screen of a running sim into README.md, between the capture marks: `npm run capture`.
 * Runs the production composition on a ledger of its own until a hedge has been paid funding three times.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBot } from '../src/cli/compose.ts';
import { renderStatus } from '../src/cli/screen.ts';
import { parseConfig } from '../src/config/load.ts';
import { openLogger } from '../src/platform/logger.ts';
import { systemClock } from '../src/platform/system-clock.ts';

const MARKS = /(<!-- capture -->\n)[\s\S]*?(<!-- \/capture -->)/;
const folder = mkdtempSync(join(tmpdir(), 'tandem-capture-'));
const clock = systemClock();
const text = `${readFileSync('config/sim.yaml', 'utf8')}\nledger: { path: ${join(folder, 'sim.db')} }\n`;
const loaded = parseConfig(text, 'config/sim.yaml');
if (!loaded.ok) throw new Error(loaded.problems.map((problem) => problem.message).join('\n'));
const log = openLogger({ level: 'error', clock });
const bot = await startBot({
  config: loaded.config,
  configFile: 'config/sim.yaml',
  configText: readFileSync('config/sim.yaml', 'utf8'),
  log,
  env: {},
});
try {
  let payments = 0;
  let before = '';
  while (payments < 3) {
    await new Promise<void>((resolve) => clock.after(50, resolve));
    const funding = bot
      .status()
      .hedges.map((hedge) => hedge.funding)
      .join();
    if (funding !== before && funding !== '') payments += before === '' ? 0 : 1;
    before = funding;
  }
  const screen = renderStatus(bot.status(), { columns: 118, rows: 36, color: false });
  const readme = readFileSync('README.md', 'utf8');
  if (!MARKS.test(readme)) throw new Error('README.md has no capture marks');
  writeFileSync(
    'README.md',
    readme.replace(MARKS, (_, open, close) => `${open}\n\`\`\`text\n${screen.trimEnd()}\n\`\`\`\n\n${close}`),
  );
} finally {
  await bot.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
