/** Whether an order is accepted, in the order in which venues check: market, format, size, price, position, cash. */
import {
  abs,
  add,
  type Contracts,
  ceilTo,
  eq,
  floorTo,
  gt,
  isMultipleOf,
  isPositive,
  lt,
  max,
  min,
  type Px,
  px,
  scale,
  sub,
} from '../../kernel/decimal.ts';
import type { BookLevel, PlaceRequest, RefuseReason } from './api.ts';
import { sizeOf, take } from './liquidity.ts';
import { openingPart, orderNeed } from './margin.ts';
import { cashValue } from './position.ts';
import { availableOf, reducingSide, type Slot } from './state.ts';

export interface Admitted {
  /** The wanted size, capped at the position for reduce-only. */
  readonly contracts: Contracts;
  /** Levels the order takes at once. */
  readonly takes: readonly BookLevel[];
  /** What is left after that joins the book instead of expiring. */
  readonly rests: boolean;
}

export type ClientIdUniqueness = 'open' | 'always';

export function admit(
  slot: Slot,
  request: PlaceRequest,
  uniqueness: ClientIdUniqueness,
): { readonly ok: true; readonly admitted: Admitted } | { readonly ok: false; readonly reason: RefuseReason } {
  const refuse = (reason: RefuseReason): { ok: false; reason: RefuseReason } => ({ ok: false, reason });
  const form =
    stateRefusal(slot) ??
    sizeRefusal(slot, request) ??
    priceRefusal(slot, request) ??
    clientIdRefusal(slot, request, uniqueness);
  if (form) return refuse(form);

  let contracts = request.contracts;
  if (request.reduceOnly) {
    if (reducingSide(slot.position) !== request.side) return refuse('reduce_only_rejected');
    contracts = min(contracts, abs(slot.position.contracts));
  }
  const levels = request.side === 'buy' ? slot.market.asks : slot.market.bids;
  const takes = take(levels, request.side, contracts, limitOf(slot, request));
  const unfillable = unfillableReason(request, contracts, takes);
  if (unfillable && request.unfillable !== 'expire') return refuse(unfillable);
  if (!request.reduceOnly && !affordable(slot, request, contracts, takes)) return refuse('insufficient_margin');
  if (unfillable) return { ok: true, admitted: { contracts, takes: [], rests: false } };
  const rests = request.type === 'limit' && (request.tif === 'GTC' || request.tif === 'POST_ONLY');
  return { ok: true, admitted: { contracts, takes, rests } };
}

function unfillableReason(
  { tif }: PlaceRequest,
  contracts: Contracts,
  takes: readonly BookLevel[],
): RefuseReason | undefined {
  if (tif === 'POST_ONLY' && takes.length > 0) return 'post_only_would_cross';
  return tif === 'FOK' && !eq(sizeOf(takes), contracts) ? 'fok_not_filled' : undefined;
}

function stateRefusal({ market, account }: Slot): RefuseReason | undefined {
  if (!market.trading || !isPositive(market.mark)) return 'not_trading';
  return account.positionMode === 'hedge' ? 'position_mode_mismatch' : undefined;
}

function sizeRefusal({ market }: Slot, { contracts }: PlaceRequest): RefuseReason | undefined {
  const { minContracts, maxContracts, lot } = market.instrument;
  if (!isPositive(contracts) || lt(contracts, minContracts)) return 'below_min_quantity';
  if (!isMultipleOf(contracts, lot)) return 'bad_quantity_step';
  return gt(contracts, maxContracts) ? 'above_max_quantity' : undefined;
}

function priceRefusal({ market }: Slot, request: PlaceRequest): RefuseReason | undefined {
  const { tick, priceBand, minNotional, contractSize } = market.instrument;
  if (request.type === 'limit') {
    const { price } = request;
    if (price === undefined || !isPositive(price) || !isMultipleOf(price, tick)) return 'bad_price_tick';
    // Only a buy above the band and a sell below it: a passive order rests however far away it is.
    const beyond = request.side === 'buy' ? sub(price, market.mark) : sub(market.mark, price);
    if (gt(beyond, scale(market.mark, priceBand))) return 'price_out_of_band';
  }
  const price = request.price ?? market.mark;
  const tooSmall = lt(cashValue(request.contracts, contractSize, price), minNotional);
  return tooSmall && !request.reduceOnly ? 'below_min_notional' : undefined;
}

function clientIdRefusal(
  { account }: Slot,
  { clientOrderId }: PlaceRequest,
  uniqueness: ClientIdUniqueness,
): RefuseReason | undefined {
  const usedBy = clientOrderId ? account.clientIds.get(clientOrderId) : undefined;
  if (usedBy === undefined) return undefined;
  return uniqueness === 'always' || account.orders.get(usedBy)?.status === 'open' ? 'duplicate_client_id' : undefined;
}

/** The limit, or for a market order the edge of the price band, on a tick. */
export function limitOf({ market }: Slot, request: PlaceRequest): Px {
  if (request.type === 'limit' && request.price) return request.price;
  const { tick, priceBand } = market.instrument;
  const reach = scale(market.mark, priceBand);
  return request.side === 'buy'
    ? floorTo(add(market.mark, reach), tick)
    : max(px('0'), ceilTo(sub(market.mark, reach), tick));
}

/**
 * Cash check at the worst price the order can be margined at: a buy's limit; for a sell the best bid when that is
 * higher, as it fills there; for a market order the last level it takes.
 */
function affordable(slot: Slot, request: PlaceRequest, contracts: Contracts, takes: readonly BookLevel[]): boolean {
  const opening = openingPart(slot, request.side, contracts);
  if (!isPositive(opening)) return true;
  const worst = takes.at(-1)?.price ?? slot.market.mark;
  const best = takes[0]?.price ?? slot.market.mark;
  const limit = request.type === 'limit' && request.price ? request.price : worst;
  const price = request.side === 'buy' ? limit : max(limit, best);
  return !lt(availableOf(slot.account), orderNeed(slot, opening, contracts, price));
}
