/** A generated market that goes on after a restart as if there had been none. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contracts, quote } from '../../../src/kernel/decimal.ts';
import type { VenueId } from '../../../src/kernel/ids.ts';
import { HOUR_MS, MINUTE_MS } from '../../../src/kernel/instant.ts';
import { createSimClock } from '../../../src/simulator/clock.ts';
import type { Exchange } from '../../../src/simulator/exchange/api.ts';
import { createExchange } from '../../../src/simulator/exchange/exchange.ts';
import { openWorldJournal } from '../../../src/simulator/journal.ts';
import { createGenerator, type ResumePoint } from '../../../src/simulator/market/generator.ts';
import type { MarketSource } from '../../../src/simulator/market/source.ts';
import { exchangeInstruments } from '../../../src/simulator/market/venue-profiles.ts';
import { createSeededRandom } from '../../../src/simulator/random.ts';
import { answersOf } from '../journal-world.ts';
import { ofKind, type Recorded, recordedWorld } from './recorded-world.ts';

const VENUES = ['binance', 'bybit', 'okx'];
const ASSETS = ['BTC', 'APT', 'ADA'];
/** Not on any boundary: 03:17:30. */
const START = Date.UTC(2024, 4, 6, 3, 17, 30);
const STEP = 7 * MINUTE_MS;

/** Runs up to and including the last step not after `untilAt`. */
function record(nowAt: number, untilAt: number, resume?: ResumePoint) {
  const clock = createSimClock(nowAt);
  const world = recordedWorld(clock, VENUES);
  const source = createGenerator({
    clock,
    random: createSeededRandom('resume'),
    exchanges: world.exchanges,
    stepMs: STEP,
    assets: ASSETS,
    ...(resume ? { resume } : {}),
  });
  const stepAts: number[] = [];
  for (let at = source.nextAt(); at !== undefined && at <= untilAt; at = source.nextAt()) {
    stepAts.push(at);
    clock.advanceTo(at);
    source.step(at);
  }
  return { actions: world.actions, stepAts };
}

/** All settlements of a path, however it told them. */
const settlements = (actions: readonly Recorded[]): readonly string[] => {
  let mark = '';
  const rows: string[] = [];
  for (const action of actions) {
    if (action.kind === 'mark') mark = action.mark;
    const key = `${action.venue} ${action.symbol}`;
    if (action.kind === 'settle') rows.push(`${key} ${action.at} ${action.rate} ${mark}`);
    if (action.kind === 'history')
      rows.push(`${key} ${action.settled.at} ${action.settled.rate} ${action.settled.mark}`);
  }
  return rows.sort();
};

describe('resume', () => {
  const END = START + 15 * HOUR_MS;
  const whole = record(START, END);

  it('same-path: published from the last step on exactly what an uninterrupted run publishes', () => {
    // On the step grid, on full hours off it (08:00 settles everything), and before the first step.
    const hours = [8, 9, 13].map((hour) => Date.UTC(2024, 4, 6, hour));
    for (const steppedAt of [START, START + STEP, START + 61 * STEP, ...hours]) {
      const resumed = record(steppedAt, END, { startAt: START, steppedAt });
      expect(resumed.stepAts).toEqual(whole.stepAts.filter((at) => at > steppedAt));
      const told = (actions: readonly Recorded[], fromAt: number): string =>
        JSON.stringify(
          // A settlement at the restart itself was paid before it.
          actions.filter(({ at, kind }) => kind !== 'history' && at >= fromAt && !(kind === 'settle' && at === fromAt)),
        );
      expect(told(resumed.actions, steppedAt)).toBe(told(whole.actions, steppedAt));
      expect(settlements(resumed.actions)).toEqual(settlements(whole.actions));
      expect(ofKind(resumed.actions, 'settle').every(({ at }) => at > steppedAt)).toBe(true);
    }
  });

  it('between-steps: shows the last step’s state and keeps to the grid', () => {
    const steppedAt = START + STEP;
    const nowAt = steppedAt + 12_345;
    const resumed = record(nowAt, END, { startAt: START, steppedAt });
    const state = (actions: readonly Recorded[], when: number): unknown[] =>
      actions.filter(({ at, kind }) => at === when && kind !== 'history').map(({ at: _, ...rest }) => rest);
    expect(JSON.stringify(state(resumed.actions, nowAt))).toBe(JSON.stringify(state(whole.actions, steppedAt)));
    expect(resumed.stepAts[0]).toBe(START + 2 * STEP);
  });

  it('a point that is not on the path, or a clock that is past the next step, is refused', () => {
    expect(() => record(START + STEP + 1, END, { startAt: START, steppedAt: START + STEP + 1 })).toThrow(/no step at/);
    expect(() => record(START + 3 * STEP, END, { startAt: START, steppedAt: START + STEP })).toThrow(/cannot resume/);
    expect(() => record(START, END, { startAt: START, steppedAt: START + STEP })).toThrow(/cannot resume/);
  });
});

