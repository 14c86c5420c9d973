/** OKX v5 swaps. Sources: www.okx.com/docs-v5/en (error codes, each endpoint's rate limit line). */
import * as z from 'zod';
import { DAY_MS, HOUR_MS } from '../../kernel/instant.ts';
import type { Cost } from '../bucket.ts';
import type { CcxtClient } from '../client.ts';
import { type AccountSettings, SetupError, type VenueFacts } from '../facts.ts';
import { okxAnswers } from './answers.ts';
import { okxReads, okxStream } from './rows.ts';

/** The limit that a path counts towards; limits per instrument are taken as if for all of them together. */
const LIMIT_OF: Readonly<Record<string, string>> = {
  'POST trade/order': 'place',
  'POST trade/cancel-order': 'cancel',
  'GET trade/order': 'order_reads',
  'GET trade/orders-pending': 'open_orders',
  'GET trade/fills': 'recent_fills',
  'GET trade/fills-history': 'fills',
  'GET account/bills-archive': 'bills',
  'GET account/positions': 'positions',
  'GET account/balance': 'balance',
  'GET account/config': 'settings',
  'GET account/leverage-info': 'leverage_reads',
  'GET account/trade-fee': 'fees',
  'GET public/funding-rate-history': 'settled_rates',
  'GET public/time': 'time',
  'POST account/set-leverage': 'leverage',
  'POST account/set-position-mode': 'settings',
};

function cost(method: string, path: string): Cost {
  return { [LIMIT_OF[`${method} ${path}`] ?? 'public']: 1 };
}

const settings: AccountSettings = {
  permissions: async (client) => {
    const { perm, ip } = await accountConfig(client);
    const may = perm.split(',');
    return { trade: may.includes('trade'), withdraw: may.includes('withdraw'), bound: ip !== '' };
  },
  prepareAccount: async (client, attempt) => {
    if ((await positionMode(client)) === 'net_mode') return;
    const net = { posMode: 'net_mode' };
    const code = await attempt(() => client.request('account/set-position-mode', 'private', 'POST', net));
    const mode = await positionMode(client);
    if (mode !== 'net_mode') throw new SetupError('position_mode', `the account stays in ${mode} (${code})`);
  },
  // Margin mode is a parameter of leverage and of each order here, not a setting of the account.
  marginTerms: async (client, marketId) => {
    const isolated = { instId: marketId, mgnMode: 'isolated' };
    const body = await client.request('account/leverage-info', 'private', 'GET', isolated);
    const row = z.object({ instId: z.literal(marketId), lever: z.coerce.number(), mgnMode: z.literal('isolated') });
    return { isIsolated: true, leverage: z.object({ data: z.tuple([row]) }).parse(body).data[0].lever };
  },
  setMarginTerms: (client, attempt, { marketId, leverage }) => {
    const wanted = { instId: marketId, mgnMode: 'isolated', lever: String(leverage) };
    return attempt(() => client.request('account/set-leverage', 'private', 'POST', wanted));
  },
};

const config = z.object({ posMode: z.string(), perm: z.string(), ip: z.string() });

async function accountConfig(client: CcxtClient): Promise<z.infer<typeof config>> {
  const body = await client.request('account/config', 'private', 'GET', {});
  return z.object({ data: z.tuple([config]) }).parse(body).data[0];
}

const positionMode = async (client: CcxtClient): Promise<string> => (await accountConfig(client)).posMode;

const envelope = z.object({
  code: z.string(),
  data: z.array(z.object({ sCode: z.string().optional() })).optional(),
});

export const okxFacts: VenueFacts = {
  id: 'okx',
  ccxtClass: 'okx',
  hosts: { rest: ['www.okx.com'], ws: ['ws.okx.com:8443'] },
  options: {
    fetchMarkets: { types: ['swap'] },
    defaultType: 'swap',
    defaultMarginMode: 'isolated',
    createOrder: 'privatePostTradeOrder',
    // Else the orders of every kind of instrument come, and one of a market that is not loaded ends every watch.
    watchOrders: { type: 'SWAP' },
  },
  configure: (client, testnet) => {
    // ccxt tags orders only when it invents their id; an empty broker keeps it from that too.
    client.options.brokerId = '';
    client.has.fetchCurrencies = false;
    if (testnet) client.setSandboxMode(true);
  },
  limits: [
    { name: 'place', limit: 60, windowMs: 2_000 },
    { name: 'cancel', limit: 60, windowMs: 2_000 },
    { name: 'order_reads', limit: 60, windowMs: 2_000 },
    { name: 'open_orders', limit: 60, windowMs: 2_000 },
    { name: 'recent_fills', limit: 60, windowMs: 2_000 },
    { name: 'fills', limit: 10, windowMs: 2_000 },
    { name: 'bills', limit: 5, windowMs: 2_000 },
    { name: 'positions', limit: 10, windowMs: 2_000 },
    { name: 'balance', limit: 10, windowMs: 2_000 },
    { name: 'leverage', limit: 20, windowMs: 2_000 },
    { name: 'leverage_reads', limit: 20, windowMs: 2_000 },
    { name: 'settings', limit: 5, windowMs: 2_000 },
    { name: 'fees', limit: 5, windowMs: 2_000 },
    { name: 'settled_rates', limit: 10, windowMs: 2_000 },
    { name: 'time', limit: 10, windowMs: 2_000 },
    { name: 'public', limit: 10, windowMs: 2_000 },
  ],
  cost,
  orderParams: (order) => ({
    clientOrderId: order.clientOrderId,
    tdMode: 'isolated',
    // A price beyond the venue's limit becomes that limit, where the order would be refused; never a worse one than ours.
    ...(order.style === 'ioc' ? { timeInForce: 'IOC', pxAmendType: '1' } : { postOnly: true }),
    ...(order.reduceOnly ? { reduceOnly: true } : {}),
  }),
  cancelParams: (clientOrderId) => ({ clientOrderId }),
  errorCode: (body) => {
    const parsed = envelope.safeParse(body);
    if (!parsed.success) return undefined;
    // The row's own code says more than the envelope's 1 ("all failed") or 2 ("some failed").
    const row = parsed.data.data?.find((each) => each.sCode !== undefined && each.sCode !== '0' && each.sCode !== '');
    if (row?.sCode !== undefined) return row.sCode;
    return parsed.data.code === '0' ? undefined : parsed.data.code;
  },
  orderPath: '/api/v5/trade/order',
  // A signature alone is valid for 30 s.
  deadlineHeader: 'expTime',
  answers: okxAnswers,
  notOpenCodes: new Set(['51400', '51401', '51402', '51410', '51603']),
  notFoundCodes: new Set(['51603']),
  orderMemoryMs: 2 * HOUR_MS,
  fillsPerMarket: false,
  fillWindowMs: 91 * DAY_MS,
  paymentWindowMs: 91 * DAY_MS,
  fillHorizonMs: 90 * DAY_MS,
  paymentHorizonMs: 90 * DAY_MS,
  settle: 'USDT',
  perpetualId: /-USDT-SWAP$/,
  endField: 'expTime',
  // A contract is `ctVal` times `ctMult`; ccxt takes `ctVal` alone.
  isMultiplied: (info) => {
    const { data } = z.object({ ctMult: z.string() }).safeParse(info);
    return data !== undefined && data.ctMult !== '' && Number(data.ctMult) !== 1;
  },
  defaultFees: { taker: '0.0005', maker: '0.0002' },
  reads: okxReads,
  stream: okxStream,
  settings,
};
