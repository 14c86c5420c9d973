/** Balances and positions in Binance's words. */
import { add, type Contracts, contracts, notional, type Quote, sub, sum, ZERO_QUOTE } from '../../../kernel/decimal.ts';
import type { Exchange, ExchangeBalance, ExchangePosition } from '../../exchange/api.ts';
import { limitValue } from '../position-limits.ts';
import { cash, derived, type WireMarket, type WireMarkets } from './markets.ts';

const ZERO_CONTRACTS: Contracts = contracts('0');
/** Binance's entry prices carry more digits than its prices. */
const ENTRY_DIGITS = 11;

export const entryText = ({ entryPrice }: ExchangePosition): string => entryPrice.toFixed(ENTRY_DIGITS);

/** Signed value at the mark. */
const notionalOf = (market: WireMarket, position: ExchangePosition): Quote =>
  notional(market.toBase(position.contracts), position.mark);

/** `isolatedWallet` is the margin put in, `isolatedMargin` that plus the unrealised profit; both zero in cross mode. */
function isolatedTexts(isolated: boolean, { isolatedMargin, unrealizedPnl }: ExchangePosition) {
  if (!isolated) return { isolatedMargin: '0', isolatedWallet: '0' };
  const margin = isolatedMargin.plus(unrealizedPnl) as Quote;
  return { isolatedMargin: derived(margin), isolatedWallet: derived(isolatedMargin) };
}

/** A row of v3/positionRisk, which tells neither leverage nor margin type. */
export function positionRiskRow(exchange: Exchange, account: string, market: WireMarket, held?: ExchangePosition) {
  if (!held) return flatRow(market);
  const margin = derived(held.isolatedMargin);
  return {
    symbol: market.id,
    positionSide: 'BOTH',
    positionAmt: market.quantity(held.contracts),
    entryPrice: entryText(held),
    breakEvenPrice: entryText(held),
    markPrice: held.mark.toFixed(8),
    unRealizedProfit: derived(held.unrealizedPnl),
    liquidationPrice: held.liquidationPrice ? derived(held.liquidationPrice) : '0',
    ...isolatedTexts(exchange.marginMode(account, market.symbol) === 'isolated', held),
    notional: derived(notionalOf(market, held)),
    marginAsset: market.instrument.settle,
    initialMargin: margin,
    maintMargin: derived(held.maintenanceMargin),
    positionInitialMargin: margin,
    openOrderInitialMargin: '0',
    adl: 0,
    bidNotional: '0',
    askNotional: '0',
    updateTime: held.updatedAt,
  };
}

/** A row of v2/positionRisk for any symbol, held or not. */
export function oldPositionRow(exchange: Exchange, account: string, market: WireMarket, held?: ExchangePosition) {
  return {
    ...positionRiskRow(exchange, account, market, held),
    leverage: String(exchange.leverage(account, market.symbol)),
    marginType: exchange.marginMode(account, market.symbol),
    isAutoAddMargin: 'false',
    maxNotionalValue: maxNotional(market),
  };
}

function flatRow(market: WireMarket) {
  return {
    symbol: market.id,
    positionSide: 'BOTH',
    positionAmt: market.quantity(ZERO_CONTRACTS),
    entryPrice: '0.0',
    breakEvenPrice: '0.0',
    markPrice: market.state().mark.toFixed(8),
    unRealizedProfit: '0.00000000',
    liquidationPrice: '0',
    isolatedMargin: '0',
    isolatedWallet: '0',
    notional: '0',
    marginAsset: market.instrument.settle,
    initialMargin: '0',
    maintMargin: '0',
    updateTime: 0,
  };
}

/** The cap of the one bracket. */
export const maxNotional = (market: WireMarket): string => limitValue(market.state()).toFixed(0);

/** What stands behind the cross positions: the wallet without the margins of isolated ones, and the cross ones' profit. */
export function crossPart(exchange: Exchange, account: string, { wallet }: ExchangeBalance) {
  const parts: { wallet: Quote; unrealized: Quote } = { wallet, unrealized: ZERO_QUOTE };
  for (const { symbol, isolatedMargin, unrealizedPnl } of exchange.positions(account)) {
    if (exchange.marginMode(account, symbol) === 'isolated') parts.wallet = sub(parts.wallet, isolatedMargin);
    else parts.unrealized = add(parts.unrealized, unrealizedPnl);
  }
  return parts;
}

/** `GET account`: totals, the settle asset and the held positions. */
export function accountRow(exchange: Exchange, markets: WireMarkets, account: string, now: number) {
  const balance = exchange.balance(account);
  const positions = exchange.positions(account);
  const inPositions = sum(
    ZERO_QUOTE,
    positions.map((position) => position.isolatedMargin),
  );
  const maintenance = sum(
    ZERO_QUOTE,
    positions.map((position) => position.maintenanceMargin),
  );
  const unrealized = sub(balance.equity, balance.wallet);
  const cross = crossPart(exchange, account, balance);
  const totals = {
    initialMargin: derived(balance.locked),
    maintMargin: derived(maintenance),
    walletBalance: cash(balance.wallet),
    marginBalance: derived(balance.equity),
    positionInitialMargin: derived(inPositions),
    openOrderInitialMargin: derived(sub(balance.locked, inPositions)),
    crossWalletBalance: derived(cross.wallet),
  };
  const free = { availableBalance: derived(balance.available), maxWithdrawAmount: derived(balance.available) };
  return {
    ...Object.fromEntries(Object.entries(totals).map(([name, value]) => [`total${capital(name)}`, value])),
    totalUnrealizedProfit: derived(unrealized),
    totalCrossUnPnl: derived(cross.unrealized),
    ...free,
    assets: [
      {
        asset: balance.currency,
        ...totals,
        unrealizedProfit: derived(unrealized),
        crossUnPnl: derived(cross.unrealized),
        ...free,
        // The model keeps no time of the last change. Clients take 0 for "never used".
        updateTime: now,
      },
    ],
    positions: positions.map((position) => heldRow(exchange, markets.of(position.symbol), account, position)),
  };
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function heldRow(exchange: Exchange, market: WireMarket, account: string, position: ExchangePosition) {
  const isolated = exchange.marginMode(account, market.symbol) === 'isolated';
  return {
    symbol: market.id,
    positionSide: 'BOTH',
    positionAmt: market.quantity(position.contracts),
    unrealizedProfit: derived(position.unrealizedPnl),
    ...isolatedTexts(isolated, position),
    notional: derived(notionalOf(market, position)),
    initialMargin: derived(position.isolatedMargin),
    maintMargin: derived(position.maintenanceMargin),
    updateTime: position.updatedAt,
  };
}

/** `GET balance`: one row per asset. */
export function balanceRows(exchange: Exchange, account: string, now: number) {
  const balance = exchange.balance(account);
  const cross = crossPart(exchange, account, balance);
  return [
    {
      accountAlias: 'sim',
      asset: balance.currency,
      balance: cash(balance.wallet),
      crossWalletBalance: derived(cross.wallet),
      crossUnPnl: derived(cross.unrealized),
      availableBalance: derived(balance.available),
      maxWithdrawAmount: derived(balance.available),
      marginAvailable: true,
      updateTime: now,
    },
  ];
}
