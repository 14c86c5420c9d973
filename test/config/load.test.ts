import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KNOWN_KEYS } from '../../src/config/known-keys.ts';
import { formatProblem, loadConfig, parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Problem } from '../../src/config/source.ts';
import { whereaboutsIn } from '../../src/config/whereabouts.ts';

const ROOT = new URL('../../config/', import.meta.url);

function problems(text: string): readonly Problem[] {
  const loaded = parseConfig(text, 'x.yaml');
  return loaded.ok ? [] : loaded.problems;
}

function valid(text: string): Config {
  const loaded = parseConfig(text, 'x.yaml');
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.config;
}

/** `line:column key` of each. */
const places = (text: string): string[] => problems(text).map(({ line, column, key }) => `${line}:${column} ${key}`);

describe('what comes with the project is valid', () => {
  const files = readdirSync(ROOT).filter((name) => name.endsWith('.yaml'));
  test.each(files)('%s', (name) => {
    const file = new URL(name, ROOT);
    const loaded = loadConfig(file.pathname);
    expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([]);
    expect(readFileSync(file, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n/);
  });

  test('one for each mode, and the live one trades nothing by itself', () => {
    const modes = files.map((name) => {
      const loaded = loadConfig(new URL(name, ROOT).pathname);
      return loaded.ok ? loaded.config.mode : undefined;
    });
    expect(new Set(modes)).toEqual(new Set(['sim', 'paper', 'testnet', 'live']));
    const live = loadConfig(new URL('live.example.yaml', ROOT).pathname);
    expect(live.ok && live.config.routing.liveShare).toBe(0);
  });

  test.each(files)('%s leaves prices room to rise, and limits losses by less than what may stand', (name) => {
    const loaded = loadConfig(new URL(name, ROOT).pathname);
    if (!loaded.ok) throw new Error('not valid');
    const { size, exposure, breakers, loss } = loaded.config.risk;
    expect(exposure.maxAssetNotionalUsd / size.hedgeNotionalUsd).toBeGreaterThanOrEqual(1.2);
    expect(exposure.maxVenueNotionalUsd / size.hedgeNotionalUsd).toBeGreaterThanOrEqual(1.2);
    expect(exposure.maxTotalNotionalUsd / size.hedgeNotionalUsd).toBeGreaterThanOrEqual(2.4);
    expect(breakers.drawdown.lossUsd).toBeLessThan(exposure.maxTotalNotionalUsd / 2);
    expect(loss.maxDailyLossUsd).toBeLessThanOrEqual(breakers.drawdown.lossUsd);
  });
});

describe('defaults', () => {
  test('one line is a configuration, and what depends on other keys is filled in', () => {
    const config = valid('mode: paper');
    expect(config).toMatchObject({
      account: 'main',
      paused: false,
      ledger: { path: 'data/paper.db' },
      operator: { socket: 'data/paper.db.sock' },
      routing: { liveShare: 0 },
    });
    expect(Object.keys(config.venues)).toEqual(['binance', 'bybit', 'okx']);
    expect(config.signal.notionalUsd).toBe(config.risk.size.hedgeNotionalUsd);
    expect(config.simulator).toBeUndefined();
  });

  test('only the listed venues', () => {
    expect(Object.keys(valid('mode: paper\nvenues: { okx: {}, bybit: {} }').venues).sort()).toEqual(['bybit', 'okx']);
  });

  test('the simulator stands in mode sim without a replay only', () => {
    const data = 'risk: { data: { maxBookAgeMs: 70000 } }';
    expect(valid(`mode: sim\n${data}`).simulator).toMatchObject({ speed: 240, stepSeconds: 60 });
    expect(valid('mode: sim\nreplay: {}').simulator).toBeUndefined();
  });

  test('what mode sim alone is refused for says what to set, and that is enough', () => {
    const [problem] = problems('mode: sim');
    const least = /maxBookAgeMs: is .* set it to (\d+) or more/.exec(`${problem?.key}: ${problem?.message}`)?.[1];
    expect(valid(`mode: sim\nrisk: { data: { maxBookAgeMs: ${least} } }`).mode).toBe('sim');
  });

  test('the result is frozen at every depth', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(
      frozen(valid('mode: paper\nvenues: { okx: { hosts: { www.okx.com: "https://proxy:1" } }, bybit: {} }')),
    ).toBe(true);
  });
});

