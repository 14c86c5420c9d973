/**
 * Replay of recorded 8-hour bars on simulated venues. Entry points: `replayWindow`, `createReplay`.
 *
 * No look-ahead: at a bar's instant only what was known then is shown. First the bar's rate settles at mark = open
 * (it belongs to the interval that ends here); then the book stands around the open, as deep as the *previous* bar's
 * volume suggests; and the predicted rate of the coming settlement is the rate just settled (persistence). The bar's
 * high and low only test margins half-way through the bar: they are never published, so nothing can trade on them.
 *
 * A run ends at the open of its last bar; the extremes of that bar are not used.
 */
import { invariant } from '../../kernel/assert.ts';
import { type Px, toNumber } from '../../kernel/decimal.ts';
import type { UnifiedSymbol, VenueId } from '../../kernel/ids.ts';
import { HOUR_MS, type Instant, iso } from '../../kernel/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { BookLevel } from '../exchange/api.ts';
import { BAR_MS, BAR_VENUES, type Bar } from './csv.ts';
import { createGrid, type Grid, type SideShape, synthesizeSide } from './grid.ts';
import { createPublisher, exchangeOf, type MarketSource, type Publisher, type VenueWorld } from './source.ts';
import { exchangeInstruments, perpetualOf } from './venue-profiles.ts';

export interface ReplayWindow {
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  /** Instants with at least one bar. */
  readonly barCount: number;
}

export interface ReplayBooks {
  /** Fraction of mid; default half a basis point. */
  readonly halfSpread: number;
  /** Distance between the levels, fraction of mid; default half a basis point. */
  readonly levelStep: number;
  /** Share of the previous bar's volume that one side of the book shows; default 0.0005. */
  readonly depthShare: number;
  readonly levels: number;
  /** Base units that stand for the previous volume at the first bar of the file, which has none. */
  readonly firstVolume: number;
}

export interface ReplayOptions {
  /** Stands at the window's `firstAt`. */
  readonly clock: Clock;
  /** Venues to replay; bars of others are left out. */
  readonly exchanges: ReadonlyMap<VenueId, VenueWorld>;
  /** As parsed, by time. Bars before the window become the venues' settled history. */
  readonly bars: readonly Bar[];
  readonly window: ReplayWindow;
  readonly books?: Partial<ReplayBooks>;
}

export interface ReplayReport {
  /** Bars published per venue. */
  readonly published: ReadonlyMap<VenueId, number>;
  /** Instants at which others had a bar and this venue had none: no settlement, its book left as it was. */
  readonly missed: ReadonlyMap<VenueId, number>;
}

export interface ReplaySource extends MarketSource {
  report(): ReplayReport;
}

export const DEFAULT_REPLAY_BOOKS: ReplayBooks = {
  halfSpread: 0.00005,
  levelStep: 0.00005,
  depthShare: 0.0005,
  levels: 20,
  firstVolume: 5_000,
};

/** The bars in [from, to], or undefined when there is none; a missing bound is open. */
export function replayWindow(bars: readonly Bar[], from?: Instant, to?: Instant): ReplayWindow | undefined {
  const instants = [...new Set(bars.map((bar) => bar.at))]
    .filter((at) => (from === undefined || at >= from) && (to === undefined || at <= to))
    .sort((a, b) => a - b);
  const firstAt = instants[0];
  const lastAt = instants.at(-1);
  if (firstAt === undefined || lastAt === undefined) return undefined;
  return { firstAt, lastAt, barCount: instants.length };
}

/** Publishes the first bar at once; `nextAt` is then half-way through it. */
export function createReplay(options: ReplayOptions): ReplaySource {
  return new Replay(options);
}

interface Listed {
  readonly venue: VenueId;
  readonly symbol: UnifiedSymbol;
  readonly grid: Grid;
  /** Of the last bar seen. */
  volume: number | undefined;
}

type Step = { readonly at: Instant; readonly kind: 'open' | 'extremes'; readonly bars: readonly Bar[] };

class Replay implements ReplaySource {
  readonly #clock: Clock;
  readonly #exchanges: ReadonlyMap<VenueId, VenueWorld>;
  readonly #books: ReplayBooks;
  readonly #publisher: Publisher;
  readonly #listed: ReadonlyMap<VenueId, Listed>;
  readonly #steps: readonly Step[];
  readonly #publishedBars = new Map<VenueId, number>();
  readonly #missedBars = new Map<VenueId, number>();
  #next = 0;

