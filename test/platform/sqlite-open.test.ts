import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { backUpLedger } from '../../src/platform/sqlite/backup.ts';
import { openForWriting } from '../../src/platform/sqlite/connection.ts';
import { LedgerLockedError, LedgerOpenError } from '../../src/platform/sqlite/errors.ts';
import { MIGRATIONS, migrate, SCHEMA_VERSION, schemaVersion } from '../../src/platform/sqlite/migrate.ts';
import { factsMigration } from '../../src/platform/sqlite/migrations/0001-facts.ts';
import type { LedgerStore } from '../../src/ports/ledger-store.ts';
import { AT, fill, planned } from './facts.ts';
import { ledgerOfSchema, ledgerPath, open } from './ledger-dir.ts';

const refusal = (act: () => LedgerStore): LedgerOpenError => {
  try {
    act().close();
  } catch (error) {
    if (error instanceof LedgerOpenError) return error;
    throw error;
  }
  throw new Error('it opened');
};

const made = (path: string): string => {
  const store = open(path);
  store.commit([planned('h1'), ...Array.from({ length: 200 }, (_, i) => fill(`t${i}`))]);
  store.close();
  return path;
};

describe('the stamp', () => {
  test('fault-53: a ledger of another mode or account refuses', () => {
    const path = made(ledgerPath());
    const wrongMode = refusal(() => open(path, { mode: 'live' }));
    expect(wrongMode.code).toBe('mode_mismatch');
    expect(wrongMode.message).toMatch(/mode sim, not live/);
    expect(refusal(() => open(path, { account: 'other' })).code).toBe('account_mismatch');
    expect(refusal(() => open(path, { account: 'other', readOnly: true })).code).toBe('account_mismatch');
    open(path).close();
  });

  test('the tag is made once and kept', () => {
    const path = ledgerPath();
    const first = open(path);
    expect(first.stamp.tag).toMatch(/^[a-z0-9]{4}$/);
    first.close();
    const again = open(path);
    expect(again.stamp).toEqual(first.stamp);
    again.close();
  });
});