describe('fault-52: every problem at once, each with its place', () => {
  test('unknown keys, wrong types and units, NaN, infinity, negatives, wrong words', () => {
    const text = [
      'mode: simm', // 1
      'risk:', // 2
      '  entry:', // 3
      '    minNetAprr: 0.1', // 4
      '    minSpreadPer8h: .nan', // 5
      '    maxBreakEvenHours: -4', // 6
      '    minConfidence: .inf', // 7
      '  size: 5', // 8
      '  exit:', // 9
      '  allow: { assets: [btc], venues: [binanc] }', // 10
      'execution:', // 11
      '  enterDeadlineMs: 10s', // 12
      '  entryPriceCapRate: 5', // 13
      '  maxCompletions: 1.5', // 14
      'paused: yes', // 15
      'minConfidence: 3', // 16
      'venues:', // 17
      '  okx: { fees: { takerRate: 0.0005 } }', // 18
      '  kraken: {}', // 19
    ].join('\n');
    expect(places(text)).toEqual([
      '1:7 mode',
      '4:5 risk.entry.minNetAprr',
      '5:21 risk.entry.minSpreadPer8h',
      '6:24 risk.entry.maxBreakEvenHours',
      '7:20 risk.entry.minConfidence',
      '8:9 risk.size',
      '9:8 risk.exit',
      '10:21 risk.allow.assets[0]',
      '10:36 risk.allow.venues[0]',
      '12:20 execution.enterDeadlineMs',
      '13:22 execution.entryPriceCapRate',
      '14:19 execution.maxCompletions',
      '15:9 paused',
      '16:1 minConfidence',
      '18:10 venues.okx.fees.makerRate',
      '19:3 venues.kraken',
    ]);
    const nearest = Object.fromEntries(problems(text).map(({ key, nearest }) => [key, nearest]));
    expect(nearest).toMatchObject({
      mode: 'sim',
      'risk.entry.minNetAprr': 'risk.entry.minNetApr',
      'risk.allow.venues[0]': 'binance',
      // Written into the wrong section: told where it belongs.
      minConfidence: 'risk.entry.minConfidence',
      'venues.kraken': undefined,
    });
  });

  test('a message says what is wanted, its unit, and what was found', () => {
    const [problem] = problems('mode: paper\nexecution: { enterDeadlineMs: 10s }');
    expect(problem && formatProblem(problem)).toBe(
      'x.yaml:2:31 execution.enterDeadlineMs: should be a number (ms), but is "10s"',
    );
    const [unknown] = problems('mode: paper\nrisk: { entri: {} }');
    expect(unknown && formatProblem(unknown)).toBe(
      'x.yaml:2:9 risk.entri: there is no such key; did you mean risk.entry?',
    );
  });

  test.each([
    '2024-02-30',
    '2023-02-29',
    '2024-06-31T08:00Z',
    '2024-01-01T24:00:00Z',
    '0000-01-01',
    '2008-12-31',
    '9999-01-01',
    '2024-01-01T00:00:00',
  ])('an instant that no calendar has, or no market: %s', (text) => {
    const [problem, ...others] = problems(`mode: sim\nsimulator: { startAt: "${text}" }`);
    expect(others).toEqual([]);
    expect(problem && formatProblem(problem)).toBe(
      `x.yaml:2:23 simulator.startAt: should be a UTC day or instant from 2009 to 2099, like 2024-01-31 or 2024-01-31T08:00:00Z, but is "${text}"`,
    );
  });

  test.each(['2024-02-29', '2009-01-01', '2099-12-31T23:59Z', '2024-01-31T08:00:00Z'])('an instant: %s', (text) => {
    expect(valid(`mode: sim\nsimulator: { startAt: ${text}, stepSeconds: 1 }`).simulator?.startAt).toBe(text);
  });

  test('contradictions are told beside unrelated problems', () => {
    const text = 'mode: paper\nrisk: { exit: { minForwardApr: 0.5 }, entry: { minConfidenc: 1 } }';
    expect(problems(text).map(({ key }) => key)).toEqual(['risk.exit.minForwardApr', 'risk.entry.minConfidenc']);
  });

  test('a contradiction with a key that is itself wrong is not invented from its default', () => {
    const text = 'mode: paper\nrisk: { exit: { minForwardApr: 0.5 }, entry: { minNetApr: lots } }';
    expect(problems(text).map(({ key }) => key)).toEqual(['risk.entry.minNetApr']);
  });

  test.each([
    ['a missing mode', 'paused: true', '1:1 mode'],
    ['an empty file', '', '1:1 mode'],
    ['comments only', '# nothing\n', '1:1 mode'],
    ['a list', '[1]', '1:1 '],
    ['a key twice', 'mode: sim\nreplay: {}\nmode: sim', '3:1 mode'],
    ['a tab', 'mode: sim\nrisk:\n\tentry: 1', '3:1 '],
    ['two documents', 'mode: sim\nreplay: {}\n---\nmode: live', '3:1 '],
    ['a tag', 'mode: !!js/function sim\nreplay: {}', '1:7 '],
  ])('%s', (_, text, place) => {
    expect(places(text)).toContain(place);
  });

  test('aliases that grow without bound are refused', () => {
    const rows = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg']) {
      rows.push(`${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(', ')}]`);
    }
    expect(problems(rows.join('\n')).length).toBeGreaterThan(0);
  });

  test('a file that is not there', () => {
    const loaded = loadConfig('/nowhere/at/all.yaml');
    expect(loaded).toMatchObject({
      ok: false,
      problems: [{ file: '/nowhere/at/all.yaml', message: 'there is no such file' }],
    });
  });

  test('any text is either valid or refused with places inside it', () => {
    const word = fc.constantFrom(
      'mode',
      'risk',
      'entry',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '"',
      "'",
      '1',
      'sim',
      '|',
      '!',
      '#',
      '\t',
      '%',
      '?',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, (source) => {
        const lines = source.split('\n').length;
        for (const { line, column } of problems(source)) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
          expect(column).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('contradictions between keys', () => {
  test.each([
    [
      'exit above entry',
      'risk: { exit: { minForwardApr: 0.11 }, entry: { minNetApr: 0.1 } }',
      'risk.exit.minForwardApr',
    ],
    ['smallest above wanted size', 'risk: { size: { minHedgeNotionalUsd: 2000 } }', 'risk.size.minHedgeNotionalUsd'],
    ['smallest equal to wanted size', 'risk: { size: { minHedgeNotionalUsd: 1000 } }', 'risk.size.minHedgeNotionalUsd'],
    ['size above the venue limit', 'risk: { exposure: { maxVenueNotionalUsd: 999 } }', 'risk.size.hedgeNotionalUsd'],
    ['size above the asset limit', 'risk: { exposure: { maxAssetNotionalUsd: 999 } }', 'risk.size.hedgeNotionalUsd'],
    ['both legs above the total', 'risk: { exposure: { maxTotalNotionalUsd: 1999 } }', 'risk.size.hedgeNotionalUsd'],
    ['priced smaller than traded', 'signal: { notionalUsd: 999 }', 'risk.size.hedgeNotionalUsd'],
    ['leverage above its limit', 'execution: { leverage: 4 }', 'execution.leverage'],
    [
      'a distance that a new position is within',
      'execution: { leverage: 2 }\nrisk: { margin: { warnDistanceRate: 0.45 } }',
      'risk.margin.warnDistanceRate',
    ],
    [
      'a distance that a new position of leverage 1 is within',
      'execution: { leverage: 1 }\nrisk: { margin: { warnDistanceRate: 0.9, reduceDistanceRate: 0.89 } }',
      'risk.margin.warnDistanceRate',
    ],
    ['first exit cap above the last', 'execution: { exitPriceCapRate: 0.03 }', 'execution.exitPriceCapRate'],
    ['no time to prove absence', 'execution: { lookup: { horizonMs: 12000 } }', 'execution.lookup.horizonMs'],
    [
      'slices that never reach the size',
      'signal: { notionalUsd: 6001 }\nexecution: { style: sliced }\nrisk: { size: { hedgeNotionalUsd: 6001 }, exposure: { maxVenueNotionalUsd: 9999, maxAssetNotionalUsd: 9999, maxTotalNotionalUsd: 99999 } }',
      'execution.sliced.notionalUsd',
    ],
    ['a log that is the ledger', 'ledger: { path: a/x.db }\nlog: { file: ./a/../a/x.db }', 'log.file'],
    ['a log that is the ledger’s log', 'ledger: { path: x.db }\nlog: { file: x.db-wal }', 'log.file'],
    ['a socket that is the ledger', 'ledger: { path: x.db }\noperator: { socket: x.db }', 'operator.socket'],
    ['a log that is the default socket', 'ledger: { path: x.db }\nlog: { file: x.db.sock }', 'log.file'],
    ['a ledger that is the configuration', 'ledger: { path: x.yaml }', 'ledger.path'],
    ['a log that is the configuration', 'log: { file: a/../x.yaml }', 'log.file'],
    ['a socket that is the configuration', `operator: { socket: ${resolve('x.yaml')} }`, 'operator.socket'],
    ['a folder that only a shell knows', 'ledger: { path: ~/x.db }', 'ledger.path'],
    ['one venue', 'venues: { okx: {} }', 'venues'],
    ['a simulator outside sim', 'simulator: {}', 'simulator'],
    ['a replay outside sim', 'replay: {}', 'replay'],
    ['real share on paper', 'routing: { liveShare: 0.1 }', 'routing.liveShare'],
  ])('%s', (_, text, key) => {
    expect(problems(`mode: paper\n${text}`).map((problem) => problem.key)).toEqual([key]);
  });

  test.each([
    ['a report that is the configuration', 'replay: { report: x.yaml }', 'replay.report'],
    ['an asset that nothing simulates', 'simulator: { assets: [BTC, FOO], stepSeconds: 1 }', 'simulator.assets'],
    ['an asset twice', 'simulator: { assets: [BTC, ETH, BTC], stepSeconds: 1 }', 'simulator.assets'],
    ['both kinds of market', 'simulator: {}\nreplay: {}', 'simulator'],
    ['a replay that ends before it begins', 'replay: { from: 2023-02-01, to: 2023-01-01 }', 'replay.to'],
    [
      'data older than the limit by construction',
      'simulator: { stepSeconds: 3 }\nrisk: { data: { maxBookAgeMs: 3000 } }',
      'risk.data.maxBookAgeMs',
    ],
    [
      'hosts of its own',
      'replay: {}\nvenues: { okx: { hosts: { www.okx.com: "http://127.0.0.1:1" } }, bybit: {} }',
      'venues',
    ],
  ])('in mode sim: %s', (_, text, key) => {
    expect(problems(`mode: sim\n${text}`).map((problem) => problem.key)).toEqual([key]);
  });

  test('at the limit is no contradiction', () => {
    valid('mode: paper\nexecution: { leverage: 1 }\nrisk: { margin: { warnDistanceRate: 0.89 } }');
    valid(
      'mode: paper\nexecution: { style: sliced, sliced: { notionalUsd: 100, intervalMs: 5000, deadlineMs: 50000 } }',
    );
    valid(
      'mode: paper\nrisk: { exit: { minForwardApr: 0.1 }, exposure: { maxTotalNotionalUsd: 2000, maxVenueNotionalUsd: 1000 } }',
    );
  });
});

describe('hosts', () => {
  const withHost = (name: string, url: string) =>
    problems(`mode: live\nvenues: { okx: {}, bybit: { hosts: { "${name}": "${url}" } } }`).map(({ key }) => key);

  test.each([
    'https://proxy.example:8443',
    'wss://proxy.example',
    'http://127.0.0.1:80',
    'ws://localhost:9',
    'http://[::1]:8',
  ])('accepts %s', (url) => {
    expect(withHost('api.bybit.com', url)).toEqual([]);
    expect(withHost('stream.bybit.com:8443', url)).toEqual([]);
  });

  test.each([
    'http://10.0.0.1',
    'http://proxy.example',
    'https://proxy/path',
    'https://u:p@proxy',
    'https://p?key=1',
    'ftp://p',
    'proxy',
  ])('keys would cross a network in the clear, or it is no base URL: %s', (url) => {
    expect(withHost('api.bybit.com', url)).toEqual(['venues.bybit.hosts.api.bybit.com']);
  });

  test('a name must be a host', () => {
    expect(withHost('https://api.bybit.com', 'https://p')).toHaveLength(1);
  });
});

describe('secrets in the file are refused without being shown', () => {
  const CANARY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';
  const shown = (text: string): string => JSON.stringify(problems(text));

  test.each([
    ['by name', 'venues: { binance: { apiKey: CANARY }, okx: {} }', '2:22 venues.binance.apiKey'],
    ['by name, in the wrong place', 'secret: CANARY', '2:1 secret'],
    [
      'by name, with a short value',
      'venues: { okx: { passphrase: hunter2 }, bybit: {} }',
      '2:18 venues.okx.passphrase',
    ],
    ['by look, under a known key', 'account: CANARY', '2:1 account'],
    ['by look, under any key', 'note: CANARY', '2:1 note'],
    ['by look, as a name', 'CANARY: 1', '2:1 [hidden]'],
    ['by look, as a list entry', 'risk: { allow: { assets: [CANARY] } }', undefined],
    ['a PEM key', 'password: |\n  -----BEGIN PRIVATE KEY-----\n  CANARY', '2:1 password'],
    ['in broken YAML', 'apiKey: [CANARY', undefined],
    ['in a broken line', '"CANARY', undefined],
    ['in a tag', 'x: !CANARY 1', undefined],
    ['in a URL', 'venues: { okx: { hosts: { a.b: "https://CANARY@x" } }, bybit: {} }', undefined],
    ['as a word', 'mode: CANARY', undefined],
  ])('%s', (_, text, place) => {
    const whole = `mode: paper\n${text.replaceAll('CANARY', CANARY)}`;
    expect(problems(whole).length).toBeGreaterThan(0);
    expect(shown(whole)).not.toContain(CANARY.slice(0, 16));
    expect(shown(whole)).not.toContain('hunter2');
    if (place) {
      expect(places(whole)).toContain(place);
      expect(shown(whole)).toContain('credentials do not belong in this file');
    }
  });

  test('paths, hosts and ordinary words are no secrets', () => {
    valid(
      'mode: paper\nledger: { path: data/paper-2024-01-01-run17.db }\naccount: desk-1_main\nlog: { file: logs/run20240101abcdef123456 }',
    );
    valid('mode: paper\naccount: trading-desk-account-1');
  });
});

test('every key says its unit or type, and what it means, and when it applies', () => {
  expect(KNOWN_KEYS.size).toBeGreaterThan(60);
  for (const { key, description, reload, type } of KNOWN_KEYS.values()) {
    expect(description, key).toMatch(/\.$/);
    expect(['live', 'restart'], key).toContain(reload);
    expect(type, key).not.toBe('');
  }
});

test('the keys that an operator turns while running are live', () => {
  const live = [...KNOWN_KEYS.values()].filter(({ reload }) => reload === 'live').map(({ key }) => key);
  expect(live).toEqual(
    expect.arrayContaining([
      'paused',
      'venues.okx.enabled',
      'routing.liveShare',
      'risk.allow.assets',
      'risk.deny.assets',
      'risk.allow.venues',
      'risk.deny.venues',
      'risk.entry.minNetApr',
      'risk.exit.minForwardApr',
      'risk.exposure.maxOpenHedges',
      'log.level',
    ]),
  );
  for (const key of ['mode', 'account', 'ledger.path', 'execution.leverage', 'venues.okx.hosts']) {
    expect(KNOWN_KEYS.get(key)?.reload, key).toBe('restart');
  }
});

test('a replay has a ledger of its own by default, also where its file has problems', () => {
  const text = 'mode: sim\nreplay: { file: bars.csv }\n';
  const loaded = parseConfig(text, 'replay.yaml');
  expect(loaded.ok && loaded.config.ledger.path).toBe('data/replay.db');
  expect(valid('mode: paper').ledger.path).toBe('data/paper.db');
  const file = join(mkdtempSync(join(tmpdir(), 'tandem-config-')), 'replay.yaml');
  writeFileSync(file, `${text}risk: { wrong: 1 }\n`);
  const broken = loadConfig(file);
  if (broken.ok) throw new Error('has a problem');
  expect(whereaboutsIn(file, broken.problems)?.ledger.path).toBe('data/replay.db');
});
