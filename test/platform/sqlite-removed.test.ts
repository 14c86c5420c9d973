/** A ledger that is taken away from under its bot: what is committed then would be found by nobody. */
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { fill, plain, planned } from './facts.ts';
import { ledgerPath, open } from './ledger-dir.ts';

const refused = (path: string) =>
  expect.objectContaining({
    name: 'LedgerWriteError',
    code: 'io',
    message: expect.stringContaining(`${path} was removed or replaced`),
  });

test.each([
  ['', 'commit'],
  ['', 'stage'],
  ['-wal', 'commit'],
  ['-wal', 'stage'],
] as const)('removed ledger%s: %s says so instead of calling it durable', (suffix, how) => {
  const path = ledgerPath();
  const store = open(path);
  store.commit([planned('h1')]);
  rmSync(`${path}${suffix}`);
  expect(() => store[how]([fill('1')])).toThrow(refused(`${path}${suffix}`));
  store.close();
});

test('another file in its place is no ledger of this process either, and its own is taken again', () => {
  const path = ledgerPath();
  const store = open(path);
  store.commit([planned('h1')]);
  renameSync(path, `${path}.aside`);
  copyFileSync(`${path}.aside`, path);
  expect(() => store.commit([fill('1')])).toThrow(refused(path));
  renameSync(`${path}.aside`, path);
  store.commit([fill('1')]);
  store.close();
  const again = open(path);
  expect(plain(again.load())).toEqual(plain([planned('h1'), fill('1')]));
  again.close();
});

test('what to do keeps what there is: a log that lost its name is in the ledger after a clean stop', () => {
  const path = ledgerPath();
  const store = open(path);
  store.commit([planned('h1')]);
  rmSync(`${path}-wal`);
  expect(() => store.commit([fill('1')])).toThrow(/stop the bot cleanly/);
  store.close();
  const again = open(path);
  expect(plain(again.load())).toEqual(plain([planned('h1')]));
  again.close();
});

test('what to do about a ledger that is gone is never to end the process first', () => {
  const path = ledgerPath();
  const store = open(path);
  store.commit([planned('h1')]);
  rmSync(path);
  expect(() => store.commit([fill('1')])).toThrow(/put it back; .* before this process ends/);
  expect(() => store.commit([fill('1')])).not.toThrow(/restart/);
  store.close();
});

test.each(['commit', 'stage'] as const)(
  'a folder that can no longer be searched: %s fails as a write does, not as a bug',
  (how) => {
    const path = ledgerPath();
    const store = open(path);
    store.commit([planned('h1')]);
    const folder = dirname(path);
    renameSync(folder, `${folder}.aside`);
    // ENOTDIR, whoever runs this; EACCES is the same to us.
    writeFileSync(folder, '');
    expect(() => store[how]([fill('1')])).toThrow(
      expect.objectContaining({ name: 'LedgerWriteError', code: 'io', message: expect.stringContaining('ENOTDIR') }),
    );
    rmSync(folder);
    renameSync(`${folder}.aside`, folder);
    store.commit([fill('1')]);
    store.close();
  },
);
