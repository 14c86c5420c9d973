/** What the ledger is told of the configuration at each start. */
import { expect, test } from 'vitest';
import { keepingConfig, recordConfig } from '../../src/cli/compose-record.ts';
import { diffConfigs } from '../../src/config/changes.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { ledgerPath, open } from '../platform/ledger-dir.ts';

const AT = 1_700_000_000_000;

function parsed(text: string): Config {
  const loaded = parseConfig(text, 'x.yaml');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** The facts and log lines of one start on the ledger. */
function start(path: string, text: string): { facts: readonly Fact[]; logged: readonly unknown[] } {
  const store = open(path);
  const recorded = new Map<string, string>();
  const before = [...keepingConfig(store.load(), recorded)].length;
  const logged: unknown[] = [];
  const log = { debug: () => {}, info: () => {}, warn: (fields: object) => logged.push(fields), error: () => {} };
  recordConfig({ store, log }, recorded, parsed(text), AT);
  const facts = [...store.load()].slice(before);
  store.close();
  return { facts, logged };
}

test('the first start records every key, a start without a change nothing, a raised limit what it was and is', () => {
  const path = ledgerPath();
  const first = start(path, 'mode: paper');
  expect(first.facts.map((fact) => fact.kind === 'config' && fact.key)).toEqual(
    diffConfigs(undefined, parsed('mode: paper')).map(({ key }) => key),
  );
  expect(first.logged).toEqual([]);
  expect(start(path, 'mode: paper').facts).toEqual([]);

  const raised = 'mode: paper\nexecution: { leverage: 3 }\nrisk: { exposure: { maxTotalNotionalUsd: 30000 } }';
  const { facts, logged } = start(path, raised);
  const changes = [
    { key: 'risk.exposure.maxTotalNotionalUsd', before: '20000', after: '30000', loosens: true },
    { key: 'execution.leverage', before: '2', after: '3', loosens: true },
  ];
  expect(facts).toHaveLength(2);
  expect(facts).toEqual(
    expect.arrayContaining(changes.map((each) => expect.objectContaining({ ...each, kind: 'config' }))),
  );
  expect(logged).toHaveLength(2);
  expect(start(path, raised).facts).toEqual([]);
});

test('a section that goes and comes back is recorded key by key, and what an edit changed meanwhile is known', () => {
  const path = ledgerPath();
  const [three, two] = [
    'mode: paper\nvenues: { okx: {}, bybit: {}, binance: {} }',
    'mode: paper\nvenues: { okx: {}, bybit: {} }',
  ];
  start(path, three);
  const gone = start(path, two).facts;
  expect(gone.length).toBeGreaterThan(0);
  for (const fact of gone) expect(fact).toMatchObject({ key: expect.stringMatching(/^venues\.binance\./), after: '' });
  expect(start(path, two).facts).toEqual([]);
  expect(start(path, three).facts).toHaveLength(gone.length);

  const store = open(path);
  store.commit([{ kind: 'config', key: 'paused', before: 'false', after: 'true', loosens: false, at: AT }]);
  store.close();
  expect(start(path, three).facts).toMatchObject([{ key: 'paused', before: 'true', after: 'false', loosens: true }]);
});
