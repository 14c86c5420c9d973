/** Completing the smaller leg: only on a fresh book, and never dearer than the entry was approved at. */
import { describe, expect, it } from 'vitest';
import { advance } from '../../src/execution/advance.ts';
import type { Advance, AdvanceContext } from '../../src/execution/next.ts';
import { reduceBoth } from '../../src/execution/reduce-both.ts';
import { abs, base, quote, text } from '../../src/kernel/decimal.ts';
import type { InstrumentKey } from '../../src/kernel/ids.ts';
import type { HedgeRecord } from '../../src/ledger/state.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import { World } from '../engine/world.ts';
import { SETTINGS } from '../engine/world-setup.ts';

/** A hedge entered at a mid of 100 with a cap of 0.2 %, whose short leg got 4.5 of 9.5; the best bid is now `bid`. */
async function partly(bid: number, bookAgeMs = 0): Promise<{ hedge: HedgeRecord; context: AdvanceContext }> {
  const world = new World();
  await world.opened();
  const held = world.hedge();
  const short = { ...held.short, holding: { quantity: base('-4.5'), cost: quote('-450') } };
  const hedge: HedgeRecord = { ...held, state: 'balancing', reason: 'partial_fill', short };
  const now = world.clock.now();
  const stamp = { venueAt: now - bookAgeMs, receivedAt: now - bookAgeMs };
  const context: AdvanceContext = {
    now,
    market: (key) => {
      const view = world.engine.core.market.get(key);
      if (!view || key !== short.key) return view;
      const bids = [{ price: bid, size: 100 }];
      return { ...view, book: { key, bids, asks: [{ price: 100.02, size: 100 }], ...stamp } };
    },
    settings: SETTINGS.execution,
    ids: world.engine.core.ids,
    reduceOnly: false,
    reachable: true,
    maxBookAgeMs: SETTINGS.risk.data.maxBookAgeMs,
    doubt: { kind: 'none' },
    standing: (leg) => abs(leg.holding.quantity),
    reducible: (leg) => abs(leg.holding.quantity),
  };
  return { hedge, context };
}

/** As `context`, but orders on `only`, or on every instrument, are at least so large. */
const withMinimum = (context: AdvanceContext, minQuantity: string, only?: InstrumentKey): AdvanceContext => ({
  ...context,
  market: (key) => {
    const view = context.market(key);
    if (!view || (only !== undefined && key !== only)) return view;
    return { ...view, instrument: { ...view.instrument, minQuantity: base(minQuantity) } };
  },
});

describe('completing the smaller leg', () => {
  it('cap-counted-twice: the limit is the approved worst price, however far the book has moved already', async () => {
    const { hedge, context } = await partly(99.85);
    const [attempt] = advance(hedge, context).attempts;
    expect(attempt).toMatchObject({ purpose: 'complete', side: 'sell' });
    // 100 x (1 - 0.2 %), not 99.85 x (1 - 0.2 %) = 99.65.
    expect(attempt && text(attempt.limitPrice)).toBe('99.8');
    expect(attempt && text(attempt.quantity)).toBe('5');
  });

  it('beyond the approved worst price the larger leg is trimmed instead', async () => {
    const { hedge, context } = await partly(99.79);
    expect(advance(hedge, context).attempts).toMatchObject([{ purpose: 'trim', leg: 'long', reduceOnly: true }]);
  });

  it('completion-on-a-stale-book: stale data never opens, the larger leg is trimmed instead', async () => {
    const { hedge, context } = await partly(99.98, 5_001);
    expect(advance(hedge, context).attempts).toMatchObject([{ purpose: 'trim', leg: 'long', reduceOnly: true }]);
  });
});

describe('an entry spread over time', () => {
  it('sliced-completions: each slice has its own attempts to be completed', async () => {
    const { hedge, context } = await partly(99.9);
    const [entry] = hedge.short.attempts;
    if (!entry) throw new Error('no entry');
    const spread = { style: 'sliced', slice: base('2'), intervalMs: 1, deadlineMs: 60_000, least: base('1') } as const;
    const before = { ...entry, intent: { ...entry.intent, purpose: 'complete' as const } };
    const later = { ...before, intent: { ...before.intent, at: context.now } };
    const since = (attempt: typeof entry): HedgeRecord => ({
      ...hedge,
      plan: { ...hedge.plan, entry: spread },
      stateSince: entry.intent.at + 1,
      short: { ...hedge.short, attempts: [entry, attempt, attempt] },
    });
    expect(context.settings.maxCompletions).toBe(2);
    expect(advance(since(before), context).attempts).toMatchObject([{ purpose: 'complete', leg: 'short' }]);
    expect(advance(since(later), context).attempts).toMatchObject([{ purpose: 'trim', leg: 'long' }]);
  });
});

