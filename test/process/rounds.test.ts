/** A handful of the rounds that `npm run rounds` plays by the hundred; needs the build, as `npm test` makes it. */
import { describe, expect, it } from 'vitest';
import { runCampaign } from '../../scripts/rounds/campaign.ts';

describe('a trading bot under SIGKILL and SIGSTOP, its venues living on in another process', () => {
  it('fault-33-sigkill fault-34-killed-again-in-recovery fault-35-killed-after-sigint: hedged or flat, ledger = venues', async () => {
    const blows = ['order', 'recovery', 'interrupted', 'order', 'moment'] as const;
    const tally = await runCampaign({ rounds: 5, seed: 2, blows });
    expect(tally.rounds).toHaveLength(5);
    expect(tally.kills).toBe(6);
    expect(tally.hedges).toBeGreaterThan(0);
    expect(tally.inFlight, 'a kill must land while an order is in flight').toBeGreaterThan(0);
    expect(tally.duplicates).toBe(0);
  }, 120_000);

  it('fault-39-stalled fault-51-suspended: frozen for longer than any book, answer or signature lasts', async () => {
    const tally = await runCampaign({ rounds: 1, seed: 3, blows: ['stopped'], stopMs: 13_000 });
    expect(tally.stops).toBe(1);
    expect(tally.duplicates).toBe(0);
  }, 120_000);

  it('killed while the network and the gateways fail too: hedged or flat, ledger = venues', async () => {
    const blows = ['order', 'order', 'recovery'] as const;
    const tally = await runCampaign({ rounds: 3, seed: 4, blows, faultRate: 0.05 });
    expect(tally.rounds).toHaveLength(3);
    expect(tally.duplicates).toBe(0);
  }, 180_000);
});
