import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InvariantError } from '../../src/kernel/assert.ts';
import { base } from '../../src/kernel/decimal.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { createLedger, keepDurable, openForWriting } from '../../src/platform/sqlite/connection.ts';
import { TABLES } from '../../src/platform/sqlite/fact-tables.ts';
import { SqliteLedgerStore } from '../../src/platform/sqlite/store.ts';
import { LedgerWriteError } from '../../src/ports/ledger-store.ts';
import { AT, anyFacts, attempt, fill, plain, planned } from './facts.ts';
import { ledgerPath, open } from './ledger-dir.ts';

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof LedgerWriteError) return error.code;
    throw error;
  }
  return undefined;
};

test('whatever was committed is loaded again, equal and in commit order, decisions left out', () => {
  fc.assert(
    fc.property(anyFacts, fc.integer({ min: 1, max: 7 }), (facts, batch) => {
      const path = ledgerPath();
      const store = open(path);
      for (let i = 0; i < facts.length; i += batch) store.commit(facts.slice(i, i + batch));
      store.close();
      const again = open(path);
      const loaded = plain(again.load());
      again.close();
      expect(loaded).toEqual(plain(facts.filter((fact) => fact.kind !== 'decision')));
    }),
    { numRuns: 40 },
  );
});

test('every kind of fact has a table', () => {
  const kinds: Record<Fact['kind'], true> = {
    epoch: true,
    hedge_planned: true,
    hedge_moved: true,
    attempt: true,
    outcome: true,
    fill: true,
    payment: true,
    decision: true,
    config: true,
    control: true,
    baseline: true,
    discrepancy: true,
    acceptance: true,
    adjustment: true,
    day: true,
    breaker: true,
    peak: true,
  };
  expect(TABLES.map(({ kind }) => kind).sort()).toEqual(Object.keys(kinds).sort());
});

test('fault-03-fate-unknown: an order that nobody tells about any more is read again by the next start', () => {
  const path = ledgerPath();
  const store = open(path);
  const fate: Fact = {
    kind: 'discrepancy',
    id: 'live|okx|order_fate|abc1',
    venue: 'okx',
    route: 'live',
    what: 'order_fate',
    status: 'open',
    ledger: 'unknown',
    venueSays: 'nothing',
    detail: 'not found for 90 minutes',
    at: 1,
  };
  store.commit([fate]);
  store.close();
  const again = open(path);
  expect([...again.load()]).toEqual([fate]);
  again.close();
});

test('commits go on while a load is under way, and the load ends where it began', () => {
  const store = open(ledgerPath());
  store.commit(Array.from({ length: 1_200 }, (_, i) => fill(`a${i}`)));
  const seen: string[] = [];
  for (const fact of store.load()) {
    if (fact.kind !== 'fill') continue;
    seen.push(fact.fill.tradeId);
    if (seen.length === 600) store.commit([fill('late')]);
  }
  expect(seen).toHaveLength(1_200);
  expect([...store.load()]).toHaveLength(1_201);
  store.close();
});

