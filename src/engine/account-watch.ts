/** What the engine remembers of one trading account between events. */
import type { InstrumentKey, Route, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { accountKey } from '../ledger/state.ts';
import type { ClockReading, Venue } from '../ports/venue.ts';

/** One trading account as the engine watches it. */
export interface AccountWatch {
  readonly key: string;
  readonly route: Route;
  readonly venue: VenueId;
  /** See `Venue.orderMemoryMs`. */
  readonly orderMemoryMs: number;
  /** See `Venue.requestValidityMs`. */
  readonly requestValidityMs: number;
  /** `booting` until instruments, modes and leverage are set; `unreconciled` until venue and ledger agree. */
  status: 'booting' | 'unreconciled' | 'ready';
  reason: string;
  /** See the account event of this name. */
  closed: ReadonlyMap<InstrumentKey, string>;
  reconciling: boolean;
  lastReconciledAt: Instant | undefined;
  /** The same by the venue's clock, which stamps what it lists. */
  agreedAt: Instant | undefined;
  /** When everything was last read, also while orders in flight made a comparison impossible. */
  lastReadAt: Instant | undefined;
  /** Monotonic: when the last reading of everything was asked for, and the last that brought fills. */
  readAskedMs: number | undefined;
  fillsAskedMs: number | undefined;
  failures: number;
  /** Orders sent and events booked by this process; a reconciliation that overlaps one proves nothing. */
  changes: number;
  /** As of the newest comparison. */
  comparedChanges: number | undefined;
  /** The venue's clock as last read; absent when its venue has none of its own. See `clock-skew.ts`. */
  clock: ClockReading | undefined;
  /** Monotonic ms since when venue and ledger differ, or differ in something more; absent while they agree. */
  differsSinceMs: number | undefined;
  availableUsd: number | undefined;
  walletUsd: number | undefined;
  /** A settlement whose payment has not been booked yet, and the polls spent on it. */
  awaitedSettlement:
    | { readonly at: Instant; readonly keys: ReadonlySet<InstrumentKey>; readonly polls: number }
    | undefined;
}

/** Before anything is known. */
export function newAccountWatch({
  id,
  route,
  orderMemoryMs,
  requestValidityMs,
}: Pick<Venue, 'id' | 'route' | 'orderMemoryMs' | 'requestValidityMs'>): AccountWatch {
  return {
    key: accountKey(route, id),
    route,
    venue: id,
    orderMemoryMs,
    requestValidityMs,
    status: 'booting',
    reason: 'starting',
    closed: new Map(),
    reconciling: false,
    lastReconciledAt: undefined,
    agreedAt: undefined,
    lastReadAt: undefined,
    readAskedMs: undefined,
    fillsAskedMs: undefined,
    failures: 0,
    changes: 0,
    comparedChanges: undefined,
    clock: undefined,
    differsSinceMs: undefined,
    availableUsd: undefined,
    walletUsd: undefined,
    awaitedSettlement: undefined,
  };
}
