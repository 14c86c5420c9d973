/**
 * What the parts of one ccxt account share: its connection, its listings, and the conversions from venue rows to the
 * market's types. Internal to `ccxt-venue.ts` and its parts.
 */
import { type Base, base, px, quote } from '../kernel/decimal.ts';
import type { InstrumentKey, Route } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { failure, type Read, success } from '../kernel/outcome.ts';
import type { Fill, FundingPayment, OrderState, VenuePosition } from '../market/order.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccountEvent, Urgency } from '../ports/venue.ts';
import type { CcxtClient } from './client.ts';
import type { AccountConnection } from './connect.ts';
import type { FeeRates, RawFill, RawOrder, RawPayment, RawPosition } from './facts.ts';
import { reloadKeepingGone } from './reload.ts';
import { type Listing, listingsOf, toBase } from './units.ts';

export interface Account {
  readonly connection: AccountConnection;
  readonly route: Route;
  /** The venue's time: the ends of history windows. */
  readonly clock: Pick<Clock, 'now'>;
  readonly listings: Listings;
  /** Market ids that `prepare` was given: the scope of fills. */
  readonly prepared: Set<string>;
  /** Of those, the instruments that are not in shape, and why. */
  unprepared: ReadonlyMap<InstrumentKey, string>;
  /** What nothing is opened on, and why, as it was told last. */
  closed: ReadonlyMap<InstrumentKey, string>;
  /** That `prepare` was given; undefined before. */
  leverage: number | undefined;
  /** To the subscriber, if there is one already. */
  tell(event: AccountEvent): void;
  /** Reads the listings again in the background; once in a while, however often it is asked for. */
  relist(): void;
}

/** Listings by key and by the venue's market id; loaded once, refreshed by `load`. They stand without the account's fees. */
export class Listings {
  readonly #connection: AccountConnection;
  readonly #assets: ReadonlySet<string> | undefined;
  #byKey = new Map<InstrumentKey, Listing>();
  #byMarketId = new Map<string, Listing>();
  /** The account's own, by market id, as they were told last. */
  readonly #fees = new Map<string, FeeRates>();
  #unreadFees = 'not asked yet';

  constructor(connection: AccountConnection, assets: ReadonlySet<string> | undefined) {
    this.#connection = connection;
    this.#assets = assets;
  }

  get(key: InstrumentKey): Listing | undefined {
    return this.#byKey.get(key);
  }

  byMarketId(marketId: string): Listing | undefined {
    return this.#byMarketId.get(marketId);
  }

  /**
   * A market that may be one of this bot's and that nothing is known of: gone from the list before this process began, or
   * listed with terms that cannot be used. By its name, not by what ccxt takes it for: a dated future has expired and is on
   * no list either, and a perpetual of Binance that is being delivered is a dated future to ccxt.
   */
  isMissing(marketId: string): boolean {
    return !this.#byMarketId.has(marketId) && this.#connection.facts.perpetualId.test(marketId);
  }

  /** Of the configured assets (default all). */
  wanted(): readonly Listing[] {
    return [...this.#byKey.values()].filter(({ instrument }) => this.#wants(instrument.asset));
  }

  /** False while the account's fees there are not known; what is not wanted or does not trade has none to know. */
  isPriced(key: InstrumentKey): boolean {
    const listing = this.#byKey.get(key);
    return listing === undefined || !this.#hasFees(listing) || this.#fees.has(listing.marketId);
  }

  /** Why fees are not known. */
  get unreadFees(): string {
    return this.#unreadFees;
  }

  /** Loads markets and, for those that are wanted and trade, this account's fees; without these it keeps what it knows. */
  async load(): Promise<Read<readonly Listing[]>> {
    const listed = await this.#list();
    if (!listed.ok) return listed;
    await this.#askFees();
    return success(this.wanted(), listed.at);
  }

  /** Loads when nothing is loaded yet, and waits for no fees; undefined when there are listings. */
  async ensure(): Promise<Read<never> | undefined> {
    if (this.#byKey.size > 0) return undefined;
    const listed = await this.#list();
    return listed.ok ? undefined : listed;
  }

  async #list(): Promise<Read<true>> {
    const { facts } = this.#connection;
    const result = await this.#connection.call('poll', async (client) => {
      await reloadKeepingGone(facts, client);
      this.#keep(client);
      return true as const;
    });
    return result.ok ? success(true, result.at) : failure(result.code, result.detail);
  }

  async #askFees(): Promise<void> {
    const { facts } = this.#connection;
    const marketIds = [...this.#byKey.values()].filter((each) => this.#hasFees(each)).map(({ marketId }) => marketId);
    const result = await this.#connection.call('poll', async (client) => {
      const fees = await facts.reads.fees(client, marketIds);
      for (const marketId of marketIds) this.#fees.set(marketId, fees.get(marketId) ?? facts.defaultFees);
      this.#keep(client);
    });
    if (!result.ok) this.#unreadFees = result.code;
  }

  #keep({ markets = {} }: CcxtClient): void {
    const listings = listingsOf(this.#connection.facts, markets, this.#fees);
    this.#byKey = new Map(listings.map((listing) => [listing.instrument.key, listing]));
    this.#byMarketId = new Map(listings.map((listing) => [listing.marketId, listing]));
  }

  /** A market that does not trade may have none to tell, and one refusal would fail them all. */
  #hasFees({ instrument }: Listing): boolean {
    return instrument.trading && this.#wants(instrument.asset);
  }

  #wants(asset: string): boolean {
    return this.#assets === undefined || this.#assets.has(asset);
  }
}

