import { describe, expect, it } from 'vitest';
import { text } from '../../../src/kernel/decimal.ts';
import { createSimClock } from '../../../src/simulator/clock.ts';
import { BAR_MS, parseBars } from '../../../src/simulator/market/csv.ts';
import { createReplay, type ReplaySource, replayWindow } from '../../../src/simulator/market/replay.ts';
import { ofKind, type Recorded, recordedWorld } from './recorded-world.ts';

const VENUES = ['binance', 'bybit', 'okx'];
const SYMBOL = 'BTC/USDT:USDT';
const T0 = 1_672_531_200_000;
const T1 = T0 + BAR_MS;
const T2 = T1 + BAR_MS;

const CSV = `time_ms,venue,market,open,high,low,close,volume,funding_rate
${T0},binance,${SYMBOL},20000.0,20100.5,19900.0,20050.0,4000,0.0001
${T0},bybit,${SYMBOL},20010.0,20110.0,19890.0,20060.0,2000,0.0002
${T0},okx,${SYMBOL},20005.0,20105.0,19895.0,20055.0,1000,-0.0003
${T1},binance,${SYMBOL},20050.0,20500.0,20000.0,20400.0,8000,0.00025
${T1},okx,${SYMBOL},20055.0,20505.0,20005.0,20405.0,3000,-1.5e-05
${T2},binance,${SYMBOL},20400.0,20450.0,20300.0,20350.0,5000,0.0004
${T2},bybit,${SYMBOL},20410.0,20455.0,20305.0,20355.0,2500,0.0005
${T2},okx,${SYMBOL},20405.0,20455.0,20305.0,20355.0,1500,0.0006
`;

interface Run {
  readonly source: ReplaySource;
  readonly actions: readonly Recorded[];
  readonly stepAts: number[];
  hash(): string;
}

function run(csv = CSV, from?: number, to?: number, venues = VENUES): Run {
  const { bars, defects } = parseBars(csv, 'inline.csv');
  expect(defects).toEqual([]);
  const window = replayWindow(bars, from, to);
  if (!window) throw new Error('no bars in the window');
  const clock = createSimClock(window.firstAt);
  const world = recordedWorld(clock, venues);
  const source = createReplay({ clock, exchanges: world.exchanges, bars, window });
  const stepAts: number[] = [];
  for (let at = source.nextAt(); at !== undefined; at = source.nextAt()) {
    stepAts.push(at);
    clock.advanceTo(at);
    source.step(at);
  }
  return { source, actions: world.actions, stepAts, hash: world.hash };
}

const at = (actions: readonly Recorded[], venue: string, instant: number): readonly Recorded[] =>
  actions.filter((action) => action.venue === venue && action.at === instant);

