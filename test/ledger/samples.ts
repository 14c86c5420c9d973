/** Facts written by hand. */
import { base, px, quote } from '../../src/kernel/decimal.ts';
import type { AttemptIntended, FillBooked, HedgePlanned, PaymentBooked } from '../../src/ledger/facts.ts';
import type { Fill, FundingPayment, Side } from '../../src/market/order.ts';

export const AT = Date.UTC(2026, 0, 5, 10);
export const LONG = 'alpha|SOL/USDT:USDT';
export const SHORT = 'beta|SOL/USDT:USDT';

export const plan = (hedge = 'h1'): HedgePlanned => ({
  kind: 'hedge_planned',
  hedge,
  route: 'live',
  asset: 'SOL',
  longKey: LONG,
  shortKey: SHORT,
  quantity: base('10'),
  commonLot: base('0.5'),
  leverage: 2,
  entry: { style: 'taker' },
  expectation: '{}',
  epoch: 1,
  at: AT,
});

export const attempt = (
  clientOrderId: string,
  leg: 'long' | 'short',
  over: Partial<AttemptIntended> = {},
): AttemptIntended => ({
  kind: 'attempt',
  clientOrderId,
  hedge: 'h1',
  leg,
  purpose: 'enter',
  number: 1,
  route: 'live',
  key: leg === 'long' ? LONG : SHORT,
  side: leg === 'long' ? 'buy' : 'sell',
  quantity: base('10'),
  limitPrice: px('101'),
  style: 'ioc',
  reduceOnly: false,
  referencePrice: px('100'),
  epoch: 1,
  at: AT,
  ...over,
});

export const fill = (
  tradeId: string,
  venue: string,
  side: Side,
  quantity: string,
  price: string,
  over: Partial<Fill> = {},
): Fill => ({
  venue,
  route: 'live',
  tradeId,
  venueOrderId: `o${tradeId}`,
  symbol: 'SOL/USDT:USDT',
  side,
  quantity: base(quantity),
  price: px(price),
  fee: quote('0.1'),
  feeCurrency: 'USDT',
  liquidity: 'taker',
  at: AT,
  ...over,
});

export const booked = (each: Fill, leg?: 'long' | 'short'): FillBooked => ({
  kind: 'fill',
  fill: each,
  ...(leg && { hedge: 'h1', leg }),
  bookedAt: AT,
});

export const payment = (
  paymentId: string,
  venue: string,
  amount: string,
  leg?: 'long' | 'short',
  over: Partial<FundingPayment> = {},
): PaymentBooked => ({
  kind: 'payment',
  payment: {
    venue,
    route: 'live',
    paymentId,
    symbol: 'SOL/USDT:USDT',
    amount: quote(amount),
    currency: 'USDT',
    at: AT,
    ...over,
  },
  ...(leg && { hedge: 'h1', leg }),
  bookedAt: AT,
});
