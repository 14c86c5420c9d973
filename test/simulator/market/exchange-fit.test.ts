/** Market sources on the real exchange models: what they publish must be accepted and paid there. */
import { describe, expect, it } from 'vitest';
import { contracts, neg, quote, scale, text, toNumber } from '../../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../../src/kernel/instant.ts';
import { createSimClock } from '../../../src/simulator/clock.ts';
import type { Exchange } from '../../../src/simulator/exchange/api.ts';
import { createExchange } from '../../../src/simulator/exchange/exchange.ts';
import { BAR_MS, parseBars } from '../../../src/simulator/market/csv.ts';
import { createGenerator } from '../../../src/simulator/market/generator.ts';
import { createReplay, replayWindow } from '../../../src/simulator/market/replay.ts';
import type { MarketSource } from '../../../src/simulator/market/source.ts';
import { exchangeInstruments } from '../../../src/simulator/market/venue-profiles.ts';
import { createSeededRandom } from '../../../src/simulator/random.ts';

const VENUES = ['binance', 'bybit', 'okx'];
const SYMBOL = 'BTC/USDT:USDT';

function venues(clock: ReturnType<typeof createSimClock>, assets?: readonly string[]): Map<string, Exchange> {
  return new Map(
    VENUES.map((venue) => [venue, createExchange({ venue, clock, instruments: exchangeInstruments(venue, assets) })]),
  );
}

function runToEnd(clock: ReturnType<typeof createSimClock>, source: MarketSource): void {
  for (let at = source.nextAt(); at !== undefined; at = source.nextAt()) {
    clock.advanceTo(at);
    source.step(at);
  }
}

describe('sources on exchange models', () => {
  it('the generator fills every market of every venue, and the models take a day of it', () => {
    const startAt = Date.UTC(2024, 4, 6, 3, 17, 30);
    const clock = createSimClock(startAt);
    const exchanges = venues(clock);
    const source = createGenerator({
      clock,
      random: createSeededRandom('fit'),
      exchanges,
      stepMs: 20 * MINUTE_MS,
      endAt: startAt + 24 * HOUR_MS,
    });
    const okx = exchanges.get('okx');
    expect(okx?.fundingHistory(SYMBOL).length).toBeGreaterThanOrEqual(21);
    const history = okx?.fundingHistory(SYMBOL).length ?? 0;
    runToEnd(clock, source);
    for (const exchange of exchanges.values()) {
      expect(exchange.symbols()).toHaveLength(12);
      for (const symbol of exchange.symbols()) {
        const market = exchange.market(symbol);
        expect([market?.bookAt, market?.markAt, market?.funding.at]).toEqual(Array(3).fill(startAt + 24 * HOUR_MS));
      }
    }
    // 08:00, 16:00 and 00:00.
    expect(okx?.fundingHistory(SYMBOL)).toHaveLength(history + 3);
  });

  it('replay pays positions at the open of the bar, with its sign: the short receives a positive rate', () => {
    const at = Date.UTC(2024, 0, 1);
    const header = 'time_ms,venue,market,open,high,low,close,volume,funding_rate\n';
    const rows = VENUES.flatMap((venue) => [
      `${at},${venue},${SYMBOL},40000,40100,39900,40000,20000,0.0001\n`,
      `${at + BAR_MS},${venue},${SYMBOL},41000,41100,40900,41000,20000,0.0005\n`,
    ]);
    const { bars } = parseBars(header + rows.sort().join(''), 'inline.csv');
    const window = replayWindow(bars);
    if (!window) throw new Error('no window');
    const clock = createSimClock(window.firstAt);
    const exchanges = venues(clock, ['BTC']);
    const source = createReplay({ clock, exchanges, bars, window });
    const okx = exchanges.get('okx');
    if (!okx) throw new Error('no okx');
    okx.openAccount('main', quote('100000'));
    const placed = okx.place('main', {
      symbol: SYMBOL,
      side: 'sell',
      type: 'market',
      tif: 'IOC',
      contracts: contracts('10'),
      reduceOnly: false,
    });
    expect(placed.ok).toBe(true);
    runToEnd(clock, source);
    const [payment, ...more] = okx.payments('main');
    expect(more).toEqual([]);
    // 10 contracts of 0.01 BTC at 41000 are 4100 USDT; 0.05 % of it, received.
    expect(payment && [text(payment.amount), payment.rate, payment.at]).toEqual(['2.05', '0.0005', at + BAR_MS]);
    expect(payment && text(neg(scale(payment.contracts, 1)))).toBe('10');
    expect(toNumber(okx.balance('main').wallet)).toBeLessThan(100_002.05);
  });
});
