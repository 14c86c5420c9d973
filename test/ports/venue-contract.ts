/**
 * The contract of the Venue port. Every implementation runs it against an exchange model that is its oracle: what the
 * venue reports must be what the exchange's own books say, in base units.
 *
 * A world is one fresh account of at least 10,000 in the settle currency. The suite sets the mark to 100 and makes its
 * own books; the instrument must have a tick of 0.01 or finer, a lot of at most 0.01 base units, a minimum notional of
 * at most 10, a price band of at least 5 %, and allow 3x leverage. Streams may deliver late; reads are immediate truth.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { Bench, type ContractWorld } from './venue/bench.ts';
import { describeOrders } from './venue/orders.ts';
import { describeReads } from './venue/reads.ts';
import { describeSetup } from './venue/setup.ts';
import { describeStream } from './venue/stream.ts';

/** Registers the suite for one implementation; `makeWorld` is called once per test. */
export function venueContract(name: string, makeWorld: () => Promise<ContractWorld>): void {
  describe(`venue contract: ${name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await Bench.open(await makeWorld());
    });
    afterEach(() => bench.world.dispose());

    describeSetup(() => bench);
    describeOrders(() => bench);
    describeReads(() => bench);
    describeStream(() => bench);
  });
}
