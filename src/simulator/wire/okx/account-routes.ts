/** Signed account endpoints: configuration, balance, positions, leverage, fees, bills. Entry point: `ACCOUNT_ROUTES`. */
import { createHash } from 'node:crypto';
import { text as decimalText, isZero, neg, quote } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import { DAY_MS } from '../../../kernel/instant.ts';
import type { WireResponse } from '../dialect.ts';
import { balanceRow, billsOf, flatPositionRow, positionRow } from './account-rows.ts';
import { instIdOf } from './instrument-ids.ts';
import type { MarginMode } from './margin-modes.ts';
import { missing, page, selectSymbols, text, timeFilter } from './params.ts';
import { Refused, type Row, refusal, success } from './reply.ts';
import type { PrivateCall, Route } from './route.ts';

const user = (count: number) => ({ count, per: 'user' }) as const;

export const ACCOUNT_ROUTES: readonly Route[] = [
  route('GET', 'account/config', user(5), config),
  route('GET', 'account/balance', user(10), balance),
  route('GET', 'account/positions', user(10), positions),
  route('GET', 'account/leverage-info', user(20), leverageInfo),
  route('GET', 'account/trade-fee', user(5), tradeFee),
  route('GET', 'account/bills', user(10), (call) => bills(call, 7 * DAY_MS)),
  route('GET', 'account/bills-archive', user(5), (call) => bills(call, 90 * DAY_MS)),
  route('POST', 'account/set-leverage', user(20), setLeverage),
  route('POST', 'account/set-position-mode', user(5), setPositionMode),
];

function route(
  method: 'GET' | 'POST',
  path: string,
  limit: Route['limit'],
  run: (call: PrivateCall) => WireResponse,
): Route {
  return { method, path: `/api/v5/${path}`, access: 'private', limit, run };
}

/** A stable 17-digit user id for an account of the model. */
export function uidOf(account: string): string {
  const digest = createHash('sha256').update(account).digest();
  return String((digest.readBigUInt64BE() % 90_000_000_000_000_000n) + 10_000_000_000_000_000n);
}

function config({ exchange, account, owner }: PrivateCall): WireResponse {
  const uid = uidOf(account);
  return success([
    {
      acctLv: '2',
      acctStpMode: 'cancel_maker',
      autoLoan: false,
      ctIsoMode: 'automatic',
      enableSpotBorrow: false,
      feeType: '0',
      greeksType: 'PA',
      ip: (owner.ips ?? []).join(),
      kycLv: '3',
      label: account,
      level: 'Lv1',
      levelTmp: '',
      liquidationGear: '-1',
      mainUid: uid,
      mgnIsoMode: 'automatic',
      opAuth: '0',
      perm: owner.withdraw === true ? 'read_only,withdraw,trade' : 'read_only,trade',
      posMode: exchange.positionMode(account) === 'hedge' ? 'long_short_mode' : 'net_mode',
      roleType: '0',
      settleCcy: exchange.balance(account).currency,
      spotBorrowAutoRepay: false,
      spotOffsetType: '',
      spotRoleType: '0',
      spotTraderInsts: [],
      stgyType: '0',
      traderInsts: [],
      type: '0',
      uid,
    },
  ]);
}

function balance({ exchange, account, params, now }: PrivateCall): WireResponse {
  const held = exchange.balance(account);
  const wanted = text(params, 'ccy');
  const row = balanceRow(held, now);
  return success([wanted === '' || wanted.split(',').includes(held.currency) ? row : { ...row, details: [] }]);
}

/** Open positions; an instrument that is named and was traded before is shown flat, as the venue does. */
function positions(call: PrivateCall): WireResponse {
  const { exchange, account, ids, params } = call;
  const symbols = selectSymbols(params, ids);
  if (symbols instanceof Refused) return refusal(symbols);
  const open = exchange.positions(account).filter(({ symbol }) => symbols.includes(symbol));
  const rows: Row[] = open.map((position) => positionRow(exchange, account, position));
  if (text(params, 'instId') !== '') {
    for (const symbol of symbols) {
      if (open.some((position) => position.symbol === symbol)) continue;
      const last = exchange.trades(account, symbol).at(-1);
      if (last !== undefined) rows.push(flatPositionRow(exchange, account, symbol, last.at));
    }
  }
  return success(rows);
}

