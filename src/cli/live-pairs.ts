/**
 * Which pairs trade live at a live share, and which the next step adds. The split sends each pair by a place of its own,
 * so that of few pairs a share may be none or all. Entry points: `livePairs`, `livePairsText`.
 */
import type { StatusSnapshot } from '../engine/status.ts';
import { placeOf } from '../execution/route.ts';
import type { Unpriced } from '../signal/opportunity.ts';
import { percent, venueOf } from './format.ts';

type Known = Pick<StatusSnapshot, 'liveShare' | 'opportunities' | 'unpriced' | 'leftOut'>;

export interface LivePairs {
  /** `BTC binance / okx`, in the order in which they join. */
  readonly live: readonly string[];
  /** Pairs that the bot knows and may open, live and paper. */
  readonly all: number;
  /** The lowest share, in thousandths, that adds a pair, and what it adds; absent when all are live. */
  readonly next?: { readonly share: number; readonly pairs: readonly string[] };
}

/** Can never be a hedge, whatever the market does. */
const NEVER: ReadonlySet<Unpriced['code']> = new Set(['same_venue', 'settle_differs', 'not_linear']);

export function livePairs({ liveShare, opportunities, unpriced, leftOut }: Known): LivePairs {
  const known = new Map<string, { readonly name: string; readonly place: number }>();
  for (const { asset, pair } of [...opportunities, ...unpriced.filter(({ code }) => !NEVER.has(code))]) {
    const keys = pair.split('~').sort();
    if (leftOut.assets.includes(asset) || keys.some((key) => leftOut.venues.includes(venueOf(key)))) continue;
    const id = keys.join('~');
    known.set(id, { name: `${asset} ${keys.map(venueOf).join(' / ')}`, place: placeOf(id) });
  }
  const pairs = [...known.values()].sort((a, b) => a.place - b.place);
  const under = (share: number): string[] => pairs.filter(({ place }) => place < share).map(({ name }) => name);
  const live = under(liveShare);
  const [first] = pairs.slice(live.length);
  if (!first) return { live, all: pairs.length };
  // A place is live only under the share.
  const share = (Math.floor(first.place * 1_000) + 1) / 1_000;
  return { live, all: pairs.length, next: { share, pairs: under(share).slice(live.length) } };
}

const MAX_NAMED = 4;

/** `0 of 2 pairs; the next joins at a live share of 12.3 %: BTC binance / okx` */
export function livePairsText({ live, all, next }: LivePairs): string {
  const which = live.length > 0 ? `: ${named(live)}` : '';
  const joins = next ? `; the next joins at a live share of ${percent(next.share, 1)}: ${named(next.pairs)}` : '';
  return `${live.length} of ${all} pairs${which}${joins}`;
}

function named(pairs: readonly string[]): string {
  const more = pairs.length > MAX_NAMED ? ` and ${pairs.length - MAX_NAMED} more` : '';
  return `${pairs.slice(0, MAX_NAMED).join(', ')}${more}`;
}
