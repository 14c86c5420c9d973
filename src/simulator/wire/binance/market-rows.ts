/** Rows about markets that REST and streams share. */
import type { BookLevel, ExchangeMarket } from '../../exchange/api.ts';
import type { WireMarket } from './markets.ts';

/** `[price, quantity]` texts, best first. */
export const levelRows = (market: WireMarket, levels: readonly BookLevel[]): (readonly [string, string])[] =>
  levels.map((level) => [market.price(level.price), market.quantity(level.contracts)] as const);

/** Best bid and ask; an empty side is priced and sized zero. */
export function bestRows(
  market: WireMarket,
  { bids, asks }: ExchangeMarket,
): { bid: readonly [string, string]; ask: readonly [string, string] } {
  const none = [(0).toFixed(market.priceDigits), (0).toFixed(market.quantityDigits)] as const;
  return { bid: levelRows(market, bids.slice(0, 1))[0] ?? none, ask: levelRows(market, asks.slice(0, 1))[0] ?? none };
}

/** Predicted rate and next settlement; empty and 0 while the venue has none, as for dated futures. */
export function fundingTexts({ funding }: ExchangeMarket): { rate: string; nextAt: number } {
  if (funding.at === 0) return { rate: '', nextAt: 0 };
  return { rate: Number(funding.predictedRate).toFixed(8), nextAt: funding.nextSettlementAt };
}