describe('a batch is all or nothing', () => {
  test('duplicate-fill: the second booking of a trade is a conflict and takes its batch with it', () => {
    const path = ledgerPath();
    const store = open(path);
    store.commit([fill('t1')]);
    expect(codeOf(() => store.commit([fill('t2'), fill('t1')]))).toBe('conflict');
    // The same trade number of another account or symbol is another trade.
    store.commit([fill('t1', { route: 'paper' }), fill('t1', { symbol: 'ETH/USDT:USDT' })]);
    store.close();
    const again = open(path);
    expect([...again.load()].map((fact) => (fact.kind === 'fill' ? fact.fill.tradeId : ''))).toEqual([
      't1',
      't1',
      't1',
    ]);
    again.close();
  });

  test('a client order id is intended once', () => {
    const store = open(ledgerPath());
    store.commit([planned('h1'), attempt('abc1', 'h1')]);
    expect(codeOf(() => store.commit([attempt('abc1', 'h1', { number: 2 })]))).toBe('conflict');
    expect([...store.load()]).toHaveLength(2);
    store.close();
  });

  test('an attempt of a hedge that was never planned is a conflict', () => {
    const store = open(ledgerPath());
    expect(codeOf(() => store.commit([attempt('abc1', 'h9')]))).toBe('conflict');
    expect([...store.load()]).toEqual([]);
    store.close();
  });

  test('fault-42-disk-full: the commit fails by name, earlier facts stay, and it works again with space', () => {
    const path = ledgerPath();
    createLedger(path, { mode: 'sim', account: 'main', tag: 'abcd' }, AT);
    const database = openForWriting(path);
    const store = new SqliteLedgerStore({
      database,
      stamp: { mode: 'sim', account: 'main', tag: 'abcd' },
      lock: { release: () => undefined },
    });
    store.commit([fill('t0')]);
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages}`);
    const flood = Array.from({ length: 2_000 }, (_, i) => fill(`f${i}`));
    expect(codeOf(() => store.commit(flood))).toBe('disk_full');
    expect([...store.load()]).toHaveLength(1);
    database.pragma(`max_page_count = ${pages * 100}`);
    store.commit(flood);
    expect([...store.load()]).toHaveLength(2_001);
    store.close();
    expect([...open(path).load()]).toHaveLength(2_001);
  });

  test('fault-43-busy: another writer in the file makes the commit fail within a bounded wait', () => {
    const path = ledgerPath();
    const store = open(path);
    const shell = new Database(path);
    shell.exec('BEGIN IMMEDIATE');
    const began = performance.now();
    expect(codeOf(() => store.commit([fill('t1')]))).toBe('busy');
    expect(performance.now() - began).toBeLessThan(5_000);
    shell.exec('ROLLBACK');
    shell.close();
    store.commit([fill('t1')]);
    expect([...store.load()]).toHaveLength(1);
    store.close();
  });

  test('an instant that is no whole number is refused', () => {
    const store = open(ledgerPath());
    expect(codeOf(() => store.commit([fill('t1', { at: 1.5 })]))).toBe('conflict');
    store.close();
  });
});

describe('durability', () => {
  test('synchronous stays FULL on every open and after many writes', () => {
    const path = ledgerPath();
    createLedger(path, { mode: 'sim', account: 'main', tag: 'abcd' }, AT);
    const parts = { stamp: { mode: 'sim', account: 'main', tag: 'abcd' }, lock: { release: () => undefined } } as const;
    for (let round = 0; round < 3; round += 1) {
      const database = openForWriting(path);
      const store = new SqliteLedgerStore({ database, ...parts });
      for (let i = 0; i < 20; i += 1) {
        store.commit([fill(`r${round}-${i}`)]);
        expect(database.pragma('synchronous', { simple: true })).toBe(2);
      }
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
      store.close();
    }
  });

  test('a connection that fell back to NORMAL is brought back before the next commit', () => {
    const path = ledgerPath();
    createLedger(path, { mode: 'sim', account: 'main', tag: 'abcd' }, AT);
    const database = openForWriting(path);
    database.pragma('synchronous = NORMAL');
    expect(keepDurable(database)).toBe(false);
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    expect(keepDurable(database)).toBe(true);
    database.close();
  });
});

describe('append-only', () => {
  test.each(['stamp', ...TABLES.map(({ table }) => table)])('%s rows can be neither changed nor deleted', (table) => {
    const path = ledgerPath();
    open(path).close();
    const shell = new Database(path);
    shell.pragma('foreign_keys = OFF');
    if (table !== 'stamp') insertAnything(shell, table);
    const column = table === 'stamp' ? 'account' : 'seq';
    expect(() => shell.exec(`UPDATE ${table} SET ${column} = ${column}`)).toThrow(/append-only/);
    expect(() => shell.exec(`DELETE FROM ${table}`)).toThrow(/append-only/);
    shell.close();
  });

  function insertAnything(shell: Database.Database, table: string): void {
    const words: Record<string, string> = {
      route: 'live',
      leg: 'long',
      side: 'buy',
      mode: 'sim',
      status: 'open',
      state: 'reset',
    };
    const columns = shell.pragma(`table_info(${table})`) as Array<{ name: string; type: string }>;
    const cells = columns.map(({ name, type }) => (type === 'TEXT' ? (words[name] ?? 'x') : 1));
    shell.prepare(`INSERT INTO ${table} VALUES (${cells.map(() => '?').join(', ')})`).run(...cells);
  }
});

describe('someone else in the file', () => {
  test('a row put in by hand while the bot runs stops the next commit', () => {
    const path = ledgerPath();
    const store = open(path);
    store.commit([planned('h1')]);
    const shell = new Database(path);
    shell
      .prepare("INSERT INTO controls (seq, action, subject, by, detail, at) VALUES (2, 'pause', '', 'hand', '', 1)")
      .run();
    shell.close();
    expect(codeOf(() => store.commit([attempt('abc1', 'h1')]))).toBe('conflict');
    store.close();
  });

  test('a checkpoint from a shell is no reason to stop', () => {
    const path = ledgerPath();
    const store = open(path);
    store.commit([planned('h1')]);
    const shell = new Database(path);
    shell.pragma('wal_checkpoint(TRUNCATE)');
    shell.exec('VACUUM');
    shell.close();
    store.commit([attempt('abc1', 'h1')]);
    expect([...store.load()]).toHaveLength(2);
    store.close();
  });

  test('a read-only store reads beside the writer, sees new commits, and cannot commit', () => {
    const path = ledgerPath();
    const writer = open(path);
    writer.commit([planned('h1', { quantity: base('1.5') })]);
    const reader = open(path, { readOnly: true });
    onTestFinished(() => reader.close());
    expect([...reader.load()]).toHaveLength(1);
    writer.commit([planned('h2')]);
    expect([...reader.load()]).toHaveLength(2);
    expect(reader.stamp).toEqual(writer.stamp);
    expect(() => reader.commit([planned('h3')])).toThrow(InvariantError);
    writer.close();
  });
});
