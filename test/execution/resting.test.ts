/** Where a resting order stands, and what it is hedged by: the pure machine on hand-made books. */
import { describe, expect, it } from 'vitest';
import { advance } from '../../src/execution/advance.ts';
import type { AdvanceContext } from '../../src/execution/next.ts';
import { abs, base, quote, text } from '../../src/kernel/decimal.ts';
import type { HedgeRecord } from '../../src/ledger/state.ts';
import type { Level } from '../../src/market/book.ts';
import { MAKER, tradeThrough } from '../engine/styles.ts';
import { World } from '../engine/world.ts';
import { SETTINGS } from '../engine/world-setup.ts';

interface Scene {
  readonly hedge: HedgeRecord;
  /** Three seconds after the order was placed, with these bids on alpha. */
  readonly context: (bids?: readonly Level[], change?: Partial<AdvanceContext>) => AdvanceContext;
}

/** A buy of 9.5 rests on alpha at 99.98, the best bid then, under a limit of 100.2. */
async function scene(filled = 0): Promise<Scene> {
  const world = new World({ settings: MAKER });
  world.boot();
  await world.run(500);
  if (filled > 0) tradeThrough(world, 'alpha', filled);
  await world.run(1, 1);
  const hedge = world.hedge();
  const now = world.clock.now() + 3_000;
  const context: Scene['context'] = (bids, change = {}) => ({
    now,
    market: (key) => {
      const view = world.engine.core.market.get(key);
      if (!view?.book) return view;
      const book = { ...view.book, receivedAt: now, venueAt: now };
      return { ...view, book: key === hedge.long.key && bids ? { ...book, bids } : book };
    },
    settings: MAKER.execution,
    ids: world.engine.core.ids,
    reduceOnly: false,
    reachable: true,
    doubt: { kind: 'none' },
    standing: (leg) => abs(leg.holding.quantity),
    reducible: (leg) => abs(leg.holding.quantity),
    maxBookAgeMs: SETTINGS.risk.data.maxBookAgeMs,
    ...change,
  });
  return { hedge, context };
}

const cancels = ({ hedge, context }: Scene, bids: readonly Level[]): number =>
  advance(hedge, context(bids)).cancels?.length ?? 0;

describe('the price at rest', () => {
  it('stays while it is the best bid among others, and moves after a better one', async () => {
    const world = await scene();
    expect(cancels(world, [{ price: 99.98, size: 50 }])).toBe(0);
    expect(
      cancels(world, [
        { price: 99.99, size: 1 },
        { price: 99.98, size: 50 },
      ]),
    ).toBe(1);
  });

  it('follows-itself: a level that holds no more than our own order is our own order', async () => {
    const world = await scene();
    // Alone at the top: the others have gone down, and so does it.
    expect(
      cancels(world, [
        { price: 99.98, size: 9.5 },
        { price: 99.9, size: 50 },
      ]),
    ).toBe(1);
    expect(
      cancels(world, [
        { price: 99.98, size: 9.6 },
        { price: 99.9, size: 50 },
      ]),
    ).toBe(0);
  });

  it('never beyond the approved worst price, however far the market goes', async () => {
    const { hedge, context } = await scene();
    const free: HedgeRecord = { ...hedge, long: { ...hedge.long, attempts: [] } };
    const at = (price: number) => {
      const book = context([{ price, size: 50 }]);
      const market: AdvanceContext['market'] = (key) => {
        const view = book.market(key);
        return view?.book && key === hedge.long.key
          ? { ...view, book: { ...view.book, asks: [{ price: price + 0.5, size: 50 }] } }
          : view;
      };
      return advance(free, { ...book, market }).attempts.map((attempt) => text(attempt.limitPrice));
    };
    expect(at(99.5)).toEqual(['99.5']);
    expect(at(100.1)).toEqual(['100.1']);
    expect(at(101)).toEqual(['100.2']);
  });

  it('a stale book neither places nor moves anything', async () => {
    const { hedge, context } = await scene();
    const free: HedgeRecord = { ...hedge, long: { ...hedge.long, attempts: [] } };
    const later = context([{ price: 99.9, size: 50 }], { maxBookAgeMs: -1 });
    expect(advance(free, later).attempts).toEqual([]);
    expect(advance(hedge, later).cancels).toEqual([]);
  });
});

describe('hedging its fills', () => {
  it('overfilled-maker: the other leg is never brought beyond what was planned', async () => {
    const { hedge, context } = await scene(4);
    const long = { ...hedge.long, holding: { quantity: base('15'), cost: quote('1500') } };
    const short = { ...hedge.short, attempts: [], holding: { quantity: base('-4'), cost: quote('-400') } };
    const [attempt] = advance({ ...hedge, long, short }, context()).attempts;
    expect(attempt).toMatchObject({ leg: 'short', purpose: 'complete', side: 'sell', style: 'ioc' });
    expect(attempt && text(attempt.quantity)).toBe('5.5');
  });

  it('capped from where the other book stands now, in whole common lots', async () => {
    const { hedge, context } = await scene();
    const long = { ...hedge.long, holding: { quantity: base('3.4'), cost: quote('340') } };
    const [attempt] = advance({ ...hedge, long }, context()).attempts;
    expect(attempt && [text(attempt.quantity), text(attempt.limitPrice)]).toEqual(['3', '99.8']);
  });

  it('fault-20-stranded: a lead that the other venue takes no order for waits from its last fill, not from the cancel', async () => {
    const { hedge, context } = await scene();
    const plain = context();
    const { now } = plain;
    const market: AdvanceContext['market'] = (key) => {
      const view = plain.market(key);
      if (!view || key !== hedge.short.key) return view;
      return { ...view, instrument: { ...view.instrument, minQuantity: base('5') } };
    };
    const stranded = (filledAgoMs: number) => {
      const attempts = hedge.long.attempts.map((each) => ({
        ...each,
        status: 'canceled' as const,
        filled: base('3'),
        filledAt: now - filledAgoMs,
        changedAt: now - 100,
      }));
      const long = { ...hedge.long, attempts, holding: { quantity: base('3'), cost: quote('300') } };
      return advance({ ...hedge, long }, { ...plain, market }).facts;
    };
    expect(stranded(4_900)).toEqual([]);
    expect(stranded(5_100)).toMatchObject([{ kind: 'hedge_moved', from: 'entering', to: 'balancing' }]);
  });

  it('killed: nothing is completed any more', async () => {
    const { hedge, context } = await scene();
    const long = { ...hedge.long, holding: { quantity: base('3'), cost: quote('300') } };
    const stop = { kind: 'end', reason: 'killed' } as const;
    const next = advance({ ...hedge, long }, context(undefined, { reduceOnly: true, stop }));
    expect(next.attempts).toEqual([]);
    expect(next.cancels).toHaveLength(1);
  });
});
