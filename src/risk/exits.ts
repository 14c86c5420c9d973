/**
 * Does a held hedge still pay? Forward carry is the expected funding of both legs on their own settlement clocks, with
 * the same rates as at entry; exit costs are due anyway and do not count.
 *
 * Decisions made here:
 * - The forward window is the horizon rounded up to whole intervals of the slower leg. Both legs then meet a whole
 *   number of settlements wherever their clocks stand, and the APR does not jump as settlements go by.
 * - Closing needs the forward APR under `exit.minForwardApr` for `exit.confirmMinutes` of known data. The entry
 *   threshold is higher, so a hedge does not flip. Time during which the carry is unknown does not count towards the
 *   confirmation, nor does it start it again (a quote is unknown for a moment after every settlement).
 * - A confirmed exit waits for settlements within the next 30 minutes when, together, they pay: leaving just before a
 *   receipt gives it away. Maximum holding time does not wait.
 * - A venue settles what is left when it ends a market, and leaves the other leg alone: both legs are closed together
 *   half a day before an announced end, while others still trade there. This does not wait either.
 * - Unknown is not zero: stale, missing or defective funding never closes, it is reported.
 */
import { type Base, toNumber } from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import { HOUR_MS, type Instant, iso, MINUTE_MS } from '../kernel/instant.ts';
import { aprOf, type FundingQuote } from '../market/funding.ts';
import { ageMs, type InstrumentView, type MarketView } from '../market/view.ts';
import { fundingDefect } from '../signal/funding-check.ts';
import { settledMean24h } from '../signal/history.ts';
import { expectedRateSum, type RateCurve, rateCurve, settlementCount } from '../signal/receipts.ts';
import type { SignalSettings } from '../signal/settings.ts';
import type { RiskLimits, RuleBreach } from './limits.ts';

/** A confirmed exit waits at most this long for a settlement that pays. */
export const IMMINENT_SETTLEMENT_MS = 30 * MINUTE_MS;

/** Nothing is held on a market for longer before its announced end. */
export const LAST_HELD_MS = 12 * HOUR_MS;

export interface HeldHedge {
  readonly longKey: InstrumentKey;
  readonly shortKey: InstrumentKey;
  /** Per leg. */
  readonly quantity: Base;
  readonly openedAt: Instant;
}

/** Kept by the caller per hedge and passed back unread. Losing it only starts the confirmation again. */
export interface ExitMemory {
  /** Since when the forward APR has been too low, moved forward by the time that was unknown. */
  readonly belowSince?: Instant;
  readonly unknownSince?: Instant;
}

/** The wall clock has jumped: a confirmation is a duration and goes with it. */
export const movedBy = (jumpMs: number, { belowSince, unknownSince }: ExitMemory): ExitMemory => ({
  ...(belowSince === undefined ? {} : { belowSince: belowSince + jumpMs }),
  ...(unknownSince === undefined ? {} : { unknownSince: unknownSince + jumpMs }),
});

export interface ExitVerdict {
  readonly kind: 'hold' | 'close';
  /** For `close`, what closes it: `market_ends`, `max_hold` or `carry_gone`; for `hold`, what is wrong or awaited. */
  readonly reasons: readonly RuleBreach[];
  /** Absent when unknown. */
  readonly forwardApr?: number;
  readonly memory: ExitMemory;
}

export function assessExit(
  hedge: HeldHedge,
  view: MarketView,
  limits: RiskLimits,
  settings: Pick<SignalSettings, 'horizonHours' | 'reversionHalfLifeHours'>,
  now: Instant,
  memory: ExitMemory,
): ExitVerdict {
  const long = legCurve(view.get(hedge.longKey), hedge.longKey, limits, settings, now);
  const short = legCurve(view.get(hedge.shortKey), hedge.shortKey, limits, settings, now);
  const expired = [...endingSoon(hedge, view, now), ...heldTooLong(hedge, limits, now)];
  if ('rule' in long || 'rule' in short) {
    const unknown = [long, short].flatMap((leg) => ('rule' in leg ? [leg] : []));
    const kept = { ...memory, unknownSince: memory.unknownSince ?? now };
    return { kind: expired.length > 0 ? 'close' : 'hold', reasons: [...expired, ...unknown], memory: kept };
  }
  const forwardApr = forwardAprOf(long, short, settings.horizonHours, now);
  const next = remember(memory, forwardApr, limits, now);
  const gone = carryGone(forwardApr, next, limits, now);
  if (expired.length > 0) return { kind: 'close', reasons: [...expired, ...gone], forwardApr, memory: next };
  if (gone.length === 0) return { kind: 'hold', reasons: [], forwardApr, memory: next };
  const awaited = imminentReceipt(hedge, view, long, short, now);
  if (awaited) return { kind: 'hold', reasons: [awaited], forwardApr, memory: next };
  return { kind: 'close', reasons: gone, forwardApr, memory: next };
}

