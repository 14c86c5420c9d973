/** What an account tells by itself: fills, news of orders, its clock, its instruments, its stream. */
import { fillIdentity } from '../ledger/fold.ts';
import { isUnresolved } from '../ledger/state.ts';
import type { AccountEvent } from '../ports/venue.ts';
import type { AccountWatch } from './account-watch.ts';
import { withAccountFees } from './accounts.ts';
import { alarm, type Core, onVenueBack, resync } from './core.ts';
import { recordFills } from './fills.ts';
import { lookup, onListedOpen } from './orders.ts';

/** Private stream: fills are booked at once; order news makes a waiting lookup immediate; a gap is read again. */
export function onAccountEvent(core: Core, watch: AccountWatch, event: AccountEvent): void {
  switch (event.kind) {
    case 'fill': {
      const booked = recordFills(core, [event.fill]);
      if (booked !== 0) watch.changes += 1;
      else if (!core.ledger.fills.has(fillIdentity(event.fill))) resync(core, watch.key);
      return;
    }
    case 'order': {
      const attempt = core.ledger.attempts.get(event.order.clientOrderId);
      // Nobody's order of ours: a human's, or a forced reduction that some venues tell without its trades.
      if (!attempt) return resync(core, watch.key);
      if (isUnresolved(attempt) && attempt.venueOrderId !== undefined) lookup(core, attempt);
      return onListedOpen(core, event.order);
    }
    case 'clock':
      watch.clock = event.reading;
      return;
    case 'closed':
      watch.closed = event.closed;
      if (event.closed.size === 0) return;
      alarm(core, 'warning', 'instruments_closed', watch.key, `nothing opens: ${[...event.closed].join('; ')}`);
      return;
    case 'instruments':
      core.market.apply({
        kind: 'instruments',
        venue: watch.venue,
        instruments: withAccountFees(core, watch.venue, event.instruments, watch.route),
      });
      return;
    case 'stream':
      core.log.debug({ status: event.status, reason: event.reason }, 'account stream');
      // Whatever happened while it was down was not told.
      if (event.status === 'up') onVenueBack(core, watch.key);
  }
}
