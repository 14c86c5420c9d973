/** fault-26: a crossed or an empty book opens nothing, and an exit over it is priced off the mark, within its cap. */
import { describe, expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { px, toNumber } from '../../src/kernel/decimal.ts';
import type { Level } from '../../src/market/book.ts';
import { World } from './world.ts';
import { SETTINGS, SOL } from './world-setup.ts';

const far = (price: number): Level[] => [{ price, size: 100 }];

/** What alpha's feed shows; the marks stay near 100, and so do the exchange's own books. */
const BAD: Readonly<Record<string, { readonly bids: Level[]; readonly asks: Level[] }>> = {
  crossed: { bids: far(140), asks: far(60) },
  'locked far away': { bids: far(140), asks: far(140) },
  empty: { bids: [], asks: [] },
};

/** Until the returned function is called. */
function show(world: World, kind: string): () => void {
  const push = world.engine.push.bind(world.engine);
  const spy = vi.spyOn(world.engine, 'push').mockImplementation((event: EngineEvent) => {
    const isBook = event.kind === 'market' && event.event.kind === 'book';
    if (!isBook || !event.event.book.key.startsWith('alpha')) return push(event);
    push({ ...event, event: { ...event.event, book: { ...event.event.book, ...BAD[kind] } } });
  });
  return () => spy.mockRestore();
}

describe.each(Object.keys(BAD))('a book that is %s', (kind) => {
  it('fault-26-entry: opens nothing', async () => {
    const world = new World();
    world.boot();
    show(world, kind);
    await world.run(5_000);
    expect(world.submitted).toEqual([]);
  });

  it('fault-26-exit: its orders are capped from the mark, not from the book', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    const before = world.submitted.length;
    const end = show(world, kind);
    await world.run(1);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(3_000);
    const onAlpha = world.submitted.slice(before).filter(({ key }) => key.startsWith('alpha'));
    expect(onAlpha.length).toBeGreaterThan(0);
    const mark = toNumber(world.exchanges.alpha.market(SOL)?.mark ?? px('1'));
    const { exitPriceCapRate, exitPriceCapMaxRate } = SETTINGS.execution;
    const below = onAlpha.map(({ limitPrice }) => 1 - toNumber(limitPrice) / mark);
    expect(below[0]).toBeCloseTo(exitPriceCapRate, 3);
    for (const rate of below) expect(rate).toBeLessThanOrEqual(exitPriceCapMaxRate + 0.001);
    expect(onAlpha.every(({ reduceOnly, side }) => reduceOnly && side === 'sell')).toBe(true);
    end();
    await world.run(30_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });
});
