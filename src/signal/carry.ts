/**
 * Cross-venue funding carry: two linear perpetuals of one asset, short where the hourly rate is higher, long where it
 * is lower. Entry points: `rank` over assets, `rankAsset` on a frame of one asset, `assessPair` for two given legs.
 *
 * Expected cash counts the settlements that each leg meets within the horizon on its own clock (`receipts.ts`). Costs
 * are both legs' fees and book slippage of the order style that will be used (`entry-cost.ts`), and the basis
 * allowance; perpetuals borrow nothing.
 */
import { invariant } from '../kernel/assert.ts';
import { HOUR_MS, type Instant } from '../kernel/instant.ts';
import { aprOf, settlementCash } from '../market/funding.ts';
import type { Direction } from '../market/order.ts';
import type { InstrumentView, MarketView } from '../market/view.ts';
import { confidence } from './confidence.ts';
import { carryingDirection, pairKey } from './direction.ts';
import { entryOf, legCost } from './entry-cost.ts';
import { type SpreadStats, spreadStats } from './history.ts';
import { isLinearPerpetual, type LegDefect, type LegQuote, quoteLeg } from './leg-quote.ts';
import type { Opportunity, OpportunityEntry, OpportunityLeg, Unpriced } from './opportunity.ts';
import { breakEvenHours, expectedRateSum, settlementCount } from './receipts.ts';
import type { SignalSettings } from './settings.ts';

/** Mids further apart than this share are different units or a broken book, not a basis. */
const MAX_MID_GAP_RATE = 0.05;

export interface Ranking {
  /** Best first: net APR x confidence. Negative ones are included, the risk stage says why they are refused. */
  readonly opportunities: readonly Opportunity[];
  readonly unpriced: readonly Unpriced[];
}

/** Prices a given direction, even one that costs money. */
export function assessPair(
  long: InstrumentView,
  short: InstrumentView,
  settings: SignalSettings,
  now: Instant,
): Opportunity | Unpriced {
  invariant(settings.horizonHours > 0 && settings.notionalUsd > 0, 'horizon and notional must be positive');
  return pricePair(long.instrument.asset, quoteLeg(long, settings, now), quoteLeg(short, settings, now), settings, now);
}

export const isPriced = (result: Opportunity | Unpriced): result is Opportunity => 'netUsd' in result;

/** All pairs of one asset's linear perpetuals in their carrying direction. O(venues^2) and no history walk per frame. */
export function rankAsset(view: MarketView, asset: string, settings: SignalSettings, now: Instant): Ranking {
  invariant(settings.horizonHours > 0 && settings.notionalUsd > 0, 'horizon and notional must be positive');
  const quotes: (LegQuote | LegDefect)[] = [];
  for (const each of view.ofAsset(asset)) {
    if (isLinearPerpetual(each.instrument)) quotes.push(quoteLeg(each, settings, now));
  }
  const opportunities: Opportunity[] = [];
  const unpriced: Unpriced[] = [];
  for (let i = 0; i < quotes.length; i++) {
    for (let j = i + 1; j < quotes.length; j++) {
      const a = quotes[i];
      const b = quotes[j];
      if (!a || !b) continue;
      const { long, short } = 'code' in a || 'code' in b ? { long: a, short: b } : carryingDirection(a, b);
      const result = pricePair(asset, long, short, settings, now);
      if (isPriced(result)) opportunities.push(result);
      else unpriced.push(result);
    }
  }
  return { opportunities: opportunities.sort(better), unpriced };
}

/** Every pair of the given assets, best first. */
export function rank(view: MarketView, assets: readonly string[], settings: SignalSettings, now: Instant): Ranking {
  const each = assets.map((asset) => rankAsset(view, asset, settings, now));
  return {
    opportunities: each.flatMap((ranking) => ranking.opportunities).sort(better),
    unpriced: each.flatMap((ranking) => ranking.unpriced),
  };
}

/** A doubtful loss is not better than a certain one, so confidence weighs gains only. */
function better(a: Opportunity, b: Opportunity): number {
  return score(b) - score(a) || (a.pair < b.pair ? -1 : 1);
}
const score = ({ netApr, confidence: sure }: Opportunity): number => (netApr > 0 ? netApr * sure : netApr);

