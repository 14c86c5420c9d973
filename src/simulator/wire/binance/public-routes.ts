/** Market data over REST. Weights and fields: the market data pages of the USDS-margined futures documentation. */
import { scale } from '../../../kernel/decimal.ts';
import type { SettledFunding } from '../../exchange/api.ts';
import { pageOf, unbounded } from './history.ts';
import { ORDERS_PER_10S, ORDERS_PER_MINUTE, WEIGHT_PER_MINUTE } from './limits.ts';
import { bestRows, fundingTexts, levelRows } from './market-rows.ts';
import type { WireMarket } from './markets.ts';
import {
  checkRange,
  defaulting,
  integer,
  optional,
  type Params,
  readParams,
  required,
  rowLimit,
  timeRange,
} from './params.ts';
import { ok, type Result, refuse } from './reply.ts';
import type { Call, Routes } from './route.ts';
import { lastText, tickerRow } from './ticker-rows.ts';

/** How Binance marks a contract that never expires. */
const NEVER = 4133404800000;
/** Only instruments off this interval are listed by fundingInfo. */
const USUAL_INTERVAL_HOURS = 8;
const DEPTH_WEIGHTS = new Map([
  [5, 2],
  [10, 2],
  [20, 2],
  [50, 2],
  [100, 5],
  [500, 10],
  [1000, 20],
]);
const DEFAULT_DEPTH = 500;
/** Open orders per account and symbol. */
export const MAX_OPEN_ORDERS = 200;

const NOTHING_LISTED = { timezone: 'UTC', rateLimits: [], exchangeFilters: [], symbols: [] };

const perSymbol = (one: number, all: number) => (params: Params) => (params.has('symbol') ? one : all);

export const PUBLIC_ROUTES: Routes = {
  'GET /fapi/v1/ping': { access: 'public', weight: 1, handle: () => ok({}) },
  'GET /fapi/v1/time': { access: 'public', weight: 1, handle: ({ now }) => ok({ serverTime: now }) },
  'GET /fapi/v1/exchangeInfo': { access: 'public', weight: 1, handle: exchangeInfo },
  'GET /fapi/v1/depth': {
    access: 'public',
    weight: (params) => DEPTH_WEIGHTS.get(Number(params.get('limit') ?? DEFAULT_DEPTH)) ?? 1,
    handle: depth,
  },
  'GET /fapi/v1/premiumIndex': { access: 'public', weight: perSymbol(1, 10), handle: oneOrAll(premiumIndexRow) },
  'GET /fapi/v1/ticker/bookTicker': { access: 'public', weight: perSymbol(2, 5), handle: oneOrAll(bookTickerRow) },
  'GET /fapi/v1/ticker/24hr': {
    access: 'public',
    weight: perSymbol(1, 40),
    handle: oneOrAll((market, { now }) => tickerRow(market, now)),
  },
  'GET /fapi/v1/ticker/price': { access: 'public', weight: perSymbol(1, 2), handle: oneOrAll(priceRow) },
  'GET /fapi/v2/ticker/price': { access: 'public', weight: perSymbol(1, 2), handle: oneOrAll(priceRow) },
  'GET /fapi/v1/fundingRate': { access: 'public', weight: 1, funding: true, handle: fundingRate },
  // The hosts of spot and of coin-margined contracts, which ccxt's client for all of Binance reads too: nothing is listed.
  'GET /api/v3/exchangeInfo': { access: 'public', weight: 20, handle: () => ok(NOTHING_LISTED) },
  'GET /dapi/v1/exchangeInfo': { access: 'public', weight: 1, handle: () => ok(NOTHING_LISTED) },
  'GET /fapi/v1/fundingInfo': { access: 'public', weight: 0, funding: true, handle: fundingInfo },
};

function oneOrAll(row: (market: WireMarket, call: Call) => unknown) {
  return (call: Call): Result<unknown> => {
    const read = readParams(call.params, { symbol: optional(call.markets.parse) });
    if (!read.ok) return read;
    const { symbol } = read.value;
    return ok(symbol ? row(symbol, call) : call.markets.all().map((market) => row(market, call)));
  };
}

function exchangeInfo({ exchange, markets, now }: Call): Result<unknown> {
  const settles = new Set(markets.all().map((market) => market.instrument.settle));
  return ok({
    timezone: 'UTC',
    serverTime: now,
    futuresType: 'U_MARGINED',
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: WEIGHT_PER_MINUTE },
      { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: ORDERS_PER_MINUTE },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: ORDERS_PER_10S },
    ],
    exchangeFilters: [],
    assets: [...settles].map((asset) => ({ asset, marginAvailable: true, autoAssetExchange: null })),
    symbols: exchange.symbols().map((symbol) => symbolRow(markets.of(symbol))),
  });
}

