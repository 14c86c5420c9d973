/** The ledger of a configuration: one writer, stamped with mode and account. */
import type { Config } from '../config/schema.ts';
import { openLedgerStore } from '../platform/sqlite/store.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';

/** Throws LedgerOpenError or LedgerLockedError. */
export const openLedger = (config: Config): LedgerStore =>
  openLedgerStore({
    path: config.ledger.path,
    mode: config.mode,
    account: config.account,
    clock: systemClock(),
    random: systemRandom(),
  });

/** What a simulated market has done, beside the ledger that traded on it. */
export const worldJournalOf = (ledgerPath: string): string => `${ledgerPath}.world.jsonl`;
