/**
 * Prices, funding and books of every venue of a world, and the frames that the bot gets of them. While nothing happens an
 * asset's frames are sparse; one follows every order, and while a hedge is under way they come every few seconds. Settlements happen on the venues' own clocks.
 */
import {
  type Contracts,
  contracts,
  floorTo,
  max,
  min,
  type Px,
  px,
  scale,
  sub,
  toNumber,
} from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { ExchangeOrder } from '../../src/simulator/exchange/api.ts';
import { ACCOUNT } from './bot.ts';
import { Dice } from './dice.ts';
import { type AssetPlan, nextSettlement, type WorldPlan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { Rig } from './sim-venue.ts';

/** Less than a book may be old. */
const BUSY_TICK_MS = 3_500;
const DISTANCES = [0.0002, 0.0006, 0.0015] as const;

/** One instrument on one venue. */
interface Listing {
  readonly rig: Rig;
  readonly symbol: string;
  readonly key: string;
  intervalHours: number;
  /** Fraction per hour. */
  hourlyRate: number;
  /** Of the asset's price. */
  basis: number;
  /** USD on each level; 0: nothing but a far level. */
  depthUsd: number;
  /** Sizes for the current depth, contracts and base units. */
  size: { readonly contracts: Contracts; readonly base: number } | undefined;
  /** Paid this long after the settlement. */
  paidLateMs: number;
}

interface Asset {
  readonly plan: AssetPlan;
  readonly listings: Listing[];
  price: number;
  movedAt: number;
  nextTickAt: number;
  cancelTick: () => void;
}

export type Publish = (venue: string, frames: (wallNow: number) => MarketEvent[]) => void;

export class Market {
  readonly #plan: WorldPlan;
  readonly #scheduler: Scheduler;
  readonly #publish: Publish;
  readonly #assets = new Map<string, Asset>();
  readonly #dice: Dice;
  /** How long something has been going on with a symbol, ms; undefined while all is at rest. */
  readonly #restlessForMs: (symbol: string) => number | undefined;

  constructor(
    plan: WorldPlan,
    rigs: ReadonlyMap<string, Rig>,
    scheduler: Scheduler,
    publish: Publish,
    restlessForMs: (symbol: string) => number | undefined,
  ) {
    this.#restlessForMs = restlessForMs;
    this.#plan = plan;
    this.#scheduler = scheduler;
    this.#publish = publish;
    this.#dice = new Dice(plan.random.fork('market'));
    for (const asset of plan.assets) {
      const listings = [...rigs.values()].flatMap((rig) =>
        rig.plan.intervals.has(asset.symbol) ? [listingOf(rig, asset.symbol)] : [],
      );
      this.#assets.set(asset.name, {
        plan: asset,
        listings,
        price: asset.priceUsd,
        movedAt: scheduler.now,
        nextTickAt: 0,
        cancelTick: () => undefined,
      });
    }
  }

  start(): void {
    for (const asset of this.#assets.values()) {
      this.#regime(asset);
      this.#refresh(asset);
      this.#schedule(asset, this.#dice.between(0, this.#plan.calmTickMs));
    }
    this.#scheduleSettlements();
  }

  /** The next frame comes within this time. */
  hurry(name: string, withinMs: number): void {
    const asset = this.#asset(name);
    if (asset.nextTickAt > this.#scheduler.now + withinMs) this.#schedule(asset, withinMs);
  }

  /** A venue's feed is there again: it tells where everything stands. */
  resume(venue: string): void {
    for (const asset of this.#assets.values()) {
      if (asset.listings.some(({ rig }) => rig.plan.id === venue)) this.#tick(asset);
    }
  }

  /** Moves the price at once, everywhere. */
  shock(name: string, change: number): void {
    const asset = this.#asset(name);
    asset.price *= 1 + change;
    this.#tick(asset);
  }

  /** `undefined` brings the plan's depth back. */
  setDepth(venue: string, name: string, depthUsd: number | undefined): void {
    const listing = this.#listing(venue, name);
    listing.depthUsd = depthUsd ?? fullDepth(this.#plan);
    listing.size = undefined;
    this.#tick(this.#asset(name));
  }

  setInterval(venue: string, name: string, hours: number): void {
    const listing = this.#listing(venue, name);
    listing.intervalHours = hours;
    this.#announce(listing);
  }

  setPaidLate(venue: string, name: string, ms: number): void {
    this.#listing(venue, name).paidLateMs = ms;
  }

  /** Instruments changed: sizes are counted anew and frames show it. */
  relisted(name: string): void {
    for (const listing of this.#asset(name).listings) listing.size = undefined;
    this.#tick(this.#asset(name));
  }

  #tick(asset: Asset): void {
    this.#refresh(asset);
    for (const listing of asset.listings) {
      if (listing.rig.conditions.feedSilent > 0 || listing.rig.conditions.down > 0) continue;
      const venueAt = this.#scheduler.now;
      this.#publish(listing.rig.plan.id, (wallNow) => framesOf(listing, asset.price, venueAt, wallNow));
    }
  }

  /** Lets the price follow its walk and fills the books again. */
  #refresh(asset: Asset): void {
    const { now } = this.#scheduler;
    const hours = (now - asset.movedAt) / HOUR_MS;
    asset.movedAt = now;
    const draw = this.#dice.unit() + this.#dice.unit() + this.#dice.unit() - 1.5;
    asset.price *= Math.exp(asset.plan.volatility * 2 * draw * Math.sqrt(hours));
    for (const listing of asset.listings) {
      for (const order of listing.rig.exchange.openOrders(ACCOUNT, listing.symbol)) {
        if (this.#dice.chance(0.6)) tradeWith(listing, order, this.#dice.between(0.2, 1.5));
      }
      fillBook(listing, asset.price);
    }
  }

  #schedule(asset: Asset, delayMs: number): void {
    asset.cancelTick();
    asset.nextTickAt = this.#scheduler.now + delayMs;
    asset.cancelTick = this.#scheduler.after(delayMs, () => {
      this.#tick(asset);
      const forMs = this.#restlessForMs(asset.plan.symbol);
      const calmMs = this.#plan.calmTickMs * this.#dice.between(0.8, 1.2);
      // The longer it waits for a venue, the less often there is anything new.
      this.#schedule(asset, forMs === undefined ? calmMs : Math.max(BUSY_TICK_MS, Math.min(forMs / 20, 10_000)));
    });
  }

  /** New rates on every venue for some hours: mostly a spread that pays one way, sometimes none. */
  #regime(asset: Asset): void {
    const isFlat = this.#dice.chance(0.25);
    for (const listing of asset.listings) {
      listing.hourlyRate = isFlat ? 0.00001 : this.#dice.between(-0.0004, 0.0006);
      listing.basis = this.#dice.between(-0.0004, 0.0004);
      this.#announce(listing);
    }
    this.#scheduler.after(this.#dice.between(1.5, 7) * HOUR_MS, () => this.#regime(asset));
  }

  #announce(listing: Listing): void {
    const { rig, symbol, hourlyRate, intervalHours } = listing;
    rig.exchange.setFunding(symbol, {
      predictedRate: rateText(hourlyRate * intervalHours),
      intervalHours,
      nextSettlementAt: nextSettlement(this.#scheduler.now, intervalHours),
    });
  }

  #scheduleSettlements(): void {
    const { now } = this.#scheduler;
    this.#scheduler.after(nextSettlement(now, 1) - now, () => {
      for (const asset of this.#assets.values()) this.#settle(asset);
      this.#scheduleSettlements();
    });
  }

  #settle(asset: Asset): void {
    const { now } = this.#scheduler;
    let isDue = false;
    for (const listing of asset.listings) {
      const { rig, symbol, intervalHours, hourlyRate, paidLateMs } = listing;
      if (now % (intervalHours * HOUR_MS) !== 0) continue;
      isDue = true;
      const rate = rateText(hourlyRate * intervalHours);
      if (paidLateMs > 0) {
        rig.exchange.snapshotSettlement(symbol, now);
        this.#scheduler.after(paidLateMs, () => rig.exchange.payFunding(symbol, now, rate));
      } else rig.exchange.settleFunding(symbol, rate);
      this.#announce(listing);
    }
    // Who holds nothing has no payment to wait for, and hears of the next settlement with the next frame.
    const isHeld = asset.listings.some(({ rig, symbol }) =>
      rig.exchange.positions(ACCOUNT).some((position) => position.symbol === symbol),
    );
    if (isDue && isHeld) this.#schedule(asset, 500);
  }

  #asset(name: string): Asset {
    const asset = this.#assets.get(name);
    if (!asset) throw new Error(`no asset ${name}`);
    return asset;
  }

  #listing(venue: string, name: string): Listing {
    const listing = this.#asset(name).listings.find(({ rig }) => rig.plan.id === venue);
    if (!listing) throw new Error(`${venue} does not list ${name}`);
    return listing;
  }
}

