/** Every market of a venue at once: more books than its request limit, the queue before it or one call can take. */
import { afterEach, expect, it } from 'vitest';
import { createDirectFeed } from '../../src/feeds/direct.ts';
import { px } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import type { MarketFeed } from '../../src/ports/market-feed.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { instrumentsOf, keyOf, START, startWorld, until, VENUES, type World } from '../venues/world.ts';

/** Binance lists more than five hundred perpetuals. */
const SYMBOLS = Array.from({ length: 550 }, (_, i) => `C${i}/USDT:USDT`);
const ASKS = [['101', '10']] as const;

let world: World;
let feed: MarketFeed;
afterEach(async () => {
  await feed.stop();
  await world.close();
});

it.each(VENUES)(
  'whole-market: %s has every book within minutes, and again after the connections are lost',
  async (name) => {
    const more = SYMBOLS.map((symbol, i) => ({ ...instrumentsOf(name).SOL, asset: `C${i}`, symbol }));
    world = await startWorld(name, ['BTC', 'ETH'], '100000', {}, more);
    for (const symbol of SYMBOLS) {
      world.exchange.setMark(symbol, px('100'), px('100'));
      world.book(symbol, [['99', '10']], ASKS);
      world.exchange.setFunding(symbol, {
        predictedRate: '0.0001',
        intervalHours: 8,
        nextSettlementAt: START + 4 * HOUR_MS,
      });
    }
    const told = new Set<string>();
    let health: string | undefined;
    const { clock, ioClock } = world;
    feed = createDirectFeed({ connection: await world.market(), clock, ioClock, random: createSeededRandom(3) });
    feed.start(new Set(), (event) => {
      if (event.kind === 'book') told.add(event.book.key);
      else if (event.kind === 'health') health = event.health.status;
    });
    const wanted = SYMBOLS.length + 2;
    await until('every book', () => told.size === wanted, 30_000);
    expect(clock.now() - START).toBeLessThan(5 * MINUTE_MS);
    told.clear();
    const lostAt = clock.now();
    world.server.dropStreams();
    let size = 10;
    const everyBookAgain = () => {
      // Without a change there is nothing to tell.
      size += 1;
      clock.advanceTo(clock.now() + 100);
      for (const symbol of SYMBOLS) if (!told.has(keyOf(world, symbol))) world.book(symbol, [['99', `${size}`]], ASKS);
      return told.size >= SYMBOLS.length;
    };
    await until('every book again', everyBookAgain, 30_000);
    expect(clock.now() - lostAt).toBeLessThan(5 * MINUTE_MS);
    expect(health).toBe('up');
  },
  90_000,
);
