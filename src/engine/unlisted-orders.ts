/**
 * An acknowledged order that no lookup tells of: they fail, or the venue has forgotten it. While its end is not known its
 * leg is not reduced. Complete lists of open orders that lack it, apart in time, say that it rests no more; what it has
 * filled, the fills of the same readings have told. Should both be wrong, a fill that comes late is taken all the same, and
 * a list that shows it again opens it again.
 */
import { SECOND_MS } from '../kernel/instant.ts';
import type { OrderState } from '../market/order.ts';
import { type Core, record } from './core.ts';
import { forgetOrder } from './orders.ts';

/** An order is listed well within this time after its request. */
const LISTED_AFTER_MS = 10 * SECOND_MS;
/** Between the first list that lacks it and the one that ends it; no lookup has found it meanwhile. */
const APART_MS = 30 * SECOND_MS;

/** Of a reading of everything that was asked for at `askedMs` (monotonic), and whose fills are booked. */
export function endUnlisted(core: Core, account: string, askedMs: number, listed: readonly OrderState[]): void {
  for (const [clientOrderId, watch] of core.lookups) {
    const attempt = core.ledger.attempts.get(clientOrderId);
    if (watch.account !== account || attempt?.status !== 'open' || attempt.venueOrderId === undefined) continue;
    const { venueOrderId, filled } = attempt;
    const isListed = listed.some(
      (order) => order.clientOrderId === clientOrderId || order.venueOrderId === venueOrderId,
    );
    if (isListed) watch.unlistedMs = undefined;
    else if (askedMs - watch.sinceMs >= LISTED_AFTER_MS) watch.unlistedMs ??= askedMs;
    if (watch.unlistedMs === undefined || askedMs - watch.unlistedMs < APART_MS) continue;
    const ended = { status: 'canceled', code: 'unlisted', venueOrderId, filled, at: core.clock.now() } as const;
    if (record(core, [{ kind: 'outcome', clientOrderId, ...ended }])) forgetOrder(core, clientOrderId);
  }
}
