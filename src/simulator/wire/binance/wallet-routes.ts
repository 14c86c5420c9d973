/**
 * The wallet's own host (`/sapi`), served here beside the futures: what ccxt asks of it with keys when it loads markets
 * (`capital/config/getall`, `margin/allPairs`, `margin/isolated/allPairs`), and what a key may do. Weights and fields: the wallet and margin pages
 * of the documentation.
 */
import { ok, type Result } from './reply.ts';
import type { PrivateCall, Routes } from './route.ts';

export const WALLET_ROUTES: Routes = {
  'GET /sapi/v1/account/apiRestrictions': { access: 'signed', weight: 1, handle: apiRestrictions },
  'GET /sapi/v1/capital/config/getall': { access: 'signed', weight: 10, handle: coins },
  // The model has no margin pairs.
  'GET /sapi/v1/margin/allPairs': { access: 'key', weight: 1, handle: () => ok([]) },
  'GET /sapi/v1/margin/isolated/allPairs': { access: 'key', weight: 10, handle: () => ok([]) },
};

function apiRestrictions({ owner, now }: PrivateCall): Result<unknown> {
  return ok({
    ipRestrict: (owner.ips ?? []).length > 0,
    createTime: now,
    enableReading: true,
    enableWithdrawals: owner.withdraw === true,
    enableInternalTransfer: false,
    enableMargin: false,
    enableFutures: true,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: true,
    enableSpotAndMarginTrading: false,
    enablePortfolioMarginTrading: false,
  });
}

/** The settle currency alone; what the account has of it lies in the futures wallet, not here. */
function coins({ exchange, account, owner }: PrivateCall): Result<unknown> {
  const coin = exchange.balance(account).currency;
  const withdrawEnable = owner.withdraw === true;
  const network = {
    network: 'TRX',
    coin,
    withdrawIntegerMultiple: '0.000001',
    isDefault: true,
    depositEnable: true,
    withdrawEnable,
    depositDesc: '',
    withdrawDesc: '',
    specialTips: '',
    name: 'Tron (TRC20)',
    resetAddressStatus: false,
    addressRegex: '^T[1-9A-HJ-NP-Za-km-z]{33}$',
    memoRegex: '',
    withdrawFee: '1',
    withdrawMin: '10',
    withdrawMax: '10000000',
    withdrawInternalMin: '0.000001',
    minConfirm: 1,
    unLockConfirm: 0,
    sameAddress: false,
    estimatedArrivalTime: 2,
    busy: false,
  };
  return ok([
    {
      coin,
      depositAllEnable: true,
      withdrawAllEnable: withdrawEnable,
      name: coin,
      free: '0',
      locked: '0',
      freeze: '0',
      withdrawing: '0',
      ipoing: '0',
      ipoable: '0',
      storage: '0',
      isLegalMoney: false,
      trading: true,
      networkList: [network],
    },
  ]);
}
