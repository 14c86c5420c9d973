/**
 * Instruments, tickers and settled rates as Bybit reports them. Entry points: `instrumentRow`, `tickerRow`,
 * `settledRow`, `riskLimitRow`. Fields: docs/v5/market/instrument, .../tickers, .../risk-limit.
 *
 * The model keeps no 24-hour statistics and no open interest: the former repeat the last price, the latter is 0.
 */
import { type Quote, quote, round, text } from '../../../kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../../kernel/instant.ts';
import type { BookLevel, ExchangeMarket, SettledFunding } from '../../exchange/api.ts';
import { lastPrice } from '../last-price.ts';
import { limitValue } from '../position-limits.ts';
import type { Row } from './answer.ts';
import { bybitId } from './symbols.ts';

/** The model has no absolute price cap; its price band is what limits orders. */
const MAX_PRICE = '9999999';
const RATE_DIGITS = 6;

export const instrumentStatus = (market: ExchangeMarket): string => (market.trading ? 'Trading' : 'Closed');

/** `fundingInterval` is in minutes; 0 while the market source has not told it. */
export function instrumentRow(market: ExchangeMarket): Row {
  const { instrument, funding } = market;
  const maxQuantity = text(instrument.maxContracts);
  return {
    symbol: bybitId(instrument.symbol),
    contractType: 'LinearPerpetual',
    status: instrumentStatus(market),
    baseCoin: instrument.asset,
    quoteCoin: instrument.settle,
    settleCoin: instrument.settle,
    launchTime: '0',
    deliveryTime: '0',
    deliveryFeeRate: '',
    priceScale: String(text(instrument.tick).split('.')[1]?.length ?? 0),
    leverageFilter: { minLeverage: '1', maxLeverage: instrument.maxLeverage.toFixed(2), leverageStep: '0.01' },
    priceFilter: { minPrice: text(instrument.tick), maxPrice: MAX_PRICE, tickSize: text(instrument.tick) },
    lotSizeFilter: {
      maxOrderQty: maxQuantity,
      minOrderQty: text(instrument.minContracts),
      qtyStep: text(instrument.lot),
      postOnlyMaxOrderQty: maxQuantity,
      maxMktOrderQty: maxQuantity,
      minNotionalValue: text(instrument.minNotional),
    },
    unifiedMarginTrade: true,
    fundingInterval: (funding.intervalHours * HOUR_MS) / MINUTE_MS,
    copyTrading: 'none',
    upperFundingRate: '',
    lowerFundingRate: '',
    isPreListing: false,
    preListingInfo: null,
    riskParameters: { priceLimitRatioX: instrument.priceBand, priceLimitRatioY: instrument.priceBand },
    displayName: '',
  };
}

/** `fundingRate` is the running estimate for the settlement at `nextFundingTime`; empty while unknown. */
export function tickerRow(market: ExchangeMarket): Readonly<Record<string, string>> {
  const { funding, bids, asks } = market;
  const last = text(lastPrice(market) ?? market.last);
  const known = funding.at > 0;
  return {
    symbol: bybitId(market.instrument.symbol),
    tickDirection: 'ZeroPlusTick',
    lastPrice: last,
    indexPrice: text(market.index),
    markPrice: text(market.mark),
    prevPrice24h: last,
    price24hPcnt: '0',
    highPrice24h: last,
    lowPrice24h: last,
    prevPrice1h: last,
    openInterest: '0',
    openInterestValue: '0',
    turnover24h: '0',
    volume24h: '0',
    fundingRate: known ? funding.predictedRate : '',
    nextFundingTime: known ? String(funding.nextSettlementAt) : '',
    fundingIntervalHour: known ? String(funding.intervalHours) : '',
    predictedDeliveryPrice: '',
    basisRate: '',
    basis: '',
    deliveryFeeRate: '',
    deliveryTime: '0',
    bid1Price: priceOf(bids[0]),
    bid1Size: sizeOf(bids[0]),
    ask1Price: priceOf(asks[0]),
    ask1Size: sizeOf(asks[0]),
  };
}

export const settledRow = (settled: SettledFunding): Row => ({
  symbol: bybitId(settled.symbol),
  fundingRate: settled.rate,
  fundingRateTimestamp: String(settled.at),
});

/** The one tier of a market, up to the largest position that it may have; in settle currency. */
export function riskLimitRow(market: ExchangeMarket): Row {
  const { symbol, maintenanceRate, maxLeverage } = market.instrument;
  return {
    id: 1,
    symbol: bybitId(symbol),
    riskLimitValue: text(limitValue(market)),
    maintenanceMargin: maintenanceRate,
    initialMargin: text(round(quote('1').div(String(maxLeverage)) as Quote, RATE_DIGITS)),
    isLowestRisk: 1,
    maxLeverage: maxLeverage.toFixed(2),
    mmDeduction: '',
  };
}

/** A level on the wire: price and size. */
export type WireLevel = readonly [price: string, size: string];

export const wireLevels = (levels: readonly BookLevel[]): readonly WireLevel[] =>
  levels.map((level) => [text(level.price), text(level.contracts)] as const);

const priceOf = (level: BookLevel | undefined): string => (level === undefined ? '' : text(level.price));
const sizeOf = (level: BookLevel | undefined): string => (level === undefined ? '' : text(level.contracts));