function listingOf(rig: Rig, symbol: string): Listing {
  return {
    rig,
    symbol,
    key: instrumentKey(rig.plan.id, symbol),
    intervalHours: rig.plan.intervals.get(symbol) ?? 8,
    hourlyRate: 0,
    basis: 0,
    depthUsd: 20_000,
    size: undefined,
    paidLateMs: 0,
  };
}

const fullDepth = (_plan: WorldPlan): number => 20_000;

const rateText = (rate: number): string => rate.toFixed(9);

function fillBook(listing: Listing, price: number): void {
  const { exchange } = listing.rig;
  const market = exchange.market(listing.symbol);
  if (!market) throw new Error(`no market ${listing.key}`);
  const tick = toNumber(market.instrument.tick);
  const digits = Math.max(0, Math.round(-Math.log10(tick)));
  const at = (distance: number): Px =>
    px((Math.round((price * (1 + listing.basis + distance)) / tick) * tick).toFixed(digits));
  listing.size ??= sizeOf(listing, price);
  const { size } = listing;
  const distances = listing.depthUsd > 0 ? DISTANCES : ([0.06] as const);
  const level = (distance: number) => ({ price: at(distance), contracts: size.contracts });
  const mark = at(0);
  exchange.setBook(
    listing.symbol,
    distances.map((distance) => level(-distance)),
    distances.map(level),
  );
  exchange.setMark(listing.symbol, mark, mark);
}

