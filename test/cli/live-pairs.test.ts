/** How many pairs trade live, which, and which the next step adds: with few pairs a share is no proportion. */
import { expect, test } from 'vitest';
import { livePairs } from '../../src/cli/live-pairs.ts';
import { renderStatus } from '../../src/cli/screen.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { StatusSnapshot } from '../../src/engine/status.ts';
import { routeOf } from '../../src/execution/route.ts';
import type { InstrumentKey } from '../../src/kernel/ids.ts';
import type { Unpriced } from '../../src/signal/opportunity.ts';
import { opportunity, snapshot } from './fake-bot.ts';

const key = (venue: string, asset: string): InstrumentKey => `${venue}|${asset}/USDT:USDT` as InstrumentKey;
const priced = (asset: string, long = 'okx', short = 'binance') => {
  const legs = { long: key(long, asset), short: key(short, asset) };
  return opportunity({ ...legs, asset, pair: `${legs.long}~${legs.short}` });
};
const unpriced = (asset: string, code: Unpriced['code'] = 'no_depth'): Unpriced => ({
  pair: `${key('binance', asset)}~${key('okx', asset)}`,
  asset,
  key: key('okx', asset),
  code,
  detail: '',
});

/** The pairs of config/live.example.yaml: two venues, BTC and ETH; one of them cannot be priced at the moment. */
const few = (liveShare: number, over: Partial<StatusSnapshot> = {}): StatusSnapshot =>
  snapshot({ mode: 'live', liveShare, opportunities: [priced('BTC')], unpriced: [unpriced('ETH')], ...over });

const screen = (of: StatusSnapshot, color = false): string => renderStatus(of, { columns: 200, rows: 60, color });

test('few-pairs: the file that is shipped for live is such a one', () => {
  const shipped = loadConfig('config/live.example.yaml');
  expect(shipped.ok && Object.keys(shipped.config.venues)).toEqual(['binance', 'okx']);
  expect(shipped.ok && shipped.config.risk.allow.assets).toEqual(['BTC', 'ETH']);
});

test('few-pairs: a tenth of two pairs may be none, and each step to the share that is named adds one at least', () => {
  expect(livePairs(few(0.1))).toMatchObject({ live: [], all: 2 });
  let share = 0;
  const counts: number[] = [];
  for (;;) {
    const { live, next } = livePairs(few(share));
    counts.push(live.length);
    if (!next) break;
    // Nothing joins before.
    expect(livePairs(few(next.share - 0.001)).live).toHaveLength(live.length);
    share = next.share;
    expect(livePairs(few(share)).live).toEqual([...live, ...next.pairs]);
  }
  expect(counts).toEqual([0, 1, 2]);
  expect(share).toBeLessThan(0.25);
});

test('few-pairs: what is called live is what the split sends there, whichever leg is long', () => {
  for (const asset of ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE'])
    for (const share of [0, 0.1, 0.25, 0.5, 0.75, 1])
      for (const [long, short] of [
        ['okx', 'bybit'],
        ['bybit', 'okx'],
      ] as const) {
        const { live } = livePairs(few(share, { opportunities: [priced(asset, long, short)], unpriced: [] }));
        expect(live.length > 0).toBe(routeOf(key(long, asset), key(short, asset), share) === 'live');
      }
});

test('few-pairs: what can never be a hedge or is left out, and the other direction of a pair, count for nothing', () => {
  const never = (['same_venue', 'settle_differs', 'not_linear'] as const).map((code) => unpriced('ETH', code));
  const opportunities = [priced('BTC'), priced('BTC', 'binance', 'okx'), priced('XRP'), priced('BTC', 'okx', 'bybit')];
  const leftOut = { assets: ['XRP', 'SOL'], venues: ['bybit'] };
  const of = few(0.1, { opportunities, unpriced: [...never, unpriced('SOL')], leftOut });
  expect(livePairs(of).all).toBe(1);
  expect(livePairs({ ...of, leftOut: { assets: [], venues: [] } }).all).toBe(4);
});

test('few-pairs: the status says how many are live, which, and what the next step adds', () => {
  expect(screen(few(0.1))).toMatch(
    /Live: 0 of 2 pairs; the next joins at a live share of \d\d\.\d %: \w+ binance \/ okx\n/,
  );
  // A share that looks like something and does nothing stands out; none at all is what was asked for.
  expect(screen(few(0.1), true)).toContain('\u001b[33mLive: 0 of 2 pairs');
  expect(screen(few(0), true)).not.toContain('\u001b[33mLive');
  expect(screen(few(0))).toContain('Live: 0 of 2 pairs; the next joins');
  expect(screen(few(0.25))).toMatch(/Live: 2 of 2 pairs: (BTC|ETH) binance \/ okx, (BTC|ETH) binance \/ okx\n/);
});

test('few-pairs: nothing is said where nothing is split: everything live, mode paper, no pair known', () => {
  for (const of of [few(1), few(0, { mode: 'paper' }), few(0.1, { opportunities: [], unpriced: [] })])
    expect(screen(of)).not.toContain('Live:');
});

test('of many pairs the first are named, and how many more', () => {
  const assets = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'NEAR', 'ADA'];
  const opportunities = assets.map((asset) => priced(asset));
  expect(screen(few(0.999, { opportunities, unpriced: [] }))).toMatch(
    /Live: 7 of 7 pairs: ([^,]+, ){3}[^,]+ and 3 more\n/,
  );
});