function pricePair(
  asset: string,
  long: LegQuote | LegDefect,
  short: LegQuote | LegDefect,
  settings: SignalSettings,
  now: Instant,
): Opportunity | Unpriced {
  const pair = pairKey(long.key, short.key);
  if ('code' in long) return { pair, asset, ...long };
  if ('code' in short) return { pair, asset, ...short };
  const mismatch = pairDefect(long, short);
  if (mismatch) return { pair, asset, key: short.key, ...mismatch };
  const { notionalUsd, horizonHours } = settings;
  const untilAt = now + horizonHours * HOUR_MS;
  const entry = entryOf(long, short, settings);
  const longLeg = legOf(long, 'long', entry, notionalUsd, now, untilAt);
  const shortLeg = legOf(short, 'short', entry, notionalUsd, now, untilAt);
  const grossUsd = longLeg.fundingUsd + shortLeg.fundingUsd;
  const basisUsd = basisCharge(long, short, settings);
  const costUsd = longLeg.feesUsd + shortLeg.feesUsd + longLeg.slippageUsd + shortLeg.slippageUsd + basisUsd;
  const netUsd = grossUsd - costUsd;
  const spreadHourlyRate = short.hourlyRate - long.hourlyRate;
  const stats = spreadStats(long, short, now);
  return {
    model: 'cross_venue_carry',
    pair,
    asset,
    long: longLeg,
    short: shortLeg,
    entry,
    notionalUsd,
    horizonHours,
    spreadHourlyRate,
    grossUsd,
    costUsd,
    netUsd,
    netApr: aprOf(netUsd / notionalUsd / horizonHours),
    breakEvenHours: breakEvenHours(long.curve, short.curve, notionalUsd, costUsd, now),
    confidence: confidence(spreadHourlyRate, stats),
    spread24h: stats && { mean: stats.mean, deviation: stats.deviation, samples: stats.samples },
    at: now,
    reasons: [
      `short ${short.venue} at ${percent(short.curve.predictedRate)} per ${short.intervalHours} h, long ${long.venue} at ${percent(long.curve.predictedRate)} per ${long.intervalHours} h`,
      `${grossUsd.toFixed(2)} USD funding in ${horizonHours} h, ${costUsd.toFixed(2)} USD costs, on ${notionalUsd} USD a leg`,
      ...entryReason(entry, long, short),
      historyReason(stats),
    ],
  };
}

function pairDefect(long: LegQuote, short: LegQuote): Pick<Unpriced, 'code' | 'detail'> | undefined {
  if (long.venue === short.venue) return { code: 'same_venue', detail: `both legs on ${long.venue}` };
  if (long.settle !== short.settle) {
    return { code: 'settle_differs', detail: `settles in ${short.settle}, the other leg in ${long.settle}` };
  }
  if (Math.abs(midGapRate(long, short)) > MAX_MID_GAP_RATE) {
    return { code: 'bad_book', detail: `mid ${short.mid} against ${long.mid}: not one asset in one unit` };
  }
  return undefined;
}

/** Long mid above short mid as a share of their mean: what is lost when the basis closes. */
const midGapRate = (long: LegQuote, short: LegQuote): number => (2 * (long.mid - short.mid)) / (long.mid + short.mid);

/** The allowance, or the adverse basis at entry when that is more. A favourable basis costs nothing and earns nothing. */
const basisCharge = (long: LegQuote, short: LegQuote, settings: SignalSettings): number =>
  Math.max(settings.basisAllowanceRate, midGapRate(long, short)) * settings.notionalUsd;

function legOf(
  quote: LegQuote,
  direction: Direction,
  entry: OpportunityEntry,
  notionalUsd: number,
  now: Instant,
  untilAt: Instant,
): OpportunityLeg {
  const settlements = settlementCount(quote.curve, now, untilAt);
  const signedUsd = direction === 'long' ? notionalUsd : -notionalUsd;
  const { feesUsd, slippageUsd, entryPrice } = legCost(quote, direction, entry, notionalUsd);
  return {
    key: quote.key,
    venue: quote.venue,
    direction,
    hourlyRate: quote.hourlyRate,
    intervalHours: quote.intervalHours,
    nextSettlementAt: quote.curve.nextAt,
    settlements,
    fundingUsd: settlementCash(signedUsd, expectedRateSum(quote.curve, settlements)),
    feesUsd,
    slippageUsd,
    mid: quote.mid,
    entryPrice,
  };
}

const percent = (rate: number): string => `${(rate * 100).toFixed(4)} %`;

function entryReason(entry: OpportunityEntry, long: LegQuote, short: LegQuote): string[] {
  switch (entry.style) {
    case 'taker':
      return [];
    case 'maker_taker':
      return [`rests on ${(entry.maker === 'long' ? long : short).venue}, whose book is the wider one`];
    case 'sliced':
      return [`in slices of ${entry.sliceUsd.toFixed(0)} USD`];
  }
}

function historyReason(stats: SpreadStats | undefined): string {
  if (!stats) return 'no settled history: the predicted rates are taken to stay';
  const carried = Math.round(stats.carryingShare24h * 100);
  return `24 h spread ${percent(stats.mean * 8)} ± ${percent(stats.deviation * 8)} per 8 h, carried ${carried} % of the time`;
}
