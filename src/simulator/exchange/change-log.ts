/**
 * What each operation changed, for somebody who keeps it beyond this process. The model marks what it touches;
 * `publish`, at the end of the operation and before anybody hears of it, hands out what is marked as it is then.
 */
import type { ExchangeOrder, ExchangePayment, ExchangeTrade } from './api.ts';
import { type AccountRows, accountChange, type ExchangeChange, marketChange } from './saved.ts';
import type { Account, Market, Slot } from './state.ts';

interface Pending {
  readonly slots: Set<Slot>;
  readonly rows: { [K in keyof AccountRows]: AccountRows[K][number][] };
}

export class ChangeLog {
  readonly #listeners = new Set<(change: ExchangeChange) => void>();
  readonly #markets = new Set<Market>();
  readonly #accounts = new Map<Account, Pending>();

  listen(listener: (change: ExchangeChange) => void): () => void {
    const own = (change: ExchangeChange): void => listener(change);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  market(market: Market): void {
    if (this.#listeners.size > 0) this.#markets.add(market);
  }

  account(account: Account): void {
    this.#pending(account);
  }

  slot(slot: Slot): void {
    this.#pending(slot.account)?.slots.add(slot);
  }

  finalOrder(slot: Slot, order: ExchangeOrder): void {
    this.#pending(slot.account)?.rows.finalOrders.push(order);
  }

  trade(slot: Slot, trade: ExchangeTrade): void {
    this.#pending(slot.account)?.rows.trades.push(trade);
  }

  payment(slot: Slot, payment: ExchangePayment): void {
    this.#pending(slot.account)?.rows.payments.push(payment);
  }

  /** @param lastId newest number of the exchange's id sequence */
  publish(lastId: number): void {
    if (this.#accounts.size === 0 && this.#markets.size === 0) return;
    const change: ExchangeChange = {
      lastId,
      accounts: [...this.#accounts].map(([account, { slots, rows }]) => accountChange(account, slots, rows)),
      markets: [...this.#markets].map(marketChange),
    };
    this.#accounts.clear();
    this.#markets.clear();
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** Undefined while nobody listens: nothing is kept for nobody. */
  #pending(account: Account): Pending | undefined {
    if (this.#listeners.size === 0) return undefined;
    let pending = this.#accounts.get(account);
    if (!pending) {
      pending = { slots: new Set(), rows: { finalOrders: [], trades: [], payments: [] } };
      this.#accounts.set(account, pending);
    }
    return pending;
  }
}
