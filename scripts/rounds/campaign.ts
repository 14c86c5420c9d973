/**
 * Rounds of SIGKILL and SIGSTOP on a trading bot, its venues living on in another process. After each round the bot
 * must come to rest hedged or flat, with the ledger equal to the venues' books. Entry point: `runCampaign`.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../src/ports/random.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { type BotFiles, kill, lastWords, startBot, tandem, writeRestlessConfig } from './bot.ts';
import { type Judge, openJudge } from './judge.ts';
import { startVenues, type VenuesProcess } from './venues.ts';

/**
 * `order`: killed when an order has arrived and before or after the venue has acted on it. `moment`: killed at any time.
 * `recovery`: killed, started, killed again while it recovers. `interrupted`: SIGINT, and killed before it has stopped,
 * as pm2 does. `stopped`: frozen with SIGSTOP and let go on.
 */
export const BLOWS = ['order', 'moment', 'recovery', 'interrupted', 'stopped'] as const;
export type Blow = (typeof BLOWS)[number];
const SHARES: Readonly<Record<Blow, number>> = {
  order: 0.45,
  moment: 0.15,
  recovery: 0.15,
  interrupted: 0.1,
  stopped: 0.15,
};

export interface Round {
  readonly number: number;
  readonly blow: Blow;
  readonly end: 'hedged' | 'flat';
  /** No order came within 20 s for the blow to wait for: the bot was idle, and the round proves little. */
  readonly isIdle: boolean;
  readonly tookMs: number;
}

export interface Tally {
  readonly rounds: readonly Round[];
  readonly kills: number;
  readonly stops: number;
  readonly hedges: number;
  readonly sent: number;
  /** Legs of those hedges by venue: one that banned the bot, or that it never trusted, proves nothing. */
  readonly legs: ReadonlyMap<string, number>;
  /** Orders whose fate a start had to find out. */
  readonly inFlight: number;
  readonly duplicates: number;
}

export interface CampaignOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Share of requests and account events that go wrong besides. */
  readonly faultRate?: number;
  /** Only these, in turn; left out: at random. */
  readonly blows?: readonly Blow[];
  /** Length of every SIGSTOP; left out: up to 4 s. */
  readonly stopMs?: number;
  readonly onRound?: (round: Round) => void;
}

/** What the venues' process opens each account with. */
export const DEPOSIT_USD = 100_000;
/** Their funding intervals differ between the venues, so that some pair of each is always worth opening. */
const ASSETS = ['NEAR', 'AVAX'];
/** Between two publications of the market: the bot decides on each. */
const STEP_MS = 250;
const ORDER_WITHIN_MS = 20_000;
const SETTLED_WITHIN_MS = 90_000;
const POLL_MS = 50;
/** What pm2 grants between SIGINT and SIGKILL unless told otherwise. */
const INTERRUPT_GRACE_MS = 1_600;

