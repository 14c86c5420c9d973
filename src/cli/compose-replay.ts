/** Replay: recorded bars in, a report out. The recording is read through TANDEM_DATA, never by a fixed path. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, ReplayConfig } from '../config/schema.ts';
import type { Engine } from '../engine/engine.ts';
import { type Base, contractsToBase, ZERO_BASE } from '../kernel/decimal.ts';
import type { VenueId } from '../kernel/ids.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import { gapText, priceGaps } from '../research/price-gaps.ts';
import { buildReport, renderReport, type VenueBooks } from '../research/replay-report.ts';
import type { CountedActivity } from '../simulator/activity.ts';
import type { SimClock } from '../simulator/clock.ts';
import type { Exchange } from '../simulator/exchange/api.ts';
import { parseBars } from '../simulator/market/csv.ts';
import { createReplay, type ReplaySource, type ReplayWindow, replayWindow } from '../simulator/market/replay.ts';
import { openLedger, worldJournalOf } from './compose-ledger.ts';
import type { RunEnd } from './compose-world.ts';
import type { StartOptions } from './start-options.ts';
import { StartRefused } from './start-refused.ts';

export interface Replaying {
  readonly window: ReplayWindow;
  readonly file: string;
  /** What makes its figures doubtful. */
  readonly warnings: readonly string[];
  source(clock: SimClock, exchanges: ReadonlyMap<VenueId, Exchange>): ReplaySource;
}

/** Settlements of the last bar are paid and listed after it; the bot asks until then. */
const AFTERMATH_MS = 30 * MINUTE_MS;
const LISTED_DEFECTS = 20;

/** Throws StartRefused naming the file and every malformed row. */
export function openReplay(config: Config, replay: ReplayConfig, env: NodeJS.ProcessEnv): Replaying {
  refuseOtherLedger(config);
  const root = env.TANDEM_DATA;
  if (!root) {
    throw new StartRefused(
      'data_missing',
      'a replay reads recorded markets: set TANDEM_DATA to the folder that holds them',
    );
  }
  const path = join(root, replay.file);
  if (!existsSync(path)) throw new StartRefused('data_missing', `there is no ${path} (TANDEM_DATA and replay.file)`);
  const parsed = parseBars(readFileSync(path, 'utf8'), path);
  if (parsed.defectCount > 0) {
    const lines = parsed.defects
      .slice(0, LISTED_DEFECTS)
      .map((each) => `${each.file}:${each.line}:${each.column} ${each.detail}`);
    throw new StartRefused('data_malformed', `${parsed.defectCount} malformed row(s):\n${lines.join('\n')}`);
  }
  const instant = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
  const window = replayWindow(parsed.bars, instant(replay.from), instant(replay.to));
  if (!window) throw new StartRefused('data_missing', `${path} has no bar between replay.from and replay.to`);
  refuseReport(replay.report);
  setAsideOldLedger(config);
  return {
    window,
    file: path,
    warnings: priceGaps(parsed.bars.filter(({ venue }) => Object.hasOwn(config.venues, venue))).map(gapText),
    source: (clock, exchanges) =>
      createReplay({
        clock,
        exchanges,
        bars: parsed.bars,
        window,
        books: { halfSpread: replay.halfSpreadRate, depthShare: replay.depthShare },
      }),
  };
}

function refuseOtherLedger({ ledger: { path } }: Config): void {
  if (!existsSync(worldJournalOf(path))) return;
  throw new StartRefused(
    'ledger_in_use',
    `${path} is the ledger of a simulation that goes on, and a replay begins with an empty one: give it its own ledger.path`,
  );
}

/** Found out now, not when hours of replay are over. */
function refuseReport(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file)) closeSync(openSync(file, 'r+'));
    else accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    throw new StartRefused('report_unwritable', `the report cannot be written: ${reasonOf(error)} (replay.report)`);
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A replay begins with empty venues, so with an empty ledger; the one before is kept as `<ledger>.previous`. */
function setAsideOldLedger(config: Config): void {
  const { path } = config.ledger;
  if (!existsSync(path)) return;
  // Opening takes the lock: a ledger that somebody writes is not moved away.
  openLedger(config).close();
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(`${path}.previous${suffix}`, { force: true });
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${path}.previous${suffix}`);
  }
}

export interface Finish {
  readonly options: StartOptions;
  readonly replaying: Replaying;
  readonly engine: Engine;
  readonly exchanges: ReadonlyMap<VenueId, Exchange>;
  /** The account that traded on each of them. */
  readonly account: string;
  readonly clock: SimClock;
  readonly activity: CountedActivity;
  readonly yieldTurn: () => Promise<void>;
}

/** Lets the bot collect what the last settlement paid, then writes and returns the report. */
export async function finishReplay(finish: Finish): Promise<RunEnd> {
  const { options, replaying, engine, exchanges, clock } = finish;
  await settleTimers(finish, clock.now() + AFTERMATH_MS);
  const report = buildReport({
    ledger: engine.core.ledger,
    payments: [...engine.core.store.load()].filter((fact) => fact.kind === 'payment'),
    file: options.config.replay?.file ?? '',
    fromAt: replaying.window.firstAt,
    toAt: replaying.window.lastAt,
    warnings: replaying.warnings,
    venues: [...exchanges].map(([venue, exchange]) => booksOf(venue, exchange, finish.account)),
  });
  const reportPath = options.config.replay?.report ?? 'data/replay-report.json';
  const reportText = renderReport(report);
  const problem = writeReport(reportPath, `${JSON.stringify(report, null, 2)}\n`);
  return {
    reason: 'the recording has ended',
    ...(problem === undefined
      ? { reportPath, reportText }
      : { reportText: `${reportText.trimEnd()}\nThe report cannot be written: ${problem}\n` }),
    failed: !report.ledgerEqualsVenues || problem !== undefined,
  };
}

/** What is wrong, if anything: the report's text is still there to be read. */
function writeReport(file: string, json: string): string | undefined {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, json);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The venue's own side, as its exchange model has it. */
function booksOf(venue: VenueId, exchange: Exchange, account: string): VenueBooks {
  const audit = exchange.audit(account);
  const positions = exchange.positions(account).map((position): [string, Base] => {
    const size = exchange.market(position.symbol)?.instrument.contractSize;
    return [position.symbol, size ? contractsToBase(position.contracts, size) : ZERO_BASE];
  });
  return {
    venue,
    deposit: audit.deposits,
    wallet: audit.wallet,
    funding: audit.payments,
    fees: audit.fees,
    pricePnl: audit.realizedPnl,
    positions: new Map(positions),
  };
}

/** Time goes on without a market: from timer to timer, each dealt with before the next. */
async function settleTimers({ clock, activity, yieldTurn }: Finish, until: number): Promise<void> {
  for (;;) {
    await activity.idle();
    await yieldTurn();
    await yieldTurn();
    if (activity.busy() > 0) continue;
    const next = clock.nextTimerAt();
    if (next === undefined || next > until) return;
    clock.advanceTo(next);
  }
}
