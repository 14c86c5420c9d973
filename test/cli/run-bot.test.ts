import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunningBot } from '../../src/cli/compose.ts';
import { connectControl } from '../../src/cli/control-client.ts';
import { runBot } from '../../src/cli/run-bot.ts';
import { openScreenLog } from '../../src/cli/screen-log.ts';
import { StartRefused } from '../../src/cli/start-refused.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { StatusSnapshot } from '../../src/engine/status.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { fakeBot, place, snapshot, terminal } from './fake-bot.ts';

interface Bench {
  readonly running: Promise<number>;
  readonly process: EventEmitter & { sent: unknown[] };
  readonly log: string[];
  readonly exits: number[];
  readonly io: ReturnType<typeof terminal>;
  readonly socket: string;
  stopped: number;
  /** How far its clock runs ahead. */
  aheadMs: number;
  finish(result: Awaited<RunningBot['done']>): void;
  fail(error: unknown): void;
  becomeReady(): void;
}

const STREAM_REJECTION = new Error('stream');

function start(
  options: { screen?: boolean; refuse?: Error; stop?: () => Promise<readonly string[]>; status?: StatusSnapshot } = {},
): Bench {
  const where = place();
  const loaded = loadConfig(where.config);
  if (!loaded.ok) throw new Error('the test configuration is not valid');
  const log: string[] = [];
  const io = terminal({ interactive: options.screen === true });
  const screenLog = options.screen ? openScreenLog(`${where.ledger}.log`) : undefined;
  const real = systemClock();
  const clock = { ...real, monotonicMs: () => real.monotonicMs() + (bench.aheadMs ?? 0) };
  const write = (line: string): void => {
    log.push(line);
    screenLog?.write(line);
  };
  const process = Object.assign(new EventEmitter(), {
    sent: [] as unknown[],
    send: (message: unknown): boolean => process.sent.push(message) > 0,
  });
  const exits: number[] = [];
  let ready: () => void = () => {};
  const bench: Partial<Bench> = { process, log, exits, io, socket: where.socket, stopped: 0, aheadMs: 0 };
  const done = new Promise<Awaited<RunningBot['done']>>((settle, fail) => {
    bench.finish = settle;
    bench.fail = fail;
  });
  const bot: RunningBot = {
    ...fakeBot(),
    status: () => options.status ?? snapshot(),
    ready: new Promise((settle) => {
      ready = settle;
    }),
    done,
    stop: async () => {
      bench.stopped = (bench.stopped ?? 0) + 1;
      return (await options.stop?.()) ?? [];
    },
  };
  bench.becomeReady = () => ready();
  const started = bench as Bench;
  return Object.assign(started, {
    running: runBot(
      {
        config: loaded.config,
        configText: loaded.text,
        configFile: where.config,
        io,
        log: openLogger({ level: 'info', clock, write }),
        ...(screenLog ? { screenLog } : {}),
      },
      {
        startBot: async () => {
          if (options.refuse) throw options.refuse;
          return bot;
        },
        clock,
        process: process as unknown as NodeJS.Process,
        isStreamRejection: (reason) => reason === STREAM_REJECTION,
        exit: (code) => void exits.push(code),
      },
    ),
  });
}

const said = (bench: Bench, message: string): boolean => bench.log.some((line) => line.includes(message));

test('ready is told to the process manager only once the bot trades', async () => {
  const bench = start();
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  expect(bench.process.sent).toEqual([]);
  bench.becomeReady();
  await expect.poll(() => bench.process.sent).toEqual(['ready']);
  bench.process.emit('SIGTERM', 'SIGTERM');
  expect(await bench.running).toBe(0);
});

test('disk-full-at-stop: it is told that a kill may not have been kept, by the exit code too', async () => {
  const bench = start({ screen: true, status: snapshot({ ledgerFailure: 'database or disk is full' }) });
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.process.emit('SIGTERM', 'SIGTERM');
  expect(await bench.running).toBe(7);
  expect(said(bench, 'database or disk is full')).toBe(true);
  expect(said(bench, 'a kill too')).toBe(true);
  expect(said(bench, 'what was held stays')).toBe(false);
  expect(bench.io.written.out).toContain('given the commands again');
});

test('no-debugger: the signal that opens one in a process with keys is ignored, and told', async () => {
  const bench = start();
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.process.emit('SIGUSR1', 'SIGUSR1');
  expect(said(bench, 'no debugger is opened')).toBe(true);
  bench.process.emit('SIGTERM', 'SIGTERM');
  expect(await bench.running).toBe(0);
});

