import type { Instant } from '../kernel/instant.ts';

export interface Alarm {
  readonly at: Instant;
  readonly severity: 'info' | 'warning' | 'critical';
  /** Stable code: `naked_leg`, `venue_down`, `quarantined`, ... One code and subject repeat at most once a minute. */
  readonly code: string;
  /** What it is about: a hedge id, venue or instrument key. */
  readonly subject: string;
  readonly detail: string;
}

/** Tells people. Must never throw or block. */
export interface Notifier {
  notify(alarm: Alarm): void;
}
