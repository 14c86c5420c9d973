/** Mark and index prices: PnL, margin and funding use the mark, never the last trade. */
import type { InstrumentKey } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

export interface MarkQuote {
  readonly key: InstrumentKey;
  /** Quote per base. */
  readonly mark: number;
  /** Absent when the frame carries none. */
  readonly index?: number;
  readonly venueAt: Instant;
  readonly receivedAt: Instant;
}
