/**
 * How each kind of fact lies in its table: one column per property, named once for writing and reading.
 * Entry points: `TABLES`, `tableOf`.
 */
import { base, px, quote } from '../../kernel/decimal.ts';
import type { LegName, Mode, Route } from '../../kernel/ids.ts';
import type { AttemptPurpose, AttemptStatus, Fact, HedgeState } from '../../ledger/facts.ts';
import type { Fill, FundingPayment, Side } from '../../market/order.ts';
import {
  type ColumnsOf,
  decimalColumn,
  flagColumn,
  listColumn,
  optional,
  realColumn,
  textColumn as textual,
  wholeColumn as whole,
  wordColumn,
} from './column.ts';
import { entryColumn } from './entry-column.ts';
import { type FactTable, type FillOwner, flat, nested, type PaymentOwner } from './fact-table.ts';

const route = wordColumn<Route>('route', { live: true, paper: true });
const side = wordColumn<Side>('side', { buy: true, sell: true });
const leg = wordColumn<LegName>('leg', { long: true, short: true });
const mode = wordColumn<Mode>('mode', { sim: true, paper: true, testnet: true, live: true });
const at = whole('at');

const stateColumn = (name: string) =>
  wordColumn<HedgeState>(name, {
    planned: true,
    entering: true,
    balancing: true,
    held: true,
    exiting: true,
    unwinding: true,
    quarantined: true,
    closed: true,
    aborted: true,
  });
const purpose = wordColumn<AttemptPurpose>('purpose', {
  enter: true,
  complete: true,
  trim: true,
  exit: true,
  unwind: true,
  emergency: true,
});
const status = wordColumn<AttemptStatus>('status', {
  open: true,
  unknown: true,
  filled: true,
  canceled: true,
  expired: true,
  rejected: true,
  proven_absent: true,
});

const fillColumns: ColumnsOf<Fill> = {
  venue: textual('venue'),
  route,
  symbol: textual('symbol'),
  tradeId: textual('trade_id'),
  venueOrderId: textual('venue_order_id'),
  clientOrderId: optional(textual('client_order_id')),
  side,
  quantity: decimalColumn('quantity', base),
  price: decimalColumn('price', px),
  fee: decimalColumn('fee', quote),
  feeCurrency: textual('fee_currency'),
  liquidity: wordColumn('liquidity', { taker: true, maker: true }),
  at,
};

const paymentColumns: ColumnsOf<FundingPayment> = {
  venue: textual('venue'),
  route,
  symbol: textual('symbol'),
  paymentId: textual('payment_id'),
  amount: decimalColumn('amount', quote),
  currency: textual('currency'),
  at,
};

const ownerColumns: ColumnsOf<Pick<FillOwner & PaymentOwner, 'hedge' | 'leg' | 'bookedAt'>> = {
  hedge: optional(textual('hedge')),
  leg: optional(leg),
  bookedAt: whole('booked_at'),
};

const paymentOwnerColumns: ColumnsOf<PaymentOwner> = {
  ...ownerColumns,
  legAmount: optional(decimalColumn('leg_amount', quote)),
};

const fillOwnerColumns: ColumnsOf<FillOwner> = {
  ...ownerColumns,
  legQuantity: optional(decimalColumn('leg_quantity', base)),
};