  constructor({ clock, exchanges, bars, window, books }: ReplayOptions) {
    invariant(clock.now() === window.firstAt, `the clock stands at ${iso(clock.now())}, not at the first bar`);
    this.#clock = clock;
    this.#exchanges = exchanges;
    this.#books = { ...DEFAULT_REPLAY_BOOKS, ...books };
    this.#publisher = createPublisher(clock, exchanges);
    // One venue order for everything, whatever order the map was filled in.
    const venues = BAR_VENUES.filter((venue) => exchanges.has(venue));
    this.#listed = new Map(venues.map((venue) => [venue, listBtc(venue)]));
    const known = bars.filter((bar) => this.#listed.has(bar.venue));
    for (const bar of known) if (bar.at < window.firstAt) this.#recordHistory(bar);
    this.#steps = stepsOf(
      known.filter((bar) => bar.at >= window.firstAt && bar.at <= window.lastAt),
      window,
    );
    this.step(window.firstAt);
  }

  nextAt(): Instant | undefined {
    return this.#steps[this.#next]?.at;
  }

  published(): ReturnType<MarketSource['published']> {
    return this.#publisher.published;
  }

  report(): ReplayReport {
    return { published: this.#publishedBars, missed: this.#missedBars };
  }

  step(at: Instant): void {
    const step = this.#steps[this.#next];
    invariant(step && step.at === at && this.#clock.now() === at, `no replay step at ${iso(at)}`);
    this.#next++;
    if (step.kind === 'open') this.#open(step.bars);
    else this.#stress(step.bars);
  }

  #open(bars: readonly Bar[]): void {
    const index = median(bars.map((bar) => bar.open));
    for (const [venue, listed] of this.#listed) {
      const bar = bars.find((each) => each.venue === venue);
      const counts = bar ? this.#publishedBars : this.#missedBars;
      counts.set(venue, (counts.get(venue) ?? 0) + 1);
      if (!bar || !index) continue;
      this.#publisher.publish(venue, listed.symbol, {
        mark: bar.open,
        index,
        settledRate: bar.rate,
        ...this.#bookAround(bar.open, listed),
        funding: { predictedRate: bar.rate, intervalHours: BAR_MS / HOUR_MS, nextSettlementAt: bar.at + BAR_MS },
      });
      listed.volume = bar.volume;
    }
  }

  /** Which of the two came first is unknown; up before down at every venue keeps runs equal. */
  #stress(bars: readonly Bar[]): void {
    for (const extreme of ['high', 'low'] as const) {
      for (const [venue, listed] of this.#listed) {
        const bar = bars.find((each) => each.venue === venue);
        if (bar) exchangeOf(this.#exchanges, venue).stressMark(listed.symbol, bar[extreme]);
      }
    }
  }

  #bookAround(open: Px, listed: Listed): { bids: readonly BookLevel[]; asks: readonly BookLevel[] } {
    const { halfSpread, levelStep, depthShare, levels, firstVolume } = this.#books;
    const levelSize = ((listed.volume ?? firstVolume) * depthShare) / levels;
    const shape: SideShape = { mid: toNumber(open), halfSpread, levelStep, levels, sizeAt: () => levelSize };
    return { bids: synthesizeSide('bids', shape, listed.grid), asks: synthesizeSide('asks', shape, listed.grid) };
  }

  #recordHistory(bar: Bar): void {
    const listed = this.#listed.get(bar.venue);
    if (!listed) return;
    const { symbol } = listed;
    exchangeOf(this.#exchanges, bar.venue).recordSettled({ symbol, rate: bar.rate, mark: bar.open, at: bar.at });
    listed.volume = bar.volume;
  }
}

function listBtc(venue: VenueId): Listed {
  const instrument = exchangeInstruments(venue, ['BTC'])[0];
  invariant(instrument, `${venue} does not list BTC`);
  return { venue, symbol: perpetualOf('BTC'), grid: createGrid(instrument), volume: undefined };
}

function stepsOf(bars: readonly Bar[], window: ReplayWindow): readonly Step[] {
  const byInstant = new Map<Instant, Bar[]>();
  for (const bar of bars) byInstant.set(bar.at, [...(byInstant.get(bar.at) ?? []), bar]);
  const steps: Step[] = [];
  for (const [at, group] of [...byInstant].sort(([a], [b]) => a - b)) {
    steps.push({ at, kind: 'open', bars: group });
    if (at < window.lastAt) steps.push({ at: at + BAR_MS / 2, kind: 'extremes', bars: group });
  }
  return steps;
}

/** The lower of the two middle ones when the count is even: an index must be a price somebody quoted. */
function median(prices: readonly Px[]): Px | undefined {
  return [...prices].sort((a, b) => a.cmp(b))[Math.floor((prices.length - 1) / 2)];
}
