/**
 * The funding side of the account: the settle coin alone. ccxt asks for it with keys when it loads markets. Entry point:
 * `ASSET_ROUTES`. Source: bybit-exchange.github.io/docs/v5/asset/coin-info.
 */
import { type Answer, success } from './answer.ts';
import { type PrivateCall, privateRoute, type Routes } from './route.ts';

export const ASSET_ROUTES: Routes = {
  'GET /v5/asset/coin/query-info': privateRoute(5, coinInfo),
};

function coinInfo({ params, exchange, account, owner }: PrivateCall): Answer {
  const coin = exchange.balance(account).currency;
  const named = params.text('coin');
  if (params.problem) return params.problem;
  if (named !== undefined && named !== coin) return success({ rows: [] });
  const chain = {
    chain: 'TRX',
    chainType: 'TRC20',
    confirmation: '100',
    withdrawFee: '1',
    depositMin: '0.01',
    withdrawMin: '10',
    chainDeposit: '1',
    chainWithdraw: owner.withdraw === true ? '1' : '0',
    minAccuracy: '6',
    withdrawPercentageFee: '0',
    contractAddress: '',
    safeConfirmNumber: '100',
  };
  return success({ rows: [{ name: coin, coin, remainAmount: '10000000', chains: [chain] }] });
}
