import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SlidingWindow } from '../../src/engine/sliding-window.ts';

it('holds the newest within the window, oldest first, and never more than its bound', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }),
      fc.integer({ min: -1, max: 21 }),
      (most, gaps, sinceMs) => {
        const window = new SlidingWindow<number>(most);
        let atMs = 0;
        const all = gaps.map((gap, value) => {
          atMs += gap % 3;
          window.add(atMs, value);
          return { atMs, value };
        });
        const wanted = all.slice(-most).filter((item) => item.atMs > sinceMs);
        expect(window.since(sinceMs)).toEqual(wanted.map(({ value }) => value));
        window.clear();
        expect(window.since(-1)).toEqual([]);
      },
    ),
  );
});
