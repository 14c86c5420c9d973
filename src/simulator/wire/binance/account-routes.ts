/** Account, settings and income over REST. Weights and fields: the account and trade pages of the documentation. */
import { DAY_MS, type Instant } from '../../../kernel/instant.ts';
import type { Exchange } from '../../exchange/api.ts';
import { accountRow, balanceRows, maxNotional, oldPositionRow, positionRiskRow } from './account-rows.ts';
import { pageOf, unbounded, windowed } from './history.ts';
import { cash, idNumber, type WireMarket, type WireMarkets } from './markets.ts';
import { feeIncome } from './order-rows.ts';
import {
  checkRange,
  defaulting,
  flag,
  integer,
  oneOf,
  optional,
  readParams,
  required,
  rowLimit,
  timeRange,
} from './params.ts';
import { ok, type Result, refuse, SUCCESS } from './reply.ts';
import type { PrivateCall, Routes } from './route.ts';

const INCOME_VISIBLE_MS = 90 * DAY_MS;
/** More pages than any history fills. */
const MAX_PAGE = 1_000_000;
const DEFAULT_INCOME_MS = 7 * DAY_MS;
/** Income that the model knows; the others exist at Binance and are simply empty here. */
const INCOME_TYPES = [
  'FUNDING_FEE',
  'COMMISSION',
  'REALIZED_PNL',
  'TRANSFER',
  'WELCOME_BONUS',
  'INSURANCE_CLEAR',
] as const;
type IncomeType = (typeof INCOME_TYPES)[number];

export const ACCOUNT_ROUTES: Routes = {
  'GET /fapi/v3/account': { access: 'signed', weight: 5, handle: account },
  'GET /fapi/v3/balance': { access: 'signed', weight: 5, handle: balance },
  'GET /fapi/v2/balance': { access: 'signed', weight: 5, handle: balance },
  'GET /fapi/v3/positionRisk': { access: 'signed', weight: 5, handle: positionRisk },
  'GET /fapi/v2/positionRisk': { access: 'signed', weight: 5, handle: oldPositionRisk },
  'GET /fapi/v1/leverageBracket': { access: 'signed', weight: 1, handle: leverageBracket },
  'GET /fapi/v1/symbolConfig': { access: 'signed', weight: 5, handle: symbolConfig },
  'GET /fapi/v1/accountConfig': { access: 'signed', weight: 5, handle: accountConfig },
  'GET /fapi/v1/commissionRate': { access: 'signed', weight: 20, handle: commissionRate },
  'GET /fapi/v1/feeBurn': { access: 'signed', weight: 30, handle: feeBurn },
  'GET /fapi/v1/positionSide/dual': { access: 'signed', weight: 30, handle: positionSide },
  'POST /fapi/v1/positionSide/dual': { access: 'signed', weight: 1, handle: changePositionSide },
  'POST /fapi/v1/leverage': { access: 'signed', weight: 1, handle: changeLeverage },
  'POST /fapi/v1/marginType': { access: 'signed', weight: 1, handle: changeMarginType },
  'GET /fapi/v1/income': { access: 'signed', weight: 30, handle: income },
};

function account({ exchange, markets, account: name, now }: PrivateCall): Result<unknown> {
  return ok(accountRow(exchange, markets, name, now));
}

function balance({ exchange, account: name, now }: PrivateCall): Result<unknown> {
  return ok(balanceRows(exchange, name, now));
}

/** Symbols with a position or an open order; v3 leaves the others out. */
function positionRisk(call: PrivateCall): Result<unknown> {
  const read = readParams(call.params, { symbol: optional(call.markets.parse) });
  if (!read.ok) return read;
  const { exchange, markets, account: name } = call;
  const { symbol: only } = read.value;
  const held = new Map(exchange.positions(name).map((position) => [position.symbol, position]));
  const active = new Set([...held.keys(), ...exchange.openOrders(name).map(({ symbol }) => symbol)]);
  const wanted = [...active].map((symbol) => markets.of(symbol)).filter((market) => !only || market === only);
  return ok(wanted.map((market) => positionRiskRow(exchange, name, market, held.get(market.symbol))));
}

