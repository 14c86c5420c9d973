/** Bybit v5 linear rows: REST reads and the private stream share them. Quantities are base units (contract size 1). */
import * as z from 'zod';
import { quote, sub, text } from '../../kernel/decimal.ts';
import type { OrderStatus } from '../../market/order.ts';
import type { CcxtClient } from '../client.ts';
import type { AccountReads, AccountStream, Page, RawAccountEvent, RawFill, RawOrder } from '../facts.ts';
import { decimalText, idText, instant, negate, optionalDecimal, sideText } from '../rows.ts';

const STATUS = {
  New: 'open',
  PartiallyFilled: 'open',
  // A human's conditional orders; the bot has none.
  Untriggered: 'open',
  Triggered: 'open',
  Filled: 'filled',
  Cancelled: 'canceled',
  PartiallyFilledCanceled: 'canceled',
  Deactivated: 'canceled',
  Rejected: 'rejected',
} as const satisfies Record<string, OrderStatus>;
const statuses = z.enum([
  'New',
  'PartiallyFilled',
  'Untriggered',
  'Triggered',
  'Filled',
  'Cancelled',
  'PartiallyFilledCanceled',
  'Deactivated',
  'Rejected',
]);
const MAX_FILLS = 100;
/** Of one list: an order with more trades than these hold is read by time. */
const MAX_PAGES = 20;
const MAX_ORDERS = 50;
const MAX_POSITIONS = 200;

const orderRow = z
  .object({
    orderId: idText,
    orderLinkId: z.string(),
    symbol: idText,
    side: sideText,
    qty: decimalText,
    orderStatus: statuses,
    cumExecQty: decimalText,
    updatedTime: instant,
  })
  .transform(
    (row): RawOrder => ({
      marketId: row.symbol,
      clientOrderId: row.orderLinkId,
      venueOrderId: row.orderId,
      side: row.side,
      status: STATUS[row.orderStatus],
      quantity: row.qty,
      filled: row.cumExecQty,
      updatedAt: row.updatedTime,
    }),
  );

/**
 * What moves a position at a price. Funding, settlements and corporate actions have rows of the same shape; what Bybit adds
 * shows as a difference of the position until it is known here, where a row that is no trade would be booked as one.
 */
const TRADES = new Set(['Trade', 'AdlTrade', 'BustTrade', 'BlockTrade', 'MovePosition', 'FutureSpread', 'Delivery']);

const FUNDING = 'Funding';

const executionRow = z.object({
  execId: idText,
  execType: z.string(),
  orderId: z.string(),
  orderLinkId: z.string().optional(),
  symbol: idText,
  side: z.string(),
  execPrice: decimalText,
  execQty: decimalText,
  execFee: decimalText,
  feeCurrency: z.string().optional(),
  isMaker: z.boolean(),
  execTime: instant,
});
type Execution = z.infer<typeof executionRow>;

const toFill = (row: Execution): RawFill => ({
  marketId: row.symbol,
  tradeId: row.execId,
  venueOrderId: row.orderId,
  clientOrderId: row.orderLinkId,
  side: sideText.parse(row.side),
  quantity: row.execQty,
  price: row.execPrice,
  fee: row.execFee,
  feeCurrency: row.feeCurrency === undefined || row.feeCurrency === '' ? 'USDT' : row.feeCurrency,
  maker: row.isMaker,
  at: row.execTime,
});

const positionRow = z.object({
  symbol: idText,
  side: z.string(),
  size: decimalText,
  avgPrice: optionalDecimal,
  markPrice: optionalDecimal,
  liqPrice: optionalDecimal,
  leverage: optionalDecimal,
  positionIdx: z.union([z.number(), z.string().transform(Number)]),
});

const coinRow = z.object({
  coin: idText,
  walletBalance: decimalText,
  totalPositionIM: optionalDecimal,
  totalOrderIM: optionalDecimal,
  locked: optionalDecimal,
});
const feeRow = z.object({ symbol: idText, takerFeeRate: decimalText, makerFeeRate: decimalText });

async function list<T>(
  client: CcxtClient,
  path: string,
  params: Record<string, unknown>,
  row: z.ZodType<T>,
): Promise<T[]> {
  return (await listPage(client, path, params, row)).list;
}

async function listPage<T>(
  client: CcxtClient,
  path: string,
  params: Record<string, unknown>,
  row: z.ZodType<T>,
): Promise<{ readonly list: T[]; readonly nextPageCursor?: string | null | undefined }> {
  const body = await client.request(path, 'private', 'GET', { category: 'linear', ...params });
  return z.object({ result: z.object({ list: z.array(row), nextPageCursor: z.string().nullish() }) }).parse(body)
    .result;
}

async function orderByClientId(client: CcxtClient, symbol: string, orderLinkId: string): Promise<RawOrder | undefined> {
  // The realtime list holds open orders and the last 500 final ones; older ones are in the history only.
  for (const path of ['v5/order/realtime', 'v5/order/history']) {
    const rows = await list(client, path, { symbol, orderLinkId }, orderRow);
    if (rows[0] !== undefined) return rows[0];
  }
  return undefined;
}

/** All trades of one order can bear one millisecond, so that cursors tell pages apart and times do not. */
const executions = (client: CcxtClient, params: Record<string, unknown>): Promise<Page<Execution>> =>
  allPages(client, 'v5/execution/list', { limit: MAX_FILLS, ...params }, executionRow);