function symbolRow(market: WireMarket): unknown {
  const { instrument, id, priceDigits, quantityDigits } = market;
  const { minContracts, maxContracts, lot, tick, minNotional, priceBand } = instrument;
  const sizes = {
    minQty: market.quantity(minContracts),
    maxQty: market.quantity(maxContracts),
    stepSize: market.quantity(lot),
  };
  return {
    symbol: id,
    pair: id,
    contractType: 'PERPETUAL',
    deliveryDate: NEVER,
    onboardDate: 0,
    status: market.state().trading ? 'TRADING' : 'SETTLING',
    maintMarginPercent: (Number(instrument.maintenanceRate) * 100).toFixed(4),
    requiredMarginPercent: (100 / instrument.maxLeverage).toFixed(4),
    baseAsset: market.baseAsset,
    quoteAsset: market.quoteAsset,
    marginAsset: instrument.settle,
    pricePrecision: priceDigits,
    quantityPrecision: quantityDigits,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    triggerProtect: priceBand,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: market.price(tick),
        maxPrice: market.price(scale(tick, '1000000000')),
        tickSize: market.price(tick),
      },
      { filterType: 'LOT_SIZE', ...sizes },
      { filterType: 'MARKET_LOT_SIZE', ...sizes },
      { filterType: 'MAX_NUM_ORDERS', limit: MAX_OPEN_ORDERS },
      { filterType: 'MIN_NOTIONAL', notional: minNotional.toFixed() },
      {
        filterType: 'PERCENT_PRICE',
        multiplierUp: (1 + Number(priceBand)).toFixed(4),
        multiplierDown: (1 - Number(priceBand)).toFixed(4),
        multiplierDecimal: '4',
      },
    ],
    orderTypes: ['LIMIT', 'MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
  };
}

function depth({ params, markets, now }: Call): Result<unknown> {
  const read = readParams(params, { symbol: required(markets.parse), limit: defaulting(integer, DEFAULT_DEPTH) });
  if (!read.ok) return read;
  const { symbol: market, limit } = read.value;
  if (!DEPTH_WEIGHTS.has(limit)) {
    return refuse(-4021, `Invalid depth limit. Valid limits: [${[...DEPTH_WEIGHTS.keys()].join(', ')}]`);
  }
  const { bids, asks, bookSequence, bookAt } = market.state();
  return ok({
    lastUpdateId: bookSequence,
    E: now,
    T: bookAt,
    bids: levelRows(market, bids.slice(0, limit)),
    asks: levelRows(market, asks.slice(0, limit)),
  });
}

function premiumIndexRow(market: WireMarket, { now }: Call): unknown {
  const state = market.state();
  const { rate, nextAt } = fundingTexts(state);
  return {
    symbol: market.id,
    markPrice: state.mark.toFixed(8),
    indexPrice: state.index.toFixed(8),
    // The model has no separate settlement estimate; for perpetuals it follows the index.
    estimatedSettlePrice: state.index.toFixed(8),
    lastFundingRate: rate,
    interestRate: '0.00010000',
    nextFundingTime: nextAt,
    time: now,
  };
}

function bookTickerRow(market: WireMarket): unknown {
  const state = market.state();
  const { bid, ask } = bestRows(market, state);
  return {
    symbol: market.id,
    bidPrice: bid[0],
    bidQty: bid[1],
    askPrice: ask[0],
    askQty: ask[1],
    lastUpdateId: state.bookSequence,
    time: state.bookAt,
  };
}

function priceRow(market: WireMarket, { now }: Call): unknown {
  return { symbol: market.id, price: lastText(market), time: now };
}

function fundingInfo({ markets }: Call): Result<unknown> {
  const unusual = markets.all().filter((market) => {
    const { at, intervalHours } = market.state().funding;
    return at > 0 && intervalHours !== USUAL_INTERVAL_HOURS;
  });
  return ok(
    unusual.map((market) => ({
      symbol: market.id,
      fundingIntervalHours: market.state().funding.intervalHours,
      disclaimer: false,
    })),
  );
}

function fundingRate({ exchange, params, markets }: Call): Result<unknown> {
  const read = readParams(params, {
    symbol: optional(markets.parse),
    ...timeRange,
    limit: defaulting(rowLimit(1000), 100),
  });
  if (!read.ok) return read;
  const { symbol, startTime, endTime, limit } = read.value;
  const wrong = checkRange(startTime, endTime);
  if (wrong) return wrong;
  const wanted = symbol ? [symbol] : markets.all();
  const rows = wanted.flatMap((market) => exchange.fundingHistory(market.symbol));
  const page = pageOf(rows, unbounded({ startTime, endTime, limit }));
  return ok(page.map((row) => fundingRateRow(markets.of(row.symbol), row)));
}

function fundingRateRow(market: WireMarket, { rate, mark, at }: SettledFunding): unknown {
  return { symbol: market.id, fundingRate: Number(rate).toFixed(8), fundingTime: at, markPrice: mark.toFixed(8) };
}
