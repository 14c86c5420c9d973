/** What fills cost beyond the middle of the book, on the way in and on the way out. */
import { expect, it } from 'vitest';
import { toNumber } from '../../src/kernel/decimal.ts';
import { summarizeRoute } from '../../src/ledger/summary.ts';
import { World } from './world.ts';
import { SOL } from './world-setup.ts';

it('an exit is measured from the middle of the book as an entry is, so a round trip costs what its fills did', async () => {
  const world = new World();
  await world.opened();
  const rate = () => summarizeRoute(world.ledger, 'live', world.clock.now()).slippageRate ?? Number.NaN;
  const onEntry = rate();
  expect(onEntry).toBeGreaterThan(0);
  await world.operator({ action: 'pause' });
  await world.operator({ action: 'flatten' });
  await world.run(10_000);
  expect(world.state()).toBe('closed');
  const exits = [world.hedge().long, world.hedge().short].flatMap(({ attempts }) =>
    attempts.filter(({ intent }) => intent.reduceOnly),
  );
  expect(exits.length).toBeGreaterThanOrEqual(2);
  for (const { intent, filled, filledQuote } of exits) {
    const { bids, asks } = world.exchanges[intent.key.startsWith('alpha') ? 'alpha' : 'beta'].market(SOL) ?? {};
    const paid = toNumber(filledQuote) / toNumber(filled);
    const reference = toNumber(intent.referencePrice);
    expect(intent.side === 'buy' ? paid - reference : reference - paid).toBeGreaterThan(0);
    // Nobody else trades here: the book is still centred where it was.
    const bid = toNumber(bids?.[0]?.price ?? intent.limitPrice);
    const ask = toNumber(asks?.[0]?.price ?? intent.limitPrice);
    expect(reference).toBeCloseTo((bid + ask) / 2, 6);
  }
  // Both ways cross the same spread.
  expect(rate()).toBeCloseTo(onEntry, 4);
});
