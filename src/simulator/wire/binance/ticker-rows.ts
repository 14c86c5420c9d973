/**
 * The rolling day of one market, over REST (`tickerRow`) and as streams (`tickerFrame`, `miniTickerFrame`). The model keeps no statistics of
 * the day: prices repeat the last one, volumes are 0. Fields: "24hr Ticker Price Change Statistics", "Individual Symbol
 * Ticker Streams" and "Individual Symbol Mini Ticker Stream" of the USDS-margined futures documentation.
 */
import { DAY_MS, type Instant } from '../../../kernel/instant.ts';
import { lastPrice } from '../last-price.ts';
import type { WireMarket } from './markets.ts';

export function tickerRow(market: WireMarket, now: Instant): unknown {
  const last = lastText(market);
  return {
    symbol: market.id,
    priceChange: '0',
    priceChangePercent: '0.000',
    weightedAvgPrice: last,
    lastPrice: last,
    lastQty: '0',
    openPrice: last,
    highPrice: last,
    lowPrice: last,
    volume: '0',
    quoteVolume: '0',
    openTime: now - DAY_MS,
    closeTime: now,
    firstId: -1,
    lastId: -1,
    count: 0,
  };
}

export function tickerFrame(market: WireMarket, now: Instant): unknown {
  const last = lastText(market);
  return {
    e: '24hrTicker',
    E: now,
    s: market.id,
    p: '0',
    P: '0.000',
    w: last,
    c: last,
    Q: '0',
    o: last,
    h: last,
    l: last,
    v: '0',
    q: '0',
    O: now - DAY_MS,
    C: now,
    F: -1,
    L: -1,
    n: 0,
  };
}

export function miniTickerFrame(market: WireMarket, now: Instant): unknown {
  const last = lastText(market);
  return { e: '24hrMiniTicker', E: now, s: market.id, c: last, o: last, h: last, l: last, v: '0', q: '0' };
}

/** Zero before the first book and trade. */
export function lastText(market: WireMarket): string {
  const state = market.state();
  return market.price(lastPrice(state) ?? state.last);
}
