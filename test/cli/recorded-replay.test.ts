/**
 * The main job on real input: recorded funding and prices of three venues, replayed over the wire with the shipped
 * configuration. The venues' own books judge the ledger.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBot } from '../../src/cli/compose.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { ReplayReport } from '../../src/research/replay-report.ts';

const data = process.env.TANDEM_DATA;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the recording is there wherever CI runs', () => {
  if (process.env.CI) expect(data, 'set TANDEM_DATA to the folder of recorded markets').toBeTruthy();
});

async function replay(
  env: NodeJS.ProcessEnv,
): Promise<{ report: ReplayReport; text: string; failed: boolean | undefined }> {
  const file = join(folder, 'replay.yaml');
  const shipped = readFileSync('config/replay.yaml', 'utf8')
    .replace(/^ *path: .*$/m, `  path: ${join(folder, 'replay.db')}`)
    .replace(/^ *report: .*$/m, `  report: ${join(folder, 'report.json')}`)
    .replace(/^ *# from: .*$/m, '  from: 2024-02-01')
    .replace(/^ *# to: .*$/m, '  to: 2024-04-01');
  writeFileSync(file, shipped);
  const loaded = loadConfig(file);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const log = openLogger({ level: 'error', clock: systemClock(), write: () => undefined });
  const bot = await startBot({ config: loaded.config, configFile: file, configText: loaded.text, log, env });
  try {
    const { reportText, failed } = await bot.done;
    const report: ReplayReport = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
    return { report, text: reportText ?? '', failed };
  } finally {
    await bot.stop();
  }
}

test.runIf(data)(
  'two months of recorded bars: hedges open and close, every cent is explained, and the run repeats exactly',
  async () => {
    const first = await replay({ TANDEM_DATA: data });
    expect(first.text.split('\n').at(-1)).toBe('ledger = venues');
    expect(first.report.ledgerEqualsVenues).toBe(true);
    expect(first.failed).toBe(false);
    const closed = first.report.hedges.filter((hedge) => hedge.state === 'closed');
    expect(closed.length).toBeGreaterThan(0);
    for (const hedge of closed) {
      // Both legs entered and left: nothing was naked at the end.
      for (const leg of [hedge.long, hedge.short]) expect(leg.entryPrice && leg.exitPrice).toBeTruthy();
      const net = Number(hedge.funding) - Number(hedge.fees) + Number(hedge.pricePnl);
      // Each figure is rounded to the cent on its own.
      expect(Math.abs(net - Number(hedge.net))).toBeLessThan(0.021);
    }
    const second = await replay({ TANDEM_DATA: data });
    expect(second.report).toEqual(first.report);
  },
  120_000,
);
