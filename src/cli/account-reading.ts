/** What the venues say an account holds now, for people who wait for the answer. Entry point: `readAccounts`. */
import { failure, type Read } from '../kernel/outcome.ts';
import { accountKey } from '../ledger/state.ts';
import type { OrderState, VenuePosition } from '../market/order.ts';
import type { Clock } from '../ports/clock.ts';
import type { Venue } from '../ports/venue.ts';

export interface AccountReading {
  /** `<route>|<venue>` */
  readonly account: string;
  readonly read: Read<readonly VenuePosition[]>;
  readonly orders: Read<readonly OrderState[]>;
}

/** A venue that lets requests wait, as under a ban, is unknown by then; what the others say must not wait for it. */
const WITHIN_MS = 8_000;

/** Positions and open orders of every account. `clock` runs at wall pace. Never rejects. */
export async function readAccounts(
  accounts: readonly Pick<Venue, 'id' | 'route' | 'positions' | 'openOrders'>[],
  clock: Clock,
): Promise<AccountReading[]> {
  return Promise.all(
    accounts.map(async (venue) => {
      const [read, orders] = await Promise.all([
        inTime(clock, venue.positions('reduce')),
        inTime(clock, venue.openOrders()),
      ]);
      return { account: accountKey(venue.route, venue.id), read, orders };
    }),
  );
}

function inTime<T>(clock: Clock, reading: Promise<Read<T>>): Promise<Read<T>> {
  return new Promise((settle) => {
    const late = failure('timeout', `no answer within ${WITHIN_MS / 1_000} s`);
    const cancel = clock.after(WITHIN_MS, () => settle(late));
    reading
      .catch((error: unknown) => failure('internal', String(error)))
      .then((read) => {
        cancel();
        settle(read);
      });
  });
}