/** The market trades with a resting order: some of it, or all. */
function tradeWith({ rig: { exchange }, symbol }: Listing, order: ExchangeOrder, share: number): void {
  const market = exchange.market(symbol);
  if (!market || !order.price) return;
  const { lot, tick } = market.instrument;
  const left = sub(order.contracts, order.filled);
  const wanted = max(lot, min(left, floorTo(scale(left, share.toFixed(4)), lot)));
  const away = floorTo(scale(order.price, order.side === 'buy' ? '0.98' : '1.02'), tick);
  const hit = [{ price: order.price, contracts: wanted }];
  const far = [{ price: away, contracts: wanted }];
  if (order.side === 'buy') exchange.setBook(symbol, far, hit);
  else exchange.setBook(symbol, hit, far);
}

/** Whole lots worth about the depth. */
function sizeOf(listing: Listing, price: number): NonNullable<Listing['size']> {
  const market = listing.rig.exchange.market(listing.symbol);
  if (!market) throw new Error(`no market ${listing.key}`);
  const contractSize = toNumber(market.instrument.contractSize);
  const lot = toNumber(market.instrument.lot);
  const lots = Math.max(1, Math.round((listing.depthUsd || 1_000) / price / contractSize / lot));
  const count = contracts(Number((lots * lot).toPrecision(12)));
  return { contracts: count, base: toNumber(count) * contractSize };
}

/** What the venue's feed shows, read from the exchange. */
function framesOf(listing: Listing, _price: number, venueAt: number, receivedAt: number): MarketEvent[] {
  const market = listing.rig.exchange.market(listing.symbol);
  if (!market) return [];
  const { key, intervalHours } = listing;
  const contractSize = toNumber(market.instrument.contractSize);
  const levels = (side: 'bids' | 'asks') =>
    market[side].map(({ price, contracts: count }) => ({
      price: toNumber(price),
      size: toNumber(count) * contractSize,
    }));
  const stamp = { venueAt, receivedAt };
  const { predictedRate, nextSettlementAt } = market.funding;
  return [
    { kind: 'book', book: { key, bids: levels('bids'), asks: levels('asks'), ...stamp } },
    { kind: 'mark', mark: { key, mark: toNumber(market.mark), ...stamp } },
    {
      kind: 'funding',
      quote: { key, predictedRate: Number(predictedRate), intervalHours, nextSettlementAt, ...stamp },
    },
  ];
}
