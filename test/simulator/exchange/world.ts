/** A small exchange for tests: one or two instruments, a hand-set clock, account `a` with 10,000 USDT. */
import { base, contracts, px, quote } from '../../../src/kernel/decimal.ts';
import type {
  BookLevel,
  Exchange,
  ExchangeEvent,
  ExchangeInstrument,
  ExchangeOrder,
  ExchangeTrade,
  PlaceRequest,
} from '../../../src/simulator/exchange/api.ts';
import { createExchange, type ExchangeOptions } from '../../../src/simulator/exchange/exchange.ts';

export const BTC = 'BTC/USDT:USDT';

/** Tick 0.01, lot 1 contract of 1 base unit, fees 0.05 % / 0.02 %, maintenance 1 %, band 50 %. */
export function instrumentOf(change: Partial<ExchangeInstrument> = {}): ExchangeInstrument {
  return {
    symbol: BTC,
    asset: 'BTC',
    settle: 'USDT',
    contractSize: base('1'),
    lot: contracts('1'),
    minContracts: contracts('1'),
    maxContracts: contracts('1000'),
    minNotional: quote('50'),
    tick: px('0.01'),
    takerFeeRate: '0.0005',
    makerFeeRate: '0.0002',
    maxLeverage: 50,
    maintenanceRate: '0.01',
    priceBand: '0.5',
    ...change,
  };
}

export const level = (price: string, count: string): BookLevel => ({ price: px(price), contracts: contracts(count) });

export interface World {
  readonly exchange: Exchange;
  readonly clock: { at: number; now(): number };
  readonly events: ExchangeEvent[];
  /** Orders of account `a` on BTC; a limit IOC unless told otherwise. */
  place(change: Partial<PlaceRequest>): { order: ExchangeOrder; trades: readonly ExchangeTrade[] };
  /** The reason of a refusal. */
  refusal(change: Partial<PlaceRequest>): string;
  /** `[price, contracts]` rows, best first. */
  book(bids: readonly [string, string][], asks: readonly [string, string][]): void;
  /** Signed contracts of account `a`. */
  held(): string;
  wallet(): string;
}

export function worldOf(change: Partial<ExchangeInstrument> = {}, options: Partial<ExchangeOptions> = {}): World {
  const clock = { at: 1_000_000, now: () => clock.at };
  const exchange = createExchange({ venue: 'model', clock, instruments: [instrumentOf(change)], ...options });
  exchange.openAccount('a', quote('10000'));
  exchange.setMark(BTC, px('100'), px('100'));
  const events: ExchangeEvent[] = [];
  exchange.listen((event) => events.push(event));
  const request = (part: Partial<PlaceRequest>): PlaceRequest => ({
    symbol: BTC,
    side: 'buy',
    type: 'limit',
    tif: 'IOC',
    price: px('100'),
    contracts: contracts('1'),
    reduceOnly: false,
    ...part,
  });
  return {
    exchange,
    clock,
    events,
    place(part) {
      const result = exchange.place('a', request(part));
      if (!result.ok) throw new Error(`refused: ${result.reason}`);
      return result;
    },
    refusal(part) {
      const result = exchange.place('a', request(part));
      return result.ok ? 'accepted' : result.reason;
    },
    book(bids, asks) {
      exchange.setBook(
        BTC,
        bids.map(([price, count]) => level(price, count)),
        asks.map(([price, count]) => level(price, count)),
      );
    },
    held: () => exchange.positions('a')[0]?.contracts.toFixed() ?? '0',
    wallet: () => exchange.balance('a').wallet.toFixed(),
  };
}