function leverageRow({ modes, account }: PrivateCall, symbol: UnifiedSymbol, mgnMode: MarginMode): Row {
  return {
    ccy: '',
    instId: instIdOf(symbol),
    lever: String(modes.leverage(account, symbol, mgnMode)),
    mgnMode,
    posSide: 'net',
  };
}

function leverageInfo(call: PrivateCall): WireResponse {
  const { ids, params } = call;
  const absent = missing(params, 'instId', 'mgnMode');
  if (absent !== undefined) return refusal(absent);
  const mode = text(params, 'mgnMode');
  if (mode !== 'isolated' && mode !== 'cross') return refusal(new Refused('51000', 'mgnMode'));
  const symbols = selectSymbols(params, ids);
  if (symbols instanceof Refused) return refusal(symbols);
  return success(symbols.map((symbol) => leverageRow(call, symbol, mode)));
}

/** Of one margin mode; each order chooses its own. Setting what already holds succeeds. */
function setLeverage(call: PrivateCall): WireResponse {
  const { modes, account, ids, params } = call;
  const absent = missing(params, 'instId', 'lever', 'mgnMode');
  if (absent !== undefined) return refusal(absent);
  const symbol = ids.symbol(text(params, 'instId'));
  if (symbol === undefined) return refusal(new Refused('51001'));
  const mode = text(params, 'mgnMode');
  if (mode !== 'isolated' && mode !== 'cross') return refusal(new Refused('51000', 'mgnMode'));
  const lever = text(params, 'lever');
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(lever)) return refusal(new Refused('51000', 'lever'));
  if (!['', 'net'].includes(text(params, 'posSide'))) return refusal(new Refused('51000', 'posSide'));
  const reason = modes.setLeverage(account, symbol, mode, Number(lever));
  if (reason !== undefined) return refusal(new Refused(reason === 'position_open' ? '59108' : '59102'));
  return success([leverageRow(call, symbol, mode)]);
}

function setPositionMode({ exchange, account, params }: PrivateCall): WireResponse {
  const absent = missing(params, 'posMode');
  if (absent !== undefined) return refusal(absent);
  const posMode = text(params, 'posMode');
  if (posMode !== 'net_mode' && posMode !== 'long_short_mode') return refusal(new Refused('51000', 'posMode'));
  const set = exchange.setPositionMode(account, posMode === 'net_mode' ? 'one_way' : 'hedge');
  return set.ok || set.reason === 'no_change' ? success([{ posMode }]) : refusal(new Refused('59000'));
}

/** Rates are negative when the account pays. */
function tradeFee({ exchange, ids, params, now }: PrivateCall): WireResponse {
  const absent = missing(params, 'instType');
  if (absent !== undefined) return refusal(absent);
  const symbols = selectSymbols(params, ids);
  if (symbols instanceof Refused) return refusal(symbols);
  const instrument = symbols[0] === undefined ? undefined : exchange.market(symbols[0])?.instrument;
  if (instrument === undefined) return success([]);
  const maker = charged(instrument.makerFeeRate);
  const taker = charged(instrument.takerFeeRate);
  return success([
    {
      category: '1',
      delivery: '',
      exercise: '',
      instType: text(params, 'instType'),
      level: 'Lv1',
      maker,
      makerU: maker,
      makerUSDC: maker,
      taker,
      takerU: taker,
      takerUSDC: taker,
      ts: String(now),
    },
  ]);
}

function charged(rate: string): string {
  const exact = quote(rate);
  return decimalText(isZero(exact) ? exact : neg(exact));
}

function bills(call: PrivateCall, horizonMs: number): WireResponse {
  const { exchange, account, ids, params, now } = call;
  const symbols = selectSymbols(params, ids);
  if (symbols instanceof Refused) return refusal(symbols);
  const within = timeFilter(params);
  if (within instanceof Refused) return refusal(within);
  const currency = text(params, 'ccy');
  const type = text(params, 'type');
  const subType = text(params, 'subType');
  if (!['', exchange.balance(account).currency].includes(currency) || text(params, 'ctType') === 'inverse') {
    return success([]);
  }
  const wanted = billsOf(exchange, account).filter(
    (bill) =>
      symbols.includes(bill.symbol) &&
      now - bill.at <= horizonMs &&
      within(bill.at) &&
      (type === '' || bill.type === type) &&
      (subType === '' || bill.row.subType === subType),
  );
  const kept = page(wanted, ({ billId }) => billId, params);
  return kept instanceof Refused ? refusal(kept) : success(kept.map(({ row }) => row));
}