describe('both legs smaller together', () => {
  const equal = async () => {
    const { hedge, context } = await partly(99.9);
    const short = { ...hedge.short, holding: { quantity: base('-9.5'), cost: quote('-950') } };
    return { hedge: { ...hedge, short, state: 'held', reason: 'balanced' } as HedgeRecord, context };
  };
  const steps = ({ attempts }: Advance): string[][] => attempts.map(({ leg, quantity }) => [leg, text(quantity)]);
  const changed = (hedge: HedgeRecord, context: AdvanceContext, over: Partial<Instrument>): AdvanceContext => ({
    ...context,
    market: (key) => {
      const view = context.market(key);
      return view && key === hedge.short.key ? { ...view, instrument: { ...view.instrument, ...over } } : view;
    },
  });

  it('fault-21-step-in-present-lots: a lot that became coarser, or a largest order that became smaller, leaves no leg behind', async () => {
    const { hedge, context } = await equal();
    const step = (quantity: string, over: Partial<Instrument> = {}) =>
      steps(reduceBoth(hedge, base(quantity), 'margin', '', changed(hedge, context, over)));
    expect(step('4.5')).toEqual([
      ['long', '4.5'],
      ['short', '4.5'],
    ]);
    // At least what was asked for.
    expect(step('4.5', { lot: base('2') })).toEqual([
      ['long', '6'],
      ['short', '6'],
    ]);
    expect(step('0.5', { lot: base('2') })).toEqual([
      ['long', '2'],
      ['short', '2'],
    ]);
    expect(step('4.5', { maxQuantity: base('3') })).toEqual([
      ['long', '3'],
      ['short', '3'],
    ]);
    // Not one of the new lots is left.
    expect(step('4.5', { lot: base('10') })).toEqual([]);
  });
});

describe('a clock that went back', () => {
  it('fault-48: what began later than now has had its time, and is trimmed', async () => {
    const { hedge, context } = await partly(99.98);
    expect(advance(hedge, context).attempts).toMatchObject([{ purpose: 'complete', leg: 'short' }]);
    const now = hedge.plan.at - 1_000;
    const market: AdvanceContext['market'] = (key) => {
      const view = context.market(key);
      return view?.book ? { ...view, book: { ...view.book, venueAt: now, receivedAt: now } } : view;
    };
    expect(advance(hedge, { ...context, now, market }).attempts).toMatchObject([{ purpose: 'trim' }]);
  });
});

describe('what a reduction is priced from', () => {
  it('fault-24-silent-book: the mark, when it has gone on for longer than a book may be old', async () => {
    const { hedge, context } = await partly(99.79);
    const priced = (markAheadMs: number) => {
      const market: AdvanceContext['market'] = (key) => {
        const view = context.market(key);
        if (!view?.book) return view;
        const at = view.book.receivedAt + markAheadMs;
        return { ...view, mark: { key, mark: 90, venueAt: at, receivedAt: at } };
      };
      const [attempt] = advance(hedge, { ...context, market, now: context.now + markAheadMs }).attempts;
      return attempt && Number(text(attempt.limitPrice));
    };
    const { maxBookAgeMs } = context;
    expect(priced(maxBookAgeMs)).toBeGreaterThan(99);
    expect(priced(maxBookAgeMs + 1)).toBeLessThan(90);
  });
});

