/** The books of simulated venues outlive the process that holds them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contracts, px } from '../../src/kernel/decimal.ts';
import type { ExchangeEvent } from '../../src/simulator/exchange/api.ts';
import { openWorldJournal } from '../../src/simulator/journal.ts';
import type { WorldStamp } from '../../src/simulator/journal-file.ts';
import { ACCOUNTS, type Op, op, SYMBOLS } from './exchange/random-ops.ts';
import { answersOf, JournalWorld, newFile, plain, type Setting, STAMP } from './journal-world.ts';

const setting: fc.Arbitrary<Setting> = fc.oneof(
  fc.record({
    kind: fc.constant('marginMode' as const),
    account: fc.constantFrom(...ACCOUNTS),
    symbol: fc.constantFrom(...SYMBOLS),
    mode: fc.constantFrom('isolated' as const, 'cross' as const),
  }),
  fc.record({
    kind: fc.constant('positionMode' as const),
    account: fc.constantFrom(...ACCOUNTS),
    mode: fc.constantFrom('one_way' as const, 'hedge' as const),
  }),
);
const activity = fc.oneof({ weight: 30, arbitrary: op }, { weight: 1, arbitrary: setting });

const book = (mid: number): Op => ({ kind: 'book', symbol: 'ONE/USDT:USDT', mid, sizes: [9, 9, 9, 9] });
const buy = (count: string, price = '101', clientOrderId?: string): Op => ({
  kind: 'place',
  account: 'a',
  request: {
    symbol: 'ONE/USDT:USDT',
    side: 'buy',
    type: 'limit',
    tif: 'GTC',
    price: px(price),
    contracts: contracts(count),
    reduceOnly: false,
    ...(clientOrderId === undefined ? {} : { clientOrderId }),
  },
});

/** The code of the error that `act` throws, and its text. */
function failureOf(act: () => unknown): { code: unknown; text: string } {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { code: 'code' in error ? error.code : undefined, text: error.message };
  }
  throw new Error('nothing was thrown');
}

