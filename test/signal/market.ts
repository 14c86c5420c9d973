/** Markets for tests of the pure stages: perpetuals with a hand-set clock, folded the way the engine folds them. */
import { base, px, quote } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { Level } from '../../src/market/book.ts';
import type { SettledRate } from '../../src/market/funding.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import { FoldedMarket } from '../../src/market/view.ts';

/** 2024-01-10 00:00 UTC. */
export const NOW = 1_704_844_800_000;

export interface Perp {
  readonly venue: string;
  readonly asset?: string;
  readonly settle?: string;
  /** Predicted, per interval. */
  readonly rate?: number;
  readonly intervalHours?: number;
  readonly nextInHours?: number;
  readonly mid?: number;
  /** Half the gap between best bid and best ask, as a share of mid. */
  readonly halfSpreadRate?: number;
  /** Base units of the single level on each side. */
  readonly depth?: number;
  readonly bids?: readonly Level[];
  readonly asks?: readonly Level[];
  /** `[hours before NOW, settled rate]`, any order. */
  readonly settled?: readonly (readonly [number, number])[];
  readonly instrument?: Partial<Instrument>;
  readonly without?: readonly ('book' | 'funding' | 'health')[];
  /** From the venue's stamp of the book to its arrival. */
  readonly bookLateMs?: number;
  readonly receivedAt?: number;
}

export const symbolOf = (perp: Perp): string => {
  const settle = perp.settle ?? 'USDT';
  return `${perp.asset ?? 'BTC'}/${settle}:${settle}`;
};
export const keyOf = (perp: Perp): string => instrumentKey(perp.venue, symbolOf(perp));

export function instrumentOf(perp: Perp): Instrument {
  return {
    key: keyOf(perp),
    venue: perp.venue,
    symbol: symbolOf(perp),
    asset: perp.asset ?? 'BTC',
    kind: 'perpetual',
    settle: perp.settle ?? 'USDT',
    lot: base('0.001'),
    minQuantity: base('0.001'),
    minNotional: quote('5'),
    tick: px('0.01'),
    takerFeeRate: 0.0005,
    makerFeeRate: 0.0002,
    trading: true,
    ...perp.instrument,
  };
}

/** Mid 100, a wide deep level 1 bp from it, 0.01 % per 8 h in 8 h, no history, everything received at NOW. */
export function marketOf(...perps: readonly Perp[]): FoldedMarket {
  const market = new FoldedMarket();
  for (const perp of perps) addTo(market, perp);
  return market;
}

export function addTo(market: FoldedMarket, perp: Perp): void {
  const key = keyOf(perp);
  const { venue, mid = 100, halfSpreadRate = 0.0001, depth = 1e6, without = [], receivedAt = NOW } = perp;
  const stamps = { venueAt: receivedAt, receivedAt };
  const intervalHours = perp.intervalHours ?? 8;
  const bids = perp.bids ?? [{ price: mid * (1 - halfSpreadRate), size: depth }];
  const asks = perp.asks ?? [{ price: mid * (1 + halfSpreadRate), size: depth }];
  market.apply({ kind: 'instruments', venue, instruments: [instrumentOf(perp)] });
  const venueAt = receivedAt - (perp.bookLateMs ?? 0);
  if (!without.includes('book')) market.apply({ kind: 'book', book: { key, bids, asks, receivedAt, venueAt } });
  if (!without.includes('funding')) {
    const nextSettlementAt = NOW + (perp.nextInHours ?? intervalHours) * HOUR_MS;
    const quoted = { key, predictedRate: perp.rate ?? 0.0001, intervalHours, nextSettlementAt, ...stamps };
    market.apply({ kind: 'funding', quote: quoted });
  }
  if (!without.includes('health')) {
    market.apply({ kind: 'health', health: { venue, status: 'up', reason: 'ok', malformed: 0, at: receivedAt } });
  }
  market.apply({ kind: 'settled', rates: history(key, perp.settled ?? []) });
}

/** Oldest first, as the view keeps it. */
export const history = (key: string, rows: readonly (readonly [number, number])[]): SettledRate[] =>
  rows
    .map(([hoursAgo, settledRate]) => ({ key, settledRate, settledAt: NOW - hoursAgo * HOUR_MS }))
    .sort((a, b) => a.settledAt - b.settledAt);

/** `count` settlements every `intervalHours`, the newest at NOW. */
export const steady = (settledRate: number, intervalHours: number, count: number): [number, number][] =>
  Array.from({ length: count }, (_, k): [number, number] => [k * intervalHours, settledRate]);
