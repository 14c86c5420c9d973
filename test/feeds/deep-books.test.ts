/** Binance tells changes of a book only: what rested beyond the levels that it began with is not told again. */
import { afterEach, expect, it } from 'vitest';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { BTC, startWorld, until, type World } from '../venues/world.ts';

let world: World;
afterEach(() => world.close());

const LEVELS = 600;
const side = (from: number, step: number, count = LEVELS): [string, string][] =>
  Array.from({ length: count }, (_, i) => [(from + step * i).toFixed(1), '1']);

it('fault-24-run-through-the-book: a price that runs through a hundred ticks finds what rested there', async () => {
  world = await startWorld('binance');
  world.book(BTC, side(49_999.9, -0.1), side(50_000, 0.1));
  const events: MarketEvent[] = [];
  const { clock, ioClock } = world;
  const feed = createDirectFeed({ connection: await world.market(), clock, ioClock, random: createSeededRandom(3) });
  feed.start(new Set(['BTC']), (event) => void events.push(event));
  const books = () => events.flatMap((event) => (event.kind === 'book' ? [event.book] : []));
  await until('a book', () => books().length > 0);
  // What rested above 50 012 is as it was, so the venue does not tell it.
  const told = books().length;
  clock.advanceTo(clock.now() + 150);
  world.book(BTC, side(50_011.9, -0.1), side(50_012, 0.1, LEVELS - 120));
  await until('the next book', () => books().length > told);
  const last = books().at(-1);
  expect([last?.bids[0]?.price, last?.asks[0]?.price]).toEqual([50_011.9, 50_012]);
  expect(events.some((event) => event.kind === 'health' && event.health.status === 'degraded')).toBe(false);
  await feed.stop();
}, 20_000);