describe('the cheaper repair', () => {
  const expecting = (hedge: HedgeRecord, grossUsd: number): HedgeRecord => ({
    ...hedge,
    plan: { ...hedge.plan, expectation: JSON.stringify({ grossUsd, notionalUsd: 1_000 }) },
  });

  it('a part whose funding does not pay its own round trip is trimmed, one whose does is completed', async () => {
    const { hedge, context } = await partly(99.9);
    // Round trip of 5 SOL on the short leg: fees 2 x 0.04 % and a walk of 0.12 across the book: about 0.2 % of notional.
    expect(advance(expecting(hedge, 1.5), context).attempts).toMatchObject([{ purpose: 'trim', leg: 'long' }]);
    expect(advance(expecting(hedge, 2.5), context).attempts).toMatchObject([{ purpose: 'complete', leg: 'short' }]);
  });

  it('without an expectation the price cap alone decides', async () => {
    const { hedge, context } = await partly(99.9);
    const bare = { ...hedge, plan: { ...hedge.plan, expectation: '{}' } };
    expect(advance(bare, context).attempts).toMatchObject([{ purpose: 'complete' }]);
  });

  it('fault-20-dust: what cannot be trimmed is completed though it does not pay, else both legs are closed', async () => {
    const { hedge, context } = await partly(99.9);
    const coarse = withMinimum(context, '6', hedge.long.key);
    expect(advance(expecting(hedge, 0), coarse).attempts).toMatchObject([{ purpose: 'complete' }]);
    const [move] = advance(hedge, { ...coarse, reduceOnly: true }).facts;
    expect(move).toMatchObject({ kind: 'hedge_moved', to: 'unwinding', reason: 'dust' });
  });

  it('fault-20-dust-looped-on: a leg under the smallest order is quarantined, and then left alone', async () => {
    const { hedge, context } = await partly(99.9);
    const coarse = withMinimum(context, '20');
    const unwinding: HedgeRecord = { ...hedge, state: 'unwinding', reason: 'dust' };
    expect(advance(unwinding, coarse).facts).toMatchObject([{ to: 'quarantined', reason: 'dust' }]);
    const quarantined: HedgeRecord = { ...hedge, state: 'quarantined', reason: 'dust' };
    expect(advance(quarantined, coarse).facts).toEqual([]);
  });

  it.each([
    ['exiting', 'operator_close'],
    ['unwinding', 'naked_too_long'],
  ] as const)(
    'fault-18-other-leg-still-enters: %s for %s, equal legs wait for an entry of unknown fate',
    async (state, reason) => {
      const { hedge, context } = await partly(99.9);
      const short = { ...hedge.short, holding: { quantity: base('-9.5'), cost: quote('-950') } };
      const even: HedgeRecord = { ...hedge, short, state, reason };
      expect(advance(even, context).attempts).toHaveLength(2);
      const [entry] = hedge.long.attempts;
      if (!entry) throw new Error('no entry');
      const long = { ...hedge.long, attempts: [...hedge.long.attempts, { ...entry, status: 'unknown' as const }] };
      expect(advance({ ...even, long }, context).attempts).toEqual([]);
    },
  );

  it('fault-20-excess-too-small: what no order is as small as goes with the rest of both legs, however it came to that', async () => {
    const { hedge, context } = await partly(99.9);
    const coarse = withMinimum(context, '6', hedge.long.key);
    for (const [state, reason] of [
      ['unwinding', 'naked_too_long'],
      ['quarantined', 'dust'],
    ] as const) {
      const { attempts } = advance({ ...hedge, state, reason }, coarse);
      expect(attempts.map(({ leg, quantity }) => [leg, text(quantity)])).toEqual([
        ['long', '9.5'],
        ['short', '4.5'],
      ]);
    }
  });

  it('fault-20-one-leg-too-small-to-close: an exit does not close the other and leave it naked', async () => {
    const { hedge, context } = await partly(99.9);
    const long = { ...hedge.long, holding: { ...hedge.long.holding, quantity: base('4.5') } };
    const coarse = withMinimum(context, '6', hedge.short.key);
    const next = (state: 'exiting' | 'quarantined', reason: string) =>
      advance({ ...hedge, long, state, reason }, coarse);
    expect(next('exiting', 'carry_gone').facts).toMatchObject([{ to: 'quarantined', reason: 'dust' }]);
    expect(next('quarantined', 'dust').attempts).toEqual([]);
    // A kill closes what can be closed.
    expect(next('exiting', 'kill').attempts).toMatchObject([{ leg: 'long', purpose: 'exit' }]);
  });
});
