/**
 * The production composition end to end: simulated venues behind real HTTP and WebSocket on loopback, unmodified ccxt,
 * the SQLite ledger. Judged by the venues' own answers.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningBot, startBot } from '../../src/cli/compose.ts';
import { StartRefused } from '../../src/cli/start-refused.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import type { StatusSnapshot } from '../../src/engine/status.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { LedgerLockedError } from '../../src/platform/sqlite/errors.ts';
import { openLedgerReader } from '../../src/platform/sqlite/reader.ts';
import { systemClock } from '../../src/platform/system-clock.ts';

let folder: string;
let running: RunningBot[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-'));
  running = [];
});

afterEach(async () => {
  for (const bot of running) await bot.stop();
  rmSync(folder, { recursive: true, force: true });
});

const clock = systemClock();
const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));

/** `lines` are YAML at the top level, appended to a small simulated market. */
function writeConfig(lines: string): string {
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `mode: sim
ledger: { path: ${join(folder, 'ledger.db')} }
operator: { socket: ${join(folder, 'bot.sock')} }
${lines}`,
  );
  return file;
}

const MARKET = `
simulator: { seed: 7, speed: 2400, assets: [BTC, ETH, NEAR, DOGE] }
risk:
  entry: { minNetApr: 0.1, minSpreadPer8h: 0.0005, minConfidence: 0.4 }
  exit: { minForwardApr: 0.03, confirmMinutes: 30 }
  data: { maxBookAgeMs: 150000, maxFundingAgeMs: 300000 }
`;

async function start(file: string, env: NodeJS.ProcessEnv = {}): Promise<RunningBot> {
  const loaded = loadConfig(file);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const log = openLogger({ level: 'error', clock, write: () => undefined });
  const bot = await startBot({ config: loaded.config, configFile: file, configText: loaded.text, log, env });
  running.push(bot);
  return bot;
}

async function until(
  bot: RunningBot,
  what: string,
  holds: (status: StatusSnapshot) => boolean,
  ms = 20_000,
): Promise<StatusSnapshot> {
  const deadline = clock.monotonicMs() + ms;
  for (;;) {
    const status = bot.status();
    if (holds(status)) return status;
    if (clock.monotonicMs() > deadline) throw new Error(`never: ${what}\n${JSON.stringify(status, null, 1)}`);
    await pause(20);
  }
}

/** Account and instrument -> signed base quantity, as the venues say. */
async function venuePositions(bot: RunningBot): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const { account, read } of await bot.positions()) {
    if (!read.ok) throw new Error(`${account}: ${read.detail}`);
    for (const position of read.value) said[`${account} ${position.key}`] = position.quantity.toFixed();
  }
  return said;
}

const routing = (share: number) => `${MARKET}routing: { liveShare: ${share} }\n`;

