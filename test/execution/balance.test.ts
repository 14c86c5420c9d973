/** Completing the smaller leg: only on a fresh book, and never dearer than the entry was approved at. */
import { describe, expect, it } from 'vitest';
import { advance } from '../../src/execution/advance.ts';
import type { AdvanceContext } from '../../src/execution/next.ts';
import { abs, base, quote, text } from '../../src/kernel/decimal.ts';
import type { HedgeRecord } from '../../src/ledger/state.ts';
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
  };
  return { hedge, context };
}

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
