/** The exchange model's rows as the Venue port has them: in base units, under instrument keys. */
import { type Base, contractsToBase, toNumber } from '../kernel/decimal.ts';
import { instrumentKey, type VenueId } from '../kernel/ids.ts';
import type { Instrument } from '../market/instrument.ts';
import type { OrderState } from '../market/order.ts';
import type { ExchangeMarket, ExchangeOrder } from './exchange/api.ts';

/** An exchange's instrument in base units. */
export function instrumentOf(venue: VenueId, { instrument, trading }: ExchangeMarket): Instrument {
  const { symbol, asset, settle, contractSize, tick, minNotional, takerFeeRate, makerFeeRate } = instrument;
  const inBase = (contracts: typeof instrument.lot): Base => contractsToBase(contracts, contractSize);
  return {
    key: instrumentKey(venue, symbol),
    venue,
    symbol,
    asset,
    kind: 'perpetual',
    settle,
    lot: inBase(instrument.lot),
    minQuantity: inBase(instrument.minContracts),
    ...(toNumber(minNotional) > 0 && { minNotional }),
    maxQuantity: inBase(instrument.maxContracts),
    tick,
    takerFeeRate: Number(takerFeeRate),
    makerFeeRate: Number(makerFeeRate),
    trading,
  };
}

export function orderStateOf(venue: VenueId, { instrument }: ExchangeMarket, order: ExchangeOrder): OrderState {
  return {
    clientOrderId: order.clientOrderId,
    venueOrderId: order.orderId,
    key: instrumentKey(venue, order.symbol),
    side: order.side,
    status: order.status,
    quantity: contractsToBase(order.contracts, instrument.contractSize),
    filled: contractsToBase(order.filled, instrument.contractSize),
    updatedAt: order.updatedAt,
  };
}
