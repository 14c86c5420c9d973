import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openScreenLog } from '../../src/cli/screen-log.ts';

function noticed(...entries: readonly object[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = openScreenLog(join(folder, 'bot.log'));
  for (const entry of entries) log.write(`${JSON.stringify({ time: '2024-01-01T08:30:15.000Z', ...entry })}\n`);
  return log.notices();
}

test.each([
  [{ kind: 'control', action: 'pause', subject: '', message: 'operator command' }, 'pause: operator command'],
  [
    { kind: 'config', key: 'routing.liveShare', before: '1', after: '0.5', message: 'configuration changed' },
    'routing.liveShare = 0.5: configuration changed',
  ],
  [{ alarm: 'venue_down', subject: 'okx', message: 'connection lost' }, 'okx: connection lost'],
  [
    { account: 'paper|okx', code: 'timeout', message: 'account is not ready' },
    'paper|okx: account is not ready (timeout)',
  ],
  [
    { problem: 'config/sim.yaml:3:1 risk: x', message: 'the edited configuration is not used' },
    'config/sim.yaml:3:1 risk: x: the edited configuration is not used',
  ],
])('a notice says what it is about: %j', (entry, said) => {
  expect(noticed({ level: 'warn', ...entry })).toEqual([`08:30:15 warn ${said}`]);
});

test('only what is serious is repeated, and the newest stay', () => {
  const serious = ['a', 'b', 'c', 'd'].map((subject) => ({ level: 'error', subject, message: 'm' }));
  expect(noticed({ level: 'info', subject: 'x', message: 'm' }, ...serious)).toEqual([
    '08:30:15 error b: m',
    '08:30:15 error c: m',
    '08:30:15 error d: m',
  ]);
});

test('log-disk-full: the screen says that its log cannot be written', async () => {
  const log = openScreenLog('/dev/full');
  log.write('{}\n');
  await expect.poll(() => log.notices()).toEqual([expect.stringContaining('the log cannot be written: ENOSPC')]);
});
