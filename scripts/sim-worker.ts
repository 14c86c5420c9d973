/** One process of a campaign: gets seeds, answers what each world did. Started by `sim-many.ts`. */
import { type RunOptions, runWorld } from '../test/simulation/world.ts';
import type { SeedReport } from './sim-many.ts';

process.on('message', async ({ seeds, options }: { seeds: readonly number[]; options: RunOptions }) => {
  for (const seed of seeds) {
    const { violation, faults, transitions, counters } = await runWorld(seed, options);
    const tally = { faults: Object.fromEntries(faults), transitions: Object.fromEntries(transitions), counters };
    const report: SeedReport = { seed, violation, tally };
    process.send?.(report);
  }
  process.send?.('next');
});
process.on('disconnect', () => process.exit(0));
process.send?.('next');
