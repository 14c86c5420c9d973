/** Settled rates are asked for until the newest settlement is among them, also when it lies just before the start. */
import { expect, it } from 'vitest';
import { followSettledRates } from '../../src/feeds/settled-rates.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { success } from '../../src/kernel/outcome.ts';
import type { SettledRate } from '../../src/market/funding.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { BTC_LISTING } from './listing.ts';

const { instrument } = BTC_LISTING;
const SETTLED_AT = 486_112 * HOUR_MS;

/** Started `lateMs` after a settlement, which the venue lists `listedMs` after it. */
function started(lateMs: number, listedMs: number) {
  const clock = createSimClock(SETTLED_AT + lateMs);
  const asked: number[] = [];
  const heard: number[] = [];
  const feed: MarketFeed = {
    venue: instrument.venue,
    start: () => {},
    deliveredAt: () => ({ book: 0, funding: 0 }),
    stop: async () => {},
    settledRates: async (_, sinceAt) => {
      asked.push(clock.now() - SETTLED_AT);
      const listed = [SETTLED_AT - 8 * HOUR_MS, SETTLED_AT, SETTLED_AT + 8 * HOUR_MS].filter(
        (at) => at >= sinceAt && clock.now() >= at + listedMs,
      );
      return success<readonly SettledRate[]>(
        listed.map((settledAt) => ({ key: instrument.key, settledRate: 0.0001, settledAt })),
        clock.now(),
      );
    },
  };
  const onMarket = followSettledRates({
    feed,
    clock,
    assets: new Set(['BTC']),
    sink: (event) => {
      if (event.kind === 'settled')
        heard.push(...event.rates.map(({ settledAt }) => (settledAt - SETTLED_AT) / HOUR_MS));
    },
  });
  const quote = (nextSettlementAt: number): void => {
    const times = { venueAt: clock.now(), receivedAt: clock.now() };
    onMarket({
      kind: 'funding',
      quote: { key: instrument.key, predictedRate: 0.0001, intervalHours: 8, nextSettlementAt, ...times },
    });
  };
  return {
    clock,
    asked,
    heard,
    quote,
    list: () => onMarket({ kind: 'instruments', venue: instrument.venue, instruments: [instrument] }),
  };
}

const pass = async (world: ReturnType<typeof started>, ms: number): Promise<void> => {
  for (let left = ms; left > 0; left -= 1_000) {
    world.clock.advanceTo(world.clock.now() + Math.min(left, 1_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
};

it.each(['before', 'after'] as const)(
  'settled-before-the-start: a rate that is not listed yet is asked for again (the quote %s the history)',
  async (order) => {
    const world = started(3_000, 20_000);
    world.list();
    if (order === 'after') await pass(world, 1_000);
    world.quote(SETTLED_AT + 8 * HOUR_MS);
    await pass(world, 60_000);
    expect(world.heard).toEqual([-8, 0]);
    expect(world.asked.length).toBeLessThanOrEqual(5);
  },
);

it('what the history holds already is not asked for again, and the next settlement is', async () => {
  const world = started(HOUR_MS, 2_000);
  world.list();
  world.quote(SETTLED_AT + 8 * HOUR_MS);
  await pass(world, 60_000);
  expect(world.asked).toEqual([HOUR_MS]);
  expect(world.heard).toEqual([-8, 0]);
  world.clock.advanceTo(SETTLED_AT + 8 * HOUR_MS);
  world.quote(SETTLED_AT + 16 * HOUR_MS);
  await pass(world, 10_000);
  expect(world.heard).toEqual([-8, 0, 8]);
  expect(world.asked).toHaveLength(2);
});
