/** A ledger that is taken away from under its bot: what is committed then would be found by nobody. */
import { copyFileSync, renameSync, rmSync } from 'node:fs';
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
