import { expect, it } from 'vitest';
import { NewestItems } from '../../../src/simulator/exchange/retention.ts';

it('unbounded-history: keeps at least the newest, at most a quarter more, and tells what it forgot', () => {
  const forgotten: number[] = [];
  const items = new NewestItems<number>(8, (item) => forgotten.push(item));
  for (let value = 1; value <= 10; value += 1) items.push(value);
  expect(items.list()).toHaveLength(10);
  items.push(11);
  expect(items.list()).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  expect(forgotten).toEqual([1, 2, 3]);
  expect(items.list((value) => value > 9)).toEqual([10, 11]);
});
