/** What the model tells about its state: positions, balances, audits. Immutable copies. */
import { add, type Base, isZero, type Px, type Quote, sub } from '../../kernel/decimal.ts';
import type { ExchangeAudit, ExchangeBalance, ExchangeMarket, ExchangePosition } from './api.ts';
import { entryPrice, liquidationPrice, maintenance, type Position, unrealized } from './position.ts';
import { type Account, lockedOf, type Market, type Slot } from './state.ts';

/** Positions are replaced, never edited, and asked for far more often than they change. */
const entryPrices = new WeakMap<Position, Px>();
const liquidationPrices = new WeakMap<Position, { readonly price: Px | undefined }>();

function entryPriceOf(position: Position, size: Base): Px {
  const known = entryPrices.get(position);
  if (known) return known;
  const price = entryPrice(position, size);
  entryPrices.set(position, price);
  return price;
}

function liquidationPriceOf(position: Position, size: Base, rate: string): Px | undefined {
  const known = liquidationPrices.get(position);
  if (known) return known.price;
  const price = liquidationPrice(position, size, rate);
  liquidationPrices.set(position, { price });
  return price;
}

export function positionReport(slot: Slot): ExchangePosition {
  const { position, market } = slot;
  const { symbol, contractSize, maintenanceRate } = market.instrument;
  return {
    symbol,
    contracts: position.contracts,
    entryPrice: entryPriceOf(position, contractSize),
    mark: market.mark,
    leverage: slot.leverage,
    isolatedMargin: position.margin,
    maintenanceMargin: maintenance(position, market.mark, contractSize, maintenanceRate),
    liquidationPrice: liquidationPriceOf(position, contractSize, maintenanceRate),
    unrealizedPnl: unrealized(position, market.mark, contractSize),
    updatedAt: slot.positionAt,
  };
}

export function balanceReport(account: Account, currency: string): ExchangeBalance {
  const locked = lockedOf(account);
  let equity: Quote = account.wallet;
  for (const { position, market } of account.slots.values()) {
    if (!isZero(position.contracts)) {
      equity = add(equity, unrealized(position, market.mark, market.instrument.contractSize));
    }
  }
  return { currency, wallet: account.wallet, locked, available: sub(account.wallet, locked), equity };
}

export function auditReport(account: Account): ExchangeAudit {
  const { deposits, realizedPnl, paid: payments, fees, wallet } = account;
  const explained = sub(add(add(deposits, realizedPnl), payments), fees);
  return { deposits, realizedPnl, payments, fees, wallet, discrepancy: sub(wallet, explained) };
}

export function marketReport(market: Market): ExchangeMarket {
  const { instrument, trading, bids, asks, bookAt, bookSequence, mark, index, last, markAt, funding } = market;
  return { instrument, trading, bids, asks, bookAt, bookSequence, mark, index, last, markAt, funding };
}
