/** A backup of a ledger, made beside a running bot or without one. Entry point: `backUpLedger`. */
import type { LedgerStamp } from '../../ports/ledger-store.ts';
import { canonicalPath, inspectLedger, openForReading } from './connection.ts';
import { copyDatabase } from './copy.ts';
import { asOpenError, isDiskTrouble, LedgerOpenError } from './errors.ts';

/**
 * Copies the ledger as it is at this moment to `file`, which must not exist. `check` is asked with the ledger's path and
 * stamp before anything is written, and throws when it is not the one that is meant. Throws LedgerOpenError too: a
 * damaged ledger gets no backup.
 */
export function backUpLedger(
  ledgerPath: string,
  file: string,
  check: (path: string, stamp: LedgerStamp) => void,
): void {
  const path = canonicalPath(ledgerPath, false);
  const { schema: _, ...stamp } = inspectLedger(path);
  check(path, stamp);
  const database = openForReading(path);
  try {
    copyDatabase(database, file);
  } catch (error) {
    if (!(error instanceof Error && isDiskTrouble(error))) throw asOpenError(error, path);
    throw new LedgerOpenError('io', `no backup could be made at ${file}: ${error.message}`, error);
  } finally {
    database.close();
  }
}
