/**
 * Account and position settings, wallet, fees and positions. Entry point: `ACCOUNT_ROUTES`.
 * Sources: bybit-exchange.github.io/docs/v5/account, /position, /user/apikey-info.
 *
 * The margin mode of a unified account is account-wide; the model keeps it per market, so all markets move together.
 */
import { abs, isZero } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import { flatPositionRows, positionRow, walletOf, walletRow } from './account-rows.ts';
import { type Answer, type Row, refusal, refused, success } from './answer.ts';
import { pageOf } from './paging.ts';
import { categoryOf, type PrivateCall, privateRoute, type Routes } from './route.ts';
import { bybitId } from './symbols.ts';

/** Unified trading account 2.0 Pro. */
const UNIFIED_MARGIN_STATUS = 6;

export const ACCOUNT_ROUTES: Routes = {
  'GET /v5/user/query-api': privateRoute(10, apiKey),
  'GET /v5/account/info': privateRoute(50, accountInfo),
  'GET /v5/account/wallet-balance': privateRoute(50, walletBalance),
  'GET /v5/account/fee-rate': privateRoute(10, feeRates),
  'POST /v5/account/set-margin-mode': privateRoute(10, setMarginMode),
  'GET /v5/position/list': privateRoute(50, positions),
  'POST /v5/position/set-leverage': privateRoute(10, setLeverage),
  'POST /v5/position/switch-mode': privateRoute(10, switchMode),
  'POST /v5/position/switch-isolated': privateRoute(10, () => refusal(100_028, 'unified account is forbidden')),
};

function apiKey({ account, owner }: PrivateCall): Answer {
  return success({
    id: account,
    note: '',
    readOnly: 0,
    secret: '',
    permissions: {
      ContractTrade: ['Order', 'Position'],
      Wallet: owner.withdraw === true ? ['Withdraw'] : [],
      Derivatives: ['DerivativesTrade'],
    },
    ips: owner.ips === undefined || owner.ips.length === 0 ? ['*'] : owner.ips,
    type: 1,
    deadlineDay: 90,
    unified: 0,
    uta: 1,
    userID: account,
    isMaster: true,
  });
}

function accountInfo({ exchange, account, symbols, now }: PrivateCall): Answer {
  const isolated = symbols.all().every((symbol) => exchange.marginMode(account, symbol) === 'isolated');
  return success({
    marginMode: isolated ? 'ISOLATED_MARGIN' : 'REGULAR_MARGIN',
    updatedTime: String(now),
    unifiedMarginStatus: UNIFIED_MARGIN_STATUS,
    dcpStatus: 'OFF',
    timeWindow: 0,
    smpGroup: 0,
    isMasterTrader: false,
    spotHedgingStatus: 'OFF',
  });
}

function walletBalance({ params, exchange, account }: PrivateCall): Answer {
  params.oneOf('accountType', ['UNIFIED']);
  const coins = params.text('coin')?.split(',');
  if (params.problem) return params.problem;
  const wallet = walletOf(exchange, account);
  const row = walletRow(wallet, 'rest');
  const wanted = coins === undefined || coins.includes(wallet.balance.currency);
  return success({ list: [wanted ? row : { ...row, coin: [] }] });
}

/** Without a category the venue's answer is undocumented; linear is what ccxt's `fetchTradingFees` needs. */
function feeRates({ params, symbols }: PrivateCall): Answer {
  const category = params.has('category') ? categoryOf(params) : 'linear';
  const named = listed({ params, symbols }, params.text('symbol'));
  if (params.problem) return params.problem;
  const list = (category === 'linear' ? named : []).map((symbol): Row => {
    const { takerFeeRate, makerFeeRate, asset } = symbols.market(symbol).instrument;
    return { symbol: bybitId(symbol), baseCoin: asset, takerFeeRate, makerFeeRate };
  });
  return success({ category, list });
}

/**
 * Setting the mode that is already set is accepted, as on the venue. Refused as a whole when a market with a position
 * or an order cannot change.
 */
