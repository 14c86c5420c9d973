/**
 * The world the bot runs in: system time and real venues (`compose-real.ts`), or simulated time with embedded venues on
 * loopback (`compose-sim.ts`). `compose.ts` treats both alike.
 */
import type { Engine } from '../engine/engine.ts';
import type { InstrumentKey, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { Activity } from '../ports/activity.ts';
import type { ProcessClock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Credentials } from '../venues/connect.ts';
import type { VenueFacts } from '../venues/facts.ts';
import type { Replaying } from './compose-replay.ts';

export interface RunContext {
  readonly engine: Engine;
  readonly deliveredAt: (key: InstrumentKey) => { readonly book: Instant; readonly funding: Instant };
}

/** How a run that ends by itself has ended. */
export interface RunEnd {
  readonly reason: string;
  readonly reportPath?: string;
  readonly reportText?: string;
  /** Its ledger is not what the venues' own books say, or its report could not be written: no success. */
  readonly failed?: boolean;
}

export interface RunHandle {
  /** Resolves when the world ends (replay); never for real venues. */
  readonly done: Promise<RunEnd>;
  stop(): Promise<void>;
}

export interface World {
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly activity: Activity;
  /** Time waits for the bot, and the bot decides when told to. */
  readonly lockstep: boolean;
  /** The simulated accounts' keys; absent: read from the environment. */
  readonly credentials?: ReadonlyMap<VenueId, Credentials>;
  /** Assets that exist; absent: the configuration's allow list. */
  readonly assets?: ReadonlySet<string>;
  /** Where a venue's official hosts really are; undefined: as configured. */
  hosts(facts: VenueFacts): Readonly<Record<string, string>> | undefined;
  run(context: RunContext): RunHandle;
  close(): Promise<void>;
}

/** What a world must agree with. */
export interface WorldPast {
  readonly ledger: LedgerState;
  readonly replaying: Replaying | undefined;
}
