/** The stored expectation is about the hedge that was opened, not about the size at which it was priced. */
import { expect, it } from 'vitest';
import { notional, px, text, toNumber } from '../../src/kernel/decimal.ts';
import type { Opportunity } from '../../src/signal/opportunity.ts';
import { World } from '../engine/world.ts';
import { SETTINGS, SOL } from '../engine/world-setup.ts';

it('priced-larger-than-opened: funding, fees and net are those of the approved quantity, the return is the same', async () => {
  const world = new World({
    settings: { ...SETTINGS, signal: { ...SETTINGS.signal, notionalUsd: 3_000 } },
  });
  await world.opened();
  const { plan } = world.hedge();
  const stored = JSON.parse(plan.expectation) as Opportunity;
  // The mid is 100 on both venues.
  expect(stored.notionalUsd).toBeCloseTo(toNumber(notional(plan.quantity, px('100'))), 6);
  expect(stored.long.fundingUsd + stored.short.fundingUsd).toBeCloseTo(stored.grossUsd, 9);
  expect(stored.grossUsd - stored.costUsd).toBeCloseTo(stored.netUsd, 9);
  expect((stored.netUsd / stored.notionalUsd) * (8_760 / stored.horizonHours)).toBeCloseTo(stored.netApr, 9);
  // A day at 0.1 % an hour on the short, as the venue itself will pay it.
  expect(stored.short.fundingUsd).toBeCloseTo(stored.notionalUsd * 0.001 * stored.short.settlements, 6);
  expect(world.hedge().long.key).toBe(`alpha|${SOL}`);
  expect(text(plan.quantity)).toBe('9.5');
});
