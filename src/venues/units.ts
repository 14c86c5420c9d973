/**
 * Listings: what a venue lists, in base units, with what converts to and from its own order unit. Entry point:
 * `listingsOf`. Only linear USDT perpetuals pass; ccxt has no quanto flag, a market that is neither linear nor inverse
 * is one.
 */
import * as z from 'zod';
import {
  type Base,
  base,
  baseToContracts,
  contracts,
  contractsToBase,
  DecimalError,
  isPositive,
  px,
  quote,
  text,
} from '../kernel/decimal.ts';
import { instrumentKey, type UnifiedSymbol } from '../kernel/ids.ts';
import type { Instrument } from '../market/instrument.ts';
import { type FeeRates, SetupError, type VenueFacts } from './facts.ts';
import { instant } from './rows.ts';

export interface Listing {
  readonly instrument: Instrument;
  readonly symbol: UnifiedSymbol;
  readonly marketId: string;
  /** Base units per order unit: the contract size, 1 on venues that count base units. */
  readonly unitSize: Base;
  /** The venue's own market row. */
  readonly info: unknown;
}

const number = z.union([z.string(), z.number()]);
const perpetual = z.object({
  symbol: z.string(),
  id: z.string(),
  base: z.string(),
  quote: z.literal('USDT'),
  settle: z.literal('USDT'),
  swap: z.literal(true),
  linear: z.literal(true),
  active: z.boolean().nullish(),
  contractSize: number,
  precision: z.object({ amount: number, price: number }),
  limits: z.object({
    amount: z.object({ min: number.nullish(), max: number.nullish() }),
    cost: z.object({ min: number.nullish() }).nullish(),
  }),
  info: z.unknown(),
});

/** Every linear USDT perpetual among ccxt's markets; markets with unusable steps or contracts are left out. */
export function listingsOf(
  facts: VenueFacts,
  markets: Readonly<Record<string, unknown>>,
  fees?: ReadonlyMap<string, FeeRates>,
): readonly Listing[] {
  const listings: Listing[] = [];
  for (const market of Object.values(markets)) {
    const parsed = perpetual.safeParse(market);
    if (!parsed.success) continue;
    const listing = toListing(facts, parsed.data, fees?.get(parsed.data.id) ?? facts.defaultFees);
    if (listing !== undefined) listings.push(listing);
  }
  // ccxt makes an empty list of a page that is no list at all; a venue without one perpetual is not a venue.
  if (listings.length === 0) throw new SetupError('nothing_listed', `${facts.id} listed no linear perpetual`);
  return listings;
}

function toListing(facts: VenueFacts, market: z.infer<typeof perpetual>, fees: FeeRates): Listing | undefined {
  try {
    const unitSize = base(market.contractSize);
    const lot = contractsToBase(contracts(market.precision.amount), unitSize);
    const { min, max } = market.limits.amount;
    const tick = px(market.precision.price);
    if (!isPositive(lot) || !isPositive(tick) || facts.isMultiplied?.(market.info)) return undefined;
    const minNotional = market.limits.cost?.min ?? undefined;
    const maxQuantity = max ?? undefined;
    const endsAt = z.object({ [facts.endField]: instant }).safeParse(market.info).data?.[facts.endField];
    const instrument: Instrument = {
      key: instrumentKey(facts.id, market.symbol),
      venue: facts.id,
      symbol: market.symbol,
      asset: market.base,
      kind: 'perpetual',
      settle: market.settle,
      lot,
      minQuantity: min === null || min === undefined ? lot : contractsToBase(contracts(min), unitSize),
      ...(minNotional === undefined ? {} : { minNotional: quote(minNotional) }),
      ...(maxQuantity === undefined ? {} : { maxQuantity: contractsToBase(contracts(maxQuantity), unitSize) }),
      tick,
      takerFeeRate: Number(fees.taker),
      makerFeeRate: Number(fees.maker),
      trading: market.active !== false,
      ...(endsAt === undefined ? {} : { endsAt }),
    };
    return { instrument, symbol: market.symbol, marketId: market.id, unitSize, info: market.info };
  } catch (error) {
    if (error instanceof DecimalError) return undefined;
    throw error;
  }
}

/** Base units of a venue's own order quantity. */
export const toBase = (quantity: string, listing: Listing): Base =>
  contractsToBase(contracts(quantity), listing.unitSize);

/** The venue's own order quantity of base units, as sent; exact because quantities are multiples of the lot. */
export const toVenueUnits = (quantity: Base, listing: Listing): string =>
  text(baseToContracts(quantity, listing.unitSize));