/** Rejects with the round, its blow and the bot's last words when anything is wrong. */
export async function runCampaign(options: CampaignOptions): Promise<Tally> {
  const { rounds, seed, faultRate = 0 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tandem-rounds-'));
  const market = ['--assets', ASSETS.join(','), '--seed', `${seed}`, '--step-ms', `${STEP_MS}`];
  const venues = await startVenues([...market, '--order-jitter-ms', '30', '--fault-rate', `${faultRate}`]);
  const files = writeRestlessConfig(folder, venues, ASSETS);
  const campaign = new Campaign(files, venues, createSeededRandom(seed).fork('blows'), options);
  try {
    const done: Round[] = [];
    await campaign.begin();
    for (let number = 1; number <= rounds; number++) {
      const round = await campaign.round(number);
      done.push(round);
      options.onRound?.(round);
    }
    const counts = await campaign.finish();
    await campaign.close();
    rmSync(folder, { recursive: true, force: true });
    return { rounds: done, ...counts };
  } finally {
    await campaign.close();
    venues.stop();
  }
}

class Campaign {
  #kills = 0;
  #stops = 0;
  #bot: ChildProcess;
  #judge: Judge | undefined;
  readonly #files: BotFiles;
  readonly #venues: VenuesProcess;
  readonly #random: Random;

  readonly #options: CampaignOptions;

  constructor(files: BotFiles, venues: VenuesProcess, random: Random, options: CampaignOptions) {
    this.#options = options;
    this.#files = files;
    this.#venues = venues;
    this.#random = random;
    this.#bot = startBot(files, venues);
  }

  async round(number: number): Promise<Round> {
    const startedAt = performance.now();
    const { blows } = this.#options;
    const blow = blows?.[(number - 1) % blows.length] ?? this.#chooseBlow();
    try {
      const isIdle = blow !== 'moment' && !(await this.#venues.orderArrives(ORDER_WITHIN_MS));
      const epochs = await this.#strike(blow);
      const end = await this.#settled(epochs);
      return { number, blow, end, isIdle, tookMs: performance.now() - startedAt };
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw new Error(`round ${number} (${blow}): ${what}\n${this.#files.folder}\n${lastWords(this.#files)}`);
    }
  }

  /** The bot trades. */
  async begin(): Promise<void> {
    if (await this.#venues.orderArrives(SETTLED_WITHIN_MS)) return;
    throw new Error(`no order within ${SETTLED_WITHIN_MS} ms\n${lastWords(this.#files)}`);
  }

  /** Everything is closed, and the cash of every fill and payment adds up to the wallets. */
  async finish(): Promise<Omit<Tally, 'rounds'>> {
    const book = this.#book();
    await tandem(this.#files, this.#venues, 'pause');
    // While venues fail, one command may not see the end of it; whoever gave it gives it again.
    await this.#eventually('flattened', () =>
      tandem(this.#files, this.#venues, 'flatten', '--wait', '25').then(
        () => [],
        (error: unknown) => [error instanceof Error ? error.message : String(error)],
      ),
    );
    await this.#eventually('flat', async () => {
      const { moving, wrongs, end } = await book.judge();
      return [...wrongs, ...moving, ...(end === 'flat' ? [] : ['not flat yet'])];
    });
    await this.#eventually('ledger = wallets', () => book.wallets(DEPOSIT_USD));
    await tandem(this.#files, this.#venues, 'ledger', 'verify');
    const { sent } = await this.#venues.books();
    const ids = sent.map(({ clientOrderId }) => clientOrderId);
    return {
      kills: this.#kills,
      stops: this.#stops,
      hedges: book.count('hedges'),
      sent: ids.length,
      legs: new Map(Object.keys(this.#venues.section).map((venue) => [venue, legsOn(book, venue)])),
      inFlight: book.count("outcomes WHERE code = 'restart'"),
      duplicates: ids.length - new Set(ids).size,
    };
  }

  async close(): Promise<void> {
    this.#judge?.close();
    await kill(this.#bot);
  }

  #chooseBlow(): Blow {
    let draw = this.#random.next();
    for (const blow of BLOWS) {
      draw -= SHARES[blow];
      if (draw < 0) return blow;
    }
    return 'order';
  }

  /** Strikes, and has the bot running again; how many starts the ledger must know of. */
  async #strike(blow: Blow): Promise<number> {
    await pause(this.#random.next() * (blow === 'moment' ? 3_000 : 40));
    if (blow === 'stopped') {
      this.#stops += 1;
      this.#bot.kill('SIGSTOP');
      await pause(this.#options.stopMs ?? 100 + this.#random.next() * 4_000);
      this.#bot.kill('SIGCONT');
      return this.#epochs();
    }
    if (blow === 'interrupted') {
      this.#bot.kill('SIGINT');
      await pause(this.#random.next() * INTERRUPT_GRACE_MS);
    }
    await this.#killAndStart();
    if (blow === 'recovery') {
      await pause(300 + this.#random.next() * 2_500);
      await this.#killAndStart();
    }
    return this.#epochs() + 1;
  }

  async #killAndStart(): Promise<void> {
    await kill(this.#bot);
    this.#kills += 1;
    await this.#venues.newAddress();
    this.#bot = startBot(this.#files, this.#venues);
  }

  #epochs(): number {
    return this.#book().count('epochs');
  }

  async #settled(epochs: number): Promise<'hedged' | 'flat'> {
    let end: 'hedged' | 'flat' = 'flat';
    await this.#eventually('at rest, hedged or flat, ledger = venues', async () => {
      if (this.#bot.exitCode !== null) throw new Error(`the bot has ended with ${this.#bot.exitCode}`);
      const finding = await this.#book().judge();
      if (finding.wrongs.length > 0) throw new Error(finding.wrongs.join('; '));
      end = finding.end;
      return this.#epochs() < epochs ? ['not started again yet'] : finding.moving;
    });
    return end;
  }

  /** Until `missing` names nothing more. */
  async #eventually(what: string, missing: () => Promise<readonly string[]>): Promise<void> {
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    for (;;) {
      const left = await missing();
      if (left.length === 0) return;
      if (performance.now() > deadline) throw new Error(`never ${what}: ${left.join('; ')}`);
      await pause(POLL_MS);
    }
  }

  #book(): Judge {
    this.#judge ??= openJudge(this.#files.ledger, this.#venues);
    return this.#judge;
  }
}

const legsOn = (book: Judge, venue: string): number =>
  book.count(`hedges WHERE long_key LIKE '${venue}|%'`) + book.count(`hedges WHERE short_key LIKE '${venue}|%'`);