describe('what lies there is no sound ledger: refused, and not a byte changed', () => {
  const untouched = (path: string, code: string, readOnly = false): string => {
    const before = readFileSync(path);
    const error = refusal(() => open(path, { readOnly }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
    expect(readFileSync(path).equals(before)).toBe(true);
    return error.message;
  };

  test.each([false, true])('fault-45: a damaged page (read-only: %s)', (readOnly) => {
    const path = made(ledgerPath());
    const bytes = readFileSync(path);
    bytes.fill(0xa5, bytes.length - 4_096, bytes.length - 2_048);
    bytes.fill(0xa5, 4_096 * 10, 4_096 * 10 + 600);
    writeFileSync(path, bytes);
    expect(untouched(path, 'corrupt', readOnly)).toMatch(/restore a backup/);
  });

  test('no database at all', () => {
    const path = ledgerPath();
    writeFileSync(path, 'time,price\n1,2\n'.repeat(100));
    untouched(path, 'corrupt');
  });

  test('cut off in the middle', () => {
    const path = made(ledgerPath());
    truncateSync(path, statSync(path).size - 3 * 4_096);
    untouched(path, 'corrupt');
  });

  test('emptied', () => {
    const path = ledgerPath();
    writeFileSync(path, '');
    untouched(path, 'corrupt');
  });

  test('another program’s database', () => {
    const path = ledgerPath();
    const other = new Database(path);
    other.exec('CREATE TABLE photos (id INTEGER)');
    other.close();
    untouched(path, 'not_a_ledger');
  });

  test('fault-47: made by a newer program', () => {
    const path = made(ledgerPath());
    const shell = new Database(path);
    shell.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    shell.close();
    untouched(path, 'newer_schema');
  });

  test('edited: a fact taken out', () => {
    const path = made(ledgerPath());
    const shell = new Database(path);
    shell.exec('DROP TRIGGER fills_no_delete; DELETE FROM fills WHERE seq = 7');
    shell.close();
    expect(untouched(path, 'corrupt')).toMatch(/200 facts but the newest is number 201/);
  });

  test('edited: a guard taken out', () => {
    const path = made(ledgerPath());
    const shell = new Database(path);
    shell.exec('DROP TRIGGER fills_no_delete');
    shell.close();
    expect(untouched(path, 'corrupt')).toMatch(/triggers/);
  });

  test('edited: a table taken out', () => {
    const path = made(ledgerPath());
    const shell = new Database(path);
    shell.exec('DROP TABLE days');
    shell.close();
    untouched(path, 'corrupt');
  });

  test('edited: a quantity that is no decimal is told by table, row and column', () => {
    const path = made(ledgerPath());
    const shell = new Database(path);
    const guard = shell.prepare("SELECT sql FROM sqlite_schema WHERE name = 'fills_no_update'").pluck().get();
    shell.exec(`DROP TRIGGER fills_no_update; UPDATE fills SET quantity = 'much' WHERE seq = 7; ${String(guard)}`);
    shell.close();
    const store = open(path);
    expect(() => [...store.load()]).toThrow(/fills row 7: quantity cannot be "much"/);
    store.close();
  });

  test('missing, when it is only to be read', () => {
    expect(refusal(() => open(ledgerPath(), { readOnly: true })).code).toBe('missing');
  });

  test('gone, but its log is still there', () => {
    const path = ledgerPath();
    writeFileSync(`${path}-wal`, 'frames');
    expect(refusal(() => open(path)).code).toBe('missing');
    expect(existsSync(path)).toBe(false);
  });

  test('in a directory that cannot be made', () => {
    const path = ledgerPath();
    writeFileSync(path, 'a file');
    expect(refusal(() => open(join(path, 'below', 'sim.db'))).code).toBe('io');
  });
});

test('a half-made ledger from a crash is made anew', () => {
  const path = ledgerPath();
  writeFileSync(`${path}.new`, 'half');
  open(path).close();
  expect(existsSync(`${path}.new`)).toBe(false);
});

describe('one writer', () => {
  test('fault-36-two-instances: the second is told who has it, and gets in once it is gone', () => {
    const path = ledgerPath();
    const first = open(path);
    let error: unknown;
    try {
      open(path);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(LedgerLockedError);
    expect(error).toMatchObject({ code: 'locked', pid: process.pid });
    expect(String(error)).toMatch(new RegExp(`process ${process.pid} on .*, started \\d{4}-\\d\\d-\\d\\dT`));
    first.close();
    open(path).close();
  });

  test('full-disk-at-start: a holder that cannot be named is a refusal with the reason, and leaves no lock', () => {
    const path = ledgerPath();
    mkdirSync(`${path}.lock.json`);
    const { code, message } = refusal(() => open(path));
    expect({ code, message }).toMatchObject({ code: 'io', message: expect.stringContaining(`ledger ${path}: EISDIR`) });
    rmdirSync(`${path}.lock.json`);
    open(path).close();
  });

  test('two names of one file are one lock', () => {
    const path = made(ledgerPath());
    const link = join(dirname(path), 'link.db');
    symlinkSync(path, link);
    const first = open(path);
    expect(() => open(link)).toThrow(LedgerLockedError);
    first.close();
  });

  test('a link to a ledger that is not there stays one: its disk may not be mounted', () => {
    const path = ledgerPath();
    const target = join(dirname(path), 'unmounted', 'l.db');
    symlinkSync(target, path);
    const { code, message } = refusal(() => open(path, { mode: 'live' }));
    expect(code).toBe('missing');
    expect(message).toContain(`is a link to ${target}, which is not there`);
    expect(readlinkSync(path)).toBe(target);
    mkdirSync(dirname(target));
    made(target);
    open(path).close();
  });

  test('fault-36-lock-removed: while its writer lives a ledger gets no second one, and is told how to go on if it does not', () => {
    const path = ledgerPath();
    const first = open(path);
    first.commit([planned('h1')]);
    rmSync(`${path}.lock`);
    for (const _ of [1, 2]) {
      expect(() => open(path)).toThrow(
        expect.objectContaining({ name: 'LedgerLockedError', code: 'locked', pid: process.pid }),
      );
      expect(() => open(path)).toThrow(
        new RegExp(
          `process ${process.pid} on .*lock file was removed.* no tandem, or writes another ledger, remove ${path}\\.lock\\.json`,
        ),
      );
    }
    first.commit([fill('1')]);
    first.close();
    open(path).close();
  });

  test('a removed lock is nobody’s once its holder is gone, or is of another machine', async () => {
    const path = ledgerPath();
    await killedAfter(path, 2);
    const note = readFileSync(`${path}.lock.json`, 'utf8');
    rmSync(`${path}.lock`);
    open(path).close();
    writeFileSync(`${path}.lock.json`, JSON.stringify({ ...JSON.parse(note), pid: process.pid, host: 'elsewhere' }));
    rmSync(`${path}.lock`);
    open(path).close();
  });

  test('an unreadable note about the holder does not matter', () => {
    const path = ledgerPath();
    const first = open(path);
    writeFileSync(`${path}.lock.json`, '{');
    expect(() => open(path)).toThrow(/another process that has not said who it is/);
    first.close();
  });
});

/** Commits numbered fills and says each number once its commit returned. */
const CHILD = fileURLToPath(new URL('./committing-child.ts', import.meta.url));

async function killedAfter(path: string, commits: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let done = -1;
  let rest = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) done = Math.max(done, Number(line));
      if (done >= commits) child.kill('SIGKILL');
    });
    child.on('close', () => resolve());
  });
  return done;
}

