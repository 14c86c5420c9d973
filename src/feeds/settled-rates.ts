/**
 * Settled funding rates beside a feed: seven days when an instrument is first listed, then each settlement after it has
 * passed. The signal judges the spread's stability by them, the paper venue pays by them. Entry point:
 * `followSettledRates`.
 */
import type { InstrumentKey } from '../kernel/ids.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../kernel/instant.ts';
import type { MarketEvent } from '../market/event.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Clock } from '../ports/clock.ts';
import type { MarketFeed } from '../ports/market-feed.ts';

const HISTORY_MS = 7 * DAY_MS;
/** A venue lists a settlement moments after it; then again with growing pauses. */
const FIRST_DELAY_MS = 5_000;
const MAX_TRIES = 7;

interface Followed {
  readonly instrument: Instrument;
  /** The coming settlement, as last announced. */
  nextAt: Instant | undefined;
  /** The one before the first that was announced: it may be too fresh to be in the history that is read at first. */
  beforeAt: Instant | undefined;
  /** The history has been read, or could not be. */
  hasHistory: boolean;
  newestAt: Instant;
}

export interface SettledRatesOptions {
  readonly feed: MarketFeed;
  readonly clock: Clock;
  readonly assets: ReadonlySet<string>;
  readonly sink: (event: MarketEvent) => void;
}

/** Give it every market event of the feed; what it learns goes to `sink` as `settled` events. */
export function followSettledRates(options: SettledRatesOptions): (event: MarketEvent) => void {
  const followed = new Map<InstrumentKey, Followed>();
  const { assets } = options;
  return (event) => {
    if (event.kind === 'instruments') {
      for (const instrument of event.instruments) {
        if (followed.has(instrument.key) || (assets.size > 0 && !assets.has(instrument.asset))) continue;
        const newestAt = options.clock.now() - HISTORY_MS;
        const entry: Followed = { instrument, nextAt: undefined, beforeAt: undefined, hasHistory: false, newestAt };
        followed.set(instrument.key, entry);
        void fetchHistory(options, entry);
      }
    }
    if (event.kind !== 'funding') return;
    const entry = followed.get(event.quote.key);
    if (!entry) return;
    const { nextSettlementAt, intervalHours } = event.quote;
    const passed = entry.nextAt;
    entry.nextAt = nextSettlementAt;
    if (passed === undefined) {
      entry.beforeAt = nextSettlementAt - intervalHours * HOUR_MS;
      if (entry.hasHistory) fetchMissing(options, entry, entry.beforeAt);
    } else if (nextSettlementAt > passed) fetchMissing(options, entry, passed);
  };
}

async function fetchHistory(options: SettledRatesOptions, entry: Followed): Promise<void> {
  await fetchRates(options, entry, undefined, 1);
  entry.hasHistory = true;
  if (entry.beforeAt !== undefined) fetchMissing(options, entry, entry.beforeAt);
}

/** Unless it is there already, which is seen to when its time has come. */
function fetchMissing(options: SettledRatesOptions, entry: Followed, wanted: Instant): void {
  options.clock.after(FIRST_DELAY_MS, () => {
    if (entry.newestAt < wanted) void fetchRates(options, entry, wanted, 1);
  });
}

/** `wanted`: the settlement that must be among them; until it is, the venue is asked again. */
async function fetchRates(
  options: SettledRatesOptions,
  entry: Followed,
  wanted: Instant | undefined,
  attempt: number,
): Promise<void> {
  const { feed, clock, sink } = options;
  const read = await feed.settledRates(entry.instrument, entry.newestAt + 1);
  if (read.ok && read.value.length > 0) {
    entry.newestAt = Math.max(entry.newestAt, read.value.at(-1)?.settledAt ?? 0);
    sink({ kind: 'settled', rates: read.value });
  }
  const complete = read.ok && (wanted === undefined || entry.newestAt >= wanted);
  if (complete || attempt >= MAX_TRIES) return;
  clock.after(FIRST_DELAY_MS * 2 ** attempt, () => void fetchRates(options, entry, wanted, attempt + 1));
}
