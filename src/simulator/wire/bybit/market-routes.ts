/** Public market endpoints. Entry point: `MARKET_ROUTES`. Source: bybit-exchange.github.io/docs/v5/market. */
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { ExchangeMarket } from '../../exchange/api.ts';
import { type Answer, success } from './answer.ts';
import { instrumentRow, instrumentStatus, riskLimitRow, settledRow, tickerRow, wireLevels } from './market-rows.ts';
import { type Page, pageOf } from './paging.ts';
import { type Call, categoryOf, publicRoute, type Routes } from './route.ts';
import { bybitId } from './symbols.ts';

/** Symbols on one page of risk limits. */
const RISK_LIMIT_PAGE = 15;
const LAST_INSTANT = 9_999_999_999_999;

export const MARKET_ROUTES: Routes = {
  'GET /v5/market/time': publicRoute(time),
  'GET /v5/market/instruments-info': publicRoute(instruments),
  'GET /v5/market/tickers': publicRoute(tickers),
  'GET /v5/market/orderbook': publicRoute(orderBook),
  'GET /v5/market/funding/history': publicRoute(fundingHistory),
  'GET /v5/market/risk-limit': publicRoute(riskLimits),
};

function time({ now }: Call): Answer {
  return success({ timeSecond: String(Math.floor(now / 1_000)), timeNano: `${now}000000` });
}

/** Only trading instruments unless one is named or a status is asked for. */
function instruments({ params, symbols }: Call): Answer {
  const category = categoryOf(params);
  const limit = params.integer('limit', 1, 1_000) ?? 500;
  const asset = params.text('baseCoin');
  const named = params.text('symbol');
  const status = params.text('status') ?? (named === undefined ? 'Trading' : undefined);
  const listed = category === 'linear' ? listedMarkets({ params, symbols }, named) : [];
  const matching = listed.filter(
    (market) =>
      (status === undefined || instrumentStatus(market) === status) &&
      (asset === undefined || market.instrument.asset === asset),
  );
  const page = pageOf(matching, (market) => bybitId(market.instrument.symbol), limit, params);
  if (params.problem) return params.problem;
  return success({ category, list: page.items.map(instrumentRow), nextPageCursor: nextCursor(page, matching) });
}

function riskLimits({ params, symbols }: Call): Answer {
  const category = params.oneOf('category', ['linear', 'inverse']);
  const markets = category === 'linear' ? listedMarkets({ params, symbols }, params.text('symbol')) : [];
  const page = pageOf(markets, (market) => bybitId(market.instrument.symbol), RISK_LIMIT_PAGE, params);
  if (params.problem) return params.problem;
  return success({ category, list: page.items.map(riskLimitRow), nextPageCursor: nextCursor(page, markets) });
}

/** Unlike the account's lists, the last page names no next one. */
const nextCursor = ({ items, cursor }: Page<ExchangeMarket>, all: readonly ExchangeMarket[]): string =>
  items.at(-1) === all.at(-1) ? '' : cursor;

function tickers({ params, symbols }: Call): Answer {
  const category = categoryOf(params);
  const markets = category === 'linear' ? listedMarkets({ params, symbols }, params.text('symbol')) : [];
  if (params.problem) return params.problem;
  return success({ category, list: markets.map(tickerRow) });
}

/** `ts` and `cts` are when the book last changed, so a frozen book shows its age. */
function orderBook(call: Call): Answer {
  const { params } = call;
  const market = requiredMarket(call);
  const depth = params.integer('limit', 1, 500) ?? 25;
  if (params.problem || market === undefined) return params.problem ?? success({});
  return success({
    s: bybitId(market.instrument.symbol),
    b: wireLevels(market.bids.slice(0, depth)),
    a: wireLevels(market.asks.slice(0, depth)),
    ts: market.bookAt,
    u: market.bookSequence + 1,
    seq: market.bookSequence,
    cts: market.bookAt,
  });
}

/** Newest first. A start without an end is an error, as the venue documents. */
function fundingHistory(call: Call): Answer {
  const { params, exchange, now } = call;
  const market = requiredMarket(call);
  const limit = params.integer('limit', 1, 200) ?? 200;
  const start = params.integer('startTime', 0, LAST_INSTANT);
  const end = params.integer('endTime', 0, LAST_INSTANT);
  if (start !== undefined && end === undefined) params.reject('endTime', 'is required with startTime');
  if (start !== undefined && end !== undefined && end < start) params.reject('startTime', 'is after endTime');
  if (params.problem || market === undefined) return params.problem ?? success({});
  const rows = exchange
    .fundingHistory(market.instrument.symbol)
    .filter((settled) => settled.at >= (start ?? 0) && settled.at <= (end ?? now))
    .slice(-limit)
    .reverse();
  return success({ category: 'linear', list: rows.map(settledRow) });
}

function listedMarkets({ params, symbols }: Pick<Call, 'params' | 'symbols'>, id?: string): readonly ExchangeMarket[] {
  if (id === undefined) return symbols.all().map((symbol) => symbols.market(symbol));
  const symbol = listedSymbol({ params, symbols }, id);
  return symbol === undefined ? [] : [symbols.market(symbol)];
}

function listedSymbol({ params, symbols }: Pick<Call, 'params' | 'symbols'>, id: string): UnifiedSymbol | undefined {
  const symbol = symbols.symbol(id);
  if (symbol === undefined) params.reject('symbol', 'invalid');
  return symbol;
}

/** The linear market that `symbol` names; undefined after a problem. */
function requiredMarket({ params, symbols }: Call): ExchangeMarket | undefined {
  if (categoryOf(params) !== 'linear') params.reject('category', 'has no such market');
  const id = params.requiredText('symbol');
  const symbol = id === '' ? undefined : listedSymbol({ params, symbols }, id);
  return symbol === undefined ? undefined : symbols.market(symbol);
}
