import { describe, expect, it } from 'vitest';
import { isMultipleOf, text, toNumber } from '../../../src/kernel/decimal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/kernel/instant.ts';
import { createSimClock } from '../../../src/simulator/clock.ts';
import type { ExchangeInstrument } from '../../../src/simulator/exchange/api.ts';
import { createGenerator, type GeneratorOptions } from '../../../src/simulator/market/generator.ts';
import { exchangeInstruments } from '../../../src/simulator/market/venue-profiles.ts';
import { createSeededRandom } from '../../../src/simulator/random.ts';
import { ofKind, type Recorded, recordedWorld } from './recorded-world.ts';

const VENUES = ['binance', 'bybit', 'okx'];
/** Not on any boundary: 03:17:30. */
const START = Date.UTC(2024, 4, 6, 3, 17, 30);

interface Run {
  readonly actions: readonly Recorded[];
  readonly stepAts: readonly number[];
  readonly hash: string;
  readonly published: ReturnType<ReturnType<typeof createGenerator>['published']>;
}

function run(seed: string, hours: number, over: Partial<GeneratorOptions> = {}, startAt = START): Run {
  const clock = createSimClock(startAt);
  const world = recordedWorld(clock, VENUES);
  const source = createGenerator({
    clock,
    random: createSeededRandom(seed),
    exchanges: world.exchanges,
    stepMs: 5 * MINUTE_MS,
    endAt: startAt + hours * HOUR_MS,
    ...over,
  });
  const stepAts: number[] = [];
  for (let at = source.nextAt(); at !== undefined; at = source.nextAt()) {
    stepAts.push(at);
    clock.advanceTo(at);
    source.step(at);
  }
  return { actions: world.actions, stepAts, hash: world.hash(), published: source.published() };
}

const keyOf = (action: Recorded): string => `${action.venue}|${action.symbol}`;

/** Funding as shown by one instrument at the first publication. */
const firstFunding = (actions: readonly Recorded[]) =>
  ofKind(actions, 'funding')
    .filter(({ at }) => at === START)
    .map((action) => ({ key: keyOf(action), ...action, hourly: Number(action.predictedRate) / action.intervalHours }));