/** The order of calls that a composition keeps. */
class Composition {
  readonly exchanges: ReadonlyMap<VenueId, Exchange>;
  readonly source: MarketSource;
  readonly clock: ReturnType<typeof createSimClock>;

  constructor(file: string) {
    const stamp = { seed: 'books', venues: VENUES, assets: ASSETS, stepMs: STEP, startAt: START };
    const journal = openWorldJournal({ file, stamp });
    this.clock = createSimClock(journal.resumeAt);
    this.exchanges = new Map(
      VENUES.map((venue) => [
        venue,
        createExchange({ venue, clock: this.clock, instruments: exchangeInstruments(venue, ASSETS) }),
      ]),
    );
    journal.attach(this.exchanges);
    for (const exchange of this.exchanges.values()) {
      if (!exchange.accounts().includes('bot')) exchange.openAccount('bot', quote('100000'));
    }
    const generator = createGenerator({
      clock: this.clock,
      random: createSeededRandom(stamp.seed),
      exchanges: this.exchanges,
      stepMs: STEP,
      assets: ASSETS,
      resume: { startAt: START, steppedAt: journal.steppedAt },
    });
    this.source = journal.follow(generator);
  }

  runTo(untilAt: number): void {
    for (let at = this.source.nextAt(); at !== undefined && at <= untilAt; at = this.source.nextAt()) {
      this.clock.advanceTo(at);
      this.source.step(at);
    }
  }

  trade(side: 'buy' | 'sell', count: string): void {
    for (const exchange of this.exchanges.values()) {
      const symbol = 'APT/USDT:USDT';
      const place = {
        symbol,
        side,
        type: 'market',
        tif: 'IOC',
        contracts: contracts(count),
        reduceOnly: false,
      } as const;
      if (!exchange.place('bot', place).ok) throw new Error('refused');
      exchange.setLeverage('bot', 'ADA/USDT:USDT', side === 'buy' ? 3 : 4);
    }
  }

  answers(): unknown {
    return [...this.exchanges.values()].map(answersOf);
  }
}

describe('restart of venues with their market', () => {
  it('settlement-at-restart: paid once, and books, marks and accounts are those of a world that never stopped', () => {
    const fileOf = (): string => join(mkdtempSync(join(tmpdir(), 'world-journal-')), 'world.jsonl');
    const eight = Date.UTC(2024, 4, 6, 8);
    const steady = new Composition(fileOf());
    const file = fileOf();
    let other = new Composition(file);
    const both = (act: (world: Composition) => void): void => {
      act(steady);
      act(other);
      other = new Composition(file);
      expect(other.answers()).toEqual(steady.answers());
    };
    both(() => undefined);
    both((world) => world.trade('sell', '300'));
    both((world) => world.runTo(eight - HOUR_MS));
    both((world) => world.trade('buy', '20'));
    both((world) => world.runTo(eight));
    const paid =
      steady.exchanges
        .get('binance')
        ?.payments('bot')
        .filter(({ at }) => at === eight) ?? [];
    expect(paid.map(({ symbol }) => symbol)).toEqual(['APT/USDT:USDT']);
    both((world) => world.trade('buy', '30'));
    both((world) => world.runTo(eight + 30 * HOUR_MS));
    expect(steady.exchanges.get('binance')?.payments('bot')).toHaveLength(35);
  });
});