/** Oldest first; the venue lists the newest first. How long a page is says nothing: only without a cursor is it the last. */
async function allPages<T>(
  client: CcxtClient,
  path: string,
  params: { readonly limit: number } & Record<string, unknown>,
  row: z.ZodType<T>,
): Promise<Page<T>> {
  const rows: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await listPage(client, path, { ...params, ...(cursor && { cursor }) }, row);
    rows.push(...page.list);
    const next = page.nextPageCursor || undefined;
    const isLast = page.list.length === 0 || (next === undefined && page.list.length < params.limit);
    if (isLast) return { rows: rows.reverse(), full: false };
    if (next === undefined || next === cursor) break;
    cursor = next;
  }
  return { rows: rows.reverse(), full: true };
}

export const bybitReads: AccountReads = {
  order: orderByClientId,
  openOrders: async (client, marketId) => {
    const scope = marketId === undefined ? { settleCoin: 'USDT' } : { symbol: marketId };
    const page = await allPages(client, 'v5/order/realtime', { ...scope, limit: MAX_ORDERS }, orderRow);
    return { rows: page.rows.filter((row) => row.status === 'open'), full: page.full };
  },
  fills: async (client, query) => {
    const page = await executions(client, {
      ...(query.marketId === undefined ? {} : { symbol: query.marketId }),
      ...(query.venueOrderId === undefined
        ? { startTime: query.from, endTime: query.to }
        : { orderId: query.venueOrderId }),
    });
    return { rows: page.rows.filter((row) => TRADES.has(row.execType)).map(toFill), full: page.full };
  },
  payments: async (client, window) => {
    // ccxt's fetchFundingHistory sends `size`, which the venue ignores.
    const page = await executions(client, { execType: FUNDING, startTime: window.from, endTime: window.to });
    // A venue that heeds no filter tells more, not less: what else it tells is left out, for a trade's fee is no funding, and
    // failing would keep every payment from being booked.
    const funding = page.rows.filter((row) => row.execType === FUNDING);
    const rows = funding.map((row) => ({
      marketId: row.symbol,
      paymentId: row.execId,
      // A funding execution's fee is what the position paid.
      amount: negate(row.execFee),
      currency: row.feeCurrency === undefined || row.feeCurrency === '' ? 'USDT' : row.feeCurrency,
      at: row.execTime,
    }));
    return { rows, full: page.full };
  },
  positions: async (client) => {
    const scope = { settleCoin: 'USDT', limit: MAX_POSITIONS };
    const page = await allPages(client, 'v5/position/list', scope, positionRow);
    return {
      rows: page.rows.map((row) => ({
        marketId: row.symbol,
        quantity: row.side === 'Sell' ? negate(row.size) : row.size,
        entryPrice: row.avgPrice,
        mark: row.markPrice,
        liquidationPrice: row.liqPrice,
        leverage: row.leverage,
        hedged: row.positionIdx !== 0,
      })),
      full: page.full,
    };
  },
  balance: async (client, currency) => {
    const row = z.object({ coin: z.array(coinRow) });
    const [account] = await list(client, 'v5/account/wallet-balance', { accountType: 'UNIFIED', coin: currency }, row);
    const coin = coinRow.parse(account?.coin.find((each) => each.coin === currency));
    let available = quote(coin.walletBalance);
    for (const used of [coin.totalPositionIM, coin.totalOrderIM, coin.locked]) {
      if (used !== undefined) available = sub(available, quote(used));
    }
    return { wallet: coin.walletBalance, available: text(available) };
  },
  fees: async (client, marketIds) => {
    const rows = await list(client, 'v5/account/fee-rate', {}, feeRow);
    const wanted = new Set(marketIds);
    return new Map(
      rows
        .filter((row) => wanted.has(row.symbol))
        .map((row) => [row.symbol, { taker: row.takerFeeRate, maker: row.makerFeeRate }]),
    );
  },
  serverTime: async (client) =>
    z.object({ time: instant }).parse(await client.request('v5/market/time', 'public', 'GET', {})).time,
};

const topical = z.object({ topic: z.string(), data: z.array(z.unknown()) });

/** The topics carry every category of the account, and a spot market has the name of the perpetual. */
const isLinear = (row: unknown): boolean => {
  const { data } = z.object({ category: z.string() }).safeParse(row);
  return data === undefined || data.category === 'linear';
};

export const bybitStream: AccountStream = {
  watches: (client) => [() => client.watchOrders(), () => client.watchMyTrades()],
  subscribed: (_url, frame) =>
    z.object({ op: z.literal('subscribe'), success: z.literal(true) }).safeParse(frame).success,
  parse: (frame) => {
    const message = topical.safeParse(frame);
    if (!message.success) return [];
    const topic = message.data.topic.split('.')[0];
    const rows = message.data.data.filter(isLinear);
    if (topic === 'order') {
      return rows.map((row): RawAccountEvent => ({ kind: 'order', order: orderRow.parse(row) }));
    }
    if (topic !== 'execution') return [];
    return rows
      .map((row) => executionRow.parse(row))
      .filter((row) => TRADES.has(row.execType))
      .map((row): RawAccountEvent => ({ kind: 'fill', fill: toFill(row) }));
  },
};