describe('generator', () => {
  it('same-seed: the same sequence to the byte; another seed: another', () => {
    expect(run('a', 3).hash).toBe(run('a', 3).hash);
    expect(run('b', 3).hash).not.toBe(run('a', 3).hash);
  });

  it('one asset more or less shifts no other asset', () => {
    const onlyBtc = (actions: readonly Recorded[]): string =>
      JSON.stringify(actions.filter(({ symbol }) => symbol === 'BTC/USDT:USDT'));
    const calm = { openingSpike: false };
    expect(onlyBtc(run('a', 2, { ...calm, assets: ['BTC'] }).actions)).toBe(
      onlyBtc(run('a', 2, { ...calm, assets: ['ETH', 'BTC'] }).actions),
    );
  });

  it('publishes everything at once at the start, and every instrument at every step', () => {
    const { actions, stepAts, published } = run('a', 1);
    expect(stepAts[0]).toBe(START + 5 * MINUTE_MS);
    expect(ofKind(actions, 'book').filter(({ at }) => at === START)).toHaveLength(36);
    expect(ofKind(actions, 'book')).toHaveLength(36 * (stepAts.length + 1));
    const last = stepAts.at(-1);
    expect(published.size).toBe(36);
    for (const each of published.values()) expect(each).toEqual({ book: last, mark: last, funding: last });
  });

  it('settlement-schedule: every interval settles on its boundary, right after its mark, even off the step grid', () => {
    const { actions, stepAts } = run('a', 9, { stepMs: 7 * MINUTE_MS });
    expect(stepAts.filter((at) => at % HOUR_MS === 0)).toHaveLength(9);
    const promised = new Map<string, number>();
    const settled = new Map<string, number[]>();
    let before: Recorded | undefined;
    for (const action of actions) {
      const key = keyOf(action);
      if (action.kind === 'settle') {
        expect(promised.get(key)).toBe(action.at);
        expect(before && [keyOf(before), before.kind, before.at]).toEqual([key, 'mark', action.at]);
        settled.set(key, [...(settled.get(key) ?? []), action.at]);
      }
      if (action.kind === 'funding') {
        expect(action.nextSettlementAt % (action.intervalHours * HOUR_MS)).toBe(0);
        expect(action.nextSettlementAt).toBeGreaterThan(action.at);
        const earlier = promised.get(key);
        if (earlier !== undefined && earlier > action.at) expect(action.nextSettlementAt).toBe(earlier);
        promised.set(key, action.nextSettlementAt);
      }
      before = action;
    }
    // 03:17:30 to 12:17:30: nine hourly settlements, two of 04/08/12 that are 4-hourly and one 8-hourly.
    expect(settled.get('binance|APT/USDT:USDT')).toHaveLength(9);
    expect(settled.get('binance|ADA/USDT:USDT')).toHaveLength(3);
    expect(settled.get('binance|BTC/USDT:USDT')).toHaveLength(1);
  });

  it('start-up history: seven days of settlements at least, gapless up to the start, and none paid', () => {
    const { actions } = run('a', 0);
    expect(ofKind(actions, 'settle')).toEqual([]);
    const history = ofKind(actions, 'history');
    expect(new Set(history.map(keyOf)).size).toBe(36);
    for (const { key, intervalHours, nextSettlementAt } of firstFunding(actions)) {
      const instants = history.filter((each) => keyOf(each) === key).map(({ settled }) => settled.at);
      const stepMs = intervalHours * HOUR_MS;
      expect(instants.length).toBeGreaterThanOrEqual((7 * 24) / intervalHours);
      expect(instants.at(-1)).toBe(nextSettlementAt - stepMs);
      for (const [i, at] of instants.entries()) if (i > 0) expect(at - (instants[i - 1] ?? 0)).toBe(stepMs);
    }
  });

  it('a start on a boundary: that settlement is history and is not settled again', () => {
    const boundary = Date.UTC(2024, 4, 6, 8);
    const { actions } = run('a', 0, {}, boundary);
    const last = ofKind(actions, 'history').filter(({ settled }) => settled.at === boundary);
    expect(last).toHaveLength(36);
    expect(ofKind(actions, 'settle')).toEqual([]);
  });

  it('books are uncrossed, ordered, on ticks and lots, around the mark and near the shared index', () => {
    const { actions } = run('books', 24, { stepMs: HOUR_MS });
    const instruments = new Map<string, ExchangeInstrument>(
      VENUES.flatMap((venue) => exchangeInstruments(venue).map((each) => [`${venue}|${each.symbol}`, each] as const)),
    );
    const marks = new Map(ofKind(actions, 'mark').map((action) => [`${keyOf(action)} ${action.at}`, action]));
    for (const book of ofKind(actions, 'book')) {
      const instrument = instruments.get(keyOf(book));
      const mark = marks.get(`${keyOf(book)} ${book.at}`);
      const [bid, ask] = [book.bids[0], book.asks[0]];
      if (!instrument || !mark || !bid || !ask) throw new Error(`no instrument, mark or level: ${keyOf(book)}`);
      expect([book.bids.length, book.asks.length]).toEqual([20, 20]);
      expect(toNumber(bid.price) <= Number(mark.mark) && Number(mark.mark) <= toNumber(ask.price)).toBe(true);
      expect(bid.price.lt(ask.price)).toBe(true);
      expect(Math.abs(Number(mark.mark) / Number(mark.index) - 1)).toBeLessThan(0.03);
      for (const [levels, sign] of [
        [book.bids, -1],
        [book.asks, 1],
      ] as const) {
        const isSound = levels.every((level, i) => {
          const ahead = levels[i - 1];
          const isBehind = !ahead || level.price.cmp(ahead.price) === sign;
          return (
            isBehind &&
            isMultipleOf(level.price, instrument.tick) &&
            isMultipleOf(level.contracts, instrument.lot) &&
            level.contracts.gt('0')
          );
        });
        expect(isSound, `${keyOf(book)} ${sign}`).toBe(true);
      }
    }
  });

  it('okx contracts are counted in its own contract size: depth in base agrees with the other venues', () => {
    const { actions } = run('a', 0);
    const topUsd = (venue: string, contractSize: number): number => {
      const book = ofKind(actions, 'book').find(
        (each) => each.venue === venue && each.symbol === 'DOGE/USDT:USDT' && each.at === START,
      );
      return (book?.bids ?? []).reduce(
        (total, { price, contracts }) => total + toNumber(price) * toNumber(contracts) * contractSize,
        0,
      );
    };
    // Depth scales are 0.8 and 1; noise is at most a factor 3 per level and averages out over 20.
    expect(topUsd('okx', 1_000) / topUsd('bybit', 1)).toBeGreaterThan(0.5);
    expect(topUsd('okx', 1_000) / topUsd('bybit', 1)).toBeLessThan(1.2);
  });

  it('opening opportunity: from the first publication an hourly instrument pays a day of both round trips, for any seed', () => {
    for (let seed = 0; seed < 8; seed++) {
      const funding = firstFunding(run(`opening ${seed}`, 0).actions);
      const spreads = funding
        .filter(({ intervalHours }) => intervalHours === 1)
        .flatMap((hourlyOne) =>
          funding
            .filter(({ symbol, key }) => symbol === hourlyOne.symbol && key !== hourlyOne.key)
            .map((other) => Math.abs(hourlyOne.hourly - other.hourly)),
        );
      // Four taker fees of 0.055 % and 0.02 % of slippage are 0.24 %; three times that within a day.
      expect(Math.max(...spreads) * 24).toBeGreaterThan(3 * 0.0024);
    }
  });

  it('opening opportunity: lasts four hours and is over after ten', () => {
    for (let seed = 0; seed < 4; seed++) {
      const { actions } = run(`decay ${seed}`, 11, { stepMs: 15 * MINUTE_MS });
      const best = firstFunding(actions)
        .filter(({ intervalHours }) => intervalHours === 1)
        .sort((a, b) => Math.abs(b.hourly) - Math.abs(a.hourly))[0];
      if (!best) throw new Error('no hourly instrument');
      const rateAt = (hours: number): number => {
        const shown = ofKind(actions, 'funding').filter(
          (each) => keyOf(each) === best.key && each.at <= START + hours * HOUR_MS,
        );
        return Math.abs(Number(shown.at(-1)?.predictedRate));
      };
      expect(rateAt(3.9)).toBeGreaterThan(0.0004);
      // What is left would take more than a day to pay for a round trip of 0.24 %.
      expect(rateAt(10.7)).toBeLessThan(0.0001);
    }
  });

  it('opening opportunity: was there a day before, so that its spread looks settled', () => {
    const { actions } = run('opening 1', 0);
    const best = firstFunding(actions)
      .filter(({ intervalHours }) => intervalHours === 1)
      .sort((a, b) => Math.abs(b.hourly) - Math.abs(a.hourly))[0];
    const lastDay = ofKind(actions, 'history')
      .filter((each) => keyOf(each) === best?.key && each.settled.at > START - DAY_MS)
      .map(({ settled }) => Math.abs(Number(settled.rate)));
    expect(lastDay).toHaveLength(24);
    expect(Math.min(...lastDay)).toBeGreaterThan(0.0004);
  });

  it('rates are plain decimals within the cap and never minus zero', () => {
    const { actions } = run('rates', 24);
    const rates = [
      ...ofKind(actions, 'settle').map(({ rate }) => rate),
      ...ofKind(actions, 'funding').map(({ predictedRate }) => predictedRate),
      ...ofKind(actions, 'history').map(({ settled }) => settled.rate),
    ];
    for (const rate of rates) expect(rate).toMatch(/^(?!-0\.0+$)-?0\.\d{8}$/);
    expect(Math.max(...rates.map((rate) => Math.abs(Number(rate))))).toBeLessThanOrEqual(0.02);
  });

  it('steps that would pass a settlement, and venues without a profile, are refused', () => {
    expect(() => run('a', 1, { stepMs: HOUR_MS + 1 })).toThrow(/generator step/);
    const clock = createSimClock(START);
    const { exchanges } = recordedWorld(clock, ['kraken']);
    const random = createSeededRandom(1);
    expect(() => createGenerator({ clock, random, exchanges, stepMs: 60_000 })).toThrow(/no profile of venue kraken/);
  });
});

describe('instruments', () => {
  it('state the venues’ units: OKX counts contracts, the others base', () => {
    const facts = (venue: string, asset: string): readonly string[] => {
      const [each] = exchangeInstruments(venue, [asset]);
      if (!each) throw new Error('not listed');
      return [text(each.contractSize), text(each.lot), text(each.tick), text(each.minNotional), each.takerFeeRate];
    };
    expect(facts('binance', 'BTC')).toEqual(['1', '0.001', '0.1', '100', '0.0005']);
    expect(facts('bybit', 'BTC')).toEqual(['1', '0.001', '0.1', '5', '0.00055']);
    expect(facts('okx', 'BTC')).toEqual(['0.01', '0.01', '0.1', '0', '0.0005']);
    expect(facts('okx', 'DOGE')).toEqual(['1000', '0.01', '0.00001', '0', '0.0005']);
  });

  it('list the same twelve assets everywhere', () => {
    for (const venue of VENUES) {
      expect(exchangeInstruments(venue).map(({ asset }) => asset)).toEqual(
        exchangeInstruments('binance').map(({ asset }) => asset),
      );
      expect(exchangeInstruments(venue)).toHaveLength(12);
    }
  });
});