/** The market that `symbol` names; without it, all. */
function wantedMarkets({ markets, params }: PrivateCall): Result<readonly WireMarket[]> {
  const read = readParams(params, { symbol: optional(markets.parse) });
  if (!read.ok) return read;
  return ok(read.value.symbol ? [read.value.symbol] : markets.all());
}

function oldPositionRisk(call: PrivateCall): Result<unknown> {
  const { exchange, account: name } = call;
  const wanted = wantedMarkets(call);
  if (!wanted.ok) return wanted;
  const held = new Map(exchange.positions(name).map((position) => [position.symbol, position]));
  return ok(wanted.value.map((market) => oldPositionRow(exchange, name, market, held.get(market.symbol))));
}

function leverageBracket(call: PrivateCall): Result<unknown> {
  const wanted = wantedMarkets(call);
  if (!wanted.ok) return wanted;
  return ok(
    wanted.value.map((market) => ({
      symbol: market.id,
      notionalCoef: 1,
      brackets: [
        {
          bracket: 1,
          initialLeverage: market.instrument.maxLeverage,
          notionalCap: Number(maxNotional(market)),
          notionalFloor: 0,
          maintMarginRatio: Number(market.instrument.maintenanceRate),
          cum: 0,
        },
      ],
    })),
  );
}

function symbolConfig(call: PrivateCall): Result<unknown> {
  const { exchange, account: name } = call;
  const wanted = wantedMarkets(call);
  if (!wanted.ok) return wanted;
  return ok(
    wanted.value.map((market) => ({
      symbol: market.id,
      marginType: exchange.marginMode(name, market.symbol) === 'isolated' ? 'ISOLATED' : 'CROSSED',
      isAutoAddMargin: false,
      leverage: exchange.leverage(name, market.symbol),
      maxNotionalValue: maxNotional(market),
    })),
  );
}

function accountConfig({ exchange, account: name }: PrivateCall): Result<unknown> {
  return ok({
    feeTier: 0,
    canTrade: true,
    canDeposit: true,
    canWithdraw: false,
    dualSidePosition: exchange.positionMode(name) === 'hedge',
    updateTime: 0,
    multiAssetsMargin: false,
    tradeGroupId: -1,
  });
}

function commissionRate({ markets, params }: PrivateCall): Result<unknown> {
  const read = readParams(params, { symbol: required(markets.parse) });
  if (!read.ok) return read;
  const { id, instrument } = read.value.symbol;
  const { makerFeeRate, takerFeeRate } = instrument;
  return ok({ symbol: id, makerCommissionRate: makerFeeRate, takerCommissionRate: takerFeeRate });
}

/** Fees are always paid in the settle currency here. */
function feeBurn(): Result<unknown> {
  return ok({ feeBurn: false });
}

function positionSide({ exchange, account: name }: PrivateCall): Result<unknown> {
  return ok({ dualSidePosition: exchange.positionMode(name) === 'hedge' });
}

function changePositionSide({ exchange, params, account: name }: PrivateCall): Result<unknown> {
  const read = readParams(params, { dualSidePosition: required(flag) });
  if (!read.ok) return read;
  const changed = exchange.setPositionMode(name, read.value.dualSidePosition ? 'hedge' : 'one_way');
  if (changed.ok) return ok(SUCCESS);
  if (changed.reason === 'no_change') return refuse(-4059, 'No need to change position side.');
  return exchange.openOrders(name).length > 0
    ? refuse(-4067, 'Position side cannot be changed if there exists open orders.')
    : refuse(-4068, 'Position side cannot be changed if there exists position.');
}