describe('replay', () => {
  it('golden rows: at a bar, mark = open, then its rate settles, then book and prediction', () => {
    const { actions } = run();
    const okx = at(actions, 'okx', T1);
    expect(okx.map(({ kind }) => kind)).toEqual(['mark', 'settle', 'book', 'funding']);
    // Two venues have this bar (20050 and 20055); the index is the lower middle one.
    expect(okx[0]).toMatchObject({ mark: '20055', index: '20050' });
    expect(okx[1]).toMatchObject({ rate: '-0.000015' });
    expect(okx[3]).toMatchObject({ predictedRate: '-0.000015', intervalHours: 8, nextSettlementAt: T2 });
    // Three venues: 20400, 20405, 20410.
    expect(at(actions, 'bybit', T2)[0]).toMatchObject({ mark: '20410', index: '20405' });
  });

  it('books stand around the open on ticks and lots, as deep as the bar before', () => {
    const book = ofKind(at(run().actions, 'okx', T1), 'book')[0];
    // Half a basis point of 20055 is 1.00275: 20053.99725 down to a tick, 20056.00275 up to one.
    expect(text(book?.bids[0]?.price ?? ({} as never))).toBe('20053.9');
    expect(text(book?.asks[0]?.price ?? ({} as never))).toBe('20056.1');
    expect(book?.bids).toHaveLength(20);
    // OKX's previous bar traded 1000 BTC: x 0.0005 / 20 levels = 0.025 BTC = 2.5 contracts of 0.01 BTC.
    expect(text(book?.bids[0]?.contracts ?? ({} as never))).toBe('2.5');
  });

  it('extremes test margins half-way, at every venue with the bar, high before low, and publish nothing', () => {
    const { actions, stepAts } = run();
    expect(stepAts).toEqual([T0 + BAR_MS / 2, T1, T1 + BAR_MS / 2, T2]);
    const midway = actions.filter((action) => action.at === T0 + BAR_MS / 2);
    expect(midway.map((action) => [action.venue, action.kind, action.kind === 'stress' && action.mark])).toEqual([
      ['binance', 'stress', '20100.5'],
      ['bybit', 'stress', '20110'],
      ['okx', 'stress', '20105'],
      ['binance', 'stress', '19900'],
      ['bybit', 'stress', '19890'],
      ['okx', 'stress', '19895'],
    ]);
  });

  it('look-ahead: nothing shown up to an instant depends on what the file says about later', () => {
    const changed = CSV.split('\n')
      .map((line) => {
        const fields = line.split(',');
        if (Number(fields[0]) === T2) return [...fields.slice(0, 3), '9', '99', '1', '9', '7', '0.09'].join(',');
        // Of the bar that has begun, only the open and the settled rate are known at its start.
        if (Number(fields[0]) === T1) return [...fields.slice(0, 4), '90000', '5', '7', '1', fields[8]].join(',');
        return line;
      })
      .join('\n');
    const upTo = (actions: readonly Recorded[]): string => JSON.stringify(actions.filter((action) => action.at <= T1));
    expect(upTo(run(changed).actions)).toBe(upTo(run().actions));
    expect(run(changed).hash()).not.toBe(run().hash());
  });

  it('missing-bar: that venue neither settles nor moves, the others go on, and the report counts it', () => {
    const { source, actions } = run();
    expect(at(actions, 'bybit', T1)).toEqual([]);
    expect(at(actions, 'bybit', T1 + BAR_MS / 2)).toEqual([]);
    expect(source.report().missed).toEqual(new Map([['bybit', 1]]));
    expect(source.report().published.get('bybit')).toBe(2);
    expect(source.report().published.get('okx')).toBe(3);
  });

  it('missing-bar: what was published stays at the instant of the last bar', () => {
    const bars = parseBars(CSV, 'inline.csv').bars;
    const window = replayWindow(bars, undefined, T1);
    if (!window) throw new Error('no window');
    const clock = createSimClock(window.firstAt);
    const source = createReplay({ clock, exchanges: recordedWorld(clock, VENUES).exchanges, bars, window });
    for (let next = source.nextAt(); next !== undefined; next = source.nextAt()) {
      clock.advanceTo(next);
      source.step(next);
    }
    expect(source.published().get(`bybit|${SYMBOL}`)).toEqual({ book: T0, mark: T0, funding: T0 });
    expect(source.published().get(`okx|${SYMBOL}`)).toEqual({ book: T1, mark: T1, funding: T1 });
  });

  it('window: earlier bars become history and give the first book its depth; later ones are not replayed', () => {
    const { actions, stepAts } = run(CSV, T1, T1);
    expect(stepAts).toEqual([]);
    const history = ofKind(actions, 'history').map(({ settled }) => [settled.rate, settled.at, text(settled.mark)]);
    expect(history).toEqual([
      ['0.0001', T0, '20000'],
      ['0.0002', T0, '20010'],
      ['-0.0003', T0, '20005'],
    ]);
    const book = ofKind(at(actions, 'binance', T1), 'book')[0];
    // 4000 BTC x 0.0005 / 20.
    expect(text(book?.asks[0]?.contracts ?? ({} as never))).toBe('0.1');
    expect(replayWindow(parseBars(CSV, 'inline.csv').bars, T2 + 1)).toBeUndefined();
  });

  it('same file, same sequence, whatever order the venues were plugged in', () => {
    expect(run().hash()).toBe(run().hash());
    expect(run(CSV, undefined, undefined, ['okx', 'bybit', 'binance']).hash()).toBe(run().hash());
  });

  it('stepping at any other instant is a bug', () => {
    const bars = parseBars(CSV, 'inline.csv').bars;
    const window = replayWindow(bars);
    if (!window) throw new Error('no window');
    const clock = createSimClock(window.firstAt);
    const source = createReplay({ clock, exchanges: recordedWorld(clock, VENUES).exchanges, bars, window });
    expect(() => source.step(T1)).toThrow(/no replay step/);
    expect(() => createReplay({ clock: createSimClock(T1), exchanges: new Map(), bars, window })).toThrow(/first bar/);
  });
});
