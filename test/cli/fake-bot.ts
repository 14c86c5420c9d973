/** A terminal that remembers, a status like a running bot's, and a bot that answers as told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunningBot } from '../../src/cli/compose.ts';
import type { Io } from '../../src/cli/context.ts';
import { type ControlledBot, serveControl } from '../../src/cli/control-server.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { OperatorCommand, OperatorReply } from '../../src/engine/events.ts';
import type { DiscrepancyStatus, HedgeStatus, OpportunityStatus, StatusSnapshot } from '../../src/engine/status.ts';
import { base } from '../../src/kernel/decimal.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Log } from '../../src/ports/log.ts';

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface Terminal extends Io {
  readonly written: { out: string; err: string };
}

export function terminal(over: Partial<Io> = {}): Terminal {
  const written = { out: '', err: '' };
  return {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    paint: (text) => {
      written.out += text;
      return true;
    },
    env: {},
    interactive: false,
    color: false,
    size: () => ({ columns: 120, rows: 40 }),
    ...over,
    written,
  };
}

export interface Place {
  readonly folder: string;
  readonly config: string;
  readonly ledger: string;
  readonly socket: string;
}

/** A folder with a configuration of its own; removed after the test. */
export function place(extra = ''): Place {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ledger = join(folder, 'sim.db');
  const config = join(folder, 'sim.yaml');
  writeFileSync(config, `mode: sim\nsimulator: { stepSeconds: 1 }\nledger:\n  path: ${ledger}\n${extra}`);
  return { folder, config, ledger, socket: `${ledger}.sock` };
}

export async function tandem(where: Place, ...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = terminal();
  const exit = await runProgram(['--config', where.config, ...args], io);
  return { exit, ...io.written };
}

export const AT = Date.parse('2024-01-01T08:30:00Z');

export const opportunity = (over: Partial<OpportunityStatus> = {}): OpportunityStatus => ({
  pair: 'okx|BTC/USDT:USDT~binance|BTC/USDT:USDT',
  asset: 'BTC',
  long: 'okx|BTC/USDT:USDT',
  short: 'binance|BTC/USDT:USDT',
  route: 'live',
  spreadPer8h: 0.00025,
  netApr: 0.082,
  netUsd: 6.74,
  breakEvenHours: 12.4,
  confidence: 0.8,
  verdict: 'refused',
  breaches: [
    { rule: 'net_apr', limit: 0.1, actual: 0.082, shortfall: 0.018, detail: 'net APR after all costs, fraction' },
  ],
  reasons: ['short binance at 0.0300 % per 8 h'],
  at: AT,
  ...over,
});

export const heldHedge = (over: Partial<HedgeStatus> = {}): HedgeStatus => ({
  id: 'h3',
  route: 'live',
  asset: 'ETH',
  state: 'held',
  reason: 'filled',
  detail: '',
  long: 'bybit|ETH/USDT:USDT',
  short: 'okx|ETH/USDT:USDT',
  planned: '2.5',
  position: { long: '2.5', short: '-2.5' },
  openedAt: AT - 3_600_000,
  daysHeld: 1.5,
  funding: '12.30',
  fees: '4.10',
  pricePnl: '-1.05',
  net: '7.15',
  forwardApr: 0.213,
  liquidationDistance: { long: 0.46, short: 0.38 },
  ...over,
});

export const discrepancy = (over: Partial<DiscrepancyStatus> = {}): DiscrepancyStatus => ({
  id: 'live|okx|wallet|USDT',
  route: 'live',
  venue: 'okx',
  what: 'wallet',
  ledger: '100',
  venueSays: '150',
  detail: 'wallet is 50 USDT away from baseline + realised + funding - fees',
  at: AT - 60_000,
  ...over,
});

export const snapshot = (over: Partial<StatusSnapshot> = {}): StatusSnapshot => ({
  mode: 'sim',
  account: 'main',
  epoch: 4,
  at: AT,
  paused: false,
  killed: false,
  liveShare: 0.25,
  venues: [
    {
      venue: 'binance',
      feed: 'up',
      feedReason: '',
      malformed: 0,
      accounts: [
        {
          route: 'live',
          status: 'ready',
          blocked: '',
          walletUsd: 99_981.224,
          availableUsd: 50_000,
          lastReconciledAt: AT - 12_000,
        },
      ],
    },
    { venue: 'okx', feed: 'down', feedReason: 'no frame for 9 s', malformed: 2, accounts: [] },
  ],
  opportunities: [opportunity()],
  unpriced: [],
  leftOut: { assets: [], venues: [] },
  hedges: [heldHedge()],
  routes: [
    {
      route: 'live',
      hedges: 3,
      open: 1,
      fees: '14.10',
      funding: '22.30',
      pricePnl: '-1.05',
      net: '7.15',
      turnover: '12345.60',
      slippageRate: 0.00018,
      dayPnlUsd: 3.2,
    },
    {
      route: 'paper',
      hedges: 0,
      open: 0,
      fees: '0.00',
      funding: '0.00',
      pricePnl: '0.00',
      net: '0.00',
      turnover: '0.00',
      dayPnlUsd: 0,
    },
  ],
  discrepancies: [],
  breakers: [],
  ...over,
});

type Positions = Awaited<ReturnType<RunningBot['positions']>>;

export const position = (account: string, holds: Readonly<Record<string, string>> = {}): Positions[number] => ({
  account,
  orders: { ok: true, at: AT, value: [] },
  read: { ok: true, at: AT, value: Object.entries(holds).map(([key, text]) => ({ key, quantity: base(text) })) },
});

export interface FakeBot extends ControlledBot {
  readonly commands: { command: OperatorCommand; by: string }[];
  snapshot: StatusSnapshot;
  reply: OperatorReply;
  /** Runs when a command arrives: what the command does to the world. */
  onCommand: () => void;
  held: Positions;
}

export function fakeBot(): FakeBot {
  const commands: FakeBot['commands'] = [];
  const bot: FakeBot = {
    commands,
    snapshot: snapshot(),
    reply: { ok: true, message: 'done', hedges: [] },
    onCommand: () => {},
    held: [],
    status: () => bot.snapshot,
    command: async (command, by) => {
      commands.push({ command, by });
      bot.onCommand();
      return bot.reply;
    },
    positions: async () => bot.held,
  };
  return bot;
}

/** As the configuration of `place` names it. */
export const WHOM = { mode: 'sim', account: 'main' };

/** The bot behind its real socket. */
export async function listening(where: Place, bot: ControlledBot): Promise<void> {
  const server = await serveControl({ path: where.socket, bot, whom: WHOM, clock: systemClock(), log: SILENT });
  onTestFinished(() => server.close());
}
