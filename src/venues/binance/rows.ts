/** Binance USD-M rows: REST reads and the user data stream. Quantities are base units (contract size 1). */
import * as z from 'zod';
import { contracts, isPositive } from '../../kernel/decimal.ts';
import type { OrderStatus } from '../../market/order.ts';
import type { CcxtClient } from '../client.ts';
import type { AccountReads, AccountStream, FeeRates, RawAccountEvent, RawFill, RawOrder } from '../facts.ts';
import { decimalText, idText, instant, optionalDecimal, sideText } from '../rows.ts';

const STATUS: Readonly<Record<string, OrderStatus>> = {
  NEW: 'open',
  PARTIALLY_FILLED: 'open',
  FILLED: 'filled',
  CANCELED: 'canceled',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
  REJECTED: 'rejected',
};
const status = z.enum(['NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH', 'REJECTED']);
const MAX_ROWS = 1_000;
/** Markets whose own fees are read: a third of a minute's weight. */
const MAX_FEE_READS = 40;

const orderRow = z
  .object({
    orderId: idText,
    clientOrderId: z.string(),
    symbol: idText,
    status,
    side: sideText,
    origQty: decimalText,
    executedQty: decimalText,
    updateTime: instant,
  })
  .transform(
    (row): RawOrder => ({
      marketId: row.symbol,
      clientOrderId: row.clientOrderId,
      venueOrderId: row.orderId,
      side: row.side,
      status: STATUS[row.status] ?? 'open',
      quantity: row.origQty,
      filled: row.executedQty,
      updatedAt: row.updateTime,
    }),
  );

const tradeRow = z
  .object({
    id: idText,
    orderId: idText,
    symbol: idText,
    side: sideText,
    price: decimalText,
    qty: decimalText,
    commission: decimalText,
    commissionAsset: idText,
    maker: z.boolean(),
    time: instant,
  })
  .transform(
    (row): RawFill => ({
      marketId: row.symbol,
      tradeId: row.id,
      venueOrderId: row.orderId,
      clientOrderId: undefined,
      side: row.side,
      quantity: row.qty,
      price: row.price,
      fee: row.commission,
      feeCurrency: row.commissionAsset,
      maker: row.maker,
      at: row.time,
    }),
  );

const incomeRow = z.object({
  symbol: idText,
  incomeType: z.literal('FUNDING_FEE'),
  income: decimalText,
  asset: idText,
  time: instant,
  tranId: idText,
});

const positionRow = z.object({
  symbol: idText,
  positionAmt: decimalText,
  positionSide: z.string(),
  entryPrice: optionalDecimal,
  markPrice: optionalDecimal,
  liquidationPrice: optionalDecimal,
});

const balanceRow = z.object({ asset: idText, walletBalance: decimalText, availableBalance: decimalText });
const feeRow = z.object({ makerCommissionRate: decimalText, takerCommissionRate: decimalText });

/** Of one answer. */
const MAX_ORDERS = 1_000;

const get = (client: CcxtClient, path: string, params: Record<string, unknown>, access = 'fapiPrivate') =>
  client.request(path, access, 'GET', params);

