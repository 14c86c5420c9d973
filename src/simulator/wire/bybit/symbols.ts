/** Bybit's names of linear USDT perpetuals: `BTC/USDT:USDT` is `BTCUSDT`, counted in base units. */
import { invariant } from '../../../kernel/assert.ts';
import { base, eq } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, ExchangeMarket } from '../../exchange/api.ts';

const ONE = base('1');

export function bybitId(symbol: UnifiedSymbol): string {
  const parts = /^([^/:]+)\/([^/:]+):([^/:]+)$/.exec(symbol);
  invariant(parts && parts[2] === parts[3], `not a linear perpetual: ${symbol}`);
  return `${parts[1]}${parts[2]}`;
}

export class BybitSymbols {
  readonly #exchange: Exchange;
  readonly #byId = new Map<string, UnifiedSymbol>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  all(): readonly UnifiedSymbol[] {
    return this.#exchange.symbols();
  }

  /** Undefined for an id that is not listed. Symbols listed later are found on the first miss. */
  symbol(id: string): UnifiedSymbol | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    for (const symbol of this.#exchange.symbols()) this.#byId.set(bybitId(symbol), symbol);
    return this.#byId.get(id);
  }

  /** The market of a listed symbol. */
  market(symbol: UnifiedSymbol): ExchangeMarket {
    const market = this.#exchange.market(symbol);
    invariant(market, `${symbol} is listed without a market`);
    invariant(eq(market.instrument.contractSize, ONE), `Bybit counts base units, ${symbol} does not`);
    return market;
  }
}
