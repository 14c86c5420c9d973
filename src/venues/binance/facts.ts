/**
 * Binance USD-M futures. Sources: developers.binance.com, derivatives/usds-margined-futures (error codes, general info,
 * each endpoint's request weight).
 */
import * as z from 'zod';
import { DAY_MS, MINUTE_MS } from '../../kernel/instant.ts';
import type { Cost } from '../bucket.ts';
import type { CcxtClient } from '../client.ts';
import { type AccountSettings, RECV_WINDOW_MS, SetupError, type VenueFacts } from '../facts.ts';
import { binanceAnswers } from './answers.ts';
import { binanceReads, binanceStream } from './rows.ts';

/** Request weight by method and path; anything else costs 1. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'GET userTrades': 5,
  'GET allOrders': 5,
  'GET income': 30,
  'GET positionRisk': 5,
  'GET account': 5,
  'GET commissionRate': 20,
  'GET symbolConfig': 5,
  'GET premiumIndex': 10,
  'GET positionSide/dual': 30,
  'GET feeBurn': 30,
};

/** Share one limit of their own. */
const FUNDING_PATHS = new Set(['fundingRate', 'fundingInfo']);

function cost(method: string, path: string, params: unknown): Cost {
  if (method === 'POST' && path === 'order') return { weight: 1, orders_10s: 1, orders_1m: 1 };
  if (FUNDING_PATHS.has(path)) return { funding: 1, weight: 1 };
  if (method === 'GET' && path === 'openOrders')
    return { weight: z.object({ symbol: z.string() }).safeParse(params).success ? 1 : 40 };
  if (method === 'GET' && path === 'depth') return { weight: depthWeight(params) };
  return { weight: WEIGHTS[`${method} ${path}`] ?? 1 };
}

function depthWeight(params: unknown): number {
  const parsed = z.object({ limit: z.coerce.number() }).safeParse(params);
  const limit = parsed.success ? parsed.data.limit : 500;
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

const restrictions = z.object({ ipRestrict: z.boolean(), enableWithdrawals: z.boolean(), enableFutures: z.boolean() });
const symbolConfig = z.object({ symbol: z.string(), marginType: z.string(), leverage: z.coerce.number() });

const settings: AccountSettings = {
  permissions: async (client) => {
    const row = restrictions.parse(await client.request('account/apiRestrictions', 'sapi', 'GET', {}));
    return { trade: row.enableFutures, withdraw: row.enableWithdrawals, bound: row.ipRestrict };
  },
  prepareAccount: async (client, attempt) => {
    if (await paysFeesInBnb(client)) {
      throw new SetupError(
        'fee_currency',
        'the account pays fees in BNB, which no USDT ledger can count: turn that off',
      );
    }
    if (!(await isHedged(client))) return;
    const oneWay = { dualSidePosition: 'false' };
    const code = await attempt(() => client.request('positionSide/dual', 'fapiPrivate', 'POST', oneWay));
    if (await isHedged(client)) throw new SetupError('position_mode', `the account stays in hedge mode (${code})`);
  },
  marginTerms: async (client, marketId) => {
    const body = await client.request('symbolConfig', 'fapiPrivate', 'GET', { symbol: marketId });
    const [row] = z.tuple([symbolConfig.extend({ symbol: z.literal(marketId) })]).parse(body);
    return { isIsolated: row.marginType === ISOLATED, leverage: row.leverage };
  },
  setMarginTerms: async (client, attempt, { marketId, leverage, before }) => {
    const change = (path: string, value: object) =>
      attempt(() => client.request(path, 'fapiPrivate', 'POST', { symbol: marketId, ...value }));
    const modeCode = before.isIsolated ? undefined : await change('marginType', { marginType: ISOLATED });
    const code = before.leverage === leverage ? undefined : await change('leverage', { leverage });
    return modeCode ?? code;
  },
};

const ISOLATED = 'ISOLATED';

async function paysFeesInBnb(client: CcxtClient): Promise<boolean> {
  const body = await client.request('feeBurn', 'fapiPrivate', 'GET', {});
  return z.object({ feeBurn: z.union([z.boolean(), z.stringbool()]) }).parse(body).feeBurn;
}

async function isHedged(client: CcxtClient): Promise<boolean> {
  const body = await client.request('positionSide/dual', 'fapiPrivate', 'GET', {});
  const flag = z.object({ dualSidePosition: z.union([z.boolean(), z.stringbool()]) });
  return flag.parse(body).dualSidePosition;
}

export const binanceFacts: VenueFacts = {
  id: 'binance',
  ccxtClass: 'binanceusdm',
  // The second one tells what the key may do.
  hosts: { rest: ['fapi.binance.com', 'api.binance.com'], ws: ['fstream.binance.com'] },
  options: {
    // Otherwise loadMarkets signs requests to the spot wallet API.
    fetchCurrencies: false,
    recvWindow: RECV_WINDOW_MS,
    fetchMarkets: { types: ['linear'] },
    warnOnFetchOpenOrdersWithoutSymbol: false,
  },
  configure: (client, testnet) => {
    // The futures testnet refuses at signing time in ccxt; demo trading has its own hosts.
    if (testnet) client.enableDemoTrading(true);
  },
  // Every answer tells the weight of the address, every order's the orders of the account ("General Info", limits).
  limits: [
    { name: 'weight', limit: 2_400, windowMs: MINUTE_MS, usedHeader: 'x-mbx-used-weight-1m' },
    { name: 'orders_10s', limit: 300, windowMs: 10_000, usedHeader: 'x-mbx-order-count-10s' },
    { name: 'orders_1m', limit: 1_200, windowMs: MINUTE_MS, usedHeader: 'x-mbx-order-count-1m' },
    { name: 'funding', limit: 500, windowMs: 5 * MINUTE_MS },
  ],
  cost,
  orderParams: (order) => ({
    clientOrderId: order.clientOrderId,
    ...(order.style === 'ioc' ? { timeInForce: 'IOC' } : { timeInForce: 'GTX' }),
    ...(order.reduceOnly ? { reduceOnly: true } : {}),
  }),
  cancelParams: (clientOrderId) => ({ clientOrderId }),
  errorCode: (body) => {
    const parsed = z.object({ code: z.number(), msg: z.string() }).safeParse(body);
    return parsed.success && parsed.data.code < 0 ? String(parsed.data.code) : undefined;
  },
  orderPath: '/fapi/v1/order',
  answers: binanceAnswers,
  notOpenCodes: new Set(['-2011', '-2013']),
  notFoundCodes: new Set(['-2013']),
  orderMemoryMs: 3 * DAY_MS,
  fillsPerMarket: true,
  fillWindowMs: 7 * DAY_MS,
  paymentWindowMs: 30 * DAY_MS,
  fillHorizonMs: 180 * DAY_MS,
  paymentHorizonMs: 90 * DAY_MS,
  settle: 'USDT',
  perpetualId: /^[^_]+USDT$/,
  endField: 'deliveryDate',
  defaultFees: { taker: '0.0005', maker: '0.0002' },
  reads: binanceReads,
  stream: binanceStream,
  settings,
};
