/**
 * Balances, positions and bills as OKX writes them. Entry points: `balanceRow`, `positionRow`, `flatPositionRow`,
 * `billsOf`. A bill's `balChg` is the change of the cash balance: positive = received.
 */
import {
  abs,
  add,
  contractsToBase,
  isPositive,
  isZero,
  neg,
  notional,
  type Quote,
  ratio,
  round,
  sub,
  text,
} from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Instant } from '../../../kernel/instant.ts';
import type {
  Exchange,
  ExchangeBalance,
  ExchangePayment,
  ExchangePosition,
  ExchangeTrade,
} from '../../exchange/api.ts';
import { instIdOf } from './instrument-ids.ts';
import { lastText } from './market-rows.ts';
import { billIdOf, tradeSubType } from './order-rows.ts';
import type { Row } from './reply.ts';

const RATIO_DIGITS = 16;

/**
 * `cashBal` is the wallet (deposits, realised PnL, funding and fees), `eq` adds the unrealised PnL, `availEq` is what
 * can margin new positions and `frozenBal` what positions and orders hold.
 */
export function balanceRow(balance: ExchangeBalance, now: Instant): Row {
  const at = String(now);
  const equity = text(balance.equity);
  const upl = text(sub(balance.equity, balance.wallet));
  const detail: Row = {
    accAvgPx: '',
    availBal: text(balance.available),
    availEq: text(balance.available),
    borrowFroz: '0',
    cashBal: text(balance.wallet),
    ccy: balance.currency,
    crossLiab: '0',
    disEq: equity,
    eq: equity,
    eqUsd: equity,
    fixedBal: '0',
    frozenBal: text(balance.locked),
    imr: '',
    interest: '0',
    isoEq: '',
    isoLiab: '0',
    isoUpl: '',
    liab: '0',
    maxLoan: '0',
    mgnRatio: '',
    mmr: '',
    notionalLever: '',
    ordFrozen: '0',
    spotInUseAmt: '',
    stgyEq: '0',
    twap: '0',
    uTime: at,
    upl,
    uplLiab: '0',
  };
  return {
    adjEq: '',
    availEq: '',
    borrowFroz: '',
    details: [detail],
    imr: '',
    isoEq: '',
    mgnRatio: '',
    mmr: '',
    notionalUsd: '',
    ordFroz: '',
    totalEq: equity,
    uTime: at,
    upl,
  };
}

export function positionRow(exchange: Exchange, account: string, position: ExchangePosition): Row {
  const { contracts, symbol } = position;
  if (isZero(contracts)) return flatPositionRow(exchange, account, symbol, position.updatedAt);
  const market = exchange.market(symbol);
  if (market === undefined) return {};
  const mode = exchange.marginMode(account, symbol);
  const value = abs(notional(contractsToBase(contracts, market.instrument.contractSize), position.mark));
  const margin = text(position.isolatedMargin);
  const equity = add(position.isolatedMargin, position.unrealizedPnl);
  return {
    ...flatPositionRow(exchange, account, symbol, position.updatedAt),
    availPos: text(contracts),
    avgPx: text(position.entryPrice),
    imr: mode === 'cross' ? margin : '',
    last: lastText(market),
    liqPx: position.liquidationPrice === undefined ? '' : text(position.liquidationPrice),
    margin: mode === 'isolated' ? margin : '',
    markPx: text(position.mark),
    mgnRatio: isPositive(position.maintenanceMargin) ? String(ratio(equity, position.maintenanceMargin)) : '',
    mmr: text(position.maintenanceMargin),
    notionalUsd: text(value),
    pos: text(contracts),
    upl: text(position.unrealizedPnl),
    uplRatio: isPositive(position.isolatedMargin) ? share(position.unrealizedPnl, position.isolatedMargin) : '0',
  };
}

const share = (part: Quote, whole: Quote): string => text(round(part.div(whole) as Quote, RATIO_DIGITS));