function changeLeverage({ exchange, params, markets, account: name }: PrivateCall): Result<unknown> {
  const read = readParams(params, { symbol: required(markets.parse), leverage: required(integer) });
  if (!read.ok) return read;
  const { symbol: market, leverage } = read.value;
  if (!market.state().trading) return refuse(-4141, 'Symbol is closed.');
  const held = exchange.positions(name).find(({ symbol }) => symbol === market.symbol);
  const isIsolated = exchange.marginMode(name, market.symbol) === 'isolated';
  if (held && isIsolated && leverage >= 1 && leverage < held.leverage) {
    return refuse(-4161, 'Leverage reduction is not supported in Isolated Margin Mode with open positions');
  }
  const changed = exchange.setLeverage(name, market.symbol, leverage);
  // Setting what is set already succeeds on this venue.
  if (!changed.ok && changed.reason !== 'no_change') {
    return changed.reason === 'bad_leverage'
      ? refuse(-4028, `Leverage ${leverage} is not valid`)
      : refuse(-2028, 'Leverage is smaller than permitted: insufficient margin balance');
  }
  return ok({ leverage, maxNotionalValue: maxNotional(market), symbol: market.id });
}

function changeMarginType({ exchange, params, markets, account: name }: PrivateCall): Result<unknown> {
  const read = readParams(params, {
    symbol: required(markets.parse),
    marginType: required(oneOf(['ISOLATED', 'CROSSED'] as const, refuse(-4049, 'Invalid margin type.'))),
  });
  if (!read.ok) return read;
  const { symbol: market, marginType } = read.value;
  const changed = exchange.setMarginMode(name, market.symbol, marginType === 'ISOLATED' ? 'isolated' : 'cross');
  if (changed.ok) return ok(SUCCESS);
  if (changed.reason === 'no_change') return refuse(-4046, 'No need to change margin type.');
  return exchange.openOrders(name, market.symbol).length > 0
    ? refuse(-4047, 'Margin type cannot be changed if there exists open orders.')
    : refuse(-4048, 'Margin type cannot be changed if there exists position.');
}

interface IncomeRow {
  readonly at: Instant;
  readonly row: Record<string, unknown>;
}

function income({ exchange, params, markets, account: name, now }: PrivateCall): Result<unknown> {
  const read = readParams(params, {
    symbol: optional(markets.parse),
    incomeType: optional(oneOf(INCOME_TYPES, refuse(-1130, "Data sent for parameter 'incomeType' is not valid."))),
    ...timeRange,
    page: defaulting(rowLimit(MAX_PAGE), 1),
    limit: defaulting(rowLimit(1000), 100),
  });
  if (!read.ok) return read;
  const { symbol: only, incomeType, startTime, endTime, page: number, limit } = read.value;
  const wrong = checkRange(startTime, endTime);
  if (wrong) return wrong;
  const all = incomeRows(exchange, markets, name, only, incomeType).filter(({ at }) => at >= now - INCOME_VISIBLE_MS);
  const asked = { startTime, endTime, limit };
  const bounded = startTime === undefined && endTime === undefined;
  const page = bounded ? windowed(asked, DEFAULT_INCOME_MS, now) : unbounded(asked);
  const rows = pageOf(all, { ...page, number });
  return ok(rows.map(({ row }) => row));
}

function incomeRows(
  exchange: Exchange,
  markets: WireMarkets,
  name: string,
  only: WireMarket | undefined,
  incomeType: IncomeType | undefined,
): IncomeRow[] {
  const wants = (type: IncomeType): boolean => incomeType === undefined || incomeType === type;
  const rows: IncomeRow[] = [];
  const add = (
    type: IncomeType,
    item: { symbol: string; at: Instant },
    amount: string,
    tranId: string,
    tradeId = '',
  ): void => {
    const market = markets.of(item.symbol);
    rows.push({
      at: item.at,
      row: {
        symbol: market.id,
        incomeType: type,
        income: amount,
        asset: market.instrument.settle,
        info: type,
        time: item.at,
        tranId: idNumber(tranId),
        tradeId,
      },
    });
  };
  if (wants('FUNDING_FEE')) {
    for (const payment of exchange.payments(name, only?.symbol)) {
      add('FUNDING_FEE', payment, cash(payment.amount), payment.paymentId);
    }
  }
  for (const trade of exchange.trades(name, only?.symbol)) {
    if (wants('COMMISSION')) add('COMMISSION', trade, feeIncome(trade), trade.tradeId, trade.tradeId);
    if (wants('REALIZED_PNL') && !trade.realizedPnl.eq('0')) {
      add('REALIZED_PNL', trade, cash(trade.realizedPnl), trade.tradeId, trade.tradeId);
    }
  }
  return rows;
}
