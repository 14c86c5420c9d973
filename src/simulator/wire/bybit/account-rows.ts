/**
 * Positions and the unified wallet as Bybit reports them in REST lists and stream frames. Entry points: `positionRow`,
 * `flatPositionRows`, `walletRow`. Fields: docs/v5/position, docs/v5/account/wallet-balance.
 *
 * The account's USD figures take one settle coin (USDT) as one dollar.
 */
import {
  abs,
  contracts,
  isZero,
  px,
  type Quote,
  quote,
  round,
  sub,
  sum,
  text,
  ZERO_QUOTE,
} from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, ExchangeBalance, ExchangeMarket, ExchangePosition } from '../../exchange/api.ts';
import { cashValue } from '../../exchange/position.ts';
import type { Row } from './answer.ts';
import { positionSide } from './order-rows.ts';
import { bybitId } from './symbols.ts';

const PRICE_DIGITS = 8;

/** `positionValue` is size x entry price. The unified account reports no bankruptcy price. */
export function positionRow(position: ExchangePosition, market: ExchangeMarket): Row {
  const { contractSize } = market.instrument;
  const size = abs(position.contracts);
  const flat = isZero(size);
  const entry = flat ? '0' : text(round(position.entryPrice, PRICE_DIGITS));
  return {
    positionIdx: 0,
    riskId: 1,
    riskLimitValue: '',
    symbol: bybitId(position.symbol),
    side: positionSide(position.contracts),
    size: text(size),
    avgPrice: entry,
    entryPrice: entry,
    positionValue: flat ? '' : text(cashValue(size, contractSize, position.entryPrice)),
    tradeMode: 0,
    autoAddMargin: 0,
    positionStatus: 'Normal',
    leverage: String(position.leverage),
    markPrice: text(position.mark),
    liqPrice: position.liquidationPrice === undefined ? '' : text(round(position.liquidationPrice, PRICE_DIGITS)),
    bustPrice: '',
    positionIM: flat ? '' : text(position.isolatedMargin),
    positionMM: flat ? '' : text(position.maintenanceMargin),
    positionBalance: text(position.isolatedMargin),
    tpslMode: 'Full',
    takeProfit: '',
    stopLoss: '',
    trailingStop: '0',
    sessionAvgPrice: '',
    unrealisedPnl: flat ? '' : text(position.unrealizedPnl),
    curRealisedPnl: '',
    cumRealisedPnl: '',
    adlRankIndicator: 0,
    isReduceOnly: false,
    createdTime: String(position.updatedAt),
    updatedTime: String(position.updatedAt),
    seq: -1,
  };
}

/** What a query by symbol returns for a symbol without a position: one row, or one per side in hedge mode. */
export function flatPositionRows(
  symbol: UnifiedSymbol,
  leverage: number,
  market: ExchangeMarket,
  mode: 'one_way' | 'hedge',
): Row[] {
  const nothing: ExchangePosition = {
    symbol,
    contracts: contracts('0'),
    entryPrice: px('0'),
    mark: market.mark,
    leverage,
    isolatedMargin: ZERO_QUOTE,
    maintenanceMargin: ZERO_QUOTE,
    liquidationPrice: undefined,
    unrealizedPnl: ZERO_QUOTE,
    updatedAt: 0,
  };
  const row = positionRow(nothing, market);
  return mode === 'one_way' ? [row] : [1, 2].map((positionIdx) => ({ ...row, positionIdx }));
}

export interface Wallet {
  readonly balance: ExchangeBalance;
  readonly positions: readonly ExchangePosition[];
  /** Account-wide; isolated accounts report no account-level margin figures. */
  readonly isolated: boolean;
}

export function walletOf(exchange: Exchange, account: string): Wallet {
  const symbols = exchange.symbols();
  return {
    balance: exchange.balance(account),
    positions: exchange.positions(account),
    isolated: symbols.every((symbol) => exchange.marginMode(account, symbol) === 'isolated'),
  };
}

/**
 * One UNIFIED account. `coin` rows of the REST list carry `locked` (spot orders), those of the stream do not: ccxt reads
 * margin use from the initial-margin fields only when it is absent.
 */
export function walletRow({ balance, positions, isolated }: Wallet, origin: 'rest' | 'stream'): Row {
  const positionMargin = total(positions.map((position) => position.isolatedMargin));
  const maintenance = total(positions.map((position) => position.maintenanceMargin));
  const unrealized = sub(balance.equity, balance.wallet);
  const accountLevel = (value: Quote): string => (isolated ? '' : text(value));
  const rate = (value: Quote): string =>
    isolated || balance.equity.lte('0') ? '' : round(value.div(balance.equity) as Quote, 4).toFixed();
  return {
    accountType: 'UNIFIED',
    accountLTV: '0',
    accountIMRate: rate(balance.locked),
    accountMMRate: rate(maintenance),
    totalEquity: text(balance.equity),
    totalWalletBalance: text(balance.wallet),
    totalMarginBalance: accountLevel(balance.equity),
    totalAvailableBalance: accountLevel(sub(balance.equity, balance.locked)),
    totalPerpUPL: text(unrealized),
    totalInitialMargin: accountLevel(balance.locked),
    totalMaintenanceMargin: accountLevel(maintenance),
    coin: [
      {
        coin: balance.currency,
        equity: text(balance.equity),
        usdValue: text(balance.equity),
        walletBalance: text(balance.wallet),
        availableToWithdraw: '',
        availableToBorrow: '',
        ...(origin === 'rest' ? { locked: '0' } : {}),
        borrowAmount: '0',
        accruedInterest: '0',
        totalOrderIM: text(sub(balance.locked, positionMargin)),
        totalPositionIM: text(positionMargin),
        totalPositionMM: text(maintenance),
        unrealisedPnl: text(unrealized),
        cumRealisedPnl: '',
        bonus: '0',
        collateralSwitch: true,
        marginCollateral: true,
        spotHedgingQty: '0',
      },
    ],
  };
}

const total = (values: readonly Quote[]): Quote => sum(quote('0'), values);
