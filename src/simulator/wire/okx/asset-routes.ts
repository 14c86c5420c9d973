/**
 * The funding account: the settle currency alone. ccxt asks for it with keys when it loads markets. Entry point:
 * `ASSET_ROUTES`. Source: www.okx.com/docs-v5/en/#funding-account-rest-api-get-currencies.
 */
import type { WireResponse } from '../dialect.ts';
import { text } from './params.ts';
import { success } from './reply.ts';
import type { PrivateCall, Route } from './route.ts';

export const ASSET_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v5/asset/currencies',
    access: 'private',
    limit: { count: 12, per: 'user' },
    run: currencies,
  },
];

/** One row for each currency and chain. */
function currencies({ exchange, account, params, owner }: PrivateCall): WireResponse {
  const ccy = exchange.balance(account).currency;
  const wanted = text(params, 'ccy');
  if (wanted !== '' && !wanted.split(',').includes(ccy)) return success([]);
  return success([
    {
      burningFeeRate: '',
      canDep: true,
      canInternal: false,
      canWd: owner.withdraw === true,
      ccy,
      chain: `${ccy}-TRC20`,
      ctAddr: '',
      depEstOpenTime: '',
      depQuotaFixed: '',
      depQuoteDailyLayer2: '',
      fee: '1',
      logoLink: '',
      mainNet: false,
      maxFee: '1',
      maxWd: '10000000',
      minDep: '0.01',
      minDepArrivalConfirm: '1',
      minFee: '1',
      minInternal: '0.001',
      minWd: '10',
      minWdUnlockConfirm: '1',
      name: ccy,
      needTag: false,
      usedDepQuotaFixed: '',
      usedWdQuota: '0',
      wdEstOpenTime: '',
      wdQuota: '10000000',
      wdTickSz: '6',
    },
  ]);
}
