/**
 * An order that was called absent and would rest. Should the venue have accepted it after all, it stands in the book, where
 * no position shows it, and while the private stream is silent nothing tells of it before it trades. It is looked up a few
 * times more; after that, the list of open orders that every reconciliation reads is what is left.
 */
import { MINUTE_MS, SECOND_MS } from '../kernel/instant.ts';
import type { AttemptRecord } from '../ledger/state.ts';
import { type Core, wakeAt } from './core.ts';

/** After it was called absent. */
const ASKED_MS = [15 * SECOND_MS, 40 * SECOND_MS, 100 * SECOND_MS, 4 * MINUTE_MS, 10 * MINUTE_MS];

export const mayRise = ({ intent, status }: AttemptRecord): boolean =>
  status === 'proven_absent' && intent.style === 'post_only';

/** Its next lookup; none when it is no such order, or has been asked for long enough. */
export function askAgain(core: Core, attempt: AttemptRecord): void {
  if (!mayRise(attempt)) return;
  const now = core.clock.now();
  const at = ASKED_MS.map((ms) => attempt.changedAt + ms).find((each) => each > now);
  if (at !== undefined) wakeAt(core, `lookup:${attempt.intent.clientOrderId}`, at);
}
