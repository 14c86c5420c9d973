/** Worlds whose hedges are entered by another style than both legs at once, and a market that trades with what rests. */
import type { EngineSettings } from '../../src/engine/settings.ts';
import { contracts, floorTo, min, px, sub, toNumber } from '../../src/kernel/decimal.ts';
import type { Exchange, ExchangeOrder } from '../../src/simulator/exchange/api.ts';
import type { World } from './world.ts';
import { ACCOUNT, type MarketSymbol, SETTINGS, SOL } from './world-setup.ts';

export const MAKER: EngineSettings = { ...SETTINGS, execution: { ...SETTINGS.execution, style: 'maker_taker' } };
export const SLICED: EngineSettings = { ...SETTINGS, execution: { ...SETTINGS.execution, style: 'sliced' } };

/** What rests on a venue, oldest first. */
export const resting = (world: World, venue: 'alpha' | 'beta'): readonly ExchangeOrder[] =>
  world.exchanges[venue].openOrders(ACCOUNT);

/** The market trades through our resting orders: `size` base units at most, and is then as before. */
export function tradeThrough(world: World, venue: 'alpha' | 'beta', size: number, symbol: MarketSymbol = SOL): void {
  const exchange = world.exchanges[venue];
  const market = exchange.market(symbol);
  if (!market) throw new Error('no market');
  const { bids, asks } = market;
  for (const order of exchange.openOrders(ACCOUNT)) {
    if (order.symbol === symbol) hit(exchange, order, size / toNumber(market.instrument.contractSize));
  }
  exchange.setBook(symbol, bids, asks);
}

function hit(exchange: Exchange, order: ExchangeOrder, count: number): void {
  const instrument = exchange.market(order.symbol)?.instrument;
  if (!instrument || !order.price) return;
  const wanted = floorTo(min(contracts(count.toFixed(6)), sub(order.contracts, order.filled)), instrument.lot);
  if (toNumber(wanted) === 0) return;
  const level = { price: order.price, contracts: wanted };
  const far = { price: px((toNumber(order.price) * (order.side === 'buy' ? 0.9 : 1.1)).toFixed(1)), contracts: wanted };
  if (order.side === 'buy') exchange.setBook(order.symbol, [far], [level]);
  else exchange.setBook(order.symbol, [level], [far]);
}
