/** Reads `ExchangeChange` back from JSON, whose decimals are text. Entry point: `changeSchema`. */
import { z } from 'zod';
import { contracts, px, quote } from '../../kernel/decimal.ts';

/** What `JSON.stringify` makes of a decimal. */
const decimal = z.string().regex(/^-?\d+(\.\d+)?(e[+-]\d+)?$/);
const quoteSchema = decimal.transform(quote);
const pxSchema = decimal.transform(px);
const contractsSchema = decimal.transform(contracts);
const instant = z.int().nonnegative();
const side = z.enum(['buy', 'sell']);

const orderSchema = z
  .strictObject({
    orderId: z.string(),
    clientOrderId: z.string(),
    symbol: z.string(),
    side,
    type: z.enum(['limit', 'market']),
    tif: z.enum(['GTC', 'IOC', 'FOK', 'POST_ONLY']),
    price: pxSchema.optional(),
    contracts: contractsSchema,
    filled: contractsSchema,
    cumQuote: quoteSchema,
    cumFee: quoteSchema,
    reduceOnly: z.boolean(),
    status: z.enum(['open', 'filled', 'canceled', 'expired']),
    createdAt: instant,
    updatedAt: instant,
  })
  // JSON leaves a market order's undefined price out.
  .transform((order) => ({ ...order, price: order.price }));

const tradeSchema = z.strictObject({
  tradeId: z.string(),
  orderId: z.string(),
  clientOrderId: z.string(),
  symbol: z.string(),
  side,
  price: pxSchema,
  contracts: contractsSchema,
  quote: quoteSchema,
  fee: quoteSchema,
  maker: z.boolean(),
  realizedPnl: quoteSchema,
  cause: z.enum(['order', 'liquidation', 'adl']),
  at: instant,
});

const paymentSchema = z.strictObject({
  paymentId: z.string(),
  symbol: z.string(),
  amount: quoteSchema,
  rate: decimal,
  contracts: contractsSchema,
  mark: pxSchema,
  at: instant,
});

const slotSchema = z.strictObject({
  symbol: z.string(),
  contracts: contractsSchema,
  cost: quoteSchema,
  margin: quoteSchema,
  positionAt: instant,
  leverage: z.number(),
  marginMode: z.enum(['isolated', 'cross']),
  open: z.array(orderSchema),
});

const accountSchema = z.strictObject({
  account: z.string(),
  wallet: quoteSchema,
  deposits: quoteSchema,
  realizedPnl: quoteSchema,
  paid: quoteSchema,
  fees: quoteSchema,
  positionMode: z.enum(['one_way', 'hedge']),
  slots: z.array(slotSchema),
  finalOrders: z.array(orderSchema),
  trades: z.array(tradeSchema),
  payments: z.array(paymentSchema),
});

const marketSchema = z.strictObject({
  symbol: z.string(),
  last: pxSchema,
  takenBids: contractsSchema,
  takenAsks: contractsSchema,
});

export const changeSchema = z.strictObject({
  lastId: z.int().nonnegative(),
  accounts: z.array(accountSchema),
  markets: z.array(marketSchema),
});