export const binanceReads: AccountReads = {
  order: async (client, marketId, clientOrderId) => {
    const body = await get(client, 'order', { symbol: marketId, origClientOrderId: clientOrderId });
    return orderRow.parse(body);
  },
  openOrders: async (client, marketId) => {
    const body = await get(client, 'openOrders', marketId === undefined ? {} : { symbol: marketId });
    return { rows: z.array(orderRow).parse(body), full: false };
  },
  orders: async (client, marketId, { from, to }) => {
    const params = { symbol: marketId, startTime: from, endTime: to, limit: MAX_ORDERS };
    const rows = z.array(orderRow).parse(await get(client, 'allOrders', params));
    return { rows, full: rows.length >= MAX_ORDERS };
  },
  fills: async (client, query) => {
    // By order id the venue takes no times; the newest trades of the order come back.
    const scope = query.venueOrderId === undefined ? range(query.from, query.to) : { orderId: query.venueOrderId };
    const body = await get(client, 'userTrades', { symbol: query.marketId, limit: MAX_ROWS, ...scope });
    const rows = z.array(tradeRow).parse(body);
    return { rows, full: rows.length >= MAX_ROWS };
  },
  payments: async (client, window) => {
    const params = { incomeType: 'FUNDING_FEE', limit: MAX_ROWS, ...range(window.from, window.to) };
    const rows = z.array(incomeRow).parse(await get(client, 'income', params));
    return {
      rows: rows.map((row) => ({
        marketId: row.symbol,
        paymentId: row.tranId,
        amount: row.income,
        currency: row.asset,
        at: row.time,
      })),
      full: rows.length >= MAX_ROWS,
    };
  },
  positions: async (client) => {
    const rows = z.array(positionRow).parse(await get(client, 'positionRisk', {}, 'fapiPrivateV3'));
    return {
      rows: rows.map((row) => ({
        marketId: row.symbol,
        quantity: row.positionAmt,
        entryPrice: row.entryPrice,
        mark: row.markPrice,
        liquidationPrice: row.liquidationPrice,
        leverage: undefined,
        hedged: row.positionSide !== 'BOTH',
      })),
      full: false,
    };
  },
  balance: async (client, currency) => {
    const body = await get(client, 'account', {}, 'fapiPrivateV3');
    const { assets } = z.object({ assets: z.array(z.unknown()) }).parse(body);
    const rows = assets.map((asset) => z.object({ asset: z.string() }).parse(asset).asset);
    const row = balanceRow.parse(assets[rows.indexOf(currency)]);
    return { wallet: row.walletBalance, available: row.availableBalance };
  },
  fees: async (client, marketIds) => {
    const fees = new Map<string, FeeRates>();
    // One request of weight 20 per market: for a whole listing the account's tier, which the first tells, has to do.
    const [first] = marketIds;
    if (first !== undefined && marketIds.length > MAX_FEE_READS) {
      const tier = (await binanceReads.fees(client, [first])).get(first);
      return new Map(tier === undefined ? [] : marketIds.map((marketId) => [marketId, tier]));
    }
    for (const marketId of marketIds) {
      const row = feeRow.parse(await get(client, 'commissionRate', { symbol: marketId }));
      fees.set(marketId, { taker: row.takerCommissionRate, maker: row.makerCommissionRate });
    }
    return fees;
  },
  serverTime: async (client) =>
    z.object({ serverTime: instant }).parse(await client.request('time', 'fapiPublic', 'GET', {})).serverTime,
};

const range = (from: number, to: number) => ({ startTime: from, endTime: to });

const orderUpdate = z.object({
  e: z.literal('ORDER_TRADE_UPDATE'),
  o: z.object({
    s: idText,
    c: z.string(),
    S: sideText,
    q: decimalText,
    X: status,
    x: z.string(),
    i: idText,
    z: decimalText,
    T: instant,
  }),
});

/** Present when `x` is TRADE, and of a liquidation's CALCULATED. */
const execution = z.object({
  l: decimalText,
  L: decimalText,
  n: decimalText.optional(),
  N: idText.optional(),
  t: idText,
  m: z.boolean(),
});

/** A liquidation that tells no trade is read from the list of trades. */
function tradeOf(what: string, row: unknown): z.infer<typeof execution> | undefined {
  if (what === 'TRADE') return execution.parse(row);
  const { data } = what === 'CALCULATED' ? execution.safeParse(row) : {};
  return data && isPositive(contracts(data.l)) && data.t !== '0' ? data : undefined;
}

export const binanceStream: AccountStream = {
  // Orders and trades share one connection and one event.
  watches: (client) => [() => client.watchOrders()],
  // The listen key in the address subscribes; the venue says nothing more.
  subscribed: (url, frame) => frame === undefined && url.includes('listenKey='),
  ended: (client, frame) => {
    if (!z.object({ e: z.literal('listenKeyExpired') }).safeParse(frame).success) return false;
    // ccxt would connect with the same key.
    client.options.future = {};
    return true;
  },
  parse: (frame) => {
    if (!z.object({ e: z.literal('ORDER_TRADE_UPDATE') }).safeParse(frame).success) return [];
    const { o } = orderUpdate.parse(frame);
    const events: RawAccountEvent[] = [];
    const trade = tradeOf(o.x, z.object({ o: z.unknown() }).parse(frame).o);
    if (trade) {
      events.push({
        kind: 'fill',
        fill: {
          marketId: o.s,
          tradeId: trade.t,
          venueOrderId: o.i,
          clientOrderId: o.c === '' ? undefined : o.c,
          side: o.S,
          quantity: trade.l,
          price: trade.L,
          fee: trade.n ?? '0',
          feeCurrency: trade.N ?? 'USDT',
          maker: trade.m,
          at: o.T,
        },
      });
    }
    events.push({
      kind: 'order',
      order: {
        marketId: o.s,
        clientOrderId: o.c,
        venueOrderId: o.i,
        side: o.S,
        status: STATUS[o.X] ?? 'open',
        quantity: o.q,
        filled: o.z,
        updatedAt: o.T,
      },
    });
    return events;
  },
};
