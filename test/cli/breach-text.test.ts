/** Figures of a rule as a person reads them. */
import { expect, test } from 'vitest';
import { breachText, figure } from '../../src/cli/breach-text.ts';

test('an instant is told as one, and a rest by its words', () => {
  const until = Date.parse('2024-01-01T12:00:00Z');
  expect(figure(until)).toBe('2024-01-01T12:00:00.000Z');
  expect([figure(123_456.7), figure(0.123456), figure(null), figure('halted')]).toEqual([
    '123457',
    '0.1235',
    'never',
    'halted',
  ]);
  const detail = 'DOGE rests until 2024-01-01T12:00:00.000Z: h3 closed: carry_gone';
  const rest = { rule: 'cooldown', limit: until, actual: until - 60_000, shortfall: 60_000, detail };
  expect(breachText(rest)).toBe(`cooldown (${detail})`);
});
