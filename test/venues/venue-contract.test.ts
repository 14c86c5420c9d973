/** The ccxt adapter, over each venue's wire, against the contract that every Venue keeps. */
import { instrumentKey } from '../../src/kernel/ids.ts';
import { venueContract } from '../ports/venue-contract.ts';
import { startWorld, VENUES } from './world.ts';

for (const name of VENUES) {
  venueContract(`ccxt over the ${name} dialect`, async () => {
    const world = await startWorld(name, ['SOL'], '10000');
    return {
      venue: await world.venue(),
      exchange: world.exchange,
      account: world.account,
      key: instrumentKey(name, 'SOL/USDT:USDT'),
      advance: (ms) => world.clock.advanceTo(world.clock.now() + ms),
      dispose: () => world.close(),
    };
  });
}
