import { type Base, base, baseToContracts, contractsToBase, px, sum, text } from '../../../src/kernel/decimal.ts';
import { type InstrumentKey, splitKey } from '../../../src/kernel/ids.ts';
import type { Read } from '../../../src/kernel/outcome.ts';
import type { Instrument } from '../../../src/market/instrument.ts';
import type { Fill, OrderRef, OrderRequest } from '../../../src/market/order.ts';
import type { LookupOutcome, Venue } from '../../../src/ports/venue.ts';
import type { BookLevel, Exchange } from '../../../src/simulator/exchange/api.ts';

export interface ContractWorld {
  readonly venue: Venue;
  readonly exchange: Exchange;
  /** The account that `venue` trades on. */
  readonly account: string;
  /** The instrument to trade; `key`'s venue is `venue.id`. */
  readonly key: InstrumentKey;
  /** Moves the exchange's clock on. */
  advance(ms: number): void | Promise<void>;
  dispose(): Promise<void>;
}

export type Get = () => Bench;

/** The world with the instrument loaded, the account prepared at 3x, the mark at 100 and a wide two-sided book. */
export class Bench {
  readonly world: ContractWorld;
  readonly instrument: Instrument;
  #ids = 0;

  private constructor(world: ContractWorld, instrument: Instrument) {
    this.world = world;
    this.instrument = instrument;
  }

  static async open(world: ContractWorld): Promise<Bench> {
    world.exchange.setMark(splitKey(world.key).symbol, px('100'), px('100'));
    const instruments = readOf(await world.venue.instruments());
    const instrument = instruments.find(({ key }) => key === world.key);
    if (!instrument) throw new Error(`${world.key} is not listed`);
    const bench = new Bench(world, instrument);
    bench.book([['99.9', '50']], [['100.1', '50']]);
    readOf(await world.venue.prepare({ instruments: [instrument], leverage: 3 }));
    return bench;
  }

  get venue(): Venue {
    return this.world.venue;
  }

  get symbol(): string {
    return this.instrument.symbol;
  }

  /** `[price, base size]` rows, best first. */
  book(bids: readonly [string, string][], asks: readonly [string, string][]): void {
    const size = this.contractSize();
    const levels = (rows: readonly [string, string][]): BookLevel[] =>
      rows.map(([price, amount]) => ({ price: px(price), contracts: baseToContracts(base(amount), size) }));
    this.world.exchange.setBook(this.symbol, levels(bids), levels(asks));
  }

  /** A new id with every call; a buy IOC of one base unit at 101 unless told otherwise. */
  order(change: Partial<OrderRequest> = {}): OrderRequest {
    this.#ids += 1;
    return {
      clientOrderId: `contract${this.#ids}`,
      key: this.world.key,
      side: 'buy',
      quantity: base('1'),
      limitPrice: px('101'),
      style: 'ioc',
      reduceOnly: false,
      ...change,
    };
  }

  /** Submits, requires an acknowledgement, and returns what a lookup finds. */
  async trade(
    change: Partial<OrderRequest> = {},
  ): Promise<Extract<LookupOutcome, { kind: 'found' }> & { ref: OrderRef }> {
    const order = this.order(change);
    const outcome = await this.venue.submit(order, 'open');
    if (outcome.kind !== 'acked') throw new Error(`not acked: ${JSON.stringify(outcome)}`);
    const ref = { clientOrderId: order.clientOrderId, key: order.key, venueOrderId: outcome.venueOrderId };
    const found = await this.venue.lookup(ref, 'open');
    if (found.kind !== 'found') throw new Error(`not found: ${JSON.stringify(found)}`);
    return { ...found, ref };
  }

  /** The exchange's own books: signed base units held. */
  held(): string {
    const position = this.world.exchange.positions(this.world.account).find(({ symbol }) => symbol === this.symbol);
    return position ? text(contractsToBase(position.contracts, this.contractSize())) : '0';
  }

  contractSize(): Base {
    const market = this.world.exchange.market(this.symbol);
    if (!market) throw new Error(`no market ${this.symbol}`);
    return market.instrument.contractSize;
  }
}

/** The value of a read that must have succeeded. */
export function readOf<T>(read: Read<T>): T {
  if (!read.ok) throw new Error(`${read.code}: ${read.detail}`);
  return read.value;
}

/** Total quantity. */
export const sumOf = (fills: readonly Fill[]): Base =>
  sum(
    base('0'),
    fills.map(({ quantity }) => quantity),
  );
