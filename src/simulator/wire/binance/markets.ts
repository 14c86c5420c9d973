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
  text,
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
  readonly instrument: ExchangeInstrument;
  /** Decimals of quantities. */
  readonly quantityDigits: number;
  /** Decimals of prices. */
  readonly priceDigits: number;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, instrument: ExchangeInstrument) {
    const names = /^([^/]+)\/([^:]+):/.exec(instrument.symbol);
    invariant(names?.[1] && names[2], `not a linear perpetual: ${instrument.symbol}`);
    this.#exchange = exchange;
    this.instrument = instrument;
    this.baseAsset = names[1];
    this.quoteAsset = names[2];
    this.id = `${names[1]}${names[2]}`;
    this.quantityDigits = decimals(contractsToBase(instrument.lot, instrument.contractSize));
    this.priceDigits = decimals(instrument.tick);
  }

  get symbol(): UnifiedSymbol {
    return this.instrument.symbol;
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

  quantity(contracts: Contracts): string {
    return this.toBase(contracts).toFixed(this.quantityDigits);
  }

  price(price: Px): string {
    return price.toFixed(this.priceDigits);
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
      const state = exchange.market(symbol);
      invariant(state, `the exchange lists ${symbol} without a market`);
      const market = new WireMarket(exchange, state.instrument);
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

const decimals = (value: Dec<string>): number => text(value).split('.')[1]?.length ?? 0;

/** Text of a value that comes out of a division, rounded half-even. */
export const derived = (value: Dec<string>): string => value.toFixed(DERIVED_DIGITS);

/** Exact text with at least eight decimals, the form of Binance's cash amounts. */
export const cash = (value: Dec<string>): string => value.toFixed(Math.max(DERIVED_DIGITS, decimals(value)));

/** Binance sends ids as numbers. One beyond 2^53 goes as text: rounded it would be another id. */
export function idNumber(id: string): number | string {
  const value = Number(id);
  return Number.isSafeInteger(value) ? value : id;
}
