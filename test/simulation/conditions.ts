/** What is wrong with a venue at the moment. Windows may overlap, so switches count. */

/** What happens to one order on its way. */
export type SubmitFault =
  | { readonly kind: 'request_lost' }
  | { readonly kind: 'reply_lost' }
  /** Delivered after this long; the sender has given up. */
  | { readonly kind: 'accepted_late'; readonly delayMs: number }
  | { readonly kind: 'delivered_twice'; readonly delayMs: number }
  | { readonly kind: 'refused'; readonly code: string }
  /** The acknowledgement takes its time; fills are told long before. */
  | { readonly kind: 'ack_late'; readonly delayMs: number }
  | { readonly kind: 'crash_before' }
  | { readonly kind: 'crash_after' };

export interface Conditions {
  /** For the coming orders, in order. */
  readonly submits: SubmitFault[];
  /** Run, once, when the next order leaves for the venue. */
  readonly onSubmit: (() => void)[];
  /** Nothing gets through in either direction. */
  down: number;
  /** Everything is refused. */
  banned: number;
  /** Requests wait until then. */
  stalledUntil: number;
  /** Good answers that know nothing: no position, no order. */
  wrongEmpty: number;
  /** Shares of positions that the list shows, by symbol: a lie that lasts. */
  readonly shownShares: Map<string, number>;
  /** Reads fail because a page was short. */
  shortPage: number;
  /** Lists lack what is younger than this. */
  lagMs: number;
  paymentsHidden: number;
  anonymousFills: number;
  streamSilent: number;
  streamTwice: number;
  streamShuffled: number;
  feedSilent: number;
}

export const calm = (): Conditions => ({
  submits: [],
  onSubmit: [],
  down: 0,
  banned: 0,
  stalledUntil: 0,
  wrongEmpty: 0,
  shownShares: new Map(),
  shortPage: 0,
  lagMs: 0,
  paymentsHidden: 0,
  anonymousFills: 0,
  streamSilent: 0,
  streamTwice: 0,
  streamShuffled: 0,
  feedSilent: 0,
});
