/**
 * Binance's names and number formats for the model's instruments: `BTC/USDT:USDT` is `BTCUSDT`, quantities are base
 * units whatever the model's contract size, and texts carry the fixed digits that exchangeInfo announces.
 */
import { invariant } from '../../../kernel/assert.ts';
import {
  averagePrice,
  type Base,
  base,
  baseToContracts,
  type Contracts,
  contractsToBase,
  type Dec,
  isZero,
  type Px,
  type Quote,
} from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, ExchangeInstrument, ExchangeMarket } from '../../exchange/api.ts';
import type { Parse } from './params.ts';
import { ok, unknownSymbol } from './reply.ts';

/** Digits of prices and profits that the model derives by division; cash that moves is always exact. */
const DERIVED_DIGITS = 8;

export class WireMarket {
  readonly id: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly symbol: UnifiedSymbol;
  readonly #exchange: Exchange;
  #digits: { readonly of: ExchangeInstrument; readonly price: number; readonly quantity: number } | undefined;

  constructor(exchange: Exchange, symbol: UnifiedSymbol) {
    const names = /^([^/]+)\/([^:]+):/.exec(symbol);
    invariant(names?.[1] && names[2], `not a linear perpetual: ${symbol}`);
    this.#exchange = exchange;
    this.symbol = symbol;
    this.baseAsset = names[1];
    this.quoteAsset = names[2];
    this.id = `${names[1]}${names[2]}`;
  }

  /** As it is listed now: steps change. */
  get instrument(): ExchangeInstrument {
    return this.state().instrument;
  }

  /** Decimals of quantities. */
  get quantityDigits(): number {
    return this.#digitsNow().quantity;
  }

  /** Decimals of prices. */
  get priceDigits(): number {
    return this.#digitsNow().price;
  }

  #digitsNow(): { readonly price: number; readonly quantity: number } {
    const { instrument } = this;
    if (this.#digits?.of !== instrument) {
      const { tick, lot, contractSize } = instrument;
      const quantity = decimals(contractsToBase(lot, contractSize));
      this.#digits = { of: instrument, price: decimals(tick), quantity };
    }
    return this.#digits;
  }

  state(): ExchangeMarket {
    const market = this.#exchange.market(this.symbol);
    invariant(market, `the exchange lost ${this.symbol}`);
    return market;
  }

  toBase(contracts: Contracts): Base {
    return contractsToBase(contracts, this.instrument.contractSize);
  }

  fromBase(quantity: string): Contracts {
    return baseToContracts(base(quantity), this.instrument.contractSize);
  }

  /** What was traded on finer steps than today's is told as it is. */
  quantity(contracts: Contracts): string {
    const quantity = this.toBase(contracts);
    return quantity.toFixed(Math.max(this.quantityDigits, decimals(quantity)));
  }

  price(price: Px): string {
    return price.toFixed(Math.max(this.priceDigits, decimals(price)));
  }

  /** Cash over quantity, `0.00` before the first fill. */
  average(cash: Quote, contracts: Contracts): string {
    return isZero(contracts) ? (0).toFixed(this.priceDigits) : derived(averagePrice(cash, this.toBase(contracts)));
  }
}

export class WireMarkets {
  readonly #byId = new Map<string, WireMarket>();
  readonly #bySymbol = new Map<UnifiedSymbol, WireMarket>();
  /** Parameter parser: a Binance symbol. */
  readonly parse: Parse<WireMarket>;

  constructor(exchange: Exchange) {
    for (const symbol of exchange.symbols()) {
      const market = new WireMarket(exchange, symbol);
      this.#byId.set(market.id, market);
      this.#bySymbol.set(symbol, market);
    }
    this.parse = (raw) => {
      const market = this.#byId.get(raw);
      return market === undefined ? unknownSymbol() : ok(market);
    };
  }

  all(): readonly WireMarket[] {
    return [...this.#byId.values()];
  }

  byId(id: string): WireMarket | undefined {
    return this.#byId.get(id);
  }

  of(symbol: UnifiedSymbol): WireMarket {
    const market = this.#bySymbol.get(symbol);
    invariant(market, `the exchange gained ${symbol}`);
    return market;
  }
}

/** Behind the point. */
const decimals = ({ c, e }: Dec<string>): number => Math.max(0, c.length - 1 - e);

/** Text of a value that comes out of a division, rounded half-even. */
export const derived = (value: Dec<string>): string => value.toFixed(DERIVED_DIGITS);

/** Exact text with at least eight decimals, the form of Binance's cash amounts. */
export const cash = (value: Dec<string>): string => value.toFixed(Math.max(DERIVED_DIGITS, decimals(value)));

/** Binance sends ids as numbers. One beyond 2^53 goes as text: rounded it would be another id. */
export function idNumber(id: string): number | string {
  const value = Number(id);
  return Number.isSafeInteger(value) ? value : id;
}
