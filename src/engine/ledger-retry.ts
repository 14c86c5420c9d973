/** Whether a ledger that could not be written can be written again. */
import { type Core, record, recordLater, resync } from './core.ts';

/**
 * Tries. True when it works: what could not be recorded was dropped (fills, payments, outcomes), so every account is read
 * again, and the next commit decides.
 */
export function retryLedger(core: Core): boolean {
  const reasons = JSON.stringify([{ rule: 'ledger_write', detail: core.storeFailure }]);
  const at = core.clock.now();
  // Only a commit proves that commits work again: that nothing opened meanwhile is itself worth a line.
  recordLater(core, [
    { kind: 'decision', subject: 'ledger', asset: '', verdict: 'refused', rules: ['ledger_write'], reasons, at },
  ]);
  if (!record(core, [])) return false;
  for (const account of core.accounts.keys()) resync(core, account);
  return true;
}
