import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { text } from '../../../src/kernel/decimal.ts';
import { BAR_MS, MAX_LISTED, parseBars } from '../../../src/simulator/market/csv.ts';

const HEADER = 'time_ms,venue,market,open,high,low,close,volume,funding_rate';
const T0 = 1_672_531_200_000;
const LINEAR = 'BTC/USDT:USDT';

const row = (at: number, venue: string, over: Partial<Record<string, string>> = {}): string => {
  const fields: Record<string, string> = {
    time: String(at),
    venue,
    market: LINEAR,
    open: '100',
    high: '110',
    low: '90',
    close: '105',
    volume: '12.5',
    rate: '0.0001',
    ...over,
  };
  return Object.values(fields).join(',');
};
const file = (...rows: string[]): string => `${[HEADER, ...rows].join('\n')}\n`;
const allVenues = (at: number): string[] => ['binance', 'bybit', 'okx'].map((venue) => row(at, venue));

const codes = (content: string): Array<[string, number]> =>
  parseBars(content, 'x.csv').defects.map(({ code, line }) => [code, line]);

describe('bar file', () => {
  it('reads linear bars exactly, in venue order, and leaves other markets out', () => {
    const parsed = parseBars(
      file(
        row(T0, 'okx', { rate: '-1.609e-05', open: '16531.20', high: '16600', low: '16000', close: '16500' }),
        row(T0, 'binance', { market: 'BTC/USDT', rate: '' }),
        row(T0, 'bybit'),
        row(T0, 'binance', { volume: '0' }),
      ),
      'x.csv',
    );
    expect(parsed.defects).toEqual([]);
    expect(parsed.bars.map(({ venue }) => venue)).toEqual(['binance', 'bybit', 'okx']);
    const okx = parsed.bars[2];
    expect(okx && { at: okx.at, open: text(okx.open), rate: okx.rate, volume: okx.volume }).toEqual({
      at: T0,
      open: '16531.2',
      rate: '-0.00001609',
      volume: 12.5,
    });
  });

  it('bad-rows: every one is reported at once with its line and column, and left out', () => {
    const parsed = parseBars(
      file(
        row(T0, 'binance', { open: '1x', rate: 'NaN' }),
        row(T0, 'kraken'),
        row(T0, 'bybit', { market: 'ETH/USDT:USDT' }),
        row(T0, 'okx', { rate: '' }),
        row(T0 + 1, 'okx'),
        row(T0, 'okx', { high: '99' }),
        row(T0, 'okx', { low: '0' }),
        row(T0, 'okx', { volume: '-1' }),
        row(T0, 'okx', { rate: '0.5' }),
        `${T0},okx,BTC`,
        row(T0, 'bybit', { open: '' }),
        row(T0, 'bybit', { open: 'Infinity' }),
        row(T0, 'bybit'),
      ),
      'x.csv',
    );
    expect(parsed.defects.map(({ code, line, column }) => [code, line, column])).toEqual([
      ['bad_number', 2, 37], // 13 digits, `binance`, `BTC/USDT:USDT` and their commas: 14 + 8 + 14, then 1-based
      ['bad_number', 2, 56], // `1x,110,90,105,12.5,` are 19 more
      ['unknown_venue', 3, 15],
      ['unknown_market', 4, 21],
      ['missing_rate', 5, 53],
      ['out_of_range', 6, 1],
      ['out_of_range', 7, 37],
      ['out_of_range', 8, 41],
      ['out_of_range', 9, 48],
      ['out_of_range', 10, 53],
      ['wrong_column_count', 11, 22],
      ['bad_number', 12, 35],
      ['bad_number', 13, 35],
    ]);
    expect(parsed.bars).toHaveLength(1);
    expect(parsed.defects.every((defect) => defect.file === 'x.csv')).toBe(true);
  });

  it('truncated-file: a last line that was cut is never taken for a row, even when it still parses', () => {
    const whole = file(...allVenues(T0));
    expect(codes(whole)).toEqual([]);
    // Cutting `0.0001` to `0.000` would turn a payment into nothing.
    expect(codes(whole.slice(0, -2))).toEqual([['truncated_line', 4]]);
    expect(parseBars(whole.slice(0, -2), 'x.csv').bars).toHaveLength(2);
    expect(codes(whole.slice(0, -20))).toEqual([['truncated_line', 4]]);
  });

  it('duplicate and unordered rows are reported and the first one counts', () => {
    const content = file(
      ...allVenues(T0 + BAR_MS),
      row(T0 + BAR_MS, 'okx', { open: '101' }),
      row(T0, 'binance'),
      ...allVenues(T0 + 2 * BAR_MS),
    );
    expect(codes(content)).toEqual([
      ['duplicate', 5],
      ['unordered', 6],
    ]);
    const okx = parseBars(content, 'x.csv').bars.find((bar) => bar.venue === 'okx');
    expect(okx && text(okx.open)).toBe('100');
  });

  it('wrong or missing header, empty file: said so', () => {
    expect(codes('time,venue\n')).toEqual([
      ['wrong_header', 1],
      ['no_rows', 1],
    ]);
    expect(codes('')).toEqual([
      ['wrong_header', 1],
      ['no_rows', 1],
    ]);
    expect(codes(`\uFEFF${file(...allVenues(T0))}`)).toEqual([]);
    expect(codes(file(...allVenues(T0)).replaceAll('\n', '\r\n'))).toEqual([]);
  });

  it('missing-bar: reported as a gap, which does not condemn the file', () => {
    const parsed = parseBars(
      file(...allVenues(T0), row(T0 + BAR_MS, 'binance'), row(T0 + BAR_MS, 'okx'), ...allVenues(T0 + 4 * BAR_MS)),
      'x.csv',
    );
    expect(parsed.defects).toEqual([]);
    expect(parsed.gaps.map(({ code, line, detail }) => [code, line, detail])).toEqual([
      ['missing_bar', 5, 'no bar of bybit at 2023-01-01T08:00:00.000Z'],
      ['missing_bar', 7, 'no bar of any venue: 2 after 2023-01-01T08:00:00.000Z'],
    ]);
    expect(parsed.bars).toHaveLength(8);
  });

  it('garbage-file: the list is bounded, the count is not', () => {
    const parsed = parseBars(file(...Array.from({ length: 1_000 }, () => 'junk')), 'x.csv');
    expect(parsed.defects).toHaveLength(MAX_LISTED);
    expect(parsed.defectCount).toBe(1_001);
  });

  it('arbitrary text never throws, and every finding points into the file', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 400, unit: fc.constantFrom(...'0123456789.,-e\nbinaceTUSD/:\r x') }),
        (junk) => {
          const parsed = parseBars(`${HEADER}\n${junk}`, 'x.csv');
          const lineCount = `${HEADER}\n${junk}`.split('\n').length;
          for (const { line, column } of parsed.defects) {
            expect(line >= 1 && line <= lineCount && column >= 1).toBe(true);
          }
        },
      ),
    );
  });

  it('one spoilt character in a good file is reported, or leaves a row that is still in bounds', () => {
    const good = file(...allVenues(T0), ...allVenues(T0 + BAR_MS));
    const spoilt = fc.tuple(fc.nat(good.length - 1), fc.constantFrom(...'0,x-.\ne9 '));
    fc.assert(
      fc.property(spoilt, ([at, character]) => {
        const content = good.slice(0, at) + character + good.slice(at + 1);
        const parsed = parseBars(content, 'x.csv');
        if (parsed.defectCount === 0 && parsed.gapCount === 0) expect(parsed.bars).toHaveLength(6);
        for (const bar of parsed.bars) {
          expect(bar.low.lte(bar.open) && bar.open.lte(bar.high) && bar.at % BAR_MS === 0).toBe(true);
          expect(Math.abs(Number(bar.rate))).toBeLessThanOrEqual(0.1);
        }
      }),
    );
  });

  const data = process.env.TANDEM_DATA;
  it.skipIf(!data && !process.env.CI)('reads the recorded 18 months without a finding (needs TANDEM_DATA)', () => {
    expect(data, 'TANDEM_DATA names the folder of recorded market data').toBeTruthy();
    const path = join(data ?? '', 'market', 'btc-3venues-8h.csv');
    const parsed = parseBars(readFileSync(path, 'utf8'), path);
    expect([parsed.defectCount, parsed.gapCount]).toEqual([0, 0]);
    // 2023-01-01T00:00Z to 2024-07-01T00:00Z inclusive: 547 days of three bars and one more, at three venues.
    expect(parsed.bars).toHaveLength((547 * 3 + 1) * 3);
  });
});