function setMarginMode({ params, exchange, account, symbols }: PrivateCall): Answer {
  const name = params.oneOf('setMarginMode', ['ISOLATED_MARGIN', 'REGULAR_MARGIN', 'PORTFOLIO_MARGIN']);
  if (params.problem) return params.problem;
  const failed = (reasonMsg: string): Answer => ({
    ...refusal(3_400_045, 'Set margin mode failed'),
    result: { reasons: [{ reasonCode: '3400000', reasonMsg }] },
  });
  if (name === 'PORTFOLIO_MARGIN') return failed('Portfolio margin is not available');
  const mode = name === 'ISOLATED_MARGIN' ? 'isolated' : 'cross';
  const changed: UnifiedSymbol[] = [];
  for (const symbol of symbols.all()) {
    const outcome = exchange.setMarginMode(account, symbol, mode);
    if (outcome.ok) changed.push(symbol);
    else if (outcome.reason !== 'no_change') {
      const previous = mode === 'isolated' ? 'cross' : 'isolated';
      for (const done of changed) exchange.setMarginMode(account, done, previous);
      return failed(`${bybitId(symbol)} has a position or an open order`);
    }
  }
  return success({ reasons: [] }, 'Request accepted');
}

function positions(call: PrivateCall): Answer {
  const { params, exchange, account, symbols } = call;
  const category = categoryOf(params);
  const id = params.text('symbol');
  const limit = params.integer('limit', 1, 200) ?? 20;
  const coin = params.text('settleCoin');
  if (category === 'linear' && id === undefined && coin === undefined) {
    params.reject('symbol', 'or settleCoin is required');
  }
  const [symbol] = id === undefined ? [] : listed(call, id);
  if (params.problem) return params.problem;
  const held = category === 'linear' ? exchange.positions(account) : [];
  const rows = held
    .filter((position) => !isZero(abs(position.contracts)))
    .filter((position) => symbol === undefined || position.symbol === symbol)
    .filter((position) => coin === undefined || symbols.market(position.symbol).instrument.settle === coin)
    .map((position) => positionRow(position, symbols.market(position.symbol)));
  if (symbol !== undefined && category === 'linear' && rows.length === 0) {
    const mode = exchange.positionMode(account);
    rows.push(...flatPositionRows(symbol, exchange.leverage(account, symbol), symbols.market(symbol), mode));
  }
  const page = pageOf(rows, (row) => String(row.symbol), limit, params);
  return params.problem ?? success({ category, list: page.items, nextPageCursor: page.cursor });
}

function setLeverage(call: PrivateCall): Answer {
  const { params, exchange, account } = call;
  params.oneOf('category', ['linear']);
  const buy = params.decimal('buyLeverage');
  const sell = params.decimal('sellLeverage');
  if (Number(buy) !== Number(sell)) params.reject('sellLeverage', 'must equal buyLeverage in one-way mode');
  const [symbol] = listed(call, params.requiredText('symbol'));
  if (params.problem || symbol === undefined) return params.problem ?? refused('unknown_symbol');
  const outcome = exchange.setLeverage(account, symbol, Number(buy));
  return outcome.ok ? success({}) : refused(outcome.reason);
}

/** Mode 0 is one-way, 3 is hedge, for one symbol or one coin; the model has one mode per account. */
function switchMode(call: PrivateCall): Answer {
  const { params, exchange, account } = call;
  params.oneOf('category', ['linear']);
  const mode = params.integer('mode', 0, 3);
  if (mode !== 0 && mode !== 3) params.reject('mode', 'must be 0 or 3');
  const symbol = params.text('symbol');
  if (symbol === undefined && params.text('coin') === undefined) params.reject('symbol', 'or coin is required');
  if (symbol !== undefined) listed(call, symbol);
  if (params.problem) return params.problem;
  const outcome = exchange.setPositionMode(account, mode === 0 ? 'one_way' : 'hedge');
  if (outcome.ok) return success({});
  if (outcome.reason === 'no_change') return refusal(110_025, 'Position mode is not modified');
  return exchange.positions(account).length > 0
    ? refusal(110_024, 'You have an existing position, so position mode cannot be switched')
    : refusal(110_028, 'Open orders exist, so you cannot change position mode');
}

/** Every listed symbol, or the one that `id` names; empty with a problem when it names none. */
function listed({ params, symbols }: Pick<PrivateCall, 'params' | 'symbols'>, id?: string): readonly UnifiedSymbol[] {
  if (id === undefined) return symbols.all();
  const symbol = symbols.symbol(id);
  if (symbol !== undefined) return [symbol];
  params.reject('symbol', 'invalid');
  return [];
}
