/**
 * Public market data as OKX writes it, for REST and for the public channels. What the market source has not said yet
 * is left out, never shown as zero. Book sizes are contracts.
 */
import { add, type Quote, quote, round, scale, sub, text } from '../../../kernel/decimal.ts';
import { HOUR_MS, type Instant } from '../../../kernel/instant.ts';
import type { BookLevel, Exchange, ExchangeMarket, SettledFunding } from '../../exchange/api.ts';
import { lastPrice } from '../last-price.ts';
import { instIdOf, underlyingOf } from './instrument-ids.ts';
import type { Row } from './reply.ts';

const RATE_DIGITS = 6;

/** [price, contracts, deprecated, orders] */
export type Level = readonly [string, string, '0', '1'];

export const levelsOf = (levels: readonly BookLevel[], depth: number): readonly Level[] =>
  levels.slice(0, depth).map(({ price, contracts }) => [text(price), text(contracts), '0', '1']);

export function instrumentRow(market: ExchangeMarket, code: number): Row {
  const { instrument } = market;
  const underlying = underlyingOf(instrument.symbol);
  return {
    alias: '',
    auctionEndTime: '',
    baseCcy: '',
    category: '1',
    contTdSwTime: '',
    ctMult: '1',
    ctType: 'linear',
    ctVal: text(instrument.contractSize),
    ctValCcy: instrument.asset,
    expTime: '',
    futureSettlement: false,
    instFamily: underlying,
    instId: instIdOf(instrument.symbol),
    instIdCode: code,
    instType: 'SWAP',
    lever: String(instrument.maxLeverage),
    listTime: '1573557408000',
    lotSz: text(instrument.lot),
    maxLmtAmt: '20000000',
    maxLmtSz: text(instrument.maxContracts),
    maxMktAmt: '',
    maxMktSz: text(instrument.maxContracts),
    minSz: text(instrument.minContracts),
    openType: '',
    optType: '',
    quoteCcy: '',
    ruleType: 'normal',
    settleCcy: instrument.settle,
    state: market.trading ? 'live' : 'suspend',
    stk: '',
    tickSz: text(instrument.tick),
    uly: underlying,
  };
}

/**
 * `fundingRate` is the estimate for the settlement at `fundingTime`; `nextFundingTime` is the settlement after that and
 * its rate is not known. Undefined until the source has given funding.
 */
export function fundingRow(exchange: Exchange, market: ExchangeMarket): Row | undefined {
  const { funding, instrument } = market;
  if (funding.at === 0) return undefined;
  const settled = exchange.fundingHistory(instrument.symbol).at(-1);
  return {
    formulaType: 'withRate',
    fundingRate: funding.predictedRate,
    fundingTime: String(funding.nextSettlementAt),
    impactValue: '',
    instId: instIdOf(instrument.symbol),
    instType: 'SWAP',
    interestRate: '',
    maxFundingRate: '0.015',
    method: 'current_period',
    minFundingRate: '-0.015',
    nextFundingRate: '',
    nextFundingTime: String(funding.nextSettlementAt + funding.intervalHours * HOUR_MS),
    premium: '',
    prevFundingTime: String(funding.nextSettlementAt - funding.intervalHours * HOUR_MS),
    settFundingRate: settled?.rate ?? '',
    settState: 'settled',
    ts: String(funding.at),
  };
}

export function settledRow(settled: SettledFunding): Row {
  return {
    formulaType: 'withRate',
    fundingRate: settled.rate,
    fundingTime: String(settled.at),
    instId: instIdOf(settled.symbol),
    instType: 'SWAP',
    method: 'current_period',
    realizedRate: settled.rate,
  };
}

/** Undefined until the first mark. */
export function markRow(market: ExchangeMarket): Row | undefined {
  if (market.markAt === 0) return undefined;
  return {
    instId: instIdOf(market.instrument.symbol),
    instType: 'SWAP',
    markPx: text(market.mark),
    ts: String(market.markAt),
  };
}

/** Undefined until the first mark. */
export function indexRow(market: ExchangeMarket): Row | undefined {
  if (market.markAt === 0) return undefined;
  return {
    high24h: '',
    idxPx: text(market.index),
    instId: underlyingOf(market.instrument.symbol),
    low24h: '',
    open24h: '',
    sodUtc0: '',
    sodUtc8: '',
    ts: String(market.markAt),
  };
}

export function tickerRow(market: ExchangeMarket, now: Instant): Row {
  const bid = market.bids[0];
  const ask = market.asks[0];
  return {
    askPx: ask === undefined ? '' : text(ask.price),
    askSz: ask === undefined ? '' : text(ask.contracts),
    bidPx: bid === undefined ? '' : text(bid.price),
    bidSz: bid === undefined ? '' : text(bid.contracts),
    high24h: '',
    instId: instIdOf(market.instrument.symbol),
    instType: 'SWAP',
    last: lastText(market),
    lastSz: '',
    low24h: '',
    open24h: '',
    sodUtc0: '',
    sodUtc8: '',
    ts: String(now),
    vol24h: '',
    volCcy24h: '',
  };
}

/** The one tier of an instrument in either margin mode, up to the largest position that it may have, in contracts. */
export function tierRow({ instrument }: ExchangeMarket): Row {
  return {
    baseMaxLoan: '',
    imr: text(round(quote('1').div(String(instrument.maxLeverage)) as Quote, RATE_DIGITS)),
    instFamily: underlyingOf(instrument.symbol),
    instId: '',
    maxLever: String(instrument.maxLeverage),
    maxSz: text(instrument.maxContracts),
    minSz: '0',
    mmr: instrument.maintenanceRate,
    optMgnFactor: '0',
    quoteMaxLoan: '',
    tier: '1',
    uly: underlyingOf(instrument.symbol),
  };
}

/** Empty until the first book or trade. */
export function lastText(market: ExchangeMarket): string {
  const last = lastPrice(market);
  return last === undefined ? '' : text(last);
}

/** Highest buy and lowest sell price that the venue accepts now. */
export function priceLimits({ instrument, mark }: ExchangeMarket): { readonly buy: string; readonly sell: string } {
  const reach = scale(mark, instrument.priceBand);
  return { buy: text(add(mark, reach)), sell: text(sub(mark, reach)) };
}
