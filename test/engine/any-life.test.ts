/** Whatever happens, peace brings every hedge to held or flat, and the ledger to what the venues say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyLedger } from '../../src/ledger/empty.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { live, type Step, stepsOf } from './scenario.ts';

describe('any life', () => {
  it('converges after random moves, faults, crashes and commands', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(stepsOf(50), async (steps) => {
        const { wrongs, world } = await live(steps);
        expect(wrongs).toEqual([]);
        // Replaying what a start loads gives what the process had.
        const replayed = emptyLedger();
        for (const fact of world.store.load()) foldFact(replayed, fact);
        expect(replayed).toEqual(world.ledger);
      }),
      { seed: 20260105, numRuns: 250, endOnFailure: false },
    );
  });

  const KEPT: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
    {
      name: 'liquidation-before-entry-is-known: the fill that closes is told before the fill that opened',
      steps: [
        { do: 'kill', left: 3, when: 'before' },
        { do: 'run', ms: 1 },
        { do: 'taken', venue: 'beta', symbol: 'SOL/USDT:USDT', share: 1, by: 'liquidation' },
      ],
    },
    {
      name: 'liquidation-before-entry-is-known: part of it, and the wallet still agrees to the cent',
      steps: [
        { do: 'kill', left: 3, when: 'after' },
        { do: 'run', ms: 2_000 },
        { do: 'taken', venue: 'beta', symbol: 'SOL/USDT:USDT', share: 0.5, by: 'liquidation' },
      ],
    },
  ];
  it.each(KEPT)('$name', async ({ steps }) => {
    expect((await live(steps)).wrongs).toEqual([]);
  });

  const killedAt = Array.from({ length: 14 }, (_, left) => left).flatMap((left) =>
    (['before', 'after'] as const).map((when) => ({ left, when })),
  );
  it.each(killedAt)('fault-33-killed-at-every-commit: $when commit $left of a whole hedge', async ({ left, when }) => {
    const { wrongs } = await live([
      { do: 'kill', left, when },
      { do: 'run', ms: 2_000 },
      { do: 'rates', carry: false },
      { do: 'run', ms: 15_000 },
    ]);
    expect(wrongs).toEqual([]);
  });

  it.each(killedAt)(
    'fault-34-killed-again-in-recovery: $when commit $left of the next start',
    async ({ left, when }) => {
      const { wrongs } = await live([
        { do: 'submits', venue: 'beta', fault: { kind: 'crash_after' } },
        { do: 'run', ms: 400 },
        { do: 'kill', left, when },
        { do: 'run', ms: 2_000 },
        { do: 'kill', left: 1, when },
        { do: 'run', ms: 2_000 },
      ]);
      expect(wrongs).toEqual([]);
    },
  );
});
