/**
 * Entries that rest, over the real protocols: the whole bot on three simulated venues behind HTTP and WebSocket, through
 * ccxt. Judged by the venues' own answers.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBot } from '../../src/cli/compose.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import { notional, toNumber } from '../../src/kernel/decimal.ts';
import { splitKey } from '../../src/kernel/ids.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { openLedgerReader } from '../../src/platform/sqlite/reader.ts';
import { systemClock } from '../../src/platform/system-clock.ts';

const clock = systemClock();
const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));

const configIn = (folder: string): string => `mode: sim
ledger: { path: ${join(folder, 'ledger.db')} }
operator: { socket: ${join(folder, 'bot.sock')} }
simulator: { seed: 8, speed: 20000, stepSeconds: 60 }
signal: { horizonHours: 720, basisAllowanceRate: 0 }
risk:
  size: { hedgeNotionalUsd: 500 }
  entry: { minNetApr: 0.001, minSpreadPer8h: 0, minConfidence: 0, maxBreakEvenHours: 2000 }
  exit: { minForwardApr: -100, confirmMinutes: 5 }
  exposure: { maxOpenHedges: 30, maxTotalNotionalUsd: 100000, maxVenueNotionalUsd: 60000 }
  cooldown: { afterExitMinutes: 1, afterFailureMinutes: 1 }
  data: { maxBookAgeMs: 150000, maxFundingAgeMs: 300000 }
execution:
  style: maker_taker
  entryPriceCapRate: 0.004
  maker: { deadlineMs: 1800000, repriceMs: 60000, maxReprices: 20 }
routing: { liveShare: 1 }
`;

const END: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired', 'rejected', 'proven_absent']);

/** Venue -> what its resting orders met. Throws when a leg had a second order before the end of its first was known. */
function metOn(facts: readonly Fact[]): ReadonlyMap<string, ReadonlySet<string>> {
  const orders = new Map<string, { readonly venue: string; readonly leg: string }>();
  const open = new Map<string, string>();
  const met = new Map<string, Set<string>>();
  const add = (venue: string, what: string) => met.set(venue, (met.get(venue) ?? new Set()).add(what));
  for (const fact of facts) {
    if (fact.kind === 'attempt') {
      const leg = `${fact.hedge} ${fact.leg}`;
      if (open.has(leg)) throw new Error(`${fact.clientOrderId} beside ${open.get(leg)}`);
      open.set(leg, fact.clientOrderId);
      if (fact.style !== 'post_only') continue;
      const { venue } = splitKey(fact.key);
      orders.set(fact.clientOrderId, { venue, leg });
      if (fact.number > 1) add(venue, 'repriced');
    }
    if (fact.kind === 'outcome') {
      for (const [leg, id] of open) if (id === fact.clientOrderId && END.has(fact.status)) open.delete(leg);
      const order = orders.get(fact.clientOrderId);
      if (order) add(order.venue, fact.status);
    }
    if (fact.kind === 'fill' && fact.fill.liquidity === 'maker') add(fact.fill.venue, 'maker fill');
  }
  return met;
}

const VENUES = ['binance', 'bybit', 'okx'];
const WANTED = ['open', 'canceled', 'repriced', 'maker fill', 'filled'];

test('post-only orders rest, are repriced, cancelled and filled on all three venues, and every fill is hedged', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-maker-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, configIn(folder));
  const loaded = loadConfig(file);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const log = openLogger({ level: 'error', clock, write: () => undefined });
  const bot = await startBot({ config: loaded.config, configFile: file, configText: loaded.text, log, env: {} });
  onTestFinished(async () => {
    await bot.stop();
  });
  const read = (): readonly Fact[] => {
    const reader = openLedgerReader(join(folder, 'ledger.db'));
    const facts = [...reader.facts()];
    reader.close();
    return facts;
  };
  const lacking = (): string[] => {
    const met = metOn(read());
    return VENUES.flatMap((venue) =>
      WANTED.flatMap((what) => (met.get(venue)?.has(what) ? [] : [`${venue}: ${what}`])),
    );
  };
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    const deadline = clock.monotonicMs() + 80_000;
    while (!holds()) {
      if (clock.monotonicMs() > deadline) throw new Error(`never ${what}: ${lacking().join(', ')}`);
      await pause(250);
    }
  };
  await until('met all', () => lacking().length === 0);
  expect((await bot.command({ action: 'pause' }, 'test')).ok).toBe(true);
  await until('at rest', () => bot.status().hedges.every((hedge) => hedge.state === 'held'));

  // What the venues hold is what the fills add up to, hedged leg by leg.
  const facts = read();
  const booked = new Map<string, number>();
  for (const fact of facts) {
    if (fact.kind !== 'fill') continue;
    const { venue, symbol, side, quantity } = fact.fill;
    const key = `${venue}|${symbol}`;
    booked.set(key, (booked.get(key) ?? 0) + (side === 'buy' ? 1 : -1) * toNumber(quantity));
  }
  const net = new Map<string, number>();
  for (const { account, read: positions } of await bot.positions()) {
    if (!positions.ok) throw new Error(`${account}: ${positions.detail}`);
    for (const { key, quantity } of positions.value) {
      if (!account.startsWith('live|')) continue;
      expect(toNumber(quantity)).toBeCloseTo(booked.get(key) ?? 0, 9);
      booked.delete(key);
      const { symbol } = splitKey(key);
      net.set(symbol, (net.get(symbol) ?? 0) + toNumber(quantity));
    }
  }
  for (const [key, quantity] of booked) expect([key, Math.abs(quantity) < 1e-9]).toEqual([key, true]);
  for (const hedge of facts) {
    if (hedge.kind !== 'hedge_planned') continue;
    expect(Math.abs(net.get(splitKey(hedge.longKey).symbol) ?? 0)).toBeLessThan(toNumber(hedge.commonLot));
  }
  expect(bot.status().discrepancies).toEqual([]);

  // Making was charged as making: less than taking on the same venue.
  for (const venue of VENUES) {
    const rates = (liquidity: 'maker' | 'taker') =>
      facts.flatMap((fact) =>
        fact.kind === 'fill' && fact.fill.venue === venue && fact.fill.liquidity === liquidity
          ? [toNumber(fact.fill.fee) / toNumber(notional(fact.fill.quantity, fact.fill.price))]
          : [],
      );
    const [made, took] = [rates('maker'), rates('taker')];
    if (took.length > 0) expect(Math.max(...made)).toBeLessThan(Math.min(...took));
  }
});