const bookedTrades = (path: string): number[] => {
  const store = open(path);
  const trades = [...store.load()].map((fact) => (fact.kind === 'fill' ? Number(fact.fill.tradeId) : -1));
  store.close();
  return trades;
};

describe('after kill -9', () => {
  test('fault-33-sigkill: every commit that returned is there, in order, and the lock is free', async () => {
    const path = ledgerPath();
    const done = await killedAfter(path, 50);
    expect(done).toBeGreaterThanOrEqual(50);
    expect(existsSync(`${path}.lock.json`)).toBe(true);
    const trades = bookedTrades(path);
    expect(trades).toEqual(trades.map((_, i) => i));
    expect(trades.length).toBeGreaterThan(done);
  });

  test('fault-44-torn-log: a torn end costs the last commit only', async () => {
    const path = ledgerPath();
    await killedAfter(path, 20);
    const copy = `${path}.copy`;
    copyFileSync(path, copy);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    const whole = bookedTrades(path).length;
    // The last commit's newest frame loses its end.
    truncateSync(`${copy}-wal`, lastCommitEnd(`${copy}-wal`) - 100);
    const torn = bookedTrades(copy);
    expect(torn).toEqual(torn.map((_, i) => i));
    expect(torn.length).toBe(whole - 1);
  });

  /** Bytes up to the last commit frame of the log's newest generation (SQLite file format, section 4). */
  function lastCommitEnd(file: string): number {
    const log = readFileSync(file);
    const frame = 24 + log.readUInt32BE(8);
    let end = 32;
    for (let at = 32; at + frame <= log.length; at += frame) {
      if (!log.subarray(at + 8, at + 16).equals(log.subarray(16, 24))) break;
      if (log.readUInt32BE(at + 4) > 0) end = at + frame;
    }
    return end;
  }
});

describe('a file that is put over a ledger whose bot was killed: its log is not the old one’s', () => {
  /** A backup, made beside the bot as `ledger backup` does, or of a stopped one by `cp`. */
  async function killedWithBackup(how: 'backup' | 'cp'): Promise<{ path: string; copy: string }> {
    const path = made(ledgerPath());
    const copy = `${path}.bak`;
    if (how === 'cp') copyFileSync(path, copy);
    else backUpLedger(path, copy, () => {});
    await killedAfter(path, 20);
    return { path, copy };
  }

  test.each([
    ['moved, made by ledger backup', 'backup', renameSync],
    ['copied into the old file, made by ledger backup', 'backup', copyFileSync],
    ['moved, made by cp', 'cp', renameSync],
  ] as const)('%s: neither is read nor written until the log is moved away', async (_, how, put) => {
    const { path, copy } = await killedWithBackup(how);
    put(copy, path);
    const bytes = [path, `${path}-wal`].map((file) => readFileSync(file));
    // More than once: what is known must outlast a refused start.
    for (const readOnly of [false, true, false]) {
      const { code, message } = refusal(() => open(path, { readOnly }));
      expect(code).toBe('foreign_log');
      expect(message).toContain(`move ${path}-wal and ${path}-shm away`);
    }
    expect([path, `${path}-wal`].map((file) => readFileSync(file))).toEqual(bytes);
    for (const end of ['-wal', '-shm']) renameSync(`${path}${end}`, `${path}${end}.aside`);
    const store = open(path);
    expect([...store.load()]).toHaveLength(201);
    store.close();
  });

  test('what was copied away together, or comes back, goes on with its log', async () => {
    const path = made(ledgerPath());
    await killedAfter(path, 20);
    const booked = 201 + 20;
    const elsewhere = join(dirname(path), 'elsewhere.db');
    for (const end of ['', '-wal', '.lock.json']) copyFileSync(`${path}${end}`, `${elsewhere}${end}`);
    expect(bookedTrades(elsewhere).length).toBeGreaterThan(booked);
    renameSync(path, `${path}.aside`);
    copyFileSync(`${path}.aside`, path);
    expect(refusal(() => open(path)).code).toBe('foreign_log');
    renameSync(`${path}.aside`, path);
    expect(bookedTrades(path).length).toBeGreaterThan(booked);
    expect(existsSync(`${path}.lock.json`)).toBe(false);
  });
});