describe('restart', () => {
  it('any-activity: every query answers as before, and both worlds go on alike, event for event', () => {
    const options = fc.record({
      clientIdUniqueness: fc.constantFrom('open' as const, 'always' as const),
      maxBytes: fc.constantFrom(1, 6_000, 16_000_000),
    });
    const stream = fc.array(activity, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(stream, stream, options, (before, after, over) => {
        const file = newFile();
        const first = new JournalWorld(file, over);
        for (const each of before) first.do(each);
        const second = new JournalWorld(file, over, first);
        // What was refused changed nothing, so time may stand before it.
        expect(second.clock.at).toBeLessThanOrEqual(first.clock.at);
        expect(answersOf(second.exchange)).toEqual(answersOf(first.exchange));

        first.journal.close();
        second.clock.at = first.clock.at;
        const unjournaled = goOn(first, after, false);
        expect(goOn(second, after, true)).toEqual(unjournaled);
        expect(answersOf(second.exchange)).toEqual(answersOf(first.exchange));
        second.journal.close();

        const third = new JournalWorld(file, over, second);
        expect(answersOf(third.exchange)).toEqual(answersOf(second.exchange));
        third.journal.close();
      }),
      { numRuns: 150 },
    );
  });

  it('settled-at-zero: a settlement that pays nobody takes no id that a restart would give again', () => {
    const file = newFile();
    const world = new JournalWorld(file);
    world.do(book(100));
    world.do(buy('2'));
    world.do({ kind: 'settle', symbol: 'ONE/USDT:USDT', rate: 0 });
    expect(answersOf(new JournalWorld(file, {}, world).exchange)).toEqual(answersOf(world.exchange));
  });

  it('the activity above fills, rests, liquidates, pays and takes from books: the property is not vacuous', () => {
    const seen = new Set<string>();
    for (const steps of fc.sample(fc.array(activity, { minLength: 40, maxLength: 60 }), { numRuns: 60, seed: 7 })) {
      const world = new JournalWorld(newFile());
      for (const each of steps) world.do(each);
      const { accounts, markets } = world.exchange.save();
      for (const { takenAsks, takenBids } of markets) if (takenAsks.plus(takenBids).gt('0')) seen.add('taken');
      for (const { slots, trades, payments, positionMode } of accounts) {
        if (positionMode === 'hedge') seen.add('hedge');
        if (payments.length > 0) seen.add('payment');
        for (const { cause, maker } of trades) seen.add(`${cause} ${maker ? 'maker' : 'taker'}`);
        for (const { contracts: held, open, marginMode } of slots) {
          if (!held.eq('0')) seen.add('position');
          if (open.length > 0) seen.add('open');
          if (open.some(({ filled }) => filled.gt('0'))) seen.add('partly filled');
          if (marginMode === 'isolated') seen.add('isolated');
        }
      }
      world.journal.close();
    }
    expect([...seen].sort()).toEqual([
      'adl taker',
      'hedge',
      'isolated',
      'liquidation taker',
      'open',
      'order maker',
      'order taker',
      'partly filled',
      'payment',
      'position',
      'taken',
    ]);
  });

  it('republished-book: what an order took is not there to take again, and a resting order does not fill twice', () => {
    const file = newFile();
    const first = new JournalWorld(file);
    // Asks 9 @ 100.5 and 9 @ 101.5: takes the 9 and rests with 3 above them.
    first.do(book(100));
    first.do(buy('12', '101'));
    const second = new JournalWorld(file, {}, first);
    const ask = second.exchange.market('ONE/USDT:USDT')?.asks[0];
    expect([ask?.price.toFixed(), ask?.contracts.toFixed()]).toEqual(['101.5', '9']);
    expect(second.exchange.openOrders('a')[0]?.filled.toFixed()).toBe('9');
    // The next book is another one: 3 of its 9 are taken.
    second.do(book(100));
    expect(second.exchange.openOrders('a')).toEqual([]);
    expect(second.exchange.market('ONE/USDT:USDT')?.asks[0]?.contracts.toFixed()).toBe('6');
  });

  it('margin-eaten-by-funding: a payment beyond the free cash takes isolated margin, and that stays taken', () => {
    const file = newFile();
    const first = new JournalWorld(file);
    first.do({ kind: 'book', symbol: 'ONE/USDT:USDT', mid: 100, sizes: [500, 500, 500, 500] });
    first.do({ kind: 'leverage', account: 'a', symbol: 'ONE/USDT:USDT', leverage: 7 });
    // 200 x 100.5 / 7 locks 2871.43 of 3000 less a fee of 10.05: 118.52 is free. The payment is 200 x 100 x 0.01 = 200.
    first.do(buy('200', '100.5'));
    first.do({ kind: 'settle', symbol: 'ONE/USDT:USDT', rate: 0.01 });
    const margin = first.exchange.positions('a')[0]?.isolatedMargin.toFixed(2);
    // 2871.43 - (200 - 118.52)
    expect(margin).toBe('2789.95');
    const second = new JournalWorld(file, {}, first);
    expect(second.exchange.positions('a')[0]?.isolatedMargin.toFixed(2)).toBe(margin);
    expect(answersOf(second.exchange)).toEqual(answersOf(first.exchange));
  });

  it('time: stands at the last change, and the last step is known apart from it', () => {
    const file = newFile();
    const first = new JournalWorld(file);
    expect([first.journal.resumeAt, first.journal.steppedAt]).toEqual([1, 1]);
    first.do(book(100));
    expect(openWorldJournal({ file, stamp: STAMP })).toMatchObject({ resumeAt: 2, steppedAt: 2 });
    first.do(buy('1'));
    const again = openWorldJournal({ file, stamp: STAMP });
    expect(again).toMatchObject({ resumeAt: 3, steppedAt: 2 });
    // Rewriting the file at the start keeps both.
    new JournalWorld(file, {}, first).journal.close();
    expect(openWorldJournal({ file, stamp: STAMP })).toMatchObject({ resumeAt: 3, steppedAt: 2 });
  });

  it('an operation is in the file before anybody hears of it', () => {
    const file = newFile();
    const world = new JournalWorld(file);
    world.do(book(100));
    const known: boolean[] = [];
    world.exchange.listen((event: ExchangeEvent) => {
      if (event.kind === 'order' && event.trade) known.push(readFileSync(file, 'utf8').includes('"first order"'));
    });
    world.do(buy('1', '101', 'first order'));
    expect(known).toEqual([true]);
  });

  it('kill -9: what a process that is gone had been told is still there', async () => {
    const file = newFile();
    const child = fileURLToPath(new URL('./journal-child.ts', import.meta.url));
    const process_ = spawn(process.execPath, ['--import', 'tsx', child, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const told: string[] = [];
    for await (const line of createInterface({ input: process_.stdout })) {
      told.push(line);
      if (told.length === 200) process_.kill('SIGKILL');
    }
    if (process_.exitCode === null && process_.signalCode === null) await once(process_, 'exit');
    expect(process_.signalCode).toBe('SIGKILL');
    const { exchange } = new JournalWorld(file);
    const trades = exchange.trades('a').map(({ tradeId }) => tradeId);
    expect(trades.slice(0, told.length)).toEqual(told);
    expect(exchange.audit('a').discrepancy.toFixed()).toBe('0');
  }, 20_000);
});

function goOn(world: JournalWorld, steps: readonly (Op | Setting)[], isJournaled: boolean): unknown {
  const events: ExchangeEvent[] = [];
  const stop = world.exchange.listen((event) => events.push(event));
  for (const each of steps) isJournaled ? world.do(each) : world.doUnwritten(each);
  stop();
  return plain(events);
}

describe('file', () => {
  it('torn-tail: wherever the last line is cut, it did not happen, and the file goes on', () => {
    const file = newFile();
    const world = new JournalWorld(file);
    world.do(book(100));
    world.do(buy('2'));
    const before = answersOf(world.exchange);
    const whole = statSync(file).size;
    world.do(buy('3', '101', 'torn'));
    const after = answersOf(world.exchange);
    const text = readFileSync(file);
    for (const size of [whole, whole + 1, whole + 2, (whole + text.length) >> 1, text.length - 1, text.length]) {
      const cut = newFile();
      writeFileSync(cut, text.subarray(0, size));
      const again = new JournalWorld(cut, {}, world);
      expect(answersOf(again.exchange)).toEqual(size === text.length ? after : before);
      again.do(buy('1', '101', 'next'));
      expect(answersOf(new JournalWorld(cut, {}, again).exchange)).toEqual(answersOf(again.exchange));
    }
  });

  it('torn-step: a settlement is paid with all of its step or not at all', () => {
    const file = newFile();
    const world = new JournalWorld(file);
    world.do(book(100));
    world.do(buy('2'));
    const whole = statSync(file).size;
    world.do({ kind: 'settle', symbol: 'ONE/USDT:USDT', rate: 0.001 });
    expect(world.exchange.payments('a')).toHaveLength(1);
    const text = readFileSync(file);
    expect(text.subarray(whole).toString().split('\n')).toHaveLength(2);
    const cut = newFile();
    writeFileSync(cut, text.subarray(0, text.length - 1));
    const again = new JournalWorld(cut);
    expect(again.exchange.payments('a')).toEqual([]);
    expect([again.journal.resumeAt, again.journal.steppedAt]).toEqual([3, 2]);
  });

  it('torn-header: a file without a whole header is a new world', () => {
    const file = newFile();
    writeFileSync(file, '{"journal":"tan');
    expect(openWorldJournal({ file, stamp: STAMP }).resumeAt).toBe(STAMP.startAt);
  });

  it('foreign-line: any other bad line is named, and the file is left alone', () => {
    const file = newFile();
    new JournalWorld(file).do(book(100));
    const sound = readFileSync(file, 'utf8');
    const line = sound.split('\n').length;
    for (const bad of [
      'no json',
      '{"at":5}',
      '-0.5',
      '[]',
      '{"at":5,"step":false,"changes":[{"venue":"model"}]}',
      '',
    ]) {
      writeFileSync(file, sound);
      appendFileSync(file, `${bad}\n`);
      const spoiled = readFileSync(file, 'utf8');
      const { code, text } = failureOf(() => openWorldJournal({ file, stamp: STAMP }));
      expect([code, text.startsWith(`${file}:${line}: `)]).toEqual(['malformed', true]);
      expect(readFileSync(file, 'utf8')).toBe(spoiled);
    }
  });

  it('wrong-stamp: another world is refused, and the message says what differs and what to do', () => {
    const file = newFile();
    new JournalWorld(file).journal.close();
    const others: Partial<WorldStamp>[] = [
      { seed: 'other' },
      { venues: [] },
      { assets: ['ONE'] },
      { stepMs: 1 },
      { startAt: 2 },
    ];
    for (const other of others) {
      const { code, text } = failureOf(() => openWorldJournal({ file, stamp: { ...STAMP, ...other } }));
      expect(code).toBe('wrong_stamp');
      expect(text).toContain(file);
      expect(text).toContain(`${Object.keys(other).join()} is `);
      expect(text).toMatch(/Delete it together with its ledger, or use another ledger path/);
    }
  });

  it('growth: steps and history do not make the file grow without bound', () => {
    const file = newFile();
    const world = new JournalWorld(file, { maxBytes: 4_000 });
    let largest = 0;
    let before = 0;
    let rewrites = 0;
    for (let step = 0; step < 3_000; step += 1) {
      world.do(book(100));
      const { size } = statSync(file);
      // Just rewritten: time and the last step must be the present ones.
      if (size < before) {
        rewrites += 1;
        const now = world.clock.at;
        expect(openWorldJournal({ file, stamp: STAMP })).toMatchObject({ resumeAt: now, steppedAt: now });
      }
      before = size;
      largest = Math.max(largest, size);
    }
    expect(rewrites).toBeGreaterThan(1);
    // A step without changes is 3 to 5 bytes here; the limit is passed by at most one line.
    expect(largest).toBeLessThan(4_100);
    expect(existsSync(`${file}.new`)).toBe(false);
    expect(openWorldJournal({ file, stamp: STAMP })).toMatchObject({ resumeAt: 3_001, steppedAt: 3_001 });
  });

  it('disk-trouble: after a failed write nothing goes on as if it were kept', () => {
    const file = newFile();
    const world = new JournalWorld(file, { maxBytes: 1 });
    world.do(book(100));
    world.do(buy('1'));
    // The next rewrite cannot make its file.
    mkdirSync(`${file}.new`);
    const trouble = failureOf(() => {
      for (let turn = 0; turn < 200; turn += 1) {
        world.do(buy('1'));
        world.do(book(100));
      }
    });
    expect(trouble.code).toBe('io');
    expect(failureOf(() => world.do(book(101))).code).toBe('io');
    expect(failureOf(() => world.do(buy('1'))).code).toBe('io');
  });
});
