/** OKX v5 swap rows: REST reads and the `orders` channel. Quantities are contracts. */
import * as z from 'zod';
import { isZero, quote, sub, text } from '../../kernel/decimal.ts';
import { DAY_MS, HOUR_MS } from '../../kernel/instant.ts';
import type { OrderStatus } from '../../market/order.ts';
import type { CcxtClient } from '../client.ts';
import type { AccountReads, AccountStream, Page, RawAccountEvent, RawFill, RawOrder, RawPayment } from '../facts.ts';
import { decimalText, idText, instant, negate, optionalDecimal, sideText } from '../rows.ts';

const STATUS = {
  live: 'open',
  partially_filled: 'open',
  filled: 'filled',
  canceled: 'canceled',
  mmp_canceled: 'canceled',
} as const satisfies Record<string, OrderStatus>;
const statuses = z.enum(['live', 'partially_filled', 'filled', 'canceled', 'mmp_canceled']);
const MAX_ROWS = 100;
/** Of one read: an order with more trades than these hold is read by time. */
const MAX_PAGES = 20;
/** `trade/fills` reaches back three days; an hour for what clocks differ by. */
const RECENT_FILLS_MS = 3 * DAY_MS - HOUR_MS;

const orderRow = z
  .object({
    ordId: idText,
    clOrdId: z.string(),
    instId: idText,
    side: sideText,
    sz: decimalText,
    accFillSz: decimalText,
    state: statuses,
    uTime: instant,
  })
  .transform(
    (row): RawOrder => ({
      marketId: row.instId,
      clientOrderId: row.clOrdId,
      venueOrderId: row.ordId,
      side: row.side,
      status: STATUS[row.state],
      quantity: row.sz,
      filled: row.accFillSz,
      updatedAt: row.uTime,
    }),
  );

const fillRow = z
  .object({
    billId: idText,
    tradeId: idText,
    // Empty for a block trade.
    ordId: z.string(),
    clOrdId: z.string(),
    instId: idText,
    side: sideText,
    fillPx: decimalText,
    fillSz: decimalText,
    fee: decimalText,
    feeCcy: idText,
    // Empty for the venue's own orders: liquidation, deleveraging.
    execType: z.enum(['T', 'M', '']),
    ts: instant,
  })
  .transform((row): { readonly billId: string; readonly fill: RawFill } => ({
    billId: row.billId,
    fill: {
      marketId: row.instId,
      tradeId: row.tradeId,
      venueOrderId: row.ordId,
      clientOrderId: row.clOrdId,
      side: row.side,
      quantity: row.fillSz,
      price: row.fillPx,
      // The venue's fee is the balance change: negative = charged.
      fee: negate(row.fee),
      feeCurrency: row.feeCcy,
      maker: row.execType === 'M',
      at: row.ts,
    },
  }));

/** Left empty where it does not apply; a zero is a figure. */
const emptyOrDecimal = z.union([z.literal('').transform(() => undefined), decimalText]).optional();

const billRow = z
  .object({
    billId: idText,
    instId: idText,
    ccy: idText,
    balChg: emptyOrDecimal,
    posBalChg: emptyOrDecimal,
    ts: instant,
  })
  .transform((row, context): RawPayment => {
    const told = [row.balChg, row.posBalChg].filter((each) => each !== undefined);
    // An isolated position pays from its own margin: the account's change is then zero.
    const amount = told.find((each) => !isZero(quote(each))) ?? told[0];
    if (amount === undefined) {
      context.addIssue({ code: 'custom', message: `bill ${row.billId} tells no change` });
      return z.NEVER;
    }
    return { marketId: row.instId, paymentId: row.billId, amount, currency: row.ccy, at: row.ts };
  });

const positionRow = z.object({
  instId: idText,
  pos: decimalText,
  posSide: z.string(),
  // The margin mode is each order's: a market can have a row of either.
  mgnMode: z.string(),
  avgPx: optionalDecimal,
  markPx: optionalDecimal,
  liqPx: optionalDecimal,
  lever: optionalDecimal,
});

const detailRow = z.object({
  ccy: idText,
  eq: decimalText,
  availBal: decimalText,
  upl: decimalText,
});
const feeRow = z.object({
  takerU: emptyOrDecimal,
  makerU: emptyOrDecimal,
  taker: emptyOrDecimal,
  maker: emptyOrDecimal,
  feeGroup: z.array(z.object({ taker: decimalText, maker: decimalText })).optional(),
});

/** Of rates, which are balance changes, the lowest: what costs most. */
const dearest = (rates: readonly string[]): string | undefined => [...rates].sort((a, b) => quote(a).cmp(quote(b)))[0];

async function data<T>(
  client: CcxtClient,
  path: string,
  params: Record<string, unknown>,
  row: z.ZodType<T>,
): Promise<T[]> {
  const body = await client.request(path, 'private', 'GET', params);
  return z.object({ data: z.array(row) }).parse(body).data;
}

const NO_FILLS: Page<RawFill> = { rows: [], full: false };

/** Oldest first. All trades of one order can bear one millisecond, so that bill ids tell pages apart and times do not. */
async function fillPages(client: CcxtClient, path: string, params: Record<string, unknown>): Promise<Page<RawFill>> {
  const rows: RawFill[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await data(client, path, { ...params, ...(after && { after }) }, fillRow);
    rows.push(...page.map(({ fill }) => fill));
    // The venue lists the newest first, here and in bills.
    if (page.length < MAX_ROWS) return { rows: rows.reverse(), full: false };
    const oldest = page.at(-1)?.billId;
    if (oldest === after) break;
    after = oldest;
  }
  return { rows: rows.reverse(), full: true };
}

