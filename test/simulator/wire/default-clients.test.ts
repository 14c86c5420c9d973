/** ccxt with its own defaults and keys: what it fetches beside the markets must be there too. */
import type { Exchange as Ccxt } from 'ccxt';
import { afterEach, describe, expect, it } from 'vitest';
import * as binance from './binance-world.ts';
import * as bybit from './bybit-world.ts';
import { connectCcxt } from './connect.ts';
import * as okx from './okx-world.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Started {
  readonly client: Ccxt;
  readonly requests: readonly string[];
}

async function started(venue: Common['venue']): Promise<Started> {
  const requests: string[] = [];
  const common = {
    venue,
    untouched: true,
    onRequest: (method: string, url: string) => requests.push(`${method} ${url.replace(/\?.*/, '')}`),
  };
  const client = await connectTo(venue, common);
  closers.unshift(() => client.close());
  return { client, requests };
}

type Common = Pick<Parameters<typeof connectCcxt>[0], 'venue' | 'untouched' | 'onRequest'>;

async function connectTo(venue: Common['venue'], common: Common): Promise<Ccxt> {
  if (venue === 'binance' || venue === 'binanceusdm') {
    const { server, clock, close } = await binance.startWorld();
    closers.push(close);
    return connectCcxt({ ...common, server, now: clock.now, apiKey: binance.API_KEY, secret: binance.SECRET });
  }
  if (venue === 'bybit') {
    const { server, clock, close } = await bybit.startBybit();
    closers.push(close);
    return connectCcxt({ ...common, server, now: clock.now, apiKey: bybit.KEY, secret: bybit.SECRET });
  }
  const { server, clock, close } = await okx.okxWorld();
  closers.push(close);
  const { apiKey, secret, passphrase } = okx.CREDENTIALS;
  return connectCcxt({ ...common, server, now: clock.now, apiKey, secret, config: { password: passphrase } });
}

describe('loadMarkets with keys and ccxt’s own options', () => {
  it.each([
    ['binance', 'https://api.binance.com/sapi/v1/capital/config/getall', ['BTC', 'DOGE', 'ETH']],
    ['binanceusdm', 'https://api.binance.com/sapi/v1/capital/config/getall', ['BTC', 'DOGE', 'ETH']],
    ['bybit', 'https://api.bybit.com/v5/asset/coin/query-info', ['BTC', 'ETH']],
    ['okx', 'https://www.okx.com/api/v5/asset/currencies', ['BTC', 'ETH']],
  ] as const)('%s', async (venue, path, assets) => {
    const { client, requests } = await started(venue);
    const markets = await client.loadMarkets();
    expect(requests).toContain(`GET ${path}`);
    expect(Object.keys(markets).sort()).toEqual(assets.map((asset) => `${asset}/USDT:USDT`));
    const { USDT } = client.currencies;
    expect(USDT).toMatchObject({ id: 'USDT', code: 'USDT', type: 'crypto', deposit: true, withdraw: false });
    expect(Object.values(USDT?.networks ?? {})).toMatchObject([{ deposit: true, withdraw: false, fee: 1 }]);
  });
});
