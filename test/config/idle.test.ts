import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { opensNothing } from '../../src/config/idle.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';

const ROOT = new URL('../../config/', import.meta.url);

const idleOf = (yaml: string): string | undefined => {
  const loaded = parseConfig(`mode: paper\n${yaml}`, 'x.yaml');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return opensNothing(loaded.config);
};

test.each([
  ['venues: { binance: {}, bybit: {}, okx: { enabled: false } }', undefined],
  ['venues: { binance: {}, bybit: { enabled: false }, okx: { enabled: false } }', 'only binance'],
  ['risk: { allow: { venues: [okx] } }', 'only okx'],
  ['risk: { allow: { venues: [okx, bybit] }, deny: { venues: [okx, bybit] } }', 'no venue'],
  ['risk: { deny: { venues: [okx] } }', undefined],
  ['risk: { allow: { assets: [BTC, ETH] }, deny: { assets: [ETH] } }', undefined],
  ['risk: { allow: { assets: [BTC] }, deny: { assets: [ETH, BTC] } }', 'risk.deny.assets'],
  ['risk: { exposure: { maxOpenHedges: 0 } }', 'maxOpenHedges is 0'],
])('%s: %s', (yaml, why) => {
  if (why === undefined) expect(idleOf(yaml)).toBeUndefined();
  else expect(idleOf(yaml)).toContain(why);
});

test('what comes with the project can open', () => {
  for (const name of readdirSync(ROOT).filter((each) => each.endsWith('.yaml'))) {
    const loaded = loadConfig(new URL(name, ROOT).pathname);
    expect([name, loaded.ok && opensNothing(loaded.config)]).toEqual([name, undefined]);
  }
});