export const okxReads: AccountReads = {
  order: async (client, marketId, clientOrderId) =>
    (await data(client, 'trade/order', { instId: marketId, clOrdId: clientOrderId }, orderRow))[0],
  openOrders: async (client, marketId) => {
    const scope = marketId === undefined ? {} : { instId: marketId };
    const rows = await data(client, 'trade/orders-pending', { instType: 'SWAP', limit: MAX_ROWS, ...scope }, orderRow);
    return { rows, full: rows.length >= MAX_ROWS };
  },
  fills: async (client, query) => {
    const params = {
      instType: 'SWAP',
      limit: MAX_ROWS,
      ...(query.marketId === undefined ? {} : { instId: query.marketId }),
      ...(query.venueOrderId === undefined ? { begin: query.from, end: query.to } : { ordId: query.venueOrderId }),
    };
    if (query.venueOrderId !== undefined) {
      const recent = await fillPages(client, 'trade/fills', params);
      return recent.rows.length > 0 ? recent : fillPages(client, 'trade/fills-history', params);
    }
    // The history lags; the venue asks to read what is younger than three days from the other list.
    const recentFrom = client.milliseconds() - RECENT_FILLS_MS;
    const recent =
      query.to < recentFrom
        ? NO_FILLS
        : await fillPages(client, 'trade/fills', { ...params, begin: Math.max(query.from, recentFrom) });
    if (query.from >= recentFrom) return recent;
    const end = Math.min(query.to, recentFrom - 1);
    const older = await fillPages(client, 'trade/fills-history', { ...params, end });
    return { rows: [...older.rows, ...recent.rows], full: older.full || recent.full };
  },
  payments: async (client, window) => {
    // Type 8 is the funding fee.
    const params = { type: '8', instType: 'SWAP', limit: MAX_ROWS, begin: window.from, end: window.to };
    const rows = await data(client, 'account/bills-archive', params, billRow);
    return { rows: rows.reverse(), full: rows.length >= MAX_ROWS };
  },
  positions: async (client) => {
    const rows = await data(client, 'account/positions', { instType: 'SWAP' }, positionRow);
    return {
      rows: rows.map((row) => ({
        marketId: row.instId,
        quantity: row.pos,
        entryPrice: row.avgPx,
        mark: row.markPx,
        liquidationPrice: row.liqPx,
        leverage: row.lever,
        hedged: row.posSide !== 'net',
        cross: row.mgnMode !== 'isolated',
      })),
      full: false,
    };
  },
  balance: async (client, currency) => {
    const rows = await data(client, 'account/balance', { ccy: currency }, z.object({ details: z.array(detailRow) }));
    const row = detailRow.parse(rows[0]?.details.find((each) => each.ccy === currency));
    // Equity counts the unrealised PnL of every position in this currency, which `upl` sums up.
    const wallet = sub(quote(row.eq), quote(row.upl));
    return { wallet: text(wallet), available: row.availBal };
  },
  fees: async (client, marketIds) => {
    const [row] = await data(client, 'account/trade-fee', { instType: 'SWAP' }, feeRow);
    // Rates are balance changes: negative = charged. The U fields are the USDT-margined ones. The venue calls them
    // deprecated; where they are left out, the dearest of the fee groups is nobody's edge overstated.
    const groups = row?.feeGroup ?? [];
    const rates = {
      taker: row?.takerU ?? row?.taker ?? dearest(groups.map((group) => group.taker)),
      maker: row?.makerU ?? row?.maker ?? dearest(groups.map((group) => group.maker)),
    };
    const taker = negate(decimalText.parse(rates.taker));
    const maker = negate(decimalText.parse(rates.maker));
    return new Map(marketIds.map((marketId) => [marketId, { taker, maker }]));
  },
  serverTime: async (client) => {
    const body = await client.request('public/time', 'public', 'GET', {});
    return z.object({ data: z.tuple([z.object({ ts: instant })]) }).parse(body).data[0].ts;
  },
};

const channel = z.object({ arg: z.object({ channel: z.literal('orders') }), data: z.array(z.unknown()) });

/** The trade that caused an `orders` row, when one did. */
const pushedTrade = z.object({
  tradeId: z.string(),
  fillPx: z.string(),
  fillSz: z.string(),
  fillFee: z.string(),
  fillFeeCcy: z.string(),
  fillTime: z.string(),
  execType: z.string(),
});

export const okxStream: AccountStream = {
  watches: (client) => [() => client.watchOrders()],
  subscribed: (_url, frame) => z.object({ event: z.literal('subscribe') }).safeParse(frame).success,
  parse: (frame) => {
    const message = channel.safeParse(frame);
    if (!message.success) return [];
    return message.data.data.flatMap((row): RawAccountEvent[] => {
      const order = orderRow.parse(row);
      const trade = pushedTrade.parse(row);
      if (trade.tradeId === '' || !/[1-9]/.test(trade.fillSz)) return [{ kind: 'order', order }];
      const fill: RawFill = {
        marketId: order.marketId,
        tradeId: trade.tradeId,
        venueOrderId: order.venueOrderId,
        clientOrderId: order.clientOrderId,
        side: order.side,
        quantity: decimalText.parse(trade.fillSz),
        price: decimalText.parse(trade.fillPx),
        fee: negate(decimalText.parse(trade.fillFee)),
        feeCurrency: idText.parse(trade.fillFeeCcy),
        maker: trade.execType === 'M',
        at: instant.parse(trade.fillTime),
      };
      return [
        { kind: 'fill', fill },
        { kind: 'order', order },
      ];
    });
  },
};
