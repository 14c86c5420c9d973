/** Asks a venue for its time over a public endpoint: is it there, and how far is our clock off? Entry point: `probeVenue`. */
import type { VenueConfig } from '../config/schema.ts';
import { failure, type Read, success } from '../kernel/outcome.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import { createBudget } from '../venues/budget.ts';
import { connectMarketData } from '../venues/connect.ts';
import { factsOf } from '../venues/registry.ts';

export interface VenueAnswer {
  /** Venue clock minus ours at the middle of the request, ms. */
  readonly skewMs: number;
  readonly roundTripMs: number;
}

const DEADLINE_MS = 5_000;

/** No keys are used, and the client cannot sign. */
export async function probeVenue(venue: string, config: VenueConfig, testnet: boolean): Promise<Read<VenueAnswer>> {
  const facts = factsOf(venue);
  if (!facts) return failure('unknown_venue', `there is no venue ${venue}`);
  const clock = systemClock();
  const activity = { begin: () => undefined, end: () => undefined };
  const budget = createBudget({
    limits: facts.limits,
    clock,
    random: systemRandom(),
    activity,
    share: config.budgetShare,
  });
  const connection = await connectMarketData({
    facts,
    budget,
    activity,
    clock,
    ioClock: clock,
    testnet,
    timeoutMs: DEADLINE_MS,
    ...(config.hosts ? { hosts: config.hosts } : {}),
  });
  try {
    const client = connection.client as { fetchTime(): Promise<unknown> };
    const sentAt = clock.now();
    const sentMs = clock.monotonicMs();
    const answer = await connection.read(() => client.fetchTime());
    const roundTripMs = clock.monotonicMs() - sentMs;
    if (!answer.ok) return answer;
    const venueAt = Number(answer.value);
    if (!Number.isFinite(venueAt)) return failure('malformed', 'the answer holds no time');
    return success({ skewMs: Math.round(venueAt - (sentAt + roundTripMs / 2)), roundTripMs }, clock.now());
  } finally {
    await connection.close();
  }
}
