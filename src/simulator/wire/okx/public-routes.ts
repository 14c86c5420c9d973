/** Public REST endpoints: time, instruments, funding, books, prices. Entry point: `PUBLIC_ROUTES`. */
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import { DAY_MS } from '../../../kernel/instant.ts';
import type { Exchange, ExchangeMarket } from '../../exchange/api.ts';
import type { WireResponse } from '../dialect.ts';
import {
  fundingRow,
  indexRow,
  instrumentRow,
  levelsOf,
  markRow,
  settledRow,
  tickerRow,
  tierRow,
} from './market-rows.ts';
import { missing, page, selectSymbols, text, wholeNumber } from './params.ts';
import { Refused, type Row, refusal, success } from './reply.ts';
import type { PublicCall, Route } from './route.ts';

const MAX_FAMILIES = 5;
const MAX_BOOK_DEPTH = 400;
/** "Get funding rate history": up to three months, in pages of 400. */
const SETTLED_PAGE = 400;
const SETTLED_REACH_MS = 90 * DAY_MS;
const ip = (count: number) => ({ count, per: 'ip' }) as const;
const ipAndInstrument = (count: number) => ({ count, per: 'ip', perInstrument: true }) as const;

export const PUBLIC_ROUTES: readonly Route[] = [
  get('public/time', ip(10), ({ now }) => success([{ ts: String(now) }])),
  get('public/instruments', ip(20), instruments),
  get('public/funding-rate', ipAndInstrument(10), fundingRate),
  get('public/funding-rate-history', ipAndInstrument(10), fundingRateHistory),
  get('public/mark-price', ipAndInstrument(10), markPrice),
  get('public/position-tiers', ip(10), positionTiers),
  get('market/books', ip(40), books),
  get('market/ticker', ip(20), ticker),
  get('market/tickers', ip(20), tickers),
  get('market/index-tickers', ip(20), indexTickers),
];

function get(path: string, limit: Route['limit'], run: (call: PublicCall) => WireResponse): Route {
  return { method: 'GET', path: `/api/v5/${path}`, access: 'public', limit, run };
}

/** The one instrument that `instId` names. */
function named({ ids, exchange, params }: PublicCall): ExchangeMarket | Refused {
  const absent = missing(params, 'instId');
  if (absent !== undefined) return absent;
  const symbol = ids.symbol(text(params, 'instId'));
  const market = symbol === undefined ? undefined : exchange.market(symbol);
  return market ?? new Refused('51001');
}

function rows(
  exchange: Exchange,
  symbols: readonly UnifiedSymbol[],
  row: (market: ExchangeMarket) => Row | undefined,
): readonly Row[] {
  const found: Row[] = [];
  for (const symbol of symbols) {
    const market = exchange.market(symbol);
    const made = market === undefined ? undefined : row(market);
    if (made !== undefined) found.push(made);
  }
  return found;
}

/** Rows of the instruments that the parameters select; `instType` is required. */
function byType(call: PublicCall, row: (market: ExchangeMarket) => Row | undefined): WireResponse {
  const absent = missing(call.params, 'instType');
  if (absent !== undefined) return refusal(absent);
  const symbols = selectSymbols(call.params, call.ids);
  return symbols instanceof Refused ? refusal(symbols) : success(rows(call.exchange, symbols, row));
}

function instruments(call: PublicCall): WireResponse {
  const all = call.exchange.symbols();
  return byType(call, (market) => instrumentRow(market, all.indexOf(market.instrument.symbol) + 1));
}

function fundingRate(call: PublicCall): WireResponse {
  const { exchange, params } = call;
  if (text(params, 'instId') === 'ANY') {
    return success(rows(exchange, exchange.symbols(), (market) => fundingRow(exchange, market)));
  }
  const market = named(call);
  if (market instanceof Refused) return refusal(market);
  return success(rows(exchange, [market.instrument.symbol], () => fundingRow(exchange, market)));
}

function fundingRateHistory(call: PublicCall): WireResponse {
  const market = named(call);
  if (market instanceof Refused) return refusal(market);
  const all = call.exchange.fundingHistory(market.instrument.symbol);
  const settled = all.filter(({ at }) => call.now - at <= SETTLED_REACH_MS).reverse();
  const kept = page(settled, ({ at }) => String(at), call.params, SETTLED_PAGE);
  return kept instanceof Refused ? refusal(kept) : success(kept.map(settledRow));
}

function markPrice(call: PublicCall): WireResponse {
  return byType(
    text(call.params, 'instId') === '' ? call : { ...call, params: { instType: 'SWAP', ...call.params } },
    markRow,
  );
}

/** By underlying, up to `MAX_FAMILIES` of them separated by commas. */
function positionTiers({ exchange, ids, params }: PublicCall): WireResponse {
  const absent = missing(params, 'instType', 'tdMode');
  if (absent !== undefined) return refusal(absent);
  if (!['cross', 'isolated'].includes(text(params, 'tdMode'))) return refusal(new Refused('51000', 'tdMode'));
  const families = (text(params, 'instFamily') || text(params, 'uly')).split(',');
  if (families[0] === '') return refusal(new Refused('50014', 'instFamily'));
  if (families.length > MAX_FAMILIES) return refusal(new Refused('51000', 'instFamily'));
  const found = selectSymbols({ instType: text(params, 'instType') }, ids);
  if (found instanceof Refused) return refusal(found);
  const named = families.map((family) => ids.ofUnderlying(family));
  return success(
    rows(
      exchange,
      found.filter((symbol) => named.includes(symbol)),
      tierRow,
    ),
  );
}

function books(call: PublicCall): WireResponse {
  const market = named(call);
  if (market instanceof Refused) return refusal(market);
  const depth = wholeNumber(call.params, 'sz') ?? 1;
  if (depth instanceof Refused || depth < 1 || depth > MAX_BOOK_DEPTH) return refusal(new Refused('51000', 'sz'));
  return success([
    {
      asks: levelsOf(market.asks, depth),
      bids: levelsOf(market.bids, depth),
      seqId: market.bookSequence,
      ts: String(call.now),
    },
  ]);
}

function ticker(call: PublicCall): WireResponse {
  const market = named(call);
  return market instanceof Refused ? refusal(market) : success([tickerRow(market, call.now)]);
}

function tickers(call: PublicCall): WireResponse {
  return byType(call, (market) => tickerRow(market, call.now));
}

/** By index id (`BTC-USDT`) or by quote currency. */
function indexTickers({ exchange, ids, params }: PublicCall): WireResponse {
  const index = text(params, 'instId');
  const quoteCcy = text(params, 'quoteCcy');
  if (index === '' && quoteCcy === '') return refusal(new Refused('50014', 'instId'));
  if (index === '') {
    const quoted = exchange.symbols().filter((symbol) => symbol.includes(`/${quoteCcy}:`));
    return success(rows(exchange, quoted, indexRow));
  }
  const symbol = ids.ofUnderlying(index);
  return symbol === undefined ? refusal(new Refused('51001')) : success(rows(exchange, [symbol], indexRow));
}
