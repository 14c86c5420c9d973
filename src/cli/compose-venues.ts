/** Per venue: request budget, market data feed, the real (or simulated) account, and the paper account beside it. */

import type { VenueConfig } from '../config/schema.ts';
import { createDirectFeed } from '../feeds/direct.ts';
import { followSettledRates } from '../feeds/settled-rates.ts';
import { invariant } from '../kernel/assert.ts';
import { add, averagePrice, isZero, quote } from '../kernel/decimal.ts';
import { type InstrumentKey, splitKey, type VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { ownersOf } from '../ledger/position-gaps.ts';
import { bookedChange } from '../ledger/reconcile.ts';
import { type AccountRecord, accountKey, isUnresolved, type LedgerState } from '../ledger/state.ts';
import type { MarketEvent } from '../market/event.ts';
import type { OrderState } from '../market/order.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { MarketFeed } from '../ports/market-feed.ts';
import type { Venue } from '../ports/venue.ts';
import { createPaperAccount, type PaperAccount } from '../simulator/paper-account.ts';
import type { PaperAccountState } from '../simulator/paper-venue.ts';
import { createBudget, type RequestBudget } from '../venues/budget.ts';
import { createCcxtVenue } from '../venues/ccxt-venue.ts';
import { type Credentials, connectAccount, connectMarketData } from '../venues/connect.ts';
import type { VenueFacts } from '../venues/facts.ts';
import { factsOf } from '../venues/registry.ts';
import { assetsToTrade } from './compose-standing.ts';
import type { World } from './compose-world.ts';
import type { StartOptions } from './start-options.ts';
import { StartRefused } from './start-refused.ts';

export interface ConnectedVenues {
  readonly accounts: readonly Venue[];
  /** Assets to trade; empty: all. */
  readonly assets: ReadonlySet<string>;
  /** Connects the feeds; the paper accounts see every event before the engine does. */
  start(sink: (event: MarketEvent) => void): void;
  deliveredAt(key: InstrumentKey): { readonly book: Instant; readonly funding: Instant };
  close(): Promise<void>;
}

export async function connectVenues(
  options: StartOptions,
  world: World,
  ledger: LedgerState,
  keys: ReadonlyMap<VenueId, Credentials> | undefined,
): Promise<ConnectedVenues> {
  const { config } = options;
  const ids = Object.keys(config.venues);
  const credentials = world.credentials ?? keys;
  const assets = world.assets ?? assetsToTrade(config.risk.allow.assets, ledger);
  const lines = await Promise.all(
    ids.map((id) => connectLine(options, world, ledger, id, assets, credentials?.get(id))),
  );
  return {
    accounts: lines.flatMap((line) => line.accounts),
    assets,
    start: (sink) => {
      for (const line of lines) line.start(sink);
    },
    deliveredAt: (key) => {
      const line = lines.find((each) => each.feed.venue === splitKey(key).venue);
      return line?.feed.deliveredAt(key) ?? { book: 0, funding: 0 };
    },
    close: async () => {
      await Promise.all(lines.map((line) => line.close()));
    },
  };
}

interface Line {
  readonly feed: MarketFeed;
  readonly accounts: readonly Venue[];
  start(sink: (event: MarketEvent) => void): void;
  close(): Promise<void>;
}

async function connectLine(
  options: StartOptions,
  world: World,
  ledger: LedgerState,
  id: VenueId,
  assets: ReadonlySet<string>,
  credentials: Credentials | undefined,
): Promise<Line> {
  const venueConfig = options.config.venues[id];
  const facts = factsOf(id);
  if (!facts || !venueConfig) throw new StartRefused('unknown_venue', `there is no adapter for venue ${id}`);
  const { clock, activity, random } = world;
  const budget = createBudget({
    limits: facts.limits,
    clock,
    activity,
    random: random.fork(`budget:${id}`),
    share: venueConfig.budgetShare,
  });
  const shared = connectOptions(options, world, facts, venueConfig, budget);
  const connection = await connectMarketData(shared);
  const ioClock = systemClock();
  const feed = createDirectFeed({ connection, clock, ioClock, random: random.fork(`feed:${id}`) });
  const paper = paperAccount(options, world, ledger, id, assets);
  const accounts: Venue[] = [paper.venue];
  if (credentials) {
    const account = await connectAccount({ ...shared, credentials });
    const narrowed = assets.size > 0 ? { assets } : {};
    accounts.unshift(
      createCcxtVenue({
        connection: account,
        route: 'live',
        clock,
        ioClock,
        random: random.fork(`account:${id}`),
        ...narrowed,
      }),
    );
  }
  return {
    feed,
    accounts,
    start: (sink) => {
      const deliver = (event: MarketEvent): void => {
        paper.onMarket(event);
        sink(event);
      };
      const follow = followSettledRates({ feed, clock, assets, sink: deliver });
      let listed = false;
      feed.start(assets, (event) => {
        deliver(event);
        follow(event);
        if (event.kind !== 'instruments') return;
        // The real account counts its orders by its own listings: when the feed's have changed they are read again.
        if (listed) for (const account of accounts) if (account.route === 'live') void account.instruments();
        listed = true;
      });
    },
    close: async () => {
      await Promise.all([feed.stop(), ...accounts.map((venue) => venue.close())]);
    },
  };
}

function connectOptions(
  options: StartOptions,
  world: World,
  facts: VenueFacts,
  venue: VenueConfig,
  budget: RequestBudget,
) {
  const hosts = world.hosts(facts) ?? venue.hosts;
  return {
    facts,
    budget,
    clock: world.clock,
    ioClock: systemClock(),
    activity: world.activity,
    timeoutMs: venue.requestDeadlineMs,
    testnet: options.config.mode === 'testnet',
    strictKeys: options.config.mode === 'live',
    ...(hosts ? { hosts } : {}),
  };
}

function paperAccount(
  options: StartOptions,
  world: World,
  ledger: LedgerState,
  id: VenueId,
  assets: ReadonlySet<string>,
): PaperAccount {
  const { config } = options;
  const venue = config.venues[id];
  const deposit = quote(venue?.depositUsd ?? 100_000);
  const record = ledger.accounts.get(accountKey('paper', id));
  return createPaperAccount({
    venue: id,
    clock: world.clock,
    depositUsd: deposit,
    maxBookAgeMs: config.risk.data.maxBookAgeMs,
    assets,
    // Ids must rise from process to process; epochs do.
    idPrefix: `${ledger.epoch + 1}`,
    ...(record?.baseline ? { restored: restored(ledger, record, config.execution.leverage) } : {}),
    ...(venue?.fees ? { fees: venue.fees } : {}),
  });
}

/** The paper account as the ledger left it: its only memory. `leverage`: of what no hedge holds. */
export function restored(ledger: LedgerState, record: AccountRecord, leverage: number): PaperAccountState {
  const wallet = add(record.baseline?.wallet ?? quote(0), bookedChange(record));
  const open = [...record.holdings].filter(([, holding]) => !isZero(holding.quantity));
  return {
    wallet,
    positions: open.map(([key, { quantity, cost }]) => {
      const newest = record.newest.get(key);
      // Without it, every settlement the venue remembers would be owed.
      invariant(newest?.changedAt !== undefined, `${key} is held and never changed`);
      // As it was opened: a setting that was changed since must not put what stands at other margin.
      const opened = ownersOf(ledger, record.route, key).map(({ hedge }) => hedge.plan.leverage);
      return {
        symbol: splitKey(key).symbol,
        quantity,
        entryPrice: averagePrice(cost, quantity),
        leverage: opened.length > 0 ? Math.min(...opened) : leverage,
        lastFillAt: newest.changedAt,
        ...(newest.paymentAt === undefined ? {} : { lastPaymentAt: newest.paymentAt }),
      };
    }),
    ended: endedOrders(ledger, record.venue),
  };
}

/** Paper orders that the process before left without a known end. */
function endedOrders(ledger: LedgerState, venue: VenueId): OrderState[] {
  const left = [...ledger.attempts.values()].filter(
    (attempt) =>
      isUnresolved(attempt) && attempt.intent.route === 'paper' && splitKey(attempt.intent.key).venue === venue,
  );
  return left.map(({ intent, venueOrderId, filled }) => ({
    clientOrderId: intent.clientOrderId,
    venueOrderId: venueOrderId ?? intent.clientOrderId,
    key: intent.key,
    side: intent.side,
    status: 'canceled',
    quantity: intent.quantity,
    filled,
    updatedAt: intent.at,
  }));
}