describe('simulated venues over the wire', () => {
  test('a hedge opens, is held hedged, gets funding, and a restart changes no position', async () => {
    const file = writeConfig(routing(1));
    const first = await start(file);
    await until(first, 'held with funding', (status) =>
      status.hedges.some((hedge) => hedge.state === 'held' && Number(hedge.funding) !== 0),
    );
    await first.stop();
    const second = await start(file);
    const status = await until(second, 'reconciled', (each) =>
      each.venues.every((venue) => venue.accounts.every((account) => account.status === 'ready')),
    );
    expect(status.discrepancies).toEqual([]);
    const reader = openLedgerReader(join(folder, 'ledger.db'));
    const facts = [...reader.facts()];
    reader.close();
    // What the venues hold is what the fills of the ledger add up to, leg by leg and so hedged.
    const booked: Record<string, number> = {};
    for (const fact of facts) {
      if (fact.kind !== 'fill') continue;
      const key = `${fact.fill.route}|${fact.fill.venue} ${fact.fill.venue}|${fact.fill.symbol}`;
      booked[key] = (booked[key] ?? 0) + (fact.fill.side === 'buy' ? 1 : -1) * Number(fact.fill.quantity.toFixed());
    }
    const held = await venuePositions(second);
    for (const [key, quantity] of Object.entries(held)) expect(Number(quantity)).toBeCloseTo(booked[key] ?? 0, 9);
    const net: Record<string, number> = {};
    for (const [key, quantity] of Object.entries(held)) {
      const symbol = key.split('|').at(-1) ?? '';
      net[symbol] = (net[symbol] ?? 0) + Number(quantity);
    }
    expect(Object.keys(held).length).toBeGreaterThanOrEqual(2);
    for (const delta of Object.values(net)) expect(Math.abs(delta)).toBeLessThan(1e-9);
  });

  test('a hedge closes because it no longer pays, and the account is flat', async () => {
    const bot = await start(
      writeConfig(
        routing(1)
          .replace('speed: 2400', 'speed: 20000, stepSeconds: 300')
          .replace('150000', '600000')
          .replace('300000', '900000'),
      ),
    );
    const reader = () => {
      const open = openLedgerReader(join(folder, 'ledger.db'));
      const facts = [...open.facts()];
      open.close();
      return facts;
    };
    const deadline = clock.monotonicMs() + 150_000;
    let closed: { hedge: string; reason: string } | undefined;
    while (!closed && clock.monotonicMs() < deadline) {
      await pause(500);
      const move = reader().find((fact) => fact.kind === 'hedge_moved' && fact.to === 'closed');
      if (move?.kind === 'hedge_moved') closed = move;
    }
    expect(closed?.reason).toBe('carry_gone');
    const status = bot.status();
    const open = new Set(status.hedges.flatMap((hedge) => [hedge.long, hedge.short]));
    for (const key of Object.keys(await venuePositions(bot))) expect(open).toContain(key.split(' ')[1]);
  }, 180_000);

  test('a live share of 0 trades on paper only, with funding from the settled rates', async () => {
    const bot = await start(writeConfig(routing(0)));
    const status = await until(bot, 'paper funding', (each) =>
      each.hedges.some((hedge) => hedge.route === 'paper' && hedge.state === 'held' && Number(hedge.funding) !== 0),
    );
    expect(status.hedges.every((hedge) => hedge.route === 'paper')).toBe(true);
    const accounts = Object.keys(await venuePositions(bot));
    expect(accounts.length).toBeGreaterThanOrEqual(2);
    expect(accounts.every((key) => key.startsWith('paper|'))).toBe(true);
  });

  test('saving the file pauses within a second, a bad edit changes nothing, flatten leaves nothing', async () => {
    const file = writeConfig(routing(1));
    const bot = await start(file);
    await until(bot, 'a held hedge', (status) => status.hedges.some((hedge) => hedge.state === 'held'));
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}paused: maybe\n`);
    await pause(1_000);
    expect(bot.status().paused).toBe(false);
    writeFileSync(file, `${text}paused: true\n`);
    await pause(1_000);
    expect(bot.status().paused).toBe(true);
    expect(bot.status().liveShare).toBe(1);
    writeFileSync(file, `${text}paused: true\n`.replace('liveShare: 1', 'liveShare: 0'));
    await pause(1_000);
    expect(bot.status().liveShare).toBe(0);
    const reply = await bot.command({ action: 'flatten' }, 'test');
    expect(reply.ok).toBe(true);
    await until(bot, 'flat', (status) => status.hedges.length === 0);
    expect(await venuePositions(bot)).toEqual({});
  });

  test('second-instance: the ledger has one writer', async () => {
    const file = writeConfig(routing(1));
    await start(file);
    await expect(start(file)).rejects.toBeInstanceOf(LedgerLockedError);
  });
});

describe('replay of recorded bars', () => {
  const replay = (file: string) => `
replay: { file: ${file}, report: ${join(folder, 'report.json')} }
signal: { horizonHours: 336, reversionHalfLifeHours: 336, basisAllowanceRate: 0 }
risk:
  entry: { minNetApr: 0.001, minSpreadPer8h: 0.0001, minConfidence: 0.1, maxBreakEvenHours: 336 }
  exit: { minForwardApr: 0.001, confirmMinutes: 0 }
reconcile: { everyMinutes: 1440 }
routing: { liveShare: 1 }
`;
  /** Eight-hour bars: Binance pays 0.1 % more than the others for three days, then nothing does. */
  function bars(count: number): string {
    const rows = ['time_ms,venue,market,open,high,low,close,volume,funding_rate'];
    const from = Date.UTC(2023, 0, 1);
    for (let i = 0; i < count; i++) {
      for (const venue of ['binance', 'bybit', 'okx']) {
        const rate = venue === 'binance' && i < 12 ? 0.0011 : 0.0001;
        const price = 20_000 + 10 * i;
        rows.push(
          `${from + i * 28_800_000},${venue},BTC/USDT:USDT,${price},${price + 50},${price - 50},${price + 10},50000,${rate}`,
        );
      }
    }
    return `${rows.join('\n')}\n`;
  }

  test('is short where the rate is higher, closes when it is gone, ledger = venues, and repeats exactly', async () => {
    const data = join(folder, 'data');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(data);
    writeFileSync(join(data, 'bars.csv'), bars(24));
    const file = writeConfig(replay('bars.csv'));
    const reports: string[] = [];
    for (let i = 0; i < 2; i++) {
      const bot = await start(file, { TANDEM_DATA: data });
      const end = await bot.done;
      await bot.stop();
      expect(end.reportText?.split('\n').at(-1)).toBe('ledger = venues');
      reports.push(readFileSync(join(folder, 'report.json'), 'utf8'));
    }
    expect(reports[1]).toBe(reports[0]);
    const report = JSON.parse(reports[0] ?? '{}');
    const [hedge] = report.hedges;
    expect(hedge.short.venue).toBe('binance');
    expect(hedge.state).toBe('closed');
    // The short leg received the high rate; the long leg paid the low one.
    expect(Number(hedge.short.funding)).toBeGreaterThan(0);
    expect(Number(hedge.long.funding)).toBeLessThan(0);
    expect(report.ledgerEqualsVenues).toBe(true);
  }, 60_000);

  test('a truncated recording is refused with file and line, and nothing is recorded', async () => {
    const { mkdirSync, existsSync } = await import('node:fs');
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'bars.csv'), bars(3).slice(0, -20));
    const file = writeConfig(replay('bars.csv'));
    const refusal = await start(file, { TANDEM_DATA: join(folder, 'data') }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartRefused);
    expect(String(refusal)).toMatch(/bars\.csv:10:/);
    expect(existsSync(join(folder, 'ledger.db'))).toBe(false);
  });

  test('without TANDEM_DATA the reason is told', async () => {
    await expect(start(writeConfig(replay('bars.csv')))).rejects.toThrow(/TANDEM_DATA/);
  });
});
