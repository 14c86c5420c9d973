/**
 * Asks a venue, and changes nothing there. Entry points: `probeVenue` (its time, without keys: is it there, and how far is
 * our clock off?) and `probeAccount` (signed: does it take the keys, what may they do, and what has the account?).
 */
import type { VenueConfig } from '../config/schema.ts';
import { contracts, isZero, type Quote, quote } from '../kernel/decimal.ts';
import type { VenueId } from '../kernel/ids.ts';
import { failure, type Read, success } from '../kernel/outcome.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import { createBudget } from '../venues/budget.ts';
import { type ConnectOptions, type Credentials, connectAccount, connectMarketData } from '../venues/connect.ts';
import { excessOf } from '../venues/prepare.ts';
import { factsOf } from '../venues/registry.ts';

export interface VenueAnswer {
  /** Venue clock minus ours at the middle of the request, ms. */
  readonly skewMs: number;
  readonly roundTripMs: number;
}

export interface AccountAnswer {
  /** Why the keys may not be used for real money; asked for in live mode only, since the test networks do not tell. */
  readonly excess: readonly string[];
  readonly currency: string;
  readonly wallet: Quote;
  /** Positions that stand, whoever's they are. */
  readonly positions: number;
}

/** What is asked, and how. */
export interface Probed {
  readonly venue: VenueId;
  readonly config: VenueConfig;
  readonly mode: 'paper' | 'testnet' | 'live';
}

const DEADLINE_MS = 5_000;

/** No keys are used, and the client cannot sign. */
export async function probeVenue(probed: Probed): Promise<Read<VenueAnswer>> {
  const options = optionsFor(probed);
  if (!options) return failure('unknown_venue', `there is no venue ${probed.venue}`);
  const { clock } = options;
  const connection = await connectMarketData(options);
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

/** Reads only: no setting of the account is touched. */
export async function probeAccount(probed: Probed, credentials: Credentials): Promise<Read<AccountAnswer>> {
  const options = optionsFor(probed);
  if (!options) return failure('unknown_venue', `there is no venue ${probed.venue}`);
  const { facts, clock } = options;
  const connection = await connectAccount({ ...options, credentials });
  try {
    const answer = await connection.call('poll', async (client): Promise<AccountAnswer> => {
      const excess = probed.mode === 'live' ? excessOf(await facts.settings.permissions(client)) : [];
      const { wallet } = await facts.reads.balance(client, facts.settle);
      const { rows } = await facts.reads.positions(client);
      const positions = rows.filter(({ quantity }) => !isZero(contracts(quantity))).length;
      return { excess, currency: facts.settle, wallet: quote(wallet), positions };
    });
    return answer.ok ? success(answer.value, clock.now()) : failure(answer.code, answer.detail);
  } finally {
    await connection.close();
  }
}

function optionsFor({ venue, config, mode }: Probed): ConnectOptions | undefined {
  const facts = factsOf(venue);
  if (!facts) return undefined;
  const clock = systemClock();
  const activity = { begin: () => undefined, end: () => undefined };
  const share = config.budgetShare;
  const budget = createBudget({ limits: facts.limits, clock, random: systemRandom(), activity, share });
  return {
    facts,
    budget,
    activity,
    clock,
    ioClock: clock,
    testnet: mode === 'testnet',
    timeoutMs: DEADLINE_MS,
    ...(config.hosts ? { hosts: config.hosts } : {}),
  };
}
