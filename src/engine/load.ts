/** Startup is recovery: the ledger in memory is the fold of everything that was ever stored. */
import { emptyLedger } from '../ledger/empty.ts';
import { foldFact } from '../ledger/fold.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';

/** Throws InvariantError when a fact cannot follow those before it: an edited database. */
export function loadLedger(store: Pick<LedgerStore, 'load'>): LedgerState {
  const ledger = emptyLedger();
  for (const fact of store.load()) foldFact(ledger, fact);
  return ledger;
}
