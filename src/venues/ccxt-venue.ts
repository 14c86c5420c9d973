/**
 * A trading account on a real or emulated venue, through ccxt. Entry point: `createCcxtVenue`. The parts: `orders.ts`
 * (submit, cancel, lookup), `reads.ts`, `stream.ts`; what differs between venues is in `binance/`, `bybit/`, `okx/`.
 */

import { invariant } from '../kernel/assert.ts';
import type { Route } from '../kernel/ids.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import { type Read, success } from '../kernel/outcome.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { AccountEvent, Venue } from '../ports/venue.ts';
import { type Account, Listings } from './account.ts';
import { opensAny, tellClosed } from './closed.ts';
import type { AccountConnection } from './connect.ts';
import { CLOCK_AHEAD_MS, RECV_WINDOW_MS } from './facts.ts';
import { cancelOrder, lookupOrder, submitOrder } from './orders.ts';
import { closeNew, openUnprepared, prepareAccount } from './prepare.ts';
import { readBalance, readFills, readOpenOrders, readPayments, readPositions, readServerTime } from './reads.ts';
import { type AccountStreamHandle, openAccountStream } from './stream.ts';

export interface CcxtVenueOptions {
  readonly connection: AccountConnection;
  readonly route: Route;
  /** The bot's clock. */
  readonly clock: Clock;
  /** Real time: pauses between stream reconnects. */
  readonly ioClock: Clock;
  readonly random: Random;
  /** Assets whose instruments and fees are loaded; absent: all, which costs one fee request per market on Binance. */
  readonly assets?: ReadonlySet<string>;
}

const RELIST_PAUSE_MS = 30_000;
/** Between two tries at what could not be prepared. */
const CLOSED_PAUSE_MS = 5 * MINUTE_MS;

export function createCcxtVenue(options: CcxtVenueOptions): Venue {
  const { connection, route, assets, clock } = options;
  const listings = new Listings(connection, assets);
  let stream: AccountStreamHandle | undefined;
  let tell: (event: AccountEvent) => void = () => undefined;
  const load = async (isNews: boolean): Promise<Read<readonly Instrument[]>> => {
    const loaded = await listings.load();
    if (!loaded.ok) return loaded;
    const instruments = loaded.value.map(({ instrument }) => instrument);
    closeNew(account, loaded.value);
    // Before they are told as open: nothing is priced by the fees that stood in for the account's own.
    if (isNews || opensAny(account)) tell({ kind: 'instruments', instruments });
    tellClosed(account);
    return success(instruments, loaded.at);
  };
  let relistedAtMs = Number.NEGATIVE_INFINITY;
  const relist = (): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - relistedAtMs < RELIST_PAUSE_MS) return;
    relistedAtMs = nowMs;
    void load(true);
  };
  const account: Account = {
    connection,
    route,
    clock: connection.venueClock,
    listings,
    prepared: new Set(),
    unprepared: new Map(),
    closed: new Map(),
    leverage: undefined,
    tell: (event) => tell(event),
    relist,
  };
  let closedSeenMs = Number.NEGATIVE_INFINITY;
  /** Beside the readings of the account, so that it needs no timer. */
  const lookAtClosed = (): void => {
    if (listings.wanted().some(({ instrument }) => !listings.isPriced(instrument.key))) relist();
    // An announced end comes near without a new listing.
    tellClosed(account);
    const nowMs = clock.monotonicMs();
    if (account.unprepared.size === 0 || nowMs - closedSeenMs < CLOSED_PAUSE_MS) return;
    closedSeenMs = nowMs;
    void openUnprepared(account);
  };
  return {
    id: connection.venue,
    route,
    orderMemoryMs: connection.facts.orderMemoryMs,
    requestValidityMs: RECV_WINDOW_MS + CLOCK_AHEAD_MS,
    instruments: () => load(false),
    prepare: (setup) => prepareAccount(account, setup),
    submit: (order, urgency) => submitOrder(account, order, urgency),
    cancel: (ref) => cancelOrder(account, ref),
    lookup: (ref, urgency) => lookupOrder(account, ref, urgency),
    openOrders: () => readOpenOrders(account),
    fills: (sinceAt) => {
      lookAtClosed();
      return readFills(account, sinceAt);
    },
    positions: (urgency) => {
      lookAtClosed();
      return readPositions(account, urgency);
    },
    balance: (urgency) => readBalance(account, urgency),
    payments: (sinceAt) => readPayments(account, sinceAt),
    serverTime: () => readServerTime(account),
    subscribe: (sink) => {
      invariant(stream === undefined, `${connection.venue}: one subscriber`);
      tell = sink;
      stream = openAccountStream(account, options.ioClock, options.random, sink);
      connection.venueClock.listen((reading) => sink({ kind: 'clock', reading }));
      if (account.closed.size > 0) sink({ kind: 'closed', closed: account.closed });
    },
    close: async () => {
      stream?.close();
      await connection.close();
    },
  };
}