/** Expected net rate over the window, annualised; positive = the hedge receives. */
function forwardAprOf(long: RateCurve, short: RateCurve, horizonHours: number, now: Instant): number {
  const slower = Math.max(long.intervalHours, short.intervalHours);
  const windowHours = Math.max(1, Math.ceil(horizonHours / slower)) * slower;
  const untilAt = now + windowHours * HOUR_MS;
  const received = expectedRateSum(short, settlementCount(short, now, untilAt));
  const paid = expectedRateSum(long, settlementCount(long, now, untilAt));
  return aprOf((received - paid) / windowHours);
}

function legCurve(
  leg: InstrumentView | undefined,
  key: InstrumentKey,
  limits: RiskLimits,
  settings: Pick<SignalSettings, 'reversionHalfLifeHours'>,
  now: Instant,
): RateCurve | RuleBreach {
  const unknown = (actual: number | string, detail: string): RuleBreach => ({
    rule: 'funding_unknown',
    limit: limits.data.maxFundingAgeMs,
    actual,
    detail: `${key}: ${detail}`,
  });
  const defect = fundingDefect(leg?.funding, now);
  if (!leg?.funding || defect) return unknown(defect?.code ?? 'no_funding', defect?.detail ?? 'not listed');
  const age = ageMs(leg.funding, now) ?? Number.NaN;
  if (!(age >= 0 && age <= limits.data.maxFundingAgeMs)) return unknown(age, 'funding quote is stale, age in ms');
  return curveOf(leg, leg.funding, settings.reversionHalfLifeHours, now);
}

const curveOf = (leg: InstrumentView, funding: FundingQuote, halfLifeHours: number, now: Instant): RateCurve =>
  rateCurve(funding, settledMean24h(leg.settled, funding.intervalHours, now), halfLifeHours);

function remember(memory: ExitMemory, forwardApr: number, limits: RiskLimits, now: Instant): ExitMemory {
  if (forwardApr >= limits.exit.minForwardApr) return {};
  const unknownMs = memory.unknownSince === undefined ? 0 : now - memory.unknownSince;
  return { belowSince: Math.min(now, (memory.belowSince ?? now) + (memory.belowSince === undefined ? 0 : unknownMs)) };
}

function carryGone(forwardApr: number, memory: ExitMemory, limits: RiskLimits, now: Instant): RuleBreach[] {
  const { minForwardApr, confirmMinutes } = limits.exit;
  if (memory.belowSince === undefined || now - memory.belowSince < confirmMinutes * MINUTE_MS) return [];
  const minutes = ((now - memory.belowSince) / MINUTE_MS).toFixed(0);
  const detail = `expected forward funding has been too low for ${minutes} min`;
  return [
    { rule: 'carry_gone', limit: minForwardApr, actual: forwardApr, shortfall: minForwardApr - forwardApr, detail },
  ];
}

function endingSoon({ longKey, shortKey }: HeldHedge, view: MarketView, now: Instant): RuleBreach[] {
  return [longKey, shortKey].flatMap((key) => {
    const endsAt = view.get(key)?.instrument.endsAt;
    if (endsAt === undefined || endsAt - now >= LAST_HELD_MS) return [];
    const detail = `its venue ends ${key} at ${iso(endsAt)}; what is left, in ms`;
    return [{ rule: 'market_ends', limit: LAST_HELD_MS, actual: endsAt - now, detail }];
  });
}

function heldTooLong(hedge: HeldHedge, limits: RiskLimits, now: Instant): RuleBreach[] {
  const { maxHoldHours } = limits.exit;
  const held = (now - hedge.openedAt) / HOUR_MS;
  if (maxHoldHours <= 0 || held < maxHoldHours) return [];
  return [
    { rule: 'max_hold', limit: maxHoldHours, actual: held, shortfall: held - maxHoldHours, detail: 'hours held' },
  ];
}

function imminentReceipt(
  hedge: HeldHedge,
  view: MarketView,
  long: RateCurve,
  short: RateCurve,
  now: Instant,
): RuleBreach | undefined {
  const untilAt = now + IMMINENT_SETTLEMENT_MS;
  const received = expectedRateSum(short, settlementCount(short, now, untilAt));
  const paid = expectedRateSum(long, settlementCount(long, now, untilAt));
  if (!(received - paid > 0)) return undefined;
  const shortView = view.get(hedge.shortKey);
  const mark = shortView?.mark?.mark;
  const usd =
    mark === undefined ? '' : `, about ${((received - paid) * toNumber(hedge.quantity) * mark).toFixed(2)} USD`;
  const detail = `waits for settlements within 30 min that pay${usd}`;
  return { rule: 'settlement_imminent', limit: 0, actual: received - paid, detail };
}
