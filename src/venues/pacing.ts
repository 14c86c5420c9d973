/** What a venue's answers mean for the requests after them. Entry point: `heed`. */
import type { RequestBudget } from './budget.ts';
import { retryAfterMs, verdictOf } from './call.ts';
import type { VenueFacts } from './facts.ts';
import type { Exchanged } from './transport.ts';
import type { VenueClock } from './venue-clock.ts';

export function heed(facts: VenueFacts, budget: RequestBudget, clock: VenueClock, exchanged: Exchanged): void {
  for (const { name, usedHeader } of facts.limits) {
    const used = usedHeader === undefined ? Number.NaN : Number(exchanged.headers?.[usedHeader]);
    if (used >= 0) budget.counted(name, used);
  }
  const verdict = verdictOf(facts, exchanged);
  if (verdict.kind === 'answered') return budget.recovered();
  if (verdict.kind !== 'refused') return;
  const waitMs = retryAfterMs(facts, exchanged, clock.now());
  if (verdict.why === 'throttled') budget.throttled(waitMs);
  else if (verdict.why === 'banned') budget.banned(waitMs ?? facts.answers.banMs);
  else if (verdict.why === 'overload') budget.overloaded();
  else if (verdict.why === 'clock') clock.doubt();
}
