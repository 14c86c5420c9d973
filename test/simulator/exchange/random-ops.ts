/** Random activity on a small exchange with two instruments and two accounts. */
import * as fc from 'fast-check';
import { base, contracts, px, quote } from '../../../src/kernel/decimal.ts';
import type { Exchange, PlaceRequest } from '../../../src/simulator/exchange/api.ts';
import { createExchange, type ExchangeOptions } from '../../../src/simulator/exchange/exchange.ts';
import { instrumentOf, level } from './world.ts';

export const SYMBOLS = ['ONE/USDT:USDT', 'CENT/USDT:USDT'] as const;
export const ACCOUNTS = ['a', 'b'] as const;
export const DEPOSIT = quote('3000');

export type Op =
  | { kind: 'book'; symbol: string; mid: number; sizes: number[] }
  | { kind: 'mark' | 'stress'; symbol: string; price: number }
  | { kind: 'settle'; symbol: string; rate: number }
  | { kind: 'leverage'; account: string; symbol: string; leverage: number }
  | { kind: 'adl'; account: string; symbol: string; count: number }
  | { kind: 'cancel'; account: string; which: number }
  | { kind: 'place'; account: string; request: PlaceRequest };

const symbol = fc.constantFrom(...SYMBOLS);
const account = fc.constantFrom(...ACCOUNTS);
/** Cents, so that every price is on the tick. */
const price = fc.integer({ min: 8_000, max: 12_000 }).map((cents) => cents / 100);
const count = fc.integer({ min: 1, max: 60 });

const place = fc
  .record({
    account,
    symbol,
    price,
    count,
    side: fc.constantFrom('buy' as const, 'sell' as const),
    type: fc.constantFrom('limit' as const, 'limit' as const, 'market' as const),
    tif: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const, 'POST_ONLY' as const),
    reduceOnly: fc.boolean(),
    clientId: fc.integer({ min: 0, max: 12 }),
  })
  .map(({ account, count, price, clientId, ...rest }) => ({
    kind: 'place' as const,
    account,
    request: {
      ...rest,
      price: px(price),
      contracts: contracts(count),
      // A few ids, so that they come again; half of the orders have none.
      ...(clientId < 6 ? { clientOrderId: `id ${clientId}` } : {}),
    },
  }));

export const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 5, arbitrary: place },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('book' as const),
      symbol,
      mid: price,
      sizes: fc.array(count, { minLength: 2, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('mark' as const, 'stress' as const), symbol, price }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      symbol,
      rate: fc.integer({ min: -300, max: 300 }).map((n) => n / 10_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('leverage' as const),
      account,
      symbol,
      leverage: fc.constantFrom(1, 3, 7, 20, 50),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('adl' as const), account, symbol, count }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), account, which: fc.nat(20) }) },
);

/** A new exchange without accounts. */
export function emptyExchange(clock: { now(): number }, options: Partial<ExchangeOptions> = {}): Exchange {
  const instruments = SYMBOLS.map((each, index) =>
    instrumentOf({ symbol: each, contractSize: base(index === 0 ? '1' : '0.07'), minNotional: quote('5') }),
  );
  return createExchange({ venue: 'model', clock, instruments, ...options });
}

export function newWorld() {
  const clock = { at: 1, now: () => clock.at };
  const exchange = emptyExchange(clock);
  openWorld(exchange);
  return { exchange, clock };
}

export function openWorld(exchange: Exchange): void {
  for (const each of ACCOUNTS) exchange.openAccount(each, DEPOSIT);
  for (const each of SYMBOLS) exchange.setMark(each, px('100'), px('100'));
}

export function bookOf(step: Extract<Op, { kind: 'book' }>) {
  const half = Math.ceil(step.sizes.length / 2);
  const bids = step.sizes.slice(0, half).map((size, i) => level((step.mid - 0.5 - i).toFixed(2), String(size)));
  const asks = step.sizes.slice(half).map((size, i) => level((step.mid + 0.5 + i).toFixed(2), String(size)));
  return { bids, asks };
}

/** `place` stands in for the exchange's, to check what an order does. */
export function run(
  exchange: Exchange,
  step: Op,
  place: (exchange: Exchange, account: string, request: PlaceRequest) => void = (on, of, request) => {
    on.place(of, request);
  },
): void {
  switch (step.kind) {
    case 'book': {
      const { bids, asks } = bookOf(step);
      exchange.setBook(step.symbol, bids, asks);
      break;
    }
    case 'mark':
      exchange.setMark(step.symbol, px(step.price), px(step.price));
      break;
    case 'stress':
      exchange.stressMark(step.symbol, px(step.price));
      break;
    case 'settle':
      exchange.settleFunding(step.symbol, String(step.rate));
      break;
    case 'leverage':
      exchange.setLeverage(step.account, step.symbol, step.leverage);
      break;
    case 'adl':
      exchange.forceReduce(step.account, step.symbol, contracts(step.count), 'adl');
      break;
    case 'cancel': {
      const order = exchange.openOrders(step.account)[step.which];
      if (order) exchange.cancel(step.account, order.symbol, { orderId: order.orderId });
      break;
    }
    case 'place':
      place(exchange, step.account, step.request);
      break;
  }
}
