import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { exposureOf, type HedgeExposure } from '../../src/risk/exposure.ts';

const hedge = (change: Partial<HedgeExposure>): HedgeExposure => ({
  route: 'live',
  state: 'held',
  asset: 'BTC',
  longKey: 'okx|BTC/USDT:USDT',
  shortKey: 'bybit|BTC/USDT:USDT',
  longNotionalUsd: 1000,
  shortNotionalUsd: 1010,
  ...change,
});

it('sums both legs in total, per venue, and the larger leg per asset', () => {
  const eth = hedge({
    asset: 'ETH',
    longKey: 'bybit|ETH',
    shortKey: 'okx|ETH',
    longNotionalUsd: 500,
    shortNotionalUsd: 490,
  });
  const found = exposureOf([hedge({}), eth], 'live');
  expect(found.openHedges).toBe(2);
  expect(found.totalNotionalUsd).toBe(3000);
  expect(Object.fromEntries(found.venueNotionalUsd)).toEqual({ okx: 1490, bybit: 1510 });
  expect(Object.fromEntries(found.assetNotionalUsd)).toEqual({ BTC: 1010, ETH: 500 });
  expect([...found.busyAssets]).toEqual(['BTC', 'ETH']);
});

it('every state but closed and aborted stands, quarantined too; the other route does not', () => {
  const states = [
    'planned',
    'entering',
    'balancing',
    'held',
    'exiting',
    'unwinding',
    'quarantined',
    'closed',
    'aborted',
  ] as const;
  const found = exposureOf([...states.map((state) => hedge({ state })), hedge({ route: 'paper' })], 'live');
  expect(found.openHedges).toBe(7);
  expect(exposureOf([hedge({ route: 'paper' })], 'live').busyAssets.size).toBe(0);
});

it('a leg that cannot be valued counts as infinite, and a wrong sign makes no room', () => {
  expect(exposureOf([hedge({ longNotionalUsd: undefined })], 'live').totalNotionalUsd).toBe(Number.POSITIVE_INFINITY);
  expect(exposureOf([hedge({ shortNotionalUsd: Number.NaN })], 'live').totalNotionalUsd).toBe(Number.POSITIVE_INFINITY);
  expect(exposureOf([hedge({ shortNotionalUsd: -1010 })], 'live').totalNotionalUsd).toBe(2010);
});

it('does not depend on the order of hedges', () => {
  const hedges = [
    hedge({}),
    hedge({ asset: 'ETH', longNotionalUsd: 1 }),
    hedge({ state: 'closed' }),
    hedge({ asset: 'SOL' }),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(hedges, { minLength: 4 }), (shuffled) => {
      expect(exposureOf(shuffled, 'live')).toEqual(exposureOf(hedges, 'live'));
    }),
  );
});
