/**
 * Cancelling resting orders. An accepted cancel is no end, a refused one no proof: only a lookup says what became of the
 * order. Requests are repeated for as long as the state machine wants the order gone.
 */
import type { AttemptRecord } from '../ledger/state.ts';
import { isUnresolved } from '../ledger/state.ts';
import type { CancelOutcome } from '../ports/venue.ts';
import { type Core, wakeAt } from './core.ts';
import { lookupSoon, orderRef } from './orders.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/** Asks the venue unless a request is under way or was made moments ago; the hedge is looked at again when it may be. */
export function cancelAttempt(core: Core, attempt: AttemptRecord): void {
  const { clientOrderId, hedge } = attempt.intent;
  const watch = core.cancels.get(clientOrderId) ?? { inFlight: false, tries: 0, notBefore: 0 };
  core.cancels.set(clientOrderId, watch);
  if (watch.inFlight) return;
  const now = core.clock.now();
  // A pause that is longer than any means that the clock went back.
  if (now < watch.notBefore && watch.notBefore - now <= MAX_RETRY_MS) {
    wakeAt(core, `hedge:${hedge}`, watch.notBefore);
    return;
  }
  watch.inFlight = true;
  core.send({ kind: 'cancel', ...orderRef(attempt) });
}

export function onCancelAnswered(core: Core, clientOrderId: string, outcome: CancelOutcome): void {
  const attempt = core.ledger.attempts.get(clientOrderId);
  const watch = core.cancels.get(clientOrderId);
  if (!attempt || !watch) return;
  watch.inFlight = false;
  watch.notBefore = core.clock.now() + Math.min(FIRST_RETRY_MS * 2 ** Math.min(watch.tries, 10), MAX_RETRY_MS);
  watch.tries += 1;
  if (outcome.kind === 'failed')
    core.log.debug({ order: clientOrderId, code: outcome.code, detail: outcome.detail }, 'cancel failed');
  // One that waits for its own answer is looked up after that: it may not even have left.
  if (isUnresolved(attempt) && attempt.status !== 'intended') lookupSoon(core, attempt);
}
