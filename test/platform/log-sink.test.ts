/** A log that cannot be written keeps no process from ending, and is told to somebody. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { streamSink } from '../../src/platform/log-sink.ts';

const CHILD = fileURLToPath(new URL('./logging-child.ts', import.meta.url));

function child(...args: readonly string[]): {
  process: ChildProcess;
  ended: Promise<{ code: number | null; err: string }>;
} {
  const started = spawn(process.execPath, ['--import', 'tsx', CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void started.kill('SIGKILL'));
  let err = '';
  started.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return { process: started, ended: new Promise((settle) => started.on('exit', (code) => settle({ code, err }))) };
}

/** The sink's clock goes on by as much. */
function later(ms: number): void {
  const nowMs = performance.now() + ms;
  vi.spyOn(performance, 'now').mockReturnValue(nowMs);
}
afterEach(() => void vi.restoreAllMocks());

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tandem-sink-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('log-disk-full: a process whose log takes nothing says so and ends', async () => {
  const { code, err } = await child('/dev/full').ended;
  expect(code).toBe(4);
  expect(err).toContain('the log cannot be written: ENOSPC');
  expect(err).toContain('lost 2');
});

test('log-unread: a process whose log nobody reads ends', async () => {
  const { code, err } = await child('-', '300').ended;
  expect(code).toBe(4);
  expect(err).toMatch(/lost [1-9]/);
});

test('log-read: lines reach a pipe in order, the last one of all too', async () => {
  const { process: started, ended } = child('-', '300');
  let out = '';
  started.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  expect((await ended).err).toContain('lost 0');
  const messages = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).message);
  expect(messages).toEqual([...Array.from({ length: 300 }, (_, i) => `line ${i}`), 'the last line']);
});

test('lines of one burst stay in order around a flush, and the file and its folder are private', async () => {
  const file = join(folder(), 'logs', 'bot.log');
  const sink = streamSink({ file });
  for (const line of ['a\n', 'b\n']) sink.write(line);
  sink.flush();
  expect(readFileSync(file, 'utf8')).toBe('a\nb\n');
  sink.write('c\n');
  await expect.poll(() => readFileSync(file, 'utf8')).toBe('a\nb\nc\n');
  sink.write('d\n');
  sink.flush();
  expect(readFileSync(file, 'utf8')).toBe('a\nb\nc\nd\n');
  expect([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(sink.lost()).toBe(0);
});

test('a flush behind a write that is under way keeps the order', async () => {
  const made = folder();
  const texts: string[] = [];
  for (let round = 0; round < 100; round += 1) {
    const file = join(made, `${round}.log`);
    const sink = streamSink({ file });
    sink.write('first\n');
    await new Promise((settle) => setImmediate(settle));
    sink.write('second\n');
    sink.flush();
    texts.push(readFileSync(file, 'utf8'));
  }
  expect(new Set(texts)).toEqual(new Set(['first\nsecond\n']));
});

test.each([
  ['renamed', (file: string) => renameSync(file, `${file}.1`)],
  ['removed', (file: string) => rmSync(file)],
  [
    'replaced',
    (file: string) => {
      renameSync(file, `${file}.1`);
      writeFileSync(file, '');
    },
  ],
])('log-rotated: a file that was %s is made anew within seconds, which is told once', async (_, rotate) => {
  const told: string[] = [];
  const file = join(folder(), 'logs', 'bot.log');
  const sink = streamSink({ file, onTrouble: (message) => told.push(message) });
  sink.write('old\n');
  await expect.poll(() => readFileSync(file, 'utf8')).toBe('old\n');
  rotate(file);
  later(5_000);
  for (const line of ['new\n', 'newer\n']) {
    sink.write(line);
    await expect.poll(() => readFileSync(file, 'utf8')).toContain(line);
  }
  expect(readFileSync(file, 'utf8')).toBe('new\nnewer\n');
  expect(told).toEqual(['the log file was moved or removed; a new one is written']);
});

test('log-rotated: while no new file can be made lines go into the old one, which is told once', async () => {
  const told: string[] = [];
  const file = join(folder(), 'bot.log');
  const sink = streamSink({ file, onTrouble: (message) => told.push(message) });
  renameSync(file, `${file}.1`);
  mkdirSync(file);
  for (const line of ['a\n', 'b\n']) {
    later(5_000);
    sink.write(line);
    await expect.poll(() => readFileSync(`${file}.1`, 'utf8')).toContain(line);
  }
  expect(told).toEqual([expect.stringMatching(/no new one can be made: .*EISDIR/)]);
  rmdirSync(file);
  later(5_000);
  sink.write('c\n');
  await expect.poll(() => told.length).toBe(2);
  await expect.poll(() => readFileSync(file, 'utf8')).toBe('c\n');
});

test('a file that cannot be opened is an error at once', () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  expect(() => streamSink({ file: join(file, 'below.log') })).toThrow(/ENOTDIR|EEXIST/);
});

test('what waits is bounded: beyond it lines are lost, counted and told once', () => {
  const told: string[] = [];
  const sink = streamSink({ file: join(folder(), 'bot.log'), onTrouble: (message) => told.push(message) });
  const line = `${'x'.repeat(1_048_575)}\n`;
  for (let i = 0; i < 6; i += 1) sink.write(line);
  expect(sink.lost()).toBe(2);
  expect(told).toHaveLength(1);
});
