import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IncompleteRead, readWindow } from '../../src/venues/pages.ts';

describe('readWindow', () => {
  it('returns every row once, whatever the page order and size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }),
        fc.integer({ min: 15, max: 40 }),
        fc.integer({ min: 100, max: 6_000 }),
        fc.boolean(),
        async (instants, size, span, newestFirst) => {
          // A page that one millisecond overflows cannot be completed: kept out here, tested below.
          const counts = new Map<number, number>();
          const rows = instants.filter((at) => {
            counts.set(at, (counts.get(at) ?? 0) + 1);
            return (counts.get(at) ?? 0) < size;
          });
          const read = await readWindow({ from: 0, to: 5_000 }, span, async ({ from, to }) => {
            expect(to - from).toBeLessThan(span);
            const within = rows.filter((at) => at >= from && at <= to).sort((a, b) => (newestFirst ? b - a : a - b));
            const page = within.slice(0, size);
            return { rows: newestFirst ? page.reverse() : page, full: page.length >= size };
          });
          expect([...read]).toEqual([...rows].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('truncated-history: a millisecond that holds more than a page fails', async () => {
    const always = async () => ({ rows: [1], full: true });
    await expect(readWindow({ from: 0, to: 100 }, 1_000, always)).rejects.toBeInstanceOf(IncompleteRead);
  });
});
