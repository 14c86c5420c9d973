import { expect, test } from 'vitest';
import { scheduleSummary, writeSummary } from '../../src/cli/compose-summary.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { RouteStatus, StatusSnapshot } from '../../src/engine/status.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Log } from '../../src/ports/log.ts';
import { discrepancy } from './fake-bot.ts';

const route = (name: 'live' | 'paper', net: string): RouteStatus => ({
  route: name,
  hedges: 3,
  open: 1,
  fees: '4.00',
  funding: '9.00',
  pricePnl: '0.00',
  net,
  turnover: '8000.00',
  dayPnlUsd: 1,
});

const snapshot: StatusSnapshot = {
  mode: 'paper',
  account: 'main',
  epoch: 1,
  at: 0,
  paused: true,
  killed: false,
  liveShare: 0,
  venues: [],
  opportunities: [],
  unpriced: [],
  leftOut: { assets: [], venues: [] },
  hedges: [],
  routes: [route('live', '5.00'), route('paper', '-2.00')],
  discrepancies: [discrepancy({ detail: 'y' })],
  breakers: [],
};

function recorder(): Log & { readonly lines: object[] } {
  const lines: object[] = [];
  const drop = (): void => undefined;
  return { lines, debug: drop, warn: drop, error: drop, info: (fields) => void lines.push(fields) };
}

test('one line per route, with what an operator must know at once', () => {
  const log = recorder();
  writeSummary(log, snapshot);
  expect(log.lines).toMatchObject([
    { route: 'live', net: '5.00', paused: true, discrepancies: 1 },
    { route: 'paper', net: '-2.00', paused: true, discrepancies: 1 },
  ]);
});

test('it comes when scheduled and no more once stopped', async () => {
  const log = recorder();
  const clock = systemClock();
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const stop = scheduleSummary('* * * * * *', log, () => snapshot);
  const until = clock.monotonicMs() + 5_000;
  while (log.lines.length === 0 && clock.monotonicMs() < until) await wait(20);
  expect(log.lines).toHaveLength(2);
  stop();
  await wait(1_500);
  expect(log.lines).toHaveLength(2);
});

test('a schedule that is no cron expression is refused with its line', () => {
  const loaded = parseConfig('mode: paper\nsummary:\n  schedule: every day\n', 'x.yaml');
  expect(loaded).toMatchObject({ ok: false, problems: [{ line: 3, key: 'summary.schedule' }] });
});

test('five-minutes-as-the-day: by default the summary comes at the end of the UTC day that its `today` counts', () => {
  const loaded = parseConfig('mode: paper\n', 'x.yaml');
  expect(loaded.ok && loaded.config.summary.schedule).toBe('55 23 * * *');
});
