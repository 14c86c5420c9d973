/** OKX instrument ids: `BTC/USDT:USDT` is `BTC-USDT-SWAP`, its underlying and index are `BTC-USDT`. */
import { invariant } from '../../../kernel/assert.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange } from '../../exchange/api.ts';

const SWAP_SUFFIX = '-SWAP';

/** Underlying and index id of a unified perpetual symbol. */
export function underlyingOf(symbol: UnifiedSymbol): string {
  const pair = /^([^/:]+)\/([^/:]+):[^/:]+$/.exec(symbol);
  invariant(pair, `not a perpetual symbol: ${symbol}`);
  return `${pair[1]}-${pair[2]}`;
}

export const instIdOf = (symbol: UnifiedSymbol): string => underlyingOf(symbol) + SWAP_SUFFIX;

/** The venue's instruments by id. Symbols may be added to the exchange later; they are found on the first miss. */
export class InstrumentIds {
  readonly #exchange: Exchange;
  readonly #byInstId = new Map<string, UnifiedSymbol>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  symbols(): readonly UnifiedSymbol[] {
    return this.#exchange.symbols();
  }

  /** Undefined for an id that this venue does not list. */
  symbol(instId: string): UnifiedSymbol | undefined {
    const known = this.#byInstId.get(instId);
    if (known !== undefined) return known;
    for (const symbol of this.#exchange.symbols()) this.#byInstId.set(instIdOf(symbol), symbol);
    return this.#byInstId.get(instId);
  }

  /** Symbol of an index or underlying id such as `BTC-USDT`. */
  ofUnderlying(underlying: string): UnifiedSymbol | undefined {
    return this.symbol(underlying + SWAP_SUFFIX);
  }
}