describe('migrations', () => {
  const broken = { version: SCHEMA_VERSION + 1, name: 'broken', sql: 'CREATE TABLE extra (x); CREATE TABLE days (x);' };
  const backups = (path: string): string[] =>
    readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)) && name.endsWith('.bak'));

  test.each(MIGRATIONS.slice(0, -1))(
    'a ledger of schema $version is brought up to date, with a copy of what it was',
    ({ version }) => {
      const path = ledgerPath();
      ledgerOfSchema(path, version).close();
      expect(refusal(() => open(path, { readOnly: true })).code).toBe('older_schema');
      const store = open(path);
      store.commit([fill('t1')]);
      store.close();
      const [backup] = backups(path);
      const copy = new Database(join(dirname(path), backup ?? ''), { readonly: true });
      expect(schemaVersion(copy)).toBe(version);
      copy.close();
      const upgraded = new Database(path, { readonly: true });
      expect(schemaVersion(upgraded)).toBe(SCHEMA_VERSION);
      expect(upgraded.prepare('SELECT quantity FROM v_positions').pluck().get()).toBe(0.25);
      upgraded.close();
    },
  );

  test('fault-47-failed-migration: rolled back whole, the schema number unchanged, a copy kept', () => {
    const path = made(ledgerPath());
    const database = openForWriting(path);
    expect(() => migrate(database, AT, [...MIGRATIONS, broken])).toThrow(
      new RegExp(`migration ${broken.version} \\(broken\\).*the copy from before`),
    );
    expect(schemaVersion(database)).toBe(SCHEMA_VERSION);
    expect(database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'").pluck().get()).toBe(0);
    database.close();
    expect(backups(path)).toHaveLength(1);
    const store = open(path);
    expect([...store.load()]).toHaveLength(201);
    store.close();
  });

  test('fault-42-during-migration: a full disk is no damage, and may pass', () => {
    const path = made(ledgerPath());
    const database = openForWriting(path);
    database.pragma(`max_page_count = ${String(database.pragma('page_count', { simple: true }))}`);
    const large = `CREATE TABLE large AS SELECT randomblob(1000000) AS bytes`;
    const act = (): unknown =>
      migrate(database, AT, [...MIGRATIONS, { version: SCHEMA_VERSION + 1, name: 'large', sql: large }]);
    expect(act).toThrow(expect.objectContaining({ name: 'LedgerOpenError', code: 'io' }));
    expect(schemaVersion(database)).toBe(SCHEMA_VERSION);
    database.close();
  });

  test('without a backup nothing is migrated', () => {
    const path = made(ledgerPath());
    const database = openForWriting(path);
    const taken = `${path}.v${SCHEMA_VERSION}-20231114T221320000Z.bak`;
    writeFileSync(taken, 'in the way');
    chmodSync(taken, 0o400);
    expect(() => migrate(database, AT, [...MIGRATIONS, { ...broken, sql: 'CREATE TABLE extra (x)' }])).toThrow(
      /no backup could be made/,
    );
    expect(schemaVersion(database)).toBe(SCHEMA_VERSION);
    database.close();
  });

  test('numbers without gaps', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
    expect(MIGRATIONS[0]).toBe(factsMigration);
  });
});
