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
    return { message: `the ledger cannot be written: ${error.message}`, exitCode: EXIT.ledgerBusy };
  if (error instanceof LedgerLockedError) return { message: error.message, exitCode: EXIT.ledgerBusy };
  // The simulated venues' books lie beside the ledger and are as much a part of the simulation.
  if (error instanceof WorldJournalError || error instanceof LedgerOpenError)
    return { message: error.message, exitCode: openExit(error.code) };
  return undefined;
}

/** What may pass by itself is told apart, so that a supervisor tries again after a full disk and not after damage. */
function openExit(code: string): ExitCode {
  if (code === 'missing') return EXIT.failed;
  return code === 'io' ? EXIT.ledgerBusy : EXIT.ledger;
}