/** Every fact table, parents before the tables that refer to them. */
export const TABLES: readonly FactTable[] = [
  flat('epoch', 'epochs', { epoch: whole('epoch'), mode, pid: whole('pid'), at }),
  flat('hedge_planned', 'hedges', {
    hedge: textual('hedge'),
    route,
    asset: textual('asset'),
    longKey: textual('long_key'),
    shortKey: textual('short_key'),
    quantity: decimalColumn('quantity', base),
    commonLot: decimalColumn('common_lot', base),
    leverage: realColumn('leverage'),
    expectation: textual('expectation'),
    epoch: whole('epoch'),
    at,
    // Last: a plan that an earlier version staged has its cells in their old order.
    entry: entryColumn('entry'),
  }),
  flat('hedge_moved', 'hedge_moves', {
    hedge: textual('hedge'),
    from: stateColumn('from_state'),
    to: stateColumn('to_state'),
    reason: textual('reason'),
    detail: textual('detail'),
    at,
  }),
  flat('attempt', 'attempts', {
    clientOrderId: textual('client_order_id'),
    hedge: textual('hedge'),
    leg,
    purpose,
    number: whole('number'),
    route,
    key: textual('key'),
    side,
    quantity: decimalColumn('quantity', base),
    limitPrice: decimalColumn('limit_price', px),
    style: wordColumn('style', { ioc: true, post_only: true }),
    reduceOnly: flagColumn('reduce_only'),
    referencePrice: decimalColumn('reference_price', px),
    epoch: whole('epoch'),
    at,
  }),
  flat('outcome', 'outcomes', {
    clientOrderId: textual('client_order_id'),
    status,
    venueOrderId: optional(textual('venue_order_id')),
    filled: optional(decimalColumn('filled', base)),
    code: optional(textual('code')),
    detail: optional(textual('detail')),
    at,
  }),
  nested('fill', 'fills', fillColumns, fillOwnerColumns),
  nested('payment', 'payments', paymentColumns, paymentOwnerColumns),
  flat('decision', 'decisions', {
    subject: textual('subject'),
    asset: textual('asset'),
    verdict: wordColumn('verdict', { approved: true, refused: true, exit: true }),
    rules: listColumn('rules'),
    reasons: textual('reasons'),
    at,
  }),
  flat('config', 'config_changes', {
    key: textual('key'),
    before: textual('before'),
    after: textual('after'),
    loosens: flagColumn('loosens'),
    at,
  }),
  flat('control', 'controls', {
    action: wordColumn('action', {
      pause: true,
      resume: true,
      kill: true,
      kill_reset: true,
      close: true,
      flatten: true,
      accept: true,
    }),
    subject: textual('subject'),
    by: textual('by'),
    detail: textual('detail'),
    at,
  }),
  flat('baseline', 'baselines', {
    venue: textual('venue'),
    route,
    currency: textual('currency'),
    wallet: decimalColumn('wallet', quote),
    at,
  }),
  flat('discrepancy', 'discrepancies', {
    id: textual('id'),
    venue: textual('venue'),
    route,
    what: wordColumn('what', {
      position: true,
      wallet: true,
      foreign_fill: true,
      open_order: true,
      order_fate: true,
      fill_conflict: true,
      payment_conflict: true,
      ledger_behind: true,
    }),
    status: wordColumn('status', { open: true, explained: true }),
    ledger: textual('ledger'),
    venueSays: textual('venue_says'),
    detail: textual('detail'),
    at,
  }),
  flat('acceptance', 'acceptances', {
    id: textual('id'),
    venue: textual('venue'),
    route,
    ledger: textual('ledger'),
    venueSays: textual('venue_says'),
    note: textual('note'),
    by: textual('by'),
    at,
  }),
  flat('adjustment', 'adjustments', {
    venue: textual('venue'),
    route,
    symbol: textual('symbol'),
    side,
    quantity: decimalColumn('quantity', base),
    price: decimalColumn('price', px),
    hedge: optional(textual('hedge')),
    leg: optional(leg),
    by: textual('by'),
    at,
  }),
  flat('breaker', 'breakers', {
    name: wordColumn('name', {
      error_rate: true,
      latency: true,
      rejected_orders: true,
      clock_skew: true,
      stale_streams: true,
      consecutive_failures: true,
      churn: true,
      daily_loss: true,
      drawdown: true,
      order_rate: true,
      restarts: true,
    }),
    route,
    subject: textual('subject'),
    state: wordColumn('state', { tripped: true, reset: true }),
    limit: realColumn('limit_value'),
    actual: optional(realColumn('actual')),
    detail: textual('detail'),
    by: textual('by'),
    at,
  }),
  flat('peak', 'peaks', { route, equityUsd: decimalColumn('equity_usd', quote), at }),
  flat('day', 'days', { route, day: whole('day'), equityUsd: decimalColumn('equity_usd', quote), at }),
];

const BY_KIND: ReadonlyMap<Fact['kind'], FactTable> = new Map(TABLES.map((table) => [table.kind, table]));

export function tableOf(kind: Fact['kind']): FactTable {
  const table = BY_KIND.get(kind);
  // Unreachable while the table list above has every kind, which a test holds.
  if (!table) throw new TypeError(`no table for facts of kind ${kind}`);
  return table;
}
