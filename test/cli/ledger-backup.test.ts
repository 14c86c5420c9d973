/** A backup is whole, private and never over another file, whoever writes to the ledger meanwhile. */
import { copyFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { verifyLedger } from '../../src/cli/ledger-verify.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import type { LedgerStore } from '../../src/ports/ledger-store.ts';
import { AT, fill, plain, planned } from '../platform/facts.ts';
import { open } from '../platform/ledger-dir.ts';
import { type Place, place, tandem } from './fake-bot.ts';

const FACTS: readonly Fact[] = [{ kind: 'epoch', epoch: 1, mode: 'sim', pid: 1, at: AT }, planned('h1')];

/** A bot that is running: nothing that it has committed is in the ledger's own file yet. */
function running(where: Place): LedgerStore {
  const store = open(where.ledger);
  onTestFinished(() => store.close());
  store.commit(FACTS);
  return store;
}

test('beside a running bot: everything is in it, where a plain copy of the file has nothing', async () => {
  const where = place();
  const store = running(where);
  store.stage([planned('h2')]);
  const file = join(where.folder, 'backup.db');
  const { exit, out } = await tandem(where, 'ledger', 'backup', file);
  expect(exit).toBe(0);
  expect(out).toMatch(
    new RegExp(`^SIM, account main, ledger ${where.ledger}\nBackup made: ${file}: 3 facts, 2 hedges, `),
  );
  expect(out).toContain('and it is sound');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(verifyLedger(file)).toMatchObject({ facts: 3, hedges: 2, stamp: store.stamp, ok: true });
  store.commit([fill('1')]);
});

test('--json tells what was copied', async () => {
  const where = place();
  running(where);
  const file = join(where.folder, 'backup.db');
  const { exit, out } = await tandem(where, 'ledger', 'backup', file, '--json');
  expect(exit).toBe(0);
  const bytes = statSync(file).size;
  expect(JSON.parse(out)).toEqual({ ledger: where.ledger, file, bytes, facts: 2, hedges: 1, findings: [], ok: true });
});

test('put back as the manual says, it is the ledger again', async () => {
  const where = place();
  const store = open(where.ledger);
  store.commit(FACTS);
  const file = join(where.folder, 'backup.db');
  await tandem(where, 'ledger', 'backup', file);
  store.commit([fill('1')]);
  store.close();
  renameSync(where.ledger, `${where.ledger}.aside`);
  copyFileSync(file, where.ledger);
  const again = open(where.ledger);
  expect(plain(again.load())).toEqual(plain(FACTS));
  again.commit([fill('2')]);
  again.close();
  expect(verifyLedger(where.ledger)).toMatchObject({ facts: 3 });
});

test('beside the log that a kill left, no command reads it as the ledger (5)', async () => {
  const where = place();
  running(where);
  const killed = place();
  await tandem(where, 'ledger', 'backup', killed.ledger);
  copyFileSync(`${where.ledger}-wal`, `${killed.ledger}-wal`);
  for (const line of ['ledger verify', 'ledger backup b.db', 'hedges', 'pause']) {
    const { exit, err } = await tandem(killed, ...line.split(' '));
    expect([line, exit, err]).toEqual([line, 5, expect.stringContaining('was not written for the ledger')]);
  }
});

test('a file that is there is left as it is (4)', async () => {
  const where = place();
  running(where);
  const file = join(where.folder, 'backup.db');
  writeFileSync(file, 'mine');
  const { exit, err } = await tandem(where, 'ledger', 'backup', file);
  expect([exit, err]).toEqual([4, expect.stringContaining('is there already')]);
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect((await tandem(where, 'ledger', 'backup', where.ledger)).exit).toBe(4);
});

test('where nothing can be written the reason is told (7)', async () => {
  const where = place();
  running(where);
  const file = join(where.folder, 'none', 'backup.db');
  const { exit, err } = await tandem(where, 'ledger', 'backup', file);
  expect([exit, err]).toEqual([7, expect.stringMatching(/no backup could be made at .*ENOENT/)]);
});

test('another bot’s ledger, or a damaged one, is not copied (5)', async () => {
  const where = place();
  const store = open(where.ledger, { account: 'other' });
  store.commit([planned('h1'), fill('1')]);
  store.close();
  const file = join(where.folder, 'backup.db');
  const { exit, err } = await tandem(where, 'ledger', 'backup', file);
  expect([exit, err]).toEqual([5, expect.stringContaining('belongs to SIM, account other')]);
  const shell = new Database(where.ledger);
  shell.exec('DROP TRIGGER fills_no_delete; DELETE FROM fills');
  shell.close();
  expect(await tandem(where, 'ledger', 'backup', file)).toMatchObject({
    exit: 5,
    err: expect.stringContaining('damaged'),
  });
  expect(existsSync(file)).toBe(false);
});
