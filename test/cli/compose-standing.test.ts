/** Turning a symbol or a venue off stops entries; what is open must stay within reach over the next start too. */
import { describe, expect, it } from 'vitest';
import { assetsToTrade, refuseMissingVenues, unreadAssets } from '../../src/cli/compose-standing.ts';
import { StartRefused } from '../../src/cli/start-refused.ts';
import { base } from '../../src/kernel/decimal.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { HedgeState } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import type { LedgerState } from '../../src/ledger/state.ts';

/** A ledger with one hedge on SOL, long okx and short bybit. */
function ledgerWith(state: HedgeState): LedgerState {
  const ledger = emptyLedger();
  foldFact(ledger, {
    kind: 'hedge_planned',
    hedge: 'h1',
    route: 'live',
    asset: 'SOL',
    longKey: 'okx|SOL/USDT:USDT',
    shortKey: 'bybit|SOL/USDT:USDT',
    quantity: base('1'),
    commonLot: base('0.1'),
    leverage: 2,
    entry: { style: 'taker' },
    expectation: '{}',
    epoch: 1,
    at: 1,
  });
  foldFact(ledger, { kind: 'hedge_moved', hedge: 'h1', from: 'planned', to: state, reason: 'x', detail: '', at: 2 });
  return ledger;
}

describe('assets', () => {
  it('asset-off-the-allow-list: one with a standing hedge is still connected', () => {
    expect([...assetsToTrade(['BTC'], ledgerWith('held'))]).toEqual(['BTC', 'SOL']);
    expect([...assetsToTrade(['BTC'], ledgerWith('quarantined'))]).toEqual(['BTC', 'SOL']);
    expect([...assetsToTrade(['BTC'], ledgerWith('closed'))]).toEqual(['BTC']);
  });

  it('an empty allow list is all of them, with or without hedges', () => {
    expect(assetsToTrade([], ledgerWith('held')).size).toBe(0);
  });

  it('a list widened while running names what only the next start connects to', () => {
    const read = new Set(['BTC', 'SOL']);
    expect(unreadAssets(['BTC', 'ETH', 'XRP'], read)).toEqual(['ETH', 'XRP']);
    expect(unreadAssets([], read)).toBe('others');
    expect(unreadAssets(['SOL'], read)).toBeUndefined();
    expect(unreadAssets(['ETH'], new Set())).toBeUndefined();
  });
});

describe('venues', () => {
  it('venue-removed-under-a-hedge: refuses to start, and a disabled venue does not', () => {
    const venue = { enabled: false, depositUsd: 1_000, requestDeadlineMs: 10_000, budgetShare: 0.8 };
    const start = (ids: readonly string[], state: HedgeState) => () =>
      refuseMissingVenues(Object.fromEntries(ids.map((id) => [id, venue])), ledgerWith(state));
    expect(start(['binance', 'okx'], 'held')).toThrow(StartRefused);
    expect(start(['binance', 'okx'], 'held')).toThrow(/hedge h1 stands on bybit/);
    expect(start(['bybit', 'okx'], 'held')).not.toThrow();
    expect(start(['binance', 'okx'], 'closed')).not.toThrow();
  });
});