/** A read in the port's form; `ensure`d listings first, so that units can be converted. */
export async function read<T>(
  account: Account,
  urgency: Urgency,
  act: (client: CcxtClient) => Promise<T>,
): Promise<Read<T>> {
  const missing = await account.listings.ensure();
  if (missing !== undefined) return missing;
  const result = await account.connection.call(urgency, act);
  return result.ok ? success(result.value, result.at) : failure(result.code, result.detail);
}

/** undefined for a market that is not a linear USDT perpetual: nothing of this bot. */
export function orderState(account: Account, raw: RawOrder): OrderState | undefined {
  const listing = account.listings.byMarketId(raw.marketId);
  if (listing === undefined) return undefined;
  return {
    clientOrderId: raw.clientOrderId,
    venueOrderId: raw.venueOrderId,
    key: listing.instrument.key,
    side: raw.side,
    status: raw.status,
    quantity: toBase(raw.quantity, listing),
    filled: toBase(raw.filled, listing),
    updatedAt: raw.updatedAt,
  };
}

export function fillOf(account: Account, raw: RawFill): Fill | undefined {
  const listing = account.listings.byMarketId(raw.marketId);
  if (listing === undefined) return undefined;
  return {
    venue: account.connection.venue,
    route: account.route,
    tradeId: raw.tradeId,
    venueOrderId: raw.venueOrderId,
    ...(raw.clientOrderId === undefined ? {} : { clientOrderId: raw.clientOrderId }),
    symbol: listing.symbol,
    side: raw.side,
    quantity: toBase(raw.quantity, listing),
    price: px(raw.price),
    fee: quote(raw.fee),
    feeCurrency: raw.feeCurrency,
    liquidity: raw.maker ? 'maker' : 'taker',
    at: raw.at,
  };
}

export function paymentOf(account: Account, raw: RawPayment): FundingPayment | undefined {
  const listing = account.listings.byMarketId(raw.marketId);
  if (listing === undefined) return undefined;
  return {
    venue: account.connection.venue,
    route: account.route,
    paymentId: raw.paymentId,
    symbol: listing.symbol,
    amount: quote(raw.amount),
    currency: raw.currency,
    at: raw.at,
  };
}

/** undefined for a foreign market. */
export function positionOf(account: Account, raw: RawPosition): VenuePosition | undefined {
  const listing = account.listings.byMarketId(raw.marketId);
  if (listing === undefined) return undefined;
  return {
    key: listing.instrument.key,
    quantity: toBase(raw.quantity, listing),
    ...(raw.entryPrice === undefined ? {} : { entryPrice: px(raw.entryPrice) }),
    ...(raw.mark === undefined ? {} : { mark: px(raw.mark) }),
    ...(raw.liquidationPrice === undefined ? {} : { liquidationPrice: px(raw.liquidationPrice) }),
    ...(raw.leverage === undefined ? {} : { leverage: Number(raw.leverage) }),
  };
}

export const NOTHING: Base = base('0');

/** A little after now, so that rows stamped by a venue whose clock runs ahead are inside a window. */
export const windowEnd = (clock: Pick<Clock, 'now'>): Instant => clock.now() + 60_000;