/** What OKX shows, when asked for that instrument, after a position was closed. */
export function flatPositionRow(exchange: Exchange, account: string, symbol: UnifiedSymbol, at: Instant): Row {
  const market = exchange.market(symbol);
  return {
    adl: '1',
    availPos: '',
    avgPx: '',
    cTime: String(at),
    ccy: market?.instrument.settle ?? '',
    idxPx: market === undefined ? '' : text(market.index),
    imr: '',
    instId: instIdOf(symbol),
    instType: 'SWAP',
    interest: '',
    last: '',
    lever: String(exchange.leverage(account, symbol)),
    liab: '',
    liabCcy: '',
    liqPx: '',
    margin: '',
    markPx: market === undefined ? '' : text(market.mark),
    mgnMode: exchange.marginMode(account, symbol),
    mgnRatio: '',
    mmr: '',
    notionalUsd: '',
    optVal: '',
    pos: '0',
    posCcy: '',
    posId: String(exchange.symbols().indexOf(symbol) + 1).padStart(18, '3'),
    posSide: 'net',
    tradeId: '',
    uTime: String(at),
    upl: '0',
    uplRatio: '0',
  };
}

interface Entry {
  readonly id: string;
  readonly at: Instant;
  readonly symbol: UnifiedSymbol;
  readonly change: Quote;
  readonly row: Row;
}

/** One change of the cash balance, as the bill endpoints page and filter it. */
export interface Bill {
  readonly billId: string;
  readonly at: Instant;
  readonly symbol: UnifiedSymbol;
  readonly type: string;
  readonly row: Row;
}

/** The account's funding and trading bills, newest first, each with the balance it left behind. */
export function billsOf(exchange: Exchange, account: string): readonly Bill[] {
  const entries = [...exchange.payments(account).map(paymentEntry), ...exchange.trades(account).map(tradeEntry)].sort(
    (a, b) => (a.id.length === b.id.length ? (a.id < b.id ? 1 : -1) : b.id.length - a.id.length),
  );
  const balance = exchange.balance(account);
  let after = balance.wallet;
  return entries.map((entry) => {
    const row: Row = {
      bal: text(after),
      balChg: text(entry.change),
      billId: billIdOf(entry.id),
      ccy: balance.currency,
      from: '',
      instId: instIdOf(entry.symbol),
      instType: 'SWAP',
      interest: '0',
      mgnMode: exchange.marginMode(account, entry.symbol),
      notes: '',
      posBal: '0',
      posBalChg: '0',
      tag: '',
      to: '',
      ts: String(entry.at),
      ...entry.row,
    };
    after = sub(after, entry.change);
    return { billId: String(row.billId), at: entry.at, symbol: entry.symbol, type: String(row.type), row };
  });
}

function paymentEntry(payment: ExchangePayment): Entry {
  const row: Row = {
    clOrdId: '',
    execType: '',
    fee: '0',
    fillTime: '',
    ordId: '',
    pnl: text(payment.amount),
    px: text(payment.mark),
    // 173 funding fee expense, 174 funding fee income.
    subType: isPositive(payment.amount) ? '174' : '173',
    sz: text(abs(payment.contracts)),
    tradeId: '',
    type: '8',
  };
  return { id: payment.paymentId, at: payment.at, symbol: payment.symbol, change: payment.amount, row };
}

function tradeEntry(trade: ExchangeTrade): Entry {
  const types = { order: '2', liquidation: '5', adl: '9' } as const;
  const row: Row = {
    clOrdId: trade.clientOrderId,
    execType: trade.maker ? 'M' : 'T',
    fee: text(isZero(trade.fee) ? trade.fee : neg(trade.fee)),
    fillTime: String(trade.at),
    ordId: trade.orderId,
    pnl: text(trade.realizedPnl),
    px: text(trade.price),
    subType: tradeSubType(trade),
    sz: text(trade.contracts),
    tradeId: trade.tradeId,
    type: types[trade.cause],
  };
  const change = sub(trade.realizedPnl, trade.fee);
  return { id: trade.tradeId, at: trade.at, symbol: trade.symbol, change, row };
}
