/** The order style: what it makes of an approval, and what the signal prices an entry with. */
import { type Base, floorTo, max, px, quantityFor, quote } from '../kernel/decimal.ts';
import type { EntryPlan } from '../ledger/entry-plan.ts';
import type { Approved } from '../risk/approved.ts';
import type { EntryPricing, SignalSettings } from '../signal/settings.ts';
import type { ExecutionSettings } from './settings.ts';

/** How this approval is entered. Which leg rests, and how large a slice is, was decided when it was priced. */
export function entryPlan(approved: Approved, { maker, sliced }: ExecutionSettings): EntryPlan {
  const { entry } = approved.opportunity;
  const { least } = approved;
  switch (entry.style) {
    case 'taker':
      return { style: 'taker' };
    case 'maker_taker': {
      const { deadlineMs, repriceMs, maxReprices } = maker;
      const limit = approved[entry.maker].entryLimit;
      return { style: 'maker_taker', maker: entry.maker, limit, deadlineMs, repriceMs, maxReprices, least };
    }
    case 'sliced': {
      const { deadlineMs, intervalMs } = sliced;
      return { style: 'sliced', slice: sliceOf(approved, entry.sliceUsd), intervalMs, deadlineMs, least };
    }
  }
}

/** The priced size on the common lot, of the dearer leg, so that no slice is larger than what was priced. */
function sliceOf({ long, short, commonLot }: Approved, sliceUsd: number): Base {
  // Doubles: a size that was rounded up to a lot must not fall to the one below.
  const cash = quote(sliceUsd * (1 + 1e-9));
  return max(commonLot, floorTo(quantityFor(cash, px(Math.max(long.mid, short.mid))), commonLot));
}

/** The signal's settings with the style that a new hedge will be entered with. */
export const pricedFor = (signal: SignalSettings, execution: ExecutionSettings): SignalSettings =>
  withEntry(signal, pricingOf(execution));

/** Field by field: objects of one shape keep the rankings of every frame quick. */
const withEntry = (
  { horizonHours, notionalUsd, basisAllowanceRate, reversionHalfLifeHours }: SignalSettings,
  entry: EntryPricing,
): SignalSettings => ({ horizonHours, notionalUsd, basisAllowanceRate, reversionHalfLifeHours, entry });

function pricingOf({ style, sliced }: ExecutionSettings): EntryPricing {
  return style === 'sliced' ? { style, sliceUsd: sliced.notionalUsd } : { style };
}

/** The signal's settings with the style that this hedge is being entered with. */
export function pricedAs(signal: SignalSettings, entry: EntryPlan, mid: number): SignalSettings {
  switch (entry.style) {
    case 'taker':
      return withEntry(signal, { style: 'taker' });
    case 'maker_taker':
      return withEntry(signal, { style: 'maker_taker', maker: entry.maker });
    case 'sliced':
      return withEntry(signal, { style: 'sliced', sliceUsd: Number(entry.slice.toFixed()) * mid });
  }
}