test('venue-down-at-start: an account that is not ready is named, and the bot is not called trading', async () => {
  const account = { route: 'paper', status: 'booting', blocked: 'venue_unreachable: no answer' } as const;
  const okx = { venue: 'okx', feed: 'down', feedReason: 'no answer', malformed: 0, accounts: [account] } as const;
  const bench = start({ status: snapshot({ venues: [...snapshot().venues, okx] }) });
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.becomeReady();
  await expect.poll(() => said(bench, 'paper|okx: venue_unreachable: no answer')).toBe(true);
  expect(said(bench, 'ready: trading')).toBe(false);
  bench.process.emit('SIGTERM', 'SIGTERM');
  expect(await bench.running).toBe(0);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
  '%s stops cleanly, once, and removes socket and handlers',
  async (signal) => {
    const bench = start();
    await expect.poll(() => existsSync(bench.socket)).toBe(true);
    expect(await (await connectControl({ path: bench.socket, clock: systemClock() }))?.status()).toMatchObject({
      epoch: 4,
    });
    bench.process.emit(signal, signal);
    expect(await bench.running).toBe(0);
    expect(bench.stopped).toBe(1);
    expect(existsSync(bench.socket)).toBe(false);
    expect(bench.process.eventNames()).toEqual([]);
    expect(bench.exits).toEqual([]);
    expect(bench.io.written.err).toContain('stopping, hedges stay');
  },
);

test.each([
  ['killed', /KILLED.*kill --reset/],
  ['paused', /PAUSED.*resume/],
])('a bot that starts %s is not called trading', async (state, words) => {
  const bench = start({ status: snapshot({ [state]: true }) });
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.becomeReady();
  await expect.poll(() => bench.log.join('')).toMatch(words);
  expect(said(bench, 'ready: trading')).toBe(false);
  bench.process.emit('SIGTERM', 'SIGTERM');
  await bench.running;
});

test('what a stop had to leave under way is told', async () => {
  const bench = start({ stop: async () => ['h7 is exiting: long 1, short 0 of 1 BTC'] });
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.process.emit('SIGTERM', 'SIGTERM');
  expect(await bench.running).toBe(0);
  expect(said(bench, 'h7 is exiting: long 1, short 0 of 1 BTC')).toBe(true);
});

test('a bug while it stops is told, and the exit code says so', async () => {
  const bench: Bench = start({
    stop: async () => {
      bench.fail(new Error('broken while stopping'));
      return [];
    },
  });
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.process.emit('SIGTERM', 'SIGTERM');
  expect(await bench.running).toBe(1);
  expect(said(bench, 'broken while stopping')).toBe(true);
});

test('a second signal forces the end while a stop hangs', async () => {
  const bench = start({ stop: () => new Promise(() => {}) });
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.process.emit('SIGINT', 'SIGINT');
  await expect.poll(() => bench.stopped).toBe(1);
  // Of one Ctrl-C, passed on by npm as well.
  bench.process.emit('SIGINT', 'SIGINT');
  expect(bench.exits).toEqual([]);
  bench.aheadMs = 1_000;
  bench.process.emit('SIGINT', 'SIGINT');
  expect(bench.exits).toEqual([1]);
});

test('the end of a replay prints its report', async () => {
  const bench = start();
  bench.finish({ reason: 'replay ended', reportPath: 'data/report.json', reportText: 'ledger = venues\n' });
  expect(await bench.running).toBe(0);
  expect(bench.io.written.out).toBe('ledger = venues\nReport: data/report.json\n');
  expect(bench.stopped).toBe(1);
});

test('books-that-differ: a replay whose ledger is not what the venues say is no success (1)', async () => {
  const bench = start();
  bench.finish({ reason: 'replay ended', reportText: 'ledger and venues DIFFER', failed: true });
  expect(await bench.running).toBe(1);
  expect(bench.io.written.out).toContain('DIFFER');
  expect(bench.stopped).toBe(1);
});

test('a fatal error of the bot ends the process with 1, after a stop', async () => {
  const bench = start();
  bench.fail(new Error('the ledger is gone'));
  expect(await bench.running).toBe(1);
  expect(bench.stopped).toBe(1);
  expect(said(bench, 'the bot cannot go on')).toBe(true);
  expect(bench.io.written.err).toContain('the ledger is gone');
});

test('fault-38-stray-rejection: ccxt’s of a failed stream is logged; any other stray rejection ends the process at once', async () => {
  const bench = start();
  await expect.poll(() => existsSync(bench.socket)).toBe(true);
  bench.process.emit('unhandledRejection', STREAM_REJECTION);
  expect(bench.exits).toEqual([]);
  bench.process.emit('unhandledRejection', new Error('bug'));
  expect(bench.exits).toEqual([1]);
  bench.process.emit('uncaughtException', new Error('bug'));
  expect(bench.exits).toEqual([1, 1]);
  expect(said(bench, 'unhandled rejection')).toBe(true);
  bench.process.emit('SIGINT', 'SIGINT');
  await bench.running;
});

test('a refused start is passed on, and leaves no handler and no socket', async () => {
  const bench = start({ refuse: new StartRefused('not_armed', 'mode live also needs TANDEM_ARM=live') });
  await expect(bench.running).rejects.toThrow('TANDEM_ARM=live');
  expect(bench.process.eventNames()).toEqual([]);
  expect(existsSync(bench.socket)).toBe(false);
});

test('a terminal shows the status, keeps serious log lines in sight, and gets its cursor back', async () => {
  const bench = start({ screen: true });
  await expect.poll(() => bench.io.written.out).toContain('tandem · main');
  expect(bench.io.written.out).toContain('Ctrl-C stops, hedges stay');
  bench.process.emit('unhandledRejection', new Error('bug'));
  expect(bench.io.written.out.endsWith('\u001b[?25h')).toBe(true);
  expect(bench.io.written.out).toContain('fatal unhandled rejection');
  bench.process.emit('SIGINT', 'SIGINT');
  expect(await bench.running).toBe(0);
});
