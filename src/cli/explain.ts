/** Expected errors as a sentence and an exit code. Entry point: `explain`. */
import { LedgerLockedError, LedgerOpenError } from '../platform/sqlite/errors.ts';
import { LedgerWriteError } from '../ports/ledger-store.ts';
import { WorldJournalError } from '../simulator/journal-file.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-codes.ts';
import { StartRefused } from './start-refused.ts';

export interface Explained {
  readonly message: string;
  readonly exitCode: ExitCode;
}

/** undefined for a bug, which should be seen with its stack. */
export function explain(error: unknown): Explained | undefined {
  if (error instanceof CommandFailure) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof StartRefused) return { message: error.message, exitCode: EXIT.refused };
  if (error instanceof LedgerWriteError)
    return { message: `the ledger cannot be written: ${error.message}`, exitCode: EXIT.ledger };
  if (error instanceof LedgerLockedError) return { message: error.message, exitCode: EXIT.ledger };
  // The simulated venues' books lie beside the ledger and are as much a part of the simulation.
  if (error instanceof WorldJournalError) return { message: error.message, exitCode: EXIT.ledger };
  if (error instanceof LedgerOpenError) {
    const exitCode = error.code === 'missing' ? EXIT.failed : EXIT.ledger;
    return { message: error.message, exitCode };
  }
  return undefined;
}
