/** A supervisor starts again what may pass by itself, and leaves alone what would only be said again. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { explain } from '../../src/cli/explain.ts';
import { StartRefused } from '../../src/cli/start-refused.ts';
import { LedgerLockedError, LedgerOpenError } from '../../src/platform/sqlite/errors.ts';
import { LedgerWriteError } from '../../src/ports/ledger-store.ts';
import { WorldJournalError } from '../../src/simulator/journal-file.ts';

interface Pm2App {
  readonly stop_exit_codes: readonly number[];
}
const pm2: { readonly apps: readonly Pm2App[] } = createRequire(import.meta.url)('../../ecosystem.config.cjs');
const final = pm2.apps[0]?.stop_exit_codes ?? [];

test.each([
  ['another process writes to the ledger', new LedgerLockedError('x.db', undefined)],
  ['the disk is full', new LedgerWriteError('disk_full', 'SQLITE_FULL')],
  ['the file cannot be read now', new LedgerOpenError('io', 'EIO')],
  ['the simulated books cannot be written now', new WorldJournalError('io', 'ENOSPC')],
])('%s: 7, and pm2 tries again', (_, error) => {
  expect(explain(error)?.exitCode).toBe(EXIT.ledgerBusy);
  expect(final).not.toContain(EXIT.ledgerBusy);
});

test.each([
  ['damaged', new LedgerOpenError('corrupt', 'x'), EXIT.ledger],
  ['of another account', new LedgerOpenError('account_mismatch', 'x'), EXIT.ledger],
  ['of another simulated world', new WorldJournalError('wrong_stamp', 'x'), EXIT.ledger],
  ['not armed', new StartRefused('not_armed', 'x'), EXIT.refused],
])('%s: starting again would say the same, and pm2 does not', (_, error, code) => {
  expect(explain(error)?.exitCode).toBe(code);
  expect(final).toContain(code);
});

test('a bug is not explained away', () => {
  expect(explain(new TypeError('x'))).toBeUndefined();
});
