/** Records before the first fact about them. */
import { ZERO_BASE, ZERO_QUOTE } from '../kernel/decimal.ts';
import { type InstrumentKey, type LegName, type Route, splitKey, type VenueId } from '../kernel/ids.ts';

import { FLAT } from './holding.ts';
import { type AccountRecord, accountKey, type LedgerState, type LegRecord } from './state.ts';

export function emptyLedger(): LedgerState {
  return {
    epoch: 0,
    starts: [],
    nextHedge: 1,
    hedges: new Map(),
    recent: new Map(),
    attempts: new Map(),
    accounts: new Map(),
    fills: new Map(),
    payments: new Map(),
    discrepancies: new Map(),
    accepted: new Map(),
    newestAt: 0,
    paused: false,
    killed: false,
    days: new Map(),
    breakers: new Map(),
    peaks: new Map(),
  };
}

export const emptyAccount = (route: Route, venue: VenueId): AccountRecord => ({
  route,
  venue,
  baseline: undefined,
  realised: ZERO_QUOTE,
  fees: ZERO_QUOTE,
  funding: ZERO_QUOTE,
  holdings: new Map(),
  changes: new Map(),
  lastFillAt: undefined,
  lastPaymentAt: undefined,
  newest: new Map(),
});

export function emptyLeg(name: LegName, key: InstrumentKey, route: Route): LegRecord {
  return {
    name,
    key,
    account: accountKey(route, splitKey(key).venue),
    direction: name,
    holding: FLAT,
    changes: [],
    boughtQuote: ZERO_QUOTE,
    soldQuote: ZERO_QUOTE,
    boughtBase: ZERO_BASE,
    soldBase: ZERO_BASE,
    makerQuote: ZERO_QUOTE,
    fees: ZERO_QUOTE,
    funding: ZERO_QUOTE,
    takenBase: ZERO_BASE,
    firstFillAt: undefined,
    lastFillAt: undefined,
    attempts: [],
  };
}
