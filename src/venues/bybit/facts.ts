/** Bybit v5, unified account, linear. Sources: bybit-exchange.github.io/docs/v5 (rate-limit, error, each endpoint). */
import * as z from 'zod';
import { DAY_MS } from '../../kernel/instant.ts';
import type { Cost } from '../bucket.ts';
import type { CcxtClient } from '../client.ts';
import { type AccountSettings, RECV_WINDOW_MS, SetupError, type VenueFacts } from '../facts.ts';
import { bybitAnswers } from './answers.ts';
import { bybitReads, bybitStream } from './rows.ts';

/** The per-user limit that a private path counts towards, besides the limit per address. */
const USER_LIMITS: Readonly<Record<string, string>> = {
  'v5/order/create': 'create',
  'v5/order/cancel': 'cancel',
  'v5/position/set-leverage': 'leverage',
  'v5/position/switch-mode': 'settings',
  'v5/account/set-margin-mode': 'settings',
  'v5/account/fee-rate': 'fees',
  'v5/account/info': 'wallet',
  'v5/order/realtime': 'order_reads',
  'v5/order/history': 'order_reads',
  'v5/execution/list': 'executions',
  'v5/position/list': 'positions',
  'v5/account/wallet-balance': 'wallet',
};

function cost(_method: string, path: string): Cost {
  const name = USER_LIMITS[path];
  return name === undefined ? { address: 1 } : { address: 1, [name]: 1 };
}

const ISOLATED = 'ISOLATED_MARGIN';

const apiKey = z.object({
  result: z.object({
    readOnly: z.coerce.number(),
    permissions: z.object({
      Wallet: z.array(z.string()).optional(),
      ContractTrade: z.array(z.string()).optional(),
      Derivatives: z.array(z.string()).optional(),
    }),
    ips: z.array(z.string()),
  }),
});

const settings: AccountSettings = {
  permissions: async (client) => {
    const { readOnly, permissions, ips } = apiKey.parse(
      await client.request('v5/user/query-api', 'private', 'GET', {}),
    ).result;
    const withdraw = permissions.Wallet?.includes('Withdraw') === true;
    // Orders and positions of contracts are granted apart; accounts of an older kind have one grant for derivatives.
    const orders =
      permissions.ContractTrade?.includes('Order') || permissions.Derivatives?.includes('DerivativesTrade') || false;
    return { trade: readOnly === 0 && orders, withdraw, bound: ips.length > 0 && !ips.includes('*') };
  },
  prepareAccount: async (client, attempt) => {
    if ((await marginMode(client)) !== ISOLATED) {
      const wanted = { setMarginMode: ISOLATED };
      const code = await attempt(() => client.request('v5/account/set-margin-mode', 'private', 'POST', wanted));
      if ((await marginMode(client)) !== ISOLATED) {
        throw new SetupError('margin_mode', `the account is not isolated (${code})`);
      }
    }
    // Whether it changed or was so already shows in the position index of each instrument.
    const oneWay = { category: 'linear', coin: 'USDT', mode: 0 };
    const code = await attempt(() => client.request('v5/position/switch-mode', 'private', 'POST', oneWay));
    const held = await bybitReads.positions(client);
    if (held.rows.some((row) => row.hedged)) {
      throw new SetupError('position_mode', `a position is in hedge mode (${code})`);
    }
  },
  // Isolated margin is the account's here.
  marginTerms: async (client, marketId) => ({ isIsolated: true, leverage: await leverageOf(client, marketId) }),
  setMarginTerms: (client, attempt, { marketId, leverage }) => {
    const both = { buyLeverage: String(leverage), sellLeverage: String(leverage) };
    const wanted = { category: 'linear', symbol: marketId, ...both };
    return attempt(() => client.request('v5/position/set-leverage', 'private', 'POST', wanted));
  },
};

/** Throws SetupError for an instrument in hedge mode, which the position index of its rows shows, flat or not. */
async function leverageOf(client: CcxtClient, marketId: string): Promise<number> {
  const body = await client.request('v5/position/list', 'private', 'GET', { category: 'linear', symbol: marketId });
  const row = z.object({ leverage: z.coerce.number(), positionIdx: z.coerce.number() });
  const { list } = z.object({ result: z.object({ list: z.array(row).min(1) }) }).parse(body).result;
  if (list.some((each) => each.positionIdx !== 0)) {
    throw new SetupError('position_mode', `${marketId} is in hedge mode`);
  }
  return list[0]?.leverage ?? Number.NaN;
}

async function marginMode(client: CcxtClient): Promise<string> {
  const body = await client.request('v5/account/info', 'private', 'GET', {});
  return z.object({ result: z.object({ marginMode: z.string() }) }).parse(body).result.marginMode;
}

function errorCode(body: unknown): string | undefined {
  const parsed = z.object({ retCode: z.coerce.number() }).safeParse(body);
  return parsed.success && parsed.data.retCode !== 0 ? String(parsed.data.retCode) : undefined;
}

export const bybitFacts: VenueFacts = {
  id: 'bybit',
  ccxtClass: 'bybit',
  hosts: { rest: ['api.bybit.com'], ws: ['stream.bybit.com'] },
  options: {
    fetchMarkets: { types: ['linear'] },
    defaultType: 'swap',
    defaultSubType: 'linear',
    recvWindow: RECV_WINDOW_MS,
    // Saves two requests and a wrong guess before the first private call.
    enableUnifiedMargin: false,
    enableUnifiedAccount: true,
    unifiedMarginStatus: 6,
  },
  configure: (client, testnet) => {
    client.has.fetchCurrencies = false;
    if (testnet) client.setSandboxMode(true);
  },
  limits: [
    { name: 'address', limit: 600, windowMs: 5_000 },
    { name: 'create', limit: 10, windowMs: 1_000 },
    { name: 'cancel', limit: 10, windowMs: 1_000 },
    { name: 'leverage', limit: 10, windowMs: 1_000 },
    { name: 'settings', limit: 5, windowMs: 1_000 },
    { name: 'fees', limit: 10, windowMs: 1_000 },
    { name: 'order_reads', limit: 50, windowMs: 1_000 },
    { name: 'executions', limit: 50, windowMs: 1_000 },
    { name: 'positions', limit: 50, windowMs: 1_000 },
    { name: 'wallet', limit: 50, windowMs: 1_000 },
  ],
  cost,
  orderParams: (order) => ({
    clientOrderId: order.clientOrderId,
    // One-way mode.
    positionIdx: 0,
    ...(order.style === 'ioc' ? { timeInForce: 'IOC' } : { postOnly: true }),
    ...(order.reduceOnly ? { reduceOnly: true } : {}),
  }),
  // `clientOrderId` would reach the venue verbatim and be ignored.
  cancelParams: (clientOrderId) => ({ orderLinkId: clientOrderId }),
  errorCode,
  orderPath: '/v5/order/create',
  answers: bybitAnswers,
  notOpenCodes: new Set(['110001', '110008', '110010']),
  notFoundCodes: new Set(['110001']),
  orderMemoryMs: DAY_MS,
  fillsPerMarket: false,
  fillWindowMs: 7 * DAY_MS,
  paymentWindowMs: 7 * DAY_MS,
  fillHorizonMs: 730 * DAY_MS,
  paymentHorizonMs: 730 * DAY_MS,
  settle: 'USDT',
  perpetualId: /^[^-]+USDT$/,
  endField: 'deliveryTime',
  defaultFees: { taker: '0.00055', maker: '0.0002' },
  reads: bybitReads,
  stream: bybitStream,
  settings,
};
