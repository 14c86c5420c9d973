/** What is remembered while the ledger cannot be written, and forgotten when it can be again. */
import type { Base } from '../kernel/decimal.ts';
import type { ClientOrderId, HedgeId, InstrumentKey } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { AttemptIntended, AttemptOutcome, FillBooked } from '../ledger/facts.ts';
import type { VenueTruth } from './venue-truth.ts';

/** Monotonic ms, but for what is called an instant. */
export interface EmergencyWatch {
  /** The first write that failed; absent while the ledger can be written. */
  sinceMs?: number;
  /** Whose kill could not be stored: it is carried out with the first commit that works. */
  killedBy?: string;
  /** By account. */
  readonly truths: Map<string, VenueTruth>;
  /** By route and asset. */
  readonly assets: Map<string, AssetEmergency>;
  /** Orders that have left, and what became of them, oldest first: nothing else is written before they are. */
  readonly owed: (AttemptIntended | AttemptOutcome)[];
  /** Fills that could not be booked, by identity, and those not looked at yet: whose they would be. */
  readonly unbooked: Map<string, FillBooked>;
  readonly dropped: FillBooked[];
  /** By route and instrument: a fill that nobody can say the owner of was told meanwhile. */
  readonly unclear: Set<string>;
  /** Ids of this failure's orders. */
  readonly sent: ClientOrderId[];
  /** Hedges with such an order: not driven on what the ledger missed until their accounts were read. */
  readonly held: Map<HedgeId, { readonly sentAt: Instant; writableSinceMs?: number }>;
}

/** Of one asset on one route. */
export interface AssetEmergency {
  nakedSinceMs?: number;
  /** Of what stands, what no order of ours has made. It stays while orders of ours change the rest. */
  readonly strangers: Map<InstrumentKey, Base>;
  /** As `strangersHeard` told last: with every trade of somebody else's, theirs is counted anew. */
  readonly heard: Map<InstrumentKey, Base>;
  /** As `toldBeyond` told last: what was taken for theirs may have been ours. */
  readonly beyond: Map<InstrumentKey, Base>;
  /** By account: when a list first said more than orders of ours can have made. */
  readonly moreSinceMs: Map<string, number>;
  orders: number;
  notBeforeMs: number;
  inFlight?: AttemptIntended;
}

export const newEmergency = (): EmergencyWatch => ({
  truths: new Map(),
  assets: new Map(),
  owed: [],
  unbooked: new Map(),
  dropped: [],
  unclear: new Set(),
  sent: [],
  held: new Map(),
});

export const newAsset = (): AssetEmergency => ({
  strangers: new Map(),
  heard: new Map(),
  beyond: new Map(),
  moreSinceMs: new Map(),
  orders: 0,
  notBeforeMs: 0,
});
