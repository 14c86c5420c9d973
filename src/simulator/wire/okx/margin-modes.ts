/**
 * One leverage for each margin mode of an instrument, where the exchange model holds one mode and its leverage. Entry
 * point: `MarginModes`.
 *
 * The model has the mode that trades; the other's leverage waits here until an order or a setting brings its mode, which
 * only an idle instrument takes. Where neither was set yet, both have the model's.
 */
import { invariant } from '../../../kernel/assert.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, RefuseReason } from '../../exchange/api.ts';

export type MarginMode = 'isolated' | 'cross';

export class MarginModes {
  readonly #exchange: Exchange;
  /** By account and symbol: of the mode that the model is not in. Bounded by what the venue lists. */
  readonly #waiting = new Map<string, number>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  leverage(account: string, symbol: UnifiedSymbol, mode: MarginMode): number {
    const isHeld = this.#exchange.marginMode(account, symbol) === mode;
    const waiting = isHeld ? undefined : this.#waiting.get(keyOf(account, symbol));
    return waiting ?? this.#exchange.leverage(account, symbol);
  }

  /** Changes nothing of the other mode, and nothing at all when it is refused. */
  setLeverage(account: string, symbol: UnifiedSymbol, mode: MarginMode, leverage: number): RefuseReason | undefined {
    const held = this.#exchange.marginMode(account, symbol);
    if (mode === held) {
      const other = this.leverage(account, symbol, held === 'cross' ? 'isolated' : 'cross');
      const set = this.#exchange.setLeverage(account, symbol, leverage);
      if (set.ok) this.#waiting.set(keyOf(account, symbol), other);
      return set.ok || set.reason === 'no_change' ? undefined : set.reason;
    }
    const market = this.#exchange.market(symbol);
    invariant(market, `${symbol} is listed without a market`);
    if (leverage < 1 || leverage > market.instrument.maxLeverage) return 'bad_leverage';
    this.#waiting.set(keyOf(account, symbol), leverage);
    this.enter(account, symbol, mode);
    return undefined;
  }

  /**
   * Brings the instrument into `mode`, with that mode's leverage; false while something is open in the other, and for an
   * account in debt, whose leverage the model leaves as it is.
   */
  enter(account: string, symbol: UnifiedSymbol, mode: MarginMode): boolean {
    if (this.#exchange.marginMode(account, symbol) === mode) return true;
    const coming = this.leverage(account, symbol, mode);
    const leaving = this.#exchange.leverage(account, symbol);
    if (!this.#exchange.setMarginMode(account, symbol, mode).ok) return false;
    const set = this.#exchange.setLeverage(account, symbol, coming);
    if (!set.ok && set.reason !== 'no_change') {
      this.#exchange.setMarginMode(account, symbol, mode === 'cross' ? 'isolated' : 'cross');
      return false;
    }
    this.#waiting.set(keyOf(account, symbol), leaving);
    return true;
  }
}

const keyOf = (account: string, symbol: UnifiedSymbol): string => `${account} ${symbol}`;
