/** Whatever happens while a hedge is entered over time, peace brings it to held or flat, and the ledger to the venues. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineSettings } from '../../src/engine/settings.ts';
import { abs, add, base, lt, lte } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import { isUnresolved, legsOf } from '../../src/ledger/state.ts';
import { live, QUICK, styledStepsOf } from './scenario.ts';
import { MAKER, SLICED, tradeThrough } from './styles.ts';
import { World } from './world.ts';
import { COMMON_LOT, SOL } from './world-setup.ts';

const STYLES: readonly { readonly style: string; readonly settings: EngineSettings }[] = [
  { style: 'maker_taker', settings: { ...QUICK, execution: MAKER.execution } },
  { style: 'sliced', settings: { ...QUICK, execution: SLICED.execution } },
];

describe.each(STYLES)('any life entered $style', ({ settings }) => {
  it('converges after random moves, faults, crashes and commands', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(styledStepsOf(50), async (steps) => {
        const { wrongs, world } = await live(steps, settings);
        expect(wrongs).toEqual([]);
        const replayed = emptyLedger();
        for (const fact of world.store.load()) foldFact(replayed, fact);
        expect(replayed).toEqual(world.ledger);
      }),
      { seed: 20260106, numRuns: 250, endOnFailure: false },
    );
  });

  const killedAt = Array.from({ length: 20 }, (_, left) => left).flatMap((left) =>
    (['before', 'after'] as const).map((when) => ({ left, when })),
  );
  it.each(killedAt)('fault-33-killed-at-every-commit: $when commit $left of a whole hedge', async ({ left, when }) => {
    const { wrongs } = await live(
      [
        { do: 'kill', left, when },
        { do: 'run', ms: 400 },
        { do: 'through', size: 0.3 },
        { do: 'run', ms: 400 },
        { do: 'through', size: 4 },
        { do: 'run', ms: 2_000 },
        { do: 'move', symbol: SOL, change: 0.0005 },
        { do: 'run', ms: 2_000 },
        { do: 'through', size: 20 },
        { do: 'run', ms: 15_000 },
        { do: 'rates', carry: false },
        { do: 'run', ms: 15_000 },
      ],
      settings,
    );
    expect(wrongs).toEqual([]);
  });
});

const netOf = (world: World) => abs(add(base(world.position('alpha')), base(world.position('beta'))));

describe('unequal legs on the way', () => {
  const pace = fc.constantFrom(1, 50, 300, 900, 2_100);
  const size = fc.constantFrom(0.1, 0.2, 0.3, 0.7, 1.3, 4);

  it('maker_taker: under a common lot whenever nothing is in flight, by the venues\u2019 books', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(size, pace), { minLength: 1, maxLength: 25 }), async (trades) => {
        const world = new World({ settings: MAKER });
        world.boot();
        await world.run(500);
        for (const [each, ms] of trades) {
          tradeThrough(world, 'alpha', each);
          if (each === 1.3) world.move(SOL, 0.0003);
          await world.run(ms, 100);
          const hedge = world.hedge();
          const flying = legsOf(hedge).some((leg) =>
            leg.attempts.some((attempt) => isUnresolved(attempt) && attempt.intent.style === 'ioc'),
          );
          if (!flying) expect(lt(netOf(world), COMMON_LOT[SOL])).toBe(true);
        }
        expect(world.hedge().long.attempts.length).toBeGreaterThan(0);
      }),
      { seed: 20260107, numRuns: 60 },
    );
  });

  it('sliced: at most one slice at any moment, and under a common lot between two', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), pace), { minLength: 1, maxLength: 25 }), async (steps) => {
        const world = new World({ settings: SLICED });
        world.boot();
        const largest = base('2.5');
        for (const exchange of Object.values(world.exchanges)) {
          exchange.listen(() => expect(lte(netOf(world), largest)).toBe(true));
        }
        for (const [isLate, ms] of steps) {
          if (isLate) world.faults.beta.submits.push({ kind: 'ack_late', delayMs: 700 });
          await world.run(ms, 100);
          const hedge = world.ledger.hedges.get('h1');
          if (hedge && !legsOf(hedge).some((leg) => leg.attempts.some(isUnresolved)))
            expect(lt(netOf(world), COMMON_LOT[SOL])).toBe(true);
        }
      }),
      { seed: 20260108, numRuns: 60 },
    );
  });
});
