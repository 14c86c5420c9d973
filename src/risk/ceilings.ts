/**
 * What caps a quantity: exposure, depth, free margin, the venue's largest order. Each says at once whether it leaves room
 * for a quantity, in doubles where they leave no doubt, and counts the most only when asked.
 * Entry points: `exposureCeilings`, `legCeilings`, `breachOf`.
 */
import {
  add,
  type Base,
  base,
  floorTo,
  gte,
  lte,
  max,
  mostLots,
  notional,
  type Px,
  quote,
  scale,
  toNumber,
  ZERO_BASE,
} from '../kernel/decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import type { RiskLimits, RiskSettings, RiskState, RuleBreach } from './limits.ts';

/** One leg to be sized. */
export interface Leg {
  readonly instrument: Instrument;
  readonly mid: number;
  readonly midPrice: Px;
  readonly entryLimit: Px;
  /** What exposure and margin are counted at: the worst price for a buy, mid for a sale. */
  readonly price: Px;
  /** Base units within the slippage cap on the thinner side: what can be entered and left again. */
  readonly depth: number;
}

/** Something that caps the quantity. */
export interface Ceiling {
  readonly rule: string;
  readonly limit: number;
  readonly detail: string;
  /** Whether it leaves room for a whole number of lots: asked of every candidate, most of which are refused. */
  allows(quantity: Base): boolean;
  /** The most that it leaves room for, in whole lots. */
  most(lot: Base): Base;
  /** The figure to hold against `limit` if this quantity were opened. */
  actualAt(quantity: Base): number;
}

/** What stands, and what was asked for. `pricedUsd`: the size whose costs the opportunity counted. */
export function exposureCeilings(
  { asset, pricedUsd }: { readonly asset: string; readonly pricedUsd: number },
  long: Leg,
  short: Leg,
  limits: RiskLimits,
  state: RiskState,
): Ceiling[] {
  const { size, exposure } = limits;
  const dearer = max(long.price, short.price);
  const both = add(long.price, short.price);
  const wanted = Math.min(size.hedgeNotionalUsd, pricedUsd);
  const inAsset = state.assetNotionalUsd.get(asset) ?? 0;
  const { maxAssetNotionalUsd, maxTotalNotionalUsd } = exposure;
  return [
    new Budget('min_size', wanted, 0, dearer, 'wanted and priced notional per leg'),
    new Budget('asset_notional', maxAssetNotionalUsd, inAsset, dearer, `notional in ${asset}`),
    new Budget('total_notional', maxTotalNotionalUsd, state.totalNotionalUsd, both, 'both legs of all hedges'),
    onVenue(long, exposure, state),
    onVenue(short, exposure, state),
  ];
}

function onVenue({ instrument: { venue }, price }: Leg, exposure: RiskLimits['exposure'], state: RiskState): Ceiling {
  const used = state.venueNotionalUsd.get(venue) ?? 0;
  return new Budget('venue_notional', exposure.maxVenueNotionalUsd, used, price, `notional on ${venue}`);
}

/** What one leg's book, margin and venue take. */
export function legCeilings(leg: Leg, limits: RiskLimits, state: RiskState, settings: RiskSettings): Ceiling[] {
  const { instrument, price, depth, mid } = leg;
  const available = state.availableUsd.get(instrument.venue);
  const takes = depth * limits.size.maxDepthShare;
  const inUsd = `USD within the slippage cap on the thinner side of ${instrument.key}, times the depth share`;
  const ceilings: Ceiling[] = [new Size('depth', takes, undefined, mid, inUsd)];
  if (available !== undefined && Number.isFinite(available)) {
    // Initial margin, plus the taker fees of entering and of leaving again.
    const perUsd = 1 / settings.leverage + 2 * Math.max(0, instrument.takerFeeRate);
    const usable = available * (1 - settings.marginReserveRate);
    const cost = perUsd > 0 && Number.isFinite(perUsd) ? scale(price, perUsd) : undefined;
    const detail = cost ? `free margin on ${instrument.venue}` : 'leverage unusable';
    ceilings.push(new Budget('margin', usable, 0, cost, detail));
  }
  const { key, maxQuantity } = instrument;
  if (maxQuantity)
    ceilings.push(
      new Size('max_quantity', toNumber(maxQuantity), maxQuantity, 1, `largest order of ${key}, base units`),
    );
  return ceilings;
}

/** Of a ceiling that leaves no room for the smallest useful size. */
export function breachOf(ceiling: Ceiling, needed: Base): RuleBreach {
  const { rule, limit } = ceiling;
  const actual = ceiling.actualAt(needed);
  const detail = `${ceiling.detail}: the smallest useful size needs more`;
  return { rule, limit, actual, shortfall: actual - limit, detail };
}

/** What `limit - used` buys at `price` per unit. Anything that is not a finite number leaves no room. */
class Budget implements Ceiling {
  readonly rule: string;
  readonly limit: number;
  readonly detail: string;
  readonly #used: number;
  readonly #price: Px | undefined;

  constructor(rule: string, limit: number, used: number, price: Px | undefined, detail: string) {
    this.rule = rule;
    this.limit = limit;
    this.detail = detail;
    this.#used = used;
    this.#price = price;
  }

  allows(quantity: Base): boolean {
    const left = this.limit - this.#used;
    const price = this.#price;
    if (!price || !isSome(left)) return false;
    return isAtMost(toNumber(quantity) * toNumber(price), left) ?? lte(notional(quantity, price), quote(left));
  }

  most(lot: Base): Base {
    const left = this.limit - this.#used;
    return this.#price && isSome(left) ? mostLots(quote(left), this.#price, lot) : ZERO_BASE;
  }

  actualAt(quantity: Base): number {
    return this.#price ? this.#used + toNumber(notional(quantity, this.#price)) : Number.NaN;
  }
}

/** So many base units; `unitUsd`: what the limit and the figure are told in. */
class Size implements Ceiling {
  readonly rule: string;
  readonly limit: number;
  readonly detail: string;
  readonly #size: number;
  readonly #exact: Base | undefined;
  readonly #unitUsd: number;

  constructor(rule: string, size: number, exact: Base | undefined, unitUsd: number, detail: string) {
    this.rule = rule;
    this.limit = size * unitUsd;
    this.detail = detail;
    this.#size = size;
    this.#exact = exact;
    this.#unitUsd = unitUsd;
  }

  allows(quantity: Base): boolean {
    return isSome(this.#size) && (isAtMost(toNumber(quantity), this.#size) ?? gte(this.#whole, quantity));
  }

  most(lot: Base): Base {
    return isSome(this.#size) ? floorTo(this.#whole, lot) : ZERO_BASE;
  }

  actualAt(quantity: Base): number {
    return toNumber(quantity) * this.#unitUsd;
  }

  get #whole(): Base {
    return this.#exact ?? base(this.#size);
  }
}

const isSome = (room: number): boolean => room > 0 && Number.isFinite(room);

/** More than the roundings of two doubles and their product, as a fraction. */
const DOUBT = 1e-9;

/** Undefined: too close to tell in doubles. */
function isAtMost(asked: number, room: number): boolean | undefined {
  if (asked < room * (1 - DOUBT)) return true;
  return asked > room * (1 + DOUBT) ? false : undefined;
}
