/** What a world is made of: settings, instruments and the two venues. */
import type { EngineSettings } from '../../src/engine/settings.ts';
import { base, contracts, px, quote } from '../../src/kernel/decimal.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import type { SimClock } from '../../src/simulator/clock.ts';
import type { Exchange } from '../../src/simulator/exchange/api.ts';
import { createExchange } from '../../src/simulator/exchange/exchange.ts';
import { NEVER_TRIPPING } from '../risk/breaker-limits.ts';
import { LIMITS } from '../risk/fixtures.ts';

export const START = Date.UTC(2026, 0, 5, 10, 20);
export const ACCOUNT = 'main';
export const SOL = 'SOL/USDT:USDT';
export const ETH = 'ETH/USDT:USDT';
export const DEPOSIT = '10000';

/** Two venues that count differently: `alpha` in 0.1 SOL, `beta` in contracts of 0.5 SOL: the common lot is 0.5. */
export const COMMON_LOT = { [SOL]: base('0.5'), [ETH]: base('0.02') };

export const SETTINGS: EngineSettings = {
  mode: 'sim',
  paused: false,
  enabledVenues: new Set(['alpha', 'beta']),
  liveShare: 1,
  signal: { horizonHours: 24, notionalUsd: 1000, basisAllowanceRate: 0, reversionHalfLifeHours: 12 },
  risk: {
    ...LIMITS,
    entry: { minNetApr: 0.1, minSpreadPer8h: 0.0005, minConfidence: 0, maxBreakEvenHours: 480 },
    exit: { minForwardApr: 0.03, confirmMinutes: 5, maxHoldHours: 0 },
    size: { hedgeNotionalUsd: 1000, minHedgeNotionalUsd: 100, maxDepthShare: 0.9 },
    cooldown: { afterExitMinutes: 1, afterFailureMinutes: 1 },
    loss: { maxDailyLossUsd: 100_000 },
    breakers: NEVER_TRIPPING,
  },
  execution: {
    style: 'taker',
    maker: { deadlineMs: 30_000, repriceMs: 2_000, maxReprices: 5 },
    sliced: { notionalUsd: 250, intervalMs: 2_000, deadlineMs: 60_000 },
    leverage: 2,
    marginReserveRate: 0.1,
    entryPriceCapRate: 0.002,
    exitPriceCapRate: 0.002,
    exitPriceCapMaxRate: 0.02,
    enterDeadlineMs: 15_000,
    balanceDeadlineMs: 30_000,
    retryDelayMs: 500,
    maxCompletions: 2,
    maxReduceAttempts: 6,
    nakedLimitMs: 30_000,
    lookup: { minValidityMs: 5_000, minLookups: 3, spacingMs: 1_000, horizonMs: 20 * MINUTE_MS },
  },
  reconcileEveryMs: 20_000,
  positionsEveryMs: 5_000,
  paymentDelayMs: 2_000,
};

export const PRICES: Record<string, number> = { [SOL]: 100, [ETH]: 2000 };
export const SYMBOLS = [SOL, ETH] as const;
export type MarketSymbol = (typeof SYMBOLS)[number];

/** One venue with an open account. */
export function venueOf(clock: SimClock, venue: 'alpha' | 'beta'): Exchange {
  const common = {
    settle: 'USDT',
    maxContracts: contracts('1000000'),
    minNotional: quote('5'),
    takerFeeRate: venue === 'alpha' ? '0.0005' : '0.0004',
    makerFeeRate: '0.0002',
    maxLeverage: 50,
    maintenanceRate: '0.004',
    priceBand: '0.1',
  };
  const alpha = venue === 'alpha';
  const exchange = createExchange({
    venue,
    clock,
    instruments: [
      {
        ...common,
        symbol: SOL,
        asset: 'SOL',
        contractSize: base(alpha ? '1' : '0.5'),
        lot: contracts(alpha ? '0.1' : '1'),
        minContracts: contracts(alpha ? '0.1' : '1'),
        tick: px('0.01'),
      },
      {
        ...common,
        symbol: ETH,
        asset: 'ETH',
        contractSize: base(alpha ? '1' : '0.01'),
        lot: contracts(alpha ? '0.004' : '1'),
        minContracts: contracts(alpha ? '0.004' : '1'),
        tick: px('0.1'),
      },
    ],
  });
  exchange.openAccount(ACCOUNT, quote(DEPOSIT));
  return exchange;
}
