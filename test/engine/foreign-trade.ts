/** A market order for SOL that the bot did not send: a human's, or the venue's own. */
import { contracts } from '../../src/kernel/decimal.ts';
import type { PlaceRequest } from '../../src/simulator/exchange/api.ts';
import type { World } from './world.ts';
import { ACCOUNT, SOL } from './world-setup.ts';

/** `count`: contracts of the venue. */
export function foreignTrade(
  world: World,
  venue: 'alpha' | 'beta',
  side: 'buy' | 'sell',
  count: string,
  change: Partial<PlaceRequest> = {},
): void {
  const order = {
    symbol: SOL,
    side,
    type: 'market',
    tif: 'IOC',
    contracts: contracts(count),
    reduceOnly: false,
  } as const;
  world.exchanges[venue].place(ACCOUNT, { ...order, ...change });
}
