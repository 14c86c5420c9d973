/** What the hedge state machine is given and what it answers. */
import type { Base } from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { AttemptIntended, Fact, HedgeMoved, HedgeState } from '../ledger/facts.ts';
import type { AttemptRecord, HedgeRecord, LegRecord } from '../ledger/state.ts';
import type { InstrumentView } from '../market/view.ts';
import type { IdStamp } from './client-id.ts';
import type { ExecutionSettings } from './settings.ts';

/**
 * What is held against the ledger's own positions. `open`: a difference is stored and not explained. `confirmed`: the
 * venue has said the same again, well apart, with its fills read, so that it may be acted on.
 */
export type PositionDoubt =
  | { readonly kind: 'none' }
  | { readonly kind: 'open' | 'confirmed'; readonly detail: string };

/** Why an entry that is spread over time adds nothing: `wait` for now, `end` for good. */
export interface EntryStop {
  readonly kind: 'wait' | 'end';
  /** Stable code: `paused`, `edge_gone`, `venue_blocked`, ... */
  readonly reason: string;
}

export interface AdvanceContext {
  readonly now: Instant;
  readonly market: (key: InstrumentKey) => InstrumentView | undefined;
  readonly settings: ExecutionSettings;
  readonly ids: IdStamp;
  /** A book older than this completes nothing; reductions may use it. */
  readonly maxBookAgeMs: number;
  /** Kill switch or reduce-only: complete nothing, trim instead. */
  readonly reduceOnly: boolean;
  /** Both of the hedge's venues answer; an exit that is not forced waits for it, so that it never goes naked. */
  readonly reachable: boolean;
  /** About the positions of this hedge's instruments. */
  readonly doubt: PositionDoubt;
  /**
   * Of a leg's ledger quantity, what the venue is known to hold: |quantity| unless less is confirmed. Reductions go no
   * further. Positive.
   */
  readonly standing: (leg: LegRecord) => Base;
  /**
   * Of a leg's ledger quantity, what its venue takes a reducing order for: less where a human holds the opposite of the
   * same instrument, which one position there nets with ours. Positive.
   */
  readonly reducible: (leg: LegRecord) => Base;
  /** Of an entry that is spread over time; absent: it may go on. */
  readonly stop?: EntryStop | undefined;
}

export interface Advance {
  readonly facts: readonly Fact[];
  readonly attempts: readonly AttemptIntended[];
  /** Resting orders to cancel; told again until each has a known end. */
  readonly cancels?: readonly AttemptRecord[];
  /** Look again at this instant even if nothing happens. */
  readonly wakeAt?: Instant;
}

export const NOTHING: Advance = { facts: [], attempts: [] };

/** A move only; the caller folds it and advances again. */
export function moveTo(
  hedge: HedgeRecord,
  to: HedgeState,
  reason: string,
  detail: string,
  context: { readonly now: Instant },
): Advance {
  const move: HedgeMoved = {
    kind: 'hedge_moved',
    hedge: hedge.id,
    from: hedge.state,
    to,
    reason,
    detail,
    at: context.now,
  };
  return { facts: [move], attempts: [] };
}
