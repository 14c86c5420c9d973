/** A recording whose venues are hours apart makes profits that nobody could have had; it must say so. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { px } from '../../src/kernel/decimal.ts';
import { gapText, priceGaps } from '../../src/research/price-gaps.ts';

const HOUR = 3_600_000;
const BAR = 8 * HOUR;

/** A market that moves by a percent or so per bar. */
const walk = (steps: readonly number[]): number[] => {
  let price = 30_000;
  return steps.map((step) => (price *= 1 + step));
};
const steps = fc.array(
  fc.double({ min: 0.004, max: 0.02, noNaN: true }).map((size, i = 0) => (i % 2 ? -size : size)),
  {
    minLength: 20,
    maxLength: 60,
  },
);
const pricesOf = (venue: string, path: readonly number[], lag: number) =>
  path.flatMap((_, i) => {
    const price = path[i - lag];
    return price === undefined ? [] : [{ at: i * BAR, venue, open: px(price.toFixed(2)) }];
  });

test('venues of one instant have no gap, one that lags by a bar has one to every other', () => {
  fc.assert(
    fc.property(steps, (moves) => {
      const path = walk(moves);
      const near = path.map((price) => price * 1.0004);
      const sound = [...pricesOf('okx', path, 0), ...pricesOf('bybit', near, 0)];
      expect(priceGaps(sound)).toEqual([]);
      const gaps = priceGaps([...sound, ...pricesOf('binance', path, 1)]);
      expect(gaps.map(({ venues }) => venues)).toEqual([
        ['binance', 'bybit'],
        ['binance', 'okx'],
      ]);
    }),
  );
});

test('without a common instant nothing is said, and what is said names both and how far', () => {
  const lone = [
    { at: 0, venue: 'okx', open: px('100') },
    { at: BAR, venue: 'bybit', open: px('200') },
  ];
  expect(priceGaps(lone)).toEqual([]);
  const apart = [...lone, { at: 0, venue: 'bybit', open: px('101') }];
  expect(priceGaps(apart).map(gapText)).toEqual([
    expect.stringMatching(/^prices of bybit and okx at one instant differ by a median 1\.00 %: /),
  ]);
});
