import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { diffConfigs } from '../../src/config/changes.ts';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigWatcher, type ReloadReport } from '../../src/config/reload.ts';
import type { Config } from '../../src/config/schema.ts';
import { watchFile } from '../../src/config/watch-file.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

const BEFORE = `
mode: paper
risk:
  entry: { minNetApr: 0.1 }
  allow: { assets: [BTC, ETH] }
execution: { leverage: 2 }
`;

function parsed(text: string): Config {
  const loaded = parseConfig(text, 'x.yaml');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

class ManualClock implements Clock {
  #now = 0;
  #timers: Array<{ at: number; fire: () => void }> = [];
  now = () => this.#now;
  monotonicMs = () => this.#now;
  after = (delayMs: number, fire: () => void) => {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#now = due.at;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      due.fire();
    }
    this.#now = until;
  }
}

function watched(text = BEFORE) {
  const clock = new ManualClock();
  const reports: ReloadReport[] = [];
  let file: string | undefined = text;
  let check = (): void => undefined;
  const watcher = new ConfigWatcher(
    { file: 'x.yaml', config: parsed(text), text },
    {
      readText: () => {
        if (file === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
        return file;
      },
      onMayHaveChanged: (notice) => {
        check = notice;
        return () => {
          check = () => undefined;
        };
      },
      clock,
    },
    (report) => reports.push(report),
  );
  watcher.start();
  const write = (next: string | undefined): void => {
    file = next;
    check();
  };
  const save = (next: string | undefined): ReloadReport | undefined => {
    write(next);
    clock.advance(900);
    return reports.at(-1);
  };
  return { watcher, clock, reports, write, save };
}

const keys = (changes: ReloadReport['applied'] | undefined): string[] => (changes ?? []).map(({ key }) => key);

describe('saving the file while the bot runs', () => {
  test('applies live keys as old -> new and marks what loosens', () => {
    const { save, watcher } = watched();
    const report = save(BEFORE.replace('0.1', '0.05').replace('[BTC, ETH]', '[BTC]').concat('paused: true\n'));
    expect(report?.problems).toEqual([]);
    expect(report?.applied).toEqual([
      { key: 'paused', before: 'false', after: 'true', loosens: false, live: true },
      { key: 'risk.entry.minNetApr', before: '0.1', after: '0.05', loosens: true, live: true },
      { key: 'risk.allow.assets', before: '["BTC","ETH"]', after: '["BTC"]', loosens: false, live: true },
    ]);
    expect(watcher.config).toBe(report?.config);
    expect(watcher.config.risk.entry.minNetApr).toBe(0.05);
    expect(watcher.config.paused).toBe(true);
    expect(Object.isFrozen(watcher.config.risk.entry)).toBe(true);
  });

  test('a bad edit changes nothing, not even its good half, and says why', () => {
    const { save, watcher } = watched();
    const before = watcher.config;
    const report = save(`${BEFORE}paused: true\nrouting: { liveShare: 2 }\n`);
    expect(report?.applied).toEqual([]);
    expect(report?.problems).toMatchObject([{ key: 'routing.liveShare', line: 8 }]);
    expect(report?.config).toBe(before);
    expect(watcher.config).toBe(before);
    // Mended: the whole edit applies.
    expect(keys(save(`${BEFORE}paused: true\n`)?.applied)).toEqual(['paused']);
  });

  test('restart keys are reported and keep their running value; live keys beside them apply', () => {
    const { save, watcher } = watched();
    const report = save(BEFORE.replace('leverage: 2', 'leverage: 3').replace('0.1', '0.2'));
    expect(keys(report?.applied)).toEqual(['risk.entry.minNetApr']);
    expect(report?.needsRestart).toEqual([
      { key: 'execution.leverage', before: '2', after: '3', loosens: true, live: false },
    ]);
    expect(watcher.config.execution.leverage).toBe(2);
  });

  test('live keys that only fit together with a restart key wait for it', () => {
    const { save, watcher } = watched('mode: paper\nexecution: { leverage: 3 }\n');
    const report = save('mode: paper\nexecution: { leverage: 2 }\nrisk: { exposure: { maxLeverage: 2 } }\n');
    expect(report?.applied).toEqual([]);
    expect(report?.problems).toMatchObject([{ key: 'execution.leverage', message: expect.stringMatching(/restart/) }]);
    expect(keys(report?.needsRestart)).toEqual(['risk.exposure.maxLeverage', 'execution.leverage']);
    expect(watcher.config.risk.exposure.maxLeverage).toBe(3);
  });

  test('a pause and lower limits beside keys that must wait apply at once; what takes on more risk waits', () => {
    const { save, watcher } = watched('mode: paper\nexecution: { leverage: 3 }\n');
    const report = save(
      'mode: paper\npaused: true\nexecution: { leverage: 2 }\nrisk: { data: { maxBookAgeMs: 60000 }, exposure: { maxLeverage: 2, maxOpenHedges: 0 } }\n',
    );
    expect(keys(report?.applied)).toEqual(['paused', 'risk.exposure.maxOpenHedges']);
    expect(keys(report?.needsRestart).sort()).toEqual([
      'execution.leverage',
      'risk.data.maxBookAgeMs',
      'risk.exposure.maxLeverage',
    ]);
    expect(report?.problems).toMatchObject([{ key: 'execution.leverage' }]);
    expect(watcher.config).toMatchObject({ paused: true, risk: { exposure: { maxOpenHedges: 0, maxLeverage: 3 } } });
  });

  test('another mode never applies while running', () => {
    const { save, watcher } = watched();
    const report = save(BEFORE.replace('paper', 'live'));
    expect(keys(report?.needsRestart)).toContain('mode');
    expect(report?.applied).toEqual([]);
    expect(watcher.config.mode).toBe('paper');
  });

  test.each([
    ['another mode', 'mode', (text: string) => text.replace('paper', 'testnet')],
    ['another account', 'account', (text: string) => `${text}account: other\n`],
    ['another ledger', 'ledger.path', (text: string) => `${text}ledger: { path: data/other.db }\n`],
  ])('the file of another bot (%s) applies nothing, neither more risk nor less, and says so', (_, key, other) => {
    const { save, watcher } = watched();
    const before = watcher.config;
    const report = save(other(`${BEFORE.replace('0.1', '0.05')}paused: true\nlog: { level: debug }\n`));
    expect(report?.applied).toEqual([]);
    expect(report?.problems).toMatchObject([{ message: expect.stringContaining('file of another bot') }]);
    expect(report?.problems[0]?.message).toContain(`${key} is "`);
    expect(keys(report?.needsRestart)).toContain(key);
    expect(watcher.config).toBe(before);
    // Put right: what it says about this bot applies.
    expect(keys(save(`${BEFORE}paused: true\n`)?.applied)).toEqual(['paused']);
  });

  test('another spelling of the ledger’s path is no other bot', () => {
    const { save } = watched();
    const report = save(`${BEFORE}paused: true\nledger: { path: ./data/paper.db }\n`);
    expect(keys(report?.applied)).toEqual(['paused']);
  });

  test('a venue that comes or goes waits; one that is turned off applies', () => {
    const two = 'mode: paper\nvenues: { okx: {}, bybit: {} }\n';
    const { save, watcher } = watched(two);
    const more = save('mode: paper\nvenues: { okx: {}, bybit: {}, binance: {} }\n');
    expect(more?.applied).toEqual([]);
    expect(keys(more?.needsRestart)).toContain('venues.binance.enabled');
    expect(Object.keys(watcher.config.venues)).toEqual(['bybit', 'okx']);
    const off = save('mode: paper\nvenues: { okx: { enabled: false }, bybit: {} }\n');
    expect(off?.applied).toMatchObject([{ key: 'venues.okx.enabled', loosens: false }]);
    const on = save(two);
    expect(on?.applied).toMatchObject([{ key: 'venues.okx.enabled', loosens: true }]);
  });

  test('an editor that empties the file before writing it is not told off', () => {
    const { write, clock, reports } = watched();
    write('');
    clock.advance(60);
    write(BEFORE.replace('0.1', '0.3'));
    clock.advance(900);
    expect(reports).toHaveLength(1);
    expect(reports[0]?.problems).toEqual([]);
    expect(keys(reports[0]?.applied)).toEqual(['risk.entry.minNetApr']);
  });

  describe('half-saved: a text that is the beginning of the one in force', () => {
    const strict = `${BEFORE}reconcile: { everyMinutes: 1 }\npaused: true\n`;
    const half = strict.slice(0, strict.indexOf('reconcile'));

    test('tightens at once, and loosens only after it has stood for 5 s, which is said', () => {
      const { save, clock, reports, watcher } = watched(strict);
      const report = save(half);
      expect(keys(report?.applied)).toEqual(['reconcile.everyMinutes']);
      expect(report?.problems).toMatchObject([{ message: expect.stringMatching(/half saved; .* 5 s .*: paused$/) }]);
      expect(report?.needsRestart).toEqual([]);
      expect(watcher.config.paused).toBe(true);
      clock.advance(4_000);
      expect(watcher.config.paused).toBe(true);
      clock.advance(200);
      expect(reports).toHaveLength(2);
      expect(reports[1]).toMatchObject({ problems: [], applied: [{ key: 'paused', loosens: true }] });
      expect(watcher.config.paused).toBe(false);
    });

    test('the rest that comes in time is all that counts', () => {
      const { save, clock, reports, watcher } = watched(strict);
      save(half);
      clock.advance(3_000);
      save(strict.slice(0, -3));
      save(strict);
      clock.advance(60_000);
      expect(watcher.config).toEqual(parsed(strict));
      expect(reports.flatMap(({ applied }) => applied).some(({ loosens }) => loosens)).toBe(false);
    });

    test('after stop nothing of it applies', () => {
      const { save, clock, watcher } = watched(strict);
      save(half);
      watcher.stop();
      clock.advance(60_000);
      expect(watcher.config.paused).toBe(true);
    });

    test('no beginning of a shipped file loosens anything at once', () => {
      const text = readFileSync('config/live.example.yaml', 'utf8').replace('liveShare: 0', 'liveShare: 1');
      for (const [at, char] of [...text].entries()) {
        if (char !== '\n') continue;
        const { save, reports } = watched(text);
        save(text.slice(0, at));
        expect(reports.flatMap(({ applied }) => applied).filter(({ loosens }) => loosens)).toEqual([]);
      }
    });
  });

  test('a file that stays away is told once, and its return is noticed', () => {
    const { save, clock, reports } = watched();
    expect(save(undefined)?.problems).toMatchObject([{ message: 'there is no such file' }]);
    clock.advance(10_000);
    expect(reports).toHaveLength(1);
    expect(save(BEFORE)).toMatchObject({ applied: [], problems: [] });
    expect(reports).toHaveLength(2);
  });

  test('saving the same text, or only a comment, applies nothing', () => {
    const { save, reports } = watched();
    save(BEFORE);
    expect(reports).toHaveLength(0);
    expect(save(`${BEFORE}# note\n`)).toMatchObject({ applied: [], needsRestart: [], problems: [] });
  });

  test('after stop nothing is applied any more, also not what was settling', () => {
    const { write, watcher, clock, reports } = watched();
    write(BEFORE.replace('0.1', '0.3'));
    watcher.stop();
    clock.advance(1_000);
    write(BEFORE.replace('0.1', '0.4'));
    clock.advance(1_000);
    expect(reports).toEqual([]);
  });
});

describe('what loosens', () => {
  const change = (before: string, after: string) =>
    diffConfigs(parsed(`mode: testnet\n${before}`), parsed(`mode: testnet\n${after}`)).map(({ key, loosens }) => [
      key,
      loosens,
    ]);

  test.each([
    ['routing: { liveShare: 0.1 }', 'routing: { liveShare: 0.2 }', 'routing.liveShare', true],
    ['routing: { liveShare: 0.2 }', 'routing: { liveShare: 0 }', 'routing.liveShare', false],
    ['paused: true', 'paused: false', 'paused', true],
    ['paused: false', 'paused: true', 'paused', false],
    ['risk: { allow: { assets: [BTC] } }', 'risk: { allow: { assets: [BTC, ETH] } }', 'risk.allow.assets', true],
    ['risk: { allow: { assets: [BTC] } }', 'risk: { allow: { assets: [] } }', 'risk.allow.assets', true],
    ['risk: { deny: { venues: [okx] } }', 'risk: { deny: { venues: [] } }', 'risk.deny.venues', true],
    ['risk: { deny: { venues: [] } }', 'risk: { deny: { venues: [okx] } }', 'risk.deny.venues', false],
    [
      'risk: { loss: { maxDailyLossUsd: 10 } }',
      'risk: { loss: { maxDailyLossUsd: 11 } }',
      'risk.loss.maxDailyLossUsd',
      true,
    ],
    [
      'execution: { entryPriceCapRate: 0.001 }',
      'execution: { entryPriceCapRate: 0.002 }',
      'execution.entryPriceCapRate',
      true,
    ],
    [
      'execution: { marginReserveRate: 0.2 }',
      'execution: { marginReserveRate: 0.1 }',
      'execution.marginReserveRate',
      true,
    ],
    ['log: { level: info }', 'log: { level: debug }', 'log.level', false],
  ])('%s -> %s', (before, after, key, loosens) => {
    expect(change(before, after)).toEqual([[key, loosens]]);
  });

  test('at the first start everything is new and nothing loosens', () => {
    const all = diffConfigs(undefined, parsed('mode: paper'));
    expect(all.find(({ key }) => key === 'mode')).toMatchObject({ before: '', after: '"paper"' });
    expect(all.some(({ loosens }) => loosens)).toBe(false);
  });
});

describe('a real file', () => {
  test.each([
    ['written in place', (path: string, text: string) => writeFileSync(path, text)],
    [
      'renamed over the old one',
      (path: string, text: string) => {
        writeFileSync(`${path}.tmp`, text);
        renameSync(`${path}.tmp`, path);
      },
    ],
  ])('%s applies within a second, twice', async (_, save) => {
    const directory = mkdtempSync(join(tmpdir(), 'tandem-config-'));
    const path = join(directory, 'x.yaml');
    writeFileSync(path, BEFORE);
    const clock = systemClock();
    const reports: ReloadReport[] = [];
    const watcher = new ConfigWatcher(
      { file: path, config: parsed(BEFORE), text: BEFORE },
      { readText: () => readFileSync(path, 'utf8'), onMayHaveChanged: (check) => watchFile(path, clock, check), clock },
      (report) => reports.push(report),
    );
    watcher.start();
    onTestFinished(() => {
      watcher.stop();
      rmSync(directory, { recursive: true, force: true });
    });
    for (const [i, share] of ['0.3', '0.4'].entries()) {
      save(path, BEFORE.replace('0.1', share));
      await expect.poll(() => reports.length, { timeout: 1_000, interval: 20 }).toBe(i + 1);
      expect(watcher.config.risk.entry.minNetApr).toBe(Number(share));
    }
  });
});
