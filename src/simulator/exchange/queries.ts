/** What a venue answers when asked: orders, history, positions, balances, markets. Changes nothing. */
import { isZero } from '../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../kernel/ids.ts';
import type { Exchange, ExchangeOrder } from './api.ts';
import type { ExchangeCore } from './core.ts';
import { auditReport, balanceReport, marketReport, positionReport } from './report.ts';
import type { Account } from './state.ts';

export type OrderRef = { orderId?: string; clientOrderId?: string };

type Queries = Pick<
  Exchange,
  | 'order'
  | 'openOrders'
  | 'orderHistory'
  | 'trades'
  | 'payments'
  | 'positions'
  | 'balance'
  | 'leverage'
  | 'marginMode'
  | 'positionMode'
  | 'symbols'
  | 'market'
  | 'fundingHistory'
  | 'accounts'
  | 'audit'
>;

export function queriesOf(core: ExchangeCore): Queries {
  return {
    order: (account, symbol, ref) => orderOf(core.account(account), symbol, ref),
    openOrders: (account, symbol) => openOrders(core.account(account), symbol),
    orderHistory: (account, symbol) => core.account(account).finalOrders.list(ofSymbol(symbol)),
    trades: (account, symbol) => core.account(account).trades.list(ofSymbol(symbol)),
    payments: (account, symbol) => core.account(account).payments.list(ofSymbol(symbol)),
    positions(account) {
      const slots = [...core.account(account).slots.values()];
      return slots.filter((slot) => !isZero(slot.position.contracts)).map(positionReport);
    },
    balance: (account) => balanceReport(core.account(account), core.settle),
    leverage: (account, symbol) => core.slot(account, symbol).leverage,
    marginMode: (account, symbol) => core.slot(account, symbol).marginMode,
    positionMode: (account) => core.account(account).positionMode,
    symbols: () => [...core.markets.keys()],
    market(symbol) {
      const market = core.markets.get(symbol);
      return market && marketReport(market);
    },
    // Rates that became known late were recorded late.
    fundingHistory: (symbol) => [...core.market(symbol).settled.list()].sort((a, b) => a.at - b.at),
    accounts: () => [...core.accounts.keys()],
    audit: (account) => auditReport(core.account(account)),
  };
}

/** Newest order with that id, open or final, of that symbol. */
export function orderOf(
  { orders, clientIds }: Account,
  symbol: UnifiedSymbol,
  ref: OrderRef,
): ExchangeOrder | undefined {
  const id = ref.orderId ?? clientIds.get(ref.clientOrderId ?? '');
  const order = id === undefined ? undefined : orders.get(id);
  if (!order || order.symbol !== symbol) return undefined;
  return ref.clientOrderId === undefined || ref.clientOrderId === order.clientOrderId ? order : undefined;
}

function openOrders(account: Account, symbol: UnifiedSymbol | undefined): readonly ExchangeOrder[] {
  const orders: ExchangeOrder[] = [];
  for (const slot of account.slots.values()) {
    if (symbol !== undefined && slot.market.instrument.symbol !== symbol) continue;
    for (const { order } of slot.open.values()) orders.push(order);
  }
  return orders;
}

function ofSymbol(symbol: UnifiedSymbol | undefined): ((item: { symbol: UnifiedSymbol }) => boolean) | undefined {
  return symbol === undefined ? undefined : (item) => item.symbol === symbol;
}
